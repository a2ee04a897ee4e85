/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>

#include "core/klog.h"
#include "fakesys/import-log.h"

#define RELEASE_CHARS                                                                    \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._~"
#define KLOG_MAX                                                                         \
	250000        /* lines kept: a function has about eight, and 16,384 are read     \
		       */
#define FAULTS_MAX 20 /* a function that faults can fill the log */

/* What may stand between '[' and ']' of a time stamp: seconds, a date (-T), a thread. */
static bool is_stamp(const char *s, size_t n)
{
	static const char *const days[] = { "Mon ", "Tue ", "Wed ", "Thu ",
					    "Fri ", "Sat ", "Sun " };

	for (size_t i = 0; i < ARRAY_SIZE(days); i++)
		if (n > 20 && after_prefix(s, days[i]))
			return true;
	while (n && *s == ' ') {
		s++;
		n--;
	}
	if (n && (*s == 'T' || *s == 'C')) { /* CONFIG_PRINTK_CALLER */
		s++;
		n--;
	}
	for (size_t i = 0; i < n; i++)
		/* "[    1.625659 <    0.000275>]" of dmesg -d */
		if (!isdigit((unsigned char)s[i]) && !strchr(". <>", s[i]))
			return false;
	return n > 0;
}

/* "Nov 22 10:00:00 host kernel: [    0.000000] ..." of syslog and journalctl -k: where
 * the last word of the prefix starts; NULL: no such line. */
static const char *syslog_host(const char *s, const char **ret_end)
{
	const char *end = strstr(s, " kernel: "), *host = end;

	if (!end || end - s >= 100 || !isalnum((unsigned char)*s))
		return NULL;
	while (host > s && host[-1] != ' ')
		host--;
	*ret_end = end;
	return host;
}

/* "2026-11-22 10:00:00,496 DEBUG:\t..." of reports that hold a log; NULL: no such line.
 */
static const char *skip_report(const char *s)
{
	static const char form[] = "dddd-dd-dd dd:dd:dd,ddd ";
	size_t i = 0;

	for (; form[i]; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != form[i])
			return NULL;
	s = strchr(s + i, ':');
	return s && s[1] == '\t' ? s + 2 : NULL;
}

const char *import_skip_stamp(const char *s)
{
	const char *report = skip_report(s), *p = report ? report : s, *kernel;

	if (!report && syslog_host(s, &kernel))
		p = kernel + strlen(" kernel: ");
	/* "kern  :info  : [..." of dmesg -x */
	else if (!report && after_prefix(s, "kern  :") && strstr(s, " : ["))
		p = strstr(s, " : [") + 3;
	for (;;) {
		const char *end;

		if (*p == '<' && isdigit((unsigned char)p[1]) && (end = strchr(p, '>')) &&
		    end - p <= 4)
			p = end + 1;
		else if (*p == '[' && (end = strchr(p, ']')) &&
			 is_stamp(p + 1, (size_t)(end - p - 1)))
			p = end + 1;
		else if (p > s && *p == ' ')
			p++;
		else
			return p;
	}
}

/* The name stands behind a time: "10:00:00", "10:00:00+01:00", "10:00:00Z";
 * without a name, the time is all there is. */
static void note_syslog_host(struct machine *m, const char *s)
{
	const char *end, *host = syslog_host(s, &end);

	if (host && host > s + 1 && !memchr(host, ':', (size_t)(end - host)) &&
	    (isdigit((unsigned char)host[-2]) || host[-2] == 'Z'))
		import_note_hostname(m, host, strcspn(host, ". "));
}

static void read_version(struct machine *m, const char *rest)
{
	const char *hash = NULL, *release;

	release = arena_strndup(m->arena, rest, strcspn(rest, " "));
	if (strspn(release, RELEASE_CHARS) != strlen(release) ||
	    !isalnum((unsigned char)*release))
		return; /* it becomes part of paths */

	/* A log that holds several boots (journalctl): the last one counts. */
	m->klog.n = 0;
	m->units.n = 0;
	m->efi = m->secure_boot = m->interrupt_remapping = false;
	m->release = release;
	for (const char *p = rest; (p = strstr(p, " #")); p++)
		hash = p;
	m->kernel_version = arena_strdup(m->arena, hash ? hash + 1 : "");
}

static void read_cmdline(struct machine *m, const char *rest)
{
	m->cmdline = arena_strdup(m->arena, rest);
}

static void read_efi(struct machine *m, const char *rest)
{
	(void)rest;
	m->efi = true;
}

static void read_secure_boot(struct machine *m, const char *rest)
{
	m->secure_boot = after_prefix(rest, "enabled") != NULL;
}

static void read_remapping(struct machine *m, const char *rest)
{
	(void)rest;
	m->interrupt_remapping = true;
}

static void add_unit(struct machine *m, const char *kind, const char *prefix)
{
	struct iommu_unit *u = vec_push(m->arena, &m->units);

	u->kind = kind;
	u->name = arena_printf(m->arena, "%s%zu", prefix, m->units.n - 1);
}

static void read_hostname(struct machine *m, const char *rest)
{
	import_note_hostname(m, rest, strcspn(rest, ">. "));
}

static void read_dmar_unit(struct machine *m, const char *rest)
{
	if (strstr(rest, ": reg_base_addr "))
		add_unit(m, "intel", "dmar");
}

static void read_amd_unit(struct machine *m, const char *rest)
{
	(void)rest;
	add_unit(m, "amd", "ivhd");
}

/* Words that tell a fact at once, wherever in the line they stand. */
static const struct {
	const char *words;
	void (*read)(struct machine *m, const char *rest);
	bool at_start;
} facts[] = {
	/* clang-format off */
	{ "Linux version ", read_version, true },
	{ "Command line: ", read_cmdline, true },
	{ "Kernel command line: ", read_cmdline, true },
	{ "efi: EFI v", read_efi, true },
	{ "EFI v", read_efi, true }, /* before 3.12: no prefix */
	{ "ecure boot ", read_secure_boot },
	{ "Enabled IRQ remapping in ", read_remapping },
	{ "Interrupt remapping enabled", read_remapping },
	{ "DMAR: dmar", read_dmar_unit, true },
	{ "DMAR: IOMMU ", read_dmar_unit, true }, /* before 4.8 */
	{ "dmar: IOMMU ", read_dmar_unit, true }, /* before 4.2 */
	{ "AMD-Vi: Found IOMMU ", read_amd_unit },
	{ "Hostname set to <", read_hostname }, /* systemd */
	{ "Set hostname to <", read_hostname }, /* before 248 */
	/* clang-format on */
};

static bool is_fault(const char *s)
{
	return strstr(s, "handling fault") || strstr(s, "fault addr") ||
	       strstr(s, "AMD-Vi: Event logged");
}

int import_dmesg(struct machine *m, const char *name, const char *text,
		 struct import_stats *ret, struct err *e)
{
	struct import_text t = { .m = m, .name = name, .next = text, .e = e };
	/* A tree lists the units as they are. */
	bool listed = m->units.n > 0;
	__typeof__(m->units) units = m->units;
	const char *release = m->release;
	unsigned faults = 0;

	memset(&m->units, 0, sizeof(m->units));
	while (import_next_line(&t)) {
		const char *s = import_skip_stamp(t.buf);
		bool known = s != t.buf || !*s;
		struct log_line line;

		note_syslog_host(m, t.buf);
		for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
			const char *at = facts[i].at_start
						 ? after_prefix(s, facts[i].words)
						 : strstr(s, facts[i].words);

			if (!at)
				continue;
			facts[i].read(m, facts[i].at_start ? at
							   : at + strlen(facts[i].words));
			known = true;
			break;
		}
		import_log_read(s, &line);
		known |= line.what != LOG_OTHER || klog_matters(s);
		if (!known || line.what == LOG_ODD)
			import_odd_line(&t);
		if (!klog_matters(s) && !import_klog_tells(s))
			continue;
		if (is_fault(s) && ++faults > FAULTS_MAX)
			continue;
		if (m->klog.n >= KLOG_MAX) {
			import_odd_line(&t);
			continue;
		}
		*vec_push(m->arena, &m->klog) = arena_strdup(m->arena, s);
	}
	if (*release && !streq(m->release, release))
		return err_set(
			e, -EINVAL,
			"%s: of kernel %.100s here and of %.100s before: these are "
			"not of one boot",
			name, m->release, release);
	if (listed)
		m->units = units;
	if (ret)
		*ret = t.stats;
	return 0;
}

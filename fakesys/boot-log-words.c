/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of the command line that are not the IOMMU's, and what the kernel says of them.
 */
#include "fakesys/boot-log.h"

/* --- pci= --- */

/*
 * What x86's pcibios_setup and then pci.c:pci_setup know; with '=' and "realloc" a start
 * is enough. `acs`: only kernels with config_acs=.
 */
static const struct {
	const char *word;
	bool starts, acs;
} pci_words[] = {
	/* clang-format off */
	{ "off" }, { "bfsort" }, { "nobfsort" }, { "bios" }, { "nobios" }, { "biosirq" },
	{ "conf1" }, { "conf2" }, { "nommconf" }, { "check_enable_amd_mmconf" },
	{ "noacpi" }, { "noearly" }, { "use_crs" }, { "nocrs" }, { "use_e820" },
	{ "no_e820" }, { "rom" }, { "norom" }, { "nobar" }, { "assign-busses" },
	{ "usepirqmask" }, { "irqmask=", true }, { "lastbus=", true },
	{ "skip_isa_align" }, { "noioapicquirk" }, { "ioapicreroute" },
	{ "noioapicreroute" }, { "routeirq" }, { "earlydump" }, { "big_root_window" },
	{ "nomsi" }, { "noats" }, { "noaer" }, { "nodomains" }, { "noari" },
	{ "notph" }, { "realloc", true }, { "cbiosize=", true }, { "cbmemsize=", true },
	{ "resource_alignment=", true }, { "ecrc=", true }, { "hpiosize=", true },
	{ "hpmmiosize=", true }, { "hpmmioprefsize=", true }, { "hpmemsize=", true },
	{ "hpbussize=", true }, { "pcie_bus_tune_off", true },
	{ "pcie_bus_safe", true }, { "pcie_bus_perf", true },
	{ "pcie_bus_peer2peer", true }, { "pcie_scan_all", true },
	{ "disable_acs_redir=", true }, { "config_acs=", true, true },
	/* clang-format on */
};

static bool pci_knows(const struct sim *s, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(pci_words); i++)
		if ((!pci_words[i].acs || s->profile->grouping.acs.config_acs) &&
		    (pci_words[i].starts ? after_prefix(word, pci_words[i].word) != NULL
					 : streq(word, pci_words[i].word)))
			return true;
	return false;
}

struct reader {
	const struct log_boot *b;
	strings *ret;
	const char *key;
	void (*element)(struct reader *r, const char *word);
};

/* Each element of each KEY=LIST. */
static void each_element(void *arg, const char *word, const char *key, const char *value)
{
	struct reader *r = arg;

	(void)word;
	if (!value || !cmdline_key_is(key, r->key))
		return;
	while (*value) {
		size_t n = strcspn(value, ",");

		if (n)
			r->element(r, arena_strndup(r->b->s->run, value, n));
		value += n + (value[n] == ',');
	}
}

static void read_list(const struct log_boot *b, const char *key,
		      void (*element)(struct reader *r, const char *word), strings *ret)
{
	struct reader r = { b, ret, key, element };

	cmdline_each(b->s->run, b->cmdline, each_element, &r);
}

static void pci_element(struct reader *r, const char *word)
{
	struct sim *s = r->b->s;

	if (!pci_knows(s, word))
		*vec_push(s->run, r->ret) =
			arena_printf(s->run, "PCI: Unknown option %c%s'",
				     s->profile->pci_option_quote, word);
}

void log_pci_options(const struct log_boot *b, strings *ret)
{
	read_list(b, "pci", pci_element, ret);
}

/* --- initcall_blacklist= --- */

static void blacklisting(struct reader *r, const char *word)
{
	*vec_push(r->b->s->run, r->ret) =
		arena_printf(r->b->s->run, "blacklisting initcall %s", word);
}

void log_blacklisting(const struct log_boot *b, strings *ret)
{
	read_list(b, "initcall_blacklist", blacklisting, ret);
}

bool log_initcall_blacklisted(const char *cmdline, const char *name)
{
	struct arena *a = arena_new();
	const char *list = cmdline_get(a, cmdline, "initcall_blacklist");
	size_t len = strlen(name);
	bool found = false;

	/* A second initcall_blacklist= adds to the first; nobody writes two. */
	while (list && *list && !found) {
		size_t n = strcspn(list, ",");

		found = n == len && memcmp(list, name, n) == 0;
		list += n + (list[n] == ',');
	}
	arena_free(a);
	return found;
}

/* sysfb.c:sysfb_init registers it; efifb reads video=. */
bool log_screen_used(const char *cmdline)
{
	return !log_initcall_blacklisted(cmdline, "sysfb_init") &&
	       !cmdline_has_word(cmdline, "video=efifb:off");
}

/* Of which initcalls there are, only this one is known for all kernels. */
void log_blacklisted(const struct log_boot *b, strings *ret)
{
	if (log_initcall_blacklisted(b->cmdline, "sysfb_init"))
		*vec_push(b->s->run, ret) = "initcall sysfb_init blacklisted";
}

/* --- words of nobody --- */

/*
 * No kernel knows these; initramfs and programs read them. Names with a dot are never
 * unknown: a module that comes later may have them (main.c:unknown_bootoption).
 */
static const char *const programs_words[] = { "biosdevname", "boot",   "cryptdevice",
					      "rhgb",        "splash", "zfs" };

static bool names_word(const char *list, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = list; (p = strstr(p, key)); p += len)
		if ((p[-1] == ' ' || p[-1] == '"') && strchr(" =\"", p[len]))
			return true;
	return false;
}

/*
 * Is it certain that this kernel does not know @key? The recorded boot tells of all the
 * words it had.
 */
static bool is_unknown(const struct log_boot *b, const char *key)
{
	const char *line =
		log_recorded_line(b->s, "Unknown kernel command line parameters");
	struct arena *a = b->s->run;

	if (line && names_word(line, key))
		return true;
	if (cmdline_key_is(key, "pcie_acs_override"))
		return !cmdline_acs_known(b->s->release, &b->s->m->klog);
	if (log_recorded_line(b->s, "ommand line: ") &&
	    !machine_unknown(b->s->m, "klog") && cmdline_get(a, b->s->m->cmdline, key))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(programs_words); i++)
		if (cmdline_key_is(key, programs_words[i]))
			return true;
	return false;
}

struct unknown {
	const struct log_boot *b;
	strings args, environment, keys; /* keys: of environment */
};

static void read_word(void *arg, const char *word, const char *key, const char *value)
{
	struct unknown *u = arg;
	struct arena *a = u->b->s->run;
	const char *text;

	(void)word;
	if (!is_unknown(u->b, key))
		return;
	if (!value) {
		*vec_push(a, &u->args) = key;
		return;
	}
	text = arena_printf(a, "%s=%s", key, value);
	for (size_t i = 0; i < u->keys.n; i++)
		if (streq(u->keys.v[i], key)) {
			u->environment.v[i] = text; /* the last one counts */
			return;
		}
	*vec_push(a, &u->keys) = key;
	*vec_push(a, &u->environment) = text;
}

/* main.c:print_unknown_bootoptions: init's arguments, then its environment. */
void log_unknown_words(const struct log_boot *b, strings *ret)
{
	struct arena *a = b->s->run;
	struct unknown u = { .b = b };
	const char *list = "";

	cmdline_each(a, b->cmdline, read_word, &u);
	vec_foreach(w, &u.args)
		list = arena_printf(a, "%s%s%s", list, *list ? " " : "", *w);
	vec_foreach(w, &u.environment)
		list = arena_printf(a, "%s%s%s", list, *list ? " " : "", *w);
	if (*list)
		*vec_push(a, ret) = arena_printf(a,
						 "Unknown kernel command line parameters "
						 "\"%s\", will be passed to "
						 "user space.",
						 list);
}

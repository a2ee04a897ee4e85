/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/acpi.h"
#include "fakesys/import-lspci.h"

#define FILE_MAX ((size_t)64 << 20)
#define ACPI_HEADER 36
#define REPORT_LINES 5 /* of one kind, in a report of several */

const char *import_kind_name(enum import_kind k)
{
	static const char *const names[IMPORT_KINDS] = {
		[IMPORT_UNKNOWN] = "not recognised",
		[IMPORT_LSPCI] = "lspci text",
		[IMPORT_DMESG] = "boot log",
		[IMPORT_CPUINFO] = "/proc/cpuinfo",
		[IMPORT_ACPI] = "ACPI table",
		[IMPORT_LISTING] = "tree listing",
		[IMPORT_UMOCKDEV] = "umockdev dump",
		[IMPORT_IOPORTS] = "/proc/ioports or /proc/iomem",
	};

	return k < IMPORT_KINDS ? names[k] : names[IMPORT_UNKNOWN];
}

bool import_next_line(struct import_text *t)
{
	const char *end;
	size_t n;

	if (!*t->next)
		return false;
	/* Quoted in a mail, and quoted again; ">TAbort-" and ">SERR-" are lspci's. */
	while (*t->next == '>' && !isupper((unsigned char)t->next[1]))
		t->next += t->next[1] == ' ' ? 2 : 1; /* the rest is indentation */
	end = strchrnul(t->next, '\n');
	n = (size_t)(end - t->next);
	if (n >= sizeof(t->buf))
		n = sizeof(t->buf) - 1;
	memcpy(t->buf, t->next, n);
	while (n && isspace((unsigned char)t->buf[n - 1]))
		n--;
	t->buf[n] = '\0';
	for (char *c = t->buf; *c; c++)
		if (*c != '\t' && !isprint((unsigned char)*c))
			*c = '?';
	t->next = *end ? end + 1 : end;
	t->line++;
	t->stats.lines++;
	return true;
}

void import_odd_line(struct import_text *t)
{
	if (!t->stats.not_understood++)
		t->stats.first = arena_strdup(t->m->arena, t->buf);
}

int import_damaged(struct import_text *t, const char *fmt, ...)
{
	char why[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_set(t->e, -EINVAL, "%.300s:%u: %s", t->name, t->line, why);
}

int import_number(const char *s, unsigned base, int digits, uint64_t *ret)
{
	uint64_t v = 0;
	int n = 0;

	for (; n < digits; n++) {
		unsigned char c = (unsigned char)s[n];
		unsigned d;

		if (isdigit(c))
			d = c - '0';
		else if (base == 16 && isxdigit(c))
			d = (c | 0x20u) - 'a' + 10;
		else
			break;
		v = v * base + d;
	}
	if (n)
		*ret = v;
	return n;
}

bool import_is_name(const char *s)
{
	const char *c = s;

	while (isalnum((unsigned char)*c) || (*c && strchr("_-.", *c)))
		c++;
	return c > s && c - s < 64 && !*c && *s != '.';
}

/* "00:01.0 PCI bridge [0604]: ..." */
static bool is_lspci_line(const char *s)
{
	struct bdf b;
	int n = bdf_parse(s, &b);

	return n > 0 && s[n] == ' ' && strchr(s + n, ':');
}

/* "  0cf8-0cff : PCI conf1" */
static bool is_ioports_line(const char *s)
{
	uint64_t v;
	int n;

	s += strspn(s, " ");
	n = import_number(s, 16, 16, &v);
	if (n < 4 || s[n] != '-')
		return false;
	s += n + 1;
	n = import_number(s, 16, 16, &v);
	return n >= 4 && after_prefix(s + n, " : ");
}

/* "D /sys 755 nl=12", "L /sys/x -> y sz=0", "F /sys/x 644 sz=4096 ..." */
static bool is_listing_line(const char *s)
{
	return *s && strchr("DLF", *s) && s[1] == ' ' && s[2] == '/';
}

/* "P: /devices/pci0000:00/0000:00:02.0", "A: class=0x030000\n", "L: driver=../../x" */
static bool is_umockdev_line(const char *s)
{
	if (!*s || !strchr("PNSEAHL", *s) || s[1] != ':' || s[2] != ' ')
		return false;
	return *s == 'P' ? s[3] == '/' : strchr("NS", *s) || strchr(s, '=');
}

enum import_kind import_line_kind(const char *s)
{
	const char *rest;
	struct bdf b;

	if (is_lspci_line(s) || lspci_is_tree(s))
		return IMPORT_LSPCI;
	rest = after_prefix(s, "pci ");
	if (import_skip_stamp(s) != s || after_prefix(s, "Linux version ") ||
	    (rest && bdf_parse(rest, &b) > 0))
		return IMPORT_DMESG;
	if (after_prefix(s, "processor\t: ") || after_prefix(s, "vendor_id\t: "))
		return IMPORT_CPUINFO;
	if (is_listing_line(s))
		return IMPORT_LISTING;
	if (is_umockdev_line(s))
		return IMPORT_UMOCKDEV;
	if (is_ioports_line(s))
		return IMPORT_IOPORTS;
	return IMPORT_UNKNOWN;
}

static const char *const iommu_tables[] = { "DMAR", "IVRS", "VIOT" };

static bool is_iommu_table(struct blob b, const char *signature)
{
	/* Text of that name has no NUL; a table that was cut off still is a table. */
	return b.len > 4 && !memcmp(b.data, signature, 4) && memchr(b.data, '\0', b.len);
}

static bool is_acpi(struct blob b)
{
	for (size_t i = 0; i < ARRAY_SIZE(iommu_tables); i++)
		if (is_iommu_table(b, iommu_tables[i]))
			return true;
	for (int i = 0; i < 4; i++)
		if (b.len < ACPI_HEADER || (!isupper(b.data[i]) && !isdigit(b.data[i])))
			return false;
	return cfg_u32(b, 4) == b.len;
}

static enum import_kind recognise(struct blob data, unsigned seen[static IMPORT_KINDS])
{
	enum import_kind best = IMPORT_UNKNOWN;
	struct import_text t = { 0 };
	AUTOFREE char *text = NULL;

	if (is_acpi(data))
		return IMPORT_ACPI;
	if (data.len > FILE_MAX || (data.len && memchr(data.data, '\0', data.len)))
		return IMPORT_UNKNOWN;
	text = strndup((const char *)data.data, data.len);
	t.next = text ? text : "";
	/* Mail around a listing, or a log in front of it: the majority decides. */
	while (import_next_line(&t))
		seen[import_line_kind(t.buf)]++;
	for (int k = IMPORT_UNKNOWN + 1; k < IMPORT_KINDS; k++)
		if (seen[k] > (best ? seen[best] : 0))
			best = (enum import_kind)k;
	return best;
}

enum import_kind import_recognise(struct blob data)
{
	unsigned seen[IMPORT_KINDS] = { 0 };

	return recognise(data, seen);
}

static int add_acpi(struct machine *m, const char *name, struct blob data,
		    struct import_stats *ret, struct err *e)
{
	ret->unused = true;
	for (size_t i = 0; i < ARRAY_SIZE(iommu_tables); i++) {
		struct acpi_iommu parsed;
		struct acpi_table *t;
		int r;

		if (!is_iommu_table(data, iommu_tables[i]))
			continue;
		r = acpi_parse_iommu(m->arena, iommu_tables[i], data, &parsed, e);
		if (r < 0)
			return err_prefix(e, r, "%s", name);
		if (machine_acpi(m, iommu_tables[i]))
			return err_set(e, -EINVAL, "%s: a second %s table", name,
				       iommu_tables[i]);
		t = vec_push(m->arena, &m->acpi);
		t->name = iommu_tables[i];
		t->data.data = arena_memdup(m->arena, data.data, data.len);
		t->data.len = data.len;
		ret->unused = false;
	}
	return 0;
}

typedef int reader(struct machine *, const char *, const char *, struct import_stats *,
		   struct err *);

static reader *const readers[IMPORT_KINDS] = {
	[IMPORT_LSPCI] = import_lspci,       [IMPORT_DMESG] = import_dmesg,
	[IMPORT_CPUINFO] = import_cpuinfo,   [IMPORT_LISTING] = import_listing,
	[IMPORT_UMOCKDEV] = import_umockdev,
};

/* @text with nothing but newlines where lines belong to another kind. */
static void keep_kind(char *text, enum import_kind kind, enum import_kind first)
{
	struct import_text t = { .next = text };
	enum import_kind now = first;

	for (char *line = text; import_next_line(&t); line = text + (t.next - text)) {
		enum import_kind k = import_line_kind(t.buf);

		now = k == IMPORT_UNKNOWN ? now : k;
		if (now != kind)
			for (char *c = line; *c && *c != '\n'; c++)
				*c = ' ';
	}
}

/*
 * A report holds several kinds, one behind the other: each line is of the kind of the
 * last one that could be told. A few lines of a log in a mail are none.
 */
static int add_text(struct machine *m, const char *name, enum import_kind kind,
		    const unsigned seen[static IMPORT_KINDS], struct blob data,
		    struct import_stats *ret, struct err *e)
{
	unsigned lines = 0;
	int r = 0;

	ret->unused = true;
	for (int k = IMPORT_UNKNOWN + 1; k < IMPORT_KINDS && r >= 0; k++) {
		AUTOFREE char *text = NULL;
		struct import_stats stats = { 0 };

		if (!readers[k] || (k != (int)kind && seen[k] < REPORT_LINES))
			continue;
		text = strndup((const char *)data.data, data.len);
		if (!text)
			return err_set(e, -ENOMEM, "%s: out of memory", name);
		for (int other = 0; other < IMPORT_KINDS; other++) {
			if (other == k || !other || seen[other] < REPORT_LINES)
				continue;
			keep_kind(text, (enum import_kind)k, kind);
			break;
		}
		r = readers[k](m, name, text, &stats, e);
		ret->unused &= stats.unused;
		ret->told |= stats.told;
		ret->functions += stats.functions;
		ret->not_understood += stats.not_understood;
		ret->first = ret->first ? ret->first : stats.first;
		lines = stats.lines;
	}
	ret->lines = lines;
	return r;
}

void import_note_source(struct machine *m, const char *name)
{
	const char *base;
	size_t n = strlen(name);

	while (n > 1 && name[n - 1] == '/')
		n--;
	base = path_name(arena_strndup(m->arena, name, n));
	m->source = *m->source ? arena_printf(m->arena, "%s, %s", m->source, base)
			       : arena_printf(m->arena, "imported from %s", base);
}

int import_add(struct machine *m, const char *name, struct blob data,
	       struct import_stats *ret, struct err *e)
{
	unsigned seen[IMPORT_KINDS] = { 0 };
	enum import_kind kind = recognise(data, seen);
	struct import_stats stats = { 0 };
	int r;

	if (kind == IMPORT_UNKNOWN)
		return err_set(
			e, -EINVAL,
			"%s: neither lspci text nor a boot log, /proc/cpuinfo, a tree "
			"listing, a umockdev dump or an ACPI table",
			name);
	if (kind == IMPORT_ACPI)
		r = add_acpi(m, name, data, &stats, e);
	else
		r = add_text(m, name, kind, seen, data, &stats, e);
	if (r < 0)
		return r;
	if (ret)
		*ret = stats;
	if (stats.unused)
		return 0;
	import_note_source(m, name);
	if (stats.told)
		m->source = arena_printf(m->arena, "%s (registers as lspci tells them)",
					 m->source);
	return 0;
}

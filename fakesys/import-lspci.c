/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output of lspci (pciutils, lspci.c and ls-kernel.c), whatever its options were:
 * what a line does not tell stays empty, and import_finish() says what is missing.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/import-lspci.h"

#define FUNCTIONS_MAX 16384
#define FN_MODULES_MAX 16
#define CONFIG_MAX 4096u
#define CONFIG_HEADER 64u

struct lspci {
	struct import_text t;
	struct arena *a;
	listed_list all;
	struct listed *now; /* NULL before the first function and after a blank line */
	uint8_t config[CONFIG_MAX];
	uint32_t config_len;
};

/* "00:01.0 PCI bridge [0604]: Intel ... [8086:1901] (rev 07) (prog-if 00 [Normal
 * decode])" */
static void start_function(struct lspci *l, struct bdf bdf, const char *rest)
{
	const char *colon = strchr(rest, ':');
	struct listed *f = vec_push(l->a, &l->all);
	uint64_t number;

	f->order = l->all.n;
	f->line = l->t.line;
	f->fn.bdf = bdf;
	f->fn.group = GROUP_NONE;
	f->fn.numa = -1;
	lspci_find_class(rest, colon, &f->fn.id.class);
	lspci_find_ids(colon + 1, &f->fn.id.vendor, &f->fn.id.device);
	if (lspci_find_number(colon, "(rev ", 16, 2, &number))
		f->fn.revision = (uint8_t)number;
	if (f->fn.id.class && lspci_find_number(colon, "(prog-if ", 16, 2, &number))
		f->fn.id.class |= (uint32_t)number;
	l->now = f;
	l->config_len = 0;
}

/*
 * A function that is powered off answers all ones; what the header line says is sysfs's.
 * An empty space that is not NULL tells import_finish() of it.
 */
static void drop_config(struct pci_fn *fn)
{
	fn->config.len = 0;
	fn->id.class &= 0xffff00;
	fn->revision = 0;
}

static void end_function(struct lspci *l)
{
	struct pci_fn *fn;

	if (!l->now)
		return;
	fn = &l->now->fn;
	fn->config_size = l->config_len > 256 || l->now->wide ? CONFIG_MAX : 256;
	if (l->config_len) {
		fn->config.data = arena_memdup(l->t.m->arena, l->config, l->config_len);
		fn->config.len = l->config_len;
	}
	if (l->config_len >= CONFIG_HEADER &&
	    cfg_u8(fn->config, PCI_HEADER_TYPE) == 0xff) {
		drop_config(fn);
	} else if (l->config_len >= CONFIG_HEADER &&
		   cfg_u16(fn->config, PCI_VENDOR_ID) != 0xffff) {
		/* Modules are told apart by these; machine_finish() derives all of them.
		 */
		fn->id.vendor = cfg_u16(fn->config, PCI_VENDOR_ID);
		fn->id.device = cfg_u16(fn->config, PCI_DEVICE_ID);
		fn->id.class = cfg_u32(fn->config, PCI_CLASS_REVISION) >> 8;
	}
	l->now = NULL;
}

static bool read_driver(struct lspci *l, const char *s)
{
	/* Few have a blank inside ("intel ips"), none has a slash. */
	if (strlen(s) >= 64 || *s == '.' || strchr(s, '/'))
		return false;
	l->now->fn.driver = arena_strdup(l->t.m->arena, s);
	return true;
}

static bool read_modules(struct lspci *l, char *s)
{
	char *save = NULL;

	for (char *w = strtok_r(s, ", ", &save); w; w = strtok_r(NULL, ", ", &save)) {
		if (!import_is_name(w) || l->now->modules.n >= FN_MODULES_MAX)
			return false;
		*vec_push(l->a, &l->now->modules) = module_normalize(l->t.m->arena, w);
	}
	return true;
}

/* A line that starts with blanks: below a function. */
static bool read_attribute(struct lspci *l, char *s)
{
	unsigned column = 0;
	const char *name;

	for (; *s == ' ' || *s == '\t'; s++)
		column = *s == ' ' ? column + 1 : (column | 7) + 1;
	if (!l->now)
		return false;
	if (column > 8)
		return true; /* details of what stands above */
	name = after_prefix(s, "Kernel driver in use: ");
	if (name)
		return read_driver(l, name);
	name = after_prefix(s, "Kernel modules: ");
	if (name)
		return read_modules(l, s + (name - s));
	return lspci_read_label(l->now, s);
}

/* "40: 01 90 d1 fe ..."; 1 if it is such a line, 0 if not. */
static int read_hex(struct lspci *l, const char *s)
{
	uint64_t off, byte;
	int n = import_number(s, 16, 3, &off);
	uint8_t row[16];
	uint32_t count = 0;

	if (n < 2 || s[n] != ':' || s[n + 1] != ' ')
		return 0;
	for (s += n + 1; *s == ' ' && count < sizeof(row); s += 3) {
		if (import_number(s + 1, 16, 2, &byte) != 2)
			return 0;
		row[count++] = (uint8_t)byte;
	}
	if (*s || !count || !l->now)
		return 0;
	if (off > l->config_len || off + count > CONFIG_MAX)
		return import_damaged(&l->t,
				      "bytes at 0x%x of the configuration space "
				      "follow 0x%x",
				      (unsigned)off, l->config_len);
	memcpy(l->config + off, row, count);
	if (off + count > l->config_len)
		l->config_len = (uint32_t)off + count;
	return 1;
}

/*
 * "f2pcilib: sysfs_read_vpd: read failed: ...": libpci's complaint went into the middle
 * of a line (2>&1), whose rest is the next one.
 */
static void join_line(struct import_text *t)
{
	char *complaint = strstr(t->buf, "pcilib: "), head[128];
	size_t n = complaint ? (size_t)(complaint - t->buf) : 0, room;

	if (!n || n >= sizeof(head))
		return;
	memcpy(head, t->buf, n);
	import_odd_line(t);
	if (!import_next_line(t))
		*t->buf = '\0';
	room = sizeof(t->buf) - n - 1;
	t->buf[room] = '\0';
	memmove(t->buf + n, t->buf, strlen(t->buf) + 1);
	memcpy(t->buf, head, n);
}

static int read_line(struct lspci *l)
{
	char *s = l->t.buf;
	struct bdf bdf;
	int n;

	join_line(&l->t);
	if (!*s) {
		end_function(l);
		return 0;
	}
	if (import_line_kind(s) == IMPORT_LSPCI) {
		end_function(l);
		if (l->all.n >= FUNCTIONS_MAX)
			return import_damaged(&l->t, "more than %d functions",
					      FUNCTIONS_MAX);
		n = bdf_parse(s, &bdf);
		start_function(l, bdf, s + n + 1);
		return 0;
	}
	n = read_hex(l, s);
	if (n)
		return n < 0 ? n : 0;
	if (!isspace((unsigned char)*s) || !read_attribute(l, s))
		import_odd_line(&l->t);
	return 0;
}

static int cmp_listed(const void *x, const void *y)
{
	const struct listed *a = x, *b = y;
	int r = bdf_cmp(a->fn.bdf, b->fn.bdf);

	return r ? r : (a->order > b->order) - (a->order < b->order);
}

/* What lspci does not tell, but a tree does. */
static void merge_kernels_facts(struct pci_fn *to, const struct pci_fn *from)
{
	if (from->reset)
		to->reset = from->reset;
	if (from->override)
		to->override = from->override;
	if (from->children.n)
		to->children = from->children;
	if (from->is_vf) {
		to->is_vf = true;
		to->physfn = from->physfn;
	}
	if (from->vfs_total) {
		to->vfs_total = from->vfs_total;
		to->vfs_now = from->vfs_now;
	}
}

/* Two listings of one function, as from "lspci -vvv; lspci -xxxx": the later adds. */
static int merge(const char *name, struct listed *to, const struct listed *from,
		 struct err *e)
{
	char bdf[BDF_SIZE];

	if (to->fn.id.vendor && from->fn.id.vendor &&
	    (to->fn.id.vendor != from->fn.id.vendor ||
	     to->fn.id.device != from->fn.id.device))
		return err_set(
			e, -EINVAL,
			"%.300s:%u: %s is [%04x:%04x] here and [%04x:%04x] before: "
			"these are two machines",
			name, from->line, bdf_format(to->fn.bdf, bdf), from->fn.id.vendor,
			from->fn.id.device, to->fn.id.vendor, to->fn.id.device);
	if (!to->fn.id.vendor)
		to->fn.id = from->fn.id;
	if (!to->fn.id.class)
		to->fn.id.class = from->fn.id.class;
	if (from->fn.config.len > to->fn.config.len)
		to->fn.config = from->fn.config;
	if (from->fn.config_size > to->fn.config_size)
		to->fn.config_size = from->fn.config_size;
	if (from->fn.driver)
		to->fn.driver = from->fn.driver;
	if (from->fn.group != GROUP_NONE)
		to->fn.group = from->fn.group;
	if (from->fn.numa >= 0)
		to->fn.numa = from->fn.numa;
	if (from->fn.irq)
		to->fn.irq = from->fn.irq;
	for (int i = 0; i < PCI_RESOURCES; i++)
		if (from->fn.res[i].flags)
			to->fn.res[i] = from->fn.res[i];
	if (from->modules.n)
		to->modules = from->modules;
	to->fn.boot_vga |= from->fn.boot_vga;
	merge_kernels_facts(&to->fn, &from->fn);
	return 0;
}

int import_merge_functions(struct machine *m, const char *name, listed_list *all,
			   struct err *e)
{
	AUTOARENA struct arena *scratch = arena_new();
	listed_list both = { 0 };
	struct import_modules *list;
	size_t n = 0;
	int r;

	vec_foreach(fn, &m->fns)
		vec_push(scratch, &both)->fn = *fn; /* of an earlier file */
	for (size_t i = 0; i < all->n; i++) {
		struct listed *f = vec_push(scratch, &both);

		*f = all->v[i];
		f->order = both.n;
	}
	if (both.n)
		qsort(both.v, both.n, sizeof(*both.v), cmp_listed);
	for (size_t i = 0; i < both.n; i++) {
		struct listed *f = &both.v[i];

		if (!n || bdf_cmp(both.v[n - 1].fn.bdf, f->fn.bdf)) {
			both.v[n++] = *f;
			continue;
		}
		r = merge(name, &both.v[n - 1], f, e);
		if (r < 0)
			return r;
	}
	list = arena_alloc(scratch, (n + 1) * sizeof(*list));
	m->fns.n = 0;
	for (size_t i = 0; i < n; i++) {
		*vec_push(m->arena, &m->fns) = both.v[i].fn;
		list[i].fn = &both.v[i].fn;
		list[i].modules = &both.v[i].modules;
	}
	r = import_note_modules(m, list, n);
	return r < 0 ? err_set(e, r, "%s: too many kernel modules", name) : 0;
}

int import_lspci(struct machine *m, const char *name, const char *text,
		 struct import_stats *ret, struct err *e)
{
	AUTOARENA struct arena *scratch = arena_new();
	struct lspci *l = arena_alloc(scratch, sizeof(*l));
	int r = 0;

	l->a = scratch;
	l->t = (struct import_text){ .m = m, .name = name, .next = text, .e = e };
	while (r >= 0 && import_next_line(&l->t))
		r = read_line(l);
	end_function(l);
	if (r >= 0)
		r = import_merge_functions(m, name, &l->all, e);
	if (r >= 0 && ret)
		*ret = l->t.stats;
	return r;
}

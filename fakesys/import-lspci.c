/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output of lspci (pciutils, lspci.c and ls-*.c), whatever its options were: what a
 * line does not tell stays empty, and import_finish() says what is missing.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "core/names.h"
#include "fakesys/import-lspci.h"

#define FUNCTIONS_MAX 16384
#define FN_MODULES_MAX 16
#define CONFIG_MAX 4096u
#define CONFIG_HEADER 64u
#define WRAP_COLUMN 60 /* mail programs break lines behind this one */

struct lspci {
	struct import_text t;
	struct arena *a;
	struct lspci_names names;
	struct lspci_tree tree;
	listed_list all;
	struct listed *now; /* NULL before the first function and after a blank line */
	struct told told;   /* of that */
	unsigned odd;	    /* lines of its registers that were not understood */
	const char *first_odd;
	uint8_t config[CONFIG_MAX];
	uint32_t config_len;

	/* A line may go on in the next one, broken by a mail program. */
	char line[2 * IMPORT_LINE_MAX];
	unsigned number; /* of it; 0: none */
	size_t width;	 /* of its last part */
	bool heading;
};

static void odd_line(struct lspci *l, const char *s)
{
	if (!l->t.stats.not_understood++)
		l->t.stats.first = arena_strdup(l->t.m->arena, s);
}

static struct listed *add_function(struct lspci *l, struct bdf bdf)
{
	struct listed *f = vec_push(l->a, &l->all);

	f->order = l->all.n;
	f->line = l->number;
	f->fn.bdf = bdf;
	f->fn.group = GROUP_NONE;
	f->fn.numa = -1;
	return f;
}

/*
 * "00:01.0 PCI bridge [0604]: Intel ... [8086:1901] (rev 07) (prog-if 00 [Normal
 * decode])"
 */
static void start_function(struct lspci *l, struct bdf bdf, const char *rest)
{
	struct listed *f = add_function(l, bdf);
	const char *colon = strchr(rest, ':');
	uint64_t number;

	if (!lspci_find_class(rest, colon, &f->fn.id.class))
		lspci_name_class(&l->names, f, rest, (size_t)(colon - rest));
	if (!lspci_find_ids(colon + 1, &f->fn.id.vendor, &f->fn.id.device))
		lspci_name_device(&l->names, f, colon + 1);
	if (lspci_find_number(colon, "(rev ", 16, 2, &number))
		f->fn.revision = (uint8_t)number;
	if (f->fn.id.class && lspci_find_number(colon, "(prog-if ", 16, 2, &number))
		f->fn.id.class |= (uint32_t)number;
	l->now = f;
	l->config_len = 0;
	memset(&l->told, 0, sizeof(l->told));
	f->told = &l->told;
}

/*
 * A function that is powered off answers all ones; what the header line says is sysfs's.
 * An empty space that is not NULL tells import_finish() of it.
 */
static void drop_config(struct listed *f)
{
	f->fn.config.len = f->hex = 0;
	f->built = NULL;
	f->fn.id.class &= 0xffff00;
	f->fn.revision = 0;
}

/* What words told, under the bytes that were recorded. */
static void build_config(struct lspci *l, struct listed *f)
{
	uint32_t told = told_finish(&l->told, &f->fn.id, f->fn.revision);
	uint32_t len = told > l->config_len ? told : l->config_len;
	uint8_t *bytes = len ? arena_alloc(l->t.m->arena, len) : NULL;

	if (told)
		memcpy(bytes, l->told.config, told);
	if (l->config_len)
		memcpy(bytes, l->config, l->config_len);
	f->fn.config = (struct blob){ bytes, len };
	f->fn.config_size = len > 256 || f->wide ? CONFIG_MAX : 256;
	f->hex = l->config_len;
	f->built = told > l->config_len ? bytes : NULL;
	f->denied = l->told.denied && len <= CONFIG_HEADER;
	l->t.stats.told |= f->built != NULL;
}

/* Registers that are there as bytes need no words. */
static void count_odd(struct lspci *l)
{
	if (l->odd && l->config_len < 256) {
		odd_line(l, l->first_odd);
		l->t.stats.not_understood += l->odd - 1;
	}
	l->odd = 0;
}

static void end_function(struct lspci *l)
{
	struct listed *f = l->now;
	struct pci_fn *fn;

	if (!f)
		return;
	fn = &f->fn;
	count_odd(l);
	if (fn->id.device)
		f->id_why = NULL;
	lspci_name_subsystem(&l->names, f);
	if (l->config_len >= CONFIG_HEADER) {
		struct blob hex = { l->config, l->config_len };

		/* Modules are told apart by these; machine_finish() derives all of them.
		 */
		if (cfg_u8(hex, PCI_HEADER_TYPE) != 0xff &&
		    cfg_u16(hex, PCI_VENDOR_ID) != 0xffff) {
			fn->id.vendor = cfg_u16(hex, PCI_VENDOR_ID);
			fn->id.device = cfg_u16(hex, PCI_DEVICE_ID);
			fn->id.class = cfg_u32(hex, PCI_CLASS_REVISION) >> 8;
			f->id_why = f->class_why = f->sub_why = NULL;
		}
	}
	build_config(l, f);
	if (l->told.off && !fn->config.len)
		fn->config.data = l->config; /* see drop_config() */
	if (l->told.off ||
	    (fn->config.len && cfg_u8(fn->config, PCI_HEADER_TYPE) == 0xff))
		drop_config(f);
	f->told = NULL;
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

/* A detail that was not understood counts once the function has no bytes instead. */
static void note_odd_detail(struct lspci *l, const char *s)
{
	if (!l->odd++)
		l->first_odd = arena_strdup(l->t.m->arena, s);
}

static void single_blanks(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (!isspace((unsigned char)*s))
			*to++ = *s;
		else if (s[1] && !isspace((unsigned char)s[1]))
			*to++ = ' ';
	*to = '\0';
}

/* A line that starts with blanks: below a function. */
static bool read_attribute(struct lspci *l, char *s)
{
	enum lspci_answer answer;
	unsigned column = 0;
	const char *name;

	for (; *s == ' ' || *s == '\t'; s++)
		column = *s == ' ' ? column + 1 : (column | 7) + 1;
	if (!l->now)
		return false;
	single_blanks(s);
	if (column > 8) {
		if (!told_detail(&l->told, s))
			note_odd_detail(l, s);
		return true;
	}
	name = after_prefix(s, "Kernel driver in use: ");
	if (name)
		return read_driver(l, name);
	name = after_prefix(s, "Kernel modules: ");
	if (name)
		return read_modules(l, s + (name - s));
	answer = lspci_read_label(l->now, s);
	if (answer == LSPCI_REGISTERS)
		note_odd_detail(l, s);
	return answer != LSPCI_UNKNOWN;
}

static bool is_hex(const char *s)
{
	uint64_t number;
	int n = import_number(s, 16, 3, &number);

	return n >= 2 && s[n] == ':' && s[n + 1] == ' ' &&
	       import_number(s + n + 2, 16, 3, &number) == 2;
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
	/* A row was lost on the way: words tell what lies behind. */
	if (off > l->config_len && l->told.header) {
		odd_line(l, l->t.buf);
		return 1;
	}
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

/* The line that stands complete in l->line. */
static int finish_line(struct lspci *l)
{
	unsigned now = l->t.line;
	struct bdf bdf;
	int n, r = 0;

	if (!l->number)
		return 0;
	if (l->heading) {
		l->t.line = l->number;
		end_function(l);
		n = bdf_parse(l->line, &bdf);
		if (l->all.n >= FUNCTIONS_MAX)
			r = import_damaged(&l->t, "more than %d functions",
					   FUNCTIONS_MAX);
		else
			start_function(l, bdf, l->line + n + 1);
		l->t.line = now;
	} else if (!isspace((unsigned char)*l->line) || !read_attribute(l, l->line)) {
		odd_line(l, l->line);
	}
	l->number = 0;
	return r;
}

static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n = *s == '\t' ? (n | 7) + 1 : n + 1;
	return n;
}

/* Whether @s goes on with the line before, whose next word was too long for it. */
static bool goes_on(const struct lspci *l, const char *s)
{
	size_t len = strlen(l->line);
	bool closed = len && strchr(")]", l->line[len - 1]);

	if (!l->number || isspace((unsigned char)*s) ||
	    len + strlen(s) + 2 > sizeof(l->line))
		return false;
	if (l->heading ? closed && !strchr("([", *s) : !isspace((unsigned char)*l->line))
		return false;
	return l->width + 1 + strcspn(s, " ") >= WRAP_COLUMN;
}

static int add_tree_line(struct lspci *l, const char *s)
{
	struct lspci_branch b[LSPCI_BRANCHES];
	int n = lspci_read_tree(&l->tree, s, b);

	end_function(l);
	l->number = l->t.line;
	for (int i = 0; i < n; i++) {
		struct listed *f;

		if (l->all.n >= FUNCTIONS_MAX)
			return import_damaged(&l->t, "more than %d functions",
					      FUNCTIONS_MAX);
		f = add_function(l, b[i].bdf);
		f->fn.config_size = 256;
		f->secondary = b[i].secondary;
		f->subordinate = b[i].subordinate;
		f->id_why = "lspci -t does not tell it (-nnk does)";
		if (*b[i].text && !lspci_find_ids(b[i].text, &f->fn.id.vendor,
						  &f->fn.id.device))
			lspci_name_device(&l->names, f, b[i].text);
		if (f->fn.id.device)
			f->id_why = NULL;
	}
	l->number = 0;
	return 0;
}

static int read_line(struct lspci *l)
{
	const char *s = l->t.buf;
	int n, r;

	join_line(&l->t);
	if (!is_hex(s) && goes_on(l, s) && import_line_kind(s) != IMPORT_LSPCI) {
		strcat(strcat(l->line, " "), s);
		l->width = width(s);
		return 0;
	}
	r = finish_line(l);
	n = r < 0 ? r : read_hex(l, s);
	if (n)
		return n < 0 ? n : 0;
	if (!*s) {
		end_function(l);
		return 0;
	}
	if (lspci_is_tree(s))
		return add_tree_line(l, s);
	l->heading = import_line_kind(s) == IMPORT_LSPCI;
	l->number = l->t.line;
	l->width = width(s);
	strcpy(l->line, s);
	return 0;
}

int import_lspci(struct machine *m, const char *name, const char *text,
		 struct import_stats *ret, struct err *e)
{
	AUTOARENA struct arena *scratch = arena_new();
	struct lspci *l = arena_alloc(scratch, sizeof(*l));
	int r = 0;

	l->a = scratch;
	l->t = (struct import_text){ .m = m, .name = name, .next = text, .e = e };
	l->names.arena = m->arena;
	while (r >= 0 && import_next_line(&l->t))
		r = read_line(l);
	if (r >= 0)
		r = finish_line(l);
	end_function(l);
	names_close(l->names.list);
	if (r >= 0)
		r = import_merge_functions(m, name, &l->all, e);
	if (r >= 0 && ret)
		*ret = l->t.stats;
	return r;
}

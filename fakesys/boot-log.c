/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merges the recorded log with what this boot says; boot-log-rows.c has the lines. */
#include "fakesys/boot-log.h"

#define NO_ROW SIZE_MAX

const char *log_recorded_line(const struct sim *s, const char *words)
{
	for (size_t i = 0; i < s->m->klog.n; i++)
		if (strstr(s->m->klog.v[i], words))
			return s->m->klog.v[i];
	return NULL;
}

/* Length of the longest of @row's words in @line. */
static size_t row_matches(const struct log_row *row, const char *line)
{
	size_t best = 0;

	for (size_t i = 0; i < LOG_WORDS && row->words[i]; i++) {
		size_t len = strlen(row->words[i]);

		if (len > best && strstr(line, row->words[i]))
			best = len;
	}
	return best;
}

static bool row_applies(const struct log_row *row, unsigned bits)
{
	return (bits & row->need) == row->need && !(bits & row->no);
}

/* Where a recorded line belongs: the longest words count, then what is true. */
struct place {
	size_t any;       /* some row of these words; NO_ROW: nobody's */
	size_t then, now; /* the row in the recorded boot and in this one, or NO_ROW */
	bool keep;
};

static struct place find_place(const char *line, unsigned then, unsigned now)
{
	struct place p = { NO_ROW, NO_ROW, NO_ROW, false };
	size_t best = 0;

	for (size_t r = 0; r < n_log_rows; r++) {
		const struct log_row *row = &log_rows[r];
		size_t len = row_matches(row, line);

		if (!len || len < best)
			continue;
		if (len > best)
			p = (struct place){ r, NO_ROW, NO_ROW, false };
		best = len;
		if (p.then == NO_ROW && row_applies(row, then))
			p.then = r;
		if (p.now == NO_ROW && row_applies(row, now))
			p.now = r;
	}
	/* A line that should not have been there is as true as it was, until what it
	 * depends on changes. */
	if (p.any != NO_ROW && p.then == NO_ROW &&
	    !((then ^ now) & (log_rows[p.any].need | log_rows[p.any].no)) &&
	    !(log_rows[p.any].need & LOG_RUNNING))
		p.then = p.now = p.any;
	return p;
}

struct inserted {      /* new lines */
	size_t before; /* which recorded line */
	size_t at;     /* of those there */
	strings lines;
};

struct merge {
	struct sim *s;
	const strings *old;
	struct place *places; /* parallel to old */
	VEC(struct inserted) inserted;
	size_t cursor; /* where the last recorded line was found */
};

/* dev_driver_string(): the driver's name is not what the line is about. */
static bool same_line(const char *a, const char *b)
{
	static const char joins[] = ": Adding to iommu group ";
	const char *x = strchr(a, ' '), *y = strchr(b, ' ');

	return streq(a, b) ||
	       (x && y && strstr(a, joins) && strstr(b, joins) && streq(x, y));
}

/* Keeps the recorded line that says @text and returns where it is, or NO_ROW. */
static size_t keep_recorded(struct merge *g, size_t row, const char *text)
{
	for (size_t n = 0; n < g->old->n; n++) {
		size_t i = (g->cursor + n) % g->old->n;

		if (g->places[i].now != row || g->places[i].keep ||
		    !same_line(g->old->v[i], text))
			continue;
		g->places[i].keep = true;
		g->cursor = i + 1;
		return i;
	}
	return NO_ROW;
}

/* Before which recorded line new ones of @row go: the first of its own or of a later row,
 * else after the last of an earlier one. */
static size_t row_place(const struct merge *g, size_t row)
{
	size_t later = SIZE_MAX, earlier = SIZE_MAX;

	for (size_t i = g->old->n; i-- > 0;) {
		const struct place *p = &g->places[i];

		if (p->then == NO_ROW || log_rows[p->then].anywhere)
			continue;
		if (p->then >= row)
			later = i;
		else if (p->keep && earlier == SIZE_MAX)
			earlier = i + 1;
	}
	if (later != SIZE_MAX)
		return later;
	return earlier != SIZE_MAX ? earlier : g->old->n;
}

/* Silence is worth something: what the recorded boot could say and did not, no boot
 * says. */
static bool could_not_be_recorded(const struct log_boot *b, const struct log_row *row)
{
	return machine_unknown(b->s->m, "klog") || !row_applies(row, b->recorded->bits);
}

static void insert(struct merge *g, size_t before, strings *lines)
{
	if (lines->n)
		*vec_push(g->s->run, &g->inserted) =
			(struct inserted){ before, g->inserted.n, *lines };
	*lines = (strings){ 0 };
}

/* New lines stand behind the recorded one that is said before them. */
static void merge_said(struct merge *g, size_t r, const strings *said, bool have)
{
	bool block = log_rows[r].how == LOG_BLOCK;
	size_t last = NO_ROW;
	strings fresh = { 0 };

	vec_foreach(l, said) {
		size_t at = have && !block ? keep_recorded(g, r, *l) : NO_ROW;

		if (at == NO_ROW) {
			*vec_push(g->s->run, &fresh) = *l;
			continue;
		}
		insert(g, last == NO_ROW ? at : last + 1, &fresh);
		last = at;
	}
	insert(g, last == NO_ROW ? row_place(g, r) : last + 1, &fresh);
}

static void merge_row(struct merge *g, const struct log_boot *b, size_t r)
{
	const struct log_row *row = &log_rows[r];
	strings said = { 0 }, moved = { 0 };
	bool have = false;

	for (size_t i = 0; i < g->old->n; i++) {
		struct place *p = &g->places[i];

		if (p->now != r)
			continue;
		have = true;
		if (row->how == LOG_RECORDED && p->then == r)
			p->keep = true;
		else if (row->how == LOG_RECORDED)
			*vec_push(g->s->run, &moved) = g->old->v[i];
	}
	insert(g, row_place(g, r), &moved);
	if (row->say && row_applies(row, b->bits) &&
	    (row->how != LOG_RECORDED || (!have && could_not_be_recorded(b, row))))
		row->say(b, &said);
	merge_said(g, r, &said, have);
}

static int by_place(const void *x, const void *y)
{
	const struct inserted *a = x, *b = y;

	if (a->before != b->before)
		return a->before < b->before ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

static void write_log(struct merge *g)
{
	struct sim *s = g->s;
	size_t at = 0;

	/* By place, and of one place in the order of the rows. */
	if (g->inserted.n)
		qsort(g->inserted.v, g->inserted.n, sizeof(*g->inserted.v), by_place);
	for (size_t i = 0; i <= g->old->n; i++) {
		for (; at < g->inserted.n && g->inserted.v[at].before == i; at++)
			vec_foreach(l, &g->inserted.v[at].lines)
				*vec_push(s->run, &s->klog) = *l;
		if (i < g->old->n && (g->places[i].any == NO_ROW || g->places[i].keep))
			*vec_push(s->run, &s->klog) = g->old->v[i];
	}
}

static const char *option(struct sim *s, const char *cmdline, const char *key)
{
	const char *v = cmdline_get(s->run, cmdline, key);

	return v ? v : "";
}

static struct log_boot boot_of(struct sim *s, const char *cmdline, bool on,
			       bool remapping)
{
	struct log_boot b = { .s = s, .cmdline = cmdline };
	bool screen = log_screen_used(cmdline);

	cmdline_iommu(s->run, cmdline, &b.iommu);
	b.bits = (on ? LOG_ON : 0) | (remapping ? LOG_IR : 0) |
		 (b.iommu.intremap_off ? 0 : LOG_IR_ASKED) | (screen ? LOG_SCREEN : 0);
	if (!strstr(option(s, cmdline, "intremap"), "no_x2apic_optout"))
		b.bits |= LOG_OPT_OUT;
	if (streq(option(s, cmdline, "pci"), option(s, s->m->cmdline, "pci")))
		b.bits |= LOG_SAME_PCI;
	return b;
}

void sim_log_boot(struct sim *s)
{
	const struct machine *m = s->m;
	struct log_boot then = boot_of(s, m->cmdline, m->units.n || s->n_recorded_groups,
				       m->interrupt_remapping);
	struct log_boot now = boot_of(s, s->cmdline, s->iommu_on, s->interrupt_remapping);
	struct merge g = {
		.s = s,
		.old = &m->klog,
		.places = arena_alloc(s->run, (m->klog.n + 1) * sizeof(*g.places)),
	};

	now.recorded = then.recorded = &then;
	for (size_t i = 0; i < m->klog.n; i++)
		g.places[i] = find_place(m->klog.v[i], then.bits, now.bits);
	for (size_t r = 0; r < n_log_rows; r++)
		merge_row(&g, &now, r);
	write_log(&g);
}

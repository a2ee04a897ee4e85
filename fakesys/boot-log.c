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

struct inserted {      /* new lines of one row */
	size_t before; /* which recorded line */
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

/* Keeps the recorded line that says @text, if there is one. */
static bool keep_recorded(struct merge *g, size_t row, const char *text)
{
	for (size_t n = 0; n < g->old->n; n++) {
		size_t i = (g->cursor + n) % g->old->n;

		if (g->places[i].now != row || g->places[i].keep ||
		    !same_line(g->old->v[i], text))
			continue;
		g->places[i].keep = true;
		g->cursor = i + 1;
		return true;
	}
	return false;
}

/*
 * Before which recorded line a new one of @row goes: after the last of its own, before
 * the first of a later row, after the last of an earlier one.
 */
static size_t row_place(const struct merge *g, size_t row)
{
	size_t later = SIZE_MAX, earlier = SIZE_MAX;

	for (size_t i = g->old->n; i-- > 0;) {
		const struct place *p = &g->places[i];

		if (p->now == row && p->keep)
			return i + 1;
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

static void merge_row(struct merge *g, const struct log_boot *b, size_t r)
{
	const struct log_row *row = &log_rows[r];
	strings said = { 0 }, fresh = { 0 };
	bool have = false;

	for (size_t i = 0; i < g->old->n; i++) {
		struct place *p = &g->places[i];

		if (p->now != r)
			continue;
		have = true;
		if (row->how == LOG_RECORDED && p->then == r)
			p->keep = true;
		else if (row->how == LOG_RECORDED)
			*vec_push(g->s->run, &fresh) = g->old->v[i];
	}
	if (row->say && row_applies(row, b->bits) &&
	    (row->how != LOG_RECORDED || (!have && could_not_be_recorded(b, row))))
		row->say(b, &said);
	vec_foreach(l, &said)
		if (row->how == LOG_BLOCK || !have || !keep_recorded(g, r, *l))
			*vec_push(g->s->run, &fresh) = *l;
	if (fresh.n)
		*vec_push(g->s->run, &g->inserted) =
			(struct inserted){ row_place(g, r), fresh };
}

static void write_log(struct merge *g)
{
	struct sim *s = g->s;
	size_t at = 0;

	/* By place, and of one place in the order of the rows. */
	for (size_t i = 1; i < g->inserted.n; i++)
		for (size_t k = i;
		     k && g->inserted.v[k - 1].before > g->inserted.v[k].before; k--) {
			struct inserted t = g->inserted.v[k];

			g->inserted.v[k] = g->inserted.v[k - 1];
			g->inserted.v[k - 1] = t;
		}
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
	struct log_boot then =
		boot_of(s, m->cmdline, m->units.n || s->groups.n, m->interrupt_remapping);
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

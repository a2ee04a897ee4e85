/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "core/forecast-compare.h"
#include "core/grouping-why.h"

#define NAMES_MAX 16 /* of functions in one list: people read them */

/* A sentence that grows: what arena_printf() would copy again and again. */
struct text {
	FILE *f;
	char *data;
	size_t len;
};

static void text_begin(struct text *t)
{
	t->f = open_memstream(&t->data, &t->len);
	if (!t->f)
		abort(); /* as the arena does */
}

static const char *text_end(struct text *t, struct arena *a)
{
	const char *copy;

	fclose(t->f);
	copy = arena_strndup(a, t->data, t->len);
	free(t->data);
	return copy;
}

static void put_name(FILE *f, const struct grouping *g, uint32_t fn)
{
	char bdf[BDF_SIZE];

	fputs(bdf_format(g->m->fns.v[fn].bdf, bdf), f);
}

static void put_list(FILE *f, const struct grouping *g, int group)
{
	uint32_t n = g->size[group];

	fputc('[', f);
	for (uint32_t i = 0; i < n && i < NAMES_MAX; i++) {
		if (i)
			fputc(' ', f);
		put_name(f, g, g->members[g->first[group] + i]);
	}
	if (n > NAMES_MAX)
		fprintf(f, " and %u more", n - NAMES_MAX);
	fputc(']', f);
}

static const char *list(const struct grouping *g, int group, struct arena *a)
{
	struct text t = { 0 };

	text_begin(&t);
	put_list(t.f, g, group);
	return text_end(&t, a);
}

struct comparing {
	struct forecast *f;
	struct arena *a;
	uint32_t *was; /* by function of `then`: the same one in `now`, or FN_NONE */
	int *told_of;  /* by group of `then`: the last group of `now` told to have parts
			  there */
};

static void say(struct comparing *c, strings *to, const char *sentence)
{
	*vec_push(c->a, to) = sentence;
}

/* Ports and functions of the group whose isolation only the override promises. */
static const char *list_promised(struct comparing *c, int group)
{
	const struct grouping *now = &c->f->now, *then = &c->f->then;
	struct text t = { 0 };
	uint32_t n = 0;

	text_begin(&t);
	for (uint32_t i = 0; i < now->size[group]; i++) {
		uint32_t fn = c->f->then_fn[now->members[now->first[group] + i]];

		if (then->isolation[fn].why != ACS_OVERRIDE || n++ >= NAMES_MAX)
			continue;
		fputs(n > 1 ? ", " : "", t.f);
		put_name(t.f, then, fn);
	}
	if (n > NAMES_MAX)
		fprintf(t.f, " and %u more", n - NAMES_MAX);
	return text_end(&t, c->a);
}

/* The sets that the members of a group of `now` are then in; *@ret_n: how many. */
static const char *list_parts(struct comparing *c, int group, unsigned *ret_n)
{
	const struct grouping *now = &c->f->now, *then = &c->f->then;
	struct text t = { 0 };
	unsigned n = 0;

	text_begin(&t);
	for (uint32_t i = 0; i < now->size[group]; i++) {
		uint32_t fn = c->f->then_fn[now->members[now->first[group] + i]];
		int k = then->fns[fn].group;

		/* The last place is that of all that have none. */
		if (c->told_of[k == GROUP_NONE ? then->n_groups : k] == group)
			continue;
		c->told_of[k == GROUP_NONE ? then->n_groups : k] = group;
		if (n++)
			fputc(' ', t.f);
		if (k == GROUP_NONE)
			fputs("[no group]", t.f);
		else
			put_list(t.f, then, k);
	}
	*ret_n = n;
	return text_end(&t, c->a);
}

/* A group of `now` whose members are then in several. */
static void tell_split(struct comparing *c, int group)
{
	const char *parts, *promised;
	unsigned n;

	parts = list_parts(c, group, &n);
	if (n < 2)
		return;
	say(c, &c->f->changes,
	    arena_printf(c->a, "Group %d %s is divided: %s.", group,
			 list(&c->f->now, group, c->a), parts));
	promised = list_promised(c, group);
	if (*promised)
		say(c, &c->f->costs,
		    arena_printf(
			    c->a,
			    "That these isolate is what pcie_acs_override= promises: %s; "
			    "nothing checks it. Requests between these sets may pass "
			    "without the IOMMU: %s. A VM that has one of them can "
			    "read and write the memory of the others' VMs through "
			    "their devices.",
			    promised, parts));
}

/* A group of `then` whose members were in several, or were not there. */
static void tell_merge(struct comparing *c, int group)
{
	struct forecast *f = c->f;
	uint32_t first = FN_NONE;

	for (uint32_t i = 0; i < f->then.size[group]; i++) {
		uint32_t fn = f->then.members[f->then.first[group] + i], was = c->was[fn];
		uint32_t fresh = fn;

		if (was != FN_NONE && first == FN_NONE)
			first = was;
		if (was == FN_NONE && f->then.m->fns.v[fn].is_vf &&
		    f->then.size[group] > 1)
			say(c, &f->changes, grouping_why_fn(&f->then, fresh));
		if (was == FN_NONE || f->now.fns[was].group == f->now.fns[first].group)
			continue;
		say(c, &f->changes,
		    arena_printf(c->a, "These share a group then: %s.",
				 list(&f->then, group, c->a)));
		grouping_why_pair(&f->then, f->then_fn[first], fn, &f->changes);
		return;
	}
}

static void tell_moves(struct comparing *c)
{
	struct forecast *f = c->f;
	char from[BDF_SIZE], to[BDF_SIZE];

	for (uint32_t i = 0; i < f->now.topology.n; i++) {
		struct bdf a = f->now.m->fns.v[i].bdf;
		struct bdf b = f->then.m->fns.v[f->then_fn[i]].bdf;

		if (bdf_cmp(a, b))
			say(c, &f->moves,
			    arena_printf(c->a, "%s becomes %s.", bdf_format(a, from),
					 bdf_format(b, to)));
	}
}

/* New functions, a line for all that are alone. */
static void tell_new(struct comparing *c)
{
	const struct forecast *f = c->f;
	unsigned alone = 0;

	for (uint32_t i = 0; i < f->then.topology.n; i++)
		alone += c->was[i] == FN_NONE && f->then.fns[i].group != GROUP_NONE &&
			 f->then.size[f->then.fns[i].group] == 1;
	if (alone)
		say(c, &c->f->changes,
		    arena_printf(c->a, "%u new virtual functions have a group each.",
				 alone));
}

void forecast_compare(struct forecast *f, struct arena *a)
{
	struct comparing c = { .f = f, .a = a };

	c.told_of = arena_alloc(a, ((size_t)f->then.n_groups + 1) * sizeof(*c.told_of));
	for (int k = 0; k <= f->then.n_groups; k++)
		c.told_of[k] = GROUP_NONE;
	c.was = arena_alloc(a, (f->then.topology.n + 1) * sizeof(*c.was));
	for (uint32_t i = 0; i < f->then.topology.n; i++)
		c.was[i] = FN_NONE;
	for (uint32_t i = 0; i < f->now.topology.n; i++)
		c.was[f->then_fn[i]] = i;
	tell_moves(&c);
	for (int k = 0; k < f->now.n_groups; k++)
		tell_split(&c, k);
	for (int k = 0; k < f->then.n_groups; k++)
		tell_merge(&c, k);
	tell_new(&c);
}

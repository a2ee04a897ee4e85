/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/boot-shell.h"
#include "fakesys/initramfs-make.h"

#define INIT_TOP "scripts/init-top/"

/* A name of tsort(1)'s input. */
struct node {
	const char *name;
	unsigned before; /* how many must come before it */
	strings after;   /* these must come after it */
};

typedef VEC(struct node) nodes;

static struct node *node_of(struct arena *a, nodes *all, const char *name)
{
	vec_foreach(n, all)
		if (streq(n->name, name))
			return n;
	*vec_push(a, all) = (struct node){ .name = name };
	return &all->v[all->n - 1];
}

/* What the script answers to `prereqs`: PREREQ or PREREQS, as all of them write it. */
static const char *prereqs(struct arena *a, const struct machine_file *f)
{
	struct script s = { .arena = a, .p = (const char *)f->data.data, .line = 1 };
	strings words = { 0 };
	const char *value = "";
	unsigned line;

	while (s.p && script_next(&s, &words, &line))
		;
	vec_foreach(v, &s.variables)
		if (streq(v->name, "PREREQ") || streq(v->name, "PREREQS"))
			value = v->value;
	return value;
}

static int cmp_node(const void *x, const void *y)
{
	return strcmp(((const struct node *)x)->name, ((const struct node *)y)->name);
}

/*
 * tsort(1) of coreutils: what waits for nothing, by name; then what waited for the first
 * of these only, the last relation read first; and so on. What is left is a loop.
 */
static void tsort(struct arena *a, nodes *all, strings *ret)
{
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), cmp_node);
	vec_foreach(n, all)
		if (!n->before)
			*vec_push(a, ret) = n->name;
	for (size_t i = 0; i < ret->n; i++) {
		const struct node *n = node_of(a, all, ret->v[i]);

		for (size_t k = n->after.n; k-- > 0;) {
			struct node *next = node_of(a, all, n->after.v[k]);

			if (!--next->before)
				*vec_push(a, ret) = next->name;
		}
	}
	vec_foreach(n, all)
		if (n->before)
			*vec_push(a, ret) = n->name;
}

void initramfs_order(struct arena *a, const strings *scripts,
		     const struct initramfs *image, strings *ret)
{
	nodes all = { 0 };

	vec_foreach(name, scripts)
		node_of(a, &all, *name);
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), cmp_node);
	for (size_t i = 0, n = all.n; i < n; i++) {
		const char *name = all.v[i].name;
		char *rest = NULL;

		vec_foreach(f, &image->files) {
			const char *script = after_prefix(f->path, INIT_TOP);

			if (script && streq(script, name))
				rest = arena_strdup(a, prereqs(a, f));
		}
		for (char *pre; (pre = strsep(&rest, " \t"));) {
			if (!*pre || streq(pre, name))
				continue;
			*vec_push(a, &node_of(a, &all, pre)->after) = name;
			node_of(a, &all, name)->before++;
		}
	}
	tsort(a, &all, ret);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-kid.h"
#include "fakesys/sim-port.h"

static const char *kid_path(const struct sim_kid *k)
{
	return k->child ? k->child->path : k->stacked->name;
}

/* Among the kids of function @fn, the first whose path is not before @path. */
static const struct sim_kid *lower_bound(const struct sim *s, uint32_t fn,
					 const char *path, size_t len)
{
	const struct fn_place *p = &s->places[fn];
	size_t lo = p->first_kid, hi = p->first_kid + p->n_kids;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const char *have = kid_path(&s->kids.v[mid]);

		if (node_path_cmp(have, strlen(have), path, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return &s->kids.v[lo];
}

static const struct sim_kid *kids_end(const struct sim *s, uint32_t fn)
{
	return &s->kids.v[s->places[fn].first_kid + s->places[fn].n_kids];
}

const struct sim_kid *kid_at(const struct sim *s, uint32_t fn, const char *path,
			     size_t len)
{
	const struct sim_kid *k = lower_bound(s, fn, path, len);

	return k < kids_end(s, fn) && name_is(path, len, kid_path(k)) ? k : NULL;
}

bool kid_present(const struct sim *s, const struct sim_kid *k)
{
	const struct pci_fn *fn;
	const struct fn_state *st;

	if (k->stacked)
		return true;
	fn = &s->m->fns.v[k->fn];
	st = &s->fns[k->fn];
	return st->driver && fn->driver && streq(st->driver->name, fn->driver);
}

struct node kid_node(const struct sim *s, const struct sim_kid *k)
{
	if (k->stacked)
		return (struct node){ .kind = &dir_stacked,
				      .j = (uint32_t)(k - s->kids.v) };
	return (struct node){ .kind = &dir_kid,
			      .p = k->child->path,
			      .i = k->fn,
			      .j = (uint32_t)strlen(k->child->path) };
}

static int by_name_cmp(const struct sim_kid *k, const char *class, const char *name,
		       size_t len)
{
	int c = strcmp(k->class, class);

	if (!c)
		c = strncmp(k->name, name, len);
	return c ? c : k->name[len] != '\0';
}

const struct sim_kid *kid_find(const struct sim *s, const char *class, const char *name,
			       size_t len)
{
	size_t lo = 0, hi = s->kids.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (by_name_cmp(&s->kids.v[s->kids_by_name[mid]], class, name, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* Two may have one name if they are never there together. */
	for (; lo < s->kids.n; lo++) {
		const struct sim_kid *k = &s->kids.v[s->kids_by_name[lo]];

		if (by_name_cmp(k, class, name, len))
			break;
		if (kid_present(s, k))
			return k;
	}
	return NULL;
}

/* The first kid by name whose class is not before @class; with @after behind all of it.
 */
static size_t class_bound(const struct sim *s, const char *class, bool after)
{
	size_t lo = 0, hi = s->kids.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(s->kids.v[s->kids_by_name[mid]].class, class);

		if (c < 0 || (after && !c))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void kid_class_range(const struct sim *s, const char *class, size_t *ret_from,
		     size_t *ret_to)
{
	*ret_from = class_bound(s, class, false);
	*ret_to = class_bound(s, class, true);
}

/* "md0p1" of "md0", "sda1" of "sda". */
static bool is_part_of(const char *name, const char *disk)
{
	const char *s = after_prefix(name, disk);

	if (s && *s == 'p')
		s++;
	return s && *s && !s[strspn(s, "0123456789")];
}

const struct sim_kid *kid_disk(const struct sim *s, const struct sim_kid *k)
{
	const struct sim_kid *disk = NULL;

	if (!streq(k->class, "block"))
		return NULL;
	if (k->stacked && k->stacked->lower.n == 1)
		disk = kid_find(s, "block", k->stacked->lower.v[0],
				strlen(k->stacked->lower.v[0]));
	else if (k->child && strchr(k->child->path, '/'))
		disk = kid_at(s, k->fn, k->child->path,
			      (size_t)(strrchr(k->child->path, '/') - k->child->path));
	if (!disk || !streq(disk->class, "block") || !disk->stacked != !k->stacked)
		return NULL;
	return is_part_of(k->name, disk->name) ? disk : NULL;
}

static int kid_cmp(const void *x, const void *y)
{
	const struct sim_kid *a = x, *b = y;
	const char *p = kid_path(a), *q = kid_path(b);

	if (a->fn != b->fn)
		return a->fn < b->fn ? -1 : 1;
	return node_path_cmp(p, strlen(p), q, strlen(q));
}

static int name_cmp(const void *x, const void *y, void *arg)
{
	const struct sim_kid *kids = arg;
	const struct sim_kid *a = &kids[*(const uint32_t *)x],
			     *b = &kids[*(const uint32_t *)y];
	int c = strcmp(a->class, b->class);

	if (!c)
		c = strcmp(a->name, b->name);
	return c ? c : (a->stacked == NULL) - (b->stacked == NULL);
}

/* No empty component, none that means something else, none too long for a name. */
static bool path_is_sane(const char *path)
{
	for (const char *p = path;; p++) {
		size_t n = strcspn(p, "/");

		if (!n || n >= NODE_NAME || name_is(p, n, ".") || name_is(p, n, ".."))
			return false;
		p += n;
		if (!*p)
			return strlen(path) < KID_PATH;
	}
}

/* Hang partitions of virtual disks below them. */
static void link_parts(struct sim *s)
{
	vec_foreach(k, &s->kids) {
		const struct sim_kid *disk = k->stacked ? kid_disk(s, k) : NULL;

		if (!disk)
			continue;
		k->next_part = disk->first_part;
		s->kids.v[disk - s->kids.v].first_part = (uint32_t)(k - s->kids.v);
	}
}

void kids_build(struct sim *s)
{
	vec_foreach(fn, &s->m->fns)
		vec_foreach(c, &fn->children)
			if (path_is_sane(c->path))
				*vec_push(s->arena, &s->kids) = (struct sim_kid){
					.child = c,
					.class = c->class,
					.name = path_name(c->path),
					.fn = (uint32_t)(fn - s->m->fns.v),
				};
	vec_foreach(st, &s->m->stacked)
		if (path_is_sane(st->name) && !strchr(st->name, '/'))
			*vec_push(s->arena, &s->kids) = (struct sim_kid){
				.stacked = st,
				.class = st->class,
				.name = st->name,
				.fn = SIM_NONE,
			};
	if (!s->kids.v) /* searches give places in it, of none as well */
		s->kids.v = arena_alloc(s->arena, sizeof(*s->kids.v));
	s->kids_by_name = arena_alloc(s->arena, (s->kids.n + 1) * sizeof(uint32_t));
	if (!s->kids.n)
		return;
	qsort(s->kids.v, s->kids.n, sizeof(*s->kids.v), kid_cmp);
	for (uint32_t i = 0; i < s->kids.n; i++) {
		struct sim_kid *k = &s->kids.v[i];

		s->kids_by_name[i] = i;
		k->first_part = k->next_part = SIM_NONE;
		if (k->stacked)
			continue;
		if (!s->places[k->fn].n_kids++)
			s->places[k->fn].first_kid = i;
	}
	qsort_r(s->kids_by_name, s->kids.n, sizeof(uint32_t), name_cmp, s->kids.v);
	link_parts(s);
}

/* --- below a function --- */

static bool is_part(const struct sim *s, const struct node *in, const char *name,
		    size_t len, struct entry *ret)
{
	char path[KID_PATH + NODE_NAME];
	const struct sim_kid *k;
	size_t n = 0;

	if (in->kind == &dir_kid) {
		n = in->j;
		if (n + len + 2 > sizeof(path))
			return false;
		memcpy(path, in->p, n);
		path[n++] = '/';
	} else if (len >= sizeof(path)) {
		return false;
	}
	memcpy(path + n, name, len);
	n += len;
	k = lower_bound(s, in->i, path, n);
	if (k >= kids_end(s, in->i) || !kid_present(s, k) ||
	    strncmp(k->child->path, path, n) != 0 ||
	    (k->child->path[n] && k->child->path[n] != '/'))
		return false;
	return node_found_dir(ret, (struct node){ .kind = &dir_kid,
						  .p = k->child->path,
						  .i = in->i,
						  .j = (uint32_t)n }) >= 0;
}

int kid_lookup(const struct sim *s, const struct node *dir, const char *name, size_t len,
	       struct entry *ret)
{
	return is_part(s, dir, name, len, ret) ? 0 : -ENOENT;
}

int kid_each(const struct sim *s, const struct node *dir, host_list_fn *fn, void *arg)
{
	bool top = dir->kind != &dir_kid;
	size_t n = top ? 0 : dir->j, last_len = 0;
	const char *last = NULL;
	char name[NODE_NAME];
	const struct sim_kid *k = lower_bound(s, dir->i, top ? "" : dir->p, n);
	int r = 0;

	for (; r >= 0 && k < kids_end(s, dir->i); k++) {
		const char *part = kid_path(k) + n;
		size_t len;

		if (!kid_present(s, k) || (!top && strncmp(kid_path(k), dir->p, n) != 0))
			break;
		if (!top && *part++ != '/') {
			if (part[-1])
				break; /* a name that only begins the same */
			continue;      /* the folder itself */
		}
		len = strcspn(part, "/");
		if (len >= sizeof(name) ||
		    (last && len == last_len && !strncmp(part, last, len)))
			continue;
		last = part;
		last_len = len;
		memcpy(name, part, len);
		name[len] = '\0';
		r = fn(arg, name);
	}
	return r;
}

void kid_where(const struct sim *s, const struct node *dir, struct node *ret_parent,
	       char *name)
{
	const char *path = dir->p, *slash = path + dir->j;

	(void)s;
	while (slash > path && slash[-1] != '/')
		slash--;
	memcpy(name, slash, (size_t)(path + dir->j - slash));
	name[path + dir->j - slash] = '\0';
	if (slash == path)
		*ret_parent = (struct node){ .kind = &dir_fn, .i = dir->i };
	else
		*ret_parent = (struct node){ .kind = &dir_kid,
					     .p = path,
					     .i = dir->i,
					     .j = (uint32_t)(slash - path) - 1 };
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include <linux/ipv6_route.h>
#include <linux/route.h>

#include "core/guard-tables.h"

/*
 * Call @fn for every line of the first of @paths that is there. Returns why none could be
 * read, or NULL.
 */
static const char *each_line(const struct machine *m, struct arena *a,
			     const char *const paths[], size_t n_paths,
			     void (*fn)(struct arena *a, char *line, void *arg),
			     void *arg)
{
	const char *why = NULL;

	for (size_t i = 0; i < n_paths; i++) {
		const struct machine_file *f = machine_file(m, paths[i]);
		char *text, *line, *save = NULL;

		if (!f || !f->data.len) {
			why = why ? why : machine_unknown(m, "files/%s", paths[i]);
			continue;
		}
		text = arena_strndup(a, (const char *)f->data.data, f->data.len);
		for (line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			fn(a, line, arg);
		return NULL;
	}
	return why;
}

/* fs/proc_namespace.c:mangle: blank, tab, newline, '\\' and '#' as \ooo; undone in place.
 */
static char *unescape(char *s)
{
	char *out = s;

	for (const char *in = s; *in; in++) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' &&
		    in[2] <= '7' && in[3] >= '0' && in[3] <= '7') {
			char c = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 |
					(in[3] - '0'));

			*out++ = c ? c : '?';
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return s;
}

/* proc_pid_mountinfo(5): ID PARENT MAJ:MIN ROOT POINT OPTIONS [TAG...] - TYPE SOURCE
 * SUPER */
static void add_mount(struct arena *a, char *line, void *arg)
{
	enum { DEV = 2, POINT = 4, BEFORE_TAGS = 6 };
	guard_mounts *ret = arg;
	char *fields[BEFORE_TAGS], *tail[3] = { NULL }, *save = NULL;
	unsigned n = 0, n_tail = 0;
	bool behind = false;

	for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (n < BEFORE_TAGS)
			fields[n++] = w;
		else if (behind && n_tail < ARRAY_SIZE(tail))
			tail[n_tail++] = w;
		else if (streq(w, "-"))
			behind = true;
	}
	if (n < BEFORE_TAGS || n_tail < 2 || !strchr(fields[DEV], ':'))
		return;
	*vec_push(a, ret) =
		(struct guard_mount){ .dev = fields[DEV],
				      .point = unescape(fields[POINT]),
				      .fstype = tail[0],
				      .source = unescape(tail[1]),
				      .options = tail[2] ? unescape(tail[2]) : "" };
}

const char *guard_read_mounts(const struct machine *m, struct arena *a, guard_mounts *ret)
{
	static const char *const paths[] = { "proc/1/mountinfo", "proc/self/mountinfo" };

	const char *why = each_line(m, a, paths, ARRAY_SIZE(paths), add_mount, ret);

	return why || ret->n ? why : machine_unknown(m, "mounts");
}

const struct guard_mount *guard_mount_of(const guard_mounts *mounts, const char *path)
{
	const struct guard_mount *best = NULL;
	size_t best_len = 0;

	vec_foreach(mnt, mounts) {
		size_t n = strlen(mnt->point);

		while (n && mnt->point[n - 1] == '/')
			n--;
		/* Of two on one point the later covers the earlier. */
		if (strncmp(path, mnt->point, n) == 0 && (!path[n] || path[n] == '/') &&
		    (!best || n >= best_len)) {
			best = mnt;
			best_len = n;
		}
	}
	return best;
}

bool guard_overlay_visible(const struct guard_mount *mnt)
{
	static const char *const keys[] = { "lowerdir=", "upperdir=" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *at = strstr(mnt->options, keys[i]);

		if (at && at[strlen(keys[i])] != '/')
			return false;
		if (!at && i == 0)
			return false;
	}
	return true;
}

static void add_swap(struct arena *a, char *line, void *arg)
{
	size_t n = strcspn(line, " \t");

	if (*line == '/') { /* not the heading */
		line[n] = '\0';
		*vec_push(a, (strings *)arg) = unescape(line);
	}
}

const char *guard_read_swaps(const struct machine *m, struct arena *a, strings *ret)
{
	static const char *const path[] = { "proc/swaps" };

	return each_line(m, a, path, 1, add_swap, ret);
}

/* The best default routes so far. */
struct routes {
	strings *names;
	size_t first; /* of this address family */
	unsigned metric;
};

static void add_default(struct arena *a, struct routes *r, const char *name,
			unsigned metric)
{
	if (r->names->n > r->first && metric > r->metric)
		return;
	if (metric < r->metric || r->names->n == r->first)
		r->names->n = r->first;
	r->metric = metric;
	for (size_t i = r->first; i < r->names->n && i < r->first + 16; i++)
		if (streq(r->names->v[i], name))
			return;
	*vec_push(a, r->names) = name;
}

/* net/ipv4/fib_trie.c:fib_route_seq_show; the heading has no numbers. */
static void add_route(struct arena *a, char *line, void *arg)
{
	unsigned dest, flags, metric, mask;
	char name[32];

	if (sscanf(line, "%31s %x %*s %x %*s %*s %u %x", name, &dest, &flags, &metric,
		   &mask) == 5 &&
	    !dest && !mask && (flags & RTF_UP) && !(flags & RTF_REJECT))
		add_default(a, arg, arena_strdup(a, name), metric);
}

/* net/ipv6/route.c:rt6_info_route: DEST LEN SRC LEN NEXT METRIC REF USE FLAGS NAME */
static void add_route6(struct arena *a, char *line, void *arg)
{
	unsigned len, metric, flags;
	char dest[33], name[32];

	if (sscanf(line, "%32s %x %*s %*s %*s %x %*s %*s %x %31s", dest, &len, &metric,
		   &flags, name) == 5 &&
	    !len && strspn(dest, "0") == 32 && (flags & RTF_UP) &&
	    !(flags & RTF_REJECT) && !streq(name, "lo"))
		add_default(a, arg, arena_strdup(a, name), metric);
}

const char *guard_read_routes(const struct machine *m, struct arena *a, strings *ret)
{
	static const char *const path[] = { "proc/net/route" };
	static const char *const path6[] = { "proc/net/ipv6_route" };
	struct routes r = { .names = ret, .first = ret->n };
	const char *why = each_line(m, a, path, 1, add_route, &r), *why6;

	r = (struct routes){ .names = ret, .first = ret->n };
	why6 = each_line(m, a, path6, 1, add_route6, &r);
	why = why ? why : why6;
	return why || ret->n ? why : machine_unknown(m, "mounts");
}

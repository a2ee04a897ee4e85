/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "core/arena.h"
#include "scenarios/save.h"
#include "scenarios/shard.h"

#define DURATIONS_SCHEMA 1
#define SECONDS_MAX 1e6
#define UNKNOWN UINT64_MAX

int shard_parse(const char *text, struct shard *ret, struct err *e)
{
	unsigned k, n;
	int end = 0;

	if (sscanf(text, "%4u/%4u%n", &k, &n, &end) != 2 || text[end] || k < 1 || k > n)
		return err_set(e, -EINVAL, "--shard %s: it is K/N, with K from 1 to N",
			       text);
	*ret = (struct shard){ k, n };
	return 0;
}

/* Because sums of floating point depend on the compiler. */
static uint64_t whole_ms(double seconds)
{
	return (uint64_t)(seconds * 1000 + 0.5);
}

struct item {
	uint64_t ms;
	size_t index;
};

static int longest_first(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->ms != y->ms)
		return x->ms > y->ms ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* @items are sorted: what is unknown stands in front. */
static void guess_unknown(struct item *items, size_t n)
{
	size_t unknown = 0;
	uint64_t median;

	while (unknown < n && items[unknown].ms == UNKNOWN)
		unknown++;
	median = unknown < n ? items[unknown + (n - unknown) / 2].ms : 1;
	for (size_t i = 0; i < unknown; i++)
		items[i].ms = median;
	qsort(items, n, sizeof(*items), longest_first);
}

struct load {
	uint64_t ms;
	size_t items;
};

/* Items that take no time are spread, too. */
static bool is_less(const struct load *x, const struct load *y)
{
	return x->ms != y->ms ? x->ms < y->ms : x->items < y->items;
}

void shard_deal(const json_t *seconds, const char *const *names, size_t n_names,
		unsigned n_shards, unsigned *ret_shard)
{
	AUTOARENA struct arena *a = arena_new();
	struct item *items = arena_alloc(a, (n_names + 1) * sizeof(*items));
	struct load *loads = arena_alloc(a, n_shards * sizeof(*loads));

	for (size_t i = 0; i < n_names; i++) {
		const json_t *s = json_object_get(seconds, names[i]);

		items[i] = (struct item){ UNKNOWN, i };
		if (s)
			items[i].ms = whole_ms(json_number_value(s));
	}
	qsort(items, n_names, sizeof(*items), longest_first);
	guess_unknown(items, n_names);
	for (size_t i = 0; i < n_names; i++) {
		struct load *least = loads;

		for (struct load *l = loads; l < loads + n_shards; l++)
			if (is_less(l, least))
				least = l;
		least->ms += items[i].ms;
		least->items++;
		ret_shard[items[i].index] = (unsigned)(least - loads) + 1;
	}
}

static int check_seconds(const json_t *seconds, struct err *e)
{
	const char *name;
	json_t *s;

	json_object_foreach((json_t *)(uintptr_t)seconds, name, s)
	{
		double value = json_number_value(s);

		if (!json_is_number(s) || !(value >= 0 && value <= SECONDS_MAX))
			return err_set(e, -EINVAL, "seconds.%s: must be seconds", name);
	}
	return 0;
}

int durations_load(const char *path, json_t *seconds, struct err *e)
{
	json_auto_t *root = NULL;
	json_t *read = NULL;
	json_error_t error;
	int schema, r;
	FILE *f = fopen(path, "re");

	if (!f && errno == ENOENT)
		return 0;
	if (!f)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	root = json_loadf(f, JSON_REJECT_DUPLICATES, &error);
	fclose(f);
	if (!root)
		return err_set(e, -EINVAL, "%s:%d: %s", path, error.line, error.text);
	if (json_unpack_ex(root, &error, JSON_STRICT, "{s:i, s:o}", "schema", &schema,
			   "seconds", &read))
		return err_set(e, -EINVAL, "%s: %s", path, error.text);
	if (schema != DURATIONS_SCHEMA || !json_is_object(read))
		return err_set(e, -EINVAL, "%s: no durations of schema %d", path,
			       DURATIONS_SCHEMA);
	r = check_seconds(read, e);
	if (r < 0)
		return err_prefix(e, r, "%s", path);
	json_object_update(seconds, read);
	return 0;
}

int durations_update(const char *path, const json_t *seconds, struct err *e)
{
	json_auto_t *all = json_object(), *root = NULL;
	AUTOFREE char *text = NULL, *line = NULL;
	int r = durations_load(path, all, e);

	if (r < 0)
		return r;
	json_object_update(all, (json_t *)(uintptr_t)seconds);
	root = json_pack("{s:i, s:O}", "schema", DURATIONS_SCHEMA, "seconds", all);
	text = json_dumps(root,
			  JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(10));
	if (!text || asprintf(&line, "%s\n", text) < 0)
		abort();
	return save_file(path, line, strlen(line), e);
}

void durations_set(json_t *seconds, const char *name, double value)
{
	uint64_t ms = whole_ms(value < 0 ? 0 : value > SECONDS_MAX ? SECONDS_MAX : value);

	json_object_set_new(seconds, name, json_real((double)ms / 1000));
}

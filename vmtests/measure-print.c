/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <jansson.h>

#include "vmtests/measure.h"

#define WIDTH 90
#define TAB 8

/* Names that profile.c has for texts of its own. */
static const char *const names[][2] = {
	{ "changed VGA decodes", "VGA_OLD" },
	{ "VGA decodes changed", "VGA_NEW" },
};

static bool differs(const struct measured *k, size_t i)
{
	struct measure_value has = measure_of(k->nearest, &measure_rows[i]);

	return !k->values[i].why && !has.why &&
	       !measure_same(&measure_rows[i], &k->values[i], &has);
}

bool measured_agrees(const struct measured *k)
{
	for (size_t i = 0; i < n_measure_rows; i++)
		if (differs(k, i))
			return false;
	return k->proven;
}

/* As C has it. */
static const char *literal(struct arena *a, const struct measure_row *row,
			   const struct measure_value *v)
{
	switch (row->type) {
	case MEASURE_BOOL:
		return v->number ? "true" : "false";
	case MEASURE_NUMBER:
		return arena_printf(a, "%ld", v->number);
	case MEASURE_CHAR:
		return arena_printf(a, v->number == '\'' ? "'\\%c'" : "'%c'",
				    (int)v->number);
	case MEASURE_TEXT:
		for (size_t i = 0; v->text && i < ARRAY_SIZE(names); i++)
			if (streq(names[i][0], v->text))
				return names[i][1];
		return v->text ? arena_printf(a, "\"%s\"", v->text) : "NULL";
	}
	return "";
}

/* --- for people --- */

void measured_print(FILE *f, const struct measured *k)
{
	AUTOARENA struct arena *a = arena_new();

	for (size_t i = 0; i < n_measure_rows; i++) {
		const struct measure_row *row = &measure_rows[i];
		const struct measure_value *v = &k->values[i];
		struct measure_value has = measure_of(k->nearest, row);

		fprintf(f, "%-18s %-26s %-22s %-22s %s%s%s\n", row->key,
			row->member ? row->member : "-",
			v->why ? "unknown" : literal(a, row, v),
			has.why ? "-" : literal(a, row, &has),
			differs(k, i) ? "DIFFERS: " : "", v->why ? v->why : row->how, "");
	}
}

/* --- the row --- */

struct printer {
	FILE *f;
	struct arena *a;
	size_t column;
};

static void put(struct printer *p, const char *word)
{
	size_t n = strlen(word) + 1;

	if (p->column + n > WIDTH) {
		fputs("\n\t ", p->f);
		p->column = TAB + 1;
	}
	fprintf(p->f, " %s", word);
	p->column += n;
}

/* Has the table a later kernel of the same line? */
static bool is_newest(const unsigned v[static 3])
{
	for (size_t i = 0; i < n_kernel_profiles; i++) {
		const unsigned *w = kernel_profiles[i].version;

		if (w[0] == v[0] && w[1] == v[1] && w[2] > v[2])
			return false;
	}
	return true;
}

/* Left out in C where it is zero. */
static bool is_zero(const struct measure_row *row, const struct measure_value *v)
{
	return row->type != MEASURE_TEXT && !v->number;
}

void measured_print_row(FILE *f, const struct measured *k)
{
	AUTOARENA struct arena *a = arena_new();
	struct printer p = { f, a, TAB + 1 };
	const unsigned *n = k->version;

	fputs("\t{", f);
	put(&p, arena_printf(a, ".name = \"debian-%u.%u.%u\",", n[0], n[1], n[2]));
	if (is_newest(n))
		put(&p, arena_printf(a, ".alias = \"%u.%u\",", n[0], n[1]));
	put(&p, arena_printf(a, ".version = { %u, %u, %u },", n[0], n[1], n[2]));
	for (size_t i = 0; i < n_measure_rows; i++) {
		const struct measure_row *row = &measure_rows[i];
		struct measure_value v = measure_of(k->nearest, row);

		if (!row->member)
			continue;
		if (!k->values[i].why)
			v = k->values[i];
		if (!is_zero(row, &v))
			put(&p, arena_printf(a, ".%s = %s,", row->member,
					     literal(a, row, &v)));
	}
	fputs(" },\n", f);
}

/* --- JSON --- */

static json_t *json_value(const struct measure_row *row, const struct measure_value *v)
{
	switch (row->type) {
	case MEASURE_BOOL:
		return json_boolean(v->number);
	case MEASURE_NUMBER:
		return json_integer(v->number);
	case MEASURE_CHAR:
		return json_sprintf("%c", (int)v->number);
	case MEASURE_TEXT:
		return json_string(v->text);
	}
	return NULL;
}

int measured_json(FILE *f, const struct measured *k)
{
	json_t *flags = json_object(), *unknown = json_object();
	json_auto_t *all = json_pack(
		"{s:s, s:o, s:s, s:b, s:b, s:o, s:o}", "release", k->release, "package",
		json_sprintf("%u.%u.%u", k->version[0], k->version[1], k->version[2]),
		"profile", k->nearest->name, "proven", k->proven, "agrees",
		measured_agrees(k), "flags", flags, "unknown", unknown);

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n_measure_rows; i++) {
		const struct measure_row *row = &measure_rows[i];
		const struct measure_value *v = &k->values[i];
		json_t *flag;

		if (v->why) {
			json_object_set_new(unknown, row->key, json_string(v->why));
			continue;
		}
		flag = json_pack("{s:s?, s:o, s:s}", "member", row->member, "value",
				 json_value(row, v), "how", row->how);
		if (differs(k, i)) {
			struct measure_value has = measure_of(k->nearest, row);

			json_object_set_new(flag, "profile", json_value(row, &has));
		}
		json_object_set_new(flags, row->key, flag);
	}
	if (json_dumpf(all, f, JSON_INDENT(2)) < 0)
		return -ENOMEM;
	fputc('\n', f);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of steps, and whether a file's steps say what their verbs understand. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "scenarios/player.h"

/*
 * A member of an object. Kinds: s string, i integer, t true, b true, false or
 * "maybe", n string or integer, L strings, P [PATH, TEXT], I integers, * anything,
 * d strings or null by name, o booleans by name, S step, A steps; of objects with members
 * of their own: r reboot (or true), f fault, x expectation, e every_fault.
 */
struct field {
	const char *name;
	char kind;
};

/* clang-format off */
static const struct field reboot_fields[] = { { "boots", 'b' }, { "race", 'o' }, { NULL } };
static const struct field fault_fields[] = { { "kind", 's' }, { "at", 'i' }, { "path", 's' }, { "error", 's' }, { NULL } };
static const struct field expect_fields[] = {
	{ "exit", 'i' }, { "error", 's' }, { "findings", 'L' }, { "not", 'L' }, { "report", '*' }, { NULL }
};
static const struct field every_fields[] = {
	{ "act", 'S' }, { "kind", 's' }, { "error", 's' }, { "seeds", 'I' }, { "then", 'A' }, { NULL }
};

/* Options of verbs. */
static const struct field no_options[] = { { NULL } };
static const struct field request[] = {
	{ "method", 's' }, { "style", 's' }, { "allow", 's' }, { "for", 's' }, { "fault", 'f' }, { "expect", 'x' }, { NULL }
};
static const struct field host_verb[] = { { "fault", 'f' }, { "expect", 'x' }, { NULL } };
static const struct field settle[] = { { "act", 'S' }, { NULL } };
static const struct field store[] = { { "expect", 'n' }, { NULL } };
static const struct field claim[] = { { "expect", 's' }, { NULL } };
static const struct field run[] = { { "status", 'i' }, { NULL } };
static const struct field write_file[] = { { "mode", 's' }, { NULL } };
static const struct field file[] = { { "has", 'L' }, { "lacks", 'L' }, { "absent", 't' }, { NULL } };

static const struct verb {
	struct scenario_verb v;
	char kind; /* of what stands behind it */
	const struct field *options;
} verbs[] = {
	{ { "check", step_verb }, 'L', request },
	{ { "list", step_verb }, 'L', request },
	{ { "plan", step_verb }, 'L', request },
	{ { "rehearse", step_verb }, 'L', request },
	{ { "apply", step_verb }, 'L', request },
	{ { "verify", step_verb }, 'L', request },
	{ { "vm", step_verb }, 'L', request },
	{ { "resume", step_resume }, 't', host_verb },
	{ { "undo", step_undo }, 'i', host_verb },
	{ { "history", step_history }, 't', host_verb },
	{ { "settle", step_settle }, 's', settle },
	{ { "reboot", step_reboot }, 'r', no_options },
	{ { "power_cut", step_power_cut }, 'i', no_options },
	{ { "drivers", step_drivers }, 'd', no_options },
	{ { "store", step_store }, 'P', store },
	{ { "read", step_read }, 'P', no_options },
	{ { "claim", step_claim }, 'i', claim },
	{ { "release", step_release }, 'i', claim },
	{ { "run", step_run }, 'L', run },
	{ { "write", step_write }, 'P', write_file },
	{ { "append", step_append }, 'P', no_options },
	{ { "remove", step_remove }, 's', no_options },
	{ { "file", step_file }, 's', file },
	{ { "snapshot", step_snapshot }, 't', no_options },
	{ { "same", step_same }, 't', no_options },
	{ { "every_fault", step_every_fault }, 'e', no_options },
};
/* clang-format on */

static const struct verb *verb_of(const json_t *step)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (json_object_get(step, verbs[i].v.name))
			return &verbs[i];
	return NULL;
}

static int check_value(const json_t *value, char kind, const char *where, struct err *e);

/* Every member of @o is one of @fields, or @verb's value. */
static int check_members(const json_t *o, const struct field *fields,
			 const struct verb *verb, const char *where, struct err *e)
{
	const json_t *value;
	const char *key;
	char path[256];

	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		const struct field *f = fields;
		int r;

		while (f->name && !streq(f->name, key))
			f++;
		if (!f->name && !(verb && streq(key, verb->v.name)))
			return err_set(e, -EINVAL, "%s: unknown option \"%.64s\"", where,
				       key);
		snprintf(path, sizeof(path), "%s.%s", where, key);
		r = check_value(value, f->name ? f->kind : verb->kind, path, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_step(const json_t *step, const char *where, struct err *e)
{
	const struct verb *verb = verb_of(step);

	if (!json_is_object(step) || !verb)
		return err_set(e, -EINVAL, "%s: no verb that is known", where);
	return check_members(step, verb->options, verb, where, e);
}

/* Each element of an array, or member of an object, is of @kind. */
static bool all_are(const json_t *list, bool (*is)(const json_t *))
{
	const json_t *item;
	const char *key;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (!is(item))
			return false;
	}
	json_object_foreach((json_t *)(uintptr_t)list, key, item)
	{
		if (!is(item))
			return false;
	}
	return true;
}

static bool is_string(const json_t *v)
{
	return json_is_string(v);
}

static bool is_integer(const json_t *v)
{
	return json_is_integer(v);
}

static bool is_driver(const json_t *v)
{
	return json_is_string(v) || json_is_null(v);
}

static bool is_boolean(const json_t *v)
{
	return json_is_boolean(v);
}

int scenario_check_steps(const json_t *steps, const char *where, struct err *e)
{
	const json_t *step;
	char path[256];
	size_t i;

	json_array_foreach(steps, i, step)
	{
		int r;

		snprintf(path, sizeof(path), "%s[%zu]", where, i);
		r = check_step(step, path, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_value(const json_t *value, char kind, const char *where, struct err *e)
{
	static const struct {
		char kind;
		const struct field *fields;
	} objects[] = { { 'r', reboot_fields },
			{ 'f', fault_fields },
			{ 'x', expect_fields },
			{ 'e', every_fields } };
	const char *want = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		if (objects[i].kind == kind && json_is_object(value))
			return check_members(value, objects[i].fields, NULL, where, e);
	switch (kind) {
	case 's':
		want = json_is_string(value) ? NULL : "a string";
		break;
	case 'i':
		want = json_is_integer(value) ? NULL : "a number";
		break;
	case 'r':
	case 't':
		want = json_is_true(value) ? NULL : "true";
		break;
	case 'b':
		want = json_is_boolean(value) || json_is_string(value)
			       ? NULL
			       : "true, false or \"maybe\"";
		break;
	case 'n':
		want = json_is_string(value) || json_is_integer(value)
			       ? NULL
			       : "an errno's name or a number";
		break;
	case 'L':
		want = json_is_array(value) && all_are(value, is_string)
			       ? NULL
			       : "an array of strings";
		break;
	case 'P':
		want = json_array_size(value) == 2 && all_are(value, is_string)
			       ? NULL
			       : "[PATH, TEXT]";
		break;
	case 'I':
		want = json_is_array(value) && all_are(value, is_integer)
			       ? NULL
			       : "an array of numbers";
		break;
	case 'd':
		want = json_is_object(value) && all_are(value, is_driver)
			       ? NULL
			       : "drivers (or null) by device";
		break;
	case 'o':
		want = json_is_object(value) && all_are(value, is_boolean)
			       ? NULL
			       : "true or false by device";
		break;
	case 'S':
		return check_step(value, where, e);
	case 'A':
		if (json_is_array(value))
			return scenario_check_steps(value, where, e);
		want = "an array of steps";
		break;
	case '*':
		break;
	default:
		want = "an object";
	}
	return want ? err_set(e, -EINVAL, "%s: must be %s", where, want) : 0;
}

const struct scenario_verb *scenario_verb_of(const json_t *step)
{
	const struct verb *verb = verb_of(step);

	return verb ? &verb->v : NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "scenarios/match.h"

static int differ(const json_t *expected, const json_t *actual, const char *where,
		  struct err *e)
{
	AUTOFREE char *want = json_dumps(expected, JSON_ENCODE_ANY | JSON_COMPACT);
	AUTOFREE char *got =
		actual ? json_dumps(actual, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	return err_set(e, -EINVAL, "%s: expected %.200s, got %.300s", where,
		       want ? want : "?", got ? got : "nothing");
}

static int match_string(const json_t *expected, const json_t *actual, const char *where,
			struct err *e)
{
	const char *want = json_string_value(expected), *got = json_string_value(actual);

	if (got && (*want == '~' ? strstr(got, want + 1) != NULL : streq(want, got)))
		return 0;
	return differ(expected, actual, where, e);
}

int match_json(const json_t *expected, const json_t *actual, const char *where,
	       struct err *e)
{
	const json_t *want, *got;
	const char *key;
	char path[256];
	size_t i, k;
	int r;

	if (json_is_string(expected))
		return match_string(expected, actual, where, e);
	if (json_typeof(expected) != (actual ? json_typeof(actual) : JSON_NULL))
		return differ(expected, actual, where, e);
	if (json_is_object(expected)) {
		json_object_foreach((json_t *)(uintptr_t)expected, key, want)
		{
			snprintf(path, sizeof(path), "%s.%s", where, key);
			r = match_json(want, json_object_get(actual, key), path, e);
			if (r < 0)
				return r;
		}
		return 0;
	}
	if (!json_is_array(expected))
		return json_equal(expected, actual) ? 0
						    : differ(expected, actual, where, e);
	if (!json_array_size(expected) && json_array_size(actual))
		return differ(expected, actual, where, e);
	json_array_foreach(expected, i, want)
	{
		bool found = false;

		json_array_foreach(actual, k, got) if (!found) found =
			match_json(want, got, "", NULL) == 0;
		if (!found) {
			snprintf(path, sizeof(path), "%s[%zu]", where, i);
			return differ(want, actual, path, e);
		}
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "scenarios/save.h"
#include "scenarios/shard.h"
#include "tools/lab-results.h"

/* What a cell took, all of its parts. */
static int keep_durations(const struct campaign *c, const char *path, struct err *e)
{
	json_auto_t *seconds = json_object();

	vec_foreach(r, &c->results) {
		double had = json_number_value(json_object_get(seconds, r->group));

		json_object_set_new(seconds, r->group, json_real(had + r->seconds));
	}
	return durations_update(path, seconds, e);
}

static int write_html(const struct campaign *c, const char *path, struct err *e)
{
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -ENOMEM;
	matrix_html(f, &c->matrix);
	if (fclose(f))
		return -ENOMEM;
	return save_file(path, text, len, e);
}

int lab_results_write(const struct campaign *c, const struct lab_values *v, struct err *e)
{
	int r = v->junit ? results_junit(&c->results, "lab", v->junit, e) : 0;

	if (r == 0 && v->html)
		r = write_html(c, v->html, e);
	if (r == 0 && v->durations)
		r = keep_durations(c, v->durations, e);
	return r;
}

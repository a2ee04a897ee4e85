/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/machine-json.h"
#include "scenarios/player.h"

#define SCENARIO_SCHEMA "pcipass-scenario"
#define SCENARIO_VERSION 1

int scenario_load(const char *path, struct scenario *ret, struct err *e)
{
	const char *schema, *name, *about, *fixture, *kernel = NULL, *role;
	json_t *steps, *roles = NULL, *address;
	json_error_t error;
	json_t *root;
	int version, r;

	root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return err_set(e, -EINVAL, "%s:%d: %s", path, error.line, error.text);
	if (json_unpack_ex(root, &error, JSON_STRICT,
			   "{s:s, s:i, s:s, s:s, s:s, s?s, s?o, s:o}", "schema", &schema,
			   "version", &version, "name", &name, "about", &about, "fixture",
			   &fixture, "kernel", &kernel, "roles", &roles, "steps",
			   &steps) ||
	    !json_is_array(steps)) {
		json_decref(root);
		return err_set(e, -EINVAL, "%s: %s", path,
			       *error.text ? error.text : "steps is not an array");
	}
	if (!streq(schema, SCENARIO_SCHEMA) || version != SCENARIO_VERSION) {
		json_decref(root);
		return err_set(e, -EINVAL, "%s: not a scenario of version %d", path,
			       SCENARIO_VERSION);
	}
	r = scenario_check_steps(steps, "steps", e);
	json_object_foreach(roles, role, address)
	{
		if (!json_is_string(address))
			r = err_set(e, -EINVAL, "roles.%s: must be an address", role);
	}
	if (r < 0) {
		json_decref(root);
		return err_prefix(e, r, "%s", path);
	}
	*ret = (struct scenario){
		.root = root, .file = path, .name = name, .about = about
	};
	return 0;
}

void scenario_free(struct scenario *s)
{
	json_decref(s->root);
	s->root = NULL;
}

const char *player_device(const struct player *p, const char *role)
{
	const json_t *roles = json_object_get(p->s->root, "roles");
	const char *bdf = json_string_value(json_object_get(roles, role));

	return bdf ? bdf : role;
}

int player_fail(struct player *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(p->e, 0, "%s", text);
	return 1;
}

int player_bad(struct player *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(p->e, -EINVAL, "%s", text);
}

int play_step(struct player *p, const json_t *step, const char *where)
{
	const struct scenario_verb *verb = scenario_verb_of(step);
	int r = verb->play(p, step, json_object_get(step, verb->name));

	return r ? err_prefix(p->e, r, "%s.%s", where, verb->name) : 0;
}

int play_steps(struct player *p, const json_t *steps, const char *where)
{
	const json_t *step;
	char name[64];
	size_t i;

	json_array_foreach(steps, i, step)
	{
		int r;

		snprintf(name, sizeof(name), "%s[%zu]", where, i);
		r = play_step(p, step, name);
		if (r)
			return r;
	}
	return 0;
}

int play_again(struct player *p, size_t index)
{
	const json_t *steps = json_object_get(p->s->root, "steps");
	char name[64];
	int r;

	p->g->ops->stop(p->g->ctx);
	p->boot = NULL;
	r = p->g->ops->start(p->g->ctx, p->m, p->profile, p->e);
	for (size_t i = 0; !r && i < index; i++) {
		snprintf(name, sizeof(name), "steps[%zu]", i);
		r = play_step(p, json_array_get(steps, i), name);
	}
	return r;
}

int scenario_play(const struct scenario *s, const struct ground *g, const char *fixtures,
		  struct err *e)
{
	const char *kernel = json_string_value(json_object_get(s->root, "kernel"));
	const char *fixture = json_string_value(json_object_get(s->root, "fixture"));
	AUTOMACHINE struct machine *m = NULL;
	AUTOARENA struct arena *a = arena_new();
	struct player p = { .s = s, .g = g, .arena = a, .e = e };
	int r = machine_load(arena_printf(a, "%s/%s", fixtures, fixture), &m, e);

	if (r < 0)
		return r;
	if (kernel && !(p.profile = profile_find(kernel)))
		return err_set(e, -EINVAL, "kernel: there is no profile \"%s\"", kernel);
	p.m = m;
	r = g->ops->start(g->ctx, m, p.profile, e);
	if (!r)
		r = play_steps(&p, json_object_get(s->root, "steps"), "steps");
	g->ops->stop(g->ctx);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/conform-found.h"
#include "vmtests/replay.h"

static void play(const struct lab *l, struct guests *gs, struct rig *rig, const ops *o,
		 struct result *ret)
{
	divergences found = { 0 };
	struct conform c;
	struct err e = { "" };
	int r = conform_open(l, gs, rig, &c, &e);

	if (r == 0) {
		r = conform_play(&c, l->arena, o, true, &found, &e);
		if (r < 0) {
			rig_fail(rig, c.guest);
			c.guest = NULL;
		}
		conform_close(&c);
	}
	ret->outcome = r ? RESULT_FAILED : RESULT_PASSED;
	if (r == 1) {
		ret->text = "kernel and model differ";
		ret->evidence = found.v[0].text;
	} else if (r < 0) {
		ret->text = arena_strdup(l->arena, e.text);
		ret->evidence = arena_strdup(l->arena, rig->evidence);
	}
}

int replay(const struct lab *l, struct guests *gs, const char *path, struct result *ret,
	   struct err *e)
{
	struct result result = { .name = path_name(path), .file = path };
	double start = lab_now();
	struct rig_want want;
	struct rig rig = { 0 };
	ops o = { 0 };
	int r = conform_load(l, path, &o, &want, e);

	r = r < 0 ? r : rig_make(l, &want, &rig, e);
	if (r < 0)
		return r;
	result.group = arena_strdup(l->arena, rig.name);
	play(l, gs, &rig, &o, &result);
	rig_done(&rig);
	result.seconds = lab_now() - start;
	*ret = result;
	return 0;
}

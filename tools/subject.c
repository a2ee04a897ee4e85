/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/host-live.h"
#include "core/machine-json.h"
#include "fakesys/profile.h"
#include "tools/subject.h"

int subject_profile(const char *name, const struct kernel_profile **ret, struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	const char *all = "";

	*ret = profile_find(name);
	if (*ret)
		return VERB_YES;
	for (size_t i = 0; i < n_kernel_profiles; i++)
		all = arena_printf(a, "%s%s%s", all, i ? ", " : "",
				   kernel_profiles[i].name);
	(void)err_set(e, 0, "--kernel %s: no such kernel profile; there are %s", name,
		      all);
	return VERB_INPUT;
}

static int open_fixture(const struct where *w, bool change, struct subject *s,
			struct err *e)
{
	int r;

	if (w->kernel) {
		r = subject_profile(w->kernel, &s->profile, e);
		if (r != VERB_YES)
			return r;
	}
	if (machine_load(w->fixture, &s->recorded, e) < 0)
		return VERB_INPUT;
	s->m = s->recorded;
	if (!change)
		return VERB_YES;
	if (sim_new(s->recorded, s->profile, &s->sim, e) < 0) {
		(void)err_prefix(e, 0, "%s", w->fixture);
		return VERB_INPUT;
	}
	s->host = sim_host(s->sim);
	return VERB_YES;
}

static int open_live(const char *root, struct subject *s, struct err *e)
{
	int r = host_live_open(root ? root : "/", &s->live, e);

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? VERB_INPUT : VERB_REFUSED;
	s->host = host_live_get(s->live);
	return VERB_YES;
}

int subject_open(const struct where *w, unsigned parts, bool change, struct subject *ret,
		 struct err *e)
{
	struct subject s = { 0 };
	int r;

	if (w->fixture)
		r = open_fixture(w, change, &s, e);
	else
		r = open_live(w->root, &s, e);
	if (r == VERB_YES && parts && s.live) {
		int code = inventory_read(&s.host, parts, &s.read, e);

		if (code < 0)
			r = verb_status_of(code);
		else
			s.m = s.read;
	}
	if (r != VERB_YES) {
		subject_close(&s);
		return r;
	}
	if (s.recorded)
		profile_apply(s.recorded, s.profile);
	if (s.read)
		profile_apply(s.read, NULL);
	*ret = s;
	return VERB_YES;
}

void subject_close(struct subject *s)
{
	sim_free(s->sim);
	host_live_close(s->live);
	machine_free(s->read);
	machine_free(s->recorded);
	*s = (struct subject){ 0 };
}

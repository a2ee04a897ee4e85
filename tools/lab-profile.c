/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "tools/lab-profile.h"

static void tell(const char *what)
{
	fprintf(stderr, "%s\n", what);
}

static int print(const struct measured *k, bool json)
{
	if (json)
		return measured_json(stdout, k);
	measured_print_row(stdout, k);
	printf("\n%s, compared with %s%s\n", k->release, k->nearest->name,
	       k->proven ? "" : ", which is not its own profile");
	measured_print(stdout, k);
	return 0;
}

int lab_profile(struct guests *gs, const struct lab *lab, const struct rig_want *want,
		bool json, struct err *e)
{
	struct measure_lab l = { .gs = gs, .lab = lab, .want = *want, .tell = tell };
	struct measured k;
	int r = measure_lab(&l, &k, e);

	if (r < 0)
		fputs(l.evidence ? l.evidence : "", stderr);
	else
		r = print(&k, json);
	if (r == 0)
		r = measured_agrees(&k);
	free(l.evidence);
	machine_free(l.machine);
	return r;
}

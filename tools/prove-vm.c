/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "tools/prove-vm.h"
#include "vmtests/enclose.h"
#include "vmtests/ground-vm.h"

struct call {
	const struct lab *lab;
	int (*fn)(void *arg, void *lab);
	void *arg;
};

static int work(void *arg)
{
	const struct call *c = arg;
	struct ground_vm v = { .lab = c->lab };
	struct err e = { "" };
	int status;

	if (guests_open(c->lab, &v.gs, &e) < 0) {
		fprintf(stderr, "pcipass-prove: %s\n", e.text);
		return VERB_REFUSED;
	}
	status = c->fn(c->arg, &v);
	guests_close(v.gs);
	return status;
}

int prove_vm_in_lab(int (*fn)(void *arg, void *lab), void *arg, struct err *e)
{
	struct lab lab;
	int r = lab_open(&lab, NULL, e);

	if (r < 0)
		return r;
	r = lab_make_cache(&lab, e);
	r = r < 0 ? r : enclose(work, &(struct call){ &lab, fn, arg }, e);
	lab_close(&lab);
	return r;
}

struct ground prove_vm_ground(void **slot)
{
	return ground_vm(*slot);
}

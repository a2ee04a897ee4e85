/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/ops-guest.h"

int ops_guest_play(struct guest *g, struct arena *a, const ops *batch, int deadline_ms,
		   op_results *ret, struct err *e)
{
	static const char *const argv[] = { "/usr/bin/lab-inside", "ops", NULL };
	AUTOFREE char *text = ops_text(batch);
	struct guest_output o;
	int r;

	if (!text)
		return -ENOMEM;
	r = guest_run(g, argv, (struct blob){ (uint8_t *)text, strlen(text) },
		      deadline_ms, &o, e);
	if (r < 0)
		return r;
	if (o.status)
		r = err_set(e, -EIO, "lab-inside: exit status %d: %.300s", o.status,
			    o.err);
	else
		r = op_results_read(a, o.out, ret, e);
	if (r == 0 && ret->n != batch->n)
		r = err_set(e, -EIO, "lab-inside: %zu results of %zu", ret->n, batch->n);
	guest_output_done(&o);
	return r;
}

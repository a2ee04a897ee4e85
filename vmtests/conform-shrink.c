/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmtests/conform-shrink.h"

/* All of @from but @n from @at. */
static ops without(struct arena *a, const ops *from, size_t at, size_t n)
{
	ops ret = { 0 };

	for (size_t i = 0; i < from->n; i++)
		if (i < at || i >= at + n)
			*vec_push(a, &ret) = from->v[i];
	return ret;
}

void conform_shrink(struct arena *a, const ops *from, shrink_test *test, void *arg,
		    unsigned tries, ops *ret)
{
	ops best = *from;
	size_t n = best.n / 2;

	/* From the end: what comes last mostly shows it, what is before it mostly not. */
	while (n && tries) {
		bool smaller = false;

		for (size_t end = best.n; end && tries; end = end > n ? end - n : 0) {
			size_t at = end > n ? end - n : 0;
			ops candidate = without(a, &best, at, end - at);

			if (!candidate.n)
				continue;
			tries--;
			if (test(arg, &candidate) != 1)
				continue;
			best = candidate;
			smaller = true;
		}
		if (n == 1 && !smaller)
			break;
		n = n > 1 ? n / 2 : 1;
	}
	*ret = best;
}

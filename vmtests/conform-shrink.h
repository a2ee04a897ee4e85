/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conform-shrink - few of many operations that still show a difference, found by leaving
 * out ever smaller parts (delta debugging).
 */
#pragma once

#include "vmtests/ops.h"

/* Does it still show? 1: yes, 0: no, negative errno: it could not be tried. */
typedef int shrink_test(void *arg, const ops *candidate);

/*
 * @from shows it, and is not asked about again. *ret, in @a, shows it, too, and is no
 * longer. Asks @test at most @tries times; what could not be tried is kept.
 */
void conform_shrink(struct arena *a, const ops *from, shrink_test *test, void *arg,
		    unsigned tries, ops *ret);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap - what a program in a guest says about its tests, read. */
#pragma once

#include "core/err.h"

struct tap {
	unsigned ok, skipped, not_ok; /* ok has the skipped ones, too */
	char first[200];              /* the name of the first that is not ok; "" */
};

/* -EPROTO with @e: it gave up, or its plan is missing or not kept. */
int tap_read(const char *text, struct tap *ret, struct err *e);

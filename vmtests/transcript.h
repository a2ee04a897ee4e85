/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transcript - what a kernel did, on file: the fixture of a guest, operations, what came
 * of them, trees. The model can be compared with it where there is no guest.
 *
 * The file is text, compressed: sections "NAME LENGTH", so many bytes, a newline; NAME is
 * rig, fixture, then ops, results and tree again and again.
 */
#pragma once

#include "vmtests/compare.h"

struct transcript {
	const char *rig; /* "6.12-intel-seabios-e" */
	struct blob fixture;
	VEC(struct kernel_batch) batches;
};

/* @path, in @a. Errno of open(2) and read(2); -EINVAL with @e: it is none. */
int transcript_load(struct arena *a, const char *path, struct transcript *ret,
		    struct err *e);
/* Errors of save_file(); -ENOMEM. @e. */
int transcript_save(const struct transcript *t, const char *path, struct err *e);

/*
 * Compare the model with it, batch after batch, until trees differ: nothing behind that
 * is worth a comparison. 0, 1 and *ret as compare_batch(); errors of compare_open().
 */
int transcript_compare(const struct transcript *t, struct arena *a, divergences *ret,
		       struct err *e);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* save - files that programs write for people: whole, or as they were before. */
#pragma once

#include "core/err.h"

/*
 * Put @text into @path, by a temporary file beside it that takes its place; what is no
 * regular file is written to as it is. Errors, with @e naming @path: a negative errno.
 */
int save_file(const char *path, const char *text, size_t len, struct err *e);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modprobe-parse - for modprobe-read.c, from modprobe.c; others use modprobe.h. */
#pragma once

#include "core/modprobe.h"

/* As modprobe_parse(), of @len bytes; @path is kept. */
void modprobe_parse_blob(struct arena *a, const char *path, const char *text, size_t len,
			 struct modprobe_config *ret);

/*
 * Normalize a name in place, between brackets nothing changes. false: a bracket without
 * its partner.
 */
bool modprobe_underscores(char *s);

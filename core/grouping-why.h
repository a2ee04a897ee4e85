/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grouping-why - computed groups in words: why two functions share one, and what that
 * means for who wants to pass one of them on.
 */
#pragma once

#include "core/grouping.h"

/*
 * Why @fn is in its group, one sentence: "0000:01:00.0 is behind the port 0000:00:01.0,
 * which has no ACS."
 */
const char *grouping_why_fn(struct grouping *g, uint32_t fn);

/*
 * Why @x and @y share their group, a chain of such sentences, each once, that leads from
 * one to the other; appended to @ret. Or the one sentence that says they do not.
 */
void grouping_why_pair(struct grouping *g, uint32_t x, uint32_t y, strings *ret);

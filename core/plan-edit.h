/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan-edit - the small changes that a plan makes to configuration texts. */
#pragma once

#include "core/arena.h"

/*
 * @text with each of @lines that it does not have yet (compared without outer blanks, as
 * the logical lines that kmod reads) put at the end, with a blank line in front where the
 * last one would go on; @text NULL starts a file with @header ("" for none).
 */
char *edit_add_lines(struct arena *a, const char *text, const char *header,
		     const strings *lines);

/*
 * Lines are counted from 1 as modprobe_line does: one that a backslash continues is one,
 * named by where it begins.
 */
/*
 * @text with @ids put behind those of the last `ids=` on line @line; entries it has are
 * not put again. NULL: there is no ids= on that line.
 */
char *edit_ids(struct arena *a, const char *text, unsigned line, const strings *ids);

/* @text with `vfio-pci` among the pre-dependencies of the softdep on line @line; the
 * same text if there is no such line. */
char *edit_softdep(struct arena *a, const char *text, unsigned line);

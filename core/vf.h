/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vf - virtual functions that a physical one can enable and nobody recorded
 * (PCI Express base specification 6.0, chapter 9).
 */
#pragma once

#include "core/machine.h"

/*
 * Append the first @n virtual functions of @pf, one of @m's, to @to, but for those that
 * @m has already; config spaces in @a. None if @pf has no such capability, or its
 * registers were not recorded. The order of to->fns is then the caller's to restore.
 */
void vf_add(struct machine *to, const struct machine *m, const struct pci_fn *pf,
	    unsigned n, struct arena *a);

/* @m with all that its physical functions can have, in @a; @m itself if none is missing.
 */
const struct machine *vf_complete(const struct machine *m, struct arena *a);

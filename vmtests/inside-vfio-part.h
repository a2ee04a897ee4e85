/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside-vfio-part - the parts of inside_vfio(). Each checks into @t, gives back what it
 * borrowed whatever happens, and stops early where what follows could not hold.
 */
#pragma once

#include "vmtests/inside-tap.h"

/*
 * QEMU's edu device; @args: BDF [REQUESTER], the address by which the IOMMU knows it, if
 * that is another: see inside-fault.h. Unlogged: the IOMMU refuses a DMA and does not
 * report it, as QEMU 7.2's amd-iommu.
 */
void inside_edu(struct tap *t, char **args);
void inside_edu_unlogged(struct tap *t, char **args);

/* An NVMe controller, its disk made of block-pattern.h; @args: BDF SERIAL BLOCK. */
void inside_nvme(struct tap *t, char **args);

/* A member of a group whose other member keeps its host driver; @args: BDF SIBLING. */
void inside_refused_sibling(struct tap *t, char **args);

/* The same, but the other is without driver, and wants one; @args: BDF SIBLING. */
void inside_refused_claimed(struct tap *t, char **args);

/* Who opens a group that somebody has; @args: BDF, alone in its group. */
void inside_refused_second(struct tap *t, char **args);

/* A bridge; @args: BDF. */
void inside_refused_bridge(struct tap *t, char **args);

/* A function in no group, the machine has no IOMMU; @args: BDF. */
void inside_refused_no_iommu(struct tap *t, char **args);

/* An IOMMU that does not remap interrupts; @args: BDF. */
void inside_refused_no_remapping(struct tap *t, char **args);

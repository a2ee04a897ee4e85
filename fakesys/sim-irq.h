/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-irq - message-signalled interrupts: how many a driver asks for was recorded, in its
 * function's msi_irqs; their numbers are the lowest that are free when it asks
 * (kernel/irq/irqdesc.c:__irq_alloc_descs).
 */
#pragma once

#include "fakesys/node.h"

extern const struct dir_kind dir_msi_irqs; /* i = function */

/* What functions had when they were recorded. Before opaque_build(). */
void irq_build(struct sim *s);
/* Is the recorded part of sys a folder of these, so that it is computed? */
bool irq_is_folder(const struct sim *s, const struct opaque *part);
/* The driver of @fn has asked for them: as recorded, or those that are free now. */
void irq_adopt(struct sim *s, uint32_t fn);
void irq_take(struct sim *s, uint32_t fn);
void irq_drop(struct sim *s, uint32_t fn);
/* Has @fn any? */
bool irq_present(const struct sim *s, uint32_t fn);
/* Is there a folder of them, which may be empty? */
bool irq_folder_present(const struct sim *s, uint32_t fn);
/* Is its number known? That of MSI-X is in msi_irqs only, which may not be recorded. */
bool irq_known(const struct sim *s, uint32_t fn);
/* The number of the @i-th, or of the function's line. */
unsigned irq_number(const struct sim *s, uint32_t fn, unsigned i);

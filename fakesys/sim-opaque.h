/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-opaque - parts of sys that no rule gives, as they were recorded (machine.opaque):
 * each is there while its owner is, a driver bound, a module loaded, or the machine. What
 * rules give goes before.
 */
#pragma once

#include "fakesys/node.h"

/*
 * -EINVAL with @e: a path that is longer or deeper than sys has any, or more entries than
 * a machine can have.
 */
int opaque_check(const struct machine *m, struct err *e);
/* Fill sim.opaque from a machine that was checked. After places_build(). */
void opaque_build(struct sim *s);
/* As node_lookup(). -ENOENT. */
int opaque_lookup(const struct sim *s, const struct node *dir, const char *name,
		  size_t len, struct entry *ret);
/*
 * Calls @fn for each recorded entry of @dir that is there and that @known does not find,
 * until it returns < 0, which is returned; else 0.
 */
typedef int known_fn(const struct sim *s, const struct node *dir, const char *name,
		     size_t len, struct entry *ret);
int opaque_each(const struct sim *s, const struct node *dir, known_fn *known,
		node_each_fn *fn, void *arg);
/* Is @name in @dir recorded, and there now? */
bool opaque_has(const struct sim *s, const struct node *dir, const char *name);

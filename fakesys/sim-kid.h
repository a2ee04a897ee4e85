/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-kid - devices that drivers made: below their function while that driver is bound,
 * or below devices/virtual, and by class.
 */
#pragma once

#include "fakesys/attr.h"

#define KID_PATH 1024 /* longer paths are left out */

/* Is it there now? */
bool kid_present(const struct sim *s, const struct sim_kid *k);
/* Its directory. */
struct node kid_node(const struct sim *s, const struct sim_kid *k);
/* NULL: none, or not there now. */
const struct sim_kid *kid_find(const struct sim *s, const char *class, const char *name,
			       size_t len);
/* A disk's partition: the disk; else NULL. */
const struct sim_kid *kid_disk(const struct sim *s, const struct sim_kid *k);
/* The first of sim.kids_by_name in @class, and behind the last. */
void kid_class_range(const struct sim *s, const char *class, size_t *ret_from,
		     size_t *ret_to);

/* The kid of a node of kind dir_kid or dir_stacked; NULL: a folder on the way to one. */
const struct sim_kid *node_kid(const struct sim *s, const struct node *dir);
const struct sim_kid *kid_at(const struct sim *s, uint32_t fn, const char *path,
			     size_t len);
void kid_where(const struct sim *s, const struct node *dir, struct node *ret_parent,
	       char *name);
extern const struct dir_kind dir_slaves; /* sim-stacked.c */
#define N_DEVICE_ROWS 8
extern const struct attr device_rows[N_DEVICE_ROWS]; /* of both kinds of devices */

/* Fill sim.kids and sim.kids_by_name, and places' shares of them. */
void kids_build(struct sim *s);

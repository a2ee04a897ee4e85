/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-devlink - device links between a GPU's functions: sound, USB and UCSI need the
 * display function powered (drivers/pci/quirks.c:pci_create_device_link).
 */
#pragma once

#include "fakesys/attr.h"

/* As the pairs of sim-port.h: supplier:pci:BDF and consumer:pci:BDF in a function. */
int devlink_fn_lookup(const struct sim *s, const struct node *dir, const char *name,
		      size_t len, struct entry *ret);
int devlink_fn_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		    void *arg);

/* The link called @name (of @len bytes); and all names: of class devlink. */
bool devlink_find(const struct sim *s, const char *class, const char *name, size_t len,
		  struct node *ret);
int devlink_each(const struct sim *s, const char *class, host_list_fn *fn, void *arg);

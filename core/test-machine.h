/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-machine - small machines for tests, by hand. To be included by one test file each;
 * needs cmocka's header before it.
 */
#pragma once

#include <pci/header.h>

#include <sys/stat.h>

#include "core/machine.h"

/* A function with a header of 64 bytes; it points into m->fns: set fields before the
 * next. */
static inline struct pci_fn *add_fn(struct machine *m, const char *bdf, unsigned vendor,
				    unsigned device, unsigned class, int group,
				    const char *driver)
{
	uint8_t *cfg = arena_alloc(m->arena, 256);
	struct pci_fn *fn = vec_push(m->arena, &m->fns);

	assert_int_equal(bdf_parse(bdf, &fn->bdf), (int)strlen(bdf));
	cfg[PCI_VENDOR_ID] = (uint8_t)vendor;
	cfg[PCI_VENDOR_ID + 1] = (uint8_t)(vendor >> 8);
	cfg[PCI_DEVICE_ID] = (uint8_t)device;
	cfg[PCI_DEVICE_ID + 1] = (uint8_t)(device >> 8);
	cfg[PCI_CLASS_DEVICE] = (uint8_t) class;
	cfg[PCI_CLASS_DEVICE + 1] = (uint8_t)(class >> 8);
	if (class == PCI_CLASS_BRIDGE_PCI)
		cfg[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
	fn->config = (struct blob){ cfg, 256 };
	fn->config_size = 256;
	fn->group = group;
	fn->driver = driver;
	fn->numa = -1;
	fn->reset = "flr bus";
	return fn;
}

static inline void add_child(struct machine *m, struct pci_fn *fn, const char *class,
			     const char *path, const char *dev)
{
	*vec_push(m->arena, &fn->children) =
		(struct child){ class, path, dev, .link_up = true };
}

/* Its names of lower devices are joined by blanks in @lower. */
static inline void add_stacked(struct machine *m, const char *class, const char *name,
			       const char *dev, const char *lower)
{
	struct stacked *s = vec_push(m->arena, &m->stacked);
	char *words = arena_strdup(m->arena, lower), *save = NULL;

	*s = (struct stacked){ .class = class, .name = name, .dev = dev };
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		*vec_push(m->arena, &s->lower) = w;
}

static inline void add_file(struct machine *m, const char *path, const char *text)
{
	*vec_push(m->arena, &m->files) =
		(struct machine_file){ .path = path,
				       .mode = S_IFREG | 0644,
				       .data = { (const uint8_t *)text, strlen(text) } };
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-part - what the writers of vm.h share. */
#pragma once

#include "core/vm.h"

/* A text that grows line by line. */
struct out {
	struct arena *arena;
	strings lines;
};
void out_put(struct out *o, const char *fmt, ...) PRINTF(2, 3);
/* All lines, each with its newline. */
char *out_text(const struct out *o);

/* The functions of one guest slot; start with { 0 }, false: no further slot. */
struct slot {
	const struct vm_device *dev;
	size_t n;
};
bool slot_next(const struct vm_model *v, struct slot *s);

/* A comment, in a language of # comments, for each ROM dump to be put into @folder. */
void out_put_romfiles(struct out *o, const struct vm_model *v, const char *folder);

/* vm_write() for Proxmox. */
char *vm_write_proxmox(const struct vm_model *v, struct arena *a, unsigned vmid);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands-part - one command of the simulated host at work; shared by their files. */
#pragma once

#include <stdio.h>

#include "fakesys/boot-view.h"

struct command {
	struct sim *s;
	struct arena *a;
	const char *const *argv;
	struct machine view; /* the machine as its disk has it now */
	FILE *out;
};

/* Says why; 1, the status of most failures. */
int command_fail(struct command *c, const char *fmt, ...) PRINTF(2, 3);
/*
 * "cat > PATH": mode and owner stay. Nothing is synced, so a power cut may lose it. 0, or
 * the status 1 after saying why.
 */
int command_write(struct command *c, const char *path, const void *data, size_t len);

/* The commands of boot loaders, in commands-loader.c; their exit status: 0, 1 after
 * saying why it failed. */
int command_update_grub(struct command *c);
int command_proxmox_boot_tool(struct command *c);
/* `proxmox-boot-tool refresh`. */
int command_refresh(struct command *c);

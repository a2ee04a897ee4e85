/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * klog - which lines of the kernel's log matter: the readers of hosts and of recorded
 * logs keep these, and rules look for what they say.
 */
#pragma once

#include <stdbool.h>

/* Does @line, without its time stamp, matter to the engine or to who judges a machine? */
bool klog_matters(const char *line);
/* The driver of the firmware's frame buffer that @line tells of; NULL: none. */
const char *klog_framebuffer(const char *line);

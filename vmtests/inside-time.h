/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inside-time - deadlines, since nothing in a guest may wait for ever. */
#pragma once

#include <stdint.h>
#include <time.h>

static inline int64_t time_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* What poll(2) may still wait for until @deadline; 0 when that is over. */
static inline int time_left_ms(int64_t deadline)
{
	int64_t left = deadline - time_now_ms();

	return left > 0 ? (int)left : 0;
}

static inline void time_sleep_ms(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util - the few macros and two-line helpers every file may use. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define streq(a, b) (strcmp((a), (b)) == 0)
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

static inline void freep(void *p)
{
	free(*(void **)p);
}
#define AUTOFREE __attribute__((cleanup(freep)))

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define AUTOCLOSE __attribute__((cleanup(closep)))

/* Hand ownership of @p out of this scope: yields the pointer, leaves NULL. */
#define TAKE(p)                                                                          \
	({                                                                               \
		__typeof__(p) take_ = (p);                                               \
		(p) = NULL;                                                              \
		take_;                                                                   \
	})

/* What follows @prefix in @s, or NULL if @s does not start with it. */
static inline const char *after_prefix(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

static inline bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), t = strlen(tail);

	return n >= t && streq(s + n - t, tail);
}

/* The last component of a path; the path itself if it has no slash. */
static inline const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * The next number of a sequence that depends on nothing but *state, its seed at first:
 * Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
 */
static inline uint64_t splitmix64(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/*
 * FNV-1a, 64 bits, over @len bytes more; begin with FNV1A. Fowler, Noll, Vo.
 */
#define FNV1A UINT64_C(0xcbf29ce484222325)
static inline uint64_t fnv1a(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 0x100000001b3u;
	return sum;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena - memory for objects that live and die together: one machine, one plan, one
 * simulated host. Nothing is freed singly; arena_free() frees all of it.
 *
 * No allocation here returns NULL: when memory ends the process is aborted. Readers bound
 * what they take from outside (HOST_FILE_MAX), so input alone cannot bring that about.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "core/util.h"

struct arena;

/* The caller owns the result; AUTOARENA frees it at the end of the scope. */
struct arena *arena_new(void);
void arena_free(struct arena *a);

static inline void arena_freep(struct arena **a)
{
	arena_free(*a);
}
#define AUTOARENA __attribute__((cleanup(arena_freep)))

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc));
/* What lies in @from lives on in @a; @from is empty then, and still the caller's. */
void arena_absorb(struct arena *a, struct arena *from);
void *arena_memdup(struct arena *a, const void *p, size_t size);
/* Copies with a NUL behind the last byte. arena_strdup(NULL) is NULL. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF(2, 0);

/* Bytes handed out so far. */
size_t arena_used(const struct arena *a);

/* Bytes with a length; data is NUL-terminated behind len where the reader says so. */
struct blob {
	const uint8_t *data;
	size_t len;
};

/* A growing array in an arena: VEC(struct x) xs; *vec_push(a, &xs) = ...; */
#define VEC(type)                                                                        \
	struct {                                                                         \
		type *v;                                                                 \
		size_t n, cap;                                                           \
	}

/* A zeroed new last element; pointers to earlier elements become invalid. */
#define vec_push(a, vec)                                                                 \
	((vec)->v = arena_grow((a), (vec)->v, (vec)->n, &(vec)->cap, sizeof(*(vec)->v)), \
	 &(vec)->v[(vec)->n++])

#define vec_foreach(it, vec)                                                             \
	for (__typeof__(*(vec)->v) *it = (vec)->v; it && it < (vec)->v + (vec)->n; it++)

void *arena_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size);

/* A list of borrowed or arena-owned strings. */
typedef VEC(const char *) strings;

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdalign.h>
#include <stdio.h>

#include "core/arena.h"

#define CHUNK_MIN ((size_t)16 << 10)

struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct chunk *head;
	size_t used;
};

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t align = alignof(max_align_t);
	struct chunk *c = a->head;
	void *p;

	if (size > SIZE_MAX / 4)
		abort();
	size = (size + align - 1) & ~(align - 1);
	if (!c || c->size - c->used < size) {
		/* Chunks double, so many small objects cost few calls of malloc. */
		size_t want = c && c->size < ((size_t)1 << 20) ? 2 * c->size : CHUNK_MIN;

		if (want < size)
			want = size;
		c = malloc(sizeof(*c) + want);
		if (!c)
			abort();
		*c = (struct chunk){ .next = a->head, .size = want };
		a->head = c;
	}
	p = memset(c->data + c->used, 0, size);
	c->used += size;
	a->used += size;
	return p;
}

void arena_absorb(struct arena *a, struct arena *from)
{
	struct chunk **last = &a->head;

	while (*last)
		last = &(*last)->next;
	*last = from->head;
	a->used += from->used;
	*from = (struct arena){ 0 };
}

void *arena_memdup(struct arena *a, const void *p, size_t size)
{
	void *copy = arena_alloc(a, size ? size : 1);

	return size ? memcpy(copy, p, size) : copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char small[256], *s;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0)
		abort();
	s = arena_alloc(a, (size_t)n + 1);
	if ((size_t)n < sizeof(small))
		memcpy(s, small, (size_t)n);
	else
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

void *arena_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
	void *bigger;

	if (n < *cap) {
		memset((char *)v + n * size, 0, size);
		return v;
	}
	*cap = *cap ? 2 * *cap : 8;
	bigger = arena_alloc(a, *cap * size);
	if (n)
		memcpy(bigger, v, n * size);
	return bigger;
}

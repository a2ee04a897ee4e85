/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * map-svg - a map (core/map.h) as an SVG that needs nothing but itself: no script, no
 * font, no picture. The same machine gives the same bytes.
 */
#pragma once

#include <stdio.h>

#include "core/map.h"
#include "core/names.h"

struct map_page {
	const struct map *map;
	struct names *names; /* may be NULL, see names_open() */
	struct arena *arena; /* for texts */
	bool one_domain;     /* addresses need none */
};

/* The whole document. */
void map_svg_document(FILE *out, const struct map_page *p);
/* The element alone, for a page around it. */
void map_svg_element(FILE *out, const struct map_page *p);

/* "01:00.0" where all functions are in domain 0; in p->arena. */
const char *map_address(const struct map_page *p, uint32_t fn);
/* @text with its addresses in that form; in p->arena. */
const char *map_sentence(const struct map_page *p, const char *text);
/* Where the groups come from, whole sentences. */
const char *map_origin(const struct map_page *p);
/* What was assumed, or is not so; whole sentences; appended. */
void map_notes(const struct map_page *p, strings *ret);

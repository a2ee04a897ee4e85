/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * map-text - texts on a picture that nobody has a font for yet: how wide they will be at
 * most, and cut or wrapped to fit.
 */
#pragma once

#include "core/arena.h"

enum face { FACE_SANS, FACE_BOLD, FACE_MONO };

/* Width in px at a font size of @size px, as of the widest font that may be taken. */
int text_width(const char *s, enum face face, double size);
/* @s itself, or its beginning with "..." that is at most @width px wide; in @a. */
const char *text_fit(struct arena *a, const char *s, enum face face, double size,
		     int width);
/* Lines of at most @width px, broken at blanks; longer words are cut. Appended. */
void text_wrap(struct arena *a, const char *s, enum face face, double size, int width,
	       strings *ret);

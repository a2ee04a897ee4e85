/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text - words from outside (a console, a device's name, a reason) that go into pages and
 * reports: decoded, made harmless and escaped, so that they stay text wherever they
 * stand.
 */
#pragma once

#include <stdio.h>

#include "core/arena.h"

/* Bytes of the character at @s, which has one; *ret_code: which it is, or U+FFFD. */
size_t text_decode(const char *s, uint32_t *ret_code);

/*
 * Text or the value of an attribute in double quotes, of XML and HTML. What is no UTF-8,
 * no character of XML, or turns the direction of writing becomes U+FFFD.
 */
void text_escape(FILE *out, const char *s);

/*
 * What a terminal printed, as lines of plain text: without escape sequences, carriage
 * returns and empty lines at the end; what text_escape() would replace is replaced. It
 * is UTF-8 then. NULL for NULL.
 */
char *text_plain(struct arena *a, const char *s);
/* The same on one line. */
char *text_line(struct arena *a, const char *s);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine-json-layout - JSON laid out for review; private to machine-json. */
#pragma once

#include <jansson.h>

/*
 * What fits stands on one line, other objects and arrays have one member a line, and
 * lists of names fill lines like a paragraph. malloc'd, with a final newline; -ENOMEM.
 */
int json_layout(const json_t *v, char **ret_text);

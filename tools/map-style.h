/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * map-style - how the parts of a picture look: style sheet, pills, tabs. Colours are told
 * apart by people who see few of them, and each stands beside a number or a word.
 */
#pragma once

#include <stdio.h>

#include "core/map-words.h"

#define STYLE_PILL_SIZE 10.5 /* of its text */
#define STYLE_PILL_H 15

/* <style>, with dark colours for who prefers them, and what tabs are made of. */
void style_write(FILE *out);

const char *style_verdict_class(const struct map *map, uint32_t fn);
const char *style_acs_class(enum map_acs acs);

int style_pill_width(const char *word);
void style_pill(FILE *out, double x, double y, const char *class, const char *word);
/* At the left edge of a card at 0, 0; @class: "c3" of a shared group, "tab0". */
void style_tab(FILE *out, const char *class, const char *number);

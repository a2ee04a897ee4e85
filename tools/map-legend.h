/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map-legend - what the signs on a picture mean, as far as they are on it. */
#pragma once

#include "tools/map-svg.h"

/* Below @y, in lines of @width px; returns where it ends. */
int map_legend(FILE *out, const struct map_page *p, int width, int y);

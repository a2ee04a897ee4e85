/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map-html - the same picture on a page, with a table of the groups below it. */
#pragma once

#include "tools/map-svg.h"

void map_html_document(FILE *out, const struct map_page *p);

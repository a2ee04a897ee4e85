/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forecast-compare - what a forecast changes, in sentences. */
#pragma once

#include "core/forecast.h"

/* Fill changes, costs and moves of @f, whose groups are computed; all in @a. */
void forecast_compare(struct forecast *f, struct arena *a);

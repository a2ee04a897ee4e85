/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scrub-part - what the halves of scrub share; private to scrub. */
#pragma once

#include <ctype.h>

#include "core/scrub.h"

/* A character that goes on with a word; names and numbers end at others. */
static inline bool scrub_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base64 - as the guest agent carries bytes (RFC 4648, section 4), by nettle. */
#pragma once

#include "core/arena.h"

/* malloc'd, NUL-terminated; NULL: no memory. */
char *base64_write(struct blob b);
/* malloc'd, NUL behind the *ret_len bytes; NULL: not base64. */
char *base64_read(const char *text, size_t *ret_len);

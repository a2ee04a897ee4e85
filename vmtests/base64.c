/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <nettle/base64.h>

#include "vmtests/base64.h"

char *base64_write(struct blob b)
{
	char *text = calloc(1, BASE64_ENCODE_RAW_LENGTH(b.len) + 1);

	if (text)
		base64_encode_raw(text, b.len, b.data);
	return text;
}

char *base64_read(const char *text, size_t *ret_len)
{
	size_t n = strlen(text), len = BASE64_DECODE_LENGTH(n);
	AUTOFREE uint8_t *data = calloc(1, len + 1);
	struct base64_decode_ctx c;

	base64_decode_init(&c);
	if (!data || !base64_decode_update(&c, &len, data, n, text) ||
	    !base64_decode_final(&c))
		return NULL;
	data[len] = '\0';
	*ret_len = len;
	return (char *)TAKE(data);
}

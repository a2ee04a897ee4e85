/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "core/err.h"

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	/* One line, whatever names from outside were put into it. */
	for (char *c = e->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return code;
}

int err_prefix(struct err *e, int code, const char *fmt, ...)
{
	struct err front, said;
	va_list ap;

	if (!e)
		return code;
	said = *e;
	va_start(ap, fmt);
	vsnprintf(front.text, sizeof(front.text), fmt, ap);
	va_end(ap);
	return err_set(e, code, "%.300s: %.460s", front.text, said.text);
}

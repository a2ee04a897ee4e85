/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read at all is written so that it reads back and writes the same again. */
#include "core/machine-json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct machine *read_json(const char *text, size_t len)
{
	struct machine *m = NULL;
	struct err e = { 0 };

	if (machine_from_json(text, len, "fuzz", &m, &e) < 0 && !*e.text)
		abort(); /* an error without a word */
	return m;
}

static char *write_json(const struct machine *m)
{
	char *text = NULL;

	if (machine_to_json(m, &text) < 0)
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOMACHINE struct machine *m = read_json((const char *)data, size);
	AUTOMACHINE struct machine *again = NULL;
	AUTOFREE char *first = NULL, *second = NULL;

	if (!m)
		return 0;
	first = write_json(m);
	again = read_json(first, strlen(first));
	if (!again)
		abort();
	second = write_json(again);
	if (!streq(first, second))
		abort();
	return 0;
}

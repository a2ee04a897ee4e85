/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fakesys/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct import_stats stats;
	struct err e;
	char *text = arena_strndup(m->arena, (const char *)data, size);

	/* Twice, as two files of one machine; then recognised by content. */
	if (import_lspci(m, "fuzz", text, &stats, &e) == 0 &&
	    import_lspci(m, "again", text, &stats, &e) == 0)
		(void)import_finish(m, &e);
	(void)import_recognise((struct blob){ data, size });
	return 0;
}

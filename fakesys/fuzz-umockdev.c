/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fakesys/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct import_stats stats;
	struct err e;
	char *text = arena_strndup(m->arena, (const char *)data, size);

	/* Alone, or beside what another file told. */
	if (size % 2)
		(void)import_lspci(m, "lspci", "00:02.0 0300: 8086:0001\n", &stats, &e);
	if (import_umockdev(m, "fuzz", text, &stats, &e) == 0)
		(void)import_finish(m, &e);
	return 0;
}

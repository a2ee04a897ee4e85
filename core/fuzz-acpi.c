/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/acpi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Length and checksum are put right: the fuzzer is to get past them. */
static void fix_header(uint8_t *t, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < 4; i++)
		t[4 + i] = (uint8_t)(size >> 8 * i);
	t[9] = 0;
	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + t[i]);
	t[9] = (uint8_t)-sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct pci_fn *fn = vec_push(m->arena, &m->fns);
	struct acpi_iommu out;
	char name[5] = "";
	uint8_t *t;

	if (size < 10)
		return 0;
	t = arena_memdup(m->arena, data, size);
	fix_header(t, size);
	memcpy(name, t, 4);
	fn->config.data = data; /* any bytes: also a bridge that leads to itself */
	fn->config.len = size;
	if (acpi_parse_iommu(m->arena, name, (struct blob){ t, size }, &out, NULL) == 0)
		(void)acpi_reserved_for(m, &out, fn);
	return 0;
}

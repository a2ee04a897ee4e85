/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rom_info info;
	struct err e;

	(void)rom_parse((struct blob){ data, size }, &info, &e);
	return 0;
}

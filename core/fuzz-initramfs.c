/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image; one that can be read must survive being built anew. */
#include "core/initramfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct initramfs first = { 0 }, again = { 0 };
	struct err e;
	char *image = NULL;
	size_t len = 0;

	if (initramfs_parse(a, (struct blob){ data, size }, "image", &first, &e) == 0) {
		if (initramfs_build(&first, "6.1", &image, &len) < 0 ||
		    initramfs_parse(a, (struct blob){ (const uint8_t *)image, len },
				    "again", &again, &e) < 0 ||
		    first.files.n != again.files.n)
			abort();
		free(image);
	}
	arena_free(a);
	return 0;
}

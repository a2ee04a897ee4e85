/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <archive.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * libarchive brings twelve more libraries into a process, ICU and libxml2 among them: a
 * quarter of the time of `pcipass list`, for what only a reader of compressed initramfs
 * images needs. So the functions that initramfs.c calls stand here under their own names,
 * and load libarchive when the first of them is called; archive_read_new() is NULL where
 * it is not installed. What is remembered here is where code lies, no state of anybody's.
 */
static void *symbol(const char *name)
{
	static void *lib;

	if (!lib)
		lib = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
	return lib ? dlsym(lib, name) : NULL;
}

#define IMPORT(type, failed, name, params, args)                                         \
	type name params                                                                 \
	{                                                                                \
		static __typeof__(name) *fn;                                             \
                                                                                         \
		if (!fn)                                                                 \
			*(void **)&fn = symbol(#name);                                   \
		return fn ? fn args : (failed);                                          \
	}

/* clang-format off */
IMPORT(struct archive *, NULL, archive_read_new, (void), ())
IMPORT(int, ARCHIVE_FATAL, archive_read_free, (struct archive *a), (a))
IMPORT(int, ARCHIVE_FATAL, archive_read_support_filter_bzip2, (struct archive *a), (a))
IMPORT(int, ARCHIVE_FATAL, archive_read_support_filter_gzip, (struct archive *a), (a))
IMPORT(int, ARCHIVE_FATAL, archive_read_support_filter_lz4, (struct archive *a), (a))
IMPORT(int, ARCHIVE_FATAL, archive_read_support_filter_lzma, (struct archive *a), (a))
IMPORT(int, ARCHIVE_FATAL, archive_read_support_filter_xz, (struct archive *a), (a))
IMPORT(int, ARCHIVE_FATAL, archive_read_support_filter_zstd, (struct archive *a), (a))
IMPORT(int, ARCHIVE_FATAL, archive_read_support_format_raw, (struct archive *a), (a))
IMPORT(int, ARCHIVE_FATAL, archive_read_open_memory,
       (struct archive *a, const void *buf, size_t len), (a, buf, len))
IMPORT(int, ARCHIVE_FATAL, archive_read_next_header,
       (struct archive *a, struct archive_entry **entry), (a, entry))
IMPORT(la_ssize_t, ARCHIVE_FATAL, archive_read_data,
       (struct archive *a, void *buf, size_t len), (a, buf, len))
IMPORT(int, 0, archive_filter_count, (struct archive *a), (a))
IMPORT(la_int64_t, 0, archive_filter_bytes, (struct archive *a, int filter), (a, filter))
IMPORT(const char *, NULL, archive_error_string, (struct archive *a), (a))
/* clang-format on */

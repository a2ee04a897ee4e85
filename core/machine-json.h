/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine-json - the fixture format: one machine in one JSON file that can be read in a
 * review. Canonical: what machine_to_json() writes, machine_from_json() reads back to the
 * same machine, and writing that again gives the same bytes. The grammar is in
 * fakesys/fixtures/FORMAT.md and, for editors, fakesys/fixtures/schema.json.
 */
#pragma once

#include "core/machine.h"

/*
 * Read a fixture of @len bytes. @name stands for it in errors ("FILE:LINE: ..." for JSON
 * errors, "FILE: functions[3].bdf: ..." for the rest). -EINVAL: @e says what is wrong:
 * not JSON, wrong schema or version, a missing or unknown key, a wrong type, a duplicate
 * or impossible address, config space of odd length, a path that leaves the tree.
 */
int machine_from_json(const char *text, size_t len, const char *name,
		      struct machine **ret, struct err *e);

/* The canonical text with its final newline; malloc'd. -ENOMEM. */
int machine_to_json(const struct machine *m, char **ret_text);

/*
 * Read a fixture file of the caller's file system; @path "-" is stdin. All errors with
 * @e: what fopen(3) and fread(3) answer (-ENOENT, -EACCES, -EISDIR, -EIO, ...), -EFBIG
 * larger than HOST_FILE_MAX, -ENOMEM, -EINVAL as machine_from_json().
 */
int machine_load(const char *path, struct machine **ret, struct err *e);
/*
 * Write one in place, not atomically; @path "-" is stdout. All errors with @e: what
 * fopen(3) answers (-ENOENT, -EACCES, -EISDIR, -ENOTDIR, ...), then the file is as it
 * was; what writing answers (-ENOSPC, -EPIPE, -EIO, ...), then it is cut; -ENOMEM.
 */
int machine_save(const struct machine *m, const char *path, struct err *e);

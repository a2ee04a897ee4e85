/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One text as grub.cfg, as etc/default/grub (read and edited) and as a systemd-boot
 * entry. */
#include <sys/stat.h>

#include "core/grub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_file(struct machine *m, const char *path, const uint8_t *data,
		     size_t size)
{
	*vec_push(m->arena, &m->files) = (struct machine_file){ .path = path,
								.mode = S_IFREG | 0644,
								.data = { data, size } };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = machine_new();
	strings add = { 0 }, remove = { 0 };
	loader_entries entries = { 0 };
	char *text = arena_strndup(m->arena, (const char *)data, size), *once, *twice;
	struct err e;

	*vec_push(m->arena, &add) = "intel_iommu=on";
	*vec_push(m->arena, &add) = "a=\"b c\"";
	*vec_push(m->arena, &remove) = "quiet";
	add_file(m, "boot/efi/loader/entries/x.conf", data, size);
	add_file(m, "boot/grub/grub.cfg", data, size);
	add_file(m, "boot/grub/grubenv", data, size);
	add_file(m, "etc/default/grub", data, size);
	machine_finish(m, NULL);
	loader_entries_read(m, m->arena, &entries);
	m->cmdline = "initrd=\\x";
	loader_entries_read(m, m->arena, &entries);
	grub_cmdline(m, m->arena);
	/* Editing what was edited changes nothing more. */
	if (grub_default_edit(m->arena, "x", text, "X", &add, &remove, &once, &e) == 0 &&
	    (grub_default_edit(m->arena, "x", once, "X", &add, &remove, &twice, &e) !=
		     0 ||
	     !streq(once, twice)))
		abort();
	machine_free(m);
	return 0;
}

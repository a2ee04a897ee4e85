/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modprobe.d text, a kernel command line behind the first NUL, and requests against both.
 */
#include <sys/stat.h>

#include "core/modprobe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *needs[] = { "vfio" };
	struct module mods[] = {
		{ .name = "builtin" },
		{ .name = "vfio", .file = "a" },
		{ .name = "vfio_pci", .file = "b", .depends = { needs, 1, 1 } },
		{ .name = "nic", .file = "c", .pre = { needs, 1, 1 } },
	};
	struct kernel k = { .modules = { mods, ARRAY_SIZE(mods), ARRAY_SIZE(mods) } };
	static const struct pci_ident fn = { 0x8086, 0x10d3, 0x8086, 0, 0x020000 };
	size_t len = strnlen((const char *)data, size);
	struct machine_file file = { .path = "etc/modprobe.d/x.conf",
				     .mode = S_IFREG | 0644,
				     .data = { data, len } };
	struct arena *a = arena_new();
	struct modprobe_config c = { 0 };
	modprobe_loads loads = { 0 };
	vfio_ids ids = { 0 };
	strings names = { 0 };
	const char *note;

	if (len < size)
		len++;
	modprobe_read(a, &file, 1, arena_strndup(a, (const char *)data + len, size - len),
		      &c);
	for (size_t i = 0; i < ARRAY_SIZE(mods); i++)
		modprobe_request(&c, &k, NULL, a, mods[i].name, i & 1, &loads, &note);
	modprobe_resolve_fn(&c, &k, &fn, a, &names);
	vfio_parse_ids(a, modprobe_options(&c, a, "vfio_pci"), &ids);
	modules_load_parse(a, arena_strndup(a, (const char *)data, size), &names);
	arena_free(a);
	return 0;
}

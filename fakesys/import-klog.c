/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What single lines of a boot log say about functions, once all of these are known. */
#include <errno.h>
#include <sys/stat.h>

#include "core/klog.h"
#include "fakesys/import-log.h"

void import_note_hostname(struct machine *m, const char *name, size_t len)
{
	static const char path[] = "etc/hostname";
	struct machine_file *f = NULL;

	vec_foreach(it, &m->files)
		if (streq(it->path, path))
			f = it;
	if (!len || len > 64) /* HOST_NAME_MAX */
		return;
	if (!f)
		f = vec_push(m->arena, &m->files);
	f->path = path;
	f->mode = S_IFREG | 0644;
	f->data.data = (const uint8_t *)arena_printf(m->arena, "%.*s\n", (int)len, name);
	f->data.len = len + 1;
}

/* drivers/input/input.c:input_register_device: "input: NAME as /devices/..."; its path.
 */
static const char *input_path(const char *s)
{
	const char *path = after_prefix(s, "input: ") ? strstr(s, " as /devices/") : NULL;

	return path ? path + strlen(" as /devices/") : NULL;
}

bool import_klog_tells(const char *s)
{
	struct log_line line;

	import_log_read(s, &line);
	return line.what > LOG_KNOWN || input_path(s);
}

/* The address that ends right before @end in @line; what stands before it is a driver's.
 */
static bool bdf_before(const char *line, const char *end, struct bdf *ret)
{
	const char *p = end;

	while (p > line && p[-1] != ' ')
		p--;
	return bdf_parse(p, ret) == end - p;
}

/* A function's group as one line tells it: joined, or left (GROUP_NONE). */
static bool read_group(const char *s, struct bdf *ret_bdf, int *ret_group)
{
	const char *at, *number;
	uint64_t group;

	if ((at = strstr(s, ": Adding to iommu group "))) {
		number = strrchr(at, ' ') + 1;
	} else if ((at = strstr(s, ": Removing from iommu group "))) {
		number = NULL;
	} else if ((at = strstr(s, "dding device ")) &&
		   (number = strstr(at, " to group "))) {
		/* before 5.2: "iommu: Adding device 0000:00:01.0 to group 0" */
		at = number;
		number += strlen(" to group ");
	} else {
		return false;
	}
	if (!bdf_before(s, at, ret_bdf))
		return false;
	*ret_group = GROUP_NONE;
	if (number && !import_number(number, 10, 6, &group))
		return false;
	if (number)
		*ret_group = (int)group;
	return true;
}

/* "pci 0000:01:00.0: vgaarb: setting as boot VGA device", "PCI:0000:00:02.0" before 5.8
 */
static bool read_boot_vga(const char *s, struct bdf *ret)
{
	const char *at = strstr(s, ": vgaarb: setting as boot VGA device"), *old;

	if (at)
		return bdf_before(s, at, ret);
	old = strstr(s, "vgaarb: setting as boot device: PCI:");
	return old && bdf_parse(strstr(old, "PCI:") + 4, ret) > 0;
}

static int cmp_fn(const void *x, const void *y)
{
	return bdf_cmp(((const struct pci_fn *)x)->bdf, ((const struct pci_fn *)y)->bdf);
}

static struct pci_fn *find_fn(struct machine *m, struct bdf bdf)
{
	struct pci_fn key = { .bdf = bdf };

	return m->fns.n ? bsearch(&key, m->fns.v, m->fns.n, sizeof(key), cmp_fn) : NULL;
}

/* The function above an input device, and the path from it; NULL: none is. */
static struct pci_fn *input_owner(struct machine *m, const char *path, const char **ret)
{
	struct pci_fn *owner = NULL;

	for (const char *c = path; c; c = strchr(c, '/') ? strchr(c, '/') + 1 : NULL) {
		struct bdf bdf;
		int n = bdf_parse(c, &bdf);
		struct pci_fn *fn = n > 0 && c[n] == '/' ? find_fn(m, bdf) : NULL;

		if (!fn)
			continue;
		owner = fn;
		*ret = c + n + 1;
	}
	return owner;
}

/* What a driver made at boot is gone where VFIO has taken its place. */
static bool has_native_driver(const struct pci_fn *fn)
{
	static const char *const stand_ins[] = { "vfio-pci", "pci-stub" };

	for (size_t i = 0; fn->driver && i < ARRAY_SIZE(stand_ins); i++)
		if (streq(fn->driver, stand_ins[i]))
			return false;
	return true;
}

static void add_input(struct machine *m, const char *line)
{
	const char *rest, *path = input_path(line);
	struct pci_fn *fn = path ? input_owner(m, path, &rest) : NULL;

	if (!fn || !has_native_driver(fn))
		return;
	vec_foreach(c, &fn->children)
		if (streq(c->path, rest))
			return;
	*vec_push(m->arena, &fn->children) =
		(struct child){ .class = "input", .path = rest };
}

int import_apply_klog(struct machine *m, struct err *e)
{
	bool from_lspci = false;
	struct pci_fn *boot_vga = NULL;
	size_t kept_lines = 0;
	bool inputs = false;
	char name[BDF_SIZE];
	int *logged, r = import_log_functions(m, e);

	if (r < 0)
		return r;
	vec_foreach(fn, &m->fns)
		from_lspci |= fn->group != GROUP_NONE;
	logged = arena_alloc(m->arena, (m->fns.n + 1) * sizeof(*logged));
	for (size_t i = 0; i < m->fns.n; i++)
		logged[i] = GROUP_NONE;

	vec_foreach(line, &m->klog) {
		struct pci_fn *fn;
		struct bdf bdf;
		int group;

		if (read_group(*line, &bdf, &group) && (fn = find_fn(m, bdf)))
			logged[fn - m->fns.v] = group;
		if (read_boot_vga(*line, &bdf) && (fn = find_fn(m, bdf)))
			boot_vga = fn;
		inputs |= input_path(*line) != NULL;
		add_input(m, *line);
		if (!import_klog_tells(*line) ||
		    (klog_matters(*line) && !input_path(*line)))
			m->klog.v[kept_lines++] = *line;
	}
	m->klog.n = kept_lines;
	vec_foreach(fn, &m->fns)
		inputs |= fn->children.n > 0; /* of a tree */
	if (!inputs)
		machine_set_unknown(m, "no boot log that names input devices was given",
				    "children");
	if (boot_vga) {
		vec_foreach(fn, &m->fns)
			fn->boot_vga = fn == boot_vga;
	}

	for (size_t i = 0; i < m->fns.n; i++) {
		struct pci_fn *fn = &m->fns.v[i];

		if (logged[i] == GROUP_NONE)
			continue;
		if (from_lspci && fn->group != logged[i])
			return err_set(
				e, -EINVAL,
				"%s is in group %d by lspci and %d by the boot log: "
				"these are not of one boot",
				bdf_format(fn->bdf, name), fn->group, logged[i]);
		fn->group = logged[i];
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include <pci/header.h>

#include "core/inventory-parts.h"

#define DEVICES "sys/bus/pci/devices/"
#define PAGE 4096
#define STANDARD_HEADER                                                                  \
	64 /* what drivers/pci/pci-sysfs.c:pci_read_config gives anybody */
#define ROM_MAX ((size_t)16 << 20)

/* One function's directory; `page` holds the attribute read last. */
struct dir {
	struct inventory *v;
	const char *name;
	char path[sizeof(DEVICES) + NAME_MAX + 64];
	size_t base; /* bytes of path up to the attribute's name */
	char page[PAGE + 1];
};

/* @attr is one of ours, and short. */
static const char *attr_path(struct dir *d, const char *attr)
{
	memcpy(d->path + d->base, attr, strlen(attr) + 1);
	return d->path;
}

/* The attribute without its newline, in d->page; its length or an error. */
static ssize_t read_attr(struct dir *d, const char *attr)
{
	const struct host *h = d->v->h;
	ssize_t n = h->ops->read(h->ctx, attr_path(d, attr), d->page, PAGE, 0);

	if (n < 0)
		return n;
	d->page[n] = '\0';
	n = (ssize_t)strlen(d->page);
	if (n && d->page[n - 1] == '\n')
		d->page[--n] = '\0';
	return n;
}

/* As read_attr(), but a failure is noted as @fact. NULL: failed. */
static const char *text_attr(struct dir *d, const char *attr, const char *fact)
{
	ssize_t n = read_attr(d, attr);

	if (n >= 0)
		return d->page;
	inventory_failed(d->v, (int)n, "functions/%s/%s", d->name, fact);
	return NULL;
}

/* 0 if there is no such number. */
static uint32_t number_attr(struct dir *d, const char *attr)
{
	return read_attr(d, attr) > 0 ? (uint32_t)strtoul(d->page, NULL, 0) : 0;
}

/* The last component of a link, in d->page; NULL if there is none. */
static const char *link_attr(struct dir *d, const char *attr)
{
	const struct host *h = d->v->h;
	ssize_t n = h->ops->readlink(h->ctx, attr_path(d, attr), d->page, PAGE);

	if (n >= 0)
		return path_name(d->page);
	if (n == -EINVAL && !h->running)
		machine_set_unknown(d->v->m, "it was not copied as a link",
				    "functions/%s/%s", d->name, attr);
	else if (n != -ENOENT)
		inventory_failed(d->v, (int)n, "functions/%s/%s", d->name, attr);
	return NULL;
}

static void read_ids(struct dir *d, struct pci_fn *fn)
{
	fn->id = (struct pci_ident){
		.vendor = number_attr(d, "vendor"),
		.device = number_attr(d, "device"),
		.subvendor = number_attr(d, "subsystem_vendor"),
		.subdevice = number_attr(d, "subsystem_device"),
		.class = number_attr(d, "class"),
	};
	fn->revision = (uint8_t)number_attr(d, "revision");
}

/* Fewer bytes than the kernel has: the size stands in the directory. */
static void note_cut_config(struct dir *d, struct pci_fn *fn)
{
	const struct host *h = d->v->h;
	struct host_stat st = { 0 };

	(void)h->ops->stat(h->ctx, attr_path(d, "config"), &st);
	fn->config_size = st.size > 256 ? 4096 : 256;
	machine_set_unknown(d->v->m,
			    h->running
				    ? "needs root: only the standard header was readable"
				    : "only the standard header was recorded",
			    "functions/%s/config", d->name);
}

static void read_config(struct dir *d, struct pci_fn *fn)
{
	const struct host *h = d->v->h;
	bool whole = d->v->whole_config;
	ssize_t n = h->ops->read(h->ctx, attr_path(d, "config"), d->page,
				 whole ? PAGE : STANDARD_HEADER, 0);

	fn->config_size = 256;
	if (n < 0) {
		machine_set_unknown(d->v->m, inventory_why(d->v, (int)n),
				    "functions/%s/config", d->name);
		return;
	}
	fn->config =
		(struct blob){ arena_memdup(d->v->a, d->page, (size_t)n), (size_t)n };
	if (!whole)
		return;
	if (n < 256)
		note_cut_config(d, fn);
	else
		fn->config_size = n > 256 ? 4096 : 256;
}

/* Vendor ffff: a virtual function, or one that does not answer (any more). */
static void read_silent(struct dir *d, struct pci_fn *fn)
{
	const char *physfn = link_attr(d, "physfn");

	if (physfn && bdf_parse(physfn, &fn->physfn) == (int)strlen(physfn)) {
		fn->is_vf = true;
		return;
	}
	/* All ones are no facts, and machine_finish() would take ids from them. */
	machine_set_unknown(d->v->m, "the function does not answer",
			    "functions/%s/config", d->name);
	fn->config = (struct blob){ 0 };
	read_ids(d, fn);
}

static void read_resources(struct dir *d, struct pci_fn *fn)
{
	static const char none[] =
		"0x0000000000000000 0x0000000000000000 0x0000000000000000\n";
	const char *s = text_attr(d, "resource", "resources");

	for (size_t i = 0; s && *s && i < PCI_RESOURCES; i++) {
		uint64_t v[3];

		/* Most lines are; there are many. */
		if (after_prefix(s, none)) {
			s += sizeof(none) - 1;
			continue;
		}
		for (int k = 0; k < 3; k++) {
			char *end;

			v[k] = strtoull(s, &end, 16);
			if (end == s)
				return;
			s = end;
		}
		fn->res[i] = (struct pci_resource){ v[0], v[1], v[2] };
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
}

/* The attribute is there from Linux 5.15 on, and only for what can be reset. */
static void read_reset(struct dir *d, struct pci_fn *fn)
{
	ssize_t n = read_attr(d, "reset_method");

	if (n >= 0)
		fn->reset = arena_strdup(d->v->a, d->page);
	else if (n != -ENOENT)
		inventory_failed(d->v, (int)n, "functions/%s/reset", d->name);
	else if (host_exists(d->v->h, attr_path(d, "reset")))
		machine_set_unknown(d->v->m,
				    "this kernel does not tell the reset methods",
				    "functions/%s/reset", d->name);
	else if (d->v->h->running)
		fn->reset = "";
}

/*
 * In a copied tree a missing attribute means that there are no methods only if other
 * functions have it: else it was not copied.
 */
static void settle_resets(struct inventory *v)
{
	bool copied = false;
	char bdf[BDF_SIZE];

	vec_foreach(fn, &v->m->fns)
		copied |= fn->reset != NULL;
	vec_foreach(fn, &v->m->fns) {
		if (fn->reset)
			continue;
		if (copied)
			fn->reset = "";
		else
			inventory_failed(v, -ENOENT, "functions/%s/reset",
					 bdf_format(fn->bdf, bdf));
	}
}

static void read_facts(struct dir *d, struct pci_fn *fn)
{
	uint32_t class = cfg_u32(fn->config, PCI_CLASS_REVISION) >> 16;
	const char *s;

	read_resources(d, fn);
	fn->irq = number_attr(d, "irq");
	if (read_attr(d, "numa_node") > 0)
		fn->numa = (int)strtol(d->page, NULL, 10);
	s = text_attr(d, "driver_override", "override");
	/* drivers/base/bus.c:driver_override_show: "(null)" if unset */
	if (s && *s && !streq(s, "(null)"))
		fn->override = arena_strdup(d->v->a, s);
	read_reset(d, fn);
	if (class == PCI_CLASS_DISPLAY_VGA)
		fn->boot_vga = number_attr(d, "boot_vga");
	/* Without root the capability cannot be seen: ask the kernel. */
	if (!fn->is_vf && (cfg_find_ext_cap(fn->config, PCI_EXT_CAP_ID_SRIOV) ||
			   fn->config.len < 256)) {
		fn->vfs_total = number_attr(d, "sriov_totalvfs");
		fn->vfs_now = fn->vfs_total ? number_attr(d, "sriov_numvfs") : 0;
	}
}

static void read_function(struct dir *d, struct pci_fn *fn, bool groups)
{
	const char *s;

	read_config(d, fn);
	if (fn->config.len < STANDARD_HEADER)
		read_ids(d, fn);
	else if (cfg_u16(fn->config, PCI_VENDOR_ID) == 0xffff)
		read_silent(d, fn);
	s = link_attr(d, "driver");
	fn->driver = s ? arena_strdup(d->v->a, s) : NULL;
	s = groups ? link_attr(d, "iommu_group") : NULL;
	fn->group = s && *s >= '0' && *s <= '9' ? (int)strtol(s, NULL, 10) : GROUP_NONE;
	fn->numa = -1;
	if (d->v->parts & INV_FACTS)
		read_facts(d, fn);
}

/* No function has a group while this directory is empty; in a copied tree it may miss. */
static bool has_groups(struct inventory *v)
{
	strings groups;

	return host_list(v->h, v->tmp, "sys/kernel/iommu_groups", &groups) < 0 ||
	       groups.n > 0;
}

/* Groups are computed from more than the headers; not where there are any. */
static void read_whole_configs(struct dir *d)
{
	struct inventory *v = d->v;
	char bdf[BDF_SIZE];

	if (machine_has_groups(v->m))
		return;
	v->whole_config = true;
	vec_foreach(fn, &v->m->fns) {
		/* One that does not answer has none. */
		if (!fn->config.len)
			continue;
		d->name = bdf_format(fn->bdf, bdf);
		d->base = (size_t)snprintf(d->path, sizeof(d->path), DEVICES "%s/",
					   d->name);
		read_config(d, fn);
	}
}

int inventory_functions(struct inventory *v)
{
	struct dir *d = arena_alloc(v->tmp, sizeof(*d));
	bool groups = has_groups(v);
	strings names;
	int r = host_list(v->h, v->tmp, "sys/bus/pci/devices", &names);

	d->v = v;
	/* Where the kernel has no group at all no second look is needed. */
	v->whole_config |= v->parts & INV_GROUPS && !groups;
	if (r < 0)
		return r == -ENOTDIR ? -ENOENT : r;
	/* Functions are large: growing the list would touch several times its memory. */
	v->m->fns.cap = names.n;
	v->m->fns.v = arena_alloc(v->a, names.n * sizeof(*v->m->fns.v));
	for (size_t i = 0; i < names.n; i++) {
		struct pci_fn *fn;
		struct bdf bdf;

		if (bdf_parse(names.v[i], &bdf) != (int)strlen(names.v[i]))
			continue;
		d->name = names.v[i];
		d->base = (size_t)snprintf(d->path, sizeof(d->path), DEVICES "%s/",
					   d->name);
		fn = vec_push(v->a, &v->m->fns);
		fn->bdf = bdf;
		read_function(d, fn, groups);
	}
	if (v->parts & INV_GROUPS && !v->whole_config)
		read_whole_configs(d);
	if (v->parts & INV_FACTS && !v->h->running)
		settle_resets(v);
	return v->m->fns.n ? 0 : -ENOENT;
}

void inventory_vf_ids(const struct inventory *v)
{
	char path[sizeof(DEVICES) + BDF_SIZE + 8], bdf[BDF_SIZE];
	uint64_t device;

	vec_foreach(fn, &v->m->fns) {
		/* Its device id stands in a capability that was not read. */
		if (!fn->is_vf || fn->id.device != 0xffff)
			continue;
		snprintf(path, sizeof(path), DEVICES "%s/device",
			 bdf_format(fn->bdf, bdf));
		if (host_read_u64(v->h, &device, "%s", path) >= 0)
			fn->id.device = (uint32_t)device & 0xffff;
	}
}

/* drivers/pci/pci-sysfs.c:pci_write_rom, pci_read_rom: readable between "1" and "0". */
static int read_rom(struct inventory *v, const char *path, struct blob *ret)
{
	int r = host_store(v->h, "1", "%s", path);

	if (r < 0)
		return r;
	r = host_read(v->h, v->a, path, ROM_MAX, ret);
	(void)host_store(v->h, "0\n", "%s", path); /* "0" alone enables on some */
	return r;
}

static const char *rom_obstacle(const struct inventory *v, const struct pci_fn *fn)
{
	if (!v->h->running)
		return "no kernel runs here";
	if (fn->driver && !streq(fn->driver, "vfio-pci") &&
	    !streq(fn->driver, "pci-stub"))
		return arena_printf(v->tmp, "driver %s is using the function",
				    fn->driver);
	return NULL;
}

void inventory_roms(struct inventory *v)
{
	vec_foreach(fn, &v->m->fns) {
		char path[sizeof(DEVICES) + BDF_SIZE + 8], bdf[BDF_SIZE];
		const char *why;
		int r;

		if (!fn_is_display(fn) || fn->is_vf)
			continue;
		bdf_format(fn->bdf, bdf);
		snprintf(path, sizeof(path), DEVICES "%s/rom", bdf);
		if (!host_exists(v->h, path))
			continue;
		why = rom_obstacle(v, fn);
		if (!why) {
			r = read_rom(v, path, &fn->rom);
			if (r == -EIO || r == -EINVAL)
				why = "the kernel found no valid image in it";
			else if (r < 0)
				why = inventory_why(v, r);
		}
		if (why)
			machine_set_unknown(v->m, why, "functions/%s/rom", bdf);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tree says beyond inventory: attributes whose registers were not
 * recorded, slots, nodes of the firmware's tree, built-in drivers, and the parts of sys
 * that no rule of ours gives.
 */
#include <errno.h>
#include <stdio.h>

#include "fakesys/import-recorded.h"
#include "fakesys/import-text.h"

#define DEPTH_MAX 32
#define NODES_MAX 65536

struct recorded {
	struct machine *m;
	const struct host *h;
	size_t nodes;
};

static bool is_word(const char *const *words, const char *s)
{
	for (; *words; words++)
		if (streq(*words, s))
			return true;
	return false;
}

/* The path below sys that the link leads to, which stands below sys/devices or deeper. */
static const char *without_dots(const char *target)
{
	while (after_prefix(target, "../"))
		target += 3;
	return target;
}

/* --- attributes --- */

/* Those that follow from registers beyond the standard header. */
static const char *const attributes[] = {
	"aer_dev_fatal",       "aer_rootport_total_err_fatal",
	"ari_enabled",         "current_link_speed",
	"current_link_width",  "d3cold_allowed",
	"link/clkpm",          "link/l0s_aspm",
	"link/l1_1_aspm",      "link/l1_1_pcipm",
	"link/l1_2_aspm",      "link/l1_2_pcipm",
	"link/l1_aspm",        "max_link_speed",
	"max_link_width",      "power/wakeup",
	"serial_number",       "sriov_offset",
	"sriov_stride",        "sriov_vf_device",
	"sriov_vf_total_msix", "subsystem_device",
	"subsystem_vendor",    "vpd",
};

/* Counters and bytes: only that they are there. */
static const char *const presences[] = { "aer_dev_fatal", "aer_rootport_total_err_fatal",
					 "vpd", NULL };

static void note_attribute(struct recorded *r, struct pci_fn *fn, const char *bdf,
			   const char *name)
{
	char *text = NULL;

	if (is_word(presences, name)
		    ? !host_exists(r->h,
				   arena_printf(r->m->arena, "sys/bus/pci/devices/%s/%s",
						bdf, name))
		    : host_read_text(r->h, r->m->arena, &text,
				     "sys/bus/pci/devices/%s/%s", bdf, name) < 0)
		return;
	*vec_push(r->m->arena, &fn->attributes) =
		(struct fn_attribute){ name, text ? text : "" };
}

/* The services of pcieport by the number in their names, which tells the port's type. */
static void note_services(struct recorded *r, struct pci_fn *fn, const char *bdf)
{
	char *text = NULL;
	strings names;

	if (host_list(r->h, r->m->arena,
		      arena_printf(r->m->arena, "sys/bus/pci/devices/%s", bdf),
		      &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		const char *rest = after_prefix(names.v[i], bdf);

		rest = rest ? after_prefix(rest, ":pcie") : NULL;
		if (rest)
			text = arena_printf(r->m->arena, "%s%s%s", text ? text : "",
					    text ? " " : "", rest);
	}
	if (text)
		*vec_push(r->m->arena, &fn->attributes) =
			(struct fn_attribute){ "port_services", text };
}

/* A probe that failed half-way may leave it enabled (drivers/pci/hotplug/shpchp_core.c).
 */
static void note_enable(struct recorded *r, struct pci_fn *fn, const char *bdf)
{
	uint64_t n = 0;

	if (!fn->driver &&
	    host_read_u64(r->h, &n, "sys/bus/pci/devices/%s/enable", bdf) >= 0 && n)
		note_attribute(r, fn, bdf, "enable");
}

/* Only where it is not what drivers do with most. */
static void note_dma_mask(struct recorded *r, struct pci_fn *fn, const char *bdf)
{
	uint64_t bits, usual = fn->driver && !fn_is_bridge(fn) ? 64 : 32;

	if (host_read_u64(r->h, &bits, "sys/bus/pci/devices/%s/dma_mask_bits", bdf) >=
		    0 &&
	    bits != usual)
		note_attribute(r, fn, bdf, "dma_mask_bits");
}

/* The registers do not tell whether it has been enabled. */
static void note_wakeup(struct recorded *r, struct pci_fn *fn, const char *bdf)
{
	char *text;

	if (host_read_text(r->h, r->m->arena, &text,
			   "sys/bus/pci/devices/%s/power/wakeup", bdf) >= 0 &&
	    streq(text, "enabled"))
		note_attribute(r, fn, bdf, "power/wakeup");
}

static void note_vf_autoprobe(struct recorded *r, struct pci_fn *fn, const char *bdf)
{
	uint64_t on;

	if (fn->vfs_total &&
	    host_read_u64(r->h, &on, "sys/bus/pci/devices/%s/sriov_drivers_autoprobe",
			  bdf) >= 0 &&
	    !on)
		note_attribute(r, fn, bdf, "sriov_drivers_autoprobe");
}

static void note_attributes(struct recorded *r, struct pci_fn *fn)
{
	char bdf[BDF_SIZE];

	bdf_format(fn->bdf, bdf);
	note_enable(r, fn, bdf);
	note_dma_mask(r, fn, bdf);
	note_vf_autoprobe(r, fn, bdf);
	if (fn->config.len >= 256)
		note_wakeup(r, fn, bdf);
	note_attribute(r, fn, bdf, "pools");
	for (size_t i = 0; fn->config.len < 256 && i < ARRAY_SIZE(attributes); i++)
		note_attribute(r, fn, bdf, attributes[i]);
	if (fn->config.len < 256)
		note_services(r, fn, bdf);
}

/* --- drivers and modules --- */

/*
 * From base/module.c:module_add_driver on built-in drivers name a module, too; before, a
 * link means that the module is loaded. pcieport is always built in.
 */
static bool link_means_loaded(struct recorded *r)
{
	return host_exists(r->h, "sys/bus/pci/drivers/pcieport/uevent") &&
	       !host_exists(r->h, "sys/bus/pci/drivers/pcieport/module");
}

static bool is_live(struct recorded *r, const char *module)
{
	return host_exists(r->h,
			   arena_printf(r->m->arena, "sys/module/%s/initstate", module));
}

/*
 * A driver without a module's link, or whose module has no state, is built in
 * (kernel/module/sysfs.c:modinfo_attrs). Where the module is not named its driver's name
 * stands for it.
 */
static void note_drivers(struct recorded *r, struct kernel *k)
{
	struct arena *a = r->m->arena;
	bool loaded = link_means_loaded(r);
	strings names;

	if (!k || host_list(r->h, a, "sys/bus/pci/drivers", &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		char *module = NULL;
		bool used = false;

		(void)host_link_name(r->h, a, &module, "sys/bus/pci/drivers/%s/module",
				     names.v[i]);
		vec_foreach(mod, &k->modules)
			used |= mod->driver && streq(mod->driver, names.v[i]);
		if (used || (module && is_live(r, module)))
			continue;
		if (streq(names.v[i], "pcieport")) {
			import_add_pcieport(r->m, k);
			continue;
		}
		*vec_push(a, &k->modules) = (struct module){
			.name = module ? module : module_normalize(a, names.v[i]),
			.file = module && loaded
					? arena_printf(a, "kernel/drivers/%s.ko", module)
					: NULL,
			.driver = names.v[i],
		};
		if (module && loaded)
			*vec_push(a, &r->m->loaded) = module;
	}
}

static void note_loaded(struct recorded *r)
{
	struct arena *a = r->m->arena;
	strings names;

	if (r->m->loaded.n || host_list(r->h, a, "sys/module", &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (is_live(r, names.v[i]))
			*vec_push(a, &r->m->loaded) = names.v[i];
}

/* --- parts that no rule gives --- */

static void note_node(struct recorded *r, struct opaque *part, const char *path)
{
	const char *name = path + strlen("sys/") + strlen(part->path) + 1;
	struct opaque_node node = { .file = { .path = name }, .size = ATTRIBUTE_SIZE };
	struct arena *a = r->m->arena;
	char *target, buf[ATTRIBUTE_SIZE];
	struct host_stat st;
	ssize_t n;

	if (r->nodes++ >= NODES_MAX || r->h->ops->stat(r->h->ctx, path, &st) < 0)
		return;
	node.file.mode = st.mode;
	node.file.data = (struct blob){ (const uint8_t *)"", 0 };
	if (S_ISDIR(st.mode)) {
		node.file.mode = S_IFREG | 0644; /* the default, which is left out */
		node.error = "EISDIR";
	} else if (S_ISLNK(st.mode)) {
		if (host_readlink(r->h, a, &target, "%s", path) < 0)
			return;
		node.file.mode = S_IFLNK | 0777;
		node.file.data = (struct blob){ (const uint8_t *)target, strlen(target) };
	} else {
		node.size = (unsigned)st.size;
		n = r->h->ops->read(r->h->ctx, path, buf, sizeof(buf), 0);
		if (n > 0)
			node.file.data = (struct blob){ arena_memdup(a, buf, (size_t)n),
							(size_t)n };
		else if (n < 0 && (st.mode & 0444))
			node.error = strerrorname_np((int)-n);
	}
	*vec_push(a, &part->nodes) = node;
}

static void note_tree(struct recorded *r, struct opaque *part, const char *path,
		      int depth)
{
	struct host_stat st;
	strings names;

	if (r->h->ops->stat(r->h->ctx, path, &st) < 0 || depth > DEPTH_MAX)
		return;
	if (!S_ISDIR(st.mode) || host_list(r->h, r->m->arena, path, &names) < 0 ||
	    !names.n) {
		note_node(r, part, path);
		return;
	}
	for (size_t i = 0; i < names.n; i++)
		note_tree(r, part, arena_printf(r->m->arena, "%s/%s", path, names.v[i]),
			  depth + 1);
}

static void keep(struct recorded *r, const struct opaque *part)
{
	if (part->nodes.n)
		*vec_push(r->m->arena, &r->m->opaque) = *part;
}

/* Everything in @path (below sys) but the @known names, as one part. */
static void note_all_but(struct recorded *r, struct opaque part, const char *const *known)
{
	struct arena *a = r->m->arena;
	strings names;

	if (host_list(r->h, a, arena_printf(a, "sys/%s", part.path), &names) < 0)
		return;
	if (!names.n) /* an empty folder all the same */
		*vec_push(a, &r->m->opaque) = part;
	for (size_t i = 0; i < names.n; i++)
		if (!is_word(known, names.v[i]))
			note_tree(r, &part,
				  arena_printf(a, "sys/%s/%s", part.path, names.v[i]), 0);
	keep(r, &part);
}

/* Folders in that of a function or root bus that rules give. */
static const char *const known_folders[] = { "aer",  "doe_features", "iommu",
					     "link", "pci_bus",      "power",
					     "tsm",  "vfio-dev",     "wakeup",
					     NULL };

static bool is_function(const char *name)
{
	struct bdf bdf;
	int n = bdf_parse(name, &bdf);

	return n > 0 && (!name[n] || after_prefix(name + n, ":pcie"));
}

/*
 * What stands in the folder @path (below sys) of a function or root bus. Devices of the
 * firmware's are there whoever has the function; their names have a colon.
 */
static void note_folders(struct recorded *r, const char *path, const char *driver)
{
	struct arena *a = r->m->arena;
	strings names;

	if (host_list(r->h, a, arena_printf(a, "sys/%s", path), &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		const char *whole = arena_printf(a, "sys/%s/%s", path, names.v[i]);
		struct opaque part = { .path = whole + strlen("sys/") };
		struct host_stat st;

		if (is_word(known_folders, names.v[i]) || is_function(names.v[i]) ||
		    r->h->ops->stat(r->h->ctx, whole, &st) < 0 || !S_ISDIR(st.mode))
			continue;
		part.driver = strchr(names.v[i], ':') ? NULL : driver;
		note_tree(r, &part, whole, 0);
		keep(r, &part);
	}
}

static void note_functions(struct recorded *r)
{
	char bdf[BDF_SIZE];
	char *target;

	vec_foreach(fn, &r->m->fns) {
		bdf_format(fn->bdf, bdf);
		note_attributes(r, fn);
		if (host_readlink(r->h, r->m->arena, &target, "sys/bus/pci/devices/%s",
				  bdf) >= 0)
			note_folders(r, without_dots(target), fn->driver);
	}
}

static void note_roots(struct recorded *r)
{
	struct arena *a = r->m->arena;
	strings names;

	if (host_list(r->h, a, "sys/devices", &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		const char *path = arena_printf(a, "sys/devices/%s", names.v[i]);

		if (!after_prefix(names.v[i], "pci") || !strchr(names.v[i], ':'))
			continue;
		note_folders(r, path + strlen("sys/"), NULL);
	}
}

static void note_modules(struct recorded *r)
{
	static const char *const none[] = { NULL };
	static const char *const known[] = { "drivers",    "holders", "initsize",
					     "initstate",  "refcnt",  "taint",
					     "parameters", "uevent",  NULL };

	for (size_t i = 0; i < r->m->loaded.n; i++) {
		const char *name = r->m->loaded.v[i];

		note_all_but(r,
			     (struct opaque){
				     .path = arena_printf(r->m->arena, "module/%s", name),
				     .module = name },
			     known);
	}
	/* Built in, and slots lead to it (drivers/pci/slot.c:pci_hp_create_module_link)
	 */
	note_all_but(r, (struct opaque){ .path = "module/acpiphp" }, none);
}

void import_note_recorded(struct machine *m, const struct host *h, struct kernel *k)
{
	static const char *const tables[] = { "DMAR", "IVRS", "VIOT", NULL };
	static const char *const none[] = { NULL };
	struct recorded r = { .m = m, .h = h };

	note_functions(&r);
	note_roots(&r);
	note_loaded(&r);
	note_drivers(&r, k);
	note_modules(&r);
	note_all_but(&r, (struct opaque){ .path = "firmware/acpi/tables" }, tables);
	note_all_but(&r, (struct opaque){ .path = "bus/acpi/drivers" }, none);
}

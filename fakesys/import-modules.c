/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modules of a recorded machine, as far as lspci names them, and those of VFIO. */
#include <errno.h>
#include <stdio.h>

#include "fakesys/import-text.h"

#define MODULES_MAX 1024

/* Drivers that take functions of any kind: the modules named beside them are others'. */
static const char *const generic_drivers[] = { "vfio-pci", "pci-stub", "pcieport" };

static bool is_generic(const char *driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(generic_drivers); i++)
		if (streq(driver, generic_drivers[i]))
			return true;
	return false;
}

/* Where Debian's kernels have the drivers of a class of functions. */
static const struct {
	uint32_t class, mask;
	const char *folder;
} folders[] = {
	/* clang-format off */
	{ 0x010600, 0xffff00, "drivers/ata" },
	{ 0x010100, 0xffff00, "drivers/ata" },
	{ 0x010800, 0xffff00, "drivers/nvme/host" },
	{ 0x010000, 0xff0000, "drivers/scsi" },
	{ 0x028000, 0xffff00, "drivers/net/wireless" },
	{ 0x020000, 0xff0000, "drivers/net/ethernet" },
	{ 0x030000, 0xff0000, "drivers/gpu/drm" },
	{ 0x040100, 0xffff00, "sound/pci" },
	{ 0x040300, 0xffff00, "sound/pci" },
	{ 0x040000, 0xff0000, "drivers/media/pci" },
	{ 0x060000, 0xffff00, "drivers/edac" },
	{ 0x060100, 0xffff00, "drivers/mfd" },
	{ 0x080500, 0xffff00, "drivers/mmc/host" },
	{ 0x0c0340, 0xffffff, "drivers/thunderbolt" },
	{ 0x0c0300, 0xffff00, "drivers/usb/host" },
	{ 0x0c0500, 0xffff00, "drivers/i2c/busses" },
	{ 0, 0, "drivers/misc" },
	/* clang-format on */
};

/*
 * What initramfs-tools copies with MODULES=most (hook-functions:auto_add_modules), of the
 * folders above.
 */
static const char *const initramfs_folders[] = {
	"kernel/drivers/ata/",        "kernel/drivers/nvme/",
	"kernel/drivers/scsi/",       "kernel/drivers/mmc/",
	"kernel/drivers/usb/host/",   "kernel/drivers/mfd/",
	"kernel/drivers/i2c/busses/", "kernel/drivers/net/ethernet/",
};

static struct module *add_module(struct machine *m, struct kernel *k, const char *name,
				 uint32_t class)
{
	struct module *mod = vec_push(m->arena, &k->modules);
	size_t i = 0;

	while ((class & folders[i].mask) != folders[i].class)
		i++;
	mod->name = name;
	mod->file = arena_printf(m->arena, "kernel/%s/%s.ko", folders[i].folder, name);
	return mod;
}

static struct module *find_module(struct kernel *k, const char *name)
{
	vec_foreach(mod, &k->modules)
		if (streq(mod->name, name))
			return mod;
	return NULL;
}

static struct module *find_driver(struct kernel *k, const char *driver)
{
	vec_foreach(mod, &k->modules)
		if (mod->driver && streq(mod->driver, driver))
			return mod;
	return NULL;
}

static void add_id(struct machine *m, struct module *mod, const struct pci_ident *fn)
{
	if (!fn->vendor)
		return; /* lspci without -nn */
	vec_foreach(id, &mod->ids)
		if (id->vendor == fn->vendor && id->device == fn->device)
			return;
	*vec_push(m->arena, &mod->ids) = (struct pci_id){ .vendor = fn->vendor,
							  .device = fn->device,
							  .subvendor = PCI_ID_ANY,
							  .subdevice = PCI_ID_ANY };
}

/* Length of the longest run of characters that both have. */
static size_t common_run(const char *a, const char *b)
{
	size_t best = 0;

	for (const char *p = a; *p; p++)
		for (const char *q = b; *q; q++) {
			size_t n = 0;

			if (p > a && q > b && p[-1] == q[-1])
				continue; /* within a run that was counted */
			while (p[n] && p[n] == q[n])
				n++;
			best = n > best ? n : best;
		}
	return best;
}

/*
 * Which of @modules registers @driver: their names are alike (i2c_piix4, not sp5100_tco,
 * has piix4_smbus). NULL: none of them, as with edac modules beside an uncore driver.
 */
static const char *provider(struct arena *a, const strings *modules, const char *driver)
{
	const char *plain = module_normalize(a, driver), *best = NULL;
	size_t best_run = 2;

	for (size_t i = 0; i < modules->n; i++) {
		size_t run = common_run(modules->v[i], plain);

		if (streq(modules->v[i], plain))
			return modules->v[i];
		if (run > best_run) {
			best_run = run;
			best = modules->v[i];
		}
	}
	return best;
}

/* The modules named for one function; true if one of them has its driver. */
static int note_function(struct machine *m, struct kernel *k,
			 const struct import_modules *f)
{
	const char *driver = f->fn->driver, *has = NULL;

	if (driver && !is_generic(driver))
		has = provider(m->arena, f->modules, driver);
	for (size_t i = 0; i < f->modules->n; i++) {
		const char *name = f->modules->v[i];
		struct module *mod = find_module(k, name);

		if (!mod && k->modules.n >= MODULES_MAX)
			return -EINVAL;
		if (!mod)
			mod = add_module(m, k, name, f->fn->id.class);
		add_id(m, mod, &f->fn->id);
		if (has && streq(name, has))
			mod->driver = driver;
		/*
		 * A module beside which another driver runs did not take the function in
		 * the recorded boot, so no driver is assumed of it; unless VFIO was put
		 * in front.
		 */
		else if (!mod->driver && driver && is_generic(driver) &&
			 !streq(driver, "pcieport"))
			mod->driver = name;
	}
	return has != NULL;
}

/* A driver in use for which no module is named: built in, or lspci could not know. */
static int note_driver(struct machine *m, struct kernel *k, const struct pci_fn *fn,
		       bool built_in)
{
	struct module *mod = find_driver(k, fn->driver);

	if (!mod) {
		const char *name = module_normalize(m->arena, fn->driver);

		mod = find_module(k, name);
		if (!mod && k->modules.n >= MODULES_MAX)
			return -EINVAL;
		if (!mod) {
			mod = add_module(m, k, name, fn->id.class);
			if (built_in)
				mod->file = NULL;
		}
		mod->driver = fn->driver;
	}
	add_id(m, mod, &fn->id);
	return 0;
}

int import_note_modules(struct machine *m, const struct import_modules *list, size_t n)
{
	struct kernel *k = m->kernels.n ? m->kernels.v : vec_push(m->arena, &m->kernels);
	bool *done = arena_alloc(m->arena, n + 1), named = false;

	k->release = "";
	for (size_t i = 0; i < n; i++) {
		int r = note_function(m, k, &list[i]);

		if (r < 0)
			return r;
		done[i] = r || !list[i].fn->driver || is_generic(list[i].fn->driver);
		named |= list[i].modules->n > 0;
	}
	/* Where lspci found no modules.alias it names no module at all. */
	for (size_t i = 0; i < n; i++)
		if (!done[i] && note_driver(m, k, list[i].fn, named) < 0)
			return -EINVAL;
	return 0;
}

/* The VFIO family in load order; the versions are those of the kernels that have it. */
#define EVER 0xffffffffu
#define VERSION(major, minor) ((major) << 16 | (minor))
static const struct {
	unsigned from, before;
	const char *name, *file, *driver, *depends[5], *post;
	bool any_id;
} vfio_family[] = {
	/* clang-format off */
	{ 0, EVER, "irqbypass", "kernel/virt/lib/irqbypass.ko" },
	{ 0, EVER, "vfio", "kernel/drivers/vfio/vfio.ko", .post = "vfio_iommu_type1" },
	{ 0, EVER, "vfio_iommu_type1", "kernel/drivers/vfio/vfio_iommu_type1.ko",
	  .depends = { "vfio" } },
	{ 0, VERSION(6, 2), "vfio_virqfd", "kernel/drivers/vfio/vfio_virqfd.ko" },
	{ VERSION(5, 15), VERSION(6, 2), "vfio_pci_core", "kernel/drivers/vfio/pci/vfio-pci-core.ko",
	  .depends = { "vfio_virqfd", "vfio", "irqbypass" } },
	{ VERSION(6, 2), EVER, "vfio_pci_core", "kernel/drivers/vfio/pci/vfio-pci-core.ko",
	  .depends = { "vfio", "irqbypass" } },
	{ 0, VERSION(5, 15), "vfio_pci", "kernel/drivers/vfio/pci/vfio-pci.ko", "vfio-pci",
	  .depends = { "vfio_virqfd", "vfio", "irqbypass" }, .any_id = true },
	{ VERSION(5, 15), VERSION(6, 2), "vfio_pci", "kernel/drivers/vfio/pci/vfio-pci.ko", "vfio-pci",
	  .depends = { "vfio_pci_core", "vfio_virqfd", "vfio", "irqbypass" }, .any_id = true },
	{ VERSION(6, 2), EVER, "vfio_pci", "kernel/drivers/vfio/pci/vfio-pci.ko", "vfio-pci",
	  .depends = { "vfio_pci_core", "vfio", "irqbypass" }, .any_id = true },
	{ 0, EVER, "pci_stub", "kernel/drivers/pci/pci-stub.ko", "pci-stub" },
	/* clang-format on */
};

void import_add_vfio(struct machine *m, struct kernel *k)
{
	unsigned major = 0, minor = 0, version;

	if (sscanf(k->release, "%4u.%4u", &major, &minor) != 2)
		major = minor = 0;
	version = VERSION(major, minor & 0xffff);
	for (size_t i = 0; i < ARRAY_SIZE(vfio_family); i++) {
		struct module *mod;

		if (version < vfio_family[i].from || version >= vfio_family[i].before)
			continue;
		/* lspci may have named it for a function already */
		mod = find_module(k, vfio_family[i].name);
		if (!mod)
			mod = vec_push(m->arena, &k->modules);
		mod->name = vfio_family[i].name;
		mod->file = vfio_family[i].file;
		mod->driver = vfio_family[i].driver;
		for (size_t d = 0; vfio_family[i].depends[d]; d++)
			*vec_push(m->arena, &mod->depends) = vfio_family[i].depends[d];
		if (vfio_family[i].post)
			*vec_push(m->arena, &mod->post) = vfio_family[i].post;
		if (vfio_family[i].any_id)
			*vec_push(m->arena, &mod->ids) =
				(struct pci_id){ .vendor = PCI_ID_ANY,
						 .device = PCI_ID_ANY,
						 .subvendor = PCI_ID_ANY,
						 .subdevice = PCI_ID_ANY,
						 .override_only = true };
	}
}

void import_fill_initramfs(struct machine *m, struct kernel *k)
{
	vec_foreach(mod, &k->modules)
		for (size_t i = 0; mod->file && i < ARRAY_SIZE(initramfs_folders); i++)
			if (after_prefix(mod->file, initramfs_folders[i]))
				*vec_push(m->arena, &k->initramfs.modules) = mod->name;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "core/modprobe.h"
#include "fakesys/attr.h"
#include "fakesys/driver.h"
#include "fakesys/sim-module.h"

/* clang-format off */
const struct module_param module_params[] = {
	{ "kvm", "ignore_msrs", 0644, 0, false, 0 },
	{ "kvm_amd", "nested", 0444, 0, true, 1 },
	{ "kvm_intel", "nested", 0444, 0, false, 1 },
	{ "vfio_iommu_type1", "allow_unsafe_interrupts", 0644, TYPE1_UNSAFE_INTERRUPTS, false, 0 },
	{ "vfio_iommu_type1", "disable_hugepages", 0644, TYPE1_DISABLE_HUGEPAGES, false, 0 },
	{ "vfio_iommu_type1", "dma_entry_limit", 0644, TYPE1_ENTRY_LIMIT, true, 65535 },
	{ "vfio_pci", "disable_denylist", 0444, VFIO_DISABLE_DENYLIST, false, 0 },
	{ "vfio_pci", "disable_idle_d3", 0644, VFIO_DISABLE_IDLE_D3, false, 0 },
	{ "vfio_pci", "disable_vga", 0444, VFIO_DISABLE_VGA, false, 0 },
	{ "vfio_pci", "enable_sriov", 0644, VFIO_ENABLE_SRIOV, false, 0 },
	{ "vfio_pci", "nointxmask", 0644, VFIO_NOINTXMASK, false, 0 },
};
/* clang-format on */
const size_t n_module_params = ARRAY_SIZE(module_params);

/* Modules whose ids= become dynamic ids, and what each says about one. */
static const struct {
	const char *module;
	const char *bad;  /* before the quoted entry */
	const char *form; /* NULL: that of vfio_pci */
} id_modules[] = {
	{ "vfio_pci", "vfio_pci: invalid id string", NULL },
	{ "pci_stub", "pci-stub: invalid ID string", "pci-stub" },
};

/* Where @name is among the modules, or belongs. */
static size_t module_index(const struct sim *s, const char *name, bool *ret_there)
{
	size_t lo = 0, hi = s->modules.n;

	*ret_there = false;
	while (lo < hi && !*ret_there) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, s->modules.v[mid]->name);

		*ret_there = !c;
		if (c <= 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return hi;
}

struct sim_module *sim_find_module(const struct sim *s, const char *name)
{
	bool there;
	size_t i = module_index(s, name, &there);

	return there ? s->modules.v[i] : NULL;
}

bool sim_module_loaded(const struct sim *s, const char *name)
{
	return sim_find_module(s, name);
}

bool module_param_on(const struct sim *s, const char *module, int slot)
{
	const struct sim_module *mod = sim_find_module(s, module);

	return mod && mod->params[slot];
}

static bool same_name(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	return !b[len];
}

/*
 * The value of the last KEY or KEY=VALUE among @words; with @module of MODULE.KEY=VALUE,
 * as it stands on the kernel's command line. NULL: not there. "": without a value.
 */
static const char *find_option(const char *words, const char *module, const char *key,
			       size_t *ret_len)
{
	const char *found = NULL;

	for (const char *p = words; *(p += strspn(p, " \t\n"));) {
		const char *word = p, *end = p + strcspn(p, " \t\n"), *eq, *dot;

		p = end;
		if (module) {
			dot = memchr(word, '.', (size_t)(end - word));
			if (!dot || !same_name(word, module, (size_t)(dot - word)))
				continue;
			word = dot + 1;
		}
		eq = memchr(word, '=', (size_t)(end - word));
		if (!same_name(word, key, (size_t)((eq ? eq : end) - word)))
			continue;
		found = eq ? eq + 1 : end;
		*ret_len = (size_t)(end - found);
	}
	return found;
}

/* A built-in module reads the command line by itself; modprobe does it for the others. */
static const char *module_option(const struct sim *s, const struct module *mod,
				 const char *options, const char *key, size_t *ret_len)
{
	const char *v = NULL;

	if (mod && !mod->file)
		v = find_option(s->cmdline, mod->name, key, ret_len);
	return v ? v : find_option(options, NULL, key, ret_len);
}

static void set_params(const struct sim *s, struct sim_module *m, const char *options)
{
	for (size_t i = 0; i < n_module_params; i++) {
		const struct module_param *p = &module_params[i];
		const char *value;
		char text[32];
		uint64_t number;
		size_t len;
		bool on;

		if (!streq(p->module, m->name))
			continue;
		m->params[p->slot] = p->initial;
		value = module_option(s, m->mod, options, p->name, &len);
		if (!value || len >= sizeof(text))
			continue;
		memcpy(text, value, len);
		text[len] = '\0';
		if (p->number && store_u64(text, UINT_MAX, &number) >= 0)
			m->params[p->slot] = (unsigned)number;
		else if (!p->number && store_bool(s->profile, len ? text : "y", &on) >= 0)
			m->params[p->slot] = on;
	}
	memcpy(m->at_load, m->params, sizeof(m->at_load));
}

struct sim_module *module_add(struct sim *s, const char *name, const struct module *mod,
			      const char *options)
{
	struct sim_module *m = arena_alloc(s->run, sizeof(*m)), **v;
	bool there;
	size_t at = module_index(s, name, &there);

	*m = (struct sim_module){ .name = name,
				  .mod = mod,
				  .builtin = mod && !mod->file };
	set_params(s, m, options);
	(void)vec_push(s->run, &s->modules);
	v = s->modules.v;
	memmove(&v[at + 1], &v[at], (s->modules.n - 1 - at) * sizeof(*v));
	v[at] = m;
	m->born = sim_changed(s);
	return m;
}

void module_link(struct sim *s, struct sim_module *m)
{
	for (size_t i = 0; m->mod && i < m->mod->depends.n; i++) {
		struct sim_module *lower = sim_find_module(s, m->mod->depends.v[i]);

		if (lower && lower != m)
			*vec_push(s->run, &lower->users) = m;
	}
}

void modules_link(struct sim *s)
{
	for (size_t i = 0; i < s->modules.n; i++)
		module_link(s, s->modules.v[i]);
}

static void parse_ids(const struct sim *s, struct arena *a, const struct module *mod,
		      const char *options, vfio_ids *ret)
{
	size_t len;
	const char *value = module_option(s, mod, options, "ids", &len);

	/* kernel/params.c:param_set_copystring: of several the last one stays. */
	if (value)
		vfio_parse_ids(a, arena_printf(a, "ids=%.*s", (int)len, value), ret);
}

static bool takes_ids(const struct module *mod)
{
	for (size_t i = 0; i < ARRAY_SIZE(id_modules); i++)
		if (mod && streq(mod->name, id_modules[i].module))
			return true;
	return false;
}

static void log_id(struct sim *s, const char *form, const struct pci_id *id)
{
	if (form)
		sim_log(s, "%s: add %04X:%04X sub=%08X:%08X cls=%08X/%08X", form,
			id->vendor, id->device, id->subvendor, id->subdevice, id->class,
			id->class_mask);
	else
		sim_log(s, "vfio_pci: add [%04x:%04x[%08x:%08x]] class 0x%06x/%08x",
			id->vendor, id->device, id->subvendor, id->subdevice, id->class,
			id->class_mask);
}

void module_add_ids(struct sim *s, struct sim_driver *drv, const char *options,
		    bool quiet)
{
	size_t row = 0;
	vfio_ids ids = { 0 };

	if (!takes_ids(drv->mod))
		return;
	while (!streq(drv->mod->name, id_modules[row].module))
		row++;
	parse_ids(s, s->run, drv->mod, options, &ids);
	vec_foreach(i, &ids) {
		struct dynid d = { .id = i->id };

		if (i->bad) {
			if (!quiet)
				sim_log(s, "%s \"%s\"", id_modules[row].bad, i->text);
			continue;
		}
		if (quiet) {
			*vec_push(s->run, &drv->dynids) = d;
			continue;
		}
		/* pci_add_dynid() attaches before the line is printed. */
		driver_add_dynid(s, drv, &d);
		driver_attach(s, drv);
		log_id(s, id_modules[row].form, &i->id);
	}
}

#define IDS_MAX 1023 /* drivers/vfio/pci/vfio_pci.c: char ids[1024] */

int sim_load_module(struct sim *s, const struct module *mod, const char *options)
{
	struct sim_driver *drv;
	size_t len;

	if (sim_module_loaded(s, mod->name))
		return 0;
	if (takes_ids(mod) && module_option(s, mod, options, "ids", &len) &&
	    len > IDS_MAX) {
		sim_log(s, "%s: `%.64s...' too large for parameter `ids'", mod->name,
			module_option(s, mod, options, "ids", &len));
		return -ENOSPC;
	}
	module_link(s, module_add(s, mod->name, mod, options));
	if (streq(mod->name, "vfio"))
		sim_log(s, "VFIO - User Level meta-driver version: 0.3");
	if (!mod->driver)
		return 0;
	drv = driver_register(s, mod->driver, mod, mod->name);
	if (!s->no_autoprobe)
		driver_attach(s, drv);
	module_add_ids(s, drv, options, false);
	return 0;
}

/* How often it is in use by others than modules. */
static unsigned held(const struct sim *s, const struct sim_module *mod)
{
	const char *name = mod->mod && mod->mod->driver ? mod->mod->driver : "";
	bool fs = streq(mod->name, "vfio") && s->profile->vfio_fs;
	unsigned n = 0;

	/* container.c:vfio_ioctl_set_iommu: every container has it. */
	if (streq(mod->name, "vfio_iommu_type1"))
		vec_foreach(g, &s->groups)
			n += g->claimed;
	if (!fs && !driver_traits_of(name)->vfio)
		return n;
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++) {
		const struct fn_state *st = &s->fns[fn];
		const struct sim_driver *drv = st->driver ? st->driver : st->leaving;

		/* vfio_main.c:vfio_fs_inode_new: devices' inodes are of a file system. */
		if (fs && st->vfio_dev >= 0)
			return 1;
		/* An open device holds its driver's module. */
		n += st->opened && streq(drv->name, name);
	}
	return n;
}

size_t sim_module_refs(const struct sim *s, const struct sim_module *mod)
{
	return mod->users.n + held(s, mod);
}

int sim_unload_module(struct sim *s, const char *name)
{
	bool there;
	size_t at = module_index(s, name, &there);
	struct sim_module *m = there ? s->modules.v[at] : NULL;
	struct sim_driver *drv;

	if (!m)
		return -ENOENT;
	if (m->builtin || sim_module_refs(s, m))
		return -EWOULDBLOCK;
	drv = m->mod && m->mod->driver
		      ? driver_find(s, m->mod->driver, strlen(m->mod->driver))
		      : NULL;
	if (drv)
		driver_unregister(s, drv);
	memmove(&s->modules.v[at], &s->modules.v[at + 1],
		(s->modules.n - 1 - at) * sizeof(struct sim_module *));
	s->modules.n--;
	for (size_t i = 0; m->mod && i < m->mod->depends.n; i++) {
		struct sim_module *lower = sim_find_module(s, m->mod->depends.v[i]);
		size_t to = 0;

		for (size_t k = 0; lower && k < lower->users.n; k++)
			if (lower->users.v[k] != m)
				lower->users.v[to++] = lower->users.v[k];
		if (lower)
			lower->users.n = to;
	}
	(void)sim_changed(s);
	return 0;
}

bool sim_module_matches(const struct sim *s, const struct module *mod, uint32_t fn,
			const char *options)
{
	struct sim_driver drv = { .name = mod->driver, .mod = mod };
	AUTOARENA struct arena *a = NULL;
	vfio_ids ids = { 0 };

	if (!mod->driver)
		return false;
	drv.traits = driver_traits_of(mod->driver);
	if (driver_matches(s, &drv, fn))
		return true;
	/* Dynamic ids count only where no override names another driver. */
	if (!takes_ids(mod) || s->fns[fn].override)
		return false;
	a = arena_new();
	parse_ids(s, a, mod, options, &ids);
	vec_foreach(i, &ids)
		if (!i->bad && pci_id_matches(&i->id, &s->m->fns.v[fn].id))
			return true;
	return false;
}

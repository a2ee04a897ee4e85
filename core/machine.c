/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <pci/header.h>

#include "core/machine.h"

struct machine *machine_new(void)
{
	struct arena *a = arena_new();
	struct machine *m = arena_alloc(a, sizeof(*m));

	*m = (struct machine){ .arena = a,
			       .name = "",
			       .about = "",
			       .source = "",
			       .cpu_vendor = "",
			       .cpu_model = "",
			       .release = "",
			       .kernel_version = "",
			       .cmdline = "" };
	return m;
}

void machine_free(struct machine *m)
{
	if (m)
		arena_free(m->arena);
}

static int cmp_unknown(const void *x, const void *y)
{
	return strcmp(((const struct unknown_fact *)x)->fact,
		      ((const struct unknown_fact *)y)->fact);
}

/* Importers ask again and again while the list grows: sort it now and then. */
static void sort_unknown(struct machine *m)
{
	if (m->unknown.n)
		qsort(m->unknown.v, m->unknown.n, sizeof(*m->unknown.v), cmp_unknown);
	m->unknown_sorted = m->unknown.n;
}

void machine_set_unknown(struct machine *m, const char *why, const char *fact_fmt, ...)
{
	struct unknown_fact *u = vec_push(m->arena, &m->unknown);
	va_list ap;

	va_start(ap, fact_fmt);
	u->fact = arena_vprintf(m->arena, fact_fmt, ap);
	va_end(ap);
	u->why = arena_strdup(m->arena, why);
	if (m->unknown.n - m->unknown_sorted > 64 + m->unknown_sorted / 4)
		sort_unknown(m);
}

static struct unknown_fact *find_unknown(const struct machine *m, const char *fact)
{
	struct unknown_fact key = { .fact = fact }, *hit = NULL;

	if (m->unknown_sorted)
		hit = bsearch(&key, m->unknown.v, m->unknown_sorted, sizeof(key),
			      cmp_unknown);
	for (size_t i = m->unknown_sorted; !hit && i < m->unknown.n; i++)
		if (streq(m->unknown.v[i].fact, fact))
			hit = &m->unknown.v[i];
	return hit;
}

void machine_drop_unknown(struct machine *m,
			  bool (*is_known)(const void *arg, const char *fact),
			  const void *arg)
{
	size_t n = 0;

	sort_unknown(m);
	vec_foreach(u, &m->unknown)
		if (!is_known(arg, u->fact))
			m->unknown.v[n++] = *u;
	m->unknown.n = m->unknown_sorted = n;
}

/* "reset" of "functions/0000:01:00.0/reset"; NULL: @fact is not of a function. */
static const char *fact_of_all(const char *fact)
{
	const char *one = after_prefix(fact, "functions/");

	one = one ? strchr(one, '/') : NULL;
	return one ? one + 1 : NULL;
}

const char *machine_unknown(const struct machine *m, const char *fact_fmt, ...)
{
	const struct unknown_fact *u;
	const char *all;
	char fact[512];
	va_list ap;

	if (!m->unknown.n)
		return NULL;
	va_start(ap, fact_fmt);
	vsnprintf(fact, sizeof(fact), fact_fmt, ap);
	va_end(ap);
	u = find_unknown(m, fact);
	all = fact_of_all(fact);
	if (!u && all)
		u = find_unknown(m, all);
	return u ? u->why : NULL;
}

static int cmp_fn(const void *x, const void *y)
{
	return bdf_cmp(((const struct pci_fn *)x)->bdf, ((const struct pci_fn *)y)->bdf);
}

static int cmp_group(const void *x, const void *y)
{
	int a = ((const struct iommu_group *)x)->id,
	    b = ((const struct iommu_group *)y)->id;

	return (a > b) - (a < b);
}

static int cmp_file(const void *x, const void *y)
{
	return strcmp(((const struct machine_file *)x)->path,
		      ((const struct machine_file *)y)->path);
}

static int cmp_string(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

#define vec_sort(vec, cmp)                                                               \
	do {                                                                             \
		if ((vec)->n)                                                            \
			qsort((vec)->v, (vec)->n, sizeof(*(vec)->v), (cmp));             \
	} while (0)

const char *fn_attribute(const struct pci_fn *fn, const char *name)
{
	vec_foreach(a, &fn->attributes)
		if (streq(a->name, name))
			return a->text;
	return NULL;
}

const char *machine_firmware_node(const struct machine *m, const char *device)
{
	const struct firmware_node key = { .device = device }, *n;

	if (!m->firmware_nodes.n)
		return NULL;
	n = bsearch(&key, m->firmware_nodes.v, m->firmware_nodes.n, sizeof(*n),
		    cmp_string);
	return n ? n->path : NULL;
}

/* Subsystem ids stand in different places by header type (pci_setup_device()). */
static uint32_t subsystem_offset(struct blob config)
{
	switch (cfg_u8(config, PCI_HEADER_TYPE) & 0x7f) {
	case PCI_HEADER_TYPE_NORMAL:
		return PCI_SUBSYSTEM_VENDOR_ID;
	case PCI_HEADER_TYPE_CARDBUS:
		return PCI_CB_SUBSYSTEM_VENDOR_ID;
	default: {
		/* Bridges: capability 0Dh, or none. */
		uint32_t cap = cfg_find_cap(config, PCI_CAP_ID_SSVID);

		return cap ? cap + PCI_SSVID_VENDOR : 0;
	}
	}
}

/* Of a bridge whose capabilities were not recorded. */
static uint32_t attribute_id(const struct pci_fn *fn, const char *name)
{
	const char *text = fn_attribute(fn, name);

	return text ? (uint32_t)strtoul(text, NULL, 16) & 0xffff : 0;
}

static void derive_ids(struct pci_fn *fn)
{
	uint32_t sub = subsystem_offset(fn->config);

	fn->id = (struct pci_ident){
		.vendor = cfg_u16(fn->config, PCI_VENDOR_ID),
		.device = cfg_u16(fn->config, PCI_DEVICE_ID),
		.subvendor = sub ? cfg_u16(fn->config, sub)
				 : attribute_id(fn, "subsystem_vendor"),
		.subdevice = sub ? cfg_u16(fn->config, sub + 2)
				 : attribute_id(fn, "subsystem_device"),
		.class = cfg_u32(fn->config, PCI_CLASS_REVISION) >> 8,
	};
	fn->revision = cfg_u8(fn->config, PCI_REVISION_ID);
}

int machine_finish(struct machine *m, struct err *e)
{
	char bdf[BDF_SIZE];

	vec_sort(&m->fns, cmp_fn);
	vec_sort(&m->groups, cmp_group);
	vec_sort(&m->files, cmp_file);
	sort_unknown(m);
	vec_sort(&m->loaded, cmp_string);
	vec_sort(&m->firmware_nodes, cmp_string);
	vec_sort(&m->slots, cmp_string);
	vec_sort(&m->opaque, cmp_string);
	vec_foreach(o, &m->opaque)
		vec_sort(&o->nodes, cmp_string);
	vec_foreach(k, &m->kernels)
		vec_sort(&k->initramfs.modules, cmp_string);

	for (size_t i = 0; i + 1 < m->fns.n; i++)
		if (!bdf_cmp(m->fns.v[i].bdf, m->fns.v[i + 1].bdf))
			return err_set(e, -EINVAL, "two functions have the address %s",
				       bdf_format(m->fns.v[i].bdf, bdf));
	vec_foreach(fn, &m->fns)
		if (fn->config.len >= 64)
			derive_ids(fn);
	vec_foreach(fn, &m->fns) {
		const struct pci_fn *pf;
		uint32_t sriov;

		if (!fn->is_vf)
			continue;
		pf = machine_fn(m, fn->physfn);
		if (!pf || pf->is_vf)
			return err_set(
				e, -EINVAL,
				"%s is a virtual function without its physical one",
				bdf_format(fn->bdf, bdf));
		/* drivers/pci/iov.c:pci_iov_add_virtfn: a VF's own ids read ffff. */
		fn->id.vendor = pf->id.vendor;
		sriov = cfg_find_ext_cap(pf->config, PCI_EXT_CAP_ID_SRIOV);
		if (sriov)
			fn->id.device = cfg_u16(pf->config, sriov + PCI_IOV_DID);
	}
	return 0;
}

const struct pci_fn *machine_fn(const struct machine *m, struct bdf bdf)
{
	struct pci_fn key = { .bdf = bdf };

	return m->fns.n ? bsearch(&key, m->fns.v, m->fns.n, sizeof(key), cmp_fn) : NULL;
}

const struct machine_file *machine_file(const struct machine *m, const char *path)
{
	struct machine_file key = { .path = path };

	return m->files.n ? bsearch(&key, m->files.v, m->files.n, sizeof(key), cmp_file)
			  : NULL;
}

const struct kernel *machine_kernel(const struct machine *m, const char *release)
{
	vec_foreach(k, &m->kernels)
		if (streq(k->release, release))
			return k;
	return NULL;
}

const struct module *kernel_module(const struct kernel *k, const char *name)
{
	/* Asked for often: most names differ in their first letter. */
	vec_foreach(mod, &k->modules)
		if (*mod->name == *name && streq(mod->name, name))
			return mod;
	return NULL;
}

const struct acpi_table *machine_acpi(const struct machine *m, const char *name)
{
	vec_foreach(t, &m->acpi)
		if (streq(t->name, name))
			return t;
	return NULL;
}

bool strings_have(const strings *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (streq(list->v[i], s))
			return true;
	return false;
}

/*
 * A VF beyond its PF's bus number hangs on that PF's bus (pci_iov_add_virtfn makes a
 * virtual bus without a bridge of its own), so it has its PF's upstream bridge.
 */
const struct pci_fn *machine_upstream(const struct machine *m, const struct pci_fn *fn)
{
	struct bdf b = fn->is_vf ? fn->physfn : fn->bdf;
	size_t lo = 0, hi = m->fns.n;

	/*
	 * Bridges number their secondary bus above the one they are on, so the bridge
	 * stands before its children; only bridges of the same domain can be meant.
	 */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->fns.v[mid].bdf.domain < b.domain)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = lo; i < m->fns.n; i++) {
		const struct pci_fn *up = &m->fns.v[i];

		if (up->bdf.domain != b.domain || up->bdf.bus > b.bus)
			break;
		if (up->bdf.bus != b.bus && cfg_is_bridge(up->config) &&
		    cfg_u8(up->config, PCI_SECONDARY_BUS) == b.bus)
			return up;
	}
	return NULL;
}

bool fn_is_bridge(const struct pci_fn *fn)
{
	switch (fn_class(fn)) {
	case PCI_CLASS_BRIDGE_HOST:
	case PCI_CLASS_BRIDGE_ISA:
	case PCI_CLASS_BRIDGE_PCI:
		return true;
	default:
		return cfg_is_bridge(fn->config);
	}
}

bool fn_is_display(const struct pci_fn *fn)
{
	return fn->id.class >> 16 == PCI_BASE_CLASS_DISPLAY;
}

char *module_normalize(struct arena *a, const char *name)
{
	char *s = arena_strdup(a, name);

	for (char *c = s; *c; c++)
		if (*c == '-')
			*c = '_';
	return s;
}

/* "8086:10d3": exactly two fields of four hex digits. */
static bool parse_ids(const char *text, uint32_t *ret_vendor, uint32_t *ret_device)
{
	int end = -1;

	if (strlen(text) != 9 || strspn(text, "0123456789abcdefABCDEF") != 4)
		return false;
	return sscanf(text, "%4x:%4x%n", ret_vendor, ret_device, &end) == 2 && end == 9;
}

static int find_by_ids(const struct machine *m, struct arena *a, const char *text,
		       uint32_t vendor, uint32_t device, fn_list *ret, struct err *e)
{
	const struct pci_fn *found = NULL;
	char bdf[BDF_SIZE], all[256] = "";
	unsigned hits = 0;

	vec_foreach(fn, &m->fns) {
		size_t used = strlen(all);

		if (fn->id.vendor != vendor || fn->id.device != device)
			continue;
		found = fn;
		hits++;
		if (used + BDF_SIZE + 2 < sizeof(all))
			snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "",
				 bdf_format(fn->bdf, bdf));
	}
	if (!hits)
		return err_set(e, -ENODEV, "no function of this machine has the id %s",
			       text);
	if (hits > 1)
		return err_set(
			e, -ENOTUNIQ,
			"%s: %u functions have this id (%s); name one by its address",
			text, hits, all);
	if (fn_is_bridge(found))
		return err_set(e, -EISDIR,
			       "%s (%s) is a bridge; bridges stay with the host", text,
			       all);
	*vec_push(a, ret) = found;
	return 0;
}

int machine_find(const struct machine *m, struct arena *a, const char *text, fn_list *ret,
		 struct err *e)
{
	char with_fn[32], name[BDF_SIZE];
	const struct pci_fn *fn;
	uint32_t vendor, device;
	size_t before = ret->n;
	struct bdf b;

	if (parse_ids(text, &vendor, &device))
		return find_by_ids(m, a, text, vendor, device, ret, e);
	if (bdf_parse(text, &b) == (int)strlen(text)) {
		fn = machine_fn(m, b);
		if (!fn)
			return err_set(e, -ENODEV,
				       "there is no function %s on this machine",
				       bdf_format(b, name));
		if (fn_is_bridge(fn))
			return err_set(e, -EISDIR,
				       "%s is a bridge; bridges stay with the host",
				       bdf_format(b, name));
		*vec_push(a, ret) = fn;
		return 0;
	}
	if (strlen(text) < sizeof(with_fn) - 3)
		snprintf(with_fn, sizeof(with_fn), "%s.0", text);
	else
		with_fn[0] = '\0';
	if (bdf_parse(with_fn, &b) != (int)strlen(with_fn) || strchr(text, '.'))
		return err_set(
			e, -EINVAL,
			"\"%.64s\" is no device: say 01:00, 01:00.0, 0000:01:00.0 or "
			"8086:10d3",
			text);
	vec_foreach(it, &m->fns) {
		if (!bdf_same_slot(it->bdf, b) || (it->is_vf && bdf_cmp(it->bdf, b)))
			continue;
		if (fn_is_bridge(it)) {
			ret->n = before;
			return err_set(e, -EISDIR,
				       "%s is a bridge; bridges stay with the host",
				       bdf_format(it->bdf, name));
		}
		*vec_push(a, ret) = it;
	}
	return ret->n > before ? 0
			       : err_set(e, -ENODEV,
					 "there is no device %s on this machine", text);
}

bool machine_has_groups(const struct machine *m)
{
	vec_foreach(fn, &m->fns)
		if (fn->group != GROUP_NONE)
			return true;
	return false;
}

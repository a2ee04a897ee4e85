/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <jansson.h>

#include "vmtests/topology.h"

const char *const topology_iommus[] = { "intel", "amd", "virtio", "none", NULL };
const char *const topology_firmwares[] = { "seabios", "ovmf", NULL };

/* clang-format off */
static const struct topology_kind kinds[] = {
	{ "pcie-root-port",     HOW_CONTROLLER, "pcie-root-port",              false },
	{ "ioh3420",            HOW_CONTROLLER, "pcie-root-port",              false },
	{ "x3130-upstream",     HOW_CONTROLLER, "pcie-switch-upstream-port",   false },
	{ "xio3130-downstream", HOW_CONTROLLER, "pcie-switch-downstream-port", false },
	{ "pcie-pci-bridge",    HOW_CONTROLLER, "pcie-to-pci-bridge",          false },
	{ "i82801b11-bridge",   HOW_CONTROLLER, "dmi-to-pci-bridge",           false },
	{ "pxb-pcie",           HOW_CONTROLLER, "pcie-expander-bus",           false },
	{ "e1000e",             HOW_NIC,        "e1000e",                      false },
	{ "e1000",              HOW_NIC,        "e1000",                       false },
	{ "virtio-net-pci",     HOW_NIC,        "virtio",                      false },
	{ "igb",                HOW_QEMU,       NULL,                          false },
	{ "VGA",                HOW_VIDEO,      "vga",                         false },
	{ "secondary-vga",      HOW_QEMU,       NULL,                          false },
	{ "bochs-display",      HOW_QEMU,       NULL,                          false },
	{ "qemu-xhci",          HOW_USB,        "qemu-xhci",                   false },
	{ "nvme",               HOW_QEMU,       NULL,                          true },
	{ "edu",                HOW_QEMU,       NULL,                          false },
	{ "pci-testdev",        HOW_QEMU,       NULL,                          false },
};
/* clang-format on */

static const struct topology_kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static bool is_one_of(const char *const list[], const char *name)
{
	while (*list && !streq(*list, name))
		list++;
	return *list;
}

int topology_change(struct lab_topology *t, const char *iommu, const char *firmware,
		    struct err *e)
{
	if (iommu && !is_one_of(topology_iommus, iommu))
		return err_set(e, -EINVAL,
			       "an IOMMU is intel, amd, virtio or none, not %s", iommu);
	if (firmware && !is_one_of(topology_firmwares, firmware))
		return err_set(e, -EINVAL, "a firmware is seabios or ovmf, not %s",
			       firmware);
	t->iommu = iommu ? iommu : t->iommu;
	t->firmware = firmware ? firmware : t->firmware;
	return 0;
}

/* The device that has the bus @name; the root bus has no device. */
static int find_bus(const struct lab_topology *t, const char *name, struct err *e)
{
	for (size_t i = 0; i < t->devices.n; i++) {
		const struct topology_device *d = &t->devices.v[i];

		if (!d->name || !streq(d->name, name))
			continue;
		if (d->kind->how != HOW_CONTROLLER)
			return err_set(e, -EINVAL, "on: %s has no bus", name);
		return (int)i;
	}
	return err_set(e, -EINVAL, "on: no device before it is called %s", name);
}

/* "04.1" */
static int parse_slot(const char *text, struct topology_device *ret, struct err *e)
{
	int end = 0;

	if (sscanf(text, "%2x.%1u%n", &ret->slot, &ret->fn, &end) != 2 || text[end] ||
	    ret->slot > 31 || ret->fn > 7)
		return err_set(e, -EINVAL, "slot: %s is no slot and function as 04.1",
			       text);
	return 0;
}

/* What one value alone does not say. */
static int check_device(const struct lab_topology *t, const struct topology_device *d,
			struct err *e)
{
	if (d->no_acs && (d->kind->how != HOW_CONTROLLER || !d->name))
		return err_set(e, -EINVAL, "acs: only a port with a name can be without");
	if (d->data && !streq(d->kind->name, "nvme"))
		return err_set(e, -EINVAL, "data: a %s has none", d->kind->name);
	if (d->options && !json_is_object(d->options))
		return err_set(e, -EINVAL, "options: must be an object");
	if (d->options && d->kind->how != HOW_QEMU)
		return err_set(e, -EINVAL, "options: a %s takes none", d->kind->name);
	vec_foreach(other, &t->devices) {
		if (d->name && other->name && streq(d->name, other->name))
			return err_set(e, -EINVAL, "name: there are two %s", d->name);
		if (d->on == other->on && d->slot == other->slot && d->fn == other->fn)
			return err_set(e, -EINVAL, "slot: %02x.%x is taken", d->slot,
				       d->fn);
	}
	if (d->on < 0 && (d->slot <= 1 || d->slot >= 29))
		return err_set(e, -EINVAL, "slot: %02x is the lab's own", d->slot);
	return 0;
}

static int read_device(const struct lab *l, struct lab_topology *t, json_t *o,
		       struct err *e)
{
	const char *kind, *on = NULL, *slot = "00.0", *name = NULL;
	json_t *options = NULL;
	int multifunction = false, acs = true, data = false, r = 0;
	struct topology_device d = { .on = -1 };
	json_error_t why;

	if (json_unpack_ex(o, &why, JSON_STRICT,
			   "{s:s, s?s, s?s, s?s, s?b, s?b, s?b, s?o}", "kind", &kind,
			   "name", &name, "on", &on, "slot", &slot, "multifunction",
			   &multifunction, "acs", &acs, "data", &data, "options",
			   &options) < 0)
		return err_set(e, -EINVAL, "%s", why.text);
	d.kind = find_kind(kind);
	if (!d.kind)
		return err_set(e, -EINVAL, "kind: the lab has no %s", kind);
	if (on)
		r = d.on = find_bus(t, on, e);
	r = r < 0 ? r : parse_slot(slot, &d, e);
	if (r < 0)
		return r;
	d.name = arena_strdup(l->arena, name);
	d.options = options;
	d.multifunction = multifunction;
	d.no_acs = !acs;
	d.data = data;
	r = check_device(t, &d, e);
	if (r < 0)
		return r;
	json_incref(options);
	*vec_push(l->arena, &t->devices) = d;
	return 0;
}

static int read_topology(const struct lab *l, json_t *root, struct lab_topology *t,
			 struct err *e)
{
	const char *about, *iommu, *firmware = "seabios";
	int schema, remapping = true, r;
	json_t *devices, *o;
	json_error_t why;
	size_t i;

	if (json_unpack_ex(root, &why, JSON_STRICT, "{s:i, s:s, s:s, s?s, s?b, s:o}",
			   "schema", &schema, "about", &about, "iommu", &iommu,
			   "firmware", &firmware, "interrupt_remapping", &remapping,
			   "devices", &devices) < 0)
		return err_set(e, -EINVAL, "%s", why.text);
	if (schema != 1)
		return err_set(e, -EINVAL, "schema: %d is not known here", schema);
	if (!json_is_array(devices))
		return err_set(e, -EINVAL, "devices: must be a list");
	t->about = arena_strdup(l->arena, about);
	t->interrupt_remapping = remapping;
	r = topology_change(t, arena_strdup(l->arena, iommu),
			    arena_strdup(l->arena, firmware), e);
	json_array_foreach(devices, i, o)
	{
		r = r < 0 ? r : read_device(l, t, o, e);
		if (r < 0)
			return err_prefix(e, r, "devices[%zu]", i);
	}
	return r;
}

bool topology_saves(const struct lab_topology *t)
{
	vec_foreach(d, &t->devices)
		if (d->kind->no_save)
			return false;
	return !streq(t->iommu, "amd");
}

void topology_done(struct lab_topology *t)
{
	vec_foreach(d, &t->devices)
		json_decref(d->options);
	*t = (struct lab_topology){ 0 };
}

int topology_load(const struct lab *l, const char *name, struct lab_topology *ret,
		  struct err *e)
{
	bool is_path = strchr(name, '/');
	const char *file =
		is_path ? name
			: arena_printf(l->arena, "%s/topologies/%s.json", l->data, name);
	size_t tail = strlen(".json");
	struct lab_topology t = { .name = path_name(name) };
	json_error_t why;
	json_auto_t *root = NULL;
	int r;

	if (access(file, R_OK) < 0)
		return is_path ? err_set(e, -errno, "%s: %s", file, strerror(errno))
			       : err_set(e, -ENOENT, "there is no topology %s", name);
	root = json_load_file(file, 0, &why);
	if (!root)
		return err_set(e, -EINVAL, "%s:%d: %s", file, why.line, why.text);
	if (ends_with(t.name, ".json"))
		t.name = arena_strndup(l->arena, t.name, strlen(t.name) - tail);
	r = read_topology(l, root, &t, e);
	if (r < 0) {
		topology_done(&t);
		return err_prefix(e, r, "%s", file);
	}
	*ret = t;
	return 0;
}

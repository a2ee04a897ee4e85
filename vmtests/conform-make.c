/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vmtests/conform-make.h"

#define CLASS_HOST_BRIDGE 0x0600
#define FOCUS 4      /* operations on few functions meet each other more often */
#define FOCUS_OPS 40 /* and then on others */

/* --- what may be stored, and what is worth storing there --- */

/*
 * In paths and values: {fn} a function, {own} the driver it was recorded with, {end} one
 * that is no bridge (after a reset of a bridge, what is behind it has registers that only
 * the hardware knows), {lone} one that may be removed alone, {driver} any driver, {stub}
 * one that takes every function, {ids} its vendor and device, {group} its group, {port} a
 * bridge, {pf} a function that can have virtual ones, {bus} the bus behind {port},
 * {module} a module. A value's "\0" is written \x00.
 */
struct target {
	unsigned weight;
	const char *path;
	const char *const *values; /* NULL-terminated; the first ones are good */
};

#define VALUES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* clang-format off */
static const char *const names[] = {
	"{fn}\n", "{fn}\n", "{fn}\n", "{fn}", "{fn}\\x00junk", "{fn}\n\n", " {fn}", "{fn} ", "", "\n", "0000:7f:1f.7", "junk", NULL };
static const char *const one[] = { "1", "1\n", "0", "2", "0x1", "+1", "-1", "x", "", "\n", "1 ", "18446744073709551616", NULL };
static const char *const flag[] = { "1", "0", "1\n", "0\n", "y", "n", "on", "off", "2", "x", "", "\n", NULL };
static const char *const ids[] = {
	"{ids}", "{ids}\n", "{ids} ffffffff ffffffff", "{ids} ffffffff ffffffff 20000 ffff00", "{ids} 1af4 1100", "1aaaa bbbb",
	"eeee 1", "eeee 1 ffff ffff", "ffffffff cccc", "dddd cccc", "{ids} ffffffff ffffffff 0 0 0", "{ids} ffffffff ffffffff 0 0 77",
	"8086:10d3", "8086,10d3", "8086", "", "junk", "0x8086 0x10d3", "\t{ids}", "{ids} x", "-1 -1", NULL };

/* Real hardware drivers look for registers where other devices have none, and crash. */
static const char *const others_ids[] = {
	"1aaaa bbbb", "eeee 1", "eeee 1 ffff ffff", "ffffffff cccc", "dddd cccc", "8086:10d3", "8086", "", "junk", "-1 -1", NULL };

static const struct target targets[] = {
	{ 12, "sys/bus/pci/drivers/{driver}/bind", names },
	{ 12, "sys/bus/pci/drivers/{own}/bind", names },
	{ 10, "sys/bus/pci/drivers/vfio-pci/bind", names },
	{ 14, "sys/bus/pci/drivers/{own}/unbind", names },
	{ 12, "sys/bus/pci/drivers/vfio-pci/unbind", names },
	{  6, "sys/bus/pci/drivers/{driver}/unbind", names },
	{ 16, "sys/bus/pci/drivers_probe", names },
	{ 22, "sys/bus/pci/devices/{fn}/driver_override",
	  VALUES("vfio-pci", "vfio-pci\n", "vfio-pci", "pci-stub\n", "{own}\n", "{stub}", "\n", "\n", "", "(null)", "nonesuch\n",
		 "vfio-pci\njunk", " vfio-pci", "\\x00", "\nvfio-pci", "vfio-pci\\x00") },
	{  4, "sys/bus/pci/drivers/{stub}/new_id", ids },
	{  4, "sys/bus/pci/drivers/{driver}/new_id", others_ids },
	{  8, "sys/bus/pci/drivers/vfio-pci/new_id", ids },
	{ 10, "sys/bus/pci/drivers/vfio-pci/remove_id", ids },
	{  4, "sys/bus/pci/drivers/{driver}/remove_id", ids },
	{  5, "sys/bus/pci/devices/{lone}/remove", one },
	{  1, "sys/bus/pci/devices/{port}/remove", one },
	{  8, "sys/bus/pci/rescan", one },
	{  3, "sys/bus/pci/devices/{port}/rescan", one },
	{  3, "sys/class/pci_bus/0000:{bus}/rescan", one },
	{  6, "sys/bus/pci/devices/{end}/reset", one },
	{  8, "sys/bus/pci/devices/{fn}/reset_method",
	  VALUES("flr", "pm", "bus", "default", "pm flr\n", "\n", "", "acpi", "junk", "flr junk", "FLR", " flr", "cxl_bus", "af_flr", "bus pm",
		 "device_specific") },
	{  4, "sys/bus/pci/devices/{fn}/numa_node", VALUES("0", "-1", "0\n", "5", "-2", "1024", "x", "") },
	{  6, "sys/bus/pci/devices/{fn}/enable", one },
	{  3, "sys/bus/pci/devices/{fn}/broken_parity_status", one },
	{  3, "sys/bus/pci/devices/{fn}/msi_bus", one },
	{  2, "sys/bus/pci/devices/{port}/msi_bus", one },
	{  3, "sys/bus/pci/devices/{fn}/d3cold_allowed", one },
	{  3, "sys/bus/pci/devices/{fn}/rom", flag },
	{  5, "sys/bus/pci/devices/{fn}/power/control", VALUES("on", "auto", "on\n", "auto\n", "x", "") },
	{  2, "sys/bus/pci/devices/{fn}/power/async", VALUES("enabled", "disabled", "enabled\n", "x", "") },
	{  2, "sys/bus/pci/devices/{fn}/power/autosuspend_delay_ms", VALUES("100", "-1", "x") },
	{  2, "sys/bus/pci/devices/{fn}/power/wakeup", VALUES("enabled", "disabled\n", "x", "") },
	{  4, "sys/bus/pci/devices/{fn}/uevent",
	  VALUES("add", "change\n", "remove", "bind", "x", "", "add x", "add 01234567-89ab-cdef-0123-456789abcdef A=1", "offline\n", "adda") },
	{  1, "sys/bus/pci/drivers/{driver}/uevent", VALUES("add", "x") },
	{  1, "sys/bus/pci/uevent", VALUES("add", "x") },
	{  5, "sys/bus/pci/devices/{pf}/sriov_numvfs", VALUES("1", "2", "0", "4", "0", "5", "65536", "x", "", "3\n") },
	/* Nothing that would let nvme have QEMU's (guest/lab-init): it gives them up when it likes. */
	{  2, "sys/bus/pci/devices/{pf}/sriov_drivers_autoprobe", VALUES("0", "n", "0\n", "off", "2", "x", "", "\n") },
	{  8, "sys/kernel/iommu_groups/{group}/type", VALUES("identity", "DMA", "auto", "DMA-FQ", "identity\n", "x", "", "dma") },
	{  3, "sys/bus/pci/drivers_autoprobe", VALUES("1", "1", "0", "1\n", "x", "", "\n", "00") },
	{  2, "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", VALUES("Y", "N", "1", "0", "x", "") },
	{  2, "sys/module/vfio_pci/parameters/disable_idle_d3", VALUES("Y", "N", "x") },
	{  1, "sys/module/vfio_pci/parameters/enable_sriov", VALUES("Y", "N", "x") },
	{  1, "sys/module/vfio_iommu_type1/parameters/disable_hugepages", VALUES("Y", "N", "x") },
	{  1, "sys/module/vfio_iommu_type1/parameters/dma_entry_limit", VALUES("1000", "65535", "x", "") },
	{  1, "sys/bus/pci/devices/{fn}/vendor", one },
	{  1, "sys/bus/pci/devices/{fn}/nonesuch", one },
	{  1, "sys/bus/pci/devices/{fn}/aer/correctable_ratelimit_burst", VALUES("20", "10", "x") },
	{  1, "sys/bus/pci/devices/{port}/reset_subordinate", VALUES("0", "x", "") },
};
/* clang-format on */

/* What people do, step by step. */
struct recipe {
	unsigned weight;
	const char *const *lines; /* operations as text (ops.h), with placeholders */
};

/* clang-format off */
static const struct recipe recipes[] = {
	{ 10, VALUES("store sys/bus/pci/devices/{fn}/driver_override vfio-pci%0A",
		     "store sys/bus/pci/drivers/{own}/unbind {fn}",
		     "store sys/bus/pci/drivers_probe {fn}%0A") },
	{ 8, VALUES("store sys/bus/pci/drivers/vfio-pci/unbind {fn}",
		    "store sys/bus/pci/devices/{fn}/driver_override %0A",
		    "store sys/bus/pci/drivers_probe {fn}") },
	{ 6, VALUES("claim {group}") },
	{ 6, VALUES("release {group}") },
	{ 3, VALUES("claim {group}", "store sys/bus/pci/drivers/{own}/bind {fn}",
		    "store sys/bus/pci/drivers_probe {fn}", "release {group}") },
	{ 2, VALUES("claim {group}", "store sys/bus/pci/drivers/vfio-pci/unbind {fn}",
		    "store sys/bus/pci/devices/{fn}/driver_override %0A", "release {group}") },
	{ 2, VALUES("store sys/bus/pci/devices/{lone}/remove 1", "store sys/bus/pci/rescan 1") },
	{ 2, VALUES("run modprobe {module}") },
	{ 2, VALUES("run rmmod {module}") },
};
/* clang-format on */

static const char *const module_names[] = { "vfio_pci",         "pci_stub", "pci-pf-stub",
					    "vfio_iommu_type1", "e1000e",   "e1000" };
static const char *const stub_names[] = { "vfio-pci", "pci-stub", "pci-pf-stub" };
static const char *const driver_names[] = { "vfio-pci", "pci-stub", "pci-pf-stub",
					    "e1000e",   "e1000",    "nvme",
					    "pcieport", "nonesuch" };

/* --- drawing --- */

static uint64_t draw(struct conform_maker *k, uint64_t below)
{
	return splitmix64(&k->seed) % below;
}

/*
 * The lab lives in these: its channel to the guest and the serial port behind the ISA
 * bridge; and what is the IOMMU cannot be taken from under the guest.
 */
static bool may_touch(const struct pci_fn *fn)
{
	unsigned slot = fn->bdf.bus == 0 ? fn->bdf.dev : 0;

	return fn->id.vendor != 0x1af4 && slot != 0x1f && fn_class(fn) != CLASS_IOMMU;
}

void conform_maker_init(struct conform_maker *k, const struct machine *m, uint64_t seed,
			struct arena *a)
{
	*k = (struct conform_maker){ .m = m, .seed = seed, .a = a };
	vec_foreach(fn, &m->fns) {
		if (!may_touch(fn))
			continue;
		*vec_push(a, &k->fns) = fn;
		if (fn_is_bridge(fn))
			*vec_push(a, &k->ports) = fn;
		if (fn->vfs_total)
			*vec_push(a, &k->pfs) = fn;
	}
}

/* What the placeholders of one operation, or of one recipe, stand for. */
struct picked {
	const struct pci_fn *fn, *port, *pf;
	const char *driver, *stub, *module;
};

static const struct pci_fn *any(struct conform_maker *k, const fn_list *l)
{
	return l->n ? l->v[draw(k, l->n)] : NULL;
}

static struct picked pick(struct conform_maker *k, const fn_list *focus)
{
	struct picked p = { .fn = any(k, focus) };

	p.port = any(k, &k->ports);
	p.pf = any(k, &k->pfs);
	p.driver = driver_names[draw(k, ARRAY_SIZE(driver_names))];
	p.stub = stub_names[draw(k, ARRAY_SIZE(stub_names))];
	p.module = module_names[draw(k, ARRAY_SIZE(module_names))];
	return p;
}

static const char *address(struct arena *a, const struct pci_fn *fn)
{
	char text[BDF_SIZE];

	return arena_strdup(a, bdf_format(fn->bdf, text));
}

/*
 * Where the kernel does not survive what comes after it was removed alone:
 * - the first function of several of an Express device, on Linux 6.12: whoever reads
 * link/ of the others (drivers/pci/pcie/aspm.c:aspm_attr_show_common);
 * - one of SR-IOV: when virtual functions are made again (iov.c:pci_iov_add_virtfn:
 *   BUG_ON).
 */
static bool must_stay(const struct machine *m, const struct pci_fn *fn)
{
	if (fn->vfs_total || fn->is_vf)
		return true;
	vec_foreach(other, &m->fns)
		if (other != fn && bdf_same_slot(other->bdf, fn->bdf) && !other->is_vf)
			return fn->bdf.fn == 0 && cfg_pcie_type(fn->config) >= 0;
	return false;
}

/* A capture has the modules that can have a say in who gets a function; no others. */
static bool known_module(const struct machine *m, const char *name)
{
	const struct kernel *kernel = machine_kernel(m, m->release);
	AUTOARENA struct arena *a = arena_new();

	return kernel && kernel_module(kernel, module_normalize(a, name));
}

/* What {NAME} stands for; NULL: this machine has no such thing. */
static const char *value_of(struct conform_maker *k, const struct picked *p,
			    const char *name, size_t len)
{
	struct arena *a = k->a;
	const struct {
		const char *name, *value;
	} all[] = {
		{ "fn", p->fn ? address(a, p->fn) : NULL },
		{ "own", p->fn && p->fn->driver ? p->fn->driver : "pcieport" },
		{ "end", p->fn && !fn_is_bridge(p->fn) ? address(a, p->fn) : NULL },
		{ "lone", p->fn && !must_stay(k->m, p->fn) ? address(a, p->fn) : NULL },
		{ "driver", p->driver },
		{ "stub", p->stub },
		{ "module", known_module(k->m, p->module) ? p->module : NULL },
		{ "ids",
		  p->fn ? arena_printf(a, "%04x %04x", p->fn->id.vendor, p->fn->id.device)
			: NULL },
		{ "group", p->fn && p->fn->group != GROUP_NONE
				   ? arena_printf(a, "%d", p->fn->group)
				   : "0" },
		{ "port", p->port ? address(a, p->port) : NULL },
		{ "pf", p->pf ? address(a, p->pf) : NULL },
		{ "bus", p->port && p->port->config.len > 0x19
				 ? arena_printf(a, "%02x", p->port->config.data[0x19])
				 : NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strlen(all[i].name) == len && !strncmp(all[i].name, name, len))
			return all[i].value;
	return NULL;
}

/* False: a placeholder stands for nothing here. */
static bool fill(struct conform_maker *k, const struct picked *p, const char *from,
		 struct blob *ret)
{
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool good = f != NULL;

	while (good && *from) {
		const char *value;
		size_t n = strcspn(from + 1, "}");

		if (after_prefix(from, "\\x00")) {
			fputc('\0', f);
			from += 4;
			continue;
		}
		if (*from != '{') {
			fputc(*from++, f);
			continue;
		}
		value = value_of(k, p, from + 1, n);
		good = value != NULL;
		fputs(good ? value : "", f);
		from += n + 2;
	}
	if (!f || fclose(f))
		return false;
	*ret = (struct blob){ (uint8_t *)arena_strndup(k->a, "", 0), 0 };
	if (len)
		*ret = (struct blob){ arena_memdup(k->a, text, len + 1), len };
	return good;
}

static void add_target(struct conform_maker *k, const fn_list *focus,
		       const struct target *t, ops *ret)
{
	struct picked p = pick(k, focus);
	struct blob path, data;
	size_t n = 0, i;

	while (t->values[n])
		n++;
	/* The smaller of two draws: good values come first, and more often. */
	i = draw(k, n);
	n = draw(k, n);
	if (fill(k, &p, t->path, &path) && fill(k, &p, t->values[i < n ? i : n], &data))
		*vec_push(k->a, ret) = (struct op){ .kind = OP_STORE,
						    .path = (const char *)path.data,
						    .data = data };
}

static void add_recipe(struct conform_maker *k, const fn_list *focus,
		       const struct recipe *r, ops *ret)
{
	struct picked p = pick(k, focus);
	struct blob line;

	for (size_t i = 0; r->lines[i]; i++)
		if (fill(k, &p, r->lines[i], &line))
			(void)ops_read(k->a, (const char *)line.data, ret, NULL);
}

/* Batches end with nothing held, and so do those made of parts of them. */
static void release_all(struct conform_maker *k, size_t begun, ops *ret)
{
	VEC(int) held = { 0 };

	for (size_t i = begun; i < ret->n; i++) {
		bool known = false;

		if (ret->v[i].kind != OP_CLAIM)
			continue;
		vec_foreach(g, &held)
			known |= *g == ret->v[i].group;
		if (!known)
			*vec_push(k->a, &held) = ret->v[i].group;
	}
	vec_foreach(g, &held)
		*vec_push(k->a, ret) = (struct op){ .kind = OP_RELEASE, .group = *g };
}

void conform_make(struct conform_maker *k, size_t n, ops *ret)
{
	size_t begun = ret->n, total = 0;
	fn_list focus = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		total += targets[i].weight;
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++)
		total += recipes[i].weight;
	for (size_t made = 0; ret->n - begun < n; made++) {
		size_t at = draw(k, total), i = 0;

		if (made % FOCUS_OPS == 0) {
			focus.n = 0;
			for (size_t f = 0; f < FOCUS; f++)
				*vec_push(k->a, &focus) = any(k, &k->fns);
		}
		for (; i < ARRAY_SIZE(targets) && at >= targets[i].weight; i++)
			at -= targets[i].weight;
		if (i < ARRAY_SIZE(targets)) {
			add_target(k, &focus, &targets[i], ret);
			continue;
		}
		for (i = 0; at >= recipes[i].weight; i++)
			at -= recipes[i].weight;
		add_recipe(k, &focus, &recipes[i], ret);
	}
	release_all(k, begun, ret);
}

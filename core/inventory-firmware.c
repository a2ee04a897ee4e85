/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that the firmware has for functions, root buses and slots. */
#include <errno.h>

#include "core/inventory-parts.h"

/* @dir/firmware_node leads up to sys/devices, and from there to a node of ACPI. */
static void read_node(struct inventory *v, const char *dir, const char *device)
{
	char *target;

	if (host_readlink(v->h, v->a, &target, "%s/firmware_node", dir) < 0)
		return;
	while (after_prefix(target, "../"))
		target += 3;
	*vec_push(v->a, &v->m->firmware_nodes) =
		(struct firmware_node){ arena_strdup(v->a, device), target };
}

static void read_nodes(struct inventory *v)
{
	char bdf[BDF_SIZE];
	strings names;

	vec_foreach(fn, &v->m->fns) {
		bdf_format(fn->bdf, bdf);
		read_node(v, arena_printf(v->tmp, "sys/bus/pci/devices/%s", bdf), bdf);
	}
	if (host_list(v->h, v->tmp, "sys/devices", &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (after_prefix(names.v[i], "pci") && strchr(names.v[i], ':'))
			read_node(v, arena_printf(v->tmp, "sys/devices/%s", names.v[i]),
				  names.v[i]);
}

static unsigned slot_number(struct inventory *v, const char *slot, const char *name)
{
	uint64_t n = 0;

	(void)host_read_u64(v->h, &n, "sys/bus/pci/slots/%s/%s", slot, name);
	return (unsigned)(n & 0xff);
}

static const char *slot_text(struct inventory *v, const char *slot, const char *name)
{
	char *text;

	return host_read_text(v->h, v->a, &text, "sys/bus/pci/slots/%s/%s", slot, name) >=
			       0
		       ? text
		       : "";
}

/*
 * drivers/pci/slot.c: only a hot-plug driver adds `power`. Newer kernels do not name it,
 * but acpiphp knows no attention (acpiphp_core.c:get_attention_status).
 */
static const char *slot_driver(struct inventory *v, const char *slot)
{
	char *text;

	if (host_read_text(v->h, v->tmp, &text, "sys/bus/pci/slots/%s/power", slot) < 0)
		return NULL;
	if (host_link_name(v->h, v->a, &text, "sys/bus/pci/slots/%s/module", slot) >= 0)
		return text;
	return host_read_text(v->h, v->tmp, &text, "sys/bus/pci/slots/%s/attention",
			      slot) == -EINVAL
		       ? "acpiphp"
		       : "pciehp";
}

static void read_slots(struct inventory *v)
{
	strings names;

	if (host_list(v->h, v->a, "sys/bus/pci/slots", &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];
		struct pci_slot slot = { .name = name };

		slot.address = slot_text(v, name, "address");
		if (!*slot.address)
			continue;
		slot.driver = slot_driver(v, name);
		slot.max_speed = slot_text(v, name, "max_bus_speed");
		slot.cur_speed = slot_text(v, name, "cur_bus_speed");
		slot.power = slot_number(v, name, "power");
		slot.latch = slot_number(v, name, "latch");
		slot.adapter = slot_number(v, name, "adapter");
		*vec_push(v->a, &v->m->slots) = slot;
	}
}

void inventory_firmware(struct inventory *v)
{
	read_nodes(v);
	read_slots(v);
}

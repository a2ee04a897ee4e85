/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "core/vm-part.h"

/* pve: $MAX_HOSTPCI_DEVICES of PVE/QemuServer/PCI.pm */
#define PROXMOX_HOSTPCI_MAX 16u

/* "0000:01:00", "0000:01:00.0" or "0000:01:00.0;0000:01:00.2", and the options. */
static char *hostpci_value(struct arena *a, const struct slot *s, bool q35)
{
	const char *romfile = NULL;
	char bdf[BDF_SIZE];
	char *ids = NULL;
	bool x_vga = false;

	for (const struct vm_device *d = s->dev; d < s->dev + s->n; d++) {
		bdf_format(d->fn->bdf, bdf);
		if (d->whole_slot)
			*strrchr(bdf, '.') = '\0';
		if (!ids || !d->whole_slot)
			ids = arena_printf(a, "%s%s%s", ids ? ids : "", ids ? ";" : "",
					   bdf);
		x_vga |= d->primary_gpu;
		romfile = d->romfile ? d->romfile : romfile;
	}
	return arena_printf(a, "%s%s%s%s%s", ids, s->dev->pcie && q35 ? ",pcie=1" : "",
			    x_vga ? ",x-vga=1" : "", romfile ? ",romfile=" : "",
			    romfile ? romfile : "");
}

char *vm_write_proxmox(const struct vm_model *v, struct arena *a, unsigned vmid)
{
	const char *id = vmid ? arena_printf(a, "%u", vmid) : "VMID";
	const char *bios = v->ovmf ? "ovmf" : "seabios";
	struct out o = { .arena = a };
	struct slot s = { 0 };
	unsigned n = 0;

	out_put(&o, "# /etc/pve/qemu-server/%s.conf", id);
	vec_foreach(w, &v->why)
		out_put(&o, "# %s", *w);
	out_put_romfiles(&o, v, "/usr/share/kvm");
	out_put(&o, "bios: %s", bios);
	out_put(&o, "cpu: host");
	while (slot_next(v, &s)) {
		if (n == PROXMOX_HOSTPCI_MAX)
			out_put(&o,
				"# Proxmox takes %u devices a VM; the next is one more:",
				PROXMOX_HOSTPCI_MAX);
		out_put(&o, "%shostpci%u: %s", n < PROXMOX_HOSTPCI_MAX ? "" : "# ", n,
			hostpci_value(a, &s, true));
		n++;
	}
	out_put(&o, "machine: q35");
	out_put(&o, "# The same by commands:");
	out_put(&o, "#   qm set %s --machine q35 --bios %s --cpu host", id, bios);
	s = (struct slot){ 0 };
	n = 0;
	while (slot_next(v, &s))
		out_put(&o, "#   qm set %s --hostpci%u '%s'", id, n++,
			hostpci_value(a, &s, true));
	if (v->ovmf) {
		out_put(&o, "# OVMF keeps its settings on a disk; STORAGE is the name of "
			    "yours:");
		out_put(&o,
			"#   qm set %s --efidisk0 "
			"STORAGE:1,efitype=4m,pre-enrolled-keys=0",
			id);
	}
	return out_text(&o);
}

/* What the main section of a VM's configuration says that matters here. */
struct conf {
	const char *machine, *bios; /* NULL: not there */
	const char *hostpci[PROXMOX_HOSTPCI_MAX];
	bool pending[PROXMOX_HOSTPCI_MAX]; /* asked for in [PENDING]: not free either */
	size_t end;                        /* offset behind the section's last line */
};

static void conf_line(struct conf *c, struct arena *a, const char *line, size_t len,
		      bool main_section)
{
	const char *colon = memchr(line, ':', len), *number;
	unsigned n = 0;
	char *key, *value, *rest;

	if (!colon)
		return;
	key = arena_strndup(a, line, (size_t)(colon - line));
	value = arena_strndup(a, colon + 1, len - (size_t)(colon + 1 - line));
	value += strspn(value, " \t");
	number = after_prefix(key, "hostpci");
	if (number && *number >= '0' && *number <= '9') {
		n = (unsigned)strtoul(number, &rest, 10);
		if (*rest || n >= PROXMOX_HOSTPCI_MAX || (*number == '0' && number[1]))
			return;
		if (main_section)
			c->hostpci[n] = value;
		else
			c->pending[n] = true;
	} else if (main_section && streq(key, "machine")) {
		c->machine = value;
	} else if (main_section && streq(key, "bios")) {
		c->bios = value;
	}
}

/* As pve's parse_vm_config: later lines win, '#' is a comment, '[' starts a section. */
static void conf_read(struct conf *c, struct arena *a, const char *text)
{
	enum { MAIN, PENDING, OTHER } section = MAIN;

	for (const char *line = text, *next; *line; line = next) {
		size_t len = strcspn(line, "\r\n");

		next = strchrnul(line, '\n');
		next += *next == '\n';
		if (*line == '[')
			section = after_prefix(line, "[PENDING]") ? PENDING : OTHER;
		else if (section != OTHER && *line != '#')
			conf_line(c, a, line, len, section == MAIN);
		if (section == MAIN && len)
			c->end = (size_t)(next - text);
	}
}

/* Does one id of a hostpci value, of @len characters, mean @b? */
static bool id_means(const char *id, size_t len, struct bdf b)
{
	char text[BDF_SIZE + 2];
	struct bdf got;

	if (len >= BDF_SIZE)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)len, id);
	if (bdf_parse(text, &got) == (int)len)
		return bdf_cmp(got, b) == 0;
	snprintf(text, sizeof(text), "%.*s.0", (int)len, id);
	return bdf_parse(text, &got) == (int)len + 2 && bdf_same_slot(got, b);
}

/* "0000:01:00.0;01:00.1,pcie=1" or "pcie=1,host=01:00" */
static bool value_has(const char *value, struct bdf b)
{
	for (size_t len; *value; value += len + (value[len] == ',')) {
		const char *ids = after_prefix(value, "host=");

		len = strcspn(value, ",");
		ids = ids ? ids : value;
		for (size_t n; ids < value + len; ids += n + 1) {
			n = strcspn(ids, ";, \t");
			if (id_means(ids, n, b))
				return true;
		}
	}
	return false;
}

static bool conf_has(const struct conf *c, struct bdf b)
{
	for (unsigned n = 0; n < PROXMOX_HOSTPCI_MAX; n++)
		if (c->hostpci[n] && value_has(c->hostpci[n], b))
			return true;
	return false;
}

/* The functions of a slot that @c lacks; all functions are no more than its slot. */
static struct slot lacking(const struct conf *c, struct arena *a, const struct slot *s)
{
	struct vm_device *dev = arena_alloc(a, s->n * sizeof(*dev));
	struct slot ret = { .dev = dev };

	for (size_t i = 0; i < s->n; i++)
		if (!conf_has(c, s->dev[i].fn->bdf))
			dev[ret.n++] = s->dev[i];
	for (size_t i = 0; i < ret.n; i++)
		dev[i].whole_slot &= ret.n == s->n;
	return ret;
}

char *vm_merge_proxmox(const struct vm_model *v, struct arena *a, const char *text)
{
	struct out o = { .arena = a };
	struct conf c = { 0 };
	struct slot s = { 0 };
	unsigned n = 0;

	conf_read(&c, a, text);
	while (slot_next(v, &s)) {
		struct slot new = lacking(&c, a, &s);

		if (!new.n)
			continue;
		while (n < PROXMOX_HOSTPCI_MAX && (c.hostpci[n] || c.pending[n]))
			n++;
		if (n == PROXMOX_HOSTPCI_MAX)
			return NULL;
		/* pve refuses pcie=1 on another machine type than q35. */
		out_put(&o, "hostpci%u: %s", n++,
			hostpci_value(a, &new, !c.machine || strstr(c.machine, "q35")));
	}
	if (!o.lines.n)
		return arena_strdup(a, text);
	if (!c.bios)
		out_put(&o, "bios: %s", v->ovmf ? "ovmf" : "seabios");
	if (!c.machine)
		out_put(&o, "machine: q35");
	return arena_printf(a, "%.*s%s%s%s", (int)c.end, text,
			    c.end && text[c.end - 1] != '\n' ? "\n" : "", out_text(&o),
			    text + c.end);
}

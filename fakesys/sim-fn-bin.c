/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <pci/header.h>

#include "fakesys/config.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-power.h"

#define STANDARD_HEADER 64

static ssize_t copy_from(struct blob b, char *buf, size_t len, uint64_t off)
{
	if (off >= b.len)
		return 0;
	if (len > b.len - off)
		len = b.len - off;
	memcpy(buf, b.data + off, len);
	return (ssize_t)len;
}

static void put_le(uint8_t *p, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Of a function nobody read the registers of: what its ids say, as an unprivileged reader
 * would see it. */
static struct blob made_up_header(const struct pci_fn *fn,
				  uint8_t buf[static STANDARD_HEADER])
{
	memset(buf, 0, STANDARD_HEADER);
	/* SR-IOV specification 3.4.1: a virtual function has no ids of its own there. */
	put_le(buf + PCI_VENDOR_ID, fn->is_vf ? 0xffff : fn->id.vendor, 2);
	put_le(buf + PCI_DEVICE_ID, fn->is_vf ? 0xffff : fn->id.device, 2);
	buf[PCI_REVISION_ID] = fn->revision;
	put_le(buf + PCI_CLASS_PROG, fn->id.class, 3);
	put_le(buf + PCI_SUBSYSTEM_VENDOR_ID, fn->id.subvendor, 2);
	put_le(buf + PCI_SUBSYSTEM_ID, fn->id.subdevice, 2);
	return (struct blob){ buf, STANDARD_HEADER };
}

static uint64_t config_size(const struct sim *s, const struct node *dir,
			    const struct attr *a)
{
	(void)a;
	return node_fn(s, dir)->config_size;
}

static ssize_t config_read(struct sim *s, const struct node *dir, const struct attr *a,
			   char *buf, size_t len, uint64_t off)
{
	uint8_t header[STANDARD_HEADER];
	size_t have = config_now(s, dir->i).len;

	(void)a;
	if (!have)
		return copy_from(made_up_header(node_fn(s, dir), header), buf, len, off);
	if (off >= have)
		return 0;
	if (len > have - off)
		len = have - off;
	pm_touch(s, s->places[dir->i].parent); /* pci_config_pm_runtime_get() */
	config_copy(s, dir->i, (uint32_t)off, buf, len);
	return (ssize_t)len;
}

static ssize_t config_store(struct sim *s, const struct node *dir, const struct attr *a,
			    const char *buf, size_t len, uint64_t off)
{
	(void)a;
	pm_touch(s, s->places[dir->i].parent);
	return config_write(s, dir->i, buf, len, (uint32_t)off);
}

/* pci-sysfs.c:pci_read_config: by the rights of whoever opened it. */
static uint64_t config_limit(const struct sim *s, const struct node *dir)
{
	unsigned type = cfg_u8(config_now(s, dir->i), PCI_HEADER_TYPE) & 0x7f;

	return type == PCI_HEADER_TYPE_CARDBUS ? 128 : STANDARD_HEADER;
}

const struct attr_bin fn_bin_config = {
	.size = config_size,
	.read = config_read,
	.write = config_store,
	.limit = config_limit,
};

static uint64_t resource_size(const struct sim *s, const struct node *dir,
			      const struct attr *a)
{
	const struct pci_resource *r = &node_fn(s, dir)->res[a->arg];

	return r->end - r->start + 1;
}

static bool is_port(const struct sim *s, const struct node *dir, const struct attr *a)
{
	return node_fn(s, dir)->res[a->arg].flags & IORESOURCE_IO;
}

/*
 * pci-sysfs.c:pci_resource_io. Memory has no read(2), only mmap(2). What registers lie
 * behind ports is the device's own affair: they read as ones, and take what is written.
 */
static ssize_t resource_read(struct sim *s, const struct node *dir, const struct attr *a,
			     char *buf, size_t len, uint64_t off)
{
	(void)off;
	if (!is_port(s, dir, a))
		return -EIO;
	if (len != 1 && len != 2 && len != 4)
		return -EINVAL;
	memset(buf, 0xff, len);
	return (ssize_t)len;
}

static ssize_t resource_write(struct sim *s, const struct node *dir, const struct attr *a,
			      const char *buf, size_t len, uint64_t off)
{
	(void)buf, (void)off;
	if (!is_port(s, dir, a))
		return -EIO;
	return len == 1 || len == 2 || len == 4 ? (ssize_t)len : -EINVAL;
}

const struct attr_bin fn_bin_resource = {
	.size = resource_size,
	.read = resource_read,
	.write = resource_write,
	.mapped = true,
};

static uint64_t rom_size(const struct sim *s, const struct node *dir,
			 const struct attr *a)
{
	const struct pci_fn *fn = node_fn(s, dir);
	const struct pci_resource *r = &fn->res[PCI_ROM_RESOURCE];

	(void)a;
	return r->end ? r->end - r->start + 1 : fn->rom.len;
}

/* pci-sysfs.c:pci_read_rom. */
static ssize_t rom_read(struct sim *s, const struct node *dir, const struct attr *a,
			char *buf, size_t len, uint64_t off)
{
	(void)a;
	if (!node_state(s, dir)->rom_enabled)
		return -EINVAL;
	return node_fn(s, dir)->rom.len ? copy_from(node_fn(s, dir)->rom, buf, len, off)
					: -EIO;
}

/* pci-sysfs.c:pci_write_rom: F1. */
static ssize_t rom_write(struct sim *s, const struct node *dir, const struct attr *a,
			 const char *buf, size_t len, uint64_t off)
{
	bool *enabled = &node_state(s, dir)->rom_enabled;
	int r = 0;

	(void)a;

	if (s->profile->rom_strict)
		r = store_bool(s->profile, buf, enabled);
	else
		*enabled = !(off == 0 && len == 2 && buf[0] == '0');
	return r < 0 ? r : (ssize_t)len;
}

const struct attr_bin fn_bin_rom = { .size = rom_size,
				     .read = rom_read,
				     .write = rom_write };

static uint64_t vpd_size(const struct sim *s, const struct node *dir,
			 const struct attr *a)
{
	(void)s, (void)dir, (void)a;
	return 0; /* found out by reading */
}

static ssize_t vpd_read(struct sim *s, const struct node *dir, const struct attr *a,
			char *buf, size_t len, uint64_t off)
{
	(void)s, (void)dir, (void)a, (void)buf, (void)len, (void)off;
	return -EIO; /* vpd.c: no data that could be read */
}

const struct attr_bin fn_bin_vpd = { .size = vpd_size, .read = vpd_read };

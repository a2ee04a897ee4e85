/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/config.h"
#include "fakesys/driver.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-irq.h"
#include "fakesys/sim-resource-size.h"

static ssize_t put_line(char *buf, const char *text)
{
	char *p = put_str(buf, text);

	*p++ = '\n';
	return p - buf;
}

static ssize_t put_number(char *buf, uint64_t v)
{
	char *p = put_dec(buf, v);

	*p++ = '\n';
	return p - buf;
}

/* As recorded, where the registers were not; 0: they tell. */
static ssize_t put_said(const struct sim *s, const struct node *dir, const struct attr *a,
			char *buf)
{
	const char *text = fn_said(node_fn(s, dir), a->name);

	return text ? snprintf(buf, SIM_PAGE, "%.256s\n", text) : 0;
}

ssize_t fn_show_modalias(struct sim *s, const struct node *dir, const struct attr *a,
			 char *buf)
{
	char text[PCI_MODALIAS_SIZE];

	(void)a;
	return put_line(buf, pci_modalias(&node_fn(s, dir)->id, text));
}

/* drivers/base/core.c:uevent_show, drivers/pci/pci-driver.c:pci_uevent. */
ssize_t fn_show_uevent(struct sim *s, const struct node *dir, const struct attr *a,
		       char *buf)
{
	const struct pci_fn *fn = node_fn(s, dir);
	const struct fn_state *st = node_state(s, dir);
	const struct sim_driver *drv = st->driver ? st->driver : st->leaving;
	const struct pci_ident *id = &fn->id;
	char bdf[BDF_SIZE], alias[PCI_MODALIAS_SIZE];

	(void)a;
	if (st->leaving && s->profile->uevent_device_lock)
		return -EINPROGRESS;
	return snprintf(
		buf, SIM_PAGE,
		"%s%s%sPCI_CLASS=%04X\nPCI_ID=%04X:%04X\nPCI_SUBSYS_ID=%04X:%04X\n"
		"PCI_SLOT_NAME=%s\nMODALIAS=%s\n",
		drv ? "DRIVER=" : "", drv ? drv->name : "", drv ? "\n" : "", id->class,
		id->vendor, id->device, id->subvendor, id->subdevice,
		bdf_format(fn->bdf, bdf), pci_modalias(id, alias));
}

#define NO_RESOURCE "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"

ssize_t fn_show_resource(struct sim *s, const struct node *dir, const struct attr *a,
			 char *buf)
{
	/* resource_show: the bridge windows follow if there is a bus behind it. */
	int n = s->places[dir->i].traits & FN_BRIDGE ? PCI_RESOURCES : PCI_RESOURCES - 4;
	char *p = buf;

	(void)a;
	for (int i = 0; i < n; i++) {
		const struct pci_resource *r = &fn_res(s, dir->i)[i];

		/* Most lines of most functions: worth not being computed. A window that
		 * passes nothing on has no flags, either (pbus_size_mem). */
		if (!(r->start | r->end | (i < RES_WINDOW ? r->flags : 0))) {
			p = put_str(p, NO_RESOURCE);
			continue;
		}
		p = put_hex(put_str(p, "0x"), r->start, 16);
		p = put_hex(put_str(p, " 0x"), r->end, 16);
		p = put_hex(put_str(p, " 0x"), r->flags, 16);
		*p++ = '\n';
	}
	return p - buf;
}

ssize_t fn_show_power_state(struct sim *s, const struct node *dir, const struct attr *a,
			    char *buf)
{
	(void)a;
	return put_line(buf, node_state(s, dir)->power);
}

/* pci-sysfs.c:irq_show: the first vector of MSI while there is one, else the line. */
ssize_t fn_show_irq(struct sim *s, const struct node *dir, const struct attr *a,
		    char buf[static SIM_PAGE])
{
	struct blob config = node_fn(s, dir)->config;
	uint32_t msi = cfg_find_cap(config, PCI_CAP_ID_MSI);
	bool was_msi =
		msi && (cfg_u16(config, msi + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE);

	(void)a;
	/* Of MSI-X it goes on to show the line. */
	if (was_msi && config_msi_on(s, dir->i) && irq_present(s, dir->i))
		return put_number(buf, irq_number(s, dir->i, 0));
	return put_number(buf, was_msi && !config_msi_on(s, dir->i)
				       ? cfg_u8(config, PCI_INTERRUPT_LINE)
				       : node_fn(s, dir)->irq);
}

ssize_t fn_show_numa(struct sim *s, const struct node *dir, const struct attr *a,
		     char *buf)
{
	(void)a;
	return snprintf(buf, SIM_PAGE, "%d\n", node_state(s, dir)->numa);
}

#define MAX_CPUS                                                                         \
	4096 /* CONFIG_NR_CPUS is 8192 in Debian; two hex pages are never shown */

/* %*pb: groups of 32 bits from the top, joined by commas. */
ssize_t fn_show_cpus(struct sim *s, const struct node *dir, const struct attr *a,
		     char *buf)
{
	unsigned cpus = s->m->cpus < MAX_CPUS ? s->m->cpus : MAX_CPUS;
	unsigned top = (cpus ? cpus : 1) - 1;
	char *p = buf;

	(void)dir, (void)a;
	for (int word = (int)(top / 32); word >= 0; word--) {
		unsigned in = word == (int)(top / 32) ? top % 32 + 1 : 32;
		uint32_t bits = in == 32 ? ~0u : (1u << in) - 1;

		p = put_hex(p, bits, (int)(in + 3) / 4);
		*p++ = word ? ',' : '\n';
	}
	return p - buf;
}

ssize_t fn_show_cpulist(struct sim *s, const struct node *dir, const struct attr *a,
			char *buf)
{
	unsigned cpus = s->m->cpus;

	(void)dir, (void)a;
	return cpus > 1 ? snprintf(buf, SIM_PAGE, "0-%u\n", cpus - 1)
			: put_line(buf, "0");
}

ssize_t fn_show_dma_bits(struct sim *s, const struct node *dir, const struct attr *a,
			 char *buf)
{
	(void)a;
	return put_number(buf, node_state(s, dir)->dma_bits);
}

ssize_t fn_show_enable(struct sim *s, const struct node *dir, const struct attr *a,
		       char *buf)
{
	(void)a;
	return put_number(buf, node_state(s, dir)->enable);
}

ssize_t fn_show_flag(struct sim *s, const struct node *dir, const struct attr *a,
		     char *buf)
{
	const struct fn_state *st = node_state(s, dir);
	const bool flags[] = {
		[FN_FLAG_PARITY] = st->broken_parity,
		[FN_FLAG_D3COLD] = st->d3cold_allowed,
		[FN_FLAG_SRIOV_AUTOPROBE] = !st->no_vf_autoprobe,
	};

	return put_number(buf, flags[a->arg]);
}

ssize_t fn_show_msi_bus(struct sim *s, const struct node *dir, const struct attr *a,
			char *buf)
{
	(void)a;
	return put_number(buf, !node_state(s, dir)->no_msi);
}

/* ari_enabled_show: of the bridge above, so 0 on a root bus. */
ssize_t fn_show_ari(struct sim *s, const struct node *dir, const struct attr *a,
		    char *buf)
{
	uint32_t up = s->places[dir->i].parent, pos = 0;
	struct blob config = { 0 };
	ssize_t n = put_said(s, dir, a, buf);

	if (n)
		return n;
	if (up != SIM_NONE) {
		config = config_now(s, up);
		pos = cfg_find_cap(config, PCI_CAP_ID_EXP);
	}
	if (pos)
		pos = cfg_u16(config, pos + PCI_EXP_DEVCTL2) & PCI_EXP_DEVCTL2_ARI;
	return put_number(buf, pos != 0);
}

ssize_t fn_show_override(struct sim *s, const struct node *dir, const struct attr *a,
			 char *buf)
{
	const char *override = node_state(s, dir)->override;

	(void)a;
	if (node_state(s, dir)->leaving && s->profile->override_device_lock)
		return -EINPROGRESS;
	return put_line(buf, override ? override : "(null)");
}

ssize_t fn_show_reset_method(struct sim *s, const struct node *dir, const struct attr *a,
			     char *buf)
{
	const char *resets = node_state(s, dir)->resets;

	(void)a;
	return *resets ? put_line(buf, resets) : 0;
}

ssize_t fn_show_boot_vga(struct sim *s, const struct node *dir, const struct attr *a,
			 char *buf)
{
	(void)a;
	return put_number(buf, node_fn(s, dir)->boot_vga);
}

ssize_t fn_show_bus_number(struct sim *s, const struct node *dir, const struct attr *a,
			   char *buf)
{
	return put_number(buf, cfg_u8(config_now(s, dir->i), (uint32_t)a->arg));
}

ssize_t fn_show_serial(struct sim *s, const struct node *dir, const struct attr *a,
		       char *buf)
{
	uint8_t serial[8];
	char *p = buf;
	ssize_t n = put_said(s, dir, a, buf);

	if (n)
		return n;
	if (!cfg_serial(config_now(s, dir->i), serial))
		return -EIO;
	for (int i = 0; i < 8; i++) {
		p = put_hex(p, serial[i], 2);
		*p++ = i < 7 ? '-' : '\n';
	}
	return p - buf;
}

/* drivers/pci/iov.c; a->arg is the register, 0 for numvfs and -1 for the MSI-X total. */
ssize_t fn_show_sriov(struct sim *s, const struct node *dir, const struct attr *a,
		      char *buf)
{
	struct blob config = config_now(s, dir->i);
	uint32_t pos = cfg_find_ext_cap(config, PCI_EXT_CAP_ID_SRIOV);
	ssize_t n = put_said(s, dir, a, buf);

	if (n)
		return n;
	if (a->arg <= 0)
		return put_number(buf, a->arg ? 0 : vfs_count(s, dir->i));
	if (a->arg == PCI_IOV_TOTALVF)
		return put_number(buf, node_fn(s, dir)->vfs_total);
	if (a->arg == PCI_IOV_DID)
		return snprintf(buf, SIM_PAGE, "%x\n",
				cfg_u16(config, pos + PCI_IOV_DID));
	return put_number(buf, cfg_u16(config, pos + (uint32_t)a->arg));
}

/* drivers/pci/pcie/aer.c: names of the error bits; nothing has gone wrong here yet. */
static const char aer_correctable[] =
	"RxErr\0BadTLP\0BadDLLP\0Rollover\0Timeout\0NonFatalErr\0"
	"CorrIntErr\0HeaderOF\0TOTAL_ERR_COR\0";
#define AER_UNCORRECTABLE                                                                \
	"Undefined\0DLP\0SDES\0TLP\0FCP\0CmpltTO\0CmpltAbrt\0UnxCmplt\0RxOF\0MalfTLP\0"  \
	"ECRC\0UnsupReq\0ACSViol\0UncorrIntErr\0BlockedTLP\0AtomicOpBlocked\0"           \
	"TLPBlockedErr\0PoisonTLPBlocked\0DMWrReqBlocked\0IDECheck\0MisIDETLP\0"         \
	"PCRC_CHECK\0TLPXlatBlocked\0"

ssize_t fn_show_aer(struct sim *s, const struct node *dir, const struct attr *a,
		    char *buf)
{
	static const char *const lists[] = {
		aer_correctable,
		AER_UNCORRECTABLE "TOTAL_ERR_FATAL\0",
		AER_UNCORRECTABLE "TOTAL_ERR_NONFATAL\0",
	};
	char *p = buf;

	(void)s, (void)dir;
	for (const char *name = lists[a->arg]; *name; name += strlen(name) + 1)
		p = put_str(put_str(p, name), " 0\n");
	return p - buf;
}

/*
 * drivers/pci/access.c:pcie_cap_has_lnkctl: only these have link registers; others read
 * 0.
 */
uint32_t fn_link_register(struct blob config, unsigned reg)
{
	static const unsigned with_link =
		1u << PCI_EXP_TYPE_ENDPOINT | 1u << PCI_EXP_TYPE_LEG_END |
		1u << PCI_EXP_TYPE_ROOT_PORT | 1u << PCI_EXP_TYPE_UPSTREAM |
		1u << PCI_EXP_TYPE_DOWNSTREAM | 1u << PCI_EXP_TYPE_PCI_BRIDGE |
		1u << PCI_EXP_TYPE_PCIE_BRIDGE;
	uint32_t pos = cfg_find_cap(config, PCI_CAP_ID_EXP);
	unsigned version = cfg_u16(config, pos + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_VERS;

	if (!pos || !(with_link >> cfg_pcie_type(config) & 1) ||
	    (reg == PCI_EXP_LNKCAP2 && version < 2) || pos + reg + 4 > config.len)
		return 0;
	return cfg_u32(config, pos + reg);
}

unsigned fn_link_speed_cap(struct blob config)
{
	uint32_t supported = fn_link_register(config, PCI_EXP_LNKCAP2);

	for (unsigned bit = 6; supported && bit >= 1; bit--)
		if (supported >> bit & 1)
			return bit;
	return fn_link_register(config, PCI_EXP_LNKCAP) & 0xf;
}

/* By the code in LNKCAP and LNKSTA (drivers/pci/probe.c:pcie_link_speed). */
static const char *const speeds[16] = {
	[1] = "2.5 GT/s PCIe",  [2] = "5.0 GT/s PCIe",  [3] = "8.0 GT/s PCIe",
	[4] = "16.0 GT/s PCIe", [5] = "32.0 GT/s PCIe", [6] = "64.0 GT/s PCIe",
};

ssize_t fn_show_link_speed(struct sim *s, const struct node *dir, const struct attr *a,
			   char *buf)
{
	struct blob config = config_now(s, dir->i);
	unsigned code = a->arg ? fn_link_speed_cap(config)
			       : fn_link_register(config, PCI_EXP_LNKCTL) >> 16 & 0xf;
	ssize_t n = put_said(s, dir, a, buf);

	if (n)
		return n;
	return put_line(buf, speeds[code] ? speeds[code] : "Unknown");
}

ssize_t fn_show_link_width(struct sim *s, const struct node *dir, const struct attr *a,
			   char *buf)
{
	struct blob config = config_now(s, dir->i);
	uint32_t v = fn_link_register(config, a->arg ? PCI_EXP_LNKCAP : PCI_EXP_LNKCTL);
	ssize_t n = put_said(s, dir, a, buf);

	if (n)
		return n;
	/* PCIE_LNK_WIDTH_UNKNOWN where there is no capability register. */
	if (a->arg)
		return put_number(buf, v ? (v & PCI_EXP_LNKCAP_WIDTH) >> 4 : 0xff);
	return put_number(buf, v >> 20 & 0x3f);
}

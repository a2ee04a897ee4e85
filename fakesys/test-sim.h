/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-sim - one small machine for the tests of the simulated kernel, and scripts of
 * stores and reads as rows. To be included by one test file each; needs cmocka's header
 * before it.
 *
 * The machine has the functions of kernel.md's reference guest that matter here: a boot
 * VGA, a PM-only network function on the root bus, a root port with a two-function
 * network card that is one group, a port with an SR-IOV NVMe, a conventional function
 * without a driver.
 */
#pragma once

#include <errno.h>
#include <pci/header.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/machine-json.h"
#include "fakesys/sim-internal.h"

#define DEV(bdf) "sys/bus/pci/devices/0000:" bdf "/"
#define DRV(name) "sys/bus/pci/drivers/" name "/"

static inline struct pci_fn *test_fn(struct machine *m, const char *bdf, unsigned vendor,
				     unsigned device, unsigned class, int group,
				     const char *driver)
{
	uint8_t *c = arena_alloc(m->arena, 4096);
	struct pci_fn *fn = vec_push(m->arena, &m->fns);

	assert_true(bdf_parse(bdf, &fn->bdf) > 0);
	c[PCI_VENDOR_ID] = (uint8_t)vendor;
	c[PCI_VENDOR_ID + 1] = (uint8_t)(vendor >> 8);
	c[PCI_DEVICE_ID] = (uint8_t)device;
	c[PCI_DEVICE_ID + 1] = (uint8_t)(device >> 8);
	c[PCI_CLASS_PROG] = (uint8_t) class;
	c[PCI_CLASS_DEVICE] = (uint8_t)(class >> 8);
	c[PCI_CLASS_DEVICE + 1] = (uint8_t)(class >> 16);
	fn->config = (struct blob){ c, 256 };
	fn->config_size = 256;
	fn->group = group;
	fn->driver = driver;
	fn->numa = -1;
	fn->irq = 11;
	fn->reset = "";
	return fn;
}

/* The bytes of a function under construction. */
static inline uint8_t *test_cfg(struct pci_fn *fn)
{
	return (uint8_t *)(uintptr_t)fn->config.data;
}

static inline void test_pm(struct pci_fn *fn)
{
	uint8_t *c = test_cfg(fn);

	c[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	c[PCI_CAPABILITY_LIST] = 0xc8;
	c[0xc8] = PCI_CAP_ID_PM;
	c[0xc9] = 0;
	c[0xca] = 3;
	fn->reset = "pm";
}

static inline void test_bridge(struct pci_fn *fn, uint8_t secondary)
{
	uint8_t *c = test_cfg(fn);

	c[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
	c[PCI_PRIMARY_BUS] = fn->bdf.bus;
	c[PCI_SECONDARY_BUS] = c[PCI_SUBORDINATE_BUS] = secondary;
	c[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	c[PCI_CAPABILITY_LIST] = 0x40;
	c[0x40] = PCI_CAP_ID_EXP;
	c[0x42] = 2 | PCI_EXP_TYPE_ROOT_PORT << 4;
	/* x32 at 16 GT/s, now x1 at 2.5, and it reports changes of bandwidth */
	c[0x40 + PCI_EXP_LNKCAP] = 0x04;
	c[0x40 + PCI_EXP_LNKCAP + 1] = 0x02;
	c[0x40 + PCI_EXP_LNKCAP + 2] = 0x20;
	c[0x40 + PCI_EXP_LNKSTA] = 0x11;
}

static inline struct module *test_module(struct machine *m, struct kernel *k,
					 const char *name, const char *file,
					 const char *driver, const char *alias)
{
	struct module *mod = vec_push(m->arena, &k->modules);

	mod->name = name;
	mod->file = file;
	mod->driver = driver;
	if (alias)
		assert_int_equal(pci_id_parse_alias(alias, vec_push(m->arena, &mod->ids)),
				 0);
	if (file)
		*vec_push(m->arena, &m->loaded) = name;
	return mod;
}

static inline void test_file(struct machine *m, const char *path, const char *text)
{
	*vec_push(m->arena, &m->files) = (struct machine_file){
		.path = path,
		.mode = S_IFREG | (strncmp(path, "proc/", 5) ? 0644 : 0444),
		.mtime = strncmp(path, "proc/", 5) ? 1690000000 : 0,
		.data = { (const uint8_t *)text, strlen(text) },
	};
}

static inline void test_kernel(struct machine *m)
{
	struct kernel *k = vec_push(m->arena, &m->kernels);
	struct module *mod;

	m->release = k->release = "6.12.107+deb13-amd64";
	m->kernel_version = "#1 SMP PREEMPT_DYNAMIC Debian 6.12.107-1 (2026-01-01)";
	m->cmdline = "BOOT_IMAGE=/boot/vmlinuz-6.12.107+deb13-amd64 root=/dev/nvme0n1 ro "
		     "quiet";
	test_module(m, k, "pcieport", NULL, "pcieport", "pci:v*d*sv*sd*bc06sc04i00");
	test_module(m, k, "e1000e", "kernel/drivers/net/e1000e.ko.xz", "e1000e",
		    "pci:v00008086d000010D3sv*sd*bc*sc*i*");
	test_module(m, k, "irqbypass", "kernel/virt/lib/irqbypass.ko.xz", NULL, NULL);
	test_module(m, k, "nvme", "kernel/drivers/nvme/host/nvme.ko.xz", "nvme",
		    "pci:v*d*sv*sd*bc01sc08i02");
	test_module(m, k, "pci_stub", "kernel/drivers/pci/pci-stub.ko.xz", "pci-stub",
		    NULL);
	test_module(m, k, "vfio", "kernel/drivers/vfio/vfio.ko.xz", NULL, NULL);
	mod = test_module(m, k, "vfio_iommu_type1",
			  "kernel/drivers/vfio/vfio_iommu_type1.ko.xz", NULL, NULL);
	*vec_push(m->arena, &mod->depends) = "vfio";
	mod = test_module(m, k, "vfio_pci", "kernel/drivers/vfio/pci/vfio-pci.ko.xz",
			  "vfio-pci", "vfio_pci:v*d*sv*sd*bc*sc*i*");
	*vec_push(m->arena, &mod->depends) = "vfio";
	*vec_push(m->arena, &mod->depends) = "irqbypass";
	k->initramfs.path = "boot/initrd.img-6.12.107+deb13-amd64";
	k->initramfs.mtime = 1690000500;
	*vec_push(m->arena, &k->initramfs.modules) = "e1000e";
	*vec_push(m->arena, &k->initramfs.modules) = "nvme";
}

/* @iommu: on when it was recorded. */
static inline struct machine *test_machine(bool iommu)
{
	struct machine *m = machine_new();
	static const uint8_t rom[] = { 0x55, 0xaa, 1 };
	struct pci_fn *fn;
	struct err e;

	m->name = "test";
	m->about = "";
	m->source = "written for a test";
	m->cpu_vendor = "GenuineIntel";
	m->cpu_model = "Test CPU";
	*vec_push(m->arena, &m->cpu_flags) = "vmx";
	m->cpus = 4;
	m->efi = true;
	test_fn(m, "0000:00:00.0", 0x8086, 0x29c0, 0x060000, 0, NULL)->override = "none";
	fn = test_fn(m, "0000:00:02.0", 0x1234, 0x1111, 0x030000, 1, NULL);
	fn->boot_vga = true;
	fn->rom = (struct blob){ rom, sizeof(rom) };
	fn->res[0] = (struct pci_resource){ 0xfb000000, 0xfbffffff, 0x42208 };
	fn->res[PCI_ROM_RESOURCE] =
		(struct pci_resource){ 0xfeb80000, 0xfeb8ffff, 0x46200 };
	fn = test_fn(m, "0000:00:03.0", 0x8086, 0x10d3, 0x020000, 2, "e1000e");
	test_pm(fn);
	fn->res[0] = (struct pci_resource){ 0xfeb40000, 0xfeb5ffff, 0x40200 };
	fn->res[2] = (struct pci_resource){ 0x7140, 0x715f, 0x40101 };
	test_bridge(test_fn(m, "0000:00:04.0", 0x1b36, 0x000c, 0x060400, 3, "pcieport"),
		    1);
	test_bridge(test_fn(m, "0000:00:08.0", 0x1b36, 0x000c, 0x060400, 8, "pcieport"),
		    10);
	test_fn(m, "0000:00:09.0", 0x1234, 0x11e8, 0x00ff00, 9, NULL);
	fn = test_fn(m, "0000:01:00.0", 0x8086, 0x10d3, 0x020000, 12, "e1000e");
	test_pm(fn);
	fn->reset = "pm bus";
	*vec_push(m->arena, &fn->children) =
		(struct child){ "net", "net/enp1s0f0", NULL, true };
	test_pm(test_fn(m, "0000:01:00.1", 0x8086, 0x10d3, 0x020000, 12, "e1000e"));
	fn = test_fn(m, "0000:0a:00.0", 0x1b36, 0x0010, 0x010802, 18, "nvme");
	fn->config_size = 4096;
	fn->config.len = 4096;
	memcpy(test_cfg(fn) + 0x100, "\x10\x00\x01\x00", 4); /* SR-IOV */
	test_cfg(fn)[0x100 + PCI_IOV_CTRL] = PCI_IOV_CTRL_VFE | PCI_IOV_CTRL_MSE;
	memcpy(test_cfg(fn) + 0x10e, "\x04\x00\x01\x00", 4); /* TotalVFs 4, NumVFs 1 */
	memcpy(test_cfg(fn) + 0x114, "\x01\x00\x01\x00", 4); /* offset, stride */
	memcpy(test_cfg(fn) + 0x11a, "\x10\x00", 2);         /* VF device id */
	fn->vfs_total = 4;
	fn->vfs_now = 1;
	*vec_push(m->arena, &fn->children) =
		(struct child){ "block", "nvme/nvme0/nvme0n1", "259:0", false };
	*vec_push(m->arena, &fn->children) =
		(struct child){ "block", "nvme/nvme0/nvme0n1/nvme0n1p1", "259:1", false };
	*vec_push(m->arena, &fn->children) =
		(struct child){ "nvme", "nvme/nvme0", "240:0", false };
	fn = test_fn(m, "0000:0a:00.1", 0xffff, 0xffff, 0x010802, 19, NULL);
	fn->is_vf = true;
	fn->physfn = m->fns.v[m->fns.n - 2].bdf;
	if (iommu) {
		*vec_push(m->arena, &m->units) = (struct iommu_unit){ "dmar0", "intel" };
		for (size_t i = 0; i < m->fns.n; i++)
			if (!i || m->fns.v[i].group != m->fns.v[i - 1].group)
				*vec_push(m->arena, &m->groups) = (struct iommu_group){
					m->fns.v[i].group, "DMA-FQ",
					"0x00000000fee00000 0x00000000feefffff msi\n"
				};
		m->interrupt_remapping = true;
	}
	for (size_t i = 0; !iommu && i < m->fns.n; i++)
		m->fns.v[i].group = GROUP_NONE;
	*vec_push(m->arena, &m->firmware_nodes) =
		(struct firmware_node){ "0000:00:09.0",
					"LNXSYSTM:00/PNP0A08:00/device:09" };
	*vec_push(m->arena, &m->firmware_nodes) =
		(struct firmware_node){ "0000:01:00.0",
					"LNXSYSTM:00/PNP0A08:00/device:0a" };
	*vec_push(m->arena, &m->firmware_nodes) =
		(struct firmware_node){ "pci0000:00", "LNXSYSTM:00/PNP0A08:00" };
	*vec_push(m->arena, &m->stacked) =
		(struct stacked){ .class = "block", .name = "dm-0", .dev = "254:0" };
	*vec_push(m->arena, &m->stacked.v[0].lower) = "nvme0n1p1";
	*vec_push(m->arena, &m->stacked) =
		(struct stacked){ .class = "net", .name = "vmbr0" };
	*vec_push(m->arena, &m->stacked.v[1].lower) = "enp1s0f0";
	test_file(m, "etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
	test_file(m, "proc/fb", "0 EFI VGA\n");
	test_file(m, "proc/self/mountinfo", "22 1 259:0 / / rw - ext4 /dev/nvme0n1 rw\n");
	*vec_push(m->arena, &m->klog) = "Linux version 6.12.107+deb13-amd64 (test)";
	*vec_push(m->arena, &m->klog) = "DMAR: Host address width 39";
	if (iommu)
		*vec_push(m->arena, &m->klog) =
			"DMAR-IR: Enabled IRQ remapping in xapic mode";
	test_kernel(m);
	assert_int_equal(machine_finish(m, &e), 0);
	return m;
}

/* --- scripts --- */

enum test_op {
	STORE,  /* one write(2) of text: ret */
	READ,   /* text is all of it, or ret an error */
	HAS,    /* text is part of it */
	LINK,   /* text is the link's target; NULL: there is no such name */
	CLAIM,  /* of group ret; text: NULL or the name of the errno expected */
	GIVE,   /* back group ret */
	UNLOAD, /* the module path: ret */
	LOG,    /* some line of the kernel log contains text; ret 1: none does */
};

struct test_step {
	enum test_op op;
	const char *path, *text;
	ssize_t ret;
};

#define TEST_STEPS 17
struct test_script {
	const char *name;
	const char *profile; /* NULL: 6.12.107 */
	const char *fixture; /* NULL: test_machine() */
	bool no_iommu, no_remapping;
	void (*change)(struct machine *m); /* NULL: the machine as it is */
	struct test_step steps[TEST_STEPS];
};

/* Stores as a person types them; W_FAIL with the errno that write(2) gives. */
#define W(p, t)                                                                          \
	{                                                                                \
		STORE, p, t, sizeof(t) - 1                                               \
	}
#define W_FAIL(p, t, e)                                                                  \
	{                                                                                \
		STORE, p, t, -(e)                                                        \
	}
#define IS(p, t)                                                                         \
	{                                                                                \
		READ, p, t, 0                                                            \
	}
#define FAILS(p, e)                                                                      \
	{                                                                                \
		READ, p, NULL, -(e)                                                      \
	}
#define DRIVER(bdf, d)                                                                   \
	{                                                                                \
		LINK, DEV(bdf) "driver", d                                               \
	}
#define LOGGED(t)                                                                        \
	{                                                                                \
		LOG, NULL, t, 0                                                          \
	}
#define SILENT(t)                                                                        \
	{                                                                                \
		LOG, NULL, t, 1                                                          \
	}

static inline void test_log(const struct host *h, const struct test_step *st)
{
	char *text;
	bool found;

	assert_int_equal(h->ops->klog(h->ctx, &text), 0);
	found = strstr(text, st->text);
	free(text);
	if (found == (st->ret != 0))
		fail_msg("kernel log %s \"%s\"", found ? "has" : "lacks", st->text);
}

static inline void test_run_step(struct sim *s, const struct test_step *st)
{
	struct host h = sim_host(s);
	char buf[8192];
	ssize_t n;

	switch (st->op) {
	case STORE:
		/* The text may hold NULs; its length is in the row where that is told
		 * apart. */
		n = sim_store(s, st->path, st->text,
			      st->ret > 0 ? (size_t)st->ret : strlen(st->text));
		if (n != st->ret)
			fail_msg("store to %s: %zd, expected %zd", st->path, n, st->ret);
		return;
	case READ:
	case HAS:
		n = h.ops->read(h.ctx, st->path, buf, sizeof(buf) - 1, 0);
		buf[n > 0 ? n : 0] = '\0';
		if (st->ret < 0 ? n != st->ret
				: n < 0 || !(st->op == HAS ? !!strstr(buf, st->text)
							   : streq(buf, st->text)))
			fail_msg("%s: %zd \"%s\", expected %zd \"%s\"", st->path, n, buf,
				 st->ret, st->text ? st->text : "");
		return;
	case LINK:
		n = h.ops->readlink(h.ctx, st->path, buf, sizeof(buf));
		if (st->text ? n < 0 || !streq(path_name(buf), st->text) : n != -ENOENT)
			fail_msg("%s -> %s (%zd), expected %s", st->path,
				 n < 0 ? "" : buf, n, st->text ? st->text : "nothing");
		return;
	case CLAIM:
		assert_int_equal(sim_claim_group(s, (int)st->ret),
				 st->text ? -atoi(st->text) : 0);
		return;
	case GIVE:
		assert_int_equal(sim_release_group(s, (int)st->ret), 0);
		return;
	case UNLOAD:
		assert_int_equal(sim_unload_module(s, st->path), st->ret);
		return;
	case LOG:
		test_log(&h, st);
		return;
	}
}

static inline struct machine *test_fixture(const char *name)
{
	char path[512];
	struct machine *m;
	struct err e;

	snprintf(path, sizeof(path), "%s/%s.json", getenv("PCIPASS_FIXTURES"), name);
	if (machine_load(path, &m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

static inline void test_script_run(void **state)
{
	const struct test_script *t = *state;
	struct machine *m =
		t->fixture ? test_fixture(t->fixture) : test_machine(!t->no_iommu);
	struct sim *s;
	struct err e;

	m->interrupt_remapping &= !t->no_remapping;
	if (t->change)
		t->change(m);
	assert_int_equal(
		sim_new(m, profile_find(t->profile ? t->profile : "6.12.107"), &s, &e),
		0);
	for (size_t i = 0; i < TEST_STEPS && (t->steps[i].path || t->steps[i].op); i++)
		test_run_step(s, &t->steps[i]);
	sim_free(s);
	machine_free(m);
}

#define TEST_ROWS(rows, tests)                                                           \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(rows); i_++)                                 \
		(tests)[i_] = (struct CMUnitTest)                                        \
		{                                                                        \
			.name = (rows)[i_].name, .test_func = test_script_run,           \
			.initial_state = &(rows)[i_]                                     \
		}

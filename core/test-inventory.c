/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "core/host-listing.h"
#include "core/inventory.h"

/* One node of a tree: a link if it has a target, else a file. */
struct item {
	const char *path;
	const char *text; /* NULL: `error` says why not */
	const char *target;
	size_t len;        /* of text, if it has NULs */
	const char *error; /* "open=EACCES" */
};

#define ALL(s) s, .len = sizeof(s) - 1

/*
 * A small machine as the kernel would show it: host bridge, root port, a graphics card
 * with its audio, an NVMe disk and a network card with one virtual function.
 */
#define HOST "pci0000:00/0000:00:00.0"
#define PORT "pci0000:00/0000:00:01.0"
#define GPU PORT "/0000:01:00.0"
#define AUDIO PORT "/0000:01:00.1"
#define DISK "pci0000:00/0000:02:00.0"
#define NIC "pci0000:00/0000:03:00.0"
#define VF "pci0000:00/0000:03:10.0"

#define DEV(path, bdf)                                                                   \
	{                                                                                \
		"sys/bus/pci/devices/" bdf, .target = "../../../devices/" path           \
	}
#define DRIVER(path, name)                                                               \
	{                                                                                \
		"sys/devices/" path "/driver",                                           \
			.target = "../../../bus/pci/drivers/" name                       \
	}
#define GROUP(path, id)                                                                  \
	{                                                                                \
		"sys/devices/" path "/iommu_group",                                      \
			.target = "../../../kernel/iommu_groups/" id                     \
	}
#define CLASS(class, name, path)                                                         \
	{                                                                                \
		"sys/class/" class "/" name, .target = "../../devices/" path             \
	}
#define EFI "sys/firmware/efi/efivars/"
#define MODS "lib/modules/6.1.0-49-amd64/"

static const struct item base[] = {
	/* clang-format off */
	DEV(HOST, "0000:00:00.0"), DEV(PORT, "0000:00:01.0"), DEV(GPU, "0000:01:00.0"),
	DEV(AUDIO, "0000:01:00.1"), DEV(DISK, "0000:02:00.0"), DEV(NIC, "0000:03:00.0"),
	DEV(VF, "0000:03:10.0"),
	DRIVER(HOST, "skl_uncore"), DRIVER(PORT, "pcieport"), DRIVER(GPU, "nouveau"),
	DRIVER(DISK, "nvme"), DRIVER(NIC, "igb"),
	GROUP(HOST, "0"), GROUP(PORT, "1"), GROUP(GPU, "2"), GROUP(AUDIO, "2"),
	GROUP(DISK, "12"), GROUP(NIC, "4"), GROUP(VF, "5"),
	{ "sys/devices/" VF "/physfn", .target = "../0000:03:00.0" },
	{ "sys/devices/" VF "/device", "0x1520\n" },
	{ "sys/devices/" GPU "/boot_vga", "1\n" },
	{ "sys/devices/" GPU "/reset_method", "flr bus\n" },
	{ "sys/devices/" GPU "/irq", "16\n" },
	{ "sys/devices/" GPU "/numa_node", "1\n" },
	{ "sys/devices/" GPU "/resource",
	  "0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n"
	  "0x00000000e0000000 0x00000000efffffff 0x000000000014220c\n" },
	{ "sys/devices/" AUDIO "/reset", .error = "open=EACCES" },
	{ "sys/devices/" AUDIO "/driver_override", "vfio-pci\n" },
	{ "sys/devices/" DISK "/driver_override", "(null)\n" },
	{ "sys/devices/" NIC "/sriov_totalvfs", "7\n" },
	{ "sys/devices/" NIC "/sriov_numvfs", "1\n" },
	{ "sys/bus/pci/drivers/nouveau/module", .target = "../../../../module/nouveau" },
	{ "sys/bus/pci/drivers/igb/module", .target = "../../../../module/igb" },
	{ "sys/kernel/iommu_groups/2/type", "DMA-FQ\n" },
	{ "sys/kernel/iommu_groups/2/reserved_regions",
	  "0x00000000fee00000 0x00000000feefffff msi\n" },
	{ "sys/kernel/iommu_groups/12/type", "identity\n" },
	CLASS("iommu", "dmar0", "virtual/iommu/dmar0"),
	CLASS("iommu", "ivhd0", "pci0000:00/0000:00:00.2/iommu/ivhd0"),
	CLASS("iommu", "0000:00:05.0", "pci0000:00/0000:00:05.0/virtio1/iommu/0000:00:05.0"),
	CLASS("block", "nvme0n1", DISK "/nvme/nvme0/nvme0n1"),
	CLASS("block", "nvme0n1p2", DISK "/nvme/nvme0/nvme0n1/nvme0n1p2"),
	{ "sys/devices/" DISK "/nvme/nvme0/nvme0n1/dev", "259:0\n" },
	{ "sys/devices/" DISK "/nvme/nvme0/nvme0n1/nvme0n1p2/dev", "259:2\n" },
	CLASS("block", "dm-0", "virtual/block/dm-0"),
	{ "sys/devices/virtual/block/dm-0/dev", "254:0\n" },
	{ "sys/devices/virtual/block/dm-0/slaves/nvme0n1p2", .target = "../x" },
	CLASS("block", "md0", "virtual/block/md0"),
	CLASS("block", "md0p1", "virtual/block/md0/md0p1"),
	CLASS("block", "loop0", "virtual/block/loop0"),
	CLASS("block", "nvme1n1", "virtual/nvme-subsystem/nvme-subsys1/nvme1n1"),
	CLASS("block", "nvme1c3n1", AUDIO "/nvme/nvme3/nvme1c3n1"),
	CLASS("block", "nvme1c3n2", AUDIO "/nvme/nvme3/nvme1c3n2"),
	CLASS("net", "enp3s0", NIC "/net/enp3s0"),
	{ "sys/devices/" NIC "/net/enp3s0/operstate", "up\n" },
	CLASS("net", "vmbr0", "virtual/net/vmbr0"),
	{ "sys/devices/virtual/net/vmbr0/lower_enp3s0", .target = "../../x" },
	{ "sys/devices/virtual/net/vmbr0/address", "02:00:00:00:00:01\n" },
	CLASS("drm", "card0", GPU "/drm/card0"),
	CLASS("drm", "card0-HDMI-A-1", GPU "/drm/card0/card0-HDMI-A-1"),
	{ "sys/devices/" GPU "/drm/card0/card0-HDMI-A-1/status", "connected\n" },
	CLASS("input", "event3",
	      HOST "/usb1/1-4/1-4:1.0/0003:046D:C31C.0001/input/input5/event3"),
	CLASS("mem", "null", "virtual/mem/null"),
	CLASS("tty", "ttyS0", "pnp0/00:01/00:01:0/00:01:0.0/tty/ttyS0"),
	{ "proc/cpuinfo",
	  "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: A CPU @ 3GHz\n"
	  "flags\t\t: fpu vmx vmxx hypervisor\n\nprocessor\t: 1\nvendor_id\t: x\n" },
	{ "proc/sys/kernel/osrelease", "6.1.0-49-amd64\n" },
	{ "proc/sys/kernel/version", "#1 SMP Debian\n" },
	{ "proc/cmdline", "root=/dev/dm-0 quiet\n" },
	{ "proc/modules", "nouveau 1 0 - Live 0x0\nigb 2 1 dca, Live 0x0\n" },
	{ "sys/firmware/acpi/tables/DMAR", "DMAR" },
	{ EFI "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", ALL("\6\0\0\0\1") },
	{ EFI "LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
	  ALL("\6\0\0\0s\0d\0-\0b\0\0\0") },
	{ "boot/grub/grubenv", "saved_entry=1\n" },
	{ "proc/net/ipv6_route",
	  "20010db8000000000000000000000001 80 00000000000000000000000000000000 00 x\n"
	  "00000000000000000000000000000000 00 00000000000000000000000000000000 00 y\n"
	  "00000000000000000000000000000000 01 00000000000000000000000000000000 00 z\n" },
	{ "etc/default/grub", "GRUB_CMDLINE_LINUX=\"\"\n" },
	{ "etc/modprobe.d/vfio.conf", "softdep nouveau pre: vfio-pci\nblacklist snd-pcsp\n" },
	{ "etc/modules", "# none\nkvm\n" },
	{ "lib", .target = "usr/lib" },
	{ "usr/lib/modprobe.d/off.conf", .target = "/dev/null" },
	{ "boot/vmlinuz-6.1.0-49-amd64", "MZ" },
	{ "boot/config-6.1.0-49-amd64", "" },
	{ "boot/efi/loader/random-seed", "secret" },
	{ "etc/kernel/secure-boot-private-key.pem", "secret" },
	{ "etc/initramfs-tools/etc/dropbear/dropbear_rsa_host_key", "secret" },
	{ "etc/initramfs-tools/root/.ssh/authorized_keys", "secret" },
	{ "boot/efi/loader/loader.conf", "timeout 3\n" },
	{ "usr/" MODS "modules.builtin", "kernel/drivers/ata/ahci.ko\nkernel/fs/ext4.ko\n" },
	{ "usr/" MODS "modules.dep",
	  "kernel/drivers/gpu/nouveau.ko.xz: kernel/drivers/video/video.ko.xz\n"
	  "kernel/drivers/video/video.ko.xz:\n"
	  "kernel/drivers/nvme/nvme.ko:\n"
	  "kernel/drivers/net/igb.ko: kernel/drivers/dca/dca.ko\n"
	  "kernel/drivers/dca/dca.ko:\n"
	  "kernel/drivers/net/tg3.ko:\n"
	  "kernel/drivers/usb/xhci-pci.ko:\n"
	  "kernel/drivers/vfio/vfio.ko:\n"
	  "kernel/drivers/vfio/pci/vfio-pci.ko: kernel/drivers/vfio/vfio.ko\n"
	  "kernel/sound/snd-pcsp.ko:\n"
	  "kernel/virt/kvm.ko:\n"
	  "kernel/virt/helper.ko:\n" },
	{ "usr/" MODS "modules.alias",
	  "# Aliases extracted from modules themselves.\n"
	  "alias pci:v000010DEd*sv*sd*bc03sc*i* nouveau\n"
	  "alias pci:v00008086d00001521sv*sd*bc*sc*i* igb\n"
	  "alias pci:v00008086d00001520sv*sd*bc*sc*i* igb\n"
	  "alias pci:v000014E4d*sv*sd*bc*sc*i* tg3\n"
	  "alias pci:v*d*sv*sd*bc0Csc03i30* xhci_pci\n"
	  "alias pci:v*d*sv*sd*bc01sc08i02* nvme\n"
	  "alias usb:v* tg3\n"
	  "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n" },
	{ "usr/" MODS "modules.softdep", "softdep kvm post: helper\n" },
	{ "usr/" MODS "modules.builtin.modinfo",
	  ALL("ahci.license=GPL\0ahci.alias=pci:v*d*sv*sd*bc01sc06i01*\0"
	      "ext4.softdep=pre: crc32c\0") },
	/* clang-format on */
};

static const char boot_log[] =
	"[    0.000000] Linux version 6.1.0-49-amd64 (x@y)\n"
	"[    0.000000] BIOS-provided physical RAM map:\n"
	"[    0.004000] ACPI: DMAR 0x000000007FFE2A5D 000098 (v01 ...)\n"
	"[    0.123456][    T1] DMAR-IR: Enabled IRQ remapping in x2apic mode\n";

/* A configuration space of @len bytes; @sriov: with an SR-IOV capability at 0x100. */
static void put_config(FILE *f, const char *path, uint32_t ids, uint32_t class,
		       size_t len, bool sriov)
{
	uint8_t cfg[4096] = { 0 };

	for (int i = 0; i < 4; i++)
		cfg[i] = (uint8_t)(ids >> 8 * i);
	for (int i = 0; i < 3; i++)
		cfg[9 + i] = (uint8_t)(class >> 8 * i);
	cfg[14] = class == 0x060400 ? 1 : 0;
	if (sriov) {
		cfg[0x100] = 0x10; /* PCI_EXT_CAP_ID_SRIOV */
		cfg[0x102] = 0x01;
		cfg[0x11a] = 0x20; /* PCI_IOV_DID: 1520 */
		cfg[0x11b] = 0x15;
	}
	fprintf(f, "F /sys/devices/%s/config 644 sz=%d %zu:\"", path, sriov ? 4096 : 256,
		len);
	for (size_t i = 0; i < len; i++)
		fprintf(f, "\\x%02x", cfg[i]);
	fputs("\"\n", f);
}

static void put_item(FILE *f, const struct item *i)
{
	size_t len = i->text && !i->len ? strlen(i->text) : i->len;

	if (i->target) {
		fprintf(f, "L /%s -> %s sz=0\n", i->path, i->target);
		return;
	}
	if (!i->text) {
		fprintf(f, "F /%s 644 sz=4096 %s\n", i->path, i->error);
		return;
	}
	fprintf(f, "F /%s 644 sz=%zu %zu:\"", i->path, len, len);
	for (size_t k = 0; k < len; k++)
		fprintf(f, "\\x%02x", (uint8_t)i->text[k]);
	fputs("\"\n", f);
}

/* The listing with a kernel: a log, and stores that are written down. */
struct fake {
	struct host listing;
	const char *log; /* NULL: EPERM */
	char stores[64];
};

static ssize_t fake_read(void *ctx, const char *path, char *buf, size_t len, uint64_t off)
{
	const struct host *h = &((struct fake *)ctx)->listing;

	return h->ops->read(h->ctx, path, buf, len, off);
}

static ssize_t fake_readlink(void *ctx, const char *path, char *buf, size_t len)
{
	const struct host *h = &((struct fake *)ctx)->listing;

	return h->ops->readlink(h->ctx, path, buf, len);
}

static int fake_list(void *ctx, const char *path, host_list_fn *fn, void *arg)
{
	const struct host *h = &((struct fake *)ctx)->listing;

	return h->ops->list(h->ctx, path, fn, arg);
}

static int fake_stat(void *ctx, const char *path, struct host_stat *ret)
{
	const struct host *h = &((struct fake *)ctx)->listing;

	return h->ops->stat(h->ctx, path, ret);
}

static int fake_klog(void *ctx, char **ret_text)
{
	const struct fake *f = ctx;

	if (!f->log)
		return -EPERM;
	*ret_text = strdup(f->log);
	return 0;
}

static int fake_store(void *ctx, const char *path, const char *buf, size_t len,
		      int deadline_ms)
{
	struct fake *f = ctx;
	size_t n = strlen(f->stores);

	(void)deadline_ms;
	snprintf(f->stores + n, sizeof(f->stores) - n, "%s=%.*s ", path_name(path),
		 (int)len, buf);
	return 0;
}

static const struct host_ops fake_ops = {
	.read = fake_read,
	.readlink = fake_readlink,
	.list = fake_list,
	.stat = fake_stat,
	.klog = fake_klog,
	.store = fake_store,
};

/* --- what a row looks at, as text --- */

typedef void show_fn(FILE *f, const struct machine *m);

static void show_functions(FILE *f, const struct machine *m)
{
	char bdf[BDF_SIZE], pf[BDF_SIZE];

	vec_foreach(fn, &m->fns) {
		fprintf(f, "%s %04x:%04x %06x", bdf_format(fn->bdf, bdf), fn->id.vendor,
			fn->id.device, fn->id.class);
		fprintf(f, " %s %s g%d %s irq%u numa%d%s", fn->driver ? fn->driver : "-",
			fn->override ? fn->override : "-", fn->group,
			fn->reset ? fn->reset : "?", fn->irq, fn->numa,
			fn->boot_vga ? " boot" : "");
		if (fn->is_vf)
			fprintf(f, " of %s", bdf_format(fn->physfn, pf));
		if (fn->vfs_total)
			fprintf(f, " vfs %u/%u", fn->vfs_now, fn->vfs_total);
		fputs("\n", f);
	}
}

/* How much is known of configuration space, and whether what computes groups is. */
static void show_for_groups(FILE *f, const struct machine *m)
{
	vec_foreach(fn, &m->fns)
		fprintf(f, "%zu/%u ", fn->config.len, fn->config_size);
	fprintf(f, "units %zu tables %zu%s%s%s%s", m->units.n, m->acpi.n,
		m->cmdline && *m->cmdline ? " cmdline" : "",
		m->release && *m->release ? " release" : "", m->klog.n ? " klog" : "",
		m->files.n ? " files" : "");
}

static void show_resources(FILE *f, const struct machine *m)
{
	vec_foreach(fn, &m->fns)
		for (size_t i = 0; i < PCI_RESOURCES; i++)
			if (fn->res[i].end)
				fprintf(f, "%zu %jx-%jx %jx\n", i,
					(uintmax_t)fn->res[i].start,
					(uintmax_t)fn->res[i].end,
					(uintmax_t)fn->res[i].flags);
}

static void show_children(FILE *f, const struct machine *m)
{
	char bdf[BDF_SIZE];

	vec_foreach(fn, &m->fns)
		vec_foreach(c, &fn->children)
			fprintf(f, "%s %s %s %s%s\n", bdf_format(fn->bdf, bdf), c->class,
				c->path, c->dev ? c->dev : "-", c->link_up ? " up" : "");
}

static void show_names(FILE *f, const strings *names)
{
	for (size_t i = 0; i < names->n; i++)
		fprintf(f, " %s", names->v[i]);
}

static void show_stacked(FILE *f, const struct machine *m)
{
	vec_foreach(s, &m->stacked) {
		fprintf(f, "%s %s %s:", s->class, s->name, s->dev ? s->dev : "-");
		show_names(f, &s->lower);
		fputs("\n", f);
	}
}

static void show_iommu(FILE *f, const struct machine *m)
{
	vec_foreach(u, &m->units)
		fprintf(f, "%s %s\n", u->name, u->kind);
	vec_foreach(g, &m->groups)
		fprintf(f, "%d %s %s", g->id, g->type, g->reserved ? g->reserved : "-\n");
	fprintf(f, "ir %d\n", m->interrupt_remapping);
}

static void show_platform(FILE *f, const struct machine *m)
{
	fprintf(f, "%s|%s|%u|", m->cpu_vendor, m->cpu_model, m->cpus);
	show_names(f, &m->cpu_flags);
	fprintf(f, "|efi %d %d %s|", m->efi, m->secure_boot,
		m->loader_info ? m->loader_info : "-");
	vec_foreach(t, &m->acpi)
		fprintf(f, "%s %zu|", t->name, t->data.len);
	fprintf(f, "%s|%s|%s|", m->release, m->kernel_version, m->cmdline);
	show_names(f, &m->loaded);
}

static void show_klog(FILE *f, const struct machine *m)
{
	for (size_t i = 0; i < m->klog.n; i++)
		fprintf(f, "%s\n", m->klog.v[i]);
}

static void show_files(FILE *f, const struct machine *m)
{
	vec_foreach(file, &m->files)
		fprintf(f, "%s%s%.*s %zu\n", file->path,
			S_ISLNK(file->mode) ? " -> " : "",
			S_ISLNK(file->mode) ? (int)file->data.len : 0, file->data.data,
			file->data.len);
}

static void show_modules(FILE *f, const struct machine *m)
{
	vec_foreach(k, &m->kernels)
		vec_foreach(mod, &k->modules) {
			fprintf(f, "%s %s %s %zu:", mod->name,
				mod->file ? path_name(mod->file) : "built-in",
				mod->driver ? mod->driver : "-", mod->ids.n);
			show_names(f, &mod->depends);
			fputs(mod->post.n ? " post" : "", f);
			show_names(f, &mod->post);
			fputs("\n", f);
		}
}

static void show_unknown(FILE *f, const struct machine *m)
{
	vec_foreach(u, &m->unknown)
		fprintf(f, "%s: %s\n", u->fact, u->why);
}

static void show_rom(FILE *f, const struct machine *m)
{
	vec_foreach(fn, &m->fns)
		if (fn->rom.len)
			fprintf(f, "rom %zu\n", fn->rom.len);
	show_unknown(f, m);
}

struct inventory_case {
	const char *name;
	show_fn *show;
	const char *want;
	struct item more[8]; /* in place of, or besides, what base has */
	unsigned parts;      /* 0: INV_FACTS */
	bool copied;         /* a tree without its kernel */
	bool short_config;   /* 64 bytes, as without root */
	bool no_groups;      /* the IOMMU is off */
	const char *log;     /* NULL: boot_log; "": EPERM */
	const char *stores;
};

static char *make_tree(const struct inventory_case *c)
{
	char *text = NULL;
	size_t size, len = c->short_config ? 64 : 256;
	FILE *f = open_memstream(&text, &size);

	put_config(f, HOST, 0x191f8086, 0x060000, len, false);
	put_config(f, PORT, 0x19018086, 0x060400, len, false);
	put_config(f, GPU, 0x1b8110de, 0x030000, len, false);
	put_config(f, AUDIO, 0x10f010de, 0x040300, len, false);
	put_config(f, DISK, 0xa808144d, 0x010802, len, false);
	put_config(f, NIC, 0x15218086, 0x020000, c->short_config ? 64 : 4096, true);
	put_config(f, VF, 0xffffffff, 0x020000, len, false);
	for (size_t i = 0; i < ARRAY_SIZE(base); i++)
		if (!c->no_groups || !strstr(base[i].path, "/iommu_group"))
			put_item(f, &base[i]);
	for (size_t i = 0; i < ARRAY_SIZE(c->more) && c->more[i].path; i++)
		put_item(f, &c->more[i]);
	fclose(f);
	return text;
}

static void test_inventory(void **state)
{
	const struct inventory_case *c = *state;
	char *tree = make_tree(c), *got = NULL;
	struct host_listing *l;
	struct fake fake = { .log = c->log ? c->log : boot_log };
	struct host h = { &fake_ops, &fake, !c->copied };
	struct machine *m = NULL;
	struct err e = { 0 };
	size_t size;
	FILE *f;

	assert_int_equal(host_listing_open(tree, "tree", &l, &e), 0);
	fake.listing = host_listing_get(l);
	if (!*fake.log)
		fake.log = NULL;
	assert_int_equal(inventory_read(&h, c->parts ? c->parts : INV_FACTS, &m, &e), 0);
	f = open_memstream(&got, &size);
	c->show(f, m);
	fclose(f);
	assert_string_equal(got, c->want);
	assert_string_equal(fake.stores, c->stores ? c->stores : "");
	free(got);
	free(tree);
	machine_free(m);
	host_listing_close(l);
}

static const struct inventory_case cases[] = {
	/* clang-format off */
	{ "functions", show_functions,
	  "0000:00:00.0 8086:191f 060000 skl_uncore - g0  irq0 numa-1\n"
	  "0000:00:01.0 8086:1901 060400 pcieport - g1  irq0 numa-1\n"
	  "0000:01:00.0 10de:1b81 030000 nouveau - g2 flr bus irq16 numa1 boot\n"
	  "0000:01:00.1 10de:10f0 040300 - vfio-pci g2 ? irq0 numa-1\n"
	  "0000:02:00.0 144d:a808 010802 nvme - g12  irq0 numa-1\n"
	  "0000:03:00.0 8086:1521 020000 igb - g4  irq0 numa-1 vfs 1/7\n"
	  "0000:03:10.0 8086:1520 020000 - - g5  irq0 numa-1 of 0000:03:00.0\n" },
	{ "only what a list needs", show_functions,
	  "0000:00:00.0 8086:191f 060000 skl_uncore - g0 ? irq0 numa-1\n"
	  "0000:00:01.0 8086:1901 060400 pcieport - g1 ? irq0 numa-1\n"
	  "0000:01:00.0 10de:1b81 030000 nouveau - g2 ? irq0 numa-1\n"
	  "0000:01:00.1 10de:10f0 040300 - - g2 ? irq0 numa-1\n"
	  "0000:02:00.0 144d:a808 010802 nvme - g12 ? irq0 numa-1\n"
	  "0000:03:00.0 8086:1521 020000 igb - g4 ? irq0 numa-1\n"
	  "0000:03:10.0 8086:1520 020000 - - g5 ? irq0 numa-1 of 0000:03:00.0\n",
	  .parts = INV_FUNCTIONS },
	{ "a list has no need to compute groups that are there", show_for_groups,
	  "64/256 64/256 64/256 64/256 64/256 64/256 64/256 units 3 tables 0",
	  .parts = INV_FUNCTIONS | INV_GROUPS },
	{ "where there are none it has all that takes", show_for_groups,
	  "256/256 256/256 256/256 256/256 256/256 4096/4096 256/256 units 3 tables 1 "
	  "cmdline release klog files",
	  .parts = INV_FUNCTIONS | INV_GROUPS, .no_groups = true },
	{ "without being asked it does not look", show_for_groups,
	  "64/256 64/256 64/256 64/256 64/256 64/256 64/256 units 0 tables 0",
	  .parts = INV_FUNCTIONS, .no_groups = true },
	{ "a function that fell off the bus", show_functions,
	  "0000:00:00.0 8086:191f 060000 skl_uncore - g0 ? irq0 numa-1\n"
	  "0000:00:01.0 8086:1901 060400 pcieport - g1 ? irq0 numa-1\n"
	  "0000:01:00.0 10de:1b81 030000 nouveau - g2 ? irq0 numa-1\n"
	  "0000:01:00.1 10de:10f0 040300 - - g2 ? irq0 numa-1\n"
	  "0000:02:00.0 144d:a808 010802 nvme - g12 ? irq0 numa-1\n"
	  "0000:03:00.0 8086:1521 020000 igb - g4 ? irq0 numa-1\n"
	  "0000:03:10.0 8086:1520 000000 - - g5 ? irq0 numa-1\n",
	  .more = { { "sys/devices/" VF "/physfn", "no link" },
		    { "sys/devices/" VF "/vendor", "0x8086\n" } },
	  .parts = INV_FUNCTIONS },
	{ "resources", show_resources,
	  "0 f6000000-f6ffffff 40200\n1 e0000000-efffffff 14220c\n" },
	{ "damaged resources", show_resources, "0 1-2 3\n",
	  .more = { { "sys/devices/" GPU "/resource", "0x1 0x2 0x3\n0x4 junk" } } },
	{ "children", show_children,
	  "0000:00:00.0 input usb1/1-4/1-4:1.0/0003:046D:C31C.0001/input/input5/event3 -\n"
	  "0000:01:00.0 drm drm/card0 -\n"
	  "0000:01:00.0 drm drm/card0/card0-HDMI-A-1 - up\n"
	  "0000:01:00.1 block nvme/nvme3/nvme1c3n1 -\n"
	  "0000:01:00.1 block nvme/nvme3/nvme1c3n2 -\n"
	  "0000:02:00.0 block nvme/nvme0/nvme0n1 259:0\n"
	  "0000:02:00.0 block nvme/nvme0/nvme0n1/nvme0n1p2 259:2\n"
	  "0000:03:00.0 net net/enp3s0 - up\n" },
	{ "stacked devices", show_stacked,
	  "block dm-0 254:0: nvme0n1p2\n"
	  "block md0 -:\n"
	  "block md0p1 -: md0\n"
	  "block nvme1n1 -: nvme1c3n1\n"
	  "net vmbr0 -: enp3s0\n" },
	{ "IOMMU", show_iommu,
	  "0000:00:05.0 virtio\ndmar0 intel\nivhd0 amd\n"
	  "2 DMA-FQ 0x00000000fee00000 0x00000000feefffff msi\n"
	  "12 identity -\n"
	  "ir 1\n" },
	{ "AMD remaps interrupts", show_iommu,
	  "0000:00:05.0 virtio\ndmar0 intel\nivhd0 amd\n2 DMA -\n12 identity -\nir 1\n",
	  .more = { { "sys/kernel/iommu_groups/2/type", "DMA\n" },
		    { "sys/kernel/iommu_groups/2/reserved_regions", .error = "read=EIO" } },
	  .log = "[    0.0] Linux version 6\n[    1.0] AMD-Vi: Interrupt remapping enabled\n" },
	{ "interrupts not remapped", show_iommu,
	  "0000:00:05.0 virtio\ndmar0 intel\nivhd0 amd\n2 DMA -\n12 identity -\nir 0\n",
	  .more = { { "sys/kernel/iommu_groups/2/type", "DMA\n" },
		    { "sys/kernel/iommu_groups/2/reserved_regions", .error = "read=EIO" },
		    { "proc/interrupts", " 24: 7 IR-PCI-MSI 0-edge nvme0q0\n" } },
	  .log = "Linux version 6\n" },
	{ "platform", show_platform,
	  "GenuineIntel|A CPU @ 3GHz|2| vmx hypervisor|efi 1 1 sd-b|DMAR 4|"
	  "6.1.0-49-amd64|#1 SMP Debian|root=/dev/dm-0 quiet| igb nouveau" },
	{ "no LoaderInfo, no Secure Boot", show_platform,
	  "GenuineIntel|A CPU @ 3GHz|2| vmx hypervisor|efi 1 0 -|DMAR 4|"
	  "6.1.0-49-amd64|#1 SMP Debian|root=/dev/dm-0 quiet| igb nouveau",
	  .more = { { EFI "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		      ALL("\6\0\0\0\0") },
		    { EFI "LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "\6" } } },
	{ "the log, without stamps", show_klog,
	  "Linux version 6.1.0-49-amd64 (x@y)\n"
	  "ACPI: DMAR 0x000000007FFE2A5D 000098 (v01 ...)\n"
	  "DMAR-IR: Enabled IRQ remapping in x2apic mode\n" },
	{ "files", show_files,
	  "boot/efi/loader/loader.conf 10\n"
	  "boot/grub/grubenv 14\n"
	  "boot/vmlinuz-6.1.0-49-amd64 0\n"
	  "etc/default/grub 22\n"
	  "etc/modprobe.d/vfio.conf 49\n"
	  "etc/modules 11\n"
	  "proc/net/ipv6_route 74\n"
	  "usr/lib/modprobe.d/off.conf -> /dev/null 9\n" },
	{ "lib is a folder of its own", show_files,
	  "boot/efi/loader/loader.conf 10\n"
	  "boot/grub/grubenv 14\n"
	  "boot/vmlinuz-6.1.0-49-amd64 0\n"
	  "etc/default/grub 22\n"
	  "etc/modprobe.d/vfio.conf 49\n"
	  "etc/modules 11\n"
	  "lib/modprobe.d/a.conf 2\n"
	  "proc/net/ipv6_route 74\n"
	  "usr/lib/modprobe.d/off.conf -> /dev/null 9\n",
	  .more = { { "lib", .target = "lib2" },
		    { "lib2/modprobe.d/a.conf", "a\n" } } },
	{ "a link to a folder is that folder", show_files,
	  "boot/efi/loader/loader.conf 10\n"
	  "boot/grub/grubenv 14\n"
	  "boot/vmlinuz-6.1.0-49-amd64 0\n"
	  "etc/default/grub 22\n"
	  "etc/modprobe.d/vfio.conf 49\n"
	  "etc/modules 11\n"
	  "etc/modules-load.d/mine.conf 9\n"
	  "proc/net/ipv6_route 74\n"
	  "usr/lib/modprobe.d/off.conf -> /dev/null 9\n",
	  .more = { { "etc/modules-load.d", .target = "/srv/loads" },
		    { "srv/loads/mine.conf", "vfio_pci\n" } } },
	{ "modules that matter", show_modules,
	  "pcieportdrv built-in pcieport 1:\n"
	  "skl_uncore built-in skl_uncore 1:\n"
	  "nouveau nouveau.ko.xz nouveau 1: video\n"
	  "video video.ko.xz - 0:\n"
	  "nvme nvme.ko nvme 1:\n"
	  "igb igb.ko igb 2: dca\n"
	  "dca dca.ko - 0:\n"
	  "vfio vfio.ko - 0:\n"
	  "vfio_pci vfio-pci.ko vfio-pci 1: vfio\n"
	  "snd_pcsp snd-pcsp.ko - 0:\n"
	  "kvm kvm.ko - 0: post helper\n"
	  "helper helper.ko - 0:\n" },
	{ "a built-in driver with aliases", show_modules,
	  "pcieportdrv built-in pcieport 1:\n"
	  "skl_uncore built-in skl_uncore 1:\n"
	  "ahci built-in ahci 1:\n"
	  "vfio vfio.ko - 0:\n",
	  .more = { { "sys/devices/" AUDIO "/driver", .target = "ahci" },
		    { "sys/devices/" GPU "/driver", .target = "ahci" },
		    { "sys/devices/" DISK "/driver", .target = "ahci" },
		    { "etc/modprobe.d/vfio.conf", "" },
		    { "etc/modules", "" },
		    { "usr/" MODS "modules.dep", "k/vfio.ko:\n" },
		    { "usr/" MODS "modules.builtin.modinfo",
		      ALL("ahci.alias=pci:v*d*sv*sd*bc01sc08i02*\0") } } },
	{ "a built-in driver of before 6.18, without aliases", show_modules,
	  "pcieportdrv built-in pcieport 1:\n"
	  "skl_uncore built-in skl_uncore 1:\n"
	  "ahci built-in ahci 3:\n"
	  "vfio vfio.ko - 0:\n",
	  .more = { { "sys/devices/" AUDIO "/driver", .target = "ahci" },
		    { "sys/devices/" GPU "/driver", .target = "ahci" },
		    { "sys/devices/" DISK "/driver", .target = "ahci" },
		    { "etc/modprobe.d/vfio.conf", "" },
		    { "etc/modules", "" },
		    { "usr/" MODS "modules.dep", "k/vfio.ko:\n" },
		    { "usr/" MODS "modules.builtin.modinfo", "" } } },
	{ "built-in vfio-pci knows no device, though it has one", show_modules,
	  "pcieportdrv built-in pcieport 1:\n"
	  "skl_uncore built-in skl_uncore 1:\n"
	  "vfio_pci built-in vfio-pci 0:\n",
	  .more = { { "sys/devices/" GPU "/driver", .target = "vfio-pci" },
		    { "sys/devices/" DISK "/driver", .target = "vfio-pci" },
		    { "etc/modprobe.d/vfio.conf", "" },
		    { "etc/modules", "" },
		    { "usr/" MODS "modules.builtin", "kernel/drivers/vfio/pci/vfio-pci.ko\n" },
		    { "usr/" MODS "modules.alias", "" },
		    { "usr/" MODS "modules.dep", "" },
		    { "usr/" MODS "modules.builtin.modinfo", "" } } },
	{ "nothing is unknown to root", show_unknown,
	  "functions/0000:01:00.1/reset: this kernel does not tell the reset methods\n" },
	{ "without root", show_unknown,
	  "acpi/DMAR: needs root\n"
	  "files/boot/efi/loader/loader.conf: needs root\n"
	  "functions/0000:00:00.0/config: needs root: only the standard header was readable\n"
	  "functions/0000:00:01.0/config: needs root: only the standard header was readable\n"
	  "functions/0000:01:00.0/config: needs root: only the standard header was readable\n"
	  "functions/0000:01:00.1/config: needs root: only the standard header was readable\n"
	  "functions/0000:01:00.1/reset: this kernel does not tell the reset methods\n"
	  "functions/0000:02:00.0/config: needs root: only the standard header was readable\n"
	  "functions/0000:03:00.0/config: needs root: only the standard header was readable\n"
	  "functions/0000:03:10.0/config: needs root: only the standard header was readable\n"
	  "iommu/interrupt_remapping: needs root\n"
	  "klog: needs root\n",
	  .more = { { "sys/firmware/acpi/tables/DMAR", .error = "open=EACCES" },
		    { "boot/efi/loader/loader.conf", .error = "open=EACCES" } },
	  .short_config = true, .log = "" },
	{ "ids of a VF without root", show_functions,
	  "0000:00:00.0 8086:191f 060000 skl_uncore - g0  irq0 numa-1\n"
	  "0000:00:01.0 8086:1901 060400 pcieport - g1  irq0 numa-1\n"
	  "0000:01:00.0 10de:1b81 030000 nouveau - g2 flr bus irq16 numa1 boot\n"
	  "0000:01:00.1 10de:10f0 040300 - vfio-pci g2 ? irq0 numa-1\n"
	  "0000:02:00.0 144d:a808 010802 nvme - g12  irq0 numa-1\n"
	  "0000:03:00.0 8086:1521 020000 igb - g4  irq0 numa-1 vfs 1/7\n"
	  "0000:03:10.0 8086:1520 020000 - - g5  irq0 numa-1 of 0000:03:00.0\n",
	  .short_config = true },
	{ "lockdown", show_unknown,
	  "acpi/DMAR: kernel lockdown forbids it\n"
	  "functions/0000:01:00.1/reset: this kernel does not tell the reset methods\n",
	  .more = { { "sys/firmware/acpi/tables/DMAR", .error = "open=EPERM" },
		    { "sys/kernel/security/lockdown", "none [integrity] confidentiality\n" } } },
	{ "a log that was overwritten", show_unknown,
	  "functions/0000:01:00.1/reset: this kernel does not tell the reset methods\n"
	  "iommu/interrupt_remapping: the kernel log no longer reaches back to boot\n"
	  "klog: the kernel log no longer reaches back to boot\n",
	  .log = "[ 9.1] vfio-pci 0000:01:00.0: enabling device\n" },
	{ "interrupts tell what the log does not", show_iommu,
	  "0000:00:05.0 virtio\ndmar0 intel\nivhd0 amd\n"
	  "2 DMA-FQ 0x00000000fee00000 0x00000000feefffff msi\n12 identity -\nir 1\n",
	  .more = { { "proc/interrupts", " 24: 7 IR-PCI-MSI 0-edge nvme0q0\n" } },
	  .log = "[ 9.1] nothing\n" },
	{ "a kernel that does not answer", show_unknown,
	  "functions/0000:01:00.0/override: the kernel did not answer\n"
	  "functions/0000:01:00.1/reset: this kernel does not tell the reset methods\n",
	  .more = { { "sys/devices/" GPU "/driver_override", .error = "read=ETIMEDOUT" } } },
	{ "a ROM nobody uses", show_rom,
	  "rom 4\n"
	  "functions/0000:01:00.1/reset: this kernel does not tell the reset methods\n",
	  .more = { { "sys/devices/" GPU "/driver", .target = "../drivers/vfio-pci" },
		    { "sys/devices/" GPU "/rom", "U\252xx" } },
	  .parts = INV_FACTS | INV_ROMS, .stores = "rom=1 rom=0\n " },
	{ "a ROM in use", show_rom,
	  "functions/0000:01:00.0/rom: driver nouveau is using the function\n"
	  "functions/0000:01:00.1/reset: this kernel does not tell the reset methods\n",
	  .more = { { "sys/devices/" GPU "/rom", "U\252xx" } },
	  .parts = INV_FACTS | INV_ROMS },
	{ "a ROM without an image", show_rom,
	  "functions/0000:01:00.0/rom: the kernel found no valid image in it\n"
	  "functions/0000:01:00.1/reset: this kernel does not tell the reset methods\n",
	  .more = { { "sys/devices/" GPU "/driver", .target = "../drivers/vfio-pci" },
		    { "sys/devices/" GPU "/rom", .error = "read=EIO" } },
	  .parts = INV_FACTS | INV_ROMS, .stores = "rom=1 rom=0\n " },
	{ "initramfs not asked for", show_unknown,
	  "functions/0000:01:00.1/reset: this kernel does not tell the reset methods\n"
	  "kernels/6.1.0-49-amd64/initramfs: not read\n",
	  .more = { { "boot/initrd.img-6.1.0-49-amd64", "070701" } } },
	/* clang-format on */
};

/* Trees that lack their sys. */
static void test_no_pci(void **state)
{
	static const char text[] = "F /etc/modules 644 sz=5 5:\"vfio\\n\"\n"
				   "F /proc/cmdline 444 sz=0 1:\"x\"\n";
	struct fake fake = { .log = boot_log };
	struct host h = { &fake_ops, &fake, true };
	struct host_listing *l;
	struct machine *m = NULL;
	struct err e;

	(void)state;
	assert_int_equal(host_listing_open(text, "tree", &l, &e), 0);
	fake.listing = host_listing_get(l);
	assert_int_equal(inventory_read(&h, INV_ALL, &m, &e), -ENOENT);
	assert_string_equal(e.text, "no PCI functions below sys/bus/pci");
	assert_null(m);

	/* An installed image: no kernel runs, but its configuration can be read. */
	assert_int_equal(inventory_read(&fake.listing, INV_ALL, &m, &e), 0);
	assert_int_equal(m->fns.n, 0);
	assert_string_equal(machine_unknown(m, "functions"), "no kernel runs here");
	assert_string_equal(machine_unknown(m, "klog"), "no kernel runs here");
	assert_string_equal(machine_unknown(m, "acpi/DMAR"), "not part of this tree");
	assert_non_null(machine_file(m, "etc/modules"));
	machine_free(m);
	host_listing_close(l);
}

/* A tree whose sys is somebody else's. */
static void test_closed_pci(void **state)
{
	static const char text[] = "D /sys/bus/pci/devices EACCES\n";
	struct fake fake = { .log = boot_log };
	struct host h = { &fake_ops, &fake, true };
	struct host_listing *l;
	struct machine *m = NULL;
	struct err e;

	(void)state;
	assert_int_equal(host_listing_open(text, "tree", &l, &e), 0);
	fake.listing = host_listing_get(l);
	assert_int_equal(inventory_read(&h, INV_ALL, &m, &e), -EACCES);
	assert_string_equal(e.text, "sys/bus/pci/devices: Permission denied");
	assert_null(m);
	assert_int_equal(inventory_read(&fake.listing, INV_ALL, &m, &e), 0);
	assert_string_equal(machine_unknown(m, "functions"), "needs root");
	machine_free(m);
	host_listing_close(l);
}

static double read_many(unsigned n)
{
	struct host_listing *l;
	struct fake fake = { .log = boot_log };
	struct host h = { &fake_ops, &fake, true };
	struct timespec from, to;
	struct machine *m;
	char *text = NULL;
	struct err e;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (unsigned i = 0; i < n; i++) {
		struct bdf b = { i >> 13, i >> 5 & 0xff, i & 0x1f, 0 };
		char bdf[BDF_SIZE], path[64];

		snprintf(path, sizeof(path), "pci/%s", bdf_format(b, bdf));
		put_config(f, path, i << 16 | 0x8086, 0x020000, 64, false);
		fprintf(f, "L /sys/bus/pci/devices/%s -> ../../../devices/%s sz=0\n", bdf,
			path);
		fprintf(f, "L /sys/devices/%s/driver -> x/drv%u sz=0\n", path, i);
		fprintf(f, "L /sys/class/net/eth%u -> ../../devices/%s/net/eth%u sz=0\n",
			i, path, i);
	}
	fprintf(f, "F /lib/modules/1/modules.dep 644 sz=0 7:\"k/a.ko:\"\n");
	fclose(f);
	assert_int_equal(host_listing_open(text, "tree", &l, &e), 0);
	free(text);
	fake.listing = host_listing_get(l);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_int_equal(inventory_read(&h, INV_FACTS, &m, &e), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_int_equal(m->fns.n, n);
	assert_int_equal(m->kernels.v[0].modules.n, n);
	machine_free(m);
	host_listing_close(l);
	return (double)(to.tv_sec - from.tv_sec) +
	       (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* 8 times the functions, each with a driver of its own: far from 64 times the work. */
static void test_linear(void **state)
{
	double small, large;

	(void)state;
	small = read_many(1250);
	large = read_many(10000);
	assert_true(large < 24 * small);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 3];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = test_inventory,
						  .initial_state =
							  (void *)(uintptr_t)&cases[i] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_no_pci);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_closed_pci);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_linear);
	return _cmocka_run_group_tests("inventory", tests, n, NULL, NULL);
}

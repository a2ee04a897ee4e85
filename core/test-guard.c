/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/guard.h"
#include "core/test-machine.h"

/* Tables are in the form in which Linux 6.1 and 6.12 print them. */
#define SWAPS "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
#define ROUTES                                                                           \
	"Iface\tDestination\tGateway "                                                   \
	"\tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"                        \
	"                                                       \n"
#define DEFAULT_ROUTE(iface, metric)                                                     \
	iface "\t00000000\t0100000A\t0003\t0\t0\t" metric "\t00000000\t0\t0\t0     \n"

struct guard_case {
	const char *name;
	const char *mounts, *swaps, *routes, *routes6; /* NULL: no such file */
	void (*change)(struct machine *m);
	const char *want;  /* "BUS:DEV.FN kind chain|", '?' behind an uncertain kind */
	const char *words; /* "/ swap", each use in a word; NULL: not compared */
};

/*
 * 01:00 NVMe disk, 02:00 SATA with two disks, 03:00 and 04:00 network, 05:00 virtio disk
 * of a guest's guest, 06:00 graphics card; LVM, md, btrfs, bridge, bond and VLAN above
 * them.
 */
static struct machine *server(void)
{
	struct machine *m = machine_new();
	struct pci_fn *fn;

	fn = add_fn(m, "0000:01:00.0", 0x144d, 0xa808, 0x0108, 1, "nvme");
	add_child(m, fn, "block", "nvme/nvme0/nvme0n1", "259:0");
	add_child(m, fn, "block", "nvme/nvme0/nvme0n1/nvme0n1p1", "259:1");
	add_child(m, fn, "block", "nvme/nvme0/nvme0n1/nvme0n1p2", "259:2");
	fn = add_fn(m, "0000:02:00.0", 0x8086, 0xa352, 0x0106, 2, "ahci");
	add_child(m, fn, "block", "ata1/host0/target0:0:0/0:0:0:0/block/sda", "8:0");
	add_child(m, fn, "block", "ata2/host1/target1:0:0/1:0:0:0/block/sdb", "8:16");
	fn = add_fn(m, "0000:03:00.0", 0x8086, 0x10d3, 0x0200, 3, "e1000e");
	add_child(m, fn, "net", "net/eno1", NULL);
	fn = add_fn(m, "0000:04:00.0", 0x8086, 0x10d3, 0x0200, 4, "e1000e");
	add_child(m, fn, "net", "net/enp4s0", NULL);
	fn = add_fn(m, "0000:05:00.0", 0x1af4, 0x1042, 0x0100, 5, "virtio-pci");
	add_child(m, fn, "block", "virtio0/block/vda", "254:0");
	fn = add_fn(m, "0000:06:00.0", 0x10de, 0x1b81, 0x0300, 6, "nouveau");
	add_child(m, fn, "drm", "drm/card0", "226:0");

	add_stacked(m, "block", "dm-0", "253:0", "nvme0n1p2");
	add_stacked(m, "block", "dm-1", "253:1", "dm-0");
	add_stacked(m, "block", "md0", "9:0", "sda1 sdb1");
	add_stacked(m, "block", "dm-7", "253:7", "dm-8");
	add_stacked(m, "block", "dm-8", "253:8", "dm-7");
	add_stacked(m, "block", "dm-9", "253:9", "sdz");
	add_stacked(m, "block", "loop0", "7:0", "");
	add_stacked(m, "net", "vmbr0", NULL, "tap100i0 bond0 fwpr101p0");
	add_stacked(m, "net", "bond0", NULL, "eno1 enp4s0");
	add_stacked(m, "net", "vmbr1", NULL, "tap100i1");
	add_stacked(m, "net", "eno1.100", NULL, "eno1");
	return m;
}

static void boot_screen(struct machine *m)
{
	m->fns.v[5].boot_vga = true;
}

static void given_boot_screen(struct machine *m)
{
	m->fns.v[5].boot_vga = true;
	m->fns.v[5].driver = "vfio-pci";
}

static void unread_mounts(struct machine *m)
{
	machine_set_unknown(m, "no rights", "files/proc/self/mountinfo");
}

static void lspci_only(struct machine *m)
{
	unread_mounts(m);
	vec_foreach(fn, &m->fns)
		fn->children.n = 0;
}

static void unread_routes(struct machine *m)
{
	machine_set_unknown(m, "not recorded", "files/proc/net/route");
}

static void test_guard(void **state)
{
	static const char *const kinds[] = { "disk", "swap", "network", "console" };
	const struct guard_case *c = *state;
	struct machine *m = server();
	guard_uses uses = { 0 };
	char text[4096] = "", words[256] = "", bdf[BDF_SIZE];

	if (c->change)
		c->change(m);
	if (c->mounts)
		add_file(m, "proc/self/mountinfo", c->mounts);
	if (c->swaps)
		add_file(m, "proc/swaps", c->swaps);
	if (c->routes)
		add_file(m, "proc/net/route", c->routes);
	if (c->routes6)
		add_file(m, "proc/net/ipv6_route", c->routes6);
	assert_int_equal(machine_finish(m, NULL), 0);
	guard_find(m, m->arena, &uses);
	vec_foreach(u, &uses) {
		size_t n = strlen(text), w = strlen(words);

		snprintf(words + w, sizeof(words) - w, "%s%s", w ? " " : "", u->word);
		snprintf(text + n, sizeof(text) - n, "%s %s%s %s|",
			 bdf_format(u->fn->bdf, bdf) + 5, kinds[u->kind],
			 u->certain ? "" : "?", u->chain);
	}
	assert_string_equal(text, c->want);
	if (c->words)
		assert_string_equal(words, c->words);
	machine_free(m);
}

/* clang-format off */
static struct guard_case cases[] = {
	{ "nothing is mounted", .want = "" },
	{ "root on a partition, found by number",
	  .mounts = "22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/root rw\n",
	  .want = "01:00.0 disk / -> ext4 on root -> nvme0n1p2 -> nvme0n1 -> 0000:01:00.0|" },
	{ "root on a partition, found by name",
	  .mounts = "22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw\n",
	  .want = "01:00.0 disk / -> ext4 on nvme0n1p2 -> nvme0n1 -> 0000:01:00.0|" },
	{ "a partition that was not recorded, by its disk's name",
	  .mounts = "22 1 8:2 / / rw - ext4 /dev/sda2 rw\n",
	  .want = "02:00.0 disk / -> ext4 on sda2 -> sda -> 0000:02:00.0|" },
	{ "the root is told before another mount of its disk",
	  .mounts = "29 22 259:1 / /boot/efi rw - vfat /dev/nvme0n1p1 rw\n"
		    "22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n",
	  .want = "01:00.0 disk / -> ext4 on nvme0n1p2 -> nvme0n1 -> 0000:01:00.0|" },
	{ "/boot on a disk of its own",
	  .mounts = "22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n"
		    "29 22 254:1 / /boot rw - ext4 /dev/vda1 rw\n",
	  .want = "01:00.0 disk / -> ext4 on nvme0n1p2 -> nvme0n1 -> 0000:01:00.0|"
		  "05:00.0 disk /boot -> ext4 on vda1 -> vda -> 0000:05:00.0|" },
	{ "LVM on LVM",
	  .mounts = "22 1 253:1 / / rw - ext4 /dev/mapper/pve-root rw,errors=remount-ro\n",
	  .want = "01:00.0 disk / -> ext4 on pve-root -> dm-1 -> dm-0 -> nvme0n1p2 -> nvme0n1 "
		  "-> 0000:01:00.0|" },
	{ "md on partitions of two disks of one controller",
	  .mounts = "22 1 9:0 / /srv rw - xfs /dev/md0 rw\n",
	  .want = "02:00.0 disk /srv -> xfs on md0 -> sda1 -> sda -> 0000:02:00.0|" },
	{ "a partition of an md device",
	  .mounts = "22 1 259:9 / / rw - ext4 /dev/md0p1 rw\n",
	  .want = "02:00.0 disk / -> ext4 on md0p1 -> md0 -> sda1 -> sda -> 0000:02:00.0|" },
	{ "btrfs subvolume: no number of a disk, the source names it",
	  .mounts = "22 1 0:25 /@rootfs / rw shared:1 - btrfs /dev/nvme0n1p2 rw,subvol=/@rootfs\n",
	  .want = "01:00.0 disk / -> btrfs on nvme0n1p2 -> nvme0n1 -> 0000:01:00.0|" },
	{ "btrfs on a device that is not recorded",
	  .mounts = "22 1 0:25 /@ / rw - btrfs /dev/mapper/luks rw\n",
	  .want = "01:00.0 disk? / -> btrfs on luks: it is not known|"
		  "02:00.0 disk? / -> btrfs on luks: it is not known|"
		  "05:00.0 disk? / -> btrfs on luks: it is not known|" },
	{ "escapes in a mount point",
	  .mounts = "22 1 8:16 / /mnt/my\\040disk\\134x rw - ext4 /dev/sdb rw\n",
	  .want = "02:00.0 disk /mnt/my disk\\x -> ext4 on sdb -> 0000:02:00.0|" },
	{ "several tags before the dash",
	  .mounts = "22 1 8:16 / /a rw shared:1 master:2 propagate_from:3 - ext4 /dev/sdb rw\n",
	  .want = "02:00.0 disk /a -> ext4 on sdb -> 0000:02:00.0|" },
	{ "ZFS may lie on any disk",
	  .mounts = "22 1 0:27 / / rw,relatime shared:1 - zfs rpool/ROOT/pve-1 rw,xattr\n",
	  .want = "01:00.0 disk? / -> zfs: the pool of rpool/ROOT/pve-1 may lie on any disk|"
		  "02:00.0 disk? / -> zfs: the pool of rpool/ROOT/pve-1 may lie on any disk|"
		  "05:00.0 disk? / -> zfs: the pool of rpool/ROOT/pve-1 may lie on any disk|" },
	{ "ZFS beside a disk that is known",
	  .mounts = "22 1 0:27 / / rw - zfs rpool/ROOT/pve-1 rw\n"
		    "23 22 259:1 / /boot/efi rw - vfat /dev/nvme0n1p1 rw\n",
	  .want = "01:00.0 disk /boot/efi -> vfat on nvme0n1p1 -> nvme0n1 -> 0000:01:00.0|"
		  "02:00.0 disk? / -> zfs: the pool of rpool/ROOT/pve-1 may lie on any disk|"
		  "05:00.0 disk? / -> zfs: the pool of rpool/ROOT/pve-1 may lie on any disk|" },
	{ "an overlay's layers are other mounts",
	  .mounts = "22 1 0:30 / / rw - overlay overlay rw,lowerdir=/run/ro,upperdir=/run/rw/u\n"
		    "23 22 8:0 / /run/ro ro - squashfs /dev/sda ro\n",
	  .want = "02:00.0 disk /run/ro -> squashfs on sda -> 0000:02:00.0|" },
	{ "an overlay as root whose layers are not to be seen",
	  .mounts = "22 1 0:30 / / rw - overlay overlay rw\n",
	  .want = "01:00.0 disk? / -> overlay (overlay): where it lies is not known|"
		  "02:00.0 disk? / -> overlay (overlay): where it lies is not known|"
		  "05:00.0 disk? / -> overlay (overlay): where it lies is not known|" },
	{ "file systems without a disk",
	  .mounts = "20 22 0:19 / /sys rw - sysfs sysfs rw\n"
		    "21 22 0:5 / /dev rw - devtmpfs udev rw\n"
		    "22 1 0:2 / / rw - rootfs rootfs rw\n"
		    "50 22 0:44 / /etc/pve rw - fuse /dev/fuse rw,user_id=0\n"
		    "51 22 0:52 / /mnt/nas rw - nfs4 10.0.0.9:/x rw\n"
		    "52 22 7:0 / /snap/core ro - squashfs /dev/loop0 ro\n",
	  .want = "" },
	{ "device-mapper in a circle ends",
	  .mounts = "22 1 253:7 / /x rw - ext4 /dev/mapper/x rw\n", .want = "" },
	{ "device-mapper on what is not recorded", .words = "/x? /x? /x?",
	  .mounts = "22 1 253:9 / /x rw - ext4 /dev/mapper/x rw\n",
	  .want = "01:00.0 disk? /x -> ext4 on x -> dm-9: sdz is not known|"
		  "02:00.0 disk? /x -> ext4 on x -> dm-9: sdz is not known|"
		  "05:00.0 disk? /x -> ext4 on x -> dm-9: sdz is not known|" },
	{ "lines that are cut or empty are left out",
	  .mounts = "\n22 1 8:16 / /a rw\n22 1 8:16 / /a rw - ext4\n22 1\n- - - - - - - - -\n",
	  .want = "" },
	{ "mounts could not be read", .change = unread_mounts,
	  .words = "disk? disk? disk?",
	  .want = "01:00.0 disk? what is mounted is not known (no rights)|"
		  "02:00.0 disk? what is mounted is not known (no rights)|"
		  "05:00.0 disk? what is mounted is not known (no rights)|" },
	{ "only lspci is known: storage with a driver may be the disk", .change = lspci_only,
	  .want = "01:00.0 disk? what is mounted is not known (no rights)|"
		  "02:00.0 disk? what is mounted is not known (no rights)|"
		  "05:00.0 disk? what is mounted is not known (no rights)|" },

	{ "swap on a partition", .swaps = SWAPS "/dev/sdb2 partition\t999420\t\t0\t\t-2\n",
	  .want = "02:00.0 swap swap on sdb2 -> sdb -> 0000:02:00.0|" },
	{ "swap on LVM", .swaps = SWAPS "/dev/dm-1 partition\t999420\t\t0\t\t-2\n",
	  .want = "01:00.0 swap swap on dm-1 -> dm-0 -> nvme0n1p2 -> nvme0n1 -> "
		  "0000:01:00.0|" },
	{ "a swap file lies on the mount with the longest matching point",
	  .mounts = "22 1 8:16 / /var rw - ext4 /dev/sdb rw\n"
		    "23 1 8:0 / /va rw - ext4 /dev/sda rw\n"
		    "24 1 254:1 / /var/swap rw - ext4 /dev/vda1 rw\n",
	  .swaps = SWAPS "/var/swap/my\\040file file\t1\t0\t-2\n",
	  .words = "/var /var/swap swap",
	  .want = "02:00.0 disk /var -> ext4 on sdb -> 0000:02:00.0|"
		  "05:00.0 disk /var/swap -> ext4 on vda1 -> vda -> 0000:05:00.0|"
		  "05:00.0 swap swap /var/swap/my file -> ext4 on vda1 -> vda -> "
		  "0000:05:00.0|" },
	{ "zram is no disk", .swaps = SWAPS "/dev/zram0 partition\t1\t0\t100\n", .want = "" },

	{ "default route",
	  .routes = ROUTES "enp4s0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
		    DEFAULT_ROUTE("enp4s0", "100"),
	  .want = "04:00.0 network default route -> enp4s0 -> 0000:04:00.0|" },
	{ "no default route",
	  .routes = ROUTES "enp4s0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
		    "eno1\t00000000\t00000000\t0001\t0\t0\t100\t00000080\t0\t0\t0\n",
	  .want = "" },
	{ "of two default routes the lower metric",
	  .routes = ROUTES DEFAULT_ROUTE("eno1", "200") DEFAULT_ROUTE("enp4s0", "100")
		    DEFAULT_ROUTE("eno1", "300"),
	  .want = "04:00.0 network default route -> enp4s0 -> 0000:04:00.0|" },
	{ "a route that is down or rejects",
	  .routes = ROUTES "eno1\t00000000\t0100000A\t0002\t0\t0\t0\t00000000\t0\t0\t0\n"
		    "eno1\t00000000\t0100000A\t0201\t0\t0\t0\t00000000\t0\t0\t0\n",
	  .want = "" },
	{ "bridge on a bond on two cards, VMs' interfaces beside it",
	  .routes = ROUTES DEFAULT_ROUTE("vmbr0", "0"),
	  .want = "03:00.0 network default route -> vmbr0 -> bond0 -> eno1 -> 0000:03:00.0|"
		  "04:00.0 network default route -> vmbr0 -> bond0 -> enp4s0 -> "
		  "0000:04:00.0|" },
	{ "VLAN", .words = "route", .routes = ROUTES DEFAULT_ROUTE("eno1.100", "0"),
	  .want = "03:00.0 network default route -> eno1.100 -> eno1 -> 0000:03:00.0|" },
	{ "a bridge without a card", .routes = ROUTES DEFAULT_ROUTE("vmbr1", "0"),
	  .want = "03:00.0 network? default route -> vmbr1: no function carries it|"
		  "04:00.0 network? default route -> vmbr1: no function carries it|" },
	{ "an interface nobody knows", .routes = ROUTES DEFAULT_ROUTE("wg0", "0"),
	  .want = "03:00.0 network? default route -> wg0: no function carries it|"
		  "04:00.0 network? default route -> wg0: no function carries it|" },
	{ "routes could not be read", .change = unread_routes, .words = "route? route?",
	  .want = "03:00.0 network? the routes are not known (not recorded)|"
		  "04:00.0 network? the routes are not known (not recorded)|" },
	{ "IPv6 only",
	  .routes6 = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		     "fe800000000000000000000000000001 00000400 00000001 00000000 00000003 "
		     "    eno1\n"
		     "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		     "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 "
		     "      lo\n",
	  .want = "03:00.0 network default route -> eno1 -> 0000:03:00.0|" },

	{ "boot screen", .change = boot_screen, .words = "console",
	  .want = "06:00.0 console boot messages and text console -> boot VGA -> "
		  "0000:06:00.0|" },
	{ "a boot screen that vfio-pci has is used no more", .change = given_boot_screen,
	  .want = "" },
};
/* clang-format on */

/* A thousand devices on one another, and as many mounts: no deep recursion, no blow-up.
 */
static void test_deep_stack(void **state)
{
	struct machine *m = server();
	guard_uses uses = { 0 };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char *name = arena_printf(m->arena, "dm-%u", 100 + i);
		char *dev = arena_printf(m->arena, "252:%u", i);

		add_stacked(m, "block", name, dev,
			    arena_printf(m->arena, "dm-%u dm-%u", 101 + i, 102 + i));
		fprintf(f, "%u 1 %s / /m%u rw - ext4 /dev/%s rw\n", i, dev, i, name);
	}
	fclose(f);
	add_file(m, "proc/self/mountinfo", text);
	assert_int_equal(machine_finish(m, NULL), 0);
	guard_find(m, m->arena, &uses);
	assert_int_equal(uses.n, 3); /* the three with disks, none certain */
	assert_false(uses.v[0].certain);
	machine_free(m);
	free(text);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_guard,
						.initial_state = &cases[i] };
	tests[ARRAY_SIZE(cases)] = (struct CMUnitTest)cmocka_unit_test(test_deep_stack);
	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "core/scrub.h"
#include "core/test-machine.h"

/* One row: lines of a file before and after. */
struct scrub_case {
	const char *name;
	const char *before, *want;
	const char *hostname; /* etc/hostname; NULL: "tulip" */
};

static struct machine *machine_with(const char *text, const char *hostname)
{
	struct machine *m = machine_new();

	m->name = "test";
	m->source = "captured";
	m->release = m->kernel_version = m->cmdline = "";
	m->cpu_vendor = m->cpu_model = m->about = "";
	machine_set_unknown(m, "not asked for", "cpu");
	machine_set_unknown(m, "not asked for", "release");
	machine_set_unknown(m, "not asked for", "functions");
	add_file(m, "etc/hostname", hostname ? hostname : "tulip\n");
	add_file(m, "etc/x", text);
	assert_int_equal(machine_finish(m, NULL), 0);
	return m;
}

static void test_text(void **state)
{
	const struct scrub_case *c = *state;
	struct machine *m = machine_with(c->before, c->hostname), *scrubbed = NULL;
	const struct machine_file *f;
	struct err e = { 0 };

	if (machine_scrub(m, &scrubbed, &e) < 0)
		fail_msg("%s", e.text);
	f = machine_file(scrubbed, "etc/x");
	assert_non_null(f);
	assert_string_equal((const char *)f->data.data, c->want);
	machine_free(scrubbed);
	machine_free(m);
}

static struct scrub_case cases[] = {
	/* clang-format off */
	{ "nothing private",
	  "GRUB_CMDLINE_LINUX=\"quiet intel_iommu=on\"\n",
	  "GRUB_CMDLINE_LINUX=\"quiet intel_iommu=on\"\n" },
	{ "UUID, twice the same and another",
	  "UUID=1b4e28ba-2fa1-11d2-883f-0016d3cca427 /\n"
	  "root=UUID=1B4E28BA-2FA1-11D2-883F-0016D3CCA427 resume="
	  "cfbff0d1-9375-5685-968c-48ce8b15ae17\n",
	  "UUID=00000000-0000-4000-8000-000000000001 /\n"
	  "root=UUID=00000000-0000-4000-8000-000000000001 resume="
	  "00000000-0000-4000-8000-000000000002\n" },
	{ "MAC address, also as an interface name",
	  "hwaddr 52:54:ab:12:34:56\nauto enx5254ab123456\n",
	  "hwaddr 02:00:00:00:00:01\nauto enx020000000001\n" },
	{ "MAC address before a colon, and a row of bytes that is none",
	  "52:54:ab:12:34:56: link up 52:54:ab:12:34:56:78\n",
	  "02:00:00:00:00:01: link up 52:54:ab:12:34:56:78\n" },
	{ "PCI addresses are none",
	  "0000:01:00.0 10000:e0:06.0 vfio-pci.ids=10de:1b81,10de:10f0\n",
	  "0000:01:00.0 10000:e0:06.0 vfio-pci.ids=10de:1b81,10de:10f0\n" },
	{ "machine id in a path",
	  "linux /0123456789abcdef0123456789ABCDEF/6.1.0/linux\n",
	  "linux /00000000000000000000000000000001/6.1.0/linux\n" },
	{ "a longer hash is no machine id",
	  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
	  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n" },
	{ "disk by its id, with the partition kept",
	  "/dev/disk/by-id/ata-WDC_WD40_WD-WCC7K0-part2 /srv ext4\n",
	  "/dev/disk/by-id/id-SCRUBBED0001-part2 /srv ext4\n" },
	{ "FAT and MBR ids",
	  "UUID=A1B2-C3D4 /boot/efi\nroot=PARTUUID=1a2b3c4d-02\n",
	  "UUID=0000-0001 /boot/efi\nroot=PARTUUID=00000002-02\n" },
	{ "passwords",
	  "//nas/x /x cifs username=a,password=b$c,rw 0 0\n"
	  "password_pbkdf2 root grub.pbkdf2.sha512.10000.0a1b.2c3d\n",
	  "//nas/x /x cifs username=a,password=SCRUBBED0001,rw 0 0\n"
	  "password_pbkdf2 root grub.pbkdf2.SCRUBBED0002\n" },
	{ "a default route of IPv6: zeros say nothing, the next hop does",
	  "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	  "fe8000000000000002163efffe112233 00000400 eth0\n"
	  "uuid 00000000-0000-0000-0000-000000000000 mac 00:00:00:00:00:00\n",
	  "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	  "00000000000000000000000000000001 00000400 eth0\n"
	  "uuid 00000000-0000-0000-0000-000000000000 mac 00:00:00:00:00:00\n" },
	{ "names of wireless and modem interfaces, the same address as a MAC",
	  "wlx001122334455 wwx001122334455.10 00:11:22:33:44:55 wlx00112233445\n",
	  "wlx020000000001 wwx020000000001.10 02:00:00:00:00:01 wlx00112233445\n" },
	{ "a UUID behind a colon, as NVMe names have it",
	  "nqn.2014-08.org.nvmexpress:uuid:1b2c3d4e-2fa1-11d2-883f-0016d3cca427\n",
	  "nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-000000000001\n" },
	{ "a part of a UUID is no FAT id",
	  "uuid 2fa1-11d2-883f 2fa1-11d2- x-2fa1-11d2\n",
	  "uuid 2fa1-11d2-883f 2fa1-11d2- x-2fa1-11d2\n" },
	{ "a GPT partition's UUID is replaced as a whole",
	  "root=PARTUUID=1b4e28ba-2fa1-11d2-883f-0016d3cca427 "
	  "/dev/disk/by-partuuid/1b4e28ba-2fa1-11d2-883f-0016d3cca427\n",
	  "root=PARTUUID=00000000-0000-4000-8000-000000000001 "
	  "/dev/disk/by-partuuid/00000000-0000-4000-8000-000000000001\n" },
	{ "an MBR partition by its path",
	  "/dev/disk/by-partuuid/deadbeef-01 / ext4\nPARTUUID=deadbeef-02 /home\n",
	  "/dev/disk/by-partuuid/00000001-01 / ext4\nPARTUUID=00000001-02 /home\n" },
	{ "password of cifs by its short name",
	  "//nas/x /x cifs username=a,pass=secret,rw 0 0\n",
	  "//nas/x /x cifs username=a,pass=SCRUBBED0001,rw 0 0\n" },
	{ "numbers like a FAT id where no UUID is",
	  "range 1000-2000\n", "range 1000-2000\n" },
	{ "the host's name as a word, also in an LVM name",
	  "127.0.1.1 tulip.example tulip tulips\nroot=/dev/mapper/tulip--vg-root\n",
	  "127.0.1.1 host.example host tulips\nroot=/dev/mapper/host--vg-root\n" },
	{ "a name with a hyphen, which device-mapper doubles",
	  "127.0.1.1 my-box my-boxes\nroot=/dev/mapper/my--box--vg-root\nresume=/dev/my-box-vg/swap\n",
	  "127.0.1.1 host my-boxes\nroot=/dev/mapper/host--vg-root\nresume=/dev/host-vg/swap\n",
	  "my-box.example\n" },
	{ "the volume group that Debian's installer names after the host tells the name",
	  "root=/dev/mapper/rose--hip--vg-root\n127.0.1.1 rose-hip\n",
	  "root=/dev/mapper/host--vg-root\n127.0.1.1 host\n", "host\n" },
	{ "other volume groups tell nothing",
	  "/dev/mapper/pve-root /dev/mapper/data--vgs-x /dev/mapper/ubuntu--vg-lv\n",
	  "/dev/mapper/pve-root /dev/mapper/data--vgs-x /dev/mapper/ubuntu--vg-lv\n", "host\n" },
	{ "systemd tells the name",
	  "systemd[1]: Hostname set to <rose.example>. rose\n",
	  "systemd[1]: Hostname set to <host.example>. host\n", "host\n" },
	/* clang-format on */
};

/*
 * Two functions of one network card; its serial number holds its MAC address. Files that
 * name it still do.
 */
static void test_serial(void **state)
{
	static const uint8_t dsn[12] = { 3,    0,    1,    0,    0x56, 0x34,
					 0x12, 0xff, 0xff, 0xab, 0x54, 0x52 };
	struct machine *m = machine_new(), *scrubbed = NULL;
	const struct machine_file *f;
	uint8_t a[8], b[8];

	(void)state;
	m->name = "test";
	m->source = "captured";
	m->release = m->kernel_version = m->cmdline = "";
	m->cpu_vendor = m->cpu_model = m->about = "";
	for (unsigned i = 0; i < 2; i++) {
		struct pci_fn *fn = add_fn(m, i ? "0000:01:00.1" : "0000:01:00.0", 0x8086,
					   0x10d3, 0x0200, 1, NULL);
		uint8_t *config = arena_alloc(m->arena, 4096);

		memcpy(config, fn->config.data, fn->config.len);
		memcpy(config + 256, dsn, sizeof(dsn));
		fn->config = (struct blob){ config, 4096 };
		fn->config_size = 4096;
	}
	add_file(m, "etc/x",
		 "override 0000:01:00.0 525400ff 5254abffff123456 324\n"
		 "5254abffff123457 5254abffff1234567\n");
	machine_set_unknown(m, "not asked for", "cpu");
	machine_set_unknown(m, "not asked for", "release");
	assert_int_equal(machine_finish(m, NULL), 0);
	assert_int_equal(machine_scrub(m, &scrubbed, NULL), 0);
	f = machine_file(scrubbed, "etc/x");
	assert_string_equal((const char *)f->data.data,
			    "override 0000:01:00.0 525400ff 0000000000000001 324\n"
			    "5254abffff123457 5254abffff1234567\n");
	assert_true(cfg_serial(scrubbed->fns.v[0].config, a));
	assert_true(cfg_serial(scrubbed->fns.v[1].config, b));
	assert_memory_equal(a, ((uint8_t[]){ 0, 0, 0, 0, 0, 0, 0, 1 }), 8);
	assert_memory_equal(a, b, 8);
	machine_free(scrubbed);
	machine_free(m);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];
	size_t n = 0;

	for (; n < ARRAY_SIZE(cases); n++)
		tests[n] = (struct CMUnitTest){ .name = cases[n].name,
						.test_func = test_text,
						.initial_state = &cases[n] };
	tests[n] = (struct CMUnitTest){ .name = "serial number of a device",
					.test_func = test_serial };
	return cmocka_run_group_tests_name("scrub", tests, NULL, NULL);
}

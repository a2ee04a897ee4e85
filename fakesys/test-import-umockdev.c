/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * umockdev dumps: single lines as umockdev-record 0.17 writes them; what umockdev-record
 * itself, where it is installed, says of this machine; tools/test-run.sh has it record
 * simulated machines.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/host-live.h"
#include "core/inventory.h"
#include "core/test-skip.h"
#include "fakesys/import.h"

#define AT "/devices/pci0000:00/0000:00:03.0"
#define NIC                                                                              \
	"P: " AT "\n"                                                                    \
	"E: DRIVER=e1000e\n"                                                             \
	"E: PCI_ID=8086:10D3\n"                                                          \
	"E: SUBSYSTEM=pci\n"                                                             \
	"A: class=0x020000\\n\n"                                                         \
	"A: vendor=0x8086\\n\n"                                                          \
	"A: device=0x10d3\\n\n"

struct dump_case {
	const char *name, *text;
	/* "ids config/size driver group override reset, children" or the error */
	const char *want;
	unsigned odd;
	const char *first; /* not understood */
};

static const char *describe(struct machine *m)
{
	const struct pci_fn *fn = &m->fns.v[0];
	const char *children = "";

	vec_foreach(c, &fn->children)
		children = arena_printf(m->arena, "%s %s:%s:%s%s", children, c->class,
					c->path, c->dev ? c->dev : "-",
					c->link_up ? ":up" : "");
	return arena_printf(
		m->arena, "%04x:%04x %zu/%u %s %d %s %s,%s", fn->id.vendor, fn->id.device,
		fn->config.len, fn->config_size, fn->driver ? fn->driver : "-", fn->group,
		fn->override ? fn->override : "-", fn->reset ? fn->reset : "-", children);
}

static void test_dump(void **state)
{
	const struct dump_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	struct import_stats stats = { 0 };
	struct err e = { "" };
	int r = import_umockdev(m, "U", c->text, &stats, &e);

	if (r >= 0)
		r = import_finish(m, &e);
	assert_int_equal(stats.not_understood, c->odd);
	if (c->first)
		assert_string_equal(stats.first ? stats.first : "-", c->first);
	if (r < 0) {
		assert_int_equal(r, -EINVAL);
		assert_string_equal(e.text, c->want);
		return;
	}
	assert_string_equal(describe(m), c->want);
}

#define PLAIN "8086:10d3 0/256 - -1 - -,"
static struct dump_case dump_cases[] = {
	/* clang-format off */
	{ "a function", NIC, PLAIN },
	{ "without the last newline", "P: " AT "\nE: SUBSYSTEM=pci\nA: device=0x10d3\\n\nA: vendor=0x8086\\n", PLAIN },
	{ "links", NIC "L: driver=../../../bus/pci/drivers/e1000e\nL: iommu_group=../../../kernel/iommu_groups/12\n",
	  "8086:10d3 0/256 e1000e 12 - -," },
	{ "configuration space of 64 bytes", NIC
	  "H: config=8680D31007041000010000021000000000000000000000000000000000000000"
	  "000000000000000000000000868000000000000000000000000000000B010000\n",
	  "8086:10d3 64/256 - -1 - -," },
	{ "an override, unset", NIC "A: driver_override=(null)\\n\n", PLAIN },
	{ "an override", NIC "A: driver_override=vfio-pci\\n\n", "8086:10d3 0/256 - -1 vfio-pci -," },
	{ "reset methods", NIC "A: reset_method=flr bus\\n\n", "8086:10d3 0/256 - -1 - flr bus," },
	{ "a network interface", NIC "\nP: " AT "/net/enp0s3\nE: SUBSYSTEM=net\nE: INTERFACE=enp0s3\nA: operstate=up\\n\n",
	  "8086:10d3 0/256 - -1 - -, net:net/enp0s3:-:up" },
	{ "a disk with its names", NIC "\nP: " AT "/nvme/nvme0/nvme0n1\nN: nvme0n1\nS: disk/by-id/nvme-x\nE: DEVNAME=/dev/nvme0n1\n"
	  "E: SUBSYSTEM=block\nA: dev=259:0\\n\n",
	  "8086:10d3 0/256 - -1 - -, block:nvme/nvme0/nvme0n1:259:0" },
	{ "all escapes", NIC "A: reset_method=a\\tb\\\\\\\"\\303\\244\\n\n", "8086:10d3 0/256 - -1 - a\tb\\\"\xc3\xa4," },
	{ "an escape that is none", NIC "A: x=a\\q\n", PLAIN, 1, "A: x=a\\q" },
	{ "an escape that is too large", NIC "A: x=\\777\n", PLAIN, 1, "A: x=\\777" },
	{ "an escape cut off", NIC "A: x=a\\\n", PLAIN, 1, "A: x=a\\" },
	{ "hexadecimal of an odd number of digits", NIC "H: config=868\n", PLAIN, 1, "H: config=868" },
	{ "hexadecimal that is none", NIC "H: config=86zz\n", PLAIN, 1, "H: config=86zz" },
	{ "an attribute without a value", NIC "A: broken\n", PLAIN, 1, "A: broken" },
	{ "an attribute of no device", "A: class=0x020000\\n\n" NIC, PLAIN, 1, "A: class=0x020000\\n" },
	{ "an attribute that leads out", NIC "A: ../../x=1\n", PLAIN, 1, "A: ../../x=1" },
	{ "a device that leads out", "P: /devices/../x\nE: SUBSYSTEM=pci\n\n" NIC, PLAIN, 2, "P: /devices/../x" },
	{ "a device outside of /devices", "P: /bus/x\n\n" NIC, PLAIN, 1, "P: /bus/x" },
	{ "a link to nothing", NIC "L: driver=\n", PLAIN, 1, "L: driver=" },
	{ "a subsystem that is a path", NIC "E: SUBSYSTEM=../x\n", PLAIN, 1, "E: SUBSYSTEM=../x" },
	{ "a link of two lines to itself", NIC "L: driver=driver\n", "8086:10d3 0/256 driver -1 - -," },
	{ "a device twice", NIC "\n" NIC "A: reset_method=flr\\n\n", "8086:10d3 0/256 - -1 - flr," },
	{ "a comment, and a letter of tomorrow", "# mine\n" NIC "Z: a=b\n", PLAIN, 1, "Z: a=b" },
	{ "CR LF", "P: " AT "\r\nE: SUBSYSTEM=pci\r\nA: vendor=0x8086\\n\r\nA: device=0x10d3\\n\r\n", PLAIN },
	{ "a USB device alone", "P: /devices/pci0000:00/0000:00:14.0/usb1/1-1\nE: SUBSYSTEM=usb\nA: idVendor=1d6b\\n\n",
	  "U: no PCI function below sys/bus/pci/devices in this tree" },
	{ "nothing", "", "U: no PCI function below sys/bus/pci/devices in this tree" },
	/* clang-format on */
};

/* A dump, the log and lspci of one machine. */
static void test_several(void **state)
{
	static const char log[] = "[    0.0] Linux version 6.1.0-20-amd64 (a) #1\n"
				  "[    0.1] pci 0000:00:03.0: [8086:10d3] type 00 class "
				  "0x020000\n"
				  "[    0.2] pci 0000:00:03.0: Adding to iommu group 2\n";
	AUTOMACHINE struct machine *m = machine_new();
	const char *texts[] = { NIC, log, "00:03.0 0200: 8086:10d3\n\tIOMMU group: 2\n" };
	struct err e = { "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(import_add(m, i ? "x" : "dump",
					    (struct blob){ (const uint8_t *)texts[i],
							   strlen(texts[i]) },
					    NULL, &e),
				 0);
	assert_int_equal(import_finish(m, &e), 0);
	assert_string_equal(m->source, "imported from dump, x, x");
	assert_string_equal(describe(m), "8086:10d3 64/256 - 2 - -,");
}

/* What a program prints, the caller's; NULL if it fails. */
static char *output_of(const char *command, size_t *ret_len)
{
	FILE *f = popen(command, "re"), *out;
	char *text = NULL, buf[65536];
	size_t n;

	out = open_memstream(&text, ret_len);
	if (!f || !out)
		abort();
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, out);
	fclose(out);
	if (pclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static struct machine *read_this_machine(void)
{
	struct host_live *live = NULL;
	struct machine *m = NULL;
	struct err e = { "" };
	struct host h;

	assert_int_equal(host_live_open("/", &live, &e), 0);
	h = host_live_get(live);
	(void)inventory_read(&h, INV_FUNCTIONS | INV_FACTS, &m, &e);
	host_live_close(live);
	return m;
}

/*
 * What umockdev-record says of this machine is what inventory reads from it. Not --all:
 * 0.19 reads behind the end of its own list there.
 */
static void test_this_machine(void **state)
{
	size_t len = 0;
	char *text = output_of("umockdev-record $(find /sys/devices -name uevent "
			       "-printf '%h ') 2>/dev/null",
			       &len);
	struct machine *own = read_this_machine(), *m;
	struct err e = { "" };

	(void)state;
	if (!text || !own) {
		free(text);
		machine_free(own);
		skip_without("umockdev-record that runs, and a PCI function");
	}
	m = machine_new();
	if (import_add(m, "dump", (struct blob){ (const uint8_t *)text, len }, NULL, &e) <
		    0 ||
	    import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(m->fns.n, own->fns.n);
	for (size_t i = 0; i < m->fns.n; i++) {
		const struct pci_fn *x = &m->fns.v[i], *y = &own->fns.v[i];

		assert_int_equal(bdf_cmp(x->bdf, y->bdf), 0);
		assert_int_equal(x->config.len, y->config.len);
		assert_memory_equal(x->config.data, y->config.data, y->config.len);
		assert_memory_equal(x->res, y->res, sizeof(x->res));
		assert_int_equal(x->id.class, y->id.class);
		assert_int_equal(x->group, y->group);
		assert_int_equal(x->children.n, y->children.n);
		assert_string_equal(x->driver ? x->driver : "-",
				    y->driver ? y->driver : "-");
	}
	free(text);
	machine_free(own);
	machine_free(m);
}

#define ROWS(cases, func)                                                                \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(cases); i_++)                                \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i_].name, .test_func = (func),                   \
			.initial_state = &(cases)[i_]                                    \
		}

int main(void)
{
	static const struct CMUnitTest single[] = {
		{ "with a log and lspci", test_several, NULL, NULL, NULL },
		{ "this machine, recorded", test_this_machine, NULL, NULL, NULL },
	};
	struct CMUnitTest tests[100];
	size_t n = 0;

	ROWS(dump_cases, test_dump);
	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		tests[n++] = single[i];
	return _cmocka_run_group_tests("umockdev dumps", tests, n, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "core/host.h"
#include "core/machine-json.h"

#define HEAD                                                                             \
	"{\"schema\": \"pcipass-machine\", \"version\": 1, \"name\": \"x\", "            \
	"\"source\": \"x\""
#define FN(members) HEAD ", \"functions\": [{\"bdf\": \"0000:00:01.0\"" members "}]}"
#define FILE_(members) HEAD ", \"files\": [{" members "}]}"

static struct machine *must_read(const char *text, size_t len)
{
	struct machine *m = NULL;
	struct err e = { 0 };

	if (machine_from_json(text, len, "test", &m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

/* ---- what is refused, and with which words ---- */

struct refuse_case {
	const char *name, *text, *want;
};

static void test_refuse(void **state)
{
	const struct refuse_case *c = *state;
	struct machine *m = NULL;
	struct err e = { 0 };

	assert_int_equal(machine_from_json(c->text, strlen(c->text), "f.json", &m, &e),
			 -EINVAL);
	assert_null(m);
	assert_string_equal(e.text, c->want);
}

/* clang-format off */
static struct refuse_case refusals[] = {
	{ "empty", "", "f.json:1: '[' or '{' expected near end of file (column 0)" },
	{ "no JSON", "# a comment\n", "f.json:1: '[' or '{' expected near '#' (column 1)" },
	{ "an array", "[]", "f.json:1: an object is expected" },
	{ "cut off", "{\n\"schema\": \"pcipass-machine\",\n\"vers",
	  "f.json:3: premature end of input near '\"vers' (column 5)" },
	{ "text behind the end", HEAD "}\n}",
	  "f.json:2: end of file expected near '}' (column 1)" },
	{ "key twice", HEAD ", \"name\": \"y\"}",
	  "f.json:1: duplicate object key near '\"name\"' (column 78)" },
	{ "other schema", "{\"schema\": \"umockdev\", \"version\": 1}",
	  "f.json: schema: \"pcipass-machine\" is expected: this is no recorded machine" },
	{ "no schema", "{\"version\": 1}", "f.json: schema: missing" },
	{ "newer version, unknown keys", "{\"schema\": \"pcipass-machine\", \"version\": 2, \"new\": 1}",
	  "f.json: version: this program reads version 1 only" },
	{ "version as text", "{\"schema\": \"pcipass-machine\", \"version\": \"1\"}",
	  "f.json: version: this program reads version 1 only" },
	{ "no name", "{\"schema\": \"pcipass-machine\", \"version\": 1, \"source\": \"x\"}",
	  "f.json: name: missing" },
	{ "unknown key", HEAD ", \"colour\": 1}", "f.json: colour: there is no such key" },
	{ "unknown key inside", FN(", \"Driver\": \"nvme\""),
	  "f.json: functions[0].Driver: there is no such key" },
	{ "wrong type", HEAD ", \"cpu\": {\"count\": \"8\"}}",
	  "f.json: cpu.count: a number is expected, not a string" },
	{ "fraction", HEAD ", \"cpu\": {\"count\": 8.0}}",
	  "f.json: cpu.count: a number is expected, not a fraction" },
	{ "negative", HEAD ", \"cpu\": {\"count\": -1}}",
	  "f.json: cpu.count: -1 is out of range (0 to 65536)" },
	{ "number as bool", HEAD ", \"firmware\": {\"efi\": 1}}",
	  "f.json: firmware.efi: true or false is expected, not a number" },
	{ "null", HEAD ", \"about\": null}", "f.json: about: a string is expected, not null" },
	{ "list is no list", HEAD ", \"functions\": {}}",
	  "f.json: functions: an array is expected, not an object" },
	{ "element of a list", HEAD ", \"kernel\": {\"loaded\": [\"a\", 1]}}",
	  "f.json: kernel.loaded[1]: a string is expected, not a number" },
	{ "NUL in a string", HEAD ", \"about\": \"a\\u0000b\"}",
	  "f.json:1: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"a\\u0000b\"' (column 91)" },
	{ "not UTF-8", HEAD ", \"about\": \"\xff\"}",
	  "f.json:1: unable to decode byte 0xff near '\"' (column 82)" },

	{ "no address", HEAD ", \"functions\": [{}]}", "f.json: functions[0].bdf: missing" },
	{ "address without domain", HEAD ", \"functions\": [{\"bdf\": \"01:00.0\"}]}",
	  "f.json: functions[0].bdf: \"01:00.0\" is no address of the form 0000:01:00.0 "
	  "(lower-case hex; devices end at 1f, functions at 7)" },
	{ "address in capitals", HEAD ", \"functions\": [{\"bdf\": \"0000:0A:00.0\"}]}",
	  "f.json: functions[0].bdf: \"0000:0A:00.0\" is no address of the form 0000:01:00.0 "
	  "(lower-case hex; devices end at 1f, functions at 7)" },
	{ "impossible device", HEAD ", \"functions\": [{\"bdf\": \"0000:00:20.0\"}]}",
	  "f.json: functions[0].bdf: \"0000:00:20.0\" is no address of the form 0000:01:00.0 "
	  "(lower-case hex; devices end at 1f, functions at 7)" },
	{ "impossible function", HEAD ", \"functions\": [{\"bdf\": \"0000:00:01.8\"}]}",
	  "f.json: functions[0].bdf: \"0000:00:01.8\" is no address of the form 0000:01:00.0 "
	  "(lower-case hex; devices end at 1f, functions at 7)" },
	{ "no processor, and no reason", HEAD "}", "f.json: cpu: missing, and `unknown` does not say why" },
	{ "no functions, and no reason", HEAD ", \"cpu\": {}, \"kernel\": {}}",
	  "f.json: functions: missing, and `unknown` does not say why" },
	{ "address twice", HEAD ", \"functions\": [{\"bdf\": \"0000:00:01.0\"}, "
	  "{\"bdf\": \"0000:00:02.0\"}, {\"bdf\": \"0000:00:01.0\"}]}",
	  "f.json: functions: two functions have the address 0000:00:01.0" },
	{ "VF alone", FN(", \"physfn\": \"0000:01:00.0\""),
	  "f.json: functions: 0000:00:01.0 is a virtual function without its physical one" },
	{ "group below zero", FN(", \"group\": -2"),
	  "f.json: functions[0].group: -2 is out of range (0 to 2147483647)" },
	{ "driver is a path", FN(", \"driver\": \"../nvme\""),
	  "f.json: functions[0].driver: \"../nvme\" cannot be a name" },
	{ "group twice", HEAD ", \"groups\": [{\"id\": 3}, {\"id\": 3}]}",
	  "f.json: groups: 3 is there twice" },

	{ "IOMMU of no kind", HEAD ", \"iommu\": {\"units\": [{\"name\": \"dmar0\", "
	  "\"kind\": \"Intel\"}]}}",
	  "f.json: iommu.units[0].kind: \"Intel\" is none of intel, amd, virtio, other" },
	{ "domain of no type", HEAD ", \"groups\": [{\"id\": 3, \"type\": \"dma\"}]}",
	  "f.json: groups[0].type: \"dma\" is none of DMA, DMA-FQ, identity, blocked, "
	  "unmanaged, unknown" },
	{ "reset method that no kernel has", FN(", \"reset\": \"flr slot\""),
	  "f.json: functions[0].reset: \"slot\" is none of device_specific, acpi, flr, af_flr, "
	  "pm, bus, cxl_bus" },
	{ "reset methods not joined by one blank", FN(", \"reset\": \"flr  bus\""),
	  "f.json: functions[0].reset: \"\" is none of device_specific, acpi, flr, af_flr, "
	  "pm, bus, cxl_bus" },
	{ "device number that is none", FN(", \"children\": [{\"class\": \"block\", "
	  "\"path\": \"a\", \"dev\": \"8:x\"}]"),
	  "f.json: functions[0].children[0].dev: \"8:x\" is no device number of the form 8:0" },
	{ "device number without minor", FN(", \"children\": [{\"class\": \"block\", "
	  "\"path\": \"a\", \"dev\": \"8:\"}]"),
	  "f.json: functions[0].children[0].dev: \"8:\" is no device number of the form 8:0" },

	{ "node of the firmware outside", HEAD ", \"firmware_nodes\": {\"pci0000:00\": \"../x\"}}",
	  "f.json: firmware_nodes.pci0000:00: \"../x\" leaves the tree or has an empty component" },
	{ "opaque part outside", HEAD ", \"opaque\": [{\"path\": \"a/../../b\"}]}",
	  "f.json: opaque[0].path: \"a/../../b\" leaves the tree or has an empty component" },
	{ "opaque node outside", HEAD ", \"opaque\": [{\"path\": \"a\", \"nodes\": [{\"path\": \"/b\"}]}]}",
	  "f.json: opaque[0].nodes[0].path: \"/b\" is absolute; paths start at the root without a slash" },
	{ "slot with a slash", HEAD ", \"slots\": [{\"name\": \"a/b\", \"address\": \"0\"}]}",
	  "f.json: slots[0].name: \"a/b\" cannot be a name" },

	{ "config without size", FN(", \"config\": {\"000\": \"00\"}"),
	  "f.json: functions[0].config: \"size\" must be a number from 0 to 4096" },
	{ "config of odd size", FN(", \"config\": {\"size\": 255}"),
	  "f.json: functions[0].config: \"size\" must be 256 or 4096" },
	{ "huge config", FN(", \"config\": {\"size\": 1e18}"),
	  "f.json: functions[0].config: \"size\" must be a number from 0 to 4096" },
	{ "odd number of digits", FN(", \"config\": {\"size\": 256, \"000\": \"8680d310070410000000000200000000a\"}"),
	  "f.json: functions[0].config.000: 32 hex digits are expected in this row, not 33" },
	{ "short row", FN(", \"config\": {\"size\": 256, \"010\": \"8680\"}"),
	  "f.json: functions[0].config.010: 32 hex digits are expected in this row, not 4" },
	{ "not hex", FN(", \"config\": {\"size\": 256, \"010\": \"8680d31007041000000000020000000g\"}"),
	  "f.json: functions[0].config.010: \"8680d31007041000000000020000000g\" is not lower-case hex" },
	{ "row in the middle", FN(", \"config\": {\"size\": 256, \"008\": \"8680d310070410000000000200000000\"}"),
	  "f.json: functions[0].config.008: not the offset of a row (000, 010, ...)" },
	{ "row spelled otherwise", FN(", \"config\": {\"size\": 256, \"0010\": \"8680d310070410000000000200000000\"}"),
	  "f.json: functions[0].config.0010: not the offset of a row (000, 010, ...)" },
	{ "row beyond the end", FN(", \"config\": {\"size\": 256, \"100\": \"8680d310070410000000000200000000\"}"),
	  "f.json: functions[0].config.100: beyond the size of 256 bytes" },
	{ "row beyond what was read", FN(", \"config\": {\"size\": 256, \"read\": 64, \"040\": \"8680d310070410000000000200000000\"}"),
	  "f.json: functions[0].config: a row lies beyond \"read\"" },
	{ "more read than there is", FN(", \"config\": {\"size\": 256, \"read\": 257}"),
	  "f.json: functions[0].config: \"read\" must be a number from 0 to 256" },
	{ "resource number", FN(", \"resources\": [[17, \"0x1\", \"0x2\", \"0x3\"]]"),
	  "f.json: functions[0].resources[0]: [number below 17, start, end, flags] is expected" },
	{ "resource backwards", FN(", \"resources\": [[0, \"0x2\", \"0x1\", \"0x3\"]]"),
	  "f.json: functions[0].resources[0]: the end lies before the start" },
	{ "resource twice", FN(", \"resources\": [[0, \"0x1\", \"0x2\", \"0x3\"], [0, \"0x1\", \"0x2\", \"0x3\"]]"),
	  "f.json: functions[0].resources[1]: rows must rise in number" },
	{ "resource in decimal", FN(", \"resources\": [[0, \"16\", \"0x2\", \"0x3\"]]"),
	  "f.json: functions[0].resources[0][1]: a string like \"0xfe000000\" is expected" },
	{ "resource too wide", FN(", \"resources\": [[0, \"0x1ffffffffffffffff\", \"0x2\", \"0x3\"]]"),
	  "f.json: functions[0].resources[0][1]: a string like \"0xfe000000\" is expected" },
	{ "ids with wildcards", FN(", \"id\": \"pci:v00008086d*sv*sd*bc02sc00i00\""),
	  "f.json: functions[0].id: a modalias is expected, pci:v0000..." },
	{ "module id", HEAD ", \"kernels\": [{\"release\": \"6.1\", \"modules\": [{\"name\": \"a\", "
	  "\"ids\": [\"usb:v1234\"]}]}]}",
	  "f.json: kernels[0].modules[0].ids[0]: \"usb:v1234\" is no pci: or vfio_pci: pattern" },
	{ "table of wrong kind", HEAD ", \"acpi\": {\"DMAR\": \"444d\"}}",
	  "f.json: acpi.DMAR: an object of hex rows is expected, not a string" },
	{ "read outside of config", HEAD ", \"acpi\": {\"DMAR\": {\"size\": 16, \"read\": 3}}}",
	  "f.json: acpi.DMAR: \"read\" belongs to config space only" },

	{ "file without path", FILE_("\"lines\": [\"\"]"), "f.json: files[0].path: missing" },
	{ "absolute path", FILE_("\"path\": \"/etc/passwd\""),
	  "f.json: files[0].path: \"/etc/passwd\" is absolute; paths start at the root without a slash" },
	{ "path leaves the tree", FILE_("\"path\": \"etc/../../passwd\""),
	  "f.json: files[0].path: \"etc/../../passwd\" leaves the tree or has an empty component" },
	{ "path ends with dots", FILE_("\"path\": \"etc/..\""),
	  "f.json: files[0].path: \"etc/..\" leaves the tree or has an empty component" },
	{ "path with an empty component", FILE_("\"path\": \"etc//grub\""),
	  "f.json: files[0].path: \"etc//grub\" leaves the tree or has an empty component" },
	{ "path ends with a slash", FILE_("\"path\": \"etc/\""),
	  "f.json: files[0].path: \"etc/\" leaves the tree or has an empty component" },
	{ "empty path", FILE_("\"path\": \"\""),
	  "f.json: files[0].path: \"\" leaves the tree or has an empty component" },
	{ "child leaves the tree", FN(", \"children\": [{\"class\": \"net\", \"path\": \"../x\"}]"),
	  "f.json: functions[0].children[0].path: \"../x\" leaves the tree or has an empty component" },
	{ "file twice", HEAD ", \"files\": [{\"path\": \"a\"}, {\"path\": \"b\"}, {\"path\": \"a\"}]}",
	  "f.json: files: a is there twice" },
	{ "mode", FILE_("\"path\": \"a\", \"mode\": \"644\""),
	  "f.json: files[0].mode: permissions are expected, like \"0755\"" },
	{ "mode of a link", FILE_("\"path\": \"a\", \"mode\": \"0755\", \"link\": \"b\""),
	  "f.json: files[0].link: a link has a target and no mode" },
	{ "link with lines", FILE_("\"path\": \"a\", \"link\": \"b\", \"lines\": [\"\"]"),
	  "f.json: files[0].lines: a file has only one of \"link\", \"hex\" and \"lines\"" },
	{ "two lines in one", FILE_("\"path\": \"a\", \"lines\": [\"a\\nb\"]"),
	  "f.json: files[0].lines[0]: one line without newline is expected" },
	{ "no newline of nothing", FILE_("\"path\": \"a\", \"no_newline\": true"),
	  "f.json: files[0].no_newline: only true, and only beside lines" },
	{ "uid", FILE_("\"path\": \"a\", \"uid\": 4294967296"),
	  "f.json: files[0].uid: 4294967296 is out of range (0 to 4294967295)" },
};
/* clang-format on */

/* ---- one fixture with everything, as it must be written ---- */

static const char everything[] =
	"{\n"
	"  \"schema\": \"pcipass-machine\",\n"
	"  \"version\": 1,\n"
	"  \"name\": \"all\",\n"
	"  \"about\": \"h\xc3\xa9 \\\"quoted\\\"\",\n"
	"  \"source\": \"captured\",\n"
	"  \"cpu\": {\"vendor\": \"GenuineIntel\", \"model\": \"M\", \"flags\": "
	"[\"vmx\"], \"count\": 4},\n"
	"  \"firmware\": {\"efi\": true, \"secure_boot\": true, \"loader_info\": \"\"},\n"
	"  \"acpi\": {\"DMAR\": {\"size\": 18, \"000\": "
	"\"444d4152300000000100000000000000\", \"010\": \"00ff\"}},\n"
	"  \"kernel\": {\"release\": \"6.1\", \"version\": \"#1\", \"cmdline\": "
	"\"quiet\", \"loaded\": [\"a\", \"b\"]},\n"
	"  \"iommu\": {\"units\": [{\"name\": \"dmar0\", \"kind\": \"intel\"}], "
	"\"interrupt_remapping\": true},\n"
	"  \"groups\": [{\"id\": 0}, {\"id\": 7, \"type\": \"DMA-FQ\", \"reserved\": "
	"\"0x0 0x1 msi\\n\"}],\n"
	"  \"functions\": [\n"
	"    {\n"
	"      \"bdf\": \"0000:00:01.0\",\n"
	"      \"driver\": \"nvme\",\n"
	"      \"override\": \"vfio-pci\",\n"
	"      \"group\": 0,\n"
	"      \"numa\": 0,\n"
	"      \"irq\": 16,\n"
	"      \"boot_vga\": true,\n"
	"      \"reset\": \"\",\n"
	"      \"vfs_total\": 8,\n"
	"      \"vfs_now\": 1,\n"
	"      \"config\": {\"size\": 4096, \"read\": 64, \"000\": "
	"\"8680d310070410000100000200000000\"},\n"
	"      \"resources\": [[0, \"0xfe000000\", \"0xfe01ffff\", \"0x40200\"], [2, "
	"\"0x0\", \"0x0\", \"0x1\"]],\n"
	"      \"rom\": {\"size\": 512, \"000\": \"55aa0100000000000000000000000000\"},\n"
	"      \"children\": [\n"
	"        {\"class\": \"net\", \"path\": \"net/eth0\", \"link_up\": true},\n"
	"        {\"class\": \"block\", \"path\": \"nvme/nvme0/nvme0n1\", \"dev\": "
	"\"259:0\"}\n"
	"      ],\n"
	"      \"attributes\": {\"max_link_speed\": \"Unknown\", \"vpd\": \"\"}\n"
	"    },\n"
	"    {\n"
	"      \"bdf\": \"0000:00:01.1\",\n"
	"      \"physfn\": \"0000:00:01.0\",\n"
	"      \"config\": {\"size\": 4096, \"000\": "
	"\"ffffffff000010000100000200000000\"}\n"
	"    },\n"
	"    {\n"
	"      \"bdf\": \"10000:e0:1f.7\",\n"
	"      \"id\": \"pci:v00008086d000010D3sv00000000sd00000000bc02sc00i00\",\n"
	"      \"revision\": 3\n"
	"    }\n"
	"  ],\n"
	"  \"stacked\": [\n"
	"    {\"class\": \"block\", \"name\": \"dm-0\", \"dev\": \"254:0\", \"lower\": "
	"[\"nvme0n1\"]},\n"
	"    {\"class\": \"net\", \"name\": \"br0\"}\n"
	"  ],\n"
	"  \"firmware_nodes\": {\"0000:00:01.0\": \"LNXSYSTM:00/device:00\", "
	"\"pci0000:00\": \"LNXSYSTM:00\"},\n"
	"  \"slots\": [\n"
	"    {\n"
	"      \"name\": \"0\",\n"
	"      \"address\": \"0000:01:00\",\n"
	"      \"driver\": \"acpiphp\",\n"
	"      \"max_speed\": \"Unknown\",\n"
	"      \"cur_speed\": \"33 MHz PCI\",\n"
	"      \"power\": 1,\n"
	"      \"latch\": 1,\n"
	"      \"adapter\": 1\n"
	"    },\n"
	"    {\"name\": \"0-2\", \"address\": \"0000:02\"}\n"
	"  ],\n"
	"  \"opaque\": [\n"
	"    {\"path\": \"bus/acpi/drivers\"},\n"
	"    {\n"
	"      \"path\": \"devices/pci0000:00/0000:00:01.0/x\",\n"
	"      \"driver\": \"nvme\",\n"
	"      \"nodes\": [\n"
	"        {\"path\": \"a/b\", \"link\": \"../../c\"},\n"
	"        {\"path\": \"c\", \"mode\": \"0444\", \"size\": 3, \"hex\": {\"size\": "
	"3, "
	"\"000\": \"ff0a00\"}},\n"
	"        {\"path\": \"d\", \"error\": \"EIO\"}\n"
	"      ]\n"
	"    },\n"
	"    {\n"
	"      \"path\": \"module/vfio\",\n"
	"      \"module\": \"vfio\",\n"
	"      \"nodes\": [{\"path\": \"version\", \"mode\": \"0444\", \"lines\": "
	"[\"0.3\"]}]\n"
	"    }\n"
	"  ],\n"
	"  \"files\": [\n"
	"    {\"path\": \"a\"},\n"
	"    {\"path\": \"b\", \"lines\": [\"\"]},\n"
	"    {\"path\": \"c\", \"mode\": \"0755\", \"uid\": 1, \"gid\": 4294967295, "
	"\"mtime\": -1, \"lines\": [\"x\\ty\", \"\"]},\n"
	"    {\"path\": \"d\", \"lines\": [\"x\"], \"no_newline\": true},\n"
	"    {\"path\": \"e\", \"hex\": {\"size\": 3, \"000\": \"ff0a00\"}},\n"
	"    {\"path\": \"f/g\", \"link\": \"../a\"}\n"
	"  ],\n"
	"  \"kernels\": [\n"
	"    {\n"
	"      \"release\": \"6.1\",\n"
	"      \"initramfs\": {\n"
	"        \"path\": \"boot/initrd.img-6.1\",\n"
	"        \"mtime\": 1700000000,\n"
	"        \"modules\": [\"a\"],\n"
	"        \"load\": [\"foo opt=1\"],\n"
	"        \"files\": [{\"path\": \"etc/modprobe.d/a.conf\", \"lines\": "
	"[\"blacklist b\"]}]\n"
	"      },\n"
	"      \"modules\": [\n"
	"        {\"name\": \"pcieport\", \"driver\": \"pcieport\", \"ids\": "
	"[\"pci:v*d*sv*sd*bc06sc04i*\"]},\n"
	"        {\"name\": \"a\", \"file\": \"kernel/a.ko\", \"depends\": [\"b\"], "
	"\"pre\": [\"c\"], \"post\": [\"d\"]}\n"
	"      ]\n"
	"    },\n"
	"    {\"release\": \"6.2\"}\n"
	"  ],\n"
	"  \"klog\": [\"DMAR: IOMMU enabled\", \"\"],\n"
	"  \"unknown\": {\"klog\": \"not permitted\", \"rom\": \"\"}\n"
	"}\n";

static void test_everything(void **state)
{
	AUTOFREE char *text = NULL;
	struct machine *m = must_read(everything, strlen(everything));
	const struct pci_fn *fn = &m->fns.v[0];

	(void)state;
	assert_int_equal(machine_to_json(m, &text), 0);
	assert_string_equal(text, everything);

	assert_string_equal(m->loader_info, "");
	assert_null(m->groups.v[0].type);
	assert_int_equal(m->acpi.v[0].data.len, 18);
	assert_int_equal(m->acpi.v[0].data.data[17], 0xff);
	assert_int_equal(fn->config.len, 64);
	assert_int_equal(fn->config_size, 4096);
	assert_int_equal(fn->id.vendor, 0x8086); /* machine_finish() was called */
	assert_int_equal(fn->id.device, 0x10d3);
	assert_int_equal(fn->res[0].end, 0xfe01ffff);
	assert_int_equal(fn->res[1].flags, 0);
	assert_true(fn->children.v[0].link_up);
	assert_true(m->fns.v[1].is_vf);
	assert_int_equal(m->fns.v[1].id.vendor, 0x8086);
	assert_null(m->fns.v[1].reset);
	assert_int_equal(m->fns.v[1].group, GROUP_NONE);
	assert_int_equal(m->fns.v[1].numa, -1);
	assert_int_equal(m->fns.v[2].bdf.domain, 0x10000);
	assert_int_equal(m->fns.v[2].revision, 3);
	assert_string_equal(machine_unknown(m, "klog"), "not permitted");
	assert_null(m->kernels.v[1].initramfs.path);
	assert_null(m->kernels.v[0].modules.v[0].file);
	machine_free(m);
}

/* Cut at every byte: an error each time, with words and without a machine. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t n = 0; n + 2 < sizeof(everything); n++) {
		struct machine *m = NULL;
		struct err e = { 0 };
		char *part = malloc(n ? n : 1); /* so that reading beyond is seen */

		memcpy(part, everything, n);
		assert_int_equal(machine_from_json(part, n, "f.json", &m, &e), -EINVAL);
		assert_int_equal(strncmp(e.text, "f.json:", 7), 0);
		free(part);
	}
}

/* What is known to be empty is read and, as it was asked for, also written. */
static void test_defaults(void **state)
{
	static const char text[] =
		HEAD ", \"cpu\": {}, \"kernel\": {}, \"functions\": []}";
	struct machine *m = must_read(text, strlen(text));
	AUTOFREE char *written = NULL;

	(void)state;
	assert_string_equal(m->about, "");
	assert_string_equal(m->cpu_vendor, "");
	assert_string_equal(m->cmdline, "");
	assert_null(m->loader_info);
	assert_int_equal(m->fns.n, 0);
	assert_int_equal(machine_to_json(m, &written), 0);
	machine_free(m);
	machine_free(must_read(written, strlen(written)));
	if (!strstr(written, "\"cpu\": {},\n  \"kernel\": {},\n  \"functions\": []\n}"))
		fail_msg("%s", written);
}

/* ---- contents of files, to the byte ---- */

struct content_case {
	const char *name;
	const char *data;
	size_t len;
	const char *want; /* the file as JSON */
};

static void test_content(void **state)
{
	const struct content_case *c = *state;
	struct machine *m = machine_new(), *again;
	struct machine_file *f = vec_push(m->arena, &m->files);
	AUTOFREE char *text = NULL;

	m->name = m->source = "x";
	machine_set_unknown(m, "not asked for", "cpu");
	machine_set_unknown(m, "not asked for", "release");
	machine_set_unknown(m, "not asked for", "functions");
	*f = (struct machine_file){ .path = "f",
				    .mode = S_IFREG | 0644,
				    .data = { (const uint8_t *)c->data, c->len } };
	assert_int_equal(machine_to_json(m, &text), 0);
	if (!strstr(text, c->want))
		fail_msg("%s", text);
	again = must_read(text, strlen(text));
	assert_int_equal(again->files.v[0].data.len, c->len);
	assert_memory_equal(again->files.v[0].data.data, c->data, c->len);
	assert_int_equal(again->files.v[0].data.data[c->len], '\0');
	machine_free(again);
	machine_free(m);
}

#define CONTENT(s) s, sizeof(s) - 1

/* clang-format off */
static struct content_case contents[] = {
	{ "nothing", CONTENT(""), "{\"path\": \"f\"}" },
	{ "a newline", CONTENT("\n"), "\"lines\": [\"\"]}" },
	{ "two newlines", CONTENT("\n\n"), "\"lines\": [\"\", \"\"]}" },
	{ "no newline at all", CONTENT("abc"), "\"lines\": [\"abc\"], \"no_newline\": true}" },
	{ "no newline at the end", CONTENT("a\nb"), "\"lines\": [\"a\", \"b\"], \"no_newline\": true}" },
	{ "DOS line ends", CONTENT("a\r\nb\r\n"), "\"lines\": [\"a\\r\", \"b\\r\"]}" },
	{ "UTF-8", CONTENT("\xc3\xbc\n"), "\"lines\": [\"\xc3\xbc\"]}" },
	{ "Latin-1", CONTENT("\xfc\n"), "\"hex\": {\"size\": 2, \"000\": \"fc0a\"}}" },
	{ "a NUL", CONTENT("a\0b"), "\"hex\": {\"size\": 3, \"000\": \"610062\"}}" },
	{ "only NULs", CONTENT("\0\0"), "\"hex\": {\"size\": 2}}" },
	{ "escape", CONTENT("\033[0m\\\"\n"), "\"lines\": [\"\\u001B[0m\\\\\\\"\"]}" },
	{ "surrogate", CONTENT("\xed\xa0\x80\n"), "\"hex\": {\"size\": 4" },
};
/* clang-format on */

/* Text that JSON cannot hold, where a string must be one. */
static void test_latin1_klog(void **state)
{
	struct machine *m = machine_new(), *again;
	AUTOFREE char *text = NULL;

	(void)state;
	m->name = m->source = "x";
	machine_set_unknown(m, "not asked for", "cpu");
	machine_set_unknown(m, "not asked for", "release");
	machine_set_unknown(m, "not asked for", "functions");
	*vec_push(m->arena, &m->klog) = "usb: K\xf6ln";
	assert_int_equal(machine_to_json(m, &text), 0);
	again = must_read(text, strlen(text));
	assert_string_equal(again->klog.v[0], "usb: K?ln");
	machine_free(again);
	machine_free(m);
}

/* ---- size ---- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* @n functions with a full configuration space, each with its own address. */
static char *many_functions(unsigned n, size_t *ret_len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);

	fputs(HEAD ", \"cpu\": {}, \"kernel\": {}, \"functions\": [", f);
	for (unsigned i = 0; i < n; i++) {
		fprintf(f,
			"%s{\"bdf\": \"%04x:%02x:%02x.%x\", \"config\": {\"size\": 4096",
			i ? ",\n" : "", i >> 16, i >> 8 & 0xff, i >> 3 & 0x1f, i & 7);
		for (unsigned row = 0; row < 16; row++)
			fprintf(f, ", \"%03x\": \"8680d310070410000100000200000000\"",
				16 * row);
		fputs("}}", f);
	}
	fputs("]}", f);
	fclose(f);
	return text;
}

static double time_of(unsigned n)
{
	size_t len;
	AUTOFREE char *text = many_functions(n, &len), *out = NULL;
	double start = seconds();
	struct machine *m = must_read(text, len);

	assert_int_equal(m->fns.n, n);
	assert_int_equal(machine_to_json(m, &out), 0);
	machine_free(m);
	return seconds() - start;
}

static void test_linear(void **state)
{
	double small, large;

	(void)state;
	small = time_of(1000);
	large = time_of(10000);
	print_message("1000 functions: %.3f s, 10000: %.3f s\n", small, large);
	assert_true(large < 30 * small); /* quadratic would be 100 */
}

struct bomb_case {
	const char *name;
	const char *unit; /* NULL: a NUL */
	size_t total;
	const char *want; /* how the error starts */
};

static void test_bomb(void **state)
{
	const struct bomb_case *c = *state;
	char *text = calloc(1, c->total + 1);
	struct machine *m = NULL;
	struct err e = { 0 };
	double start;

	if (c->unit)
		for (size_t i = 0; i < c->total; i++)
			text[i] = c->unit[i % strlen(c->unit)];
	start = seconds();
	assert_int_equal(machine_from_json(text, c->total, "f.json", &m, &e), -EINVAL);
	assert_true(seconds() - start < 5);
	if (!after_prefix(e.text, c->want))
		fail_msg("%s", e.text);
	free(text);
}

static struct bomb_case bombs[] = {
	{ "100 MB of zeros", NULL, 100 << 20, "f.json:1: '[' or '{' expected" },
	{ "100 MB of blanks", " ", 100 << 20, "f.json:1: '[' or '{' expected" },
	{ "brackets", "[", 1 << 20, "f.json: more than a machine can have" },
	{ "deep", "[", 100000, "f.json:1: maximum parsing depth reached" },
	{ "braces", "{},", 16 << 20, "f.json: more than a machine can have" },
	{ "commas", "1,", 32 << 20, "f.json: more than a machine can have" },
	{ "a long string", "\"", 1 << 20, "f.json:1: '[' or '{' expected" },
};

static void test_dump_budget(void **state)
{
	AUTOFREE char *text = NULL;
	struct machine *m = NULL;
	struct err e = { 0 };
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	fputs(HEAD ", \"functions\": [", f);
	for (unsigned i = 0; i < 8; i++)
		fprintf(f,
			"%s{\"bdf\": \"0000:00:00.%x\", \"rom\": {\"size\": 16777216}}",
			i ? "," : "", i);
	fputs("]}", f);
	fclose(f);
	assert_int_equal(machine_from_json(text, len, "f.json", &m, &e), -EINVAL);
	assert_string_equal(e.text,
			    "f.json: functions[4].rom: all hex dumps together are "
			    "too large");
}

/* ---- files ---- */

static void test_files(void **state)
{
	char dir[] = "/tmp/test-machine-json-XXXXXX", path[64], want[128];
	struct machine *m = must_read(everything, strlen(everything)), *again = NULL;
	struct err e = { 0 };
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/m.json", dir);
	assert_int_equal(machine_load(path, &again, &e), -ENOENT);
	snprintf(want, sizeof(want), "%s: No such file or directory", path);
	assert_string_equal(e.text, want);

	assert_int_equal(machine_save(m, path, &e), 0);
	assert_int_equal(machine_load(path, &again, &e), 0);
	machine_free(again);
	again = NULL;

	f = fopen(path, "r+");
	assert_int_equal(ftruncate(fileno(f), (off_t)HOST_FILE_MAX + 1), 0);
	fclose(f);
	assert_int_equal(machine_load(path, &again, &e), -EFBIG);
	snprintf(want, sizeof(want), "%s: larger than 64 MiB", path);
	assert_string_equal(e.text, want);
	assert_int_equal(machine_load(dir, &again, &e), -EISDIR);
	assert_null(again);
	assert_int_equal(machine_save(m, dir, &e), -EISDIR);
	assert_int_equal(machine_save(m, "/dev/full", &e), -ENOSPC);
	assert_string_equal(e.text, "/dev/full: No space left on device");
	unlink(path);
	rmdir(dir);
	machine_free(m);
}

/* ---- the fixtures of the project: canonical, every one ---- */

static void test_fixture(void **state)
{
	const char *path = *state;
	struct machine *m = NULL;
	AUTOFREE char *text = NULL, *file = NULL;
	struct err e = { 0 };
	size_t len = 0;
	FILE *f;

	if (machine_load(path, &m, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(machine_to_json(m, &text), 0);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(getdelim(&file, &len, '\0', f) > 0);
	fclose(f);
	assert_string_equal(text, file);
	machine_free(m);
}

static bool is_fixture(const char *name)
{
	return ends_with(name, ".json") && !streq(name, "schema.json");
}

#define ADD_ROWS(rows, func)                                                             \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(rows); i_++)                                 \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (rows)[i_].name, .test_func = (func),                    \
			.initial_state = &(rows)[i_]                                     \
		}

/* argv[1]: the folder of fixtures; without it the rows of fixtures are left out. */
int main(int argc, char **argv)
{
	static const struct CMUnitTest single[] = {
		{ .name = "everything there is", .test_func = test_everything },
		{ .name = "cut at every byte", .test_func = test_cut },
		{ .name = "defaults", .test_func = test_defaults },
		{ .name = "a log line that is not UTF-8", .test_func = test_latin1_klog },
		{ .name = "10000 functions in linear time", .test_func = test_linear },
		{ .name = "dumps together", .test_func = test_dump_budget },
		{ .name = "load and save", .test_func = test_files },
	};
	struct CMUnitTest tests[256];
	size_t n = 0;
	DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
	AUTOARENA struct arena *a = arena_new();

	ADD_ROWS(refusals, test_refuse);
	ADD_ROWS(contents, test_content);
	ADD_ROWS(bombs, test_bomb);
	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		tests[n++] = single[i];
	for (struct dirent *d; dir && (d = readdir(dir)) && n < ARRAY_SIZE(tests);) {
		if (!is_fixture(d->d_name))
			continue;
		tests[n++] = (struct CMUnitTest){
			.name = arena_strdup(a, d->d_name),
			.test_func = test_fixture,
			.initial_state = arena_printf(a, "%s/%s", argv[1], d->d_name),
		};
	}
	if (dir)
		closedir(dir);
	return _cmocka_run_group_tests("machine-json", tests, n, NULL, NULL);
}

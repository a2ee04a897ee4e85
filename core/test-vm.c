/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <cmocka.h>
#include <pci/header.h>

#include "core/vm.h"
#include "core/test-skip.h"

enum rom { ROM_NONE, ROM_LEGACY, ROM_EFI, ROM_BOTH, ROM_DAMAGED, ROM_UNREAD };

/* A function of the host. */
struct fn_row {
	const char *bdf; /* NULL: end of the machine */
	unsigned class;
	bool conventional, asked, boot_vga, vf;
	enum rom rom;
	bool shadow;       /* the ROM was read from C0000 */
	bool unprivileged; /* only the header of the config space was read */
};

struct vm_case {
	const char *name;
	struct fn_row fns[8];
	const char *proxmox; /* the lines that are no comments */
	const char *why;     /* one sentence says this */
};

#define ROM_IMAGE 512

/* PCI Firmware Specification 3.3, 5.1: a header and its PCI data structure. */
static size_t add_image(uint8_t *rom, size_t at, uint8_t code, bool last)
{
	uint8_t *image = rom + at;

	image[0] = 0x55;
	image[1] = 0xaa;
	image[2] = 1;
	image[0x18] = 0x1c;
	memcpy(image + 0x1c, "PCIR", 4);
	image[0x1c + 0x0a] = 0x18;
	image[0x1c + 0x10] = 1;
	image[0x1c + 0x14] = code;
	image[0x1c + 0x15] = last ? 0x80 : 0;
	if (code == 3) {
		memcpy(image + 4, "\xf1\x0e\0\0", 4);
		memcpy(image + 0x0a, "\x64\x86", 2); /* x86-64 */
	}
	return at + ROM_IMAGE;
}

static struct blob build_rom(struct arena *a, enum rom kind)
{
	uint8_t *rom = arena_alloc(a, 2 * ROM_IMAGE);
	size_t len = 0;

	if (kind == ROM_LEGACY || kind == ROM_BOTH)
		len = add_image(rom, len, 0, kind == ROM_LEGACY);
	if (kind == ROM_EFI || kind == ROM_BOTH)
		len = add_image(rom, len, 3, true);
	if (kind == ROM_DAMAGED)
		len = ROM_IMAGE;
	return (struct blob){ rom, len };
}

static struct blob build_config(struct arena *a, const struct fn_row *row)
{
	uint8_t *c = arena_alloc(a, 256);

	c[PCI_VENDOR_ID] = 0xde;
	c[PCI_VENDOR_ID + 1] = 0x10;
	c[PCI_DEVICE_ID] = 0x81;
	c[PCI_DEVICE_ID + 1] = 0x1b;
	c[PCI_CLASS_DEVICE] = (uint8_t)row->class;
	c[PCI_CLASS_DEVICE + 1] = (uint8_t)(row->class >> 8);
	c[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	c[PCI_CAPABILITY_LIST] = 0x40;
	c[0x40] = row->conventional ? PCI_CAP_ID_PM : PCI_CAP_ID_EXP;
	c[0x42] = 2; /* PCI Express 2.0 endpoint */
	return (struct blob){ c, row->unprivileged ? 64 : 256 };
}

/* Addresses that no host has, for programs that would open the device. */
#define NOWHERE 0xfffeu

static struct machine *build(const struct vm_case *c, uint32_t domain, fn_list *asked)
{
	struct machine *m = machine_new();
	struct err e;

	for (const struct fn_row *row = c->fns; row->bdf; row++) {
		struct pci_fn *fn = vec_push(m->arena, &m->fns);
		char bdf[BDF_SIZE];

		assert_true(bdf_parse(row->bdf, &fn->bdf) > 0);
		fn->bdf.domain = domain;
		fn->config = build_config(m->arena, row);
		fn->config_size = row->conventional ? 256 : 4096;
		fn->group = GROUP_NONE;
		fn->boot_vga = row->boot_vga;
		fn->rom = build_rom(m->arena, row->rom);
		fn->res[PCI_ROM_RESOURCE].flags = row->shadow ? 0x212 : 0;
		fn->is_vf = row->vf;
		fn->physfn = fn->bdf;
		fn->physfn.dev = 0;
		fn->physfn.fn = 0;
		if (row->rom == ROM_UNREAD)
			machine_set_unknown(m, "the ROM is disabled\nby a --bridge",
					    "functions/%s/rom", bdf_format(fn->bdf, bdf));
	}
	assert_int_equal(machine_finish(m, &e), 0);
	for (const struct fn_row *row = c->fns; row->bdf; row++) {
		struct bdf bdf;

		bdf_parse(row->bdf, &bdf);
		bdf.domain = domain;
		if (row->asked)
			*vec_push(m->arena, asked) = machine_fn(m, bdf);
	}
	return m;
}

static struct machine *decide(const struct vm_case *c, uint32_t domain,
			      struct vm_model *ret)
{
	struct judged j = { 0 };
	struct machine *m = build(c, domain, &j.asked);

	j.m = m;
	j.arena = m->arena;
	vm_decide(&j, ret);
	return m;
}

/* The lines of @text that are no comments. */
static char *plain_lines(struct arena *a, const char *text)
{
	char *ret = arena_strdup(a, "");

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (*text != '#')
			ret = arena_printf(a, "%s%.*s\n", ret, (int)n, text);
	}
	return ret;
}

static void test_proxmox(void **state)
{
	const struct vm_case *c = *state;
	struct vm_model v;
	struct machine *m = decide(c, 0, &v);
	char *text = vm_write(&v, m->arena, VM_PROXMOX, 100);
	bool said = false;

	assert_string_equal(plain_lines(m->arena, text), c->proxmox);
	vec_foreach(w, &v.why) {
		said |= strstr(*w, c->why) != NULL;
		assert_null(strchr(*w, '\n'));
		assert_non_null(strstr(text, *w));
	}
	if (!said)
		fail_msg("nothing says \"%s\":\n%s", c->why, text);
	/* Every option of the file is also in the commands. */
	assert_non_null(strstr(text, "#   qm set 100 --machine q35 --bios "));
	assert_int_equal(v.ovmf, strstr(text, "--efidisk0 STORAGE:") != NULL);
	machine_free(m);
}

/* Run @command in a shell with @text in a file whose name is $1; its output in @ret. */
static int run(const char *command, const char *text, char *ret, size_t size)
{
	char folder[] = "/tmp/test-vm.XXXXXX", *shell = NULL;
	size_t n;
	FILE *f;
	int status;

	assert_non_null(mkdtemp(folder));
	assert_true(asprintf(&shell, "%s/text", folder) > 0);
	f = fopen(shell, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(shell);
	assert_true(
		asprintf(&shell,
			 "cd %s && set -- text && { %s\n} 2>&1; s=$?; rm -rf %s; exit $s",
			 folder, command, folder) > 0);
	f = popen(shell, "r");
	assert_non_null(f);
	n = fread(ret, 1, size - 1, f);
	ret[n] = '\0';
	status = pclose(f);
	free(shell);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void need(const char *command)
{
	char out[256];

	if (run(command, "", out, sizeof(out)) == 0)
		return;
	skip_without(command);
}

static void test_libvirt(void **state)
{
	const struct vm_case *c = *state;
	struct vm_model v;
	struct machine *m;
	char out[4096], *text;
	int status;

	need("command -v virt-xml-validate");
	m = decide(c, 0x10000, &v); /* VMD's domains have five digits */
	text = vm_write(&v, m->arena, VM_LIBVIRT, 0);
	status = run("virt-xml-validate \"$1\" domain", text, out, sizeof(out));
	if (status)
		fail_msg("%s\n%s", out, text);
	machine_free(m);
}

/* The schema knows no addresses; libvirt's own parser does. */
static void test_libvirt_parser(void **state)
{
	const struct vm_case *c = *state;
	struct vm_model v;
	struct machine *m;
	char out[16384], *text, *want;
	bool shared = false;
	int status;

	need("virsh -q -c test:///default version");
	m = decide(c, 0, &v);
	text = vm_write(&v, m->arena, VM_LIBVIRT, 101);
	/* The test driver offers type 'test' in place of 'kvm', and no firmware. */
	status = run("sed -i \"s/type='kvm'/type='test'/; s/ firmware='efi'//\" \"$1\"; "
		     "virsh -q -c test:///default \"define $1; dumpxml pcipass-101\"",
		     text, out, sizeof(out));
	if (status)
		fail_msg("%s\n%s", out, text);
	vec_foreach(d, &v.devices) {
		struct bdf b = d->fn->bdf;

		want = arena_printf(m->arena,
				    "<address domain='0x%04x' bus='0x%02x' slot='0x%02x' "
				    "function='0x%x'/>",
				    b.domain, b.bus, b.dev, b.fn);
		if (!strstr(out, want))
			fail_msg("%s is not in\n%s", want, out);
		shared |= d->function > 0;
	}
	/* Without it QEMU refuses the second function of a slot. */
	assert_int_equal(shared,
			 strstr(out, "multifunction='on'/>\n    </hostdev>") != NULL);
	machine_free(m);
}

/* Little memory, no KVM, and a monitor that ends it where the devices are all right. */
#define QEMU                                                                             \
	"sed -i 's/accel=kvm/accel=tcg/; s/-cpu host/-cpu max/; s/-m 8G/-m 64M/; "       \
	"s/-display none//' \"$1\"; cp /usr/share/OVMF/OVMF_VARS_4M.fd . && "            \
	"echo \"$(cat \"$1\") -S -display none -monitor stdio\" >\"$1\" && "             \
	"echo quit | timeout 60 sh \"$1\""

static void test_qemu(void **state)
{
	const struct vm_case *c = *state;
	struct vm_model v;
	struct machine *m;
	char out[4096], *text;
	int status;

	need("qemu-system-x86_64 --version && test -e /usr/share/OVMF/OVMF_VARS_4M.fd");
	m = decide(c, NOWHERE, &v);
	text = vm_write(&v, m->arena, VM_QEMU, 102);

	/* As written: all it can say against it is that this device is not there. */
	status = run(QEMU, text, out, sizeof(out));
	if (status != 1 || !strstr(out, "no such host device") || strstr(out, "roperty"))
		fail_msg("status %d: %s\n%s", status, out, text);

	/* With emulated cards in their places the whole of it has to start. */
	status = run("sed -i '/bus=pcie.0/ s/vfio-pci,host=[^,]*/e1000/; "
		     "s/vfio-pci,host=[^,]*/e1000e/; s/,x-vga=on//; s/,romfile=[^, ]*//' "
		     "\"$1\"; " QEMU,
		     text, out, sizeof(out));
	if (status)
		fail_msg("status %d: %s\n%s", status, out, text);
	machine_free(m);
}

#define GPU "01:00.0", 0x0300
#define AUDIO "01:00.1", 0x0403
#define IGPU "00:02.0", 0x0300

// clang-format off
static struct vm_case cases[] = {
	{ "network card", { { "03:00.0", 0x0200, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.0,pcie=1\nmachine: q35\n",
	  "no GPU is passed through" },
	{ "GPU with audio, EFI image",
	  { { IGPU, .boot_vga = true }, { GPU, .asked = true, .rom = ROM_BOTH },
	    { AUDIO, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00,pcie=1\nmachine: q35\n",
	  "0000:01:00.0 has an EFI image" },
	{ "companions come along",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_EFI }, { AUDIO } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00,pcie=1\nmachine: q35\n",
	  "1 more of its device share one guest slot" },
	{ "picture of a second GPU",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_EFI } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "connect a monitor to the card" },
	{ "legacy ROM only",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_LEGACY } },
	  "bios: seabios\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "SeaBIOS: the ROM of GPU 0000:01:00.0 has no EFI image" },
	{ "ROM unreadable",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_UNREAD } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "could not be judged (the ROM is disabled?by a --bridge)" },
	{ "ROM damaged",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_DAMAGED } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "could not be judged (offset 0x0" },
	{ "no ROM",
	  { { IGPU }, { "01:00.0", 0x0302, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "could not be judged (it shows none)" },
	{ "boot VGA",
	  { { GPU, .asked = true, .rom = ROM_EFI, .boot_vga = true },
	    { "05:00.0", 0x0300 } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1,x-vga=1,"
	  "romfile=vbios-10de-1b81.rom\nmachine: q35\n",
	  "it becomes the guest's primary GPU" },
	{ "boot VGA, legacy shadow",
	  { { GPU, .asked = true, .rom = ROM_LEGACY, .boot_vga = true, .shadow = true },
	    { AUDIO, .asked = true } },
	  "bios: seabios\ncpu: host\nhostpci0: 0000:01:00,pcie=1,x-vga=1,"
	  "romfile=vbios-10de-1b81.rom\nmachine: q35\n",
	  "shadow copy, which has the legacy image only" },
	{ "only screen, no boot VGA",
	  { { GPU, .asked = true, .rom = ROM_EFI } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1,x-vga=1\nmachine: q35\n",
	  "the host's only screen" },
	{ "accelerator without VGA is no screen",
	  { { "01:00.0", 0x0302, .asked = true, .rom = ROM_EFI } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "0000:01:00.0 has an EFI image" },
	{ "two GPUs, one legacy",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_EFI },
	    { "02:00.0", 0x0300, .asked = true, .rom = ROM_LEGACY } },
	  "bios: seabios\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\n"
	  "hostpci1: 0000:02:00.0,pcie=1\nmachine: q35\n",
	  "ROM of GPU 0000:02:00.0 has no EFI image" },
	{ "conventional card",
	  { { "06:01.0", 0x0401, .conventional = true, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:06:01.0\nmachine: q35\n",
	  "is conventional PCI" },
	{ "conventional card of two functions beside a PCIe one",
	  { { "03:00.0", 0x0200, .asked = true },
	    { "06:01.0", 0x0401, .conventional = true, .asked = true },
	    { "06:01.1", 0x0980, .conventional = true, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.0,pcie=1\nhostpci1: 0000:06:01\n"
	  "machine: q35\n",
	  "0000:06:01.0 is conventional PCI" },
	{ "one port of a network card",
	  { { "03:00.0", 0x0200 }, { "03:00.1", 0x0200, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.1,pcie=1\nmachine: q35\n",
	  "0000:03:00.1 is PCI Express" },
	{ "three ports of four, without the first",
	  { { "03:00.0", 0x0200 }, { "03:00.1", 0x0200, .asked = true },
	    { "03:00.2", 0x0200, .asked = true }, { "03:00.3", 0x0200, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.1;0000:03:00.2;0000:03:00.3,pcie=1\n"
	  "machine: q35\n",
	  "2 more of its device share one guest slot, as in the host." },
	{ "virtual functions have a slot each",
	  { { "02:00.0", 0x0200 }, { "02:10.0", 0x0200, .asked = true, .vf = true },
	    { "02:10.1", 0x0200, .asked = true, .vf = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:02:10.0,pcie=1\n"
	  "hostpci1: 0000:02:10.1,pcie=1\nmachine: q35\n",
	  "0000:02:10.1 is PCI Express" },
	{ "read without rights",
	  { { "03:00.0", 0x0200, .asked = true, .unprivileged = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.0,pcie=1\nmachine: q35\n",
	  "0000:03:00.0 is PCI Express" },
};
// clang-format on

/* Merging gives @want, and merging into that gives it again. */
struct merge_case {
	const char *name;
	const char *machine; /* name of a row above */
	const char *conf, *want;
};

static const struct vm_case *case_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (streq(cases[i].name, name))
			return &cases[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void test_merge(void **state)
{
	const struct merge_case *c = *state;
	struct vm_model v;
	struct machine *m = decide(case_by_name(c->machine), 0, &v);
	char *got = vm_merge_proxmox(&v, m->arena, c->conf);

	if (c->want) {
		assert_string_equal(got, c->want);
		assert_string_equal(vm_merge_proxmox(&v, m->arena, got), c->want);
	} else {
		assert_null(got);
	}
	machine_free(m);
}

#define WHOLE "GPU with audio, EFI image"

// clang-format off
static struct merge_case merges[] = {
	{ "into nothing", WHOLE, "",
	  "hostpci0: 0000:01:00,pcie=1\nbios: ovmf\nmachine: q35\n" },
	{ "keeps what is said", WHOLE,
	  "bios: seabios\ncores: 4\nmachine: pc-q35-8.1\n",
	  "bios: seabios\ncores: 4\nmachine: pc-q35-8.1\nhostpci0: 0000:01:00,pcie=1\n" },
	{ "another machine type has no PCIe", WHOLE,
	  "bios: ovmf\nmachine: pc-i440fx-8.1\n",
	  "bios: ovmf\nmachine: pc-i440fx-8.1\nhostpci0: 0000:01:00\n" },
	{ "takes a free number", WHOLE,
	  "bios: ovmf\nhostpci0: 0000:04:00.0\nhostpci2: 05:00\nmachine: q35\n",
	  "bios: ovmf\nhostpci0: 0000:04:00.0\nhostpci2: 05:00\nmachine: q35\n"
	  "hostpci1: 0000:01:00,pcie=1\n" },
	{ "there already, as a slot", WHOLE, "hostpci3: 01:00\n", "hostpci3: 01:00\n" },
	{ "there already, by functions", WHOLE,
	  "hostpci0: host=0000:01:00.0;01:00.1,pcie=1\n",
	  "hostpci0: host=0000:01:00.0;01:00.1,pcie=1\n" },
	{ "there in part", WHOLE, "bios: ovmf\nhostpci0: pcie=1,host=01:00.0\nmachine: q35\n",
	  "bios: ovmf\nhostpci0: pcie=1,host=01:00.0\nmachine: q35\n"
	  "hostpci1: 0000:01:00.1,pcie=1\n" },
	{ "a name that only begins the same", WHOLE,
	  "bios: ovmf\nhostpci0: 0000:01:00.01,pcie=1\nhostpci01: 0000:01:00\nmachine: q35\n",
	  "bios: ovmf\nhostpci0: 0000:01:00.01,pcie=1\nhostpci01: 0000:01:00\nmachine: q35\n"
	  "hostpci1: 0000:01:00,pcie=1\n" },
	{ "snapshots stay", WHOLE,
	  "#hostpci0: 01:00\nname: vm\n\n[before]\nhostpci0: 0000:01:00,pcie=1\nmachine: q35\n",
	  "#hostpci0: 01:00\nname: vm\nhostpci0: 0000:01:00,pcie=1\nbios: ovmf\nmachine: q35\n"
	  "\n[before]\nhostpci0: 0000:01:00,pcie=1\nmachine: q35\n" },
	{ "pending numbers are taken", WHOLE,
	  "bios: ovmf\nmachine: q35\n\n[PENDING]\nhostpci0: 0000:04:00.0\n",
	  "bios: ovmf\nmachine: q35\nhostpci1: 0000:01:00,pcie=1\n\n"
	  "[PENDING]\nhostpci0: 0000:04:00.0\n" },
	{ "no newline at the end", WHOLE, "bios: ovmf\nmachine: q35",
	  "bios: ovmf\nmachine: q35\nhostpci0: 0000:01:00,pcie=1\n" },
	{ "no number left", WHOLE,
	  "hostpci0: a\nhostpci1: a\nhostpci2: a\nhostpci3: a\nhostpci4: a\nhostpci5: a\n"
	  "hostpci6: a\nhostpci7: a\nhostpci8: a\nhostpci9: a\nhostpci10: a\nhostpci11: a\n"
	  "hostpci12: a\nhostpci13: a\nhostpci14: a\nhostpci15: ;;,host=\n", NULL },
	{ "several devices", "virtual functions have a slot each",
	  "bios: ovmf\nhostpci0: 02:10.0,pcie=1\nmachine: q35\n",
	  "bios: ovmf\nhostpci0: 02:10.0,pcie=1\nmachine: q35\nhostpci1: 0000:02:10.1,pcie=1\n" },
};
// clang-format on

/* Nothing asked: every writer still writes a sound configuration. */
static void test_nothing(void **state)
{
	static const struct vm_case nothing = { .fns = { { GPU } } };
	struct vm_model v;
	struct machine *m = decide(&nothing, 0, &v);

	(void)state;
	assert_int_equal(v.devices.n, 0);
	assert_string_equal(vm_merge_proxmox(&v, m->arena, "cores: 2\n"), "cores: 2\n");
	for (int t = VM_PROXMOX; t <= VM_QEMU; t++)
		assert_non_null(vm_write(&v, m->arena, (enum vm_target)t, 0));
	machine_free(m);
}

/* All rows of a table through one function, named "GROUP: ROW". */
#define ADD_ROWS(tests, n, group, function, rows)                                        \
	for (size_t row_ = 0; row_ < ARRAY_SIZE(rows); row_++) {                         \
		assert(asprintf(&names[n], group ": %s", (rows)[row_].name) > 0);        \
		(tests)[n] = (struct CMUnitTest){ .name = names[n],                      \
						  .test_func = (function),               \
						  .initial_state = &(rows)[row_] };      \
		(n)++;                                                                   \
	}

int main(void)
{
	enum { N = 4 * ARRAY_SIZE(cases) + ARRAY_SIZE(merges) + 1 };
	struct CMUnitTest tests[N];
	char *names[N];
	size_t n = 0;
	int failed;

	ADD_ROWS(tests, n, "proxmox", test_proxmox, cases);
	ADD_ROWS(tests, n, "libvirt schema", test_libvirt, cases);
	ADD_ROWS(tests, n, "libvirt parser", test_libvirt_parser, cases);
	ADD_ROWS(tests, n, "qemu", test_qemu, cases);
	ADD_ROWS(tests, n, "merge", test_merge, merges);
	names[n] = strdup("nothing asked");
	tests[n] = (struct CMUnitTest){ .name = names[n], .test_func = test_nothing };
	failed = cmocka_run_group_tests_name("vm", tests, NULL, NULL);
	for (size_t i = 0; i < N; i++)
		free(names[i]);
	return failed;
}

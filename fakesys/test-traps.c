/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a naive simulator gets wrong: the rows of kernel.md 7 and its runners-up, each a
 * test named after the row, played through kernfs as a process would. Expected values are
 * kernel.md's and those of recorded listings.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <pci/header.h>

#include "core/machine-json.h"
#include "fakesys/test-kernfs.h"
#include "fakesys/test-sim.h"

/* Beside those of enum test_op, which here go through open(2) as well. */
enum trap_op {
	AS = LOG + 1, /* from now on by uid ret */
	OTHER,        /* STORE by another process: what is open here stays open */
	CHMOD,        /* path; ret: mode */
	MODE,         /* path; ret: the bits of its mode */
	OPEN,         /* path, with flags `at`; ret 0 or an error; it stays open */
	GET,          /* from what is open: text is what comes, or ret, of len at `at` */
	PUT,          /* text to what is open, at `at` */
	POLL,         /* what is open; ret: events */
	LIST,         /* path; text: its names, sorted */
	ORDER,        /* path; text: its names as they come, and d_off of each */
	ACS,          /* path of a function; text: what its ACS can and what is on */
	RUN,          /* path: a program, text: its arguments */
	BOOT,         /* power off and on */
	ANSWER,       /* of the store that waited; -EAGAIN: none yet */
};

struct step {
	int op; /* enum test_op or trap_op */
	const char *path, *text;
	ssize_t ret;
	uint64_t at;
	size_t len; /* STORE: text and then zeros; GET: 0 is much */
};

#define TRAP_STEPS 24
struct trap {
	const char *name;    /* NULL: goes on from the one before, on another host */
	const char *kernels; /* aliases or versions; NULL: all profiles */
	const char *machine; /* a fixture; NULL: test_machine() */
	bool no_iommu;       /* of test_machine() */
	void (*change)(struct machine *m); /* what a row needs on top of it */
	struct step steps[TRAP_STEPS];
};

/* --- the machines: fixtures are read once --- */

static struct {
	const char *name;
	struct machine *m;
} fixtures[16];

static struct machine *fixture(const char *name)
{
	char path[512];
	size_t i = 0;
	struct err e;

	while (fixtures[i].name && !streq(fixtures[i].name, name))
		i++;
	assert_true(i < ARRAY_SIZE(fixtures) - 1);
	if (fixtures[i].name)
		return fixtures[i].m;
	snprintf(path, sizeof(path), "%s/%s.json", getenv("PCIPASS_FIXTURES"), name);
	assert_int_equal(machine_load(path, &fixtures[i].m, &e), 0);
	fixtures[i].name = name;
	return fixtures[i].m;
}

static int free_fixtures(void **state)
{
	(void)state;
	for (size_t i = 0; fixtures[i].name; i++)
		machine_free(fixtures[i].m);
	return 0;
}

static void with_pf_stub(struct machine *m)
{
	(void)test_module(m, &m->kernels.v[0], "pci_pf_stub",
			  "kernel/drivers/pci/pci-pf-stub.ko.xz", "pci-pf-stub", NULL);
	m->loaded.n--; /* that is for modprobe */
}

/* 01:00.0 and 01:00.1 both say that they are not alone, as the specification has it. */
static void with_function_bits(struct machine *m)
{
	test_cfg(&m->fns.v[6])[PCI_HEADER_TYPE] |= 0x80;
	test_cfg(&m->fns.v[7])[PCI_HEADER_TYPE] |= 0x80;
}

/* As the reference guest's: sys/bus/pci/slots/0-2. */
static void with_slot(struct machine *m)
{
	*vec_push(m->arena, &m->slots) = (struct pci_slot){
		.name = "0-2",
		.address = "0000:01:00",
		.driver = "acpiphp",
		.max_speed = "16.0 GT/s PCIe",
		.cur_speed = "2.5 GT/s PCIe",
		.power = 1,
		.adapter = 1,
	};
}

/* --- what steps do --- */

static ssize_t read_file(struct player *p, const struct step *st, char *buf, size_t size)
{
	int r = st->op == GET ? 0 : player_open(p, st->path, O_RDONLY);

	return r < 0 ? r : kfile_read(p->file, buf, st->len ? st->len : size, st->at);
}

static ssize_t write_file(struct player *p, const struct step *st)
{
	size_t len = st->len       ? st->len
		     : st->ret > 0 ? (size_t)st->ret /* text may hold NULs */
				   : strlen(st->text);
	int r = st->op == PUT ? 0 : player_open(p, st->path, O_WRONLY);
	char buf[8192] = "";
	uint64_t ticket;

	memcpy(buf, st->text, st->len ? strlen(st->text) : len);
	return r < 0 ? r : kfile_write(p->file, p->who, buf, len, st->at, &ticket);
}

static ssize_t read_link(struct player *p, const struct step *st, char *buf, size_t size)
{
	char text[512] = "";
	struct knode *n;
	ssize_t r = player_walk(p, st->path, &n);

	if (r < 0)
		return r;
	r = knode_readlink(p->k, n, text, sizeof(text));
	knode_put(p->k, n);
	snprintf(buf, size, "%s", path_name(text));
	return r < 0 ? r : (ssize_t)strlen(buf);
}

static int cmp_name(const void *x, const void *y)
{
	const struct kdirent *a = x, *b = y;

	return strcmp(a->name, b->name);
}

static ssize_t list(struct player *p, const struct step *st, char *buf, size_t size)
{
	FILE *out = fmemopen(buf, size, "w");
	struct knode *n;
	struct klist l;

	assert_int_equal(player_walk(p, st->path, &n), 0);
	assert_int_equal(kernfs_list(p->k, n, &l), 0);
	if (st->op == LIST)
		qsort(l.v.v, l.v.n, sizeof(*l.v.v), cmp_name); /* "." and ".." first */
	for (size_t i = st->op == LIST ? 2 : 0; i < l.v.n; i++)
		if (st->op == LIST)
			fprintf(out, "%s%s", i > 2 ? " " : "", l.v.v[i].name);
		else
			fprintf(out, "%s%s %ju", i ? " " : "", l.v.v[i].name,
				(uintmax_t)l.v.v[i].next);
	klist_done(&l);
	knode_put(p->k, n);
	fclose(out);
	return (ssize_t)strlen(buf);
}

/* Capability and control registers, or "none". */
static ssize_t read_acs(struct player *p, const struct step *st, char *buf, size_t size)
{
	uint8_t config[4096];
	char path[512];
	uint32_t at;
	ssize_t n;

	snprintf(path, sizeof(path), "%sconfig", st->path);
	assert_int_equal(player_open(p, path, O_RDONLY), 0);
	n = kfile_read(p->file, (char *)config, sizeof(config), 0);
	assert_true(n >= 256);
	at = cfg_find_ext_cap((struct blob){ config, (size_t)n }, PCI_EXT_CAP_ID_ACS);
	if (!at)
		return snprintf(buf, size, "none");
	return snprintf(buf, size, "%02x %02x",
			cfg_u16((struct blob){ config, (size_t)n }, at + PCI_ACS_CAP),
			cfg_u16((struct blob){ config, (size_t)n }, at + PCI_ACS_CTRL));
}

static ssize_t run(struct player *p, const struct step *st)
{
	struct host h = sim_host(p->s);
	struct host_output o = { 0 };
	const char *argv[8] = { st->path };
	char words[256], *save = NULL;
	size_t n = 1;
	int r;

	snprintf(words, sizeof(words), "%s", st->text);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	r = h.ops->run(h.ctx, argv, &o);
	free(o.text);
	return r < 0 ? r : o.status;
}

static ssize_t do_node(struct player *p, const struct step *st)
{
	struct knode *n;
	struct kstat k;
	int r = player_walk(p, st->path, &n);

	if (r < 0)
		return r;
	if (st->op == CHMOD) {
		r = knode_chmod(p->k, n, p->who, (mode_t)st->ret);
		assert_int_equal(r, 0);
	}
	knode_stat(p->k, n, &k);
	knode_put(p->k, n);
	return (ssize_t)(k.mode & 07777);
}

static ssize_t boot(struct player *p)
{
	const struct boot_report *report;
	struct err e;

	player_close(p);
	return sim_reboot(p->s, &report, &e);
}

/* What the step gives: a number, and text that is as long if the number is no error. */
static ssize_t play(struct player *p, const struct step *st, char *buf, size_t size)
{
	uint64_t ticket;
	ssize_t r;

	switch (st->op) {
	case STORE:
	case PUT:
		return write_file(p, st);
	case READ:
	case HAS:
	case GET:
		return read_file(p, st, buf, size);
	case LINK:
		return read_link(p, st, buf, size);
	case LIST:
	case ORDER:
		return list(p, st, buf, size);
	case ACS:
		return read_acs(p, st, buf, size);
	case OTHER:
		return sim_store(p->s, st->path, st->text, strlen(st->text));
	case AS:
		p->who = (struct kcred){ (uid_t)st->ret, (gid_t)st->ret };
		return st->ret;
	case CHMOD:
	case MODE:
		return do_node(p, st);
	case OPEN:
		return player_open(p, st->path, (int)st->at);
	case POLL:
		return kfile_poll(p->file);
	case RUN:
		return run(p, st);
	case BOOT:
		return boot(p);
	case ANSWER:
		return sim_take_answer(p->s, &ticket, &r) ? r : -EAGAIN;
	default: /* groups and the kernel log have no file */
		test_run_step(p->s, &(struct test_step){ (enum test_op)st->op, st->path,
							 st->text, st->ret });
		return st->ret;
	}
}

/* Is it what the row says? */
static bool as_expected(const struct step *st, ssize_t r, const char *buf)
{
	switch (st->op) {
	case LINK:
		return st->text ? r >= 0 && streq(buf, st->text) : r == -ENOENT;
	case HAS:
		return r >= 0 && strstr(buf, st->text);
	case READ:
	case GET:
	case LIST:
	case ORDER:
	case ACS:
		if (st->text)
			return r == (ssize_t)strlen(st->text) &&
			       !memcmp(buf, st->text, (size_t)r);
	}
	return r == st->ret;
}

static void play_all(const struct trap *t, const char *kernel)
{
	struct machine *m = t->machine ? fixture(t->machine) : test_machine(!t->no_iommu);
	struct player p;

	if (t->change)
		t->change(m);
	player_init(&p, m, kernel, 0);
	for (size_t i = 0; i < TRAP_STEPS && (t->steps[i].path || t->steps[i].op); i++) {
		const struct step *st = &t->steps[i];
		char buf[8193] = "";
		ssize_t r = play(&p, st, buf, sizeof(buf) - 1);

		if (!as_expected(st, r, buf))
			fail_msg("on %s, step %zu, %s: %zd \"%s\", expected %zd \"%s\"",
				 kernel, i + 1, st->path ? st->path : "", r, buf, st->ret,
				 st->text ? st->text : "");
	}
	player_done(&p);
	if (!t->machine)
		machine_free(m);
}

static bool is_named(const char *list, const struct kernel_profile *k)
{
	char words[128], *save = NULL;

	if (!list)
		return true;
	snprintf(words, sizeof(words), "%s", list);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		assert_non_null(profile_find(w));
		if (profile_find(w) == k)
			return true;
	}
	return false;
}

/* --- the traps --- */

/* clang-format off */
#define LAB "lab-intel-6.1"
#define NIC "0000:04:00.0" /* of e1000e; in a group with two ports and a disk */
#define ONE "0000:00:19.0" /* of e1000e, alone in group 4 */
#define TWO "0000:02:00.0" /* of e1000e, in group 13 with its second function */
#define TWO_1 "0000:02:00.1"
#define EDU "0000:0b:02.0" /* conventional, without a driver */
#define PF "0000:03:00.0"  /* of nvme; it can have four VFs and has none */
#define AT(bdf) "sys/bus/pci/devices/" bdf "/"
#define OVERRIDE(bdf) AT(bdf) "driver_override"
#define GROUP(bdf) AT(bdf) "iommu_group/devices"
#define PROBE "sys/bus/pci/drivers_probe"
#define RESCAN "sys/bus/pci/rescan"
#define HAS_DRIVER(bdf, d) { LINK, AT(bdf) "driver", d }
#define LOADED(module) { RUN, "modprobe", module }
#define TO(driver, bdf) LOADED(driver), W(OVERRIDE(bdf), driver), W(PROBE, bdf)
#define MOVE(bdf, from, driver) W(DRV(from) "unbind", bdf), TO(driver, bdf)
#define TYPE(group) "sys/kernel/iommu_groups/" group "/type"
#define SLOT "sys/bus/pci/slots/0-2/"
#define EVENTS(e) { POLL, .ret = e }
#define IOMMU_ON \
	{ LIST, "sys/class/iommu", "dmar0" }, { LIST, GROUP(ONE), ONE }, \
	LOGGED("DMAR: Intel(R) Virtualization Technology for Directed I/O")
/* Two ports in two slots, each with a card, and the port above them. */
#define SWITCH \
	{ LIST, GROUP("0000:07:00.0"), "0000:07:00.0 0000:08:00.0" }, \
	{ LIST, GROUP("0000:07:01.0"), "0000:07:01.0 0000:09:00.0" }, \
	{ LIST, GROUP("0000:06:00.0"), "0000:06:00.0" }

static struct trap traps[] = {
	{ "trap 1: a 0444 file opened for writing by root", NULL, LAB, .steps = {
		{ OPEN, AT(NIC) "vendor", .at = O_WRONLY, .ret = -EACCES },
		{ OPEN, AT(NIC) "vendor", .at = O_RDWR, .ret = -EACCES },
		{ OPEN, AT(NIC) "remove", .at = O_RDONLY, .ret = -EACCES },
		{ OPEN, AT(NIC) "remove", .at = O_RDWR, .ret = -EACCES },
		{ OPEN, PROBE, .at = O_RDONLY, .ret = -EACCES },
		{ CHMOD, AT(NIC) "vendor", .ret = 0666 }, { OPEN, AT(NIC) "vendor", .at = O_RDWR },
		{ PUT, NULL, "1", -EIO }, { GET, NULL, "0x8086\n" } } },

	{ "trap 2: bind asks who matches before who is bound", NULL, LAB, .steps = {
		W_FAIL(DRV("nvme") "bind", NIC, ENODEV), W_FAIL(DRV("nvme") "bind", EDU, ENODEV),
		LOADED("vfio-pci"), W(OVERRIDE(NIC), "vfio-pci"), W_FAIL(DRV("e1000e") "bind", NIC, ENODEV),
		W_FAIL(DRV("vfio-pci") "bind", NIC, EBUSY), HAS_DRIVER(NIC, "e1000e") } },

	{ "trap 3: bind to the driver that it is bound to", NULL, LAB, .steps = {
		W_FAIL(DRV("e1000e") "bind", NIC, EBUSY), HAS_DRIVER(NIC, "e1000e") } },

	/* a bridge, 0a:00.0, is what vfio-pci's probe refuses */
	{ "trap 4: drivers_probe of no match, of a bound one, of a failing probe", NULL, LAB, .steps = {
		W(PROBE, EDU), HAS_DRIVER(EDU, NULL), W(PROBE, NIC), HAS_DRIVER(NIC, "e1000e"),
		TO("vfio-pci", "0000:0a:00.0"), HAS_DRIVER("0000:0a:00.0", NULL), LOGGED("failed with error -22"),
		W_FAIL(DRV("vfio-pci") "bind", "0000:0a:00.0", EINVAL) } },

	{ "trap 5: an empty write and a newline to driver_override", NULL, LAB, .steps = {
		W(OVERRIDE(NIC), "vfio-pci\n"), { OPEN, OVERRIDE(NIC), .at = O_WRONLY | O_TRUNC },
		IS(OVERRIDE(NIC), "vfio-pci\n"), W(OVERRIDE(NIC), ""), IS(OVERRIDE(NIC), "vfio-pci\n"),
		W(OVERRIDE(NIC), "\n"), IS(OVERRIDE(NIC), "(null)\n") } },

	{ "trap 6: an unset override reads (null)", NULL, LAB, .steps = {
		IS(OVERRIDE(NIC), "(null)\n"), IS(OVERRIDE(EDU), "(null)\n") } },

	{ "trap 7: an override moves nothing, and lives as long as the object", NULL, LAB, .steps = {
		LOADED("vfio-pci"), W(OVERRIDE(NIC), "vfio-pci"), HAS_DRIVER(NIC, "e1000e"),
		W(DRV("e1000e") "unbind", NIC), IS(OVERRIDE(NIC), "vfio-pci\n"), HAS_DRIVER(NIC, NULL),
		W(PROBE, NIC), HAS_DRIVER(NIC, "vfio-pci"), W(OVERRIDE(NIC), "e1000e"), HAS_DRIVER(NIC, "vfio-pci"),
		W(OVERRIDE(NIC), "vfio-pci"), { RUN, "rmmod", "vfio-pci" }, HAS_DRIVER(NIC, NULL),
		IS(OVERRIDE(NIC), "vfio-pci\n"), LOADED("vfio-pci"), HAS_DRIVER(NIC, "vfio-pci"),
		W(AT(NIC) "remove", "1"), W(RESCAN, "1"), IS(OVERRIDE(NIC), "(null)\n"), HAS_DRIVER(NIC, "e1000e") } },

	{ "trap 8: new_id takes blanks, ids= takes colons", NULL, LAB, .steps = {
		LOADED("vfio-pci ids=8086:10d3"),
		LOGGED("vfio_pci: add [8086:10d3[ffffffff:ffffffff]] class 0x000000/00000000"),
		W_FAIL(DRV("vfio-pci") "new_id", "1b36:0010", EINVAL), W(DRV("vfio-pci") "new_id", "1b36 0010"),
		W_FAIL(DRV("vfio-pci") "new_id", "8086 10d3", EEXIST) } },

	{ "trap 9: new_id takes all unbound matches, remove_id lets nothing go", NULL, LAB, .steps = {
		LOADED("vfio-pci"), W(DRV("e1000e") "unbind", NIC), W(DRV("e1000e") "unbind", TWO_1),
		W(DRV("vfio-pci") "new_id", "8086 10d3"), HAS_DRIVER(NIC, "vfio-pci"),
		HAS_DRIVER(TWO_1, "vfio-pci"), HAS_DRIVER(TWO, "e1000e"), HAS_DRIVER(EDU, NULL),
		W(DRV("vfio-pci") "remove_id", "8086 10d3"), HAS_DRIVER(NIC, "vfio-pci"),
		HAS_DRIVER(TWO_1, "vfio-pci"), W_FAIL(DRV("vfio-pci") "remove_id", "8086 10d3", ENODEV) } },

	{ "trap 10: a bind to vfio-pci that fails has taken the screen", .no_iommu = true, .steps = {
		IS("proc/fb", "0 EFI VGA\n"), W(DEV("00:02.0") "driver_override", "vfio-pci"),
		W_FAIL(DRV("vfio-pci") "bind", "0000:00:02.0", EINVAL), DRIVER("00:02.0", NULL), IS("proc/fb", ""),
		LOGGED("Console: switching to colour dummy device 80x25"), IS(DEV("00:02.0") "power_state", "D0\n"),
		IS(DEV("00:02.0") "boot_vga", "1\n") } },
	{ NULL, "6.1.176 6.1 6.12.107 6.12", .no_iommu = true, .steps = {
		IS(DEV("00:09.0") "power_state", "unknown\n"), TO("vfio-pci", "0000:00:09.0"),
		DRIVER("00:09.0", NULL), IS(DEV("00:09.0") "power_state", "D0\n") } },

	{ "trap 11: ids that new_id has already", NULL, LAB, .steps = {
		W(DRV("e1000e") "new_id", "8086 10d3 ffffffff ffffffff 0 0 0"),
		W(DRV("e1000e") "new_id", "8086 10d3 ffffffff ffffffff 0 0 0"),
		W_FAIL(DRV("e1000e") "new_id", "8086 10d3", EEXIST), LOADED("vfio-pci"),
		W(DRV("vfio-pci") "new_id", "ffffffff cccc"), W_FAIL(DRV("vfio-pci") "new_id", "dddd cccc", EEXIST),
		W(DRV("vfio-pci") "new_id", "aaab bbbb 1 2"), W(DRV("vfio-pci") "new_id", "aaab bbbb"),
		W_FAIL(DRV("vfio-pci") "new_id", "aaab bbbb 1 2", EEXIST) } },
	{ NULL, "6.1.176 6.12.107", LAB, .steps = {
		LOADED("vfio-pci"), W(DRV("vfio-pci") "new_id", "1aaaa bbbb"), W(DRV("vfio-pci") "new_id", "1aaaa bbbb"),
		W(DRV("vfio-pci") "new_id", "eeee 1 ffff ffff"), W_FAIL(DRV("vfio-pci") "new_id", "eeee 1", EEXIST) } },
	{ NULL, "6.1.192 6.12 7.2 7.3", LAB, .steps = {
		LOADED("vfio-pci"), W(DRV("vfio-pci") "new_id", "1aaaa bbbb"), W_FAIL(DRV("vfio-pci") "new_id", "1aaaa bbbb", EEXIST),
		W(DRV("vfio-pci") "new_id", "eeee 1 ffff ffff"), W(DRV("vfio-pci") "new_id", "eeee 1") } },

	{ "trap 12: vfio-pci matches by override and new_id only", NULL, LAB, .steps = {
		LOADED("vfio-pci"), HAS_DRIVER(EDU, NULL), W_FAIL(DRV("vfio-pci") "bind", EDU, ENODEV),
		W(PROBE, EDU), HAS_DRIVER(EDU, NULL), W(OVERRIDE(EDU), "vfio-pci"),
		W(DRV("vfio-pci") "bind", EDU), HAS_DRIVER(EDU, "vfio-pci") } },

	{ "trap 13: a group that is not viable binds, and fails at SET_CONTAINER", NULL, LAB, .steps = {
		MOVE(TWO, "e1000e", "vfio-pci"), HAS_DRIVER(TWO, "vfio-pci"), { MODE, "dev/vfio/13", .ret = 0600 },
		{ CLAIM, NULL, "1", 13 } } },

	{ "trap 14: pci-stub and pcieport beside are viable, pci-pf-stub is not", NULL, LAB, .steps = {
		MOVE(NIC, "e1000e", "vfio-pci"), HAS_DRIVER("0000:00:1c.2", "pcieport"), { CLAIM, NULL, "1", 8 },
		W(DRV("nvme") "unbind", "0000:05:00.0"), { CLAIM, NULL, NULL, 8 }, { GIVE, NULL, NULL, 8 },
		TO("pci-stub", "0000:05:00.0"), HAS_DRIVER("0000:05:00.0", "pci-stub"), { CLAIM, NULL, NULL, 8 } } },
	{ NULL, .change = with_pf_stub, .steps = {
		MOVE("0000:01:00.0", "e1000e", "vfio-pci"), MOVE("0000:01:00.1", "e1000e", "pci-pf-stub"),
		DRIVER("01:00.1", "pci-pf-stub"), { CLAIM, NULL, "1", 12 } } },

	{ "trap 15: a host driver for a sibling while a VM runs", NULL, LAB, .steps = {
		MOVE(TWO, "e1000e", "vfio-pci"), W(DRV("e1000e") "unbind", TWO_1), { CLAIM, NULL, NULL, 13 },
		W_FAIL(DRV("e1000e") "bind", TWO_1, EBUSY), W_FAIL(PROBE, TWO_1, EINVAL),
		HAS_DRIVER(TWO_1, NULL), SILENT("02:00.1: probe"), SILENT("probe of 0000:02:00.1"),
		TO("pci-stub", TWO_1), HAS_DRIVER(TWO_1, "pci-stub") } },

	{ "trap 16: unbind while the device is open", NULL, LAB, .steps = {
		MOVE(ONE, "e1000e", "vfio-pci"), { CLAIM, NULL, NULL, 4 },
		W_FAIL(DRV("vfio-pci") "unbind", ONE, EINPROGRESS), HAS_DRIVER(ONE, NULL),
		{ LINK, DRV("vfio-pci") ONE, NULL }, { MODE, "dev/vfio/4", .ret = 0600 }, { ANSWER, .ret = -EAGAIN },
		LOGGED("No device request channel registered, blocked until released by user"),
		{ GIVE, NULL, NULL, 4 }, { ANSWER, .ret = 12 }, FAILS("dev/vfio/4", ENOENT),
		W(DRV("vfio-pci") "bind", ONE) } },
	{ NULL, "6.1.176 6.1", LAB, .steps = {
		MOVE(ONE, "e1000e", "vfio-pci"), { CLAIM, NULL, NULL, 4 },
		W_FAIL(DRV("vfio-pci") "unbind", ONE, EINPROGRESS), FAILS(AT(ONE) "uevent", EINPROGRESS),
		FAILS(OVERRIDE(ONE), EINPROGRESS), { LINK, "sys/class/vfio-dev/vfio0", "vfio0" },
		{ GIVE, NULL, NULL, 4 }, { HAS, AT(ONE) "uevent", "PCI_CLASS=20000\n" },
		{ LINK, "sys/class/vfio-dev/vfio0", NULL } } },
	{ NULL, "6.12.107 6.12 7.2 7.3", LAB, .steps = {
		MOVE(ONE, "e1000e", "vfio-pci"), { CLAIM, NULL, NULL, 4 },
		W_FAIL(DRV("vfio-pci") "unbind", ONE, EINPROGRESS), { HAS, AT(ONE) "uevent", "DRIVER=vfio-pci\n" },
		IS(OVERRIDE(ONE), "vfio-pci\n"), { LINK, "sys/class/vfio-dev/vfio0", NULL } } },

	{ "trap 17: remove of a busy device holds up every rescan", NULL, LAB, .steps = {
		MOVE(ONE, "e1000e", "vfio-pci"), { CLAIM, NULL, NULL, 4 }, W_FAIL(AT(ONE) "remove", "1", EINPROGRESS),
		HAS_DRIVER(ONE, NULL), FAILS(AT(ONE) "remove", ENOENT), IS(AT(ONE) "vendor", "0x8086\n"),
		W_FAIL(RESCAN, "01", EINPROGRESS), W_FAIL(AT(TWO_1) "remove", "001", EINPROGRESS),
		W_FAIL(AT("0000:00:1c.2") "pci_bus/0000:04/rescan", "0001", EINPROGRESS), W(RESCAN, "0"),
		IS(AT(TWO_1) "vendor", "0x8086\n"), { ANSWER, .ret = -EAGAIN },
		{ GIVE, NULL, NULL, 4 }, FAILS(AT(TWO_1) "vendor", ENOENT), IS(AT(ONE) "vendor", "0x8086\n"),
		{ ANSWER, .ret = 1 }, { ANSWER, .ret = 2 }, { ANSWER, .ret = 3 }, { ANSWER, .ret = 4 } } },

	/* the lowest free number; each unit's functions are numbered when it registers */
	{ "trap 18: a group's number goes to somebody else", .change = with_function_bits, .steps = {
		W("sys/kernel/iommu_groups/9/type", "identity"), W(DEV("01:00.0") "remove", "1"),
		W(DEV("01:00.1") "remove", "1"), W(DEV("00:03.0") "remove", "1"), W(DEV("00:09.0") "remove", "1"),
		FAILS("sys/kernel/iommu_groups/9/type", ENOENT), W(RESCAN, "1"),
		{ LINK, DEV("00:03.0") "iommu_group", "2" }, { LINK, DEV("00:09.0") "iommu_group", "4" },
		{ LINK, DEV("01:00.0") "iommu_group", "5" }, { LINK, DEV("01:00.1") "iommu_group", "5" },
		IS("sys/kernel/iommu_groups/4/type", "DMA-FQ\n") } },
	/* One that does not say so comes before the kernel knows better (probe.c:pci_scan_slot). */
	{ NULL, .steps = {
		W(DEV("01:00.1") "remove", "1"), W(RESCAN, "1"),
		{ LINK, DEV("01:00.0") "iommu_group", "12" }, { LINK, DEV("01:00.1") "iommu_group", "4" },
		LOGGED("pci 0000:01:00.1: Adding to iommu group 4") } },
	{ NULL, NULL, "server-sriov", .steps = {
		{ LINK, AT("0000:85:00.0") "iommu_group", "0" }, { LINK, AT("0000:00:00.0") "iommu_group", "15" } } },

	{ "trap 19: ports without ACS share with what is behind them, not with each other", NULL, LAB, .steps = {
		{ ACS, AT("0000:07:00.0"), "none" }, { ACS, AT("0000:07:01.0"), "none" }, SWITCH,
		/* functions of one slot do: */
		{ ACS, AT("0000:00:1c.2"), "none" }, { ACS, AT("0000:00:1c.3"), "none" },
		{ LIST, GROUP(NIC), "0000:00:1c.2 0000:00:1c.3 0000:04:00.0 0000:05:00.0" },
		W(AT("0000:06:00.0") "remove", "1"), W(RESCAN, "1"), SWITCH } },
	{ NULL, NULL, "lab-intel-7.3", .steps = { SWITCH } },
	{ NULL, NULL, "amd-desktop-twin-gpus", .steps = {
		{ ACS, AT("0000:03:08.0"), "none" }, { ACS, AT("0000:03:09.0"), "none" },
		{ LIST, GROUP("0000:03:08.0"), "0000:03:08.0 0000:05:00.0 0000:05:00.1 0000:05:00.3" },
		{ LIST, GROUP("0000:03:09.0"), "0000:03:09.0 0000:06:00.0" } } },

	{ "trap 20: who is isolated without an ACS capability", NULL, LAB, .steps = {
		/* a single function below a port with ACS; several; a part of the root complex */
		{ ACS, AT(PF), "none" }, { LIST, GROUP(PF), PF },
		{ ACS, AT(TWO), "none" }, { LIST, GROUP(TWO), TWO " " TWO_1 },
		{ ACS, AT(ONE), "none" }, { LIST, GROUP(ONE), ONE },
		/* not PCIe: several functions, one, and behind a bridge */
		{ LIST, GROUP("0000:00:1f.0"), "0000:00:1f.0 0000:00:1f.2 0000:00:1f.3" },
		{ LIST, GROUP("0000:00:1b.0"), "0000:00:1b.0" },
		{ LIST, GROUP(EDU), "0000:0a:00.0 0000:0b:01.0 0000:0b:02.0" } } },
	/* bits that a capability lacks count as on: none of them here, UF there */
	{ NULL, NULL, "amd-desktop-twin-gpus", .steps = {
		{ ACS, AT("0000:0b:00.0"), "00 00" }, { LIST, GROUP("0000:0b:00.0"), "0000:0b:00.0" } } },
	{ NULL, NULL, "server-sriov", .steps = {
		{ ACS, AT("0000:00:1c.0"), "0f 0d" }, { LIST, GROUP("0000:00:1c.0"), "0000:00:1c.0" },
		/* quirk: this card's functions cannot reach each other (82599) */
		{ ACS, AT("0000:18:00.0"), "none" }, { LIST, GROUP("0000:18:00.0"), "0000:18:00.0" } } },
	/* quirk: the control register of these root ports is another one */
	{ NULL, NULL, "intel-desktop-gpu", .steps = {
		{ ACS, AT("0000:00:1b.0"), "0f 00" }, { LIST, GROUP("0000:00:1b.0"), "0000:00:1b.0" } } },

	{ "trap 21: drivers_autoprobe is 0, and a rescan", "6.1.176 6.1 6.12.107 6.12", LAB, .steps = {
		W("sys/bus/pci/drivers_autoprobe", "0"), W(AT(ONE) "remove", "1"), W(RESCAN, "1"),
		HAS_DRIVER(ONE, "e1000e") } },
	{ NULL, "7.2 7.3", LAB, .steps = {
		W("sys/bus/pci/drivers_autoprobe", "0"), W(AT(ONE) "remove", "1"), W(RESCAN, "1"),
		HAS_DRIVER(ONE, NULL), W(DRV("e1000e") "bind", ONE), HAS_DRIVER(ONE, "e1000e") } },

	{ "trap 22: how much of config there is, for him who opened it", NULL, LAB, .steps = {
		{ OPEN, AT(NIC) "config", .at = O_RDWR }, { AS, .ret = 1000 }, { GET, .ret = 4096 },
		{ GET, .ret = 0, .at = 4096 }, { PUT, NULL, "x", -EFBIG, 4096 },
		{ OPEN, AT(NIC) "config", .at = O_RDONLY }, { AS, .ret = 0 }, { GET, .ret = 64 },
		{ GET, .ret = 4, .at = 60, .len = 10 }, { GET, .ret = 0, .at = 64 },
		{ OPEN, AT(EDU) "config", .at = O_RDWR }, { GET, .ret = 256 }, { GET, .ret = 6, .at = 250, .len = 10 },
		{ GET, .ret = 0, .at = 256 }, { PUT, NULL, "x", -EFBIG, 256 }, { PUT, NULL, "xxxx", 2, 254, 4 } } },

	{ "trap 23: enable is a counter, of what has no driver", NULL, LAB, .steps = {
		W_FAIL(AT(NIC) "enable", "x", EINVAL), W_FAIL(AT(NIC) "enable", "1", EBUSY),
		W_FAIL(AT(NIC) "enable", "0", EBUSY), IS(AT(NIC) "enable", "1\n"),
		W_FAIL(AT(EDU) "enable", "0", EIO), W(AT(EDU) "enable", "1"), W(AT(EDU) "enable", "0x7"),
		IS(AT(EDU) "enable", "2\n"), W(AT(EDU) "enable", "0"), IS(AT(EDU) "enable", "1\n") } },

	{ "trap 24: remove takes any number but 0", NULL, LAB, .steps = {
		{ MODE, AT(ONE) "remove", .ret = 0220 }, W(AT(ONE) "remove", "0"), W_FAIL(AT(ONE) "remove", "x", EINVAL),
		W_FAIL(AT(ONE) "remove", "-1", EINVAL), HAS_DRIVER(ONE, "e1000e"), W(AT(ONE) "remove", "2"),
		FAILS(AT(ONE) "vendor", ENOENT), W(AT(TWO_1) "remove", "0x10\n"), FAILS(AT(TWO_1) "vendor", ENOENT) } },

	{ "trap 25: reset with all methods disabled", NULL, LAB, .steps = {
		W_FAIL(AT(NIC) "reset", "0", EINVAL), W_FAIL(AT(NIC) "reset", "2", EINVAL), W(AT(NIC) "reset", "1"),
		W(AT(NIC) "reset_method", "\n"), LOGGED("All device reset methods disabled by user"),
		{ MODE, AT(NIC) "reset", .ret = 0200 }, { MODE, AT(NIC) "reset_method", .ret = 0644 },
		W_FAIL(AT(NIC) "reset", "1", ENOTTY), W_FAIL(AT(NIC) "reset", "2", EINVAL),
		W(AT(NIC) "reset_method", "default"), W(AT(NIC) "reset", "1\n") } },

	{ "trap 26: vfio-pci's ids= is not in sysfs", NULL, LAB, .steps = {
		LOADED("vfio-pci ids=1234:11e8"), HAS_DRIVER(EDU, "vfio-pci"),
		{ LIST, "sys/module/vfio_pci/parameters", "disable_denylist disable_idle_d3 disable_vga enable_sriov nointxmask" },
		FAILS("sys/module/vfio_pci/parameters/ids", ENOENT) } },

	{ "trap 27: what vfio-pci does to a function that it takes", NULL, LAB, .steps = {
		IS(AT(ONE) "power_state", "D0\n"), IS(AT(ONE) "power/control", "on\n"), IS(AT(ONE) "enable", "1\n"),
		MOVE(ONE, "e1000e", "vfio-pci"), IS(AT(ONE) "power_state", "D3hot\n"), IS(AT(ONE) "power/control", "auto\n"),
		IS(AT(ONE) "power/runtime_status", "suspended\n"), IS(AT(ONE) "power/runtime_enabled", "enabled\n"),
		IS(AT(ONE) "power/runtime_usage", "0\n"), IS(AT(ONE) "enable", "0\n"),
		{ LINK, "sys/class/vfio/4", "4" }, { LINK, "sys/class/vfio-dev/vfio0/device", ONE } } },

	/* fs/kernfs/dir.c:kernfs_name_hash, worked out by hand from its description */
	{ "trap 28: the order of a folder is that of its names' hashes", NULL, LAB, .steps = {
		{ ORDER, "sys/kernel/iommu_groups/4",
		  ". 1 .. 698066606 devices 1057188294 type 1207814431 reserved_regions 2147483647" },
		{ ORDER, AT("0000:00:1c.2") "pci_bus/0000:04",
		  ". 1 .. 45078383 uevent 608164118 power 777153813 rescan 882061622 device 925534690 cpuaffinity "
		  "1429880257 subsystem 1698355906 cpulistaffinity 2147483647" } } },

	{ "trap 29: power_state after unbind, and at boot", "6.1.176 6.12.107", LAB, .steps = {
		IS(AT(NIC) "power_state", "D0\n"), W(DRV("e1000e") "unbind", NIC), IS(AT(NIC) "power_state", "unknown\n"),
		IS(AT(EDU) "power_state", "unknown\n") } },
	{ NULL, "6.1.192 6.12", LAB, .steps = {
		W(DRV("e1000e") "unbind", NIC), IS(AT(NIC) "power_state", "D0\n"), IS(AT(EDU) "power_state", "unknown\n") } },
	{ NULL, "7.2 7.3", LAB, .steps = {
		W(DRV("e1000e") "unbind", NIC), IS(AT(NIC) "power_state", "D0\n"), IS(AT(EDU) "power_state", "D0\n") } },

	{ "trap 30: Intel's IOMMU is on without a parameter, and does not say so", NULL, LAB, .steps = {
		IOMMU_ON, SILENT("DMAR: IOMMU enabled"), { BOOT }, IOMMU_ON, SILENT("DMAR: IOMMU enabled"),
		IS("proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz-6.1.0-50-amd64 "
		   "root=UUID=00000000-0000-4000-8000-000000000001 ro no_timer_check quiet\n") } },
	{ NULL, NULL, "lab-intel-6.1-guide", .steps = { /* its parameters have intel_iommu=on */
		IOMMU_ON, { BOOT }, IOMMU_ON, LOGGED("DMAR: IOMMU enabled") } },

	/* --- the runners-up --- */

	{ "runner-up: sriov_numvfs of too many is ERANGE, without a driver ENOENT", NULL, LAB, .steps = {
		W_FAIL(AT(PF) "sriov_numvfs", "5", ERANGE), W_FAIL(AT(PF) "sriov_numvfs", "x", EINVAL),
		W(DRV("nvme") "unbind", PF), W_FAIL(AT(PF) "sriov_numvfs", "5", ERANGE), W(AT(PF) "sriov_numvfs", "0"),
		W_FAIL(AT(PF) "sriov_numvfs", "1", ENOENT),
		LOGGED("no driver bound to device; cannot configure SR-IOV") } },
	{ "runner-up: sriov_vf_device has no 0x", NULL, LAB, .steps = {
		IS(AT(PF) "sriov_vf_device", "10\n"), IS(AT(PF) "device", "0x0010\n") } },
	{ "runner-up: PCI_CLASS in uevent is not padded", NULL, LAB, .steps = {
		IS(AT(NIC) "class", "0x020000\n"), { HAS, AT(NIC) "uevent", "\nPCI_CLASS=20000\n" },
		{ HAS, AT("0000:00:14.0") "uevent", "\nPCI_CLASS=C0330\n" } } },
	{ "runner-up: reset_method is 0 bytes when disabled", NULL, LAB, .steps = {
		IS(AT(NIC) "reset_method", "pm bus\n"), W(AT(NIC) "reset_method", "\n"), IS(AT(NIC) "reset_method", "") } },
	{ "runner-up: whether a bus reset is possible is asked when the function comes", NULL, LAB, .steps = {
		/* before its second function came, and before the switch's own bus was there */
		IS(AT(TWO) "reset_method", "pm bus\n"), IS(AT(TWO_1) "reset_method", "pm\n"),
		W_FAIL(AT(TWO) "reset_method", "bus", EINVAL), LOGGED("Unsupported reset method 'bus'"),
		IS(AT(TWO) "reset_method", "pm bus\n"),
		W(AT(TWO) "reset_method", "default"), IS(AT(TWO) "reset_method", "pm\n"),
		IS(AT("0000:06:00.0") "reset_method", "flr bus\n"), W(AT("0000:06:00.0") "reset_method", "default"),
		IS(AT("0000:06:00.0") "reset_method", "flr\n"), W(AT(TWO_1) "remove", "1"),
		W(AT(TWO) "reset_method", "default"), IS(AT(TWO) "reset_method", "pm bus\n") } },
	{ "runner-up: link/ and aer/ are there and empty", NULL, LAB, .steps = {
		{ LIST, AT(ONE) "link", "" }, { LIST, AT(EDU) "link", "" }, { LIST, AT(NIC) "link", "l0s_aspm" } } },
	{ NULL, "6.1.176 6.1 6.12.107 6.12", LAB, .steps = { FAILS(AT(EDU) "aer", ENOENT), FAILS(AT(NIC) "aer", ENOENT) } },
	{ NULL, "7.2 7.3", LAB, .steps = { { LIST, AT(EDU) "aer", "" }, { LIST, AT(NIC) "aer",
		"correctable_ratelimit_burst correctable_ratelimit_interval_ms "
		"nonfatal_ratelimit_burst nonfatal_ratelimit_interval_ms" } } },
	/* a part of the root complex has no link; a switch's port has one of no width */
	{ "runner-up: max_link_width is 255 where there is no link", NULL, LAB, .steps = {
		IS(AT(ONE) "max_link_width", "255\n"), IS(AT("0000:07:00.0") "max_link_width", "0\n"),
		IS(AT(NIC) "max_link_width", "1\n") } },
	{ "runner-up: a group's type that cannot change is EBUSY, EINVAL or EPERM", "6.1.176 6.1", LAB, .steps = {
		W_FAIL(TYPE("4"), "identity", EBUSY), LOGGED("iommu: Device is still bound to driver"),
		W_FAIL(TYPE("13"), "identity", EINVAL),
		LOGGED("iommu: Cannot change default domain: Group has more than one device"),
		W(TYPE("4"), "DMA-FQ"), MOVE(ONE, "e1000e", "vfio-pci"), { CLAIM, NULL, NULL, 4 },
		W_FAIL(TYPE("4"), "identity", EBUSY), { GIVE, NULL, NULL, 4 }, W(DRV("vfio-pci") "unbind", ONE),
		W(TYPE("4"), "identity"), IS(TYPE("4"), "identity\n") } },
	{ NULL, "6.12.107 6.12 7.2 7.3", LAB, .steps = {
		W_FAIL(TYPE("4"), "identity", EPERM), W_FAIL(TYPE("13"), "identity", EPERM), W(TYPE("4"), "DMA-FQ"),
		W(DRV("e1000e") "unbind", TWO), W(DRV("e1000e") "unbind", TWO_1), W(TYPE("13"), "identity"),
		IS(TYPE("13"), "identity\n"), MOVE(ONE, "e1000e", "vfio-pci"), { CLAIM, NULL, NULL, 4 },
		W_FAIL(TYPE("4"), "identity", EPERM), SILENT("still bound") } },
	{ "runner-up: a removed object's open file is ENODEV, for good", NULL, LAB, .steps = {
		{ OPEN, OVERRIDE(ONE), .at = O_RDWR }, { GET, NULL, "(null)\n" }, { OTHER, AT(ONE) "remove", "1", 1 },
		{ GET, NULL, NULL, -ENODEV }, { PUT, NULL, "x", -ENODEV }, { OTHER, RESCAN, "1", 1 },
		{ MODE, OVERRIDE(ONE), .ret = 0644 }, { GET, NULL, NULL, -ENODEV }, { PUT, NULL, "x", -ENODEV },
		IS(OVERRIDE(ONE), "(null)\n") } },
	{ "runner-up: a write of more than a page is a short one", NULL, LAB, .steps = {
		{ STORE, "sys/bus/pci/drivers_autoprobe", "0", 4096, .len = 5000 },
		IS("sys/bus/pci/drivers_autoprobe", "0\n"), { STORE, OVERRIDE(NIC), "x", -EINVAL, .len = 5000 },
		{ STORE, OVERRIDE(NIC), "x", 4094, .len = 4094 } } },
	{ "runner-up: poll before the first read reports PRI and ERR", NULL, LAB, .steps = {
		{ OPEN, AT(ONE) "vendor", .at = O_RDONLY }, EVENTS(POLLIN | POLLOUT | POLLPRI | POLLERR),
		{ GET, NULL, "0x8086\n" }, EVENTS(POLLIN | POLLOUT), { OTHER, AT(ONE) "remove", "1", 1 },
		EVENTS(0xb) } },
	{ "runner-up: slots/NAME/power takes x for 0", .change = with_slot, .steps = {
		IS(SLOT "power", "1\n"), W_FAIL(SLOT "power", "2", EINVAL),
		LOGGED("pci_hotplug: Illegal value specified for power"), W(SLOT "power", "1"),
		DRIVER("01:00.0", "e1000e"), W(SLOT "power", "x"), FAILS(DEV("01:00.0") "vendor", ENOENT),
		FAILS(DEV("01:00.1") "vendor", ENOENT), IS(SLOT "power", "0\n"),
		W(RESCAN, "1"), FAILS(DEV("01:00.0") "vendor", ENOENT), W(SLOT "power", "x") } },
	{ NULL, .change = with_slot, .steps = { /* as any removal, it waits for who has the card open */
		MOVE("0000:01:00.0", "e1000e", "vfio-pci"), MOVE("0000:01:00.1", "e1000e", "vfio-pci"),
		{ CLAIM, NULL, NULL, 12 }, W_FAIL(SLOT "power", "0", EINPROGRESS), IS(SLOT "power", "1\n"),
		{ GIVE, NULL, NULL, 12 }, { ANSWER, .ret = 1 }, IS(SLOT "power", "0\n"),
		FAILS(DEV("01:00.0") "vendor", ENOENT) } },
};
/* clang-format on */

static void test_trap(void **state)
{
	const struct trap *t = *state;

	do
		for (size_t i = 0; i < n_kernel_profiles; i++)
			if (is_named(t->kernels, &kernel_profiles[i]))
				play_all(t, kernel_profiles[i].name);
	while (++t < traps + ARRAY_SIZE(traps) && !t->name);
}

static void test_complete(void **state)
{
	int n = 0, number;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(traps); i++)
		if (traps[i].name && sscanf(traps[i].name, "trap %d:", &number) == 1)
			assert_int_equal(number, ++n);
	assert_int_equal(n, 30);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(traps) + 1];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(traps); i++)
		if (traps[i].name)
			tests[n++] = (struct CMUnitTest){ .name = traps[i].name,
							  .test_func = test_trap,
							  .initial_state = &traps[i] };
	tests[n++] = (struct CMUnitTest){ .name = "all thirty are here, in order",
					  .test_func = test_complete };
	return _cmocka_run_group_tests("traps", tests, n, NULL, free_fixtures);
}

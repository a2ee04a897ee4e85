/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fakesys/sim-internal.h"
#include "fakesys/test-sim.h"

#define NIC "devices/pci0000:00/0000:00:04.0/0000:01:00.0"

static void node(struct machine *m, struct opaque *part, const char *path, mode_t mode,
		 const char *text, unsigned size, const char *error)
{
	struct opaque_node n = {
		.file = { .path = path,
			  .mode = mode,
			  .data = { (const uint8_t *)text, strlen(text) } },
		.size = size,
		.error = error,
	};

	*vec_push(m->arena, &part->nodes) = n;
}

/* One part of each owner: a driver, a module, the machine. */
static struct machine *machine_with_parts(void)
{
	struct machine *m = test_machine(true);
	struct opaque *part = vec_push(m->arena, &m->opaque);

	part->path = NIC "/ptp";
	part->driver = "e1000e";
	node(m, part, "ptp0/clock_name", S_IFREG | 0444, "02:00:00:00:00:01\n", 4096,
	     NULL);
	node(m, part, "ptp0/device", S_IFLNK | 0777, "../../../0000:01:00.0", 4096, NULL);
	node(m, part, "ptp0/subsystem", S_IFLNK | 0777, "../../../../../../class/ptp",
	     4096, NULL);
	node(m, part, "ptp0/clock/subsystem", S_IFLNK | 0777,
	     "../../../../../../../bus/clocks", 4096, NULL);
	node(m, part, "ptp0/clock/driver", S_IFLNK | 0777,
	     "../../../../../../../bus/clocks/drivers/tick", 4096, NULL);
	node(m, part, "ptp0/pins", S_IFREG | 0644, "", 4096, "EISDIR");
	node(m, part, "ptp0/delay", S_IFREG | 0644, "", 4096, "EIO");
	part = vec_push(m->arena, &m->opaque);
	part->path = "module/vfio_pci";
	part->module = "vfio_pci";
	node(m, part, "srcversion", S_IFREG | 0444, "0123\n", 4096, NULL);
	node(m, part, "notes/id", S_IFREG | 0444, "\1\2\3", 3, NULL);
	part = vec_push(m->arena, &m->opaque);
	part->path = "devices/pci0000:00/0000:00:02.0/efi-framebuffer.0";
	node(m, part, "width", S_IFREG | 0444, "1280\n", 4096, NULL);
	part = vec_push(m->arena, &m->opaque);
	part->path = "bus/acpi/drivers";
	node(m, part, "ec/bind", S_IFREG | 0200, "", 4096, NULL);
	node(m, part, "loop", S_IFLNK | 0777, "loop", 4096, NULL);
	/* A rule gives this one: it goes before what was recorded. */
	part = vec_push(m->arena, &m->opaque);
	part->path = NIC;
	node(m, part, "vendor", S_IFREG | 0444, "0xffff\n", 4096, NULL);
	assert_int_equal(machine_finish(m, &(struct err){ "" }), 0);
	return m;
}

struct part_case {
	const char *name;
	const char *store, *value; /* before, NULL: nothing */
	const char *path;
	const char *want; /* its text or link; or the name of the errno */
};

static void test_part(void **state)
{
	const struct part_case *c = *state;
	struct machine *m = machine_with_parts();
	struct sim *s;
	struct err e;
	struct host h;
	char buf[4096];
	ssize_t n;

	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	h = sim_host(s);
	if (c->store)
		assert_int_equal(host_store(&h, c->value, "%s", c->store), 0);
	n = h.ops->readlink(h.ctx, c->path, buf, sizeof(buf) - 1);
	if (n == -EINVAL)
		n = h.ops->read(h.ctx, c->path, buf, sizeof(buf) - 1, 0);
	if (n < 0)
		n = snprintf(buf, sizeof(buf), "%s", strerrorname_np((int)-n));
	buf[n] = '\0';
	assert_string_equal(buf, c->want);
	sim_free(s);
	machine_free(m);
}

#define SCREEN "sys/devices/pci0000:00/0000:00:02.0/efi-framebuffer.0/width"
#define TAKE_SCREEN "sys/bus/pci/drivers/vfio-pci/new_id", "1234 1111"
#define SRCVERSION "sys/module/vfio_pci/srcversion"
#define UNBIND "sys/bus/pci/drivers/e1000e/unbind", "0000:01:00.0"
#define PTP "sys/" NIC "/ptp/ptp0/"
/* clang-format off */
static struct part_case parts[] = {
	{ "what a driver made", NULL, NULL, PTP "clock_name", "02:00:00:00:00:01\n" },
	{ "the firmware's screen", NULL, NULL, SCREEN, "1280\n" },
	{ "the firmware's screen goes with its framebuffer", TAKE_SCREEN, SCREEN, "ENOENT" },
	{ "what a driver made goes with it", UNBIND, PTP "clock_name", "ENOENT" },
	{ "by the function's link", NULL, NULL, "sys/bus/pci/devices/0000:01:00.0/ptp/ptp0/clock_name",
	  "02:00:00:00:00:01\n" },
	{ "a link in it", NULL, NULL, PTP "device", "../../../0000:01:00.0" },
	{ "through a link in it", NULL, NULL, PTP "device/vendor", "0x8086\n" },
	{ "an error in it", NULL, NULL, PTP "delay", "EIO" },
	{ "an empty folder in it", NULL, NULL, PTP "pins", "EISDIR" },
	{ "a rule goes before a part", NULL, NULL, "sys/" NIC "/vendor", "0x8086\n" },
	{ "a class lists what names it", NULL, NULL, "sys/class/ptp/ptp0",
	  "../../devices/pci0000:00/0000:00:04.0/0000:01:00.0/ptp/ptp0" },
	{ "a bus lists what names it", NULL, NULL, "sys/bus/clocks/devices/clock",
	  "../../../devices/pci0000:00/0000:00:04.0/0000:01:00.0/ptp/ptp0/clock" },
	{ "a driver of that bus, too", NULL, NULL, "sys/bus/clocks/drivers/tick/clock",
	  "../../../../devices/pci0000:00/0000:00:04.0/0000:01:00.0/ptp/ptp0/clock" },
	{ "the list goes with the device", UNBIND, "sys/class/ptp/ptp0", "ENOENT" },
	{ "the class does not", UNBIND, "sys/class/ptp", "EISDIR" },
	{ "what the machine has", NULL, NULL, "sys/bus/acpi/drivers/ec/bind", "EACCES" },
	{ "what the machine has stays", UNBIND, "sys/bus/acpi/drivers/loop", "loop" },
	{ "a link to itself", NULL, NULL, "sys/bus/acpi/drivers/loop/x", "ELOOP" },
	{ "what a module has", NULL, NULL, SRCVERSION, "0123\n" },
};
/* clang-format on */

/* A part's folders are in listings, once each, among what rules give. */
static void test_list(void **state)
{
	struct machine *m = machine_with_parts();
	unsigned ptp = 0, vendor = 0;
	struct sim *s;
	struct err e;
	struct host h;
	strings names;

	(void)state;
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	h = sim_host(s);
	assert_int_equal(host_list(&h, m->arena, "sys/" NIC, &names), 0);
	for (size_t i = 0; i < names.n; i++) {
		ptp += streq(names.v[i], "ptp");
		vendor += streq(names.v[i], "vendor");
	}
	assert_int_equal(ptp, 1);
	assert_int_equal(vendor, 1);
	assert_int_equal(host_list(&h, m->arena, PTP, &names), 0);
	assert_int_equal(names.n, 6);
	sim_free(s);
	machine_free(m);
}

/* A part comes and goes with its module. */
static void test_of_module(void **state)
{
	struct machine *m = machine_with_parts();
	struct sim *s;
	struct err e;
	struct host h;
	char *text;

	(void)state;
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	h = sim_host(s);
	assert_int_equal(sim_unload_module(s, "vfio_pci"), 0);
	assert_int_equal(host_read_text(&h, m->arena, &text, SRCVERSION), -ENOENT);
	assert_int_equal(
		sim_load_module(s, kernel_module(&m->kernels.v[0], "vfio_pci"), ""), 0);
	assert_int_equal(host_read_text(&h, m->arena, &text, SRCVERSION), 0);
	assert_string_equal(text, "0123");
	sim_free(s);
	machine_free(m);
}

struct refuse_case {
	const char *name, *piece;
	unsigned times;
	const char *want;
};

static void test_refuse(void **state)
{
	const struct refuse_case *c = *state;
	struct machine *m = test_machine(true);
	struct opaque *part = vec_push(m->arena, &m->opaque);
	char *path = arena_alloc(m->arena, strlen(c->piece) * c->times + 2), *p = path;
	struct err e = { "" };
	struct sim *s;

	for (unsigned i = 0; i < c->times; i++)
		p = stpcpy(p, c->piece);
	strcpy(p, "x");
	part->path = "devices";
	node(m, part, path, S_IFREG | 0444, "", 4096, NULL);
	assert_int_equal(sim_new(m, NULL, &s, &e), -EINVAL);
	assert_string_equal(e.text, c->want);
	machine_free(m);
}

static struct refuse_case refusals[] = {
	{ "a name of 300 bytes", "yyyyyyyyyy", 30,
	  "opaque[0]: a path longer than any in sys" },
	{ "a path of 2000 bytes", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy/",
	  40, "opaque[0]: a path longer than any in sys" },
	{ "a folder too deep", "y/", 400, "opaque[0]: a path longer than any in sys" },
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(parts) + ARRAY_SIZE(refusals) + 2] = {
		{ .name = "folders of a part in a listing", .test_func = test_list },
		{ .name = "what a module has goes with it", .test_func = test_of_module },
	};
	struct CMUnitTest *t = tests + 2;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		*t++ = (struct CMUnitTest){ .name = parts[i].name,
					    .test_func = test_part,
					    .initial_state = &parts[i] };
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		*t++ = (struct CMUnitTest){ .name = refusals[i].name,
					    .test_func = test_refuse,
					    .initial_state = &refusals[i] };
	return cmocka_run_group_tests_name("opaque", tests, NULL, NULL);
}

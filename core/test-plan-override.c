/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script that the initramfs runs, under the shells that initramfs have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include <pci/header.h>

#include "core/plan-override.h"
#include "core/test-skip.h"

#define DEVICES "sys/bus/pci/devices"
#define CONFIG 4096

/* What the kernel shows at an address; DSN in the order of the configuration space. */
struct shown {
	const char *vendor, *device, *subvendor, *subdevice;
	const char *serial; /* NULL: no such capability */
};

struct script_case {
	const char *name;
	const struct shown *planned; /* the function for which the script was written */
	const struct shown *there;   /* what sits at its address now; NULL: nothing */
	size_t config;               /* how much of its configuration space is read */
	const char *argument;        /* NULL: none */
	const char *want; /* driver_override behind the script; NULL: no file */
};

static const struct shown card = { "0x10de", "0x1b81", "0x1462", "0x3301", NULL };
static const struct shown nic = { "0x8086", "0x10c9", "0x8086", "0xa03c",
				  "\x22\x33\x44\xff\xff\x55\x66\x77" };

static unsigned hex(const char *text)
{
	return (unsigned)strtoul(text, NULL, 16);
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

/* PCI Express Base Specification 7.9.3: Device Serial Number, at 140. */
static void fill_config(uint8_t *c, const struct shown *s)
{
	put16(c + PCI_VENDOR_ID, hex(s->vendor));
	put16(c + PCI_DEVICE_ID, hex(s->device));
	put16(c + PCI_SUBSYSTEM_VENDOR_ID, hex(s->subvendor));
	put16(c + PCI_SUBSYSTEM_ID, hex(s->subdevice));
	put16(c + PCI_STATUS, PCI_STATUS_CAP_LIST);
	c[PCI_CAPABILITY_LIST] = 0x40;
	c[0x40] = PCI_CAP_ID_EXP;
	put16(c + 0x100, PCI_EXT_CAP_ID_AER);
	put16(c + 0x102, 0x1401);
	if (s->serial) {
		put16(c + 0x140, PCI_EXT_CAP_ID_DSN);
		put16(c + 0x142, 1);
		memcpy(c + 0x144, s->serial, 8);
	}
}

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void show(struct arena *a, const char *folder, const char *bdf,
		 const struct shown *s, size_t config)
{
	const char *dir = arena_printf(a, "%s/" DEVICES "/%s", folder, bdf);
	const struct {
		const char *name, *text;
	} files[] = { { "vendor", s->vendor },
		      { "device", s->device },
		      { "subsystem_vendor", s->subvendor },
		      { "subsystem_device", s->subdevice },
		      { "driver_override", "(null)" } };
	uint8_t bytes[CONFIG] = { 0 };

	assert_int_equal(system(arena_printf(a, "mkdir -p %s", dir)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *line = arena_printf(a, "%s\n", files[i].text);

		write_file(arena_printf(a, "%s/%s", dir, files[i].name), line,
			   strlen(line));
	}
	fill_config(bytes, s);
	write_file(arena_printf(a, "%s/config", dir), bytes, config);
}

static char *override_of(struct arena *a, const char *folder, const char *bdf)
{
	FILE *f = fopen(arena_printf(a, "%s/" DEVICES "/%s/driver_override", folder, bdf),
			"r");
	char line[64] = "";

	if (!f)
		return NULL;
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return arena_strdup(a, line);
}

static void add_fn(struct machine *m, const char *bdf, const struct shown *s)
{
	struct pci_fn *fn = vec_push(m->arena, &m->fns);
	uint8_t *bytes = arena_alloc(m->arena, CONFIG);

	assert_true(bdf_parse(bdf, &fn->bdf) > 0);
	fill_config(bytes, s);
	fn->config = (struct blob){ bytes, CONFIG };
	fn->config_size = CONFIG;
	fn->group = GROUP_NONE;
}

#define BDF "0000:03:00.0"
#define NEXT "0000:04:00.0"

/* As planned for a machine that has @planned and, behind it, the card. */
static char *planned_script(struct machine *m, const struct shown *planned)
{
	struct err e = { "" };
	fn_list fns = { 0 };

	add_fn(m, BDF, planned);
	add_fn(m, NEXT, &card);
	assert_int_equal(machine_finish(m, &e), 0);
	vec_foreach(fn, &m->fns)
		*vec_push(m->arena, &fns) = fn;
	return override_script(m->arena, &fns, NULL);
}

/* Nothing of the script is changed but where its /sys is. */
static char *moved(struct arena *a, const char *script, const char *folder)
{
	const char *at = strstr(script, "/" DEVICES);

	assert_non_null(at);
	assert_null(strstr(at + 1, "/sys/"));
	return arena_printf(a, "%.*s%s%s", (int)(at - script), script, folder, at);
}

static void play(const struct script_case *c, const char *shell)
{
	char folder[] = "/tmp/test-plan-override.XXXXXX", *got, *next;
	bool silent;
	struct machine *m = machine_new();
	const char *script, *path;
	int status;

	assert_non_null(mkdtemp(folder));
	script = moved(m->arena, planned_script(m, c->planned), folder);
	path = arena_printf(m->arena, "%s/script", folder);
	write_file(path, script, strlen(script));
	if (c->there)
		show(m->arena, folder, BDF, c->there, c->config);
	show(m->arena, folder, NEXT, &card, CONFIG);

	status = system(arena_printf(m->arena, "%s %s %s >%s/out 2>%s/err", shell, path,
				     c->argument ? c->argument : "", folder, folder));
	got = override_of(m->arena, folder, BDF);
	next = override_of(m->arena, folder, NEXT);
	silent = system(arena_printf(m->arena, "test ! -s %s/err", folder)) == 0;
	(void)!system(arena_printf(m->arena, "rm -rf %s", folder));

	assert_int_equal(status, 0);
	/* What is not there is no fault to be read on the screen. */
	assert_true(c->there || silent);
	assert_int_equal(!got, !c->want);
	if (got)
		assert_string_equal(got, c->want);
	/* One that is not there, or another, does not stop those behind it. */
	assert_string_equal(next, c->argument ? "(null)" : "vfio-pci");
	machine_free(m);
}

static void test_dash(void **state)
{
	if (system("command -v dash >/dev/null"))
		skip_without("dash");
	play(*state, "dash");
}

static void test_busybox(void **state)
{
	if (system("command -v busybox >/dev/null"))
		skip_without("busybox");
	play(*state, "busybox sh");
}

/* clang-format off */
static const struct shown other_vendor = { "0x1002", "0x1b81", "0x1462", "0x3301", NULL };
static const struct shown other_device = { "0x10de", "0x1b82", "0x1462", "0x3301", NULL };
static const struct shown other_board = { "0x10de", "0x1b81", "0x1043", "0x3301", NULL };
static const struct shown other_model = { "0x10de", "0x1b81", "0x1462", "0x3302", NULL };
static const struct shown twin = { "0x8086", "0x10c9", "0x8086", "0xa03c", "\x23\x33\x44\xff\xff\x55\x66\x77" };
static const struct shown reversed = { "0x8086", "0x10c9", "0x8086", "0xa03c", "\x77\x66\x55\xff\xff\x44\x33\x22" };
static const struct shown serial_lost = { "0x8086", "0x10c9", "0x8086", "0xa03c", NULL };

static struct script_case cases[] = {
	{ "the function", &card, &card, CONFIG, NULL, "vfio-pci" },
	{ "the function, by its serial number too", &nic, &nic, CONFIG, NULL, "vfio-pci" },
	{ "no function at that address", &card, NULL, 0, NULL, NULL },
	{ "another vendor's", &card, &other_vendor, CONFIG, NULL, "(null)" },
	{ "another device", &card, &other_device, CONFIG, NULL, "(null)" },
	{ "another board maker's", &card, &other_board, CONFIG, NULL, "(null)" },
	{ "another model of the board", &card, &other_model, CONFIG, NULL, "(null)" },
	{ "a twin with another serial number", &nic, &twin, CONFIG, NULL, "(null)" },
	{ "the serial number's bytes turned round", &nic, &reversed, CONFIG, NULL, "(null)" },
	{ "a twin without serial number", &nic, &serial_lost, CONFIG, NULL, "(null)" },
	{ "a configuration space that ends before the serial number", &nic, &nic, 256, NULL, "(null)" },
	{ "asked for its prerequisites", &card, &card, CONFIG, "prereqs", "(null)" },
};
/* clang-format on */

int main(void)
{
	static const struct {
		const char *name;
		CMUnitTestFunction run;
	} shells[] = { { "dash", test_dash }, { "busybox", test_busybox } };
	struct CMUnitTest tests[ARRAY_SIZE(shells) * ARRAY_SIZE(cases)];
	AUTOARENA struct arena *a = arena_new();
	size_t n = 0;

	for (size_t s = 0; s < ARRAY_SIZE(shells); s++)
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
			tests[n++] = (struct CMUnitTest){
				.name = arena_printf(a, "%s: %s", shells[s].name,
						     cases[i].name),
				.test_func = shells[s].run,
				.initial_state = &cases[i],
			};
	return cmocka_run_group_tests_name("plan-override", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <jansson.h>

#include "core/machine-json.h"
#include "fakesys/rehearse.h"

struct rehearse_case {
	const char *name;
	const char *fixture, *profile;
	const char *device;
	enum plan_method method;
	int ret;
	/* Of the report, NULL for none: */
	const char *problem;     /* part of the first one */
	const char *bdf, *after; /* the driver that this function gets */
	bool played;             /* plan was not refused */
	void (*edit)(struct machine *m);
};

/* The machine as recorded, but for its kernel's name: no profile is its own. */
static void unknown_kernel(struct machine *m)
{
	m->kernel_version = "#1 SMP 6.99";
}

static void no_loader(struct machine *m)
{
	vec_foreach(f, &m->files)
		if (streq(f->path, "boot/grub/grub.cfg"))
			f->path = "boot/grub/grub.old";
}

/* As lspci tells a machine: groups, and nothing else of its IOMMU. */
static void groups_alone(struct machine *m)
{
	m->units.n = m->acpi.n = m->klog.n = 0;
	machine_set_unknown(m, "not given", "units");
	machine_set_unknown(m, "not given", "acpi/DMAR");
	machine_set_unknown(m, "not given", "klog");
}

/* A log that names more members of groups than there are functions. */
static void many_other_members(struct machine *m)
{
	for (size_t i = 0; i < 200; i++)
		*vec_push(m->arena, &m->klog) = arena_printf(
			m->arena, "pnp ABCD%04zx:00: Adding to iommu group %zu", i, i);
}

static void set_file(struct machine *m, const char *path, const char *text)
{
	struct machine_file *f = NULL;

	vec_foreach(it, &m->files)
		if (streq(it->path, path))
			f = it;
	if (!f)
		f = vec_push(m->arena, &m->files);
	*f = (struct machine_file){ .path = path,
				    .mode = S_IFREG | 0644,
				    .data = { (const uint8_t *)text, strlen(text) } };
}

/*
 * pci-stub has the card's ids as well, and udev loads it for another device: whichever
 * event is first decides, and no softdep of the card's own driver has a say in that.
 */
static void stub_beside(struct machine *m)
{
	struct err e = { "" };

	set_file(m, "etc/modprobe.d/stub.conf",
		 "options pci-stub ids=10de:1b81,10de:10f0\n"
		 "alias pci:v00001B21d00001242sv*sd*bc*sc*i* pci_stub\n");
	assert_int_equal(machine_finish(m, &e), 0);
}

/* An edit that waits for the next update-initramfs, whoever runs it. */
static void blacklist_not_in_image(struct machine *m)
{
	struct err e = { "" };

	set_file(m, "etc/modprobe.d/usb.conf", "blacklist xhci_pci\n");
	assert_int_equal(machine_finish(m, &e), 0);
}

static void test_rehearse(void **state)
{
	const struct rehearse_case *c = *state;
	const char *fixtures = getenv("PCIPASS_FIXTURES");
	const struct request r = { .devices = &c->device,
				   .n_devices = 1,
				   .method = c->method };
	const json_t *function, *problems;
	struct machine *m = NULL;
	json_t *report = NULL;
	struct err e = { "" };
	const char *after = NULL, *problem;
	char path[512];
	size_t i;
	int status;

	snprintf(path, sizeof(path), "%s/%s", fixtures, c->fixture);
	assert_int_equal(machine_load(path, &m, &e), 0);
	if (c->edit)
		c->edit(m);
	status = rehearse(m, c->profile ? profile_find(c->profile) : NULL, &r, &report,
			  &e);
	if (status != c->ret)
		fail_msg("exit %d, expected %d: %s", status, c->ret, e.text);
	if (status > VERB_NO) {
		assert_null(report);
		assert_true(*e.text);
		machine_free(m);
		return;
	}
	assert_int_equal(json_object_size(report), 11);
	problems = json_object_get(report, "problems");
	problem = json_string_value(json_array_get(problems, 0));
	if (!problem != !c->problem || (problem && !strstr(problem, c->problem)))
		fail_msg("problem \"%s\", expected \"%s\"", problem ? problem : "none",
			 c->problem ? c->problem : "none");
	assert_int_equal(json_is_null(json_object_get(report, "undo")), !c->played);
	assert_int_equal(json_is_null(json_object_get(report, "number")), !c->played);
	assert_int_equal(json_is_true(json_object_get(report, "proven")),
			 c->edit != unknown_kernel);
	if (c->played) {
		assert_true(json_is_true(
			json_object_get(json_object_get(report, "undo"), "clean")));
		assert_true(json_is_array(json_object_get(report, "baseline")));
	}
	json_array_foreach(json_object_get(report, "functions"), i, function)
	{
		if (c->bdf &&
		    streq(c->bdf, json_string_value(json_object_get(function, "bdf"))))
			after = json_string_value(json_object_get(function, "after"));
	}
	assert_int_equal(!after, !c->after);
	if (after)
		assert_string_equal(after, c->after);
	json_decref(report);
	machine_free(m);
}

#define DESKTOP "intel-desktop-gpu.json"

/* clang-format off */
static struct rehearse_case cases[] = {
	{ "a graphics card", DESKTOP, NULL, "01:00", PLAN_AUTO, VERB_YES, NULL, "0000:01:00.0", "vfio-pci", true, NULL },
	{ "its companion goes along", DESKTOP, NULL, "01:00.0", PLAN_AUTO, VERB_YES, NULL, "0000:01:00.1", "vfio-pci", true, NULL },
	{ "others stay as they are", DESKTOP, NULL, "01:00", PLAN_AUTO, VERB_YES, NULL, "0000:00:1f.3", "snd_hda_intel", true, NULL },
	{ "by override", DESKTOP, NULL, "01:00", PLAN_OVERRIDE, VERB_YES, NULL, "0000:01:00.0", "vfio-pci", true, NULL },
	{ "on another kernel", DESKTOP, "6.12", "01:00", PLAN_AUTO, VERB_YES, NULL, "0000:01:00.0", "vfio-pci", true, NULL },
	{ "on a kernel that nobody has measured", DESKTOP, NULL, "01:00", PLAN_AUTO, VERB_YES, NULL, "0000:01:00.0", "vfio-pci", true, unknown_kernel },
	{ "the disk of the root file system", DESKTOP, NULL, "02:00.0", PLAN_AUTO, VERB_NO, "", NULL, NULL, false, NULL },
	{ "no such device", DESKTOP, NULL, "7f:00.0", PLAN_AUTO, VERB_INPUT, NULL, NULL, NULL, false, NULL },
	{ "another event gives the card to pci-stub, by chance", DESKTOP, NULL, "01:00", PLAN_AUTO, VERB_NO, "0000:01:00.0: chance decides: ", NULL, NULL, true, stub_beside },
	{ "somebody's edit takes a driver from others", DESKTOP, NULL, "01:00", PLAN_AUTO, VERB_NO, "0000:00:14.0 was not asked for and goes from xhci_hcd to no driver", "0000:00:14.0", NULL, true, blacklist_not_in_image },
	{ "recorded with its IOMMU off", "intel-desktop-iommu-off.json", NULL, "01:00", PLAN_AUTO, VERB_YES, NULL, "0000:01:00.0", "vfio-pci", true, NULL },
	{ "groups without a table", DESKTOP, NULL, "01:00", PLAN_AUTO, VERB_YES, NULL, "0000:01:00.0", "vfio-pci", true, groups_alone },
	{ "a log of more groups than functions", "intel-desktop-iommu-off.json", NULL, "01:00", PLAN_AUTO, VERB_YES, NULL, "0000:01:00.0", "vfio-pci", true, many_other_members },
	{ "a machine that does not boot", DESKTOP, NULL, "01:00", PLAN_AUTO, VERB_REFUSED, NULL, NULL, NULL, false, no_loader },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	if (!getenv("PCIPASS_FIXTURES")) {
		fprintf(stderr, "no fixtures: PCIPASS_FIXTURES is not set\n");
		return 77;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_rehearse,
						.initial_state = &cases[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded machines of others, imported and rehearsed: what `pcipass rehearse` says of
 * them. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/test-captures.h"
#include "fakesys/import.h"
#include "fakesys/rehearse.h"

static const char *captures;

static struct machine_case {
	const char *name;
	const char *folder, *device, *allow;
	int want;
	const char *bdf, *before, *after; /* of the function that was asked for */
	const char *refused;              /* rule, or NULL */
} cases[] = {
	{ "h310ch5: the graphics card the host boots on is refused", "h310ch5", "01:00",
	  NULL, VERB_NO, .refused = "host-console" },
	{ "h310ch5: the graphics card, the console given up", "h310ch5", "01:00",
	  "host-console", VERB_YES, "0000:01:00.0", "nouveau", "vfio-pci" },
	{ "h310ch5: its audio function comes along", "h310ch5", "01:00.0", "host-console",
	  VERB_YES, "0000:01:00.1", "snd_hda_intel", "vfio-pci" },
	{ "h310ch5: the network card", "h310ch5", "02:00", NULL, VERB_YES, "0000:02:00.0",
	  "r8169", "vfio-pci" },
	{ "ms7721-fm2: the network card", "ms7721-fm2", "01:00", NULL, VERB_YES,
	  "0000:01:00.0", "r8169", "vfio-pci" },
	{ "ms7721-fm2: the graphics of the processor", "ms7721-fm2", "00:01",
	  "host-console", VERB_YES, "0000:00:01.0", "radeon", "vfio-pci" },
};

static void add_file(struct machine *m, const char *folder, const char *name)
{
	struct import_stats stats;
	struct err e = { "" };
	struct blob data;
	char path[512];

	snprintf(path, sizeof(path), "%s/machines/%s/%s", captures, folder, name);
	data = read_capture(m->arena, path);
	assert_non_null(data.data);
	if (import_add(m, name, data, &stats, &e) < 0)
		fail_msg("%s", e.text);
}

static struct machine *import_folder(const char *folder)
{
	struct machine *m = machine_new();
	struct err e = { "" };
	struct dirent *entry;
	char path[512];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/machines/%s", captures, folder);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			add_file(m, folder, entry->d_name);
	closedir(dir);
	if (import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static void test_rehearse(void **state)
{
	const struct machine_case *c = *state;
	struct request r = { .devices = &c->device, .n_devices = 1, .allow = c->allow };
	struct machine *m = import_folder(c->folder);
	const json_t *functions, *fn;
	json_t *report = NULL;
	struct err e = { "" };
	bool seen = false;
	size_t i;

	if (rehearse(m, NULL, &r, &report, &e) != c->want)
		fail_msg("%s %s", e.text, report ? json_dumps(report, 0) : "");
	if (c->refused)
		assert_string_equal(text(json_object_get(report, "plan"), "refused_rule"),
				    c->refused);
	functions = json_object_get(report, "functions");
	json_array_foreach(functions, i, fn)
	{
		if (!c->bdf || !streq(text(fn, "bdf"), c->bdf))
			continue;
		seen = true;
		assert_string_equal(text(fn, "before"), c->before);
		assert_string_equal(text(fn, "after"), c->after);
		assert_true(*text(fn, "why"));
	}
	assert_true(seen == (c->bdf != NULL));
	/* An unchanged boot gives every function the driver it was recorded with. */
	assert_int_equal(json_array_size(json_object_get(report, "baseline")), 0);
	json_decref(report);
	machine_free(m);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	captures = captures_dir(argc, argv);
	if (!captures)
		return 77;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_rehearse,
						.initial_state = &cases[i] };
	return cmocka_run_group_tests_name("rehearse-machines", tests, NULL, NULL);
}

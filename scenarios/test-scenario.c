/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are no scenarios, and steps whose expectations do not hold. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "scenarios/scenario.h"

struct scenario_case {
	const char *name;
	const char *text; /* of the file; NULL: no file */
	int ret;          /* of scenario_load() */
	int played;       /* of scenario_play(), if loaded */
	const char *says; /* part of the reason */
};

static int write_temporary(char *path, const char *text)
{
	int fd = mkstemp(path);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -EIO;
}

static void test_scenario(void **state)
{
	const struct scenario_case *c = *state;
	char path[] = "/tmp/test-scenario-XXXXXX";
	struct scenario s = { .about = "untouched" };
	struct err e = { "" };
	void *slot = NULL;
	int r, played = 0;

	if (c->text)
		assert_int_equal(write_temporary(path, c->text), 0);
	r = scenario_load(path, &s, &e);
	if (c->text)
		unlink(path);
	if (!r) {
		struct ground g = ground_sim(&slot);

		played = scenario_play(&s, &g, getenv("PCIPASS_FIXTURES"), &e);
		scenario_free(&s);
	} else {
		assert_string_equal(s.about, "untouched");
		assert_non_null(strstr(e.text, path));
	}
	assert_null(slot);
	assert_int_equal(r, c->ret);
	if (played != c->played || (c->says && !strstr(e.text, c->says)))
		fail_msg("%d \"%s\", expected %d \"%s\"", played, e.text, c->played,
			 c->says ? c->says : "");
}

#define HEAD                                                                             \
	"{\"schema\": \"pcipass-scenario\", \"version\": 1, \"name\": \"x\", "           \
	"\"about\": \"y\", "
#define DOC(steps)                                                                       \
	HEAD "\"fixture\": \"intel-desktop-gpu.json\", "                                 \
	     "\"roles\": {\"gpu\": \"0000:01:00.0\"}, \"steps\": [" steps "]}"
#define BAD(n, steps, reason)                                                            \
	{                                                                                \
		n, DOC(steps), -EINVAL, 0, reason                                        \
	}
#define FAILS(n, steps, reason)                                                          \
	{                                                                                \
		n, DOC(steps), 0, 1, reason                                              \
	}
#define WRONG(n, steps, reason)                                                          \
	{                                                                                \
		n, DOC(steps), 0, -EINVAL, reason                                        \
	}

/* clang-format off */
static struct scenario_case cases[] = {
	{ "load: no file", NULL, -EINVAL, 0, "No such file" },
	{ "load: no JSON", "hello", -EINVAL, 0, ":1:" },
	{ "load: an empty file", "", -EINVAL, 0, ":1:" },
	{ "load: a member twice", HEAD "\"fixture\": \"a\", \"fixture\": \"b\", \"steps\": []}", -EINVAL, 0, "duplicate" },
	{ "load: no steps", HEAD "\"fixture\": \"a\"}", -EINVAL, 0, "steps" },
	{ "load: steps that are no array", HEAD "\"fixture\": \"a\", \"steps\": {}}", -EINVAL, 0, "steps is not an array" },
	{ "load: an unknown member", HEAD "\"fixture\": \"a\", \"steps\": [], \"stepz\": 1}", -EINVAL, 0, "" },
	{ "load: a number for a name", "{\"schema\": 1}", -EINVAL, 0, "" },
	{ "load: another schema", "{\"schema\": \"pcipass-machine\", \"version\": 1, \"name\": \"x\", \"about\": \"y\", \"fixture\": \"a\", \"steps\": []}",
	  -EINVAL, 0, "not a scenario of version 1" },
	{ "load: a later version", "{\"schema\": \"pcipass-scenario\", \"version\": 2, \"name\": \"x\", \"about\": \"y\", \"fixture\": \"a\", \"steps\": []}",
	  -EINVAL, 0, "not a scenario of version 1" },
	{ "load: a role that is no string", HEAD "\"fixture\": \"a\", \"roles\": {\"gpu\": 1}, \"steps\": []}", -EINVAL, 0, "roles.gpu: must be an address" },
	BAD("load: a step that is no object", "1", "steps[0]: no verb that is known"),
	BAD("load: an unknown verb", "{\"snapshot\": true}, {\"fly\": true}", "steps[1]: no verb that is known"),
	BAD("load: two verbs", "{\"snapshot\": true, \"same\": true}", "steps[0]: unknown option \"same\""),
	BAD("load: an option misspelt", "{\"plan\": [\"gpu\"], \"metod\": \"ids\"}", "steps[0]: unknown option \"metod\""),
	BAD("load: an option of another verb", "{\"snapshot\": true, \"method\": \"ids\"}", "unknown option \"method\""),
	BAD("load: devices that are no array", "{\"plan\": \"gpu\"}", "steps[0].plan: must be an array of strings"),
	BAD("load: a device that is no string", "{\"plan\": [1]}", "steps[0].plan: must be an array of strings"),
	BAD("load: an expectation misspelt", "{\"check\": [], \"expect\": {\"finding\": []}}", "steps[0].expect: unknown option \"finding\""),
	BAD("load: an exit status in words", "{\"check\": [], \"expect\": {\"exit\": \"no\"}}", "steps[0].expect.exit: must be a number"),
	BAD("load: a store without data", "{\"store\": [\"sys/x\"]}", "steps[0].store: must be [PATH, TEXT]"),
	BAD("load: a fault without sense", "{\"undo\": 0, \"fault\": {\"kind\": 1}}", "steps[0].fault.kind: must be a string"),
	BAD("load: drivers by number", "{\"drivers\": {\"gpu\": 1}}", "must be drivers (or null) by device"),
	BAD("load: a reboot that is none", "{\"reboot\": false}", "steps[0].reboot: must be true"),
	BAD("load: races in words", "{\"reboot\": {\"race\": {\"gpu\": \"no\"}}}", "steps[0].reboot.race: must be true or false"),
	BAD("load: a bad step inside", "{\"every_fault\": {\"act\": {\"apply\": [\"gpu\"]}, \"kind\": \"cut\", \"then\": [{\"fly\": 1}]}}",
	    "steps[0].every_fault.then[0]: no verb"),
	BAD("load: an act that is none", "{\"settle\": \"resume\", \"act\": {\"apply\": 1}}", "steps[0].act.apply: must be an array"),

	{ "play: no fixture of that name", HEAD "\"fixture\": \"nosuch.json\", \"steps\": []}", 0, -ENOENT, "nosuch.json" },
	{ "play: no kernel of that name", HEAD "\"fixture\": \"intel-desktop-gpu.json\", \"kernel\": \"2.4\", \"steps\": []}", 0, -EINVAL, "there is no profile \"2.4\"" },
	{ "play: nothing", DOC(""), 0, 0, NULL },
	WRONG("play: an unknown method", "{\"plan\": [\"gpu\"], \"method\": \"magic\"}", "steps[0].plan: unknown method or style"),
	WRONG("play: an unknown fault", "{\"apply\": [\"gpu\"], \"fault\": {\"kind\": \"flood\"}}", "fault: unknown kind or error"),
	WRONG("play: same without a snapshot", "{\"same\": true}", "no snapshot was taken"),
	WRONG("play: a race of no address", "{\"reboot\": {\"race\": {\"gpux\": true}}}", "race.gpux: not an address"),
	WRONG("play: an empty command", "{\"run\": []}", "wants a command"),
	FAILS("play: another driver", "{\"drivers\": {\"gpu\": \"vfio-pci\"}}", "gpu has nouveau, expected vfio-pci"),
	FAILS("play: a driver where there is none", "{\"drivers\": {\"0000:00:00.0\": \"x\"}}", "0000:00:00.0 has no driver, expected x"),
	FAILS("play: another exit status", "{\"plan\": [\"gpu\"], \"expect\": {\"exit\": 1}}", "exit 0, expected 1"),
	FAILS("play: a finding that is missing", "{\"check\": [\"gpu\"], \"expect\": {\"exit\": 1, \"findings\": [\"nosuch\"]}}", "steps[0].check: "),
	FAILS("play: another errno", "{\"store\": [\"sys/bus/pci/drivers/nouveau/bind\", \"x\"], \"expect\": \"EBUSY\"}", "expected EBUSY"),
	FAILS("play: another text", "{\"read\": [\"proc/cmdline\", \"x\"]}", "expected \"x\""),
	FAILS("play: a command's status", "{\"run\": [\"modprobe\", \"nosuch\"]}", "status 1"),
	FAILS("play: a file without a line", "{\"file\": \"etc/fstab\", \"has\": [\"nosuch line\"]}", "etc/fstab lacks \"nosuch line\""),
	FAILS("play: a file that should be absent", "{\"file\": \"etc/fstab\", \"absent\": true}", "etc/fstab is there"),
	FAILS("play: a changed file", "{\"snapshot\": true}, {\"append\": [\"etc/fstab\", \"x\"]}, {\"same\": true}", "steps[2].same: etc/fstab is not as it was"),
	FAILS("play: a new file", "{\"snapshot\": true}, {\"write\": [\"etc/new\", \"x\"]}, {\"same\": true}", "etc/new is new"),
	FAILS("play: a file that went", "{\"snapshot\": true}, {\"remove\": \"etc/fstab\"}, {\"same\": true}", "etc/fstab is gone"),
	FAILS("play: a host that should boot", "{\"remove\": \"boot/grub/grub.cfg\"}, {\"reboot\": true}", "does not boot: no boot entry"),
	FAILS("play: a host that should not boot", "{\"reboot\": {\"boots\": false}}", "boots, though it should not"),
	FAILS("play: a race that is none", "{\"reboot\": {\"race\": {\"gpu\": true}}}", "gpu: race is false"),
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
						.test_func = test_scenario,
						.initial_state = &cases[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

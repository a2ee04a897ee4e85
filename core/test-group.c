/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/group.h"
#include "core/test-machine.h"

struct group_case {
	const char *name;
	const char *asked; /* addresses joined by blanks */
	const char *want;  /* "01:00.0=asked 01:00.1=comes ", or companions "01:00.1 " */
};

/*
 * A desktop as recorded machines are: a port without ACS above a card, an APU, host
 * bridges with and without a driver.
 */
static struct machine *desktop(void)
{
	struct machine *m = machine_new();

	add_fn(m, "0000:00:00.0", 0x8086, 0x3ec2, 0x0600, 0, "skl_uncore");
	add_fn(m, "0000:00:01.0", 0x8086, 0x1901, 0x0604, 1, "pcieport");
	add_fn(m, "0000:00:01.1", 0x1022, 0x1482, 0x0600, 1, NULL);
	add_fn(m, "0000:00:1f.0", 0x8086, 0xa305, 0x0601, 7, "lpc_ich");
	add_fn(m, "0000:00:1f.3", 0x8086, 0xa348, 0x0403, 7, "snd_hda_intel");
	add_fn(m, "0000:01:00.0", 0x10de, 0x1e84, 0x0300, 1, "nouveau");
	add_fn(m, "0000:01:00.1", 0x10de, 0x10f8, 0x0403, 1, "snd_hda_intel");
	add_fn(m, "0000:01:00.2", 0x10de, 0x1ad8, 0x0c03, 1, NULL);
	add_fn(m, "0000:01:00.3", 0x10de, 0x1ad9, 0x0c80, 1, NULL);
	add_fn(m, "0000:05:00.0", 0x1002, 0x1638, 0x0300, 9, "amdgpu");
	add_fn(m, "0000:05:00.1", 0x1002, 0x1637, 0x0403, 10, "snd_hda_intel");
	add_fn(m, "0000:05:00.2", 0x1022, 0x15df, 0x1080, 11, "ccp");
	add_fn(m, "0000:05:00.3", 0x1022, 0x1639, 0x0c03, 12, "xhci_hcd");
	add_fn(m, "0000:06:00.0", 0x8086, 0x10d3, 0x0200, GROUP_NONE, "e1000e");
	add_fn(m, "0000:07:00.0", 0x8086, 0x10d3, 0x0200, GROUP_NONE, "e1000e");
	assert_int_equal(machine_finish(m, NULL), 0);
	return m;
}

static void find(const struct machine *m, const char *names, fn_list *ret)
{
	char *words = arena_strdup(m->arena, names), *save = NULL;

	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		assert_int_equal(machine_find(m, m->arena, w, ret, NULL), 0);
}

static void test_closure(void **state)
{
	static const char *const roles[] = { "asked", "comes", "stays" };
	const struct group_case *c = *state;
	struct machine *m = desktop();
	group_members members = { 0 };
	fn_list asked = { 0 };
	char text[512] = "", bdf[BDF_SIZE];

	find(m, c->asked, &asked);
	group_closure(m, NULL, m->arena, &asked, &members);
	vec_foreach(it, &members) {
		size_t n = strlen(text);

		snprintf(text + n, sizeof(text) - n, "%s=%s ",
			 bdf_format(it->fn->bdf, bdf) + 5, roles[it->role]);
	}
	assert_string_equal(text, c->want);
	machine_free(m);
}

static void test_companions(void **state)
{
	const struct group_case *c = *state;
	struct machine *m = desktop();
	fn_list asked = { 0 }, more = { 0 };
	char text[512] = "", bdf[BDF_SIZE];

	find(m, c->asked, &asked);
	group_companions(m, m->arena, &asked, &more);
	vec_foreach(it, &more) {
		size_t n = strlen(text);

		snprintf(text + n, sizeof(text) - n, "%s ",
			 bdf_format((*it)->bdf, bdf) + 5);
	}
	assert_string_equal(text, c->want);
	machine_free(m);
}

/* clang-format off */
static struct group_case closures[] = {
	{ "a card: port and idle host bridge stay, the other functions come", "01:00.0",
	  "00:01.0=stays 00:01.1=stays 01:00.0=asked 01:00.1=comes 01:00.2=comes "
	  "01:00.3=comes " },
	{ "all of a card", "01:00",
	  "00:01.0=stays 00:01.1=stays 01:00.0=asked 01:00.1=asked 01:00.2=asked "
	  "01:00.3=asked " },
	{ "an ISA bridge is no port: it comes", "00:1f.3", "00:1f.0=comes 00:1f.3=asked " },
	{ "alone in its group", "05:00.2", "05:00.2=asked " },
	{ "two groups, named in any order, one twice", "05:00.2 00:1f.3 05:00.2",
	  "00:1f.0=comes 00:1f.3=asked 05:00.2=asked " },
	{ "functions without a group do not share one", "06:00.0", "06:00.0=asked " },
	{ "nothing asked", "", "" },
};
static struct group_case wholes[] = {
	{ "audio, USB and UCSI of a graphics card", "01:00.0", "01:00.1 01:00.2 01:00.3 " },
	{ "those asked for are not missed", "01:00.0 01:00.1", "01:00.2 01:00.3 " },
	{ "the card named twice", "01:00.0 01:00.0", "01:00.1 01:00.2 01:00.3 " },
	{ "an APU's USB and crypto functions are the host's", "05:00.0", "05:00.1 " },
	{ "audio asked for without the card", "01:00.1", "" },
	{ "no graphics card", "06:00.0", "" },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(closures) + ARRAY_SIZE(wholes)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(closures); i++)
		tests[n++] = (struct CMUnitTest){ .name = closures[i].name,
						  .test_func = test_closure,
						  .initial_state = &closures[i] };
	for (size_t i = 0; i < ARRAY_SIZE(wholes); i++)
		tests[n++] = (struct CMUnitTest){ .name = wholes[i].name,
						  .test_func = test_companions,
						  .initial_state = &wholes[i] };
	return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}

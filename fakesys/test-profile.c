/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fakesys/profile.h"

/* Which profile a kernel gets, and whether it is its own. */
struct profile_case {
	const char *name, *release, *version, *want;
	bool proven;
};

static void test_for(void **state)
{
	const struct profile_case *c = *state;
	struct machine m = { .release = c->release, .kernel_version = c->version };
	bool proven = !c->proven;

	assert_string_equal(profile_for(&m, &proven)->name, c->want);
	assert_int_equal(proven, c->proven);
}

static struct profile_case kernels[] = {
	{ "Debian 12", "6.1.0-49-amd64",
	  "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2025-11-01)", "debian-6.1.176",
	  true },
	{ "Debian 12, security", "6.1.0-56-amd64",
	  "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)", "debian-6.1.192",
	  true },
	{ "Debian 12, in between", "6.1.0-50-amd64",
	  "#1 SMP Debian 6.1.180-1 (2026-02-01)", "debian-6.1.176", false },
	{ "Debian 13", "6.12.107+deb13-amd64", "#1 SMP Debian 6.12.107-1 (2026-01-01)",
	  "debian-6.12.107", true },
	{ "Debian 13, only uname -r is known", "6.12.107+deb13-amd64", "",
	  "debian-6.12.107", true },
	{ "Debian 13, later", "6.12.117+deb13-amd64",
	  "#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1 (2026-11-20)", "debian-6.12.117",
	  true },
	{ "backports", "6.12.95+deb12-amd64",
	  "#1 SMP Debian 6.12.95-1~bpo12+1 (2026-01-01)", "debian-6.12.107", false },
	{ "Debian 14's", "7.3.4+deb13-amd64",
	  "#1 SMP Debian 7.3.4-1~bpo13+1 (2026-11-01)", "debian-7.3.4", true },
	{ "Proxmox 8", "6.8.12-4-pve",
	  "#1 SMP PREEMPT_DYNAMIC PMX 6.8.12-4 (2024-11-06T15:04Z)", "debian-6.12.107",
	  false },
	{ "Proxmox with a number that Debian has", "6.12.107-1-pve",
	  "#1 SMP PMX 6.12.107-1", "debian-6.12.107", false },
	{ "much later", "9.0.1", "", "debian-7.3.4", false },
	{ "nothing known", "", "", "debian-6.1.176", false },
	{ "no numbers", "custom", "#1 SMP", "debian-6.1.176", false },
};

static void test_assumed(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	bool proven = true;

	(void)state;
	m->release = "6.1.0-56-amd64";
	m->kernel_version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)";
	machine_set_unknown(m, "assumed", "release");
	assert_string_equal(profile_for(m, &proven)->name, "debian-6.1.192");
	assert_false(proven);
}

struct find_case {
	const char *name, *want;
};

static void test_find(void **state)
{
	const struct find_case *c = *state;
	const struct kernel_profile *p = profile_find(c->name);

	assert_string_equal(p ? p->name : "none", c->want ? c->want : "none");
}

static struct find_case names[] = {
	{ "debian-6.1.176", "debian-6.1.176" },
	{ "6.1", "debian-6.1.192" },
	{ "6.12", "debian-6.12.117" },
	{ "7.2", "debian-7.2.13" },
	{ "7.3", "debian-7.3.4" },
	{ "6.1.192", "debian-6.1.192" },
	{ "6", NULL },
	{ "", NULL },
	{ "debian-", NULL },
};

/* What pcipass-lab profile measured otherwise than it was read in the source. */
struct fact_case {
	const char *name, *profile;
	char pci_option_quote;
	bool windows_at_setup;
};

static void test_fact(void **state)
{
	const struct fact_case *c = *state;
	const struct kernel_profile *p = profile_find(c->profile);

	assert_int_equal(p->pci_option_quote, c->pci_option_quote);
	assert_int_equal(p->windows_at_setup, c->windows_at_setup);
}

static struct fact_case facts[] = {
	{ "measured on 6.1.176", "6.1.176", '`', false },
	{ "measured on 6.12.117", "6.12.117", '`', true },
	{ "measured on 7.3.4", "7.3.4", '`', true },
};

int main(void)
{
	struct CMUnitTest
		tests[ARRAY_SIZE(kernels) + ARRAY_SIZE(names) + ARRAY_SIZE(facts) + 1];
	struct CMUnitTest *t = tests;

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
		*t++ = (struct CMUnitTest){ .name = kernels[i].name,
					    .test_func = test_for,
					    .initial_state = &kernels[i] };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		*t++ = (struct CMUnitTest){ .name = names[i].name,
					    .test_func = test_find,
					    .initial_state = &names[i] };
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		*t++ = (struct CMUnitTest){ .name = facts[i].name,
					    .test_func = test_fact,
					    .initial_state = &facts[i] };
	*t = (struct CMUnitTest){ .name = "a kernel that was assumed",
				  .test_func = test_assumed };
	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}

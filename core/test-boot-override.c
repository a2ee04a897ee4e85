/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/boot-override.h"

typedef void parser(struct arena *a, const char *text, boot_overrides *ret,
		    unsigned *ret_odd);

struct parse_case {
	const char *name;
	parser *parse;
	const char *text;
	const char
		*want; /* "LINE:BDF=DRIVER@SERIAL" or "LINE:+MODULE[:b][:i][ OPTIONS]" */
	unsigned odd;
};

static void describe(const boot_overrides *list, char *out, size_t size)
{
	char bdf[BDF_SIZE];

	*out = '\0';
	vec_foreach(o, list) {
		size_t used = strlen(out);

		if (o->driver)
			used += (size_t)snprintf(
				out + used, size - used, "%u:%s=%s%s%s\n", o->line,
				o->any_bdf ? "any" : bdf_format(o->bdf, bdf), o->driver,
				o->serial ? "@" : "", o->serial ? o->serial : "");
		if (o->load)
			snprintf(out + used, size - used, "%u:+%s%s%s%s%s\n", o->line,
				 o->load, o->flags & MODPROBE_USE_BLACKLIST ? ":b" : "",
				 o->flags & MODPROBE_IGNORE_INSTALL ? ":i" : "",
				 *o->options ? " " : "", o->options);
	}
}

static void test_parse(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	const struct parse_case *c = *state;
	boot_overrides list = { 0 };
	unsigned odd = 0;
	char got[1024];

	c->parse(a, c->text, &list, &odd);
	describe(&list, got, sizeof(got));
	assert_string_equal(got, c->want);
	assert_int_equal(odd, c->odd);
}

#define SYS "/sys/bus/pci/devices/"
#define PCI "ACTION==\"add\", SUBSYSTEM==\"pci\", "
#define ONE "KERNEL==\"0000:01:00.0\", "
#define VFIO "ATTR{driver_override}=\"vfio-pci\""

/* clang-format off */
static struct parse_case cases[] = {
	{ "script: one echo", override_parse_script,
	  "#!/bin/sh\necho vfio-pci > " SYS "0000:01:00.0/driver_override\n", "2:0000:01:00.0=vfio-pci\n", 0 },
	{ "script: no blank behind >, quotes", override_parse_script,
	  "echo -n \"vfio-pci\" >\"" SYS "0000:01:00.0/driver_override\" 2>/dev/null\n", "1:0000:01:00.0=vfio-pci\n", 0 },
	{ "script: the loop of the forums", override_parse_script,
	  "#!/bin/sh\nPREREQ=\"\"\nDEVS=\"0000:0a:00.0 0000:0a:00.1\"\n"
	  "for DEV in $DEVS; do\n  echo \"vfio-pci\" > " SYS "$DEV/driver_override\ndone\nmodprobe -i vfio-pci\n",
	  "5:0000:0a:00.0=vfio-pci\n5:0000:0a:00.1=vfio-pci\n7:+vfio_pci:i\n", 0 },
	{ "script: a loop over words, on one line", override_parse_script,
	  "for d in 0000:01:00.0 0000:01:00.1; do echo vfio-pci >" SYS "${d}/driver_override; done",
	  "1:0000:01:00.0=vfio-pci\n1:0000:01:00.1=vfio-pci\n", 0 },
	{ "script: a loop in a loop", override_parse_script,
	  "for s in 01 02; do for f in 0 1; do echo x > " SYS "0000:$s:00.$f/driver_override; done; done",
	  "1:0000:01:00.0=x\n1:0000:01:00.1=x\n1:0000:02:00.0=x\n1:0000:02:00.1=x\n", 0 },
	{ "script: conditions are taken to hold", override_parse_script,
	  "if [ -d " SYS "0000:01:00.0 ]; then\n[ -e x ] && echo vfio-pci > " SYS "0000:01:00.0/driver_override\nfi\n",
	  "2:0000:01:00.0=vfio-pci\n", 0 },
	{ "script: modprobe with an option, and several", override_parse_script,
	  "modprobe vfio-pci ids=10de:1b81\nmodprobe -ab vfio kvm\nmodprobe -r nouveau\n",
	  "1:+vfio_pci ids=10de:1b81\n2:+vfio:b\n2:+kvm:b\n", 0 },
	{ "script: lines as ours, without what makes them work", override_parse_script,
	  "override 0000:01:00.0 0x10de 0x1b81 0x1462 0x3301 vfio-pci 00112233aabbccdd 260\n", "", 0 },
	{ "script: nothing behind an exit", override_parse_script,
	  "modprobe vfio\nexit 0\necho vfio-pci > " SYS "0000:01:00.0/driver_override\n", "1:+vfio\n", 1 },
	{ "script: a comment does nothing", override_parse_script,
	  "# echo vfio-pci > " SYS "0000:01:00.0/driver_override\nmodprobe vfio\n", "2:+vfio\n", 1 },
	{ "script: an address from a command is odd", override_parse_script,
	  "for d in $(lspci -Dn | cut -f1); do echo vfio-pci > " SYS "$d/driver_override; done\n", "", 1 },
	{ "script: new_id is odd", override_parse_script,
	  "echo 10de 1b81 > /sys/bus/pci/drivers/vfio-pci/new_id\n", "", 1 },
	{ "script: of something else", override_parse_script, "echo hello\nexit 0\n", "", 0 },
	{ "script: a loop without an end", override_parse_script,
	  "for a in 1 2; do\necho x > " SYS "0000:01:00.$a/driver_override\n", "2:0000:01:00.1=x\n", 0 },
	{ "rule: for one address", override_parse_rules, PCI ONE VFIO "\n", "1:0000:01:00.0=vfio-pci\n", 0 },
	{ "rule: for ids", override_parse_rules,
	  "\n# x\n" PCI "ATTR{vendor}==\"0x10de\", ATTR{device}==\"0x1b81\", " VFIO "\n", "3:any=vfio-pci\n", 0 },
	{ "rule: loads by udev's builtin", override_parse_rules,
	  PCI ONE VFIO ", RUN{builtin}+=\"kmod load vfio-pci\"\n", "1:0000:01:00.0=vfio-pci\n1:+vfio-pci:b\n", 0 },
	{ "rule: loads by modprobe, which asks no blacklist", override_parse_rules,
	  PCI ONE "RUN+=\"/sbin/modprobe -q vfio-pci\"\n", "1:+vfio_pci\n", 0 },
	{ "rule: over two lines", override_parse_rules, PCI "\\\n  " ONE VFIO "\n" PCI ONE "RUN+=\"modprobe x\"",
	  "1:0000:01:00.0=vfio-pci\n3:+x\n", 0 },
	{ "rule: not for add", override_parse_rules, "ACTION==\"remove\", SUBSYSTEM==\"pci\", " VFIO "\n", "", 0 },
	{ "rule: for all but remove", override_parse_rules, "ACTION!=\"remove\", SUBSYSTEM==\"pci\", " ONE VFIO "\n",
	  "1:0000:01:00.0=vfio-pci\n", 0 },
	{ "rule: for all but add", override_parse_rules, "ACTION!=\"add\", SUBSYSTEM==\"pci\", " ONE VFIO "\n", "", 0 },
	{ "rule: of another subsystem", override_parse_rules, "SUBSYSTEM==\"usb\", RUN+=\"/sbin/modprobe vfio-pci\"\n", "", 0 },
	{ "rule: a wildcard is odd", override_parse_rules, PCI "ATTR{class}==\"0x0300*\", " VFIO "\n", "", 1 },
	{ "rule: a parent's attribute is odd", override_parse_rules, PCI "ATTRS{vendor}==\"0x10de\", " VFIO "\n", "", 1 },
	{ "rule: no subsystem is odd", override_parse_rules, "ATTR{vendor}==\"0x10de\", " VFIO "\n", "", 1 },
	{ "rule: a shell that stores is odd", override_parse_rules,
	  PCI ONE "RUN+=\"/bin/sh -c 'echo vfio-pci > " SYS "0000:01:00.0/driver_override'\"\n", "", 1 },
	{ "rule: an empty override reaches no kernel", override_parse_rules, PCI ONE "ATTR{driver_override}=\"\"\n", "", 0 },
	{ "rule: junk", override_parse_rules, "driver_override \"\n\\\n==,=\nATTR{driver_override\n", "", 0 },
};
/* clang-format on */

struct match_case {
	const char *name;
	const char *bdf;
	struct pci_ident match;
	const char *serial;
	bool want;
};

static void test_match(void **state)
{
	const struct match_case *c = *state;
	static const struct pci_ident id = { 0x10de, 0x1b81, 0x1462, 0x3301, 0x030000 };
	/* PCI Express Base 7.9.3: Device Serial Number, low word first */
	uint8_t cfg[0x110] = { [0x100] = 3, 0, 1, 0, 8, 7, 6, 5, 4, 3, 2, 1 };
	struct boot_override o = { .match = c->match, .serial = c->serial };
	struct bdf bdf;

	o.any_bdf = !c->bdf;
	if (c->bdf)
		assert_true(bdf_parse(c->bdf, &o.bdf) > 0);
	assert_true(bdf_parse("0000:01:00.0", &bdf) > 0);
	assert_int_equal(
		override_matches(&o, bdf, &id, (struct blob){ cfg, sizeof(cfg) }),
		c->want);
}

#define ANY PCI_ID_ANY

/* clang-format off */
static struct match_case matches[] = {
	{ "match: any function", NULL, { ANY, ANY, ANY, ANY, ANY }, NULL, true },
	{ "match: its address", "0000:01:00.0", { ANY, ANY, ANY, ANY, ANY }, NULL, true },
	{ "match: another address", "0000:01:00.1", { ANY, ANY, ANY, ANY, ANY }, NULL, false },
	{ "match: its ids", NULL, { 0x10de, 0x1b81, 0x1462, 0x3301, ANY }, NULL, true },
	{ "match: another card at its address", "0000:01:00.0", { 0x10de, 0x1b80, ANY, ANY, ANY }, NULL, false },
	{ "match: another board maker", NULL, { 0x10de, 0x1b81, 0x1043, ANY, ANY }, NULL, false },
	{ "match: its class", NULL, { ANY, ANY, ANY, ANY, 0x030000 }, NULL, true },
	{ "match: another class", NULL, { ANY, ANY, ANY, ANY, 0x030200 }, NULL, false },
	{ "match: its serial number", NULL, { ANY, ANY, ANY, ANY, ANY }, "0102030405060708", true },
	{ "match: another serial number", NULL, { ANY, ANY, ANY, ANY, ANY }, "0102030405060709", false },
};
/* clang-format on */

/* Growing words and endless loops come to an end, soon. */
static void test_hostile(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	boot_overrides list = { 0 };
	unsigned odd = 0;
	char *text, *end;

	(void)state;
	text = end = arena_alloc(a, 1 << 20);
	end += sprintf(end, "override\nA=xx\n");
	for (int i = 0; i < 5000; i++)
		end += sprintf(end, "A=\"$A$A\"\nfor b in $A $A $A; do\n");
	for (int i = 0; i < 5000; i++)
		end += sprintf(end, "echo $A > $b\ndone\n");
	override_parse_script(a, text, &list, &odd);
	assert_int_equal(list.n, 0);
	assert_true(arena_used(a) < 64 << 20);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(matches) + 1];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = test_parse,
						  .initial_state = &cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++)
		tests[n++] = (struct CMUnitTest){ .name = matches[i].name,
						  .test_func = test_match,
						  .initial_state = &matches[i] };
	tests[n++] = (struct CMUnitTest){ .name = "script: one that never ends",
					  .test_func = test_hostile };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

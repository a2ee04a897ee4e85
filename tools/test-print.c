/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tools/print.h"

/* A report as JSON text, and what is printed of it. */
struct print_case {
	const char *name;
	void (*print)(const struct printer *p, const json_t *report);
	const char *report;
	const char *want;
	enum view view;
	unsigned width; /* 0: as nobody's terminal */
	bool utf8, colour;
};

static void test_print(void **state)
{
	const struct print_case *c = *state;
	json_error_t error;
	json_t *report = json_loads(c->report, 0, &error);
	struct printer p;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!report)
		fail_msg("%s", error.text);
	printer_init(&p, out, c->colour ? COLOUR_ALWAYS : COLOUR_AUTO);
	p.view = c->view;
	p.utf8 = c->utf8;
	p.width = c->width ? c->width : p.width;
	report_clean(report, &p);
	c->print(&p, report);
	fclose(out);
	assert_string_equal(text, c->want);
	free(text);
	json_decref(report);
}

#define EXPLAIN(summary, text)                                                           \
	"{\"rule\": \"r\", \"severity\": \"warn\", \"step\": \"ready\", \"summary\": "   \
	"\"" summary "\", \"text\": \"" text "\"}"
#define HEAD "r  severity warn, guide: ready\n"

static struct print_case cases[] = {
	/* clang-format off */
	{ "a paragraph is wrapped at blanks", print_explain,
	  EXPLAIN("Short.", "one two three four five six seven eight nine ten eleven"),
	  HEAD "Short.\n\none two three four five six seven eight\nnine ten eleven\n",
	  .width = 40 },
	{ "a word longer than the line stays whole", print_explain,
	  EXPLAIN("Short.", "see 0123456789012345678901234567890123456789012345 there"),
	  HEAD "Short.\n\nsee\n0123456789012345678901234567890123456789012345\nthere\n",
	  .width = 40 },
	{ "indented lines keep their breaks", print_explain,
	  EXPLAIN("Short.", "Add:\\n  options vfio-pci   ids=1\\nand reboot."),
	  HEAD "Short.\n\nAdd:\n  options vfio-pci   ids=1\nand reboot.\n" },
	{ "an escape sequence does not reach the terminal", print_explain,
	  EXPLAIN("\\u001b[2J", "a\\u0007b\\u009b2Jc\\u007f"),
	  HEAD "?[2J\n\na?b?2Jc?\n", .utf8 = true },
	{ "UTF-8 where the terminal has it", print_explain,
	  EXPLAIN("Gr\\u00fc\\u00dfe", "\\u20ac"),
	  HEAD "Gr\xc3\xbc\xc3\x9f" "e\n\n\xe2\x82\xac\n", .utf8 = true },
	{ "plain ASCII where it does not", print_explain,
	  EXPLAIN("Gr\\u00fc\\u00dfe", "\\u20ac"), HEAD "Gr??e\n\n?\n" },
	{ "colours when asked for", print_undo,
	  "{\"number\": 3, \"state\": \"undone\", \"reboot\": false}",
	  "\033[32mTransaction 3 is undone.\n\033[0m", .colour = true },
	{ "a report without its keys", print_check, "{}",
	  "\n  cpu      -\n  kernel   -\n  cmdline  -\n  loader   :\n"
	  "  IOMMU    not active, interrupt remapping off\n\nVerdict\n"
	  "  no: 0 things of severity `block` above must be solved first.\n" },
	{ "a plan that is refused", print_plan,
	  "{\"method\": \"ids\", \"refused\": \"The root disk hangs on it.\", "
	  "\"refused_rule\": \"guard-disk\", \"steps\": [], \"notes\": []}",
	  "Refused: The root disk hangs on it.\n  `pcipass explain guard-disk` tells more.\n" },
	{ "a plan with nothing to do", print_plan,
	  "{\"method\": \"ids\", \"refused\": null, \"targets\": [\"0000:01:00.0\"], "
	  "\"steps\": [], \"notes\": [\"It is so.\"]}",
	  "method   ids\nfor      01:00.0\nNothing to do: it is so already.\n\nNote\n"
	  "  - It is so.\n" },
	{ "a plan as a script, as it stands", print_plan,
	  "{\"refused\": null, \"script\": \"#!/bin/sh\\nset -e\\n\"}", "#!/bin/sh\nset -e\n",
	  .view = VIEW_SCRIPT },
	{ "nothing in the history", print_history, "{\"transactions\": []}",
	  "pcipass has changed nothing on this host.\n" },
	{ "a domain that is not 0000 is shown", print_verify,
	  "{\"ready\": true, \"devices\": [{\"bdf\": \"10000:e1:00.0\", \"ready\": true, "
	  "\"driver\": \"vfio-pci\", \"group\": 7, \"node\": \"/dev/vfio/7\", \"why\": "
	  "\"vfio-pci has it.\", \"name\": \"disk\"}]}",
	  "  10000:e1:00.0  disk\n    ready: driver vfio-pci, /dev/vfio/7\n"
	  "    vfio-pci has it.\nReady to be passed through.\n" },
	{ "groups that are computed, and what the host uses", print_list,
	  "{\"iommu\": {\"active\": false}, \"groups\": \"computed\", \"functions\": ["
	  "{\"bdf\": \"0000:01:00.0\", \"vendor\": \"10de\", \"device\": \"1b81\", \"driver\": "
	  "null, \"group\": null, \"computed_group\": 12, \"used_for\": [\"/\", \"swap\"], "
	  "\"class_name\": \"VGA\", \"name\": \"GP104\"}]}",
	  "ADDRESS ID        DRIVER GROUP USED FOR CLASS NAME\n"
	  "01:00.0 10de:1b81 -        12* /, swap  VGA   GP104\n"
	  "* The IOMMU is not active: these groups are computed from topology.\n",
	  .view = VIEW_TREE },
	{ "a tree in the colours of its groups", print_list,
	  "{\"iommu\": {\"active\": true}, \"groups\": \"recorded\", \"functions\": ["
	  "{\"bdf\": \"0000:00:00.0\", \"vendor\": \"8086\", \"device\": \"0001\", \"group\": 0},"
	  "{\"bdf\": \"0000:00:01.0\", \"vendor\": \"8086\", \"device\": \"0001\", \"group\": 1},"
	  "{\"bdf\": \"0000:00:02.0\", \"vendor\": \"8086\", \"device\": \"0001\", \"group\": 10},"
	  "{\"bdf\": \"0000:00:03.0\", \"vendor\": \"8086\", \"device\": \"0001\", \"group\": null}]}",
	  "ADDRESS ID        DRIVER GROUP USED FOR CLASS NAME\n"
	  "\033[36m00:00.0\033[0m 8086:0001 -      \033[36m    0\033[0m                \n"
	  "\033[35m00:01.0\033[0m 8086:0001 -      \033[35m    1\033[0m                \n"
	  "\033[36m00:02.0\033[0m 8086:0001 -      \033[36m   10\033[0m                \n"
	  "00:03.0 8086:0001 -          -                \n",
	  .view = VIEW_TREE, .colour = true },
	{ "by group, computed", print_list,
	  "{\"iommu\": {\"active\": false}, \"groups\": \"computed\", \"functions\": ["
	  "{\"bdf\": \"0000:01:00.0\", \"vendor\": \"10de\", \"device\": \"1b81\", \"group\": null, "
	  "\"computed_group\": 2}]}",
	  "ADDRESS   ID        DRIVER GROUP CLASS NAME\n"
	  "group 2*                               \n"
	  "`-01:00.0 10de:1b81 -         2*       \n"
	  "* The IOMMU is not active: these groups are computed from topology.\n",
	  .view = VIEW_GROUPS },
	{ "groups although no IOMMU is listed", print_list,
	  "{\"iommu\": {\"active\": false}, \"groups\": \"recorded\", \"functions\": []}",
	  "", .view = VIEW_TREE },
	{ "a table of functions", print_list,
	  "{\"iommu\": {\"active\": true}, \"functions\": [{\"bdf\": \"0000:01:00.0\", "
	  "\"vendor\": \"10de\", \"device\": \"1b81\", \"driver\": null, \"group\": 12, "
	  "\"class_name\": \"VGA\", \"name\": \"GP104\"}]}",
	  "ADDRESS ID        DRIVER GROUP CLASS NAME\n"
	  "01:00.0 10de:1b81 -         12 VGA   GP104\n" },
	/* clang-format on */
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_print,
						.initial_state = &cases[i] };
	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}

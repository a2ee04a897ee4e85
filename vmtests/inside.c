/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab-inside - what the lab does in a guest. */
#include <stdio.h>

#include "core/util.h"
#include "vmtests/inside.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "config", inside_config }, { "host", inside_host }, { "ops", inside_ops },
	{ "shell", inside_shell },   { "tree", inside_tree }, { "vfio", inside_vfio },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++)
		if (streq(verbs[i].name, argv[1]))
			return verbs[i].run(argc - 1, argv + 1);
	fprintf(stderr, "usage: lab-inside VERB...; verbs:");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(stderr, " %s", verbs[i].name);
	fputc('\n', stderr);
	return 2;
}

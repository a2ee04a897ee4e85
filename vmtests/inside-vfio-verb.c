/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <stdio.h>

#include "core/util.h"
#include "vmtests/inside-vfio-part.h"
#include "vmtests/inside.h"

#define LIMIT_S 180

static const struct {
	const char *verb, *kind; /* kind NULL: any, or none */
	int least, most;         /* arguments */
	void (*run)(struct tap *t, char **args);
	const char *usage;
} verbs[] = {
	/* clang-format off */
	{ "edu", "--unlogged", 1, 2, inside_edu_unlogged, "BDF [REQUESTER]" },
	{ "edu", NULL, 1, 2, inside_edu, "BDF [REQUESTER]" },
	{ "nvme", NULL, 3, 3, inside_nvme, "BDF SERIAL BLOCK" },
	{ "refused", "sibling", 2, 2, inside_refused_sibling, "BDF SIBLING" },
	{ "refused", "claimed", 2, 2, inside_refused_claimed, "BDF SIBLING" },
	{ "refused", "second", 1, 1, inside_refused_second, "BDF" },
	{ "refused", "bridge", 1, 1, inside_refused_bridge, "BDF" },
	{ "refused", "no-iommu", 1, 1, inside_refused_no_iommu, "BDF" },
	{ "refused", "no-remapping", 1, 1, inside_refused_no_remapping, "BDF" },
	/* clang-format on */
};

static int usage(const char *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(stderr, "%s %s %s%s%s %s\n", i == 0 ? "usage:" : "      ", verb,
			verbs[i].verb, verbs[i].kind ? " " : "",
			verbs[i].kind ? verbs[i].kind : "", verbs[i].usage);
	return 2;
}

/* What no check can hold: it took too long, or the device's memory went away. */
static void bail_out(int sig)
{
	static const char late[] = "Bail out! out of time\n";
	static const char gone[] = "Bail out! the device does not answer\n";

	if (sig == SIGALRM)
		(void)!write(STDOUT_FILENO, late, sizeof(late) - 1);
	else
		(void)!write(STDOUT_FILENO, gone, sizeof(gone) - 1);
	_exit(1);
}

int inside_vfio(int argc, char **argv)
{
	struct tap t = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		int args = verbs[i].kind ? 3 : 2;

		if (argc < args || !streq(argv[1], verbs[i].verb) ||
		    (verbs[i].kind && !streq(argv[2], verbs[i].kind)))
			continue;
		if (argc - args < verbs[i].least || argc - args > verbs[i].most)
			break;
		signal(SIGALRM, bail_out);
		signal(SIGBUS, bail_out);
		alarm(LIMIT_S);
		verbs[i].run(&t, argv + args);
		alarm(0);
		return tap_done(&t);
	}
	return usage(argv[0]);
}

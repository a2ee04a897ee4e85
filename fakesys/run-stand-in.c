/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in for programs of the host inside `fakesys run`. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "fakesys/ctl.h"
#include "fakesys/run-part.h"

/* What only asks modprobe about the configuration, which the real one reads best. */
static bool only_asks(char *const argv[])
{
	static const char *const words[] = { "-c",
					     "--showconfig",
					     "-n",
					     "--dry-run",
					     "--show",
					     "-D",
					     "--show-depends",
					     "-R",
					     "--resolve-alias",
					     "-V",
					     "--version",
					     "-h",
					     "--help",
					     "--show-modversions",
					     "--show-exports",
					     "--dump-modversions" };

	for (argv++; *argv; argv++)
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (streq(*argv, words[i]))
				return true;
	return false;
}

/* The caller's own, which only the names in front of it were covered of. */
static int run_kmod(char *const argv[])
{
	static const char kmod[] = "/usr/bin/kmod";

	execv(kmod, argv);
	fprintf(stderr, "fakesys: %s: %s\n", kmod, strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

static int say(char *const words[])
{
	AUTOFREE char *text = NULL;
	struct err e = { "" };
	int status = 0;

	if (ctl_say("/sys", words, &text, &status, &e) < 0) {
		fprintf(stderr, "fakesys: %s\n", e.text);
		return 125;
	}
	/* What went wrong is no output. */
	fputs(text, status ? stderr : stdout);
	return status;
}

/* "run NAME ARGUMENT..." */
static int say_run(const char *name, char *const argv[])
{
	AUTOARENA struct arena *a = arena_new();
	VEC(char *) words = { 0 };

	*vec_push(a, &words) = arena_strdup(a, "run");
	*vec_push(a, &words) = arena_strdup(a, name);
	for (argv++; *argv; argv++)
		*vec_push(a, &words) = *argv;
	*vec_push(a, &words) = NULL;
	return say(words.v);
}

/* insmod names a file; the model knows modules by name. */
static int insert(char *const argv[])
{
	AUTOARENA struct arena *a = arena_new();
	VEC(char *) words = { 0 };
	char *name;

	if (!argv[1]) {
		fputs("insmod: a module's file is asked for\n", stderr);
		return 1;
	}
	name = arena_strdup(a,
			    strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1]);
	name[strcspn(name, ".")] = '\0';
	*vec_push(a, &words) = arena_strdup(a, "run");
	*vec_push(a, &words) = arena_strdup(a, "modprobe");
	*vec_push(a, &words) = arena_strdup(a, "--ignore-install");
	*vec_push(a, &words) = name;
	for (argv += 2; *argv; argv++)
		*vec_push(a, &words) = *argv;
	*vec_push(a, &words) = NULL;
	return say(words.v);
}

bool run_stand_in(const char *name, int argc, char *const argv[], int *ret_status)
{
	static const char *const host[] = { "update-grub", "update-initramfs",
					    "proxmox-boot-tool", "rmmod" };

	(void)argc;
	for (size_t i = 0; i < ARRAY_SIZE(host); i++)
		if (streq(name, host[i])) {
			*ret_status = say_run(name, argv);
			return true;
		}
	if (streq(name, "dmesg"))
		*ret_status = say((char *[]){ (char[]){ "dmesg" }, NULL });
	else if (streq(name, "insmod"))
		*ret_status = insert(argv);
	else if (streq(name, "modprobe"))
		*ret_status = only_asks(argv) ? run_kmod(argv) : say_run(name, argv);
	else
		return false;
	return true;
}

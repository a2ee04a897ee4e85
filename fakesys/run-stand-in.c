/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in for programs of the host inside `fakesys run`. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
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

/* What would change the log of the caller's kernel, not of the simulated one. */
static bool changes_log(char *const argv[])
{
	static const char *const words[] = { "--clear", "--read-clear", "--console-off",
					     "--console-on", "--console-level" };

	for (argv++; *argv; argv++) {
		const char *p = *argv;

		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (after_prefix(p, words[i]))
				return true;
		/* Single letters, up to one that takes the rest as its value. */
		while (*p == '-' || (p > *argv && *p && !strchr("lfsF", *p)))
			if (strchr("cCDEn", *++p) && *p && (*argv)[1] != '-')
				return true;
	}
	return false;
}

/* The caller's own dmesg reads the simulated log, and does with it what it is told. */
static int show_log(char *const argv[])
{
	const char *real = getenv(RUN_DMESG);
	AUTOARENA struct arena *a = arena_new();
	AUTOFREE char *text = NULL;
	VEC(char *) words = { 0 };
	struct err e = { "" };
	int fd, status = 0;
	FILE *f;

	if (geteuid()) { /* Debian: kernel.dmesg_restrict is 1 */
		fputs("dmesg: read kernel buffer failed: Operation not permitted\n",
		      stderr);
		return 1;
	}
	if (changes_log(argv)) {
		fputs("dmesg: the simulated kernel keeps its log\n", stderr);
		return 1;
	}
	if (ctl_say("/sys", (char *[]){ (char[]){ "dmesg" }, NULL }, &text, &status, &e) <
	    0) {
		fprintf(stderr, "fakesys: %s\n", e.text);
		return 125;
	}
	fd = real && !access(real, X_OK) ? memfd_create("dmesg", 0) : -1;
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		fputs(text, stdout);
		return status;
	}
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		fprintf(f, "<6>[    0.000000] %s\n", line);
	}
	(void)fflush(f);
	*vec_push(a, &words) = argv[0];
	*vec_push(a, &words) = arena_strdup(a, "-F");
	*vec_push(a, &words) = arena_printf(a, "/proc/self/fd/%d", fd);
	for (argv++; *argv; argv++)
		*vec_push(a, &words) = *argv;
	*vec_push(a, &words) = NULL;
	execv(real, words.v);
	fprintf(stderr, "fakesys: %s: %s\n", real, strerror(errno));
	return 126;
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
		*ret_status = show_log(argv);
	else if (streq(name, "insmod"))
		*ret_status = insert(argv);
	else if (streq(name, "modprobe"))
		*ret_status = only_asks(argv) ? run_kmod(argv) : say_run(name, argv);
	else
		return false;
	return true;
}

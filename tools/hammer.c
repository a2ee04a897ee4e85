/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hammer SECONDS FAKESYS FIXTURE [KERNEL]: on a simulated host eight processes work
 * against each other: they walk and read, bind, remove and find again, write anything
 * anywhere, make virtual functions, hold devices as a VM does, and die in the middle of
 * it. Afterwards the tree must be one that a kernel could have. Exit status 0; 1 with
 * what is wrong; 77: there is no FUSE here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/util.h"

#define DEVICES "/sys/bus/pci/devices"
#define DRIVERS "/sys/bus/pci/drivers"
#define GROUPS "/sys/kernel/iommu_groups"
#define SLOTS "/sys/bus/pci/slots"
#define MOST 512
#define PATIENCE 30 /* seconds that a process may go on when the time is over */

static char names[MOST][32]; /* the functions that were there at first */
static size_t n_names;
static time_t deadline;
static const char *ctl; /* this host's control program */

static void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("hammer: ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	fflush(stdout);
}

/* An answer that a kernel may give to a good or a bad request. */
static bool is_lawful(int error)
{
	static const int lawful[] = { EACCES, EAGAIN, EBUSY,   EEXIST,    EFBIG,
				      EINVAL, EIO,    EISDIR,  ENODEV,    ENOENT,
				      ENOMEM, ENOSPC, ENOTTY,  ENXIO,     EPERM,
				      ERANGE, EROFS,  ENOTDIR, EOPNOTSUPP };

	for (size_t i = 0; i < ARRAY_SIZE(lawful); i++)
		if (error == lawful[i])
			return true;
	return false;
}

static void judge(const char *what, const char *path)
{
	if (is_lawful(errno))
		return;
	complain("%s %s: %s", what, path, strerror(errno));
	_exit(1);
}

static void store(const char *path, const void *data, size_t len)
{
	AUTOCLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		judge("open", path);
	else if (write(fd, data, len) < 0)
		judge("write", path);
}

static void storef(const char *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void storef(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	store(path, text, strlen(text));
}

static const char *any_function(void)
{
	return names[(size_t)rand() % n_names];
}

/* Some entry of a folder in @buf; false: it has none. */
static bool any_entry(const char *folder, char buf[static NAME_MAX + 1])
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	if (!d)
		return false;
	for (struct dirent *it; (it = readdir(d));)
		if (it->d_name[0] != '.' && rand() % ++n == 0)
			snprintf(buf, NAME_MAX + 1, "%s", it->d_name);
	closedir(d);
	return n;
}

/* --- the workers: each does its work once --- */

static int read_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	char buf[4096];

	(void)st, (void)f;
	if (type == FTW_SL) {
		if (readlink(path, buf, sizeof(buf)) < 0)
			judge("readlink", path);
	} else if (type == FTW_F) {
		AUTOCLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0)
			judge("open", path);
		else if (read(fd, buf, sizeof(buf)) < 0)
			judge("read", path);
	}
	return time(NULL) >= deadline;
}

static void walk(void)
{
	if (nftw("/sys/devices", read_one, 16, FTW_PHYS) < 0)
		judge("walk", "/sys/devices");
	if (nftw("/sys/bus", read_one, 16, FTW_PHYS) < 0)
		judge("walk", "/sys/bus");
}

static void bind_or_not(void)
{
	static const char *const overrides[] = { "vfio-pci\n", "\n", "pci-stub", "none" };
	const char *fn = any_function();
	char driver[NAME_MAX + 1];

	switch (rand() % 5) {
	case 0:
		storef(fn, DEVICES "/%s/driver/unbind", fn);
		break;
	case 1:
		if (any_entry(DRIVERS, driver))
			storef(fn, DRIVERS "/%s/bind", driver);
		break;
	case 2:
		storef(overrides[rand() % 4], DEVICES "/%s/driver_override", fn);
		break;
	case 3:
		storef(fn, "/sys/bus/pci/drivers_probe");
		break;
	default:
		storef(rand() % 2 ? "8086 10d3" : "1234 11e8", DRIVERS "/vfio-pci/%s",
		       rand() % 2 ? "new_id" : "remove_id");
	}
}

static void remove_or_find(void)
{
	char name[NAME_MAX + 1];

	switch (rand() % 4) {
	case 0:
		storef("1", DEVICES "/%s/remove", any_function());
		break;
	case 1:
		storef("1", DEVICES "/%s/rescan", any_function());
		break;
	case 2:
		if (any_entry(SLOTS, name))
			storef(rand() % 2 ? "1" : "0", SLOTS "/%s/power", name);
		break;
	default:
		storef("1", "/sys/bus/pci/rescan");
	}
}

static void make_virtual(void)
{
	char count[16];

	snprintf(count, sizeof(count), "%d", rand() % 3 ? rand() % 8 : 0);
	storef(count, DEVICES "/%s/sriov_numvfs", any_function());
	storef("add", DEVICES "/%s/uevent", any_function());
}

static void write_anything(void)
{
	char name[NAME_MAX + 1], folder[PATH_MAX], path[PATH_MAX + NAME_MAX + 1],
		data[64];
	size_t len = (size_t)rand() % sizeof(data);

	snprintf(folder, sizeof(folder), DEVICES "/%s%s", any_function(),
		 rand() % 4 ? "" : "/power");
	if (!any_entry(folder, name))
		return;
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(rand() % 3 ? '0' + rand() % 2 : rand());
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	store(path, data, len);
}

static void run(const char *const argv[])
{
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		(void)dup2(null, 1);
		(void)dup2(null, 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

static void control(const char *verb, const char *group)
{
	run((const char *const[]){ ctl, "ctl", verb, group, NULL });
}

/* As a VM does; while it has the device an unbind waits, and is let go at last. */
static void hold(void)
{
	char group[NAME_MAX + 1];
	const char *fn = any_function();
	pid_t pid;

	if (!any_entry("/dev/vfio", group) || streq(group, "vfio"))
		return;
	control("claim", group);
	pid = fork();
	if (!pid) {
		storef(fn, DRIVERS "/vfio-pci/unbind");
		_exit(0);
	}
	(void)usleep((useconds_t)(rand() % 20000));
	control("release", group);
	(void)waitpid(pid, NULL, 0);
}

/* A process that reads ends in the middle of a request. */
static void die(void)
{
	pid_t pid = fork();

	if (!pid) {
		deadline += PATIENCE;
		walk();
		_exit(0);
	}
	(void)usleep((useconds_t)(rand() % 5000));
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void (*const workers[])(void) = {
	walk,         bind_or_not,    bind_or_not, remove_or_find,
	make_virtual, write_anything, hold,        die,
};

/* --- the tree when all is quiet --- */

static int faults;

static void wrong(const char *what, const char *path)
{
	faults++;
	complain("%s: %s", path, what);
}

static int resolve(const char *path, const struct stat *st, int type, struct FTW *f)
{
	struct stat target;

	(void)st, (void)f;
	if (type == FTW_NS || type == FTW_DNR)
		wrong("listed, and not there", path);
	else if (type == FTW_SL && stat(path, &target) < 0)
		wrong("leads nowhere", path);
	return 0;
}

/* Does each function that @folder/NAME + @below links to lead to NAME by its link @back?
 */
static void check_way_back(const char *folder, const char *below, const char *back)
{
	char path[PATH_MAX], target[PATH_MAX];
	DIR *d = opendir(folder);

	for (struct dirent *it; d && (it = readdir(d));) {
		DIR *inner;

		snprintf(path, sizeof(path), "%s/%s%s", folder, it->d_name, below);
		inner = it->d_name[0] == '.' ? NULL : opendir(path);
		for (struct dirent *fn; inner && (fn = readdir(inner));) {
			ssize_t n;

			if (fn->d_type != DT_LNK || !strchr(fn->d_name, ':'))
				continue;
			snprintf(path, sizeof(path), DEVICES "/%s/%s", fn->d_name, back);
			n = readlink(path, target, sizeof(target) - 1);
			target[n > 0 ? n : 0] = '\0';
			if (!strrchr(target, '/') ||
			    !streq(strrchr(target, '/') + 1, it->d_name))
				wrong("does not lead back", path);
		}
		if (inner)
			closedir(inner);
	}
	if (d)
		closedir(d);
}

static void check_functions(void)
{
	static const struct {
		const char *link, *below;
	} links[] = { { "driver", "" }, { "iommu_group", "devices/" } };
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < n_names; i++) {
		snprintf(path, sizeof(path), DEVICES "/%s/vendor", names[i]);
		if (stat(path, &st) < 0)
			wrong("lost", path);
		for (size_t k = 0; k < ARRAY_SIZE(links); k++) {
			snprintf(path, sizeof(path), DEVICES "/%s/%s", names[i],
				 links[k].link);
			if (lstat(path, &st) < 0)
				continue;
			snprintf(path, sizeof(path), DEVICES "/%s/%s/%s%s", names[i],
				 links[k].link, links[k].below, names[i]);
			if (lstat(path, &st) < 0)
				wrong("missing", path);
		}
	}
}

static void settle(void)
{
	char name[NAME_MAX + 1];
	DIR *d;

	for (int i = 0; i < 64 && any_entry("/dev/vfio", name); i++)
		if (!streq(name, "vfio"))
			control("release", name);
	d = opendir(SLOTS);
	for (struct dirent *it; d && (it = readdir(d));)
		if (it->d_name[0] != '.')
			storef("1", SLOTS "/%s/power", it->d_name);
	if (d)
		closedir(d);
	storef("1", "/sys/bus/pci/rescan");
}

/* --- */

static bool is_simulated(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, " /sys ") && strstr(line, " fuse fakesys ");
	if (f)
		fclose(f);
	return found;
}

static void learn_names(void)
{
	DIR *d = opendir(DEVICES);
	char path[PATH_MAX];
	struct stat st;

	for (struct dirent *it; d && (it = readdir(d)) && n_names < MOST;) {
		snprintf(path, sizeof(path), DEVICES "/%s/physfn", it->d_name);
		if (it->d_name[0] != '.' && lstat(path, &st) < 0)
			snprintf(names[n_names++], sizeof(names[0]), "%.31s", it->d_name);
	}
	if (d)
		closedir(d);
}

/* Until the time is over; how often. */
static void work(size_t i)
{
	unsigned long n = 0;

	srand((unsigned)i + 1);
	for (; time(NULL) < deadline; n++)
		workers[i]();
	complain("process %zu: %lu times", i, n);
	_exit(0);
}

static int inside(unsigned seconds)
{
	pid_t pids[ARRAY_SIZE(workers)];
	int status, bad = 0;

	run((const char *const[]){ "modprobe", "vfio-pci", NULL });
	learn_names();
	deadline = time(NULL) + seconds;
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (!pids[i])
			work(i);
	}
	(void)sleep(seconds);
	for (int t = 0; t < 10 * PATIENCE; t++) {
		bool all = true;

		for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
			if (!pids[i])
				continue;
			if (waitpid(pids[i], &status, WNOHANG) == pids[i]) {
				bad += status != 0;
				pids[i] = 0;
			} else {
				all = false;
			}
		}
		if (all)
			break;
		(void)usleep(100000);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		if (pids[i]) {
			complain("process %zu hangs", i);
			bad++;
		}
	settle();
	check_functions();
	check_way_back(DRIVERS, "", "driver");
	check_way_back(GROUPS, "/devices", "iommu_group");
	if (nftw("/sys", resolve, 16, FTW_PHYS) < 0)
		wrong("cannot be walked", "/sys");
	complain("%zu functions, %d faults", n_names, faults);
	return bad || faults;
}

/* This program on a simulated host of its own. */
static int start(char *argv[], const char *kernel)
{
	const char *strict = getenv("PCIPASS_STRICT");
	pid_t pid = fork();
	int status;

	if (!pid) {
		execlp(argv[2], argv[2], "run", argv[3], "--kernel", kernel, "--",
		       argv[0], argv[1], argv[2], (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return 1;
	if (WEXITSTATUS(status) == 125 && !(strict && *strict))
		return 77;
	return WEXITSTATUS(status);
}

int main(int argc, char *argv[])
{
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 0;

	ctl = argc > 2 ? argv[2] : NULL;
	if (seconds && argc == 3 && is_simulated())
		return inside(seconds);
	if (seconds && (argc == 4 || argc == 5))
		return start(argv, argc == 5 ? argv[4] : "7.3");
	complain("usage: hammer SECONDS FAKESYS FIXTURE [KERNEL]");
	return 2;
}

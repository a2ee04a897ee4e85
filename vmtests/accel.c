/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/host-live-run.h"
#include "vmtests/accel.h"

#define PROBE_MS 5000
#define QEMU "qemu-system-x86_64"

/*
 * A BIOS whose first instructions add 40 and 2 and write the sum to the port of QEMU's
 * isa-debug-exit, which ends it with (42 << 1) | 1.
 */
#define ROM_SIZE 65536
#define RESET_VECTOR 0xfff0
static const uint8_t code[] = {
	0xb0, 40,   /* mov $40,%al */
	0x04, 2,    /* add $2,%al */
	0xe6, 0xf4, /* out %al,$0xf4 */
	0xf4,       /* hlt */
};
#define PROBE_STATUS (42 << 1 | 1)

static int write_rom(const char *path, struct err *e)
{
	static uint8_t rom[ROM_SIZE];
	AUTOCLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	memcpy(rom + RESET_VECTOR, code, sizeof(code));
	if (fd < 0 || write(fd, rom, sizeof(rom)) != (ssize_t)sizeof(rom))
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* The exit status of the tiny guest; -ETIMEDOUT and other errors of live_run(). */
static int run_rom(const char *rom, const char *accel)
{
	const char *const argv[] = { QEMU,
				     "-nodefaults",
				     "-no-user-config",
				     "-display",
				     "none",
				     "-machine",
				     "q35",
				     "-m",
				     "64",
				     "-accel",
				     accel,
				     "-cpu",
				     streq(accel, "kvm") ? "host" : "max",
				     "-bios",
				     rom,
				     "-device",
				     "isa-debug-exit,iobase=0xf4,iosize=0x04",
				     NULL };
	struct host_output out;
	int r = live_run(argv, -1, PROBE_MS, &out);

	if (r < 0)
		return r;
	free(out.text);
	return out.status;
}

static int probe(const struct lab *l, struct accel *ret, struct err *e)
{
	const char *rom = lab_file(l, "accel", "rom.%d", (int)gettid());
	int r = write_rom(rom, e), kvm, tcg;

	if (r < 0)
		return r;
	kvm = access("/dev/kvm", R_OK | W_OK) < 0 ? -errno : run_rom(rom, "kvm");
	tcg = kvm == PROBE_STATUS ? kvm : run_rom(rom, "tcg");
	(void)unlink(rom);
	if (tcg != PROBE_STATUS)
		return err_set(e, -ENOENT, QEMU ": %s",
			       tcg < 0 ? strerror(-tcg) : "it does not run a tiny guest");
	ret->kvm = kvm == PROBE_STATUS;
	ret->why = ret->kvm            ? "a tiny guest ran under KVM"
		   : kvm == -ETIMEDOUT ? "a tiny guest hung under KVM"
		   : kvm < 0 ? arena_printf(l->arena, "/dev/kvm: %s", strerror(-kvm))
			     : "a tiny guest failed under KVM";
	return 0;
}

/* A verdict holds for one boot of this machine and one QEMU. */
static const char *verdict_file(const struct lab *l, const char *version)
{
	char boot[64] = "";
	AUTOCLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	uint64_t sum;

	if (fd >= 0 && read(fd, boot, sizeof(boot) - 1) < 0)
		*boot = '\0';
	sum = fnv1a(FNV1A, boot, strlen(boot));
	return lab_file(l, "accel", "%016llx",
			(unsigned long long)fnv1a(sum, version, strlen(version)));
}

int accel_probe(const struct lab *l, struct accel *ret, struct err *e)
{
	static const char *const argv[] = { QEMU, "--version", NULL };
	struct accel a = { .version = "" };
	struct blob known;
	const char *file;
	int r = lab_run(l, argv, PROBE_MS, &a.version, e);

	if (r < 0)
		return r;
	file = verdict_file(l, a.version);
	if (lab_read(l, file, &known, NULL) == 0 && known.len > 2) {
		a.kvm = known.data[0] == 'k';
		a.why = (const char *)known.data + 2;
	} else {
		AUTOCLOSE int fd = -1;

		r = probe(l, &a, e);
		if (r < 0)
			return r;
		fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd >= 0) /* else it is found out again */
			(void)dprintf(fd, "%c %s", a.kvm ? 'k' : 't', a.why);
	}
	*ret = a;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#include "core/initramfs.h"
#include "core/test-skip.h"

/* Modules, load list and files as one text. */
static char *summary(struct arena *a, const struct initramfs *i)
{
	char *out = arena_strdup(a, "");

	vec_foreach(s, &i->modules)
		out = arena_printf(a, "%s%s ", out, *s);
	vec_foreach(s, &i->load)
		out = arena_printf(a, "%s+%s ", out, *s);
	vec_foreach(f, &i->files)
		out = arena_printf(a, "%s%s[%o]=%.*s;", out, f->path, (unsigned)f->mode,
				   (int)f->data.len, (const char *)f->data.data);
	return out;
}

/*
 * An image made by the programs that make real ones, in a folder with: tree/ (usr-merged,
 * with modules and configuration), early.cpio and main.cpio.
 */
struct image_case {
	const char *name;
	const char *needs; /* a program; NULL: only cpio */
	const char *make;  /* shell: writes the image */
	const char *want;  /* NULL: the whole tree */
};

#define WANT                                                                             \
	"e1000e snd_hda_intel vfio_pci xhci_pci +vfio_pci +loop max_loop=8 "             \
	"conf/arch.conf[100644]=A=1;etc/modprobe.d/null.conf[120777]=/dev/null;"         \
	"etc/modprobe.d/vfio.conf[100644]=options vfio-pci ids=1:2;"                     \
	"etc/udev/rules.d/70-x.rules[100644]=driver_override;lib/modprobe.d/"            \
	"a.conf[100644]=blacklist "                                                      \
	"a;"                                                                             \
	"lib/modprobe.d/b.conf[100644]=blacklist "                                       \
	"a;scripts/init-top/udev[100755]=#!/bin/sh;"

static const char setup[] =
	"set -e; umask 022; mkdir -p tree/usr/lib/modules/6.1/kernel/x tree/conf "
	"tree/usr/lib/modprobe.d tree/etc/modprobe.d tree/etc/udev/rules.d "
	"tree/usr/lib/udev/rules.d "
	"tree/scripts/init-top tree/bin early/kernel/x86/microcode\n"
	"cd tree; ln -s usr/lib lib; k=lib/modules/6.1/kernel\n"
	"echo m > $k/x/vfio-pci.ko; echo m > $k/x/e1000e.ko.xz; echo m > "
	"$k/snd-hda-intel.ko.zst\n"
	"echo m > $k/x/xhci-pci.ko.gz; echo m > $k/x/not-a-module.ko.txt; mkdir "
	"$k/dir.ko\n"
	"printf '# x\\nvfio_pci\\n\\nloop max_loop=8\\n' > conf/modules; printf A=1 > "
	"conf/arch.conf\n"
	"printf 'blacklist a' > lib/modprobe.d/a.conf; ln lib/modprobe.d/a.conf "
	"lib/modprobe.d/b.conf\n"
	"printf 'options vfio-pci ids=1:2' > etc/modprobe.d/vfio.conf\n"
	"ln -s /dev/null etc/modprobe.d/null.conf\n"
	"printf driver_override > etc/udev/rules.d/70-x.rules; echo y > "
	"etc/udev/rules.d/README\n"
	"echo stock > lib/udev/rules.d/60-block.rules\n"
	"printf '#!/bin/sh' > scripts/init-top/udev; chmod 755 scripts/init-top/udev\n"
	"seq 20000 > bin/busybox\n"
	"find . | LC_ALL=C sort | cpio -o -H newc --quiet > ../main.cpio; cd ../early\n"
	"seq 100 > kernel/x86/microcode/GenuineIntel.bin\n"
	"find . | cpio -o -H newc --quiet > ../early.cpio; cd ..\n";

/* clang-format off */
static struct image_case image_cases[] = {
	{ "image: plain cpio", NULL, "cat main.cpio", NULL },
	{ "image: gzip", "gzip", "gzip -c main.cpio", NULL },
	{ "image: zstd", "zstd", "zstd -q -c main.cpio", NULL },
	{ "image: xz as the kernel likes it", "xz", "xz --check=crc32 -c main.cpio", NULL },
	{ "image: lzma", "xz", "xz --format=lzma -c main.cpio", NULL },
	{ "image: bzip2", "bzip2", "bzip2 -c main.cpio", NULL },
	{ "image: lz4, legacy frames", "lz4", "lz4 -q -l -c main.cpio", NULL },
	{ "image: microcode in front", "zstd", "cat early.cpio; zstd -q -c main.cpio", NULL },
	{ "image: two in front, padded", "zstd", "cat early.cpio; head -c 1000 /dev/zero; cat early.cpio; head -c 3 /dev/zero; zstd -q -c main.cpio", NULL },
	{ "image: padded behind, gzip", "gzip", "cat early.cpio; gzip -c main.cpio; head -c 512 /dev/zero", NULL },
	{ "image: padded behind, zstd", "zstd", "zstd -q -c main.cpio; head -c 512 /dev/zero", NULL },
	{ "image: another cpio behind a compressed one", "gzip", "gzip -c early.cpio; cat main.cpio", NULL },
	{ "image: two compressed", "zstd", "zstd -q -c early.cpio; zstd -q -c main.cpio", NULL },
	{ "image: two ways of compression", "xz", "gzip -c early.cpio; head -c 16 /dev/zero; xz --check=crc32 -c main.cpio", NULL },
	{ "image: crc archives", NULL, "cd tree; find conf | LC_ALL=C sort | cpio -o -H crc --quiet", "+vfio_pci +loop max_loop=8 conf/arch.conf[100644]=A=1;" },
	{ "image: a later file overwrites", NULL, "cat main.cpio; printf 'A=2' > tree/conf/arch.conf; cd tree; echo conf/arch.conf | cpio -o -H newc --quiet",
	  "e1000e snd_hda_intel vfio_pci xhci_pci +vfio_pci +loop max_loop=8 conf/arch.conf[100644]=A=2;" },
	{ "image: only microcode", NULL, "cat early.cpio", "" },
};
/* clang-format on */

static bool have_program(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
	return system(command) == 0;
}

static void test_image(void **state)
{
	const struct image_case *c = *state;
	const char *tmp = getenv("TMPDIR"), *want = c->want ? c->want : WANT;
	char dir[256], *command;
	static uint8_t image[4 << 20];
	struct arena *a;
	struct initramfs got = { .path = "boot/initrd.img-6.1", .mtime = 7 };
	struct err e = { "" };
	size_t n;
	FILE *p;

	if (!have_program("cpio") || (c->needs && !have_program(c->needs)))
		skip_without(c->needs ? c->needs : "cpio");
	a = arena_new();
	snprintf(dir, sizeof(dir), "%s/pcipass-initramfs-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	command = arena_printf(a, "cd %s && %s%s", dir, setup, c->make);
	p = popen(command, "re");
	assert_non_null(p);
	n = fread(image, 1, sizeof(image), p);
	assert_int_equal(pclose(p), 0);
	assert_int_equal(system(arena_printf(a, "rm -r %s", dir)), 0);

	assert_int_equal(initramfs_parse(a, (struct blob){ image, n }, "x", &got, &e), 0);
	assert_string_equal(got.path, "boot/initrd.img-6.1");
	assert_int_equal(got.mtime, 7);
	/* "a later file" only says how the text starts. */
	assert_memory_equal(summary(a, &got), want, strlen(want));
	if (!c->want)
		assert_string_equal(summary(a, &got), want);
	arena_free(a);
}

struct bad_case {
	const char *name, *text;
	size_t len; /* 0: strlen */
	const char *want;
};

static void test_bad(void **state)
{
	const struct bad_case *c = *state;
	struct arena *a = arena_new();
	struct initramfs got = { .path = "kept" };
	struct err e = { "" };
	struct blob image = { (const uint8_t *)c->text,
			      c->len ? c->len : strlen(c->text) };

	assert_int_equal(initramfs_parse(a, image, "initrd", &got, &e), -EINVAL);
	assert_string_equal(e.text, c->want);
	assert_null(got.modules.v);
	arena_free(a);
}

/* clang-format off */
static struct bad_case bad_cases[] = {
	{ "bad: empty", "", 0, "initrd: is empty" },
	{ "bad: text", "hello world", 0, "initrd: not an initramfs: neither cpio nor compressed in a known way" },
	{ "bad: a lone digit", "0123456789", 0, "initrd: not an initramfs: neither cpio nor compressed in a known way" },
	{ "bad: only zeros", "\0\0\0\0\0\0\0\0", 8, "initrd: not an initramfs: holds no entry" },
	{ "bad: an old cpio", "070707000000000000000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000000000", 0, "initrd: not an initramfs: no cpio header where one should be" },
	{ "bad: cut in the header", "07070100000001", 0, "initrd: ends in the middle of an entry" },
	{ "bad: no hex digits", "070701zzzzzzzz00000000000000000000000000000000000000000000000000000000000000000000"
	  "000000000000000000000000000000000000000000", 0, "initrd: damaged: a cpio header without hex digits" },
	{ "bad: a name of 4 GiB", "070701000000010000000000000000000000000000000000000000000000000000000000000000"
	  "0000000000000000FFFFFFFF00000000", 0, "initrd: damaged: a name of impossible length" },
	{ "bad: a name without its NUL", "070701000000010000000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000", 0, "initrd: damaged: a name of impossible length" },
	{ "bad: no content", "070701000000010000" "81a4" "00000000000000000000000100000000000000100000000000000000"
	  "00000000000000000000000200000000" "a\0", 112, "initrd: ends in the middle of an entry" },
	{ "bad: leaves the tree", "070701000000010000" "81a4" "00000000000000000000000100000000000000000000000000000000"
	  "00000000000000000000000a00000000" "x/../../y\0", 120, "initrd: an entry has '..' in its name" },
	{ "bad: is the folder above the tree", "070701000000010000" "41ed" "00000000000000000000000100000000000000000000000000000000"
	  "00000000000000000000000500000000" "x/..\0", 116, "initrd: an entry has '..' in its name" },
};
/* clang-format on */

static void sample(struct arena *a, struct initramfs *i)
{
	static const char conf[] = "options vfio-pci ids=8086:10d3\n",
			  script[] = "#!/bin/sh\n";

	*i = (struct initramfs){ 0 };
	*vec_push(a, &i->modules) = "e1000e";
	*vec_push(a, &i->modules) = "vfio_pci";
	*vec_push(a, &i->load) = "vfio_pci";
	*vec_push(a, &i->load) = "loop max_loop=8";
	*vec_push(a, &i->files) =
		(struct machine_file){ .path = "etc/modprobe.d/vfio.conf",
				       .mode = S_IFREG | 0640,
				       .uid = 1,
				       .gid = 2,
				       .data = { (const uint8_t *)conf,
						 sizeof(conf) - 1 } };
	*vec_push(a, &i->files) =
		(struct machine_file){ .path = "scripts/init-top/pcipass",
				       .mode = S_IFREG | 0755,
				       .data = { (const uint8_t *)script,
						 sizeof(script) - 1 } };
}

static void test_round_trip(void **state)
{
	struct arena *a = arena_new();
	struct initramfs from, to = { 0 };
	char *image = NULL, *again = NULL;
	size_t len = 0, len2 = 0;
	struct err e = { "" };

	(void)state;
	sample(a, &from);
	assert_int_equal(initramfs_build(&from, "6.1.0-49-amd64", &image, &len), 0);
	assert_int_equal(
		initramfs_parse(a, (struct blob){ (uint8_t *)image, len }, "x", &to, &e),
		0);
	assert_string_equal(summary(a, &to), summary(a, &from));
	assert_int_equal(to.files.v[0].uid, 1);
	assert_int_equal(to.files.v[0].gid, 2);
	assert_int_equal(initramfs_build(&to, "6.1.0-49-amd64", &again, &len2), 0);
	assert_int_equal(len, len2);
	assert_memory_equal(image, again, len);
	free(image);
	free(again);
	arena_free(a);
}

/* cpio(1) reads what we build. */
static void test_cpio_reads(void **state)
{
	const char *want =
		"conf\nconf/modules\netc\netc/modprobe.d\netc/modprobe.d/vfio.conf\n"
		"lib\nlib/modules\nlib/modules/6.1\nlib/modules/6.1/kernel\n"
		"lib/modules/6.1/kernel/e1000e.ko\n"
		"lib/modules/6.1/kernel/vfio_pci.ko\nscripts\nscripts/init-top\n"
		"scripts/init-top/pcipass\n";
	char path[] = "/tmp/pcipass-initramfs-XXXXXX", command[128], got[1024] = "";
	struct arena *a;
	struct initramfs from;
	char *image = NULL;
	size_t len = 0;
	int fd;
	FILE *p;

	(void)state;
	if (!have_program("cpio"))
		skip_without("cpio");
	a = arena_new();
	sample(a, &from);
	assert_int_equal(initramfs_build(&from, "6.1", &image, &len), 0);
	fd = mkstemp(path);
	assert_int_equal(write(fd, image, len), len);
	close(fd);
	snprintf(command, sizeof(command), "cpio -t --quiet < %s", path);
	p = popen(command, "re");
	assert_non_null(p);
	got[fread(got, 1, sizeof(got) - 1, p)] = '\0';
	assert_int_equal(pclose(p), 0);
	unlink(path);
	assert_string_equal(got, want);
	free(image);
	arena_free(a);
}

/* Rules as they stand in Debian's images, and as people write them. */
struct rule_case {
	const char *name, *path, *text;
	bool keeps;
};

static void test_rule(void **state)
{
	const struct rule_case *c = *state;
	struct machine_file f = { .path = c->path, .mode = S_IFREG | 0644 };

	f.data = (struct blob){ (const uint8_t *)c->text, strlen(c->text) };
	assert_int_equal(initramfs_keeps(&f), c->keeps);
}

#define RULE "lib/udev/rules.d/80-x.rules"

/* clang-format off */
static struct rule_case rule_cases[] = {
	{ "rule: names a network card", RULE, "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:12:34:56\", NAME=\"lan0\"\n", false },
	{ "rule: systemd's 80-drivers, before 255", RULE, "ENV{MODALIAS}==\"?*\", RUN{builtin}+=\"kmod load $env{MODALIAS}\"\n", false },
	{ "rule: systemd's 80-drivers, quoted", RULE, "ENV{MODALIAS}==\"?*\", RUN{builtin}+=\"kmod load '$env{MODALIAS}'\"\n", false },
	{ "rule: systemd's 80-drivers, of 252", RULE, "ENV{MODALIAS}==\"?*\", RUN{builtin}+=\"kmod load\"\n", false },
	{ "rule: the old one with modprobe", RULE, "DRIVER!=\"?*\", ENV{MODALIAS}==\"?*\", RUN{ignore_error}+=\"/sbin/modprobe -b $env{MODALIAS}\"\n", false },
	{ "rule: a module by name", RULE, "ENV{MODALIAS}==\"?*\", RUN{builtin}+=\"kmod load\"\nSUBSYSTEM==\"pci\", RUN{builtin}+=\"kmod load vfio-pci\"\n", true },
	{ "rule: modprobe of a module by name", RULE, "SUBSYSTEM==\"pci\", RUN+=\"/sbin/modprobe vfio-pci\"", true },
	{ "rule: an override", RULE, "ACTION==\"add\", KERNEL==\"0000:01:00.0\", ATTR{driver_override}=\"vfio-pci\"\n", true },
	{ "rule: on the disk", "etc/udev/rules.d/10-vfio.rules", "KERNEL==\"0000:01:00.0\", ATTR{driver_override}=\"vfio-pci\"\n", true },
	{ "rule: empty", RULE, "", false },
	{ "rule: no rule by its name", "lib/udev/rules.d/README", "driver_override", false },
	{ "file: modprobe configuration", "etc/modprobe.d/README.local", "x", true },
	{ "file: not for devices", "bin/busybox", "driver_override", false },
};
/* clang-format on */

#define ROWS(cases, fn)                                                                  \
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)                                   \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i].name, .test_func = (fn),                      \
			.initial_state = &(cases)[i]                                     \
		}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(image_cases) + ARRAY_SIZE(bad_cases) +
				ARRAY_SIZE(rule_cases) + 2];
	size_t n = 0;

	ROWS(image_cases, test_image);
	ROWS(bad_cases, test_bad);
	ROWS(rule_cases, test_rule);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_round_trip);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_cpio_reads);
	return cmocka_run_group_tests_name("initramfs", tests, NULL, NULL);
}

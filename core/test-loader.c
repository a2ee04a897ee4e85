/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "core/loader.h"

struct file {
	const char *path, *text;
};

static void fill(struct machine *m, const struct file *files)
{
	for (int i = 0; i < 4 && files[i].path; i++)
		*vec_push(m->arena, &m->files) =
			(struct machine_file){ .path = files[i].path,
					       .mode = S_IFREG | 0644,
					       .data = { (const uint8_t *)files[i].text,
							 strlen(files[i].text) } };
	assert_int_equal(machine_finish(m, NULL), 0);
}

#define GRUB_CFG "boot/grub/grub.cfg"
#define DEFAULT "etc/default/grub"
#define ENTRIES "boot/efi/loader/entries/"

struct detect_case {
	const char *name, *cmdline, *info;
	struct file files[4];
	enum loader_kind want;
	bool proxmox;
};

static void test_detect(void **state)
{
	const struct detect_case *c = *state;
	struct machine *m = machine_new();
	struct loader l;

	if (c->cmdline)
		m->cmdline = c->cmdline;
	else
		machine_set_unknown(m, "no kernel runs here", "cmdline");
	m->loader_info = c->info;
	fill(m, c->files);
	loader_detect(m, m->arena, &l);
	assert_int_equal(l.kind, c->want);
	assert_int_equal(l.proxmox_tool, c->proxmox);
	assert_non_null(l.evidence);
	machine_free(m);
}

/* clang-format off */
static struct detect_case detect_cases[] = {
	{ "detect: GRUB on Debian", "BOOT_IMAGE=/boot/vmlinuz-6.1.0-49-amd64 root=/dev/sda1 ro quiet", NULL,
	  { { GRUB_CFG, "" } }, LOADER_GRUB },
	{ "detect: GRUB 2.12 tells the firmware", "BOOT_IMAGE=/vmlinuz root=/dev/sda1", "GRUB 2.12", { { NULL } }, LOADER_GRUB },
	{ "detect: systemd-boot on Proxmox", "initrd=\\EFI\\proxmox\\6.2.16-3-pve\\initrd.img-6.2.16-3-pve root=ZFS=rpool/ROOT/pve-1 boot=zfs", NULL,
	  { { "etc/kernel/cmdline", "root=ZFS=rpool/ROOT/pve-1 boot=zfs\n" }, { "etc/kernel/proxmox-boot-uuids", "ABCD-1234\n" }, { DEFAULT, "" }, { GRUB_CFG, "" } },
	  LOADER_SYSTEMD_BOOT, true },
	{ "detect: GRUB on Proxmox with boot partitions", "BOOT_IMAGE=/vmlinuz-6.2.16-3-pve root=/dev/x", NULL,
	  { { GRUB_CFG, "" }, { "etc/kernel/proxmox-boot-uuids", "ABCD-1234\n" } }, LOADER_GRUB, true },
	{ "detect: systemd-boot starts GRUB", "BOOT_IMAGE=/boot/vmlinuz-6.1 root=/dev/x", "systemd-boot 252", { { GRUB_CFG, "" } }, LOADER_GRUB },
	{ "detect: systemd-boot by name", "root=/dev/x", "systemd-boot 252.5-2", { { NULL } }, LOADER_SYSTEMD_BOOT },
	{ "detect: GRUB installed, but another booted", "root=/dev/x quiet", NULL, { { GRUB_CFG, "" }, { DEFAULT, "" } }, LOADER_UNKNOWN },
	{ "detect: syslinux", "BOOT_IMAGE=/boot/vmlinuz-6.1 root=/dev/x", NULL, { { NULL } }, LOADER_UNKNOWN },
	{ "detect: image with GRUB", NULL, NULL, { { GRUB_CFG, "" } }, LOADER_GRUB },
	{ "detect: image with /etc/kernel/cmdline", "", NULL, { { "etc/kernel/cmdline", "quiet" } }, LOADER_SYSTEMD_BOOT },
	{ "detect: image with entries", NULL, NULL, { { ENTRIES "a.conf", "" } }, LOADER_SYSTEMD_BOOT },
	{ "detect: image with both", NULL, NULL, { { GRUB_CFG, "" }, { "etc/kernel/cmdline", "quiet" } }, LOADER_UNKNOWN },
	{ "detect: image with neither", NULL, NULL, { { NULL } }, LOADER_UNKNOWN },
};
/* clang-format on */

/* As grub-mkconfig of Debian 12 writes it, shortened. */
#define HEADER(def)                                                                      \
	"if [ -s $prefix/grubenv ]; then\n  set have_grubenv=true\n  load_env\nfi\n"     \
	"if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\n"            \
	"   set next_entry=\n   save_env next_entry\n   set boot_once=true\nelse\n"      \
	"   set default=\"" def "\"\nfi\n\n"                                             \
	"if [ x\"${feature_menuentry_id}\" = xy ]; then\n"                               \
	"  menuentry_id_option=\"--id\"\nelse\n  menuentry_id_option=\"\"\nfi\n"         \
	"export menuentry_id_option\n\n"                                                 \
	"function gfxmode {\n\tset gfxpayload=\"${1}\"\n}\n"
#define MENU                                                                             \
	"menuentry 'Debian GNU/Linux' --class debian --class os "                        \
	"$menuentry_id_option 'gnulinux-simple-1' {\n\tload_video\n\tinsmod gzio\n"      \
	"\tif [ x$feature_platform_search_hint = xy ]; then\n\t  search --no-floppy\n"   \
	"\telse\n\t  search --fs-uuid\n\tfi\n\techo\t'Loading Linux 6.1.0-49-amd64 "     \
	"...'\n"                                                                         \
	"\tlinux\t/boot/vmlinuz-6.1.0-49-amd64 root=UUID=1 ro  quiet intel_iommu=on\n"   \
	"\tinitrd\t/boot/initrd.img-6.1.0-49-amd64\n}\n"                                 \
	"submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-1' {\n"      \
	"\tmenuentry 'Debian, with 49' --class x $menuentry_id_option 'gnulinux-49' {\n" \
	"\t\tlinux\t/boot/vmlinuz-6.1.0-49-amd64 root=UUID=1 ro  quiet\n\t}\n"           \
	"\tmenuentry 'Debian, with 40' --class x $menuentry_id_option 'gnulinux-40' {\n" \
	"\t\tlinux\t/boot/vmlinuz-6.1.0-40-amd64 root=UUID=1 ro single\n\t}\n}\n"        \
	"menuentry 'UEFI Firmware Settings' --id 'uefi-firmware' {\n\tfwsetup\n}\n"      \
	"menuentry \"Other > kernel\" {\n\tlinux16 /vmlinuz $vt_handoff \"a=b c\"\n}\n"

struct entries_case {
	const char *name;
	struct file files[4];
	const char *want; /* "release|cmdline\n" of each, or only the first if one */
	bool only_first;
};

static void test_entries(void **state)
{
	const struct entries_case *c = *state;
	struct machine *m = machine_new();
	loader_entries got = { 0 };
	char text[1024] = "";

	m->cmdline = "BOOT_IMAGE=/x";
	if (after_prefix(c->files[0].path, "boot/efi"))
		m->cmdline = "initrd=\\x";
	fill(m, c->files);
	loader_entries_read(m, m->arena, &got);
	vec_foreach(e, &got) {
		size_t n = strlen(text);

		snprintf(text + n, sizeof(text) - n, "%s|%s|%s\n",
			 c->only_first ? "" : e->title, e->release ? e->release : "-",
			 c->only_first ? "" : e->cmdline);
		if (c->only_first)
			break;
	}
	assert_string_equal(text, c->want);
	machine_free(m);
}

/* clang-format off */
static struct entries_case entries_cases[] = {
	{ "entries: Debian's grub.cfg", { { GRUB_CFG, HEADER("0") MENU } },
	  "Debian GNU/Linux|6.1.0-49-amd64|BOOT_IMAGE=/boot/vmlinuz-6.1.0-49-amd64 root=UUID=1 ro quiet intel_iommu=on\n"
	  "Debian, with 49|6.1.0-49-amd64|BOOT_IMAGE=/boot/vmlinuz-6.1.0-49-amd64 root=UUID=1 ro quiet\n"
	  "Debian, with 40|6.1.0-40-amd64|BOOT_IMAGE=/boot/vmlinuz-6.1.0-40-amd64 root=UUID=1 ro single\n"
	  "Other > kernel|-|BOOT_IMAGE=/vmlinuz \"a=b c\"\n" },
	{ "entries: default by numbers", { { GRUB_CFG, HEADER("1>1") MENU } }, "|6.1.0-40-amd64|\n", true },
	{ "entries: default by title and id", { { GRUB_CFG, HEADER("Advanced options>gnulinux-40") MENU } }, "|6.1.0-40-amd64|\n", true },
	{ "entries: default is a submenu", { { GRUB_CFG, HEADER("1") MENU } }, "|6.1.0-49-amd64|\n", true },
	{ "entries: default with > in its title", { { GRUB_CFG, HEADER("Other >> kernel") MENU } }, "|6.1.0-49-amd64|\n", true },
	{ "entries: default by number past a submenu", { { GRUB_CFG, HEADER("3") MENU } }, "|-|\n", true },
	{ "entries: saved", { { "boot/grub/grubenv", "# GRUB Environment Block\nsaved_entry=gnulinux-advanced-1>gnulinux-40\n####" },
	  { GRUB_CFG, HEADER("${saved_entry}") MENU } }, "|6.1.0-40-amd64|\n", true },
	{ "entries: saved, none yet", { { GRUB_CFG, HEADER("${saved_entry}") MENU } }, "|6.1.0-49-amd64|\n", true },
	{ "entries: once", { { "boot/grub/grubenv", "saved_entry=0\nnext_entry=1>1\n" }, { GRUB_CFG, HEADER("0") MENU } }, "|6.1.0-40-amd64|\n", true },
	{ "entries: unknown default", { { GRUB_CFG, HEADER("nonsense") MENU } }, "|6.1.0-49-amd64|\n", true },
	{ "entries: grub.cfg says nothing, etc/default/grub does", { { DEFAULT, "GRUB_DEFAULT='1>1'\n" }, { GRUB_CFG, MENU } }, "|6.1.0-40-amd64|\n", true },
	{ "entries: comments, ; and continued lines", { { GRUB_CFG, "# menuentry 'x' {\nmenuentry 'y' { linux /vmlinuz-1 a \\\n b; initrd /i; }\n" } },
	  "y|1|BOOT_IMAGE=/vmlinuz-1 a b\n" },
	{ "entries: a brace left open", { { GRUB_CFG, "menuentry 'y' {\nlinux /vmlinuz-1 'a" } }, "y|1|BOOT_IMAGE=/vmlinuz-1 a\n" },
	{ "entries: systemd-boot, the newest first", {
	  { ENTRIES "proxmox-6.2.16-20-pve.conf", "title    Proxmox Virtual Environment\nversion  6.2.16-20-pve\noptions  root=ZFS=rpool boot=zfs\nlinux    /EFI/proxmox/6.2.16-20-pve/vmlinuz-6.2.16-20-pve\ninitrd   /EFI/proxmox/6.2.16-20-pve/initrd.img-6.2.16-20-pve\n" },
	  { ENTRIES "proxmox-6.2.16-3-pve.conf", "title P\nversion 6.2.16-3-pve\noptions a\noptions b\nlinux /EFI/proxmox/6.2.16-3-pve/vmlinuz-6.2.16-3-pve\n" } },
	  "Proxmox Virtual Environment|6.2.16-20-pve|initrd=\\EFI\\proxmox\\6.2.16-20-pve\\initrd.img-6.2.16-20-pve root=ZFS=rpool boot=zfs\n"
	  "P|6.2.16-3-pve|a b\n" },
	{ "entries: systemd-boot, pinned by loader.conf", {
	  { "boot/efi/loader/loader.conf", "timeout 3\ndefault proxmox-6.2.16-3-*\n" },
	  { ENTRIES "proxmox-6.2.16-20-pve.conf", "version 6.2.16-20-pve\nlinux /vmlinuz-6.2.16-20-pve\n" },
	  { ENTRIES "proxmox-6.2.16-3-pve.conf", "version 6.2.16-3-pve\nlinux /vmlinuz-6.2.16-3-pve\n" } }, "|6.2.16-3-pve|\n", true },
	{ "entries: kernel-install names the kernel by version", { { ENTRIES "x.conf", "version 6.1.0-49-amd64\nlinux /0123/6.1.0-49-amd64/linux\noptions q\r\n" } },
	  "x.conf|6.1.0-49-amd64|q\n" },
};

/* What dash says these files set; where it can be run, test_default asks it again. */
static struct default_case {
	const char *name, *text, *want; /* of GRUB_CMDLINE_LINUX_DEFAULT; NULL: not known or not set */
	unsigned odd;
} default_cases[] = {
	{ "value: double quotes", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n", "quiet splash" },
	{ "value: single quotes", "GRUB_CMDLINE_LINUX_DEFAULT='quiet \"$x\" \\a'\n", "quiet \"$x\" \\a" },
	{ "value: one word", "GRUB_CMDLINE_LINUX_DEFAULT=quiet\n", "quiet" },
	{ "value: the last counts", "GRUB_CMDLINE_LINUX_DEFAULT=a\nGRUB_CMDLINE_LINUX_DEFAULT=b", "b" },
	{ "value: comments", "#GRUB_CMDLINE_LINUX_DEFAULT=a\nGRUB_CMDLINE_LINUX_DEFAULT=b#c # d\n", "b#c" },
	{ "value: export", "export GRUB_CMDLINE_LINUX_DEFAULT=\"a\"\nexport GRUB_CMDLINE_LINUX_DEFAULT\n", "a" },
	{ "value: escapes", "GRUB_CMDLINE_LINUX_DEFAULT=\"a\\\"b\\$c\\d\\\\\"e\\ f\n", "a\"b$c\\d\\e f" },
	{ "value: parts", "GRUB_CMDLINE_LINUX_DEFAULT='a'\"b\"c\n", "abc" },
	{ "value: of itself", "GRUB_CMDLINE_LINUX_DEFAULT=a\nGRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT b ${GRUB_CMDLINE_LINUX_DEFAULT}c\"\n", "a b ac" },
	{ "value: a name not set", "GRUB_CMDLINE_LINUX_DEFAULT=\"a$NOT_SET_HERE$ b\"\n", "a$ b" },
	{ "value: over lines", "GRUB_CMDLINE_LINUX_DEFAULT=\"a \\\n b\nc\"\n", "a  b\nc" },
	{ "value: several on a line", "A=1 GRUB_CMDLINE_LINUX_DEFAULT=b; B=3\n", "b" },
	{ "value: not set", "GRUB_TIMEOUT=5\n", NULL },
	{ "value: empty", "GRUB_CMDLINE_LINUX_DEFAULT=\n", "" },
	{ "value: Debian's distributor line is no trouble", "GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\nGRUB_CMDLINE_LINUX_DEFAULT=a\n", "a" },
	{ "value: Debian 13's neither", "GRUB_DISTRIBUTOR=`( . /etc/os-release && echo ${NAME} )`\nGRUB_CMDLINE_LINUX_DEFAULT=a\n", "a" },
	{ "value: a command", "GRUB_CMDLINE_LINUX_DEFAULT=\"a $(echo b)\"\n", NULL, 1 },
	{ "value: of a command's", "X=`true`\nGRUB_CMDLINE_LINUX_DEFAULT=\"a $X\"\n", NULL, 1 },
	{ "value: behind an if", "GRUB_CMDLINE_LINUX_DEFAULT=a\nif true; then\n\ttrue\nfi\n", "a", 3 },
	{ "value: for one command only", "GRUB_CMDLINE_LINUX_DEFAULT=a\nGRUB_CMDLINE_LINUX_DEFAULT=b true\n", "a", 1 },
	{ "value: += is no assignment", "GRUB_CMDLINE_LINUX_DEFAULT=a\nGRUB_CMDLINE_LINUX_DEFAULT+=b true || true\n", "a", 1 },
};
/* clang-format on */

/* What a real shell makes of @text; NULL if there is none. */
static char *ask_shell(const char *text)
{
	static const char tail[] = "\nprintf %s \"$GRUB_CMDLINE_LINUX_DEFAULT\"\n";
	char path[] = "/tmp/pcipass-grub-XXXXXX", command[64], buf[256] = "";
	int fd = mkstemp(path);
	FILE *p;
	int status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(write(fd, tail, strlen(tail)), strlen(tail));
	close(fd);
	snprintf(command, sizeof(command), "exec sh %s 2>/dev/null", path);
	p = popen(command, "re");
	assert_non_null(p);
	buf[fread(buf, 1, sizeof(buf) - 1, p)] = '\0';
	status = pclose(p);
	unlink(path);
	return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? NULL : strdup(buf);
}

static void test_default(void **state)
{
	const struct default_case *c = *state;
	struct machine *m = machine_new();
	struct file files[4] = { { DEFAULT, c->text } };
	char *got, *shell = c->want ? ask_shell(c->text) : NULL;
	unsigned odd = 99;

	fill(m, files);
	got = grub_default_get(m, m->arena, "GRUB_CMDLINE_LINUX_DEFAULT", &odd);
	assert_string_equal(got ? got : "(none)", c->want ? c->want : "(none)");
	if (shell)
		assert_string_equal(shell, c->want);
	assert_int_equal(odd, c->odd);
	free(shell);
	machine_free(m);
}

static void test_cmdline(void **state)
{
	struct machine *m = machine_new();
	static const struct file files[4] = {
		{ DEFAULT,
		  "GRUB_CMDLINE_LINUX_DEFAULT=quiet\nGRUB_CMDLINE_LINUX=\"a b\"\n" },
		{ "etc/default/grub.d/z.cfg", "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_"
					      "CMDLINE_LINUX_DEFAULT iommu=pt\"\n" },
		{ "etc/default/grub.d/x.conf", "GRUB_CMDLINE_LINUX=no\n" },
	};

	(void)state;
	fill(m, files);
	assert_string_equal(grub_cmdline(m, m->arena), "a b quiet iommu=pt");
	machine_free(m);
}

struct edit_case {
	const char *name, *text;
	const char *add[3], *remove[3];
	const char *want; /* the text, or the error */
	int ret;
};

#define X "GRUB_CMDLINE_LINUX_DEFAULT"

static void test_edit(void **state)
{
	const struct edit_case *c = *state;
	struct arena *a = arena_new();
	strings add = { 0 }, remove = { 0 };
	char *got = NULL;
	struct err e = { "" };

	for (int i = 0; i < 3 && c->add[i]; i++)
		*vec_push(a, &add) = c->add[i];
	for (int i = 0; i < 3 && c->remove[i]; i++)
		*vec_push(a, &remove) = c->remove[i];
	assert_int_equal(
		grub_default_edit(a, DEFAULT, c->text, X, &add, &remove, &got, &e),
		c->ret);
	assert_string_equal(c->ret ? e.text : got, c->want);
	if (!c->ret) {
		char *again;

		assert_int_equal(
			grub_default_edit(a, DEFAULT, got, X, &add, &remove, &again, &e),
			0);
		assert_string_equal(again, got);
	}
	arena_free(a);
}

/* clang-format off */
static struct edit_case edit_cases[] = {
	{ "edit: the guide", "# x\nA=1\n" X "=\"quiet\"\nB=2\n", { "intel_iommu=on", "iommu=pt" }, { NULL },
	  "# x\nA=1\n" X "=\"quiet intel_iommu=on iommu=pt\"\nB=2\n" },
	{ "edit: already there", X "=\"quiet  iommu=pt \"\n", { "iommu=pt" }, { NULL }, X "=\"quiet  iommu=pt \"\n" },
	{ "edit: into nothing", X "=\"\"\n", { "a" }, { NULL }, X "=\"a\"\n" },
	{ "edit: out of the middle", X "=\"a  b c\"\n", { NULL }, { "b" }, X "=\"a c\"\n" },
	{ "edit: out of the front", X "=\"a  b c\"\n", { NULL }, { "a" }, X "=\"b c\"\n" },
	{ "edit: out of the end", X "=\"a b\"\n", { NULL }, { "b" }, X "=\"a\"\n" },
	{ "edit: the only one", X "=\" a \"\n", { NULL }, { "a" }, X "=\"\"\n" },
	{ "edit: what is to go stands in an earlier line", X "=\"quiet intel_iommu=off\"\n" X "=\"$" X " x\"\n",
	  { "y" }, { "intel_iommu=off" },
	  DEFAULT ":1: " X " is set more than once, and has intel_iommu=off here: take it out by hand", -EINVAL },
	{ "edit: an earlier line without it", X "=\"quiet\"\n" X "=\"$" X " a\"\n", { "b" }, { "c" },
	  X "=\"quiet\"\n" X "=\"$" X " a b\"\n" },
	{ "edit: replace", X "=\"amd_iommu=on quiet\"\n", { "iommu=pt" }, { "amd_iommu=on" }, X "=\"quiet iommu=pt\"\n" },
	{ "edit: single quotes", X "='quiet' # why\n", { "a=\"b c\"" }, { NULL }, X "='quiet a=\"b c\"' # why\n" },
	{ "edit: escapes in double quotes", X "=\"dyndbg=\\\"file x\\\" q\"\n", { "a=\"b\"" }, { "q" }, X "=\"dyndbg=\\\"file x\\\" a=\\\"b\\\"\"\n" },
	{ "edit: remove an escaped word", X "=\"dyndbg=\\\"file x\\\" q\"\n", { NULL }, { "dyndbg=\"file x\"" }, X "=\"q\"\n" },
	{ "edit: unquoted gets quotes", X "=quiet\n", { "a" }, { NULL }, X "=\"quiet a\"\n" },
	{ "edit: unquoted stays so", X "=quiet\nB=1", { NULL }, { "quiet" }, X "=\nB=1" },
	{ "edit: empty", X "=\n", { "a", "b" }, { NULL }, X "=\"a b\"\n" },
	{ "edit: export", "  export " X "=\"q\"; B=1\n", { "a" }, { NULL }, "  export " X "=\"q a\"; B=1\n" },
	{ "edit: the last one", X "=\"a\"\n" X "=\"b\"\n#" X "=\"c\"\n", { "d" }, { NULL }, X "=\"a\"\n" X "=\"b d\"\n#" X "=\"c\"\n" },
	{ "edit: a variable stays", X "=\"$" X " a\"\n", { "b" }, { "a" }, X "=\"$" X " b\"\n" },
	{ "edit: no such line", "A=1", { "a" }, { NULL }, "A=1\n" X "=\"a\"\n" },
	{ "edit: an empty file", "", { "a" }, { NULL }, X "=\"a\"\n" },
	{ "edit: no such line, nothing to add", "A=1\n", { NULL }, { "a" }, "A=1\n" },
	{ "edit: longer and shorter names", "MY_" X "=\"a\"\n" X "_X=\"b\"\n", { "c" }, { NULL }, "MY_" X "=\"a\"\n" X "_X=\"b\"\n" X "=\"c\"\n" },
	{ "edit: carriage returns", X "=\"a\"\r\nB=1\r\n", { "b" }, { NULL }, DEFAULT ":1: the value of " X " is put together from several quoted parts", -EINVAL },
	{ "edit: a command", "\n" X "=\"a $(cat x)\"\n", { "b" }, { NULL }, DEFAULT ":2: the value of " X " is the output of a command", -EINVAL },
	{ "edit: backticks", X "=`cat x`\n", { "b" }, { NULL }, DEFAULT ":1: the value of " X " is the output of a command", -EINVAL },
	{ "edit: a continued line", X "=\"a \\\nb\"\n", { "b" }, { NULL }, DEFAULT ":1: the value of " X " runs over several lines", -EINVAL },
	{ "edit: an open quote", X "=\"a\n", { "b" }, { NULL }, DEFAULT ":1: the value of " X " has a quote that is not closed", -EINVAL },
	{ "edit: a kernel's quote left open", X "='a \"b'\n", { "c" }, { NULL }, DEFAULT ":1: the value of " X " has a double quote inside that is not closed", -EINVAL },
	{ "edit: a quote open above", "A='x\n", { "b" }, { NULL }, DEFAULT ": a quote is not closed, so that a line added at the end would not be read", -EINVAL },
	{ "edit: parts", X "=\"a\"'b'\n", { "b" }, { NULL }, DEFAULT ":1: the value of " X " is put together from several quoted parts", -EINVAL },
	{ "edit: backslashes outside quotes", X "=a\\ b\n", { "b" }, { NULL }, DEFAULT ":1: the value of " X " is quoted in an unusual way", -EINVAL },
	{ "edit: an apostrophe in single quotes", X "='a'\n", { "it's" }, { NULL }, DEFAULT ":1: the value of " X " is in single quotes, and a word to add has one", -EINVAL },
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
	struct CMUnitTest tests[ARRAY_SIZE(detect_cases) + ARRAY_SIZE(entries_cases) +
				ARRAY_SIZE(default_cases) + ARRAY_SIZE(edit_cases) + 1];
	size_t n = 0;

	ROWS(detect_cases, test_detect);
	ROWS(entries_cases, test_entries);
	ROWS(default_cases, test_default);
	ROWS(edit_cases, test_edit);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_cmdline);
	return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}

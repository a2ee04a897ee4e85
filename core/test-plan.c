/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "core/plan.h"

#define DESKTOP "intel-desktop-gpu.json"
#define TWINS "amd-desktop-twin-gpus.json"
#define PROXMOX "proxmox-zfs-systemd-boot.json"
#define OFF "intel-desktop-iommu-off.json"

#define OURS "etc/modprobe.d/00-pcipass.conf"
#define LOAD "etc/modules-load.d/pcipass.conf"
#define ZZ "etc/default/grub.d/zz-pcipass.cfg"
#define MINE "etc/modprobe.d/vfio.conf"
#define HEADER "# Written by pcipass; `pcipass undo` takes it back.\n"
#define SOFTDEPS "softdep nouveau pre: vfio-pci\nsoftdep snd_hda_intel pre: vfio-pci\n"
#define REST " " LOAD " update-initramfs reboot"

static const char *fixtures;

/* A recorded machine, changed a little, and what is planned for it. */
struct plan_case {
	const char *name, *fixture;
	const char *devices[3];
	enum plan_method method;
	enum plan_style style;
	struct {
		const char *path, *text;
		mode_t mode;
	} files[3]; /* put there first */
	void (*change)(struct machine *m);
	const char *refused;      /* in the reason; NULL: it is not */
	const char *steps;        /* paths, names of commands, "reboot" */
	const char *path, *after; /* the whole file that one step writes */
	const char *note;
	enum plan_method chosen; /* 0: not looked at */
};

static struct machine *read_fixture(struct arena *a, const char *name)
{
	FILE *f = fopen(arena_printf(a, "%s/%s", fixtures, name), "re");
	struct machine *m = NULL;
	struct err e = { "" };
	char *text = NULL;
	size_t n = 0;
	ssize_t len;

	assert_non_null(f);
	len = getdelim(&text, &n, '\0', f);
	fclose(f);
	assert_true(len > 0);
	if (machine_from_json(text, (size_t)len, name, &m, &e) < 0)
		fail_msg("%s", e.text);
	free(text);
	return m;
}

static void put_file(struct machine *m, const char *path, const char *text, mode_t mode)
{
	struct machine_file *at = NULL;
	struct err e;

	vec_foreach(f, &m->files)
		if (streq(f->path, path))
			at = f;
	if (!at)
		at = vec_push(m->arena, &m->files);
	*at = (struct machine_file){ .path = path,
				     .mode = mode ? mode : S_IFREG | 0644,
				     .data = { (const uint8_t *)text, strlen(text) } };
	assert_int_equal(machine_finish(m, &e), 0);
}

static const char *step_names(struct arena *a, const struct plan *p)
{
	const char *all = "";

	vec_foreach(s, &p->steps)
		all = arena_printf(a, "%s%s%s", all, *all ? " " : "",
				   s->kind == PLAN_FILE  ? s->path
				   : s->kind == PLAN_RUN ? s->argv.v[0]
							 : "reboot");
	return all;
}

static void make(struct machine *m, struct arena *a, const struct plan_case *c,
		 struct plan *ret)
{
	struct plan_request req = { .method = c->method, .style = c->style };
	struct judged j;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(c->devices) && c->devices[i]; i++)
		if (machine_find(m, a, c->devices[i], &req.fns, &e) < 0)
			fail_msg("%s", e.text);
	judge_prepare(m, a, &req.fns, &j);
	plan_make(&j, &req, ret);
}

static void test_plan(void **state)
{
	const struct plan_case *c = *state;
	struct arena *a = arena_new();
	struct machine *m = read_fixture(a, c->fixture);
	const struct plan_step *written = NULL;
	struct plan p;

	for (size_t i = 0; i < ARRAY_SIZE(c->files) && c->files[i].path; i++)
		put_file(m, c->files[i].path, c->files[i].text, c->files[i].mode);
	if (c->change)
		c->change(m);
	make(m, a, c, &p);
	if (c->refused) {
		if (!p.refused || !strstr(p.refused, c->refused))
			fail_msg("refused: %s", p.refused ? p.refused : "no");
		assert_int_equal(p.steps.n, 0);
	} else if (p.refused) {
		fail_msg("refused: %s", p.refused);
	}
	if (c->steps)
		assert_string_equal(step_names(a, &p), c->steps);
	vec_foreach(s, &p.steps)
		if (s->kind == PLAN_FILE && c->path && streq(s->path, c->path))
			written = s;
	if (c->after) {
		assert_non_null(written);
		assert_string_equal(written->after, c->after);
	}
	if (c->note) {
		bool found = false;

		vec_foreach(n, &p.notes)
			found |= strstr(*n, c->note) != NULL;
		assert_true(found);
	}
	if (c->chosen)
		assert_int_equal(p.method, c->chosen);
	machine_free(m);
	arena_free(a);
}

static struct module *module_of(struct machine *m, const char *name)
{
	vec_foreach(mod, &m->kernels.v[m->kernels.n - 1].modules)
		if (streq(mod->name, name))
			return mod;
	return NULL;
}

static void builtin_nouveau(struct machine *m)
{
	module_of(m, "nouveau")->file = NULL;
}

static void builtin_vfio(struct machine *m)
{
	module_of(m, "vfio_pci")->file = NULL;
}

static void swap(struct module *x, struct module *y)
{
	struct module keep = *x;

	*x = *y;
	*y = keep;
}

/* Modules stand in link order. */
static void both_builtin_vfio_first(struct machine *m)
{
	builtin_nouveau(m);
	builtin_vfio(m);
	swap(module_of(m, "vfio_pci"), &m->kernels.v[m->kernels.n - 1].modules.v[0]);
}

static void both_builtin_vfio_last(struct machine *m)
{
	both_builtin_vfio_first(m);
	swap(module_of(m, "vfio_pci"), module_of(m, "nouveau"));
}

static void own_softdep(struct machine *m)
{
	*vec_push(m->arena, &module_of(m, "nouveau")->pre) = "mxm_wmi";
}

static void twin_has_vfio(struct machine *m)
{
	vec_foreach(fn, &m->fns)
		if (fn->bdf.bus == 8)
			fn->driver = "vfio-pci";
}

static void no_initramfs_tools(struct machine *m)
{
	size_t n = 0;

	vec_foreach(f, &m->files)
		if (!after_prefix(f->path, "etc/initramfs-tools/"))
			m->files.v[n++] = *f;
	m->files.n = n;
}

static void unreadable(struct machine *m)
{
	machine_set_unknown(m, "needs root", "files/" OURS);
}

#define IDS "options vfio-pci ids="
#define BOTH "10de:1b81,10de:10f0"

/* clang-format off */
static const struct plan_case cases[] = {
	{ "nothing there yet", DESKTOP, { "01:00" }, .steps = OURS REST,
	  .path = OURS, .after = HEADER IDS BOTH "\n" SOFTDEPS, .chosen = PLAN_IDS },
	{ "the audio function comes along", DESKTOP, { "01:00.0" }, .steps = OURS REST,
	  .path = OURS, .after = HEADER IDS BOTH "\n" SOFTDEPS },
	{ "the guide's files", DESKTOP, { "01:00" }, .style = PLAN_GUIDE,
	  .steps = MINE " etc/modules update-initramfs reboot", .path = MINE,
	  .after = HEADER IDS BOTH "\n" SOFTDEPS },
	{ "a device twice", DESKTOP, { "01:00", "01:00.0" }, .steps = OURS REST,
	  .path = OURS, .after = HEADER IDS BOTH "\n" SOFTDEPS },
	/* what is there already */
	{ "ids= of somebody else is extended", DESKTOP, { "01:00" },
	  .files = { { MINE, IDS "8086:10d3" } }, .steps = MINE " " OURS REST, .path = MINE,
	  .after = IDS "8086:10d3," BOTH },
	{ "quoted ids", DESKTOP, { "01:00" },
	  .files = { { MINE, IDS "\"10DE:1B81\"\n" } }, .steps = MINE " " OURS REST,
	  .path = MINE, .after = IDS "\"10DE:1B81,10de:10f0\"\n" },
	{ "the last ids= counts", DESKTOP, { "01:00" },
	  .files = { { MINE, IDS "1:2\n" }, { "etc/modprobe.d/zz.conf", IDS "3:4\n" } },
	  .path = "etc/modprobe.d/zz.conf", .after = IDS "3:4," BOTH "\n" },
	{ "ids of the distribution", DESKTOP, { "01:00" },
	  .files = { { "usr/lib/modprobe.d/vfio.conf", IDS "1:2\n" } },
	  .refused = "/usr/lib/modprobe.d/vfio.conf:1" },
	{ "ids of this card alone are enough", DESKTOP, { "01:00" },
	  .files = { { MINE, IDS "10de:1b81:ffffffff:ffffffff,10de:10f0\n" SOFTDEPS },
		     { "etc/modules", "vfio-pci\n" } }, .steps = "update-initramfs reboot" },
	{ "a softdep that counts is extended", DESKTOP, { "01:00" },
	  .files = { { "etc/modprobe.d/a.conf", "softdep nouveau pre: foo\n" } },
	  .path = "etc/modprobe.d/a.conf", .after = "softdep nouveau pre: vfio-pci foo\n" },
	{ "a softdep with dashes and post", DESKTOP, { "01:00" },
	  .files = { { "etc/modprobe.d/a.conf", "softdep snd-hda-intel post: foo\n" } },
	  .path = "etc/modprobe.d/a.conf",
	  .after = "softdep snd-hda-intel post: foo pre: vfio-pci\n" },
	{ "the module's own softdep is repeated", DESKTOP, { "01:00" }, .change = own_softdep,
	  .style = PLAN_GUIDE, .path = OURS,
	  .after = HEADER "softdep nouveau pre: vfio-pci mxm_wmi\n" },
	{ "a softdep of the distribution comes after ours", DESKTOP, { "01:00" },
	  .files = { { "usr/lib/modprobe.d/a.conf", "softdep nouveau pre: foo\n" } },
	  .path = OURS, .after = HEADER IDS BOTH "\n"
	  "softdep nouveau pre: vfio-pci foo\nsoftdep snd_hda_intel pre: vfio-pci\n" },
	{ "a softdep of the distribution that comes first", DESKTOP, { "01:00" },
	  .files = { { "usr/lib/modprobe.d/00-a.conf", "softdep nouveau pre: foo\n" } },
	  .refused = "/usr/lib/modprobe.d/00-a.conf:1" },
	{ "loaded at boot by other lists", DESKTOP, { "01:00" },
	  .files = { { "etc/modules", "vfio-pci\n" } },
	  .steps = OURS " update-initramfs reboot" },
	/* files that pcipass keeps its hands off */
	{ "a link", DESKTOP, { "01:00" }, .files = { { OURS, "/srv/conf", S_IFLNK | 0777 } },
	  .refused = "/" OURS " is not a regular file" },
	{ "cannot be read", DESKTOP, { "01:00" }, .change = unreadable,
	  .refused = "/" OURS " could not be read: needs root" },
	/* methods */
	{ "blacklist of a driver that others need", DESKTOP, { "01:00" },
	  .method = PLAN_BLACKLIST, .refused = "Blacklisting snd_hda_intel" },
	{ "a twin stays", TWINS, { "09:00" }, .chosen = PLAN_OVERRIDE },
	{ "a twin that vfio-pci has", TWINS, { "09:00" }, .change = twin_has_vfio,
	  .chosen = PLAN_IDS },
	{ "ids where a twin stays", TWINS, { "09:00" }, .method = PLAN_IDS,
	  .refused = "would take 0000:08:00.0 as well" },
	{ "override without initramfs-tools", DESKTOP, { "01:00" }, .method = PLAN_OVERRIDE,
	  .change = no_initramfs_tools, .refused = "no /etc/initramfs-tools here" },
	{ "a virtual function: not there at boot", "server-sriov.json", { "18:10.0" },
	  .refused = "is not there while the host boots" },
	/* built into the kernel */
	{ "the driver is", DESKTOP, { "01:00" }, .change = builtin_nouveau,
	  .refused = "part of" },
	{ "vfio-pci is", DESKTOP, { "01:00" }, .change = builtin_vfio, .path = ZZ,
	  .after = HEADER "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT "
			  "vfio-pci.ids=" BOTH "\"\n" },
	{ "both are, and vfio-pci is linked first", DESKTOP, { "01:00" },
	  .change = both_builtin_vfio_first, .method = PLAN_IDS, .path = ZZ,
	  .after = HEADER "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT "
			  "vfio-pci.ids=" BOTH "\"\n" },
	{ "both are, and the driver is linked first", DESKTOP, { "01:00" },
	  .change = both_builtin_vfio_last, .refused = "part of the kernel" },
	/* the command line */
	{ "the IOMMU is off", OFF, { "01:00" }, .path = ZZ,
	  .after = HEADER "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT "
			  "intel_iommu=on\"\n" },
	{ "only update-grub was forgotten", OFF, { "01:00" },
	  .files = { { "etc/default/grub", "GRUB_CMDLINE_LINUX=\"intel_iommu=on\"\n" } },
	  .steps = OURS " " LOAD " update-initramfs update-grub reboot" },
	{ "a linked etc/default/grub is no matter", OFF, { "01:00" },
	  .files = { { "etc/default/grub", "/srv/intel_iommu=off", S_IFLNK | 0777 } },
	  .steps = OURS " " LOAD " " ZZ " update-initramfs update-grub reboot" },
};
/* clang-format on */

/* The tools's own proof: no words are proved where nothing can be read back. */
static void test_proof(void **state)
{
	static const struct plan_case off = { .devices = { "01:00" } };
	struct arena *a = arena_new();
	struct machine *m = read_fixture(a, OFF);
	struct plan p;
	size_t proved = 0;

	(void)state;
	make(m, a, &off, &p);
	vec_foreach(s, &p.steps)
		if (s->kind == PLAN_RUN && s->proof.n) {
			assert_string_equal(s->argv.v[0], "update-grub");
			assert_string_equal(s->proof.v[0], "intel_iommu=on");
			proved++;
		}
	assert_int_equal(proved, 1);
	machine_free(m);
	arena_free(a);
}

/* ---- the script does what the plan says ---- */

static char *run(struct arena *a, const char *command)
{
	FILE *f = popen(command, "re");
	char *text = NULL, *copy;
	size_t n = 0;

	assert_non_null(f);
	if (getdelim(&text, &n, '\0', f) < 0 && text)
		*text = '\0';
	assert_int_equal(pclose(f), 0);
	copy = arena_strdup(a, text ? text : "");
	free(text);
	return copy;
}

struct script_case {
	const char *name, *path;
	const char *before, *after; /* NULL: no such file */
	mode_t mode;
};

static void test_script(void **state)
{
	const struct script_case *c = *state;
	struct arena *a = arena_new();
	struct plan p = { .reason = "" };
	char dir[] = "/tmp/test-plan-XXXXXX", *script, *quoted;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	*vec_push(a, &p.steps) = (struct plan_step){
		.kind = PLAN_FILE,
		.why = "It's so.\nexit 3",
		.before = c->before,
		.after = c->after,
		.mode = c->mode,
		/* The script knows absolute paths only, so its root is our folder. */
		.path = arena_printf(a, "%s/%s", dir + 1, c->path)
	};
	*vec_push(a, &p.steps) = (struct plan_step){ .kind = PLAN_REBOOT, .why = "Now." };
	quoted = shell_quoted(a, arena_printf(a, "%s/%s", dir, c->path));
	if (c->before)
		run(a, arena_printf(a, "mkdir -p \"$(dirname %s)\"; printf old >%s",
				    quoted, quoted));
	script = arena_printf(a, "%s/script", dir);
	f = fopen(script, "we");
	assert_non_null(f);
	fputs(plan_script(&p, a), f);
	fclose(f);
	run(a, arena_printf(a, "sh %s >/dev/null", script));
	assert_string_equal(run(a, arena_printf(a, "cat %s", quoted)), c->after);
	assert_string_equal(run(a, arena_printf(a, "stat -c %%a %s", quoted)),
			    arena_printf(a, "%o\n", (unsigned)c->mode));
	/* Nothing else is left. */
	assert_string_equal(run(a, arena_printf(a, "find %s -type f | wc -l", dir)),
			    "2\n");
	run(a, arena_printf(a, "rm -rf %s", dir));
	arena_free(a);
}

/* clang-format off */
static const struct script_case scripts[] = {
	{ "script: a new file in a new folder", "etc/a.d/x.conf", NULL, "one\n\ttwo\n", 0644 },
	{ "script: over an old one", "etc/x.conf", "old", "$(echo no) `no` \\n '\"\n", 0600 },
	{ "script: no final newline", "etc/x", "old", "one\ntwo", 0640 },
	{ "script: an empty file", "etc/x", "old", "", 0644 },
	{ "script: only newlines", "etc/x", "old", "\n\n", 0644 },
	{ "script: the word that ends its text", "etc/x", NULL, "PCIPASS\nPCIPASS_\nx\n", 0644 },
	{ "script: the same without newline", "etc/x", NULL, "PCIPASS\nPCIPASS_", 0644 },
	{ "script: a name with quote and blank", "etc/it's $HOME/a b", "old", "x\n", 0755 },
};
/* clang-format on */

/* Every plan's script is one that a shell takes; of a refused one it does nothing. */
static void test_all_scripts(void **state)
{
	static const struct plan_case some[] = {
		{ "", DESKTOP, { "01:00" } },
		{ "", OFF, { "01:00" }, .style = PLAN_GUIDE },
		{ "", TWINS, { "09:00" } },
		{ "", TWINS, { "09:00" }, .method = PLAN_IDS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		struct arena *a = arena_new();
		struct machine *m = read_fixture(a, some[i].fixture);
		struct plan p;
		char *script;
		FILE *sh;

		make(m, a, &some[i], &p);
		script = plan_script(&p, a);
		sh = popen(p.refused ? "sh 2>/dev/null" : "sh -n", "we");
		assert_non_null(sh);
		fputs(script, sh);
		assert_int_equal(pclose(sh), p.refused ? 1 << 8 : 0);
		machine_free(m);
		arena_free(a);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_all_scripts),
	};
	struct CMUnitTest
		tests[ARRAY_SIZE(cases) + ARRAY_SIZE(scripts) + ARRAY_SIZE(others)];
	size_t n = 0;

	fixtures = argc > 1 ? argv[1] : getenv("PCIPASS_FIXTURES");
	if (!fixtures) {
		fprintf(stderr, "no folder of fixtures named\n");
		return 77;
	}
	/* clang-format off */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ cases[i].name, test_plan, NULL, NULL,
						  (void *)(uintptr_t)&cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		tests[n++] = (struct CMUnitTest){ scripts[i].name, test_script, NULL, NULL,
						  (void *)(uintptr_t)&scripts[i] };
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		tests[n++] = others[i];
	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}

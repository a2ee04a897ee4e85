/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <libkmod.h>

#include "core/modprobe.h"

/* Configurations that libkmod reads too: both must come to the same lists. */
struct config_case {
	const char *name;
	struct {
		const char *path, *text; /* text NULL: a link to /dev/null */
	} files[4];
};

static const char *const folders[] = { "etc/modprobe.d", "run/modprobe.d",
				       "usr/local/lib/modprobe.d", "usr/lib/modprobe.d",
				       "lib/modprobe.d" };

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void write_tree(const char *root, const struct config_case *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->files) && c->files[i].path; i++) {
		char path[512];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", root, c->files[i].path);
		for (char *p = path + strlen(root) + 1; (p = strchr(p, '/'));
		     *p++ = '/') {
			*p = '\0';
			mkdir(path, 0755);
		}
		if (!c->files[i].text) {
			assert_int_equal(symlink("/dev/null", path), 0);
			continue;
		}
		f = fopen(path, "we");
		assert_non_null(f);
		fputs(c->files[i].text, f);
		assert_int_equal(fclose(f), 0);
	}
}

static void quiet(void *data, int priority, const char *file, int line, const char *fn,
		  const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line, (void)fn, (void)format,
		(void)args;
}

/* libkmod's lists as text; bytes of softdeps are put together without blanks. */
static void print_kmod(FILE *out, const char *root)
{
	static struct kmod_config_iter *(*const get[])(const struct kmod_ctx *) = {
		kmod_config_get_aliases,          kmod_config_get_blacklists,
		kmod_config_get_options,          kmod_config_get_softdeps,
		kmod_config_get_install_commands, kmod_config_get_remove_commands,
	};
	char paths[ARRAY_SIZE(folders)][512];
	const char *list[ARRAY_SIZE(folders) + 1] = { NULL };
	struct kmod_ctx *ctx;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", root, folders[i]);
		list[i] = paths[i];
	}
	setenv("KMOD_LOG", "-1",
	       1); /* the message about a bad line comes from kmod_new */
	ctx = kmod_new(root, list);
	assert_non_null(ctx);
	kmod_set_log_fn(ctx, quiet, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(get); i++) {
		struct kmod_config_iter *it = get[i](ctx);

		while (kmod_config_iter_next(it)) {
			const char *value = kmod_config_iter_get_value(it);

			fprintf(out, "%zu %s|", i, kmod_config_iter_get_key(it));
			for (const char *p = value ? value : ""; *p; p++)
				if (i != 3 || *p != ' ')
					fputc(*p, out);
			fputc('\n', out);
		}
		kmod_config_iter_free_iter(it);
	}
	kmod_unref(ctx);
}

/* libkmod reads it, so it belongs to what is compared. */
static char *own_cmdline(struct arena *a)
{
	char buf[4096] = "";
	FILE *f = fopen("/proc/cmdline", "re");

	if (f) {
		buf[fread(buf, 1, sizeof(buf) - 1, f)] = '\0';
		fclose(f);
	}
	return arena_strdup(a, buf);
}

static void print_ours(FILE *out, struct arena *a, const struct config_case *c)
{
	struct machine_file files[4] = { 0 };
	struct modprobe_config conf = { 0 };
	size_t n = 0;

	for (; n < ARRAY_SIZE(files) && c->files[n].path; n++) {
		const char *text = c->files[n].text ? c->files[n].text : "/dev/null";

		files[n].path = c->files[n].path;
		files[n].mode = c->files[n].text ? S_IFREG | 0644 : S_IFLNK | 0777;
		files[n].data = (struct blob){ (const uint8_t *)text, strlen(text) };
	}
	modprobe_read(a, files, n, own_cmdline(a), &conf);
	for (unsigned verb = MODPROBE_ALIAS; verb < MODPROBE_BAD; verb++) {
		vec_foreach(l, &conf.lines) {
			if (l->verb != verb)
				continue;
			fprintf(out, "%u %s|", verb, l->arg[0]);
			if (verb != MODPROBE_SOFTDEP) {
				fputs(l->arg[1] ? l->arg[1] : "", out);
			} else {
				fputs(l->pre.n ? "pre:" : "", out);
				vec_foreach(s, &l->pre)
					fputs(*s, out);
				fputs(l->post.n ? "post:" : "", out);
				vec_foreach(s, &l->post)
					fputs(*s, out);
			}
			fputc('\n', out);
		}
	}
}

static void test_config(void **state)
{
	const struct config_case *c = *state;
	struct arena *a = arena_new();
	const char *tmp = getenv("TMPDIR");
	char root[256], *want, *got;
	size_t n_want, n_got;
	FILE *f;

	snprintf(root, sizeof(root), "%s/pcipass-modprobe-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(root));
	write_tree(root, c);
	f = open_memstream(&want, &n_want);
	print_kmod(f, root);
	fclose(f);
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	f = open_memstream(&got, &n_got);
	print_ours(f, a, c);
	fclose(f);
	assert_string_equal(got, want);
	free(got);
	free(want);
	arena_free(a);
}

#define VFIO "etc/modprobe.d/vfio.conf"

/* clang-format off */
static struct config_case config_cases[] = {
	{ "config: the guide's file", { { VFIO,
		"options vfio-pci ids=10de:1b81,10de:10f0 disable_vga=1\n"
		"softdep nouveau pre: vfio-pci\nblacklist snd-hda-intel\n" } } },
	{ "config: dashes become underscores in names only", { { VFIO,
		"options snd-hda-intel model=alc-x \nalias net-pf-10 off\nblacklist a-b-c\n"
		"install a-b /bin/x-y\nremove a-b /bin/x-y\nsoftdep a-b pre: c-d\n" } } },
	{ "config: brackets keep dashes", { { VFIO,
		"blacklist foo[a-b]-c\nalias a-b*[x-y] m-n\nblacklist x]y\nblacklist x[y\n"
		"alias a b]\nblacklist after\n" } } },
	{ "config: blanks and tabs", { { VFIO,
		"\toptions  a \t x=1\t y=2  \n  blacklist\tb\t\n\n \t \nsoftdep  c\tpre:  d\te  \n"
		"install f   true  \n" } } },
	{ "config: continued lines", { { VFIO,
		"options a\\\nb x=1 \\\n  y=2\nblack\\\nlist c\nblacklist d\\x\n# c \\\nblacklist e\n"
		"blacklist last\\\n" } } },
	{ "config: comments", { { VFIO,
		"# blacklist a\n #blacklist b\nblacklist c # why\noptions d x=1 # why\n" } } },
	{ "config: lines that modprobe ignores", { { VFIO,
		"blacklist\nalias a\noptions b\nsoftdep c\ninstall d\nremove e\ninclude /x\n"
		"config y\nnonsense z\nBlacklist f\nblacklist g extra words\n" } } },
	{ "config: softdeps", { { VFIO,
		"softdep a pre: b c post: d e\nsoftdep f post: g pre: h\nsoftdep i j pre: k\n"
		"softdep l pre: m pre: n\nsoftdep n* pre: o\nsoftdep p pre:\nsoftdep q r s\n" } } },
	{ "config: install and remove", { { VFIO,
		"install a /sbin/modprobe -i a $CMDLINE_OPTS && { /bin/true ; : ; }\n"
		"install a other\nremove b /bin/false\n" } } },
	{ "config: carriage returns belong to names", { { VFIO, "blacklist a\r\noptions b c\r\n" } } },
	{ "config: no newline at the end", { { VFIO, "blacklist a\nblacklist b" } } },
	{ "config: files in order of names, over all folders", {
		{ "lib/modprobe.d/a.conf", "blacklist a\n" },
		{ "etc/modprobe.d/b.conf", "blacklist b\n" },
		{ "usr/local/lib/modprobe.d/0.conf", "blacklist zero\n" },
		{ "run/modprobe.d/Z.conf", "blacklist z\n" } } },
	{ "config: an earlier folder hides a later one", {
		{ "lib/modprobe.d/x.conf", "blacklist lib\n" },
		{ "usr/lib/modprobe.d/x.conf", "blacklist usrlib\n" },
		{ "run/modprobe.d/x.conf", "blacklist run\n" },
		{ "etc/modprobe.d/x.conf", "blacklist etc\n" } } },
	{ "config: a link to /dev/null hides", {
		{ "lib/modprobe.d/x.conf", "blacklist lib\n" },
		{ "etc/modprobe.d/x.conf", NULL } } },
	{ "config: names that count", {
		{ "etc/modprobe.d/a.conf.bak", "blacklist a\n" },
		{ "etc/modprobe.d/.b.conf", "blacklist b\n" },
		{ "etc/modprobe.d/d", "blacklist d\n" } } },
};
/* clang-format on */

/* The kernel command line: as kmod 30 read it from a /proc/cmdline put in its place. */
struct cmdline_case {
	const char *name, *cmdline;
	const char *want; /* "verb-number name value;" */
};

static void test_cmdline(void **state)
{
	const struct cmdline_case *c = *state;
	struct arena *a = arena_new();
	struct modprobe_config conf = { 0 };
	char *got;
	size_t n;
	FILE *f = open_memstream(&got, &n);

	modprobe_read(a, NULL, 0, c->cmdline, &conf);
	vec_foreach(l, &conf.lines)
		if (l->verb != MODPROBE_BAD)
			fprintf(f, "%s%s %s;",
				l->verb == MODPROBE_BLACKLIST ? "blacklist " : "",
				l->arg[0], l->arg[1] ? l->arg[1] : "");
	fclose(f);
	assert_string_equal(got, c->want);
	free(got);
	arena_free(a);
}

/* clang-format off */
static struct cmdline_case cmdline_cases[] = {
	{ "cmdline: ids of vfio-pci", "BOOT_IMAGE=/boot/vm.linuz root=UUID=x vfio-pci.ids=8086:1,10de:2 quiet",
	  "vfio_pci ids=8086:1,10de:2;" },
	{ "cmdline: blacklists, not normalized", "modprobe.blacklist=snd-hda-intel,nou modprobe.blacklist=b2",
	  "blacklist snd-hda-intel ;blacklist nou ;blacklist b2 ;" },
	{ "cmdline: an option without a value", "i915.mode x", "i915 mode;" },
	{ "cmdline: quotes inside the value", "foo.x=\"a b\" foo.y=1", "foo x=\"a b\";foo y=1;" },
	{ "cmdline: quotes as GRUB writes them", "\"bar.y=c d\" a.b=1", "bar y=\"c d\";a b=1;" },
	{ "cmdline: quotes elsewhere", "fo\"o.x=1\" \"a b.c=1\" a.\"b=1\" c.d=1", "c d=1;" },
	{ "cmdline: two dots", "iommu.pass.x=1 a.b.c=2 x=y.z=3 e.f=g.h", "e f=g.h;" },
	{ "cmdline: module names normalized, parameters not", "module-x.p-q=2", "module_x p-q=2;" },
	{ "cmdline: tab between words", "quiet\ttab.b=1", "tab b=1;" },
	{ "cmdline: modprobe.blacklist without =", "modprobe.blacklist", "modprobe blacklist;" },
	{ "cmdline: up to the newline", "a.b=1\nc.d=2", "a b=1;" },
};
/* clang-format on */

struct ids_case {
	const char *name, *options;
	const char *want; /* "vendor:device:sub:sub:class:mask " or "!text " */
};

static void test_ids(void **state)
{
	const struct ids_case *c = *state;
	struct arena *a = arena_new();
	vfio_ids ids = { 0 };
	char *got;
	size_t n;
	FILE *f = open_memstream(&got, &n);

	vfio_parse_ids(a, c->options, &ids);
	vec_foreach(e, &ids) {
		if (e->bad)
			fprintf(f, "!%.9s ", e->text);
		else
			fprintf(f, "%x:%x:%x:%x:%x:%x ", e->id.vendor, e->id.device,
				e->id.subvendor, e->id.subdevice, e->id.class,
				e->id.class_mask);
	}
	fclose(f);
	assert_string_equal(got, c->want);
	free(got);
	arena_free(a);
}

#define ANY ":ffffffff:ffffffff:0:0 "
#define X64 "8086:10d3,8086:10d3,8086:10d3,8086:10d3,8086:10d3,8086:10d3,"
#define X640 X64 X64 X64 X64 X64 X64 X64 X64 X64

/* clang-format off */
static struct ids_case ids_cases[] = {
	{ "ids: two", "ids=10de:1b81,10de:10f0", "10de:1b81" ANY "10de:10f0" ANY },
	{ "ids: among other options", "disable_vga=1 ids=8086:10d3  x=1", "8086:10d3" ANY },
	{ "ids: a second list", "ids=1:2 ids=3:4", "1:2" ANY "3:4" ANY },
	{ "ids: quoted", "ids=\"1:2,3:4\"", "1:2" ANY "3:4" ANY },
	{ "ids: all six numbers", "ids=1:2:3:4:30000:ff0000", "1:2:3:4:30000:ff0000 " },
	{ "ids: 0x and upper case", "ids=0x8086:0X10D3", "8086:10d3" ANY },
	{ "ids: a comma for the colon", "ids=8086,10d3", "!8086 !10d3 " },
	{ "ids: empty entries", "ids=,,1:2,", "1:2" ANY },
	{ "ids: no number", "ids=zz,1:2", "!zz 1:2" ANY },
	{ "ids: an address", "ids=0000:01:00.0", "0:1:0:ffffffff:0:0 " },
	{ "ids: text behind is ignored", "ids=1:2x,3:4:zz", "1:2" ANY "3:4" ANY },
	{ "ids: a carriage return at the end", "ids=1:2\r", "1:2" ANY },
	{ "ids: no list", "disable_vga=1", "" },
	{ "ids: other options that end so", "xids=1:2 driver_ids=3:4", "" },
	{ "ids: over 1023 characters", "ids=" X640 X640, "!8086:10d3 " },
};
/* clang-format on */

struct resolve_case {
	const char *name, *conf, *want;
};

static void test_resolve(void **state)
{
	const struct resolve_case *c = *state;
	static struct pci_id nic = {
		0x8086, 0x10d3, PCI_ID_ANY, PCI_ID_ANY, 0, 0, false
	};
	static struct pci_id any = { PCI_ID_ANY, PCI_ID_ANY, PCI_ID_ANY, PCI_ID_ANY,
				     0,          0,          true };
	static struct pci_id ethernet = { PCI_ID_ANY, PCI_ID_ANY, PCI_ID_ANY, PCI_ID_ANY,
					  0x020000,   0xff0000,   false };
	struct module mods[] = {
		{ .name = "builtin_net", .ids = { &ethernet, 1, 1 } },
		{ .name = "vfio_pci", .file = "v", .ids = { &any, 1, 1 } },
		{ .name = "e1000e", .file = "e", .ids = { &nic, 1, 1 } },
		{ .name = "second", .file = "s", .ids = { &nic, 1, 1 } },
	};
	struct kernel k = { .modules = { mods, ARRAY_SIZE(mods), ARRAY_SIZE(mods) } };
	struct pci_ident fn = { 0x8086, 0x10d3, 0x8086, 0, 0x020000 };
	struct arena *a = arena_new();
	struct modprobe_config conf = { 0 };
	strings got = { 0 };
	char text[128] = "";

	if (after_prefix(c->name, "resolve: other"))
		fn.device = 1;
	modprobe_parse(a, VFIO, c->conf, &conf);
	modprobe_resolve_fn(&conf, &k, &fn, a, &got);
	vec_foreach(s, &got)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", *s);
	assert_string_equal(text, c->want);
	arena_free(a);
}

/* clang-format off */
static struct resolve_case resolve_cases[] = {
	{ "resolve: the modules' own", "", "e1000e second " },
	{ "resolve: an alias alone", "alias pci:v00008086d000010D3sv*sd*bc*sc*i* vfio-pci\n", "vfio_pci " },
	{ "resolve: two aliases", "alias pci:v00008086d* a\nalias pci:* b-c\n", "a b_c " },
	{ "resolve: lower-case hex never matches", "alias pci:v00008086d000010d3sv*sd*bc*sc*i* x\n", "e1000e second " },
	{ "resolve: alias of another id", "alias pci:v00008086d000010D4sv*sd*bc*sc*i* x\n", "e1000e second " },
	{ "resolve: other device, built-in by class", "", "builtin_net " },
};
/* clang-format on */

/* What the oracle has no list for: bad lines are kept, with their place. */
static void test_bad_lines(void **state)
{
	struct arena *a = arena_new();
	struct modprobe_config conf = { 0 };

	(void)state;
	modprobe_parse(a, VFIO, "blacklist a\noption vfio-pci \\\nids=1:2\n\nalias x\n",
		       &conf);
	assert_int_equal(conf.lines.n, 3);
	assert_int_equal(conf.lines.v[1].verb, MODPROBE_BAD);
	assert_int_equal(conf.lines.v[1].line, 2);
	assert_string_equal(conf.lines.v[1].arg[0], "unknown word 'option'");
	assert_string_equal(conf.lines.v[2].arg[0], "'alias x' without a value");
	assert_int_equal(conf.lines.v[2].line, 5);
	assert_string_equal(conf.lines.v[2].file, VFIO);
	arena_free(a);
}

static void test_options(void **state)
{
	struct arena *a = arena_new();
	struct modprobe_config conf = { 0 };
	static const char text[] = "options a x=1\noptions b y=2\noptions a z=3\n";
	struct machine_file file = { .path = "etc/modprobe.d/x.conf",
				     .mode = S_IFREG | 0644,
				     .data = { (const uint8_t *)text,
					       sizeof(text) - 1 } };

	(void)state;
	modprobe_read(a, &file, 1, "a.w=4 quiet", &conf);
	assert_string_equal(modprobe_options(&conf, a, "a"), "x=1 z=3 w=4");
	assert_string_equal(modprobe_options(&conf, a, "c"), "");
	assert_null(modprobe_blacklisted(&conf, "a"));
	arena_free(a);
}

static void test_links(void **state)
{
	static const char target[] = "../../opt/./x/../nv.conf",
			  text[] = "blacklist nouveau\n";
	static const struct machine_file files[] = {
		{ .path = "etc/modprobe.d/loop.conf",
		  .mode = S_IFLNK | 0777,
		  .data = { (const uint8_t *)"loop.conf", 9 } },
		{ .path = "etc/modprobe.d/nv.conf",
		  .mode = S_IFLNK | 0777,
		  .data = { (const uint8_t *)target, sizeof(target) - 1 } },
		{ .path = "opt/nv.conf",
		  .mode = S_IFREG | 0644,
		  .data = { (const uint8_t *)text, sizeof(text) - 1 } },
	};
	struct arena *a = arena_new();
	struct modprobe_config conf = { 0 };

	(void)state;
	modprobe_read(a, files, ARRAY_SIZE(files), "", &conf);
	assert_int_equal(conf.lines.n, 1);
	assert_string_equal(conf.lines.v[0].file, "etc/modprobe.d/nv.conf");
	assert_non_null(modprobe_blacklisted(&conf, "nouveau"));
	arena_free(a);
}

static void test_modules_load(void **state)
{
	struct arena *a = arena_new();
	strings got = { 0 };

	(void)state;
	modules_load_parse(
		a, "# modules\n\nvfio\n  vfio_pci  \n;x\nloop max_loop=8\nlast", &got);
	assert_int_equal(got.n, 4);
	assert_string_equal(got.v[1], "vfio_pci");
	assert_string_equal(got.v[2], "loop max_loop=8");
	assert_string_equal(got.v[3], "last");
	arena_free(a);
}

#define ROWS(cases, fn)                                                                  \
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)                                   \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i].name, .test_func = (fn),                      \
			.initial_state = &(cases)[i]                                     \
		}

int main(void)
{
	static const struct CMUnitTest singles[] = {
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_modules_load),
	};
	struct CMUnitTest tests[ARRAY_SIZE(config_cases) + ARRAY_SIZE(cmdline_cases) +
				ARRAY_SIZE(ids_cases) + ARRAY_SIZE(resolve_cases) +
				ARRAY_SIZE(singles)];
	size_t n = 0;

	ROWS(config_cases, test_config);
	ROWS(cmdline_cases, test_cmdline);
	ROWS(ids_cases, test_ids);
	ROWS(resolve_cases, test_resolve);
	memcpy(tests + n, singles, sizeof(singles));
	return cmocka_run_group_tests_name("modprobe", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <libkmod.h>

#include "core/modprobe.h"
#include "core/test-skip.h"

#define RELEASE "6.1.0-test"
#define CONF "etc/modprobe.d/"

/* The modules of these tests: what they export and need, their own softdep and alias. */
static const struct universe {
	const char *name, *exports, *needs[3], *softdep, *alias;
} universe[] = {
	/* clang-format off */
	{ "vfio", "vfio_sym", { NULL }, NULL },
	{ "irqbypass", "irq_sym", { NULL }, NULL },
	{ "vfio-pci-core", "core_sym", { "vfio_sym", "irq_sym" }, NULL },
	{ "vfio-pci", NULL, { "core_sym", "vfio_sym" }, NULL },
	{ "e1000e", NULL, { NULL }, NULL, "pci:v00008086d000010D3sv*sd*bc*sc*i*" },
	{ "realtek", NULL, { "libphy_sym" }, NULL },
	{ "libphy", "libphy_sym", { NULL }, NULL },
	{ "r8169", NULL, { "libphy_sym" }, "pre: realtek" },
	{ "drm", "drm_sym", { NULL }, "post: drm-helper" },
	{ "drm-helper", NULL, { "drm_sym" }, NULL },
	{ "gpu", NULL, { "drm_sym" }, "pre: firmware-loader post: gpu-audio" },
	{ "firmware-loader", NULL, { NULL }, NULL },
	{ "gpu-audio", NULL, { NULL }, "pre: gpu" },
	/* clang-format on */
};

static char root[256];
static bool have_tree;

static size_t put_string(char *table, size_t *at, const char *s)
{
	size_t start = *at;

	memcpy(table + start, s, strlen(s) + 1);
	*at += strlen(s) + 1;
	return start;
}

/* An object file with just what depmod looks at. */
static void write_module(const char *path, const struct universe *u)
{
	enum { INFO = 1, EXPORTS, SYMS, STRS, NAMES, SECTIONS };
	static const char *const names[] = { "",        ".modinfo", "__ksymtab_strings",
					     ".symtab", ".strtab",  ".shstrtab" };
	struct {
		Elf64_Ehdr head;
		Elf64_Shdr sec[SECTIONS];
		Elf64_Sym syms[4];
		char info[256], exports[64], strs[256], names[128];
	} ko = { 0 };
	size_t info = 0, exports = 0, strs = 1, name = 0, syms = 1;
	FILE *f;

	memcpy(ko.head.e_ident, ELFMAG, SELFMAG);
	ko.head.e_ident[EI_CLASS] = ELFCLASS64;
	ko.head.e_ident[EI_DATA] = ELFDATA2LSB;
	ko.head.e_ident[EI_VERSION] = EV_CURRENT;
	ko.head.e_type = ET_REL;
	ko.head.e_machine = EM_X86_64;
	ko.head.e_version = EV_CURRENT;
	ko.head.e_shoff = sizeof(ko.head);
	ko.head.e_ehsize = sizeof(ko.head);
	ko.head.e_shentsize = sizeof(ko.sec[0]);
	ko.head.e_shnum = SECTIONS;
	ko.head.e_shstrndx = NAMES;
	if (u->softdep) {
		char text[128];

		snprintf(text, sizeof(text), "softdep=%s", u->softdep);
		put_string(ko.info, &info, text);
	}
	if (u->alias) {
		char text[128];

		snprintf(text, sizeof(text), "alias=%s", u->alias);
		put_string(ko.info, &info, text);
	}
	put_string(ko.info, &info, "license=GPL");
	if (u->exports)
		put_string(ko.exports, &exports, u->exports);
	for (int i = 0; i < 3 && u->needs[i]; i++, syms++) {
		ko.syms[syms].st_name =
			(Elf64_Word)put_string(ko.strs, &strs, u->needs[i]);
		ko.syms[syms].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE);
	}
#define SECTION(i, type, member, len)                                                    \
	ko.sec[i] =                                                                      \
		(Elf64_Shdr){ .sh_name =                                                 \
				      (Elf64_Word)put_string(ko.names, &name, names[i]), \
			      .sh_type = (type),                                         \
			      .sh_offset = (Elf64_Off)((char *)ko.member - (char *)&ko), \
			      .sh_size = (len),                                          \
			      .sh_addralign = 1 }
	put_string(ko.names, &name, "");
	SECTION(INFO, SHT_PROGBITS, info, info);
	SECTION(EXPORTS, SHT_PROGBITS, exports, exports);
	SECTION(SYMS, SHT_SYMTAB, syms, syms * sizeof(ko.syms[0]));
	ko.sec[SYMS].sh_link = STRS;
	ko.sec[SYMS].sh_entsize = sizeof(ko.syms[0]);
	SECTION(STRS, SHT_STRTAB, strs, strs);
	SECTION(NAMES, SHT_STRTAB, names, sizeof(ko.names));
#undef SECTION
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(&ko, sizeof(ko), 1, f), 1);
	assert_int_equal(fclose(f), 0);
}

static int make_tree(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char path[512];

	(void)state;
	snprintf(root, sizeof(root), "%s/pcipass-modules-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path),
		 "cd %s && mkdir -p usr/lib/modules/" RELEASE
		 "/kernel && ln -s usr/lib lib",
		 root);
	assert_int_equal(system(path), 0);
	for (size_t i = 0; i < ARRAY_SIZE(universe); i++) {
		snprintf(path, sizeof(path), "%s/lib/modules/" RELEASE "/kernel/%s.ko",
			 root, universe[i].name);
		write_module(path, &universe[i]);
	}
	snprintf(path, sizeof(path),
		 "PATH=$PATH:/usr/sbin:/sbin depmod -b %s " RELEASE " 2>/dev/null", root);
	have_tree = system(path) == 0;
	return 0;
}

static int remove_tree(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static char *read_text(struct arena *a, const char *name)
{
	char path[512], *buf = arena_alloc(a, 64 << 10);
	FILE *f;

	snprintf(path, sizeof(path), "%s/lib/modules/" RELEASE "/%s", root, name);
	f = fopen(path, "re");
	assert_non_null(f);
	buf[fread(buf, 1, (64 << 10) - 1, f)] = '\0';
	fclose(f);
	return buf;
}

/* "kernel/vfio-pci.ko" -> "vfio_pci" */
static const char *module_of(struct arena *a, const char *path)
{
	const char *name = path_name(path);

	return module_normalize(a, arena_strndup(a, name, strcspn(name, ".")));
}

/* What depmod wrote, as an inventory reads it. */
static void read_kernel(struct arena *a, struct kernel *k)
{
	char *text = read_text(a, "modules.dep"), *line;
	struct modprobe_config own = { 0 };

	k->release = RELEASE;
	while ((line = strsep(&text, "\n")) && *line) {
		struct module *m = vec_push(a, &k->modules);
		char *path = strsep(&line, ":"), *dep;

		m->name = module_of(a, path);
		m->file = path;
		while ((dep = strsep(&line, " ")))
			if (*dep)
				*vec_push(a, &m->depends) = module_of(a, dep);
	}
	modprobe_parse(a, "modules.softdep", read_text(a, "modules.softdep"), &own);
	vec_foreach(l, &own.lines) {
		vec_foreach(m, &k->modules) {
			if (!streq(m->name, l->arg[0]))
				continue;
			m->pre = l->pre;
			m->post = l->post;
		}
	}
	modprobe_parse(a, "modules.alias", read_text(a, "modules.alias"), &own);
	vec_foreach(l, &own.lines)
		vec_foreach(m, &k->modules)
			if (l->verb == MODPROBE_ALIAS && l->pci &&
			    streq(m->name, l->arg[1]))
				*vec_push(a, &m->ids) = *l->pci;
}

struct request_case {
	const char *name;
	struct {
		const char *path, *text;
	} files[2];
	const char *request;
	unsigned flags;
};

/* What libkmod would load, in order; its callback has no argument of our own. */
static char actions[1024];

static void note_action(struct kmod_module *m, bool install, const char *options)
{
	char item[256];
	size_t n = strlen(options);

	if (!kmod_module_get_path(m))
		return; /* it would fail: "off" */
	while (n && options[n - 1] == ' ')
		n--;
	snprintf(item, sizeof(item), "%s(%.*s) ", kmod_module_get_name(m), (int)n,
		 options);
	/* Nothing counts as loaded in a dry run: what comes again is loaded already. */
	if (!install && !strstr(actions, item))
		strcat(actions, item);
}

static void ask_kmod(const struct request_case *c)
{
	char conf[300], modules[300], path[1024];
	const char *paths[] = { conf, NULL };
	struct kmod_ctx *ctx;
	struct kmod_list *found = NULL, *it;
	unsigned flags = KMOD_PROBE_IGNORE_LOADED | KMOD_PROBE_DRY_RUN;

	snprintf(conf, sizeof(conf), "%s/etc/modprobe.d", root);
	snprintf(modules, sizeof(modules), "%s/lib/modules/" RELEASE, root);
	snprintf(path, sizeof(path), "rm -rf %s/etc; mkdir -p %s", root, conf);
	assert_int_equal(system(path), 0);
	for (int i = 0; i < 2 && c->files[i].path; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", root, c->files[i].path);
		f = fopen(path, "we");
		assert_non_null(f);
		fputs(c->files[i].text, f);
		fclose(f);
	}
	if (c->flags & MODPROBE_USE_BLACKLIST)
		flags |= KMOD_PROBE_APPLY_BLACKLIST;
	else
		flags |= KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY; /* as modprobe(8) */
	*actions = '\0';
	ctx = kmod_new(modules, paths);
	assert_non_null(ctx);
	assert_int_equal(kmod_module_new_from_lookup(ctx, c->request, &found), 0);
	kmod_list_foreach(it, found)
	{
		struct kmod_module *m = kmod_module_get_module(it);

		kmod_module_probe_insert_module(m, flags, NULL, NULL, NULL, note_action);
		kmod_module_unref(m);
	}
	kmod_module_unref_list(found);
	kmod_unref(ctx);
}

static char *loads_text(struct arena *a, const modprobe_loads *loads)
{
	char *out = arena_strdup(a, "");

	vec_foreach(l, loads)
		out = arena_printf(a, "%s%s(%s) ", out, l->mod->name, l->options);
	return out;
}

static void read_conf(struct arena *a, const struct request_case *c,
		      struct modprobe_config *conf)
{
	struct machine_file files[2] = { 0 };
	size_t n = 0;

	for (; n < 2 && c->files[n].path; n++) {
		files[n].path = c->files[n].path;
		files[n].mode = S_IFREG | 0644;
		files[n].data = (struct blob){ (const uint8_t *)c->files[n].text,
					       strlen(c->files[n].text) };
	}
	modprobe_read(a, files, n, "", conf);
}

static void test_like_kmod(void **state)
{
	const struct request_case *c = *state;
	struct modprobe_config conf = { 0 };
	struct kernel k = { 0 };
	modprobe_loads loads = { 0 };
	struct arena *a;
	const char *note;

	if (!have_tree)
		skip_without("depmod");
	a = arena_new();
	read_kernel(a, &k);
	assert_int_equal(k.modules.n, ARRAY_SIZE(universe));
	read_conf(a, c, &conf);
	ask_kmod(c);
	modprobe_request(&conf, &k, NULL, a, c->request, c->flags, &loads, &note);
	assert_string_equal(loads_text(a, &loads), actions);
	arena_free(a);
}

/* A request of udev for a function, by its modalias. */
static void test_udev_like_kmod(void **state)
{
	static const struct pci_ident nic = { 0x8086, 0x10d3, 0x8086, 0xa01f, 0x020000 };
	const struct request_case *c = *state;
	struct modprobe_config conf = { 0 };
	struct kernel k = { 0 };
	modprobe_loads loads = { 0 };
	strings found = { 0 };
	struct arena *a;
	const char *note;

	if (!have_tree)
		skip_without("depmod");
	a = arena_new();
	read_kernel(a, &k);
	read_conf(a, c, &conf);
	ask_kmod(c);
	modprobe_resolve_fn(&conf, &k, &nic, a, &found);
	vec_foreach(name, &found)
		modprobe_request(&conf, &k, NULL, a, *name, c->flags | MODPROBE_RESOLVED,
				 &loads, &note);
	assert_string_equal(loads_text(a, &loads), actions);
	arena_free(a);
}

#define UDEV MODPROBE_USE_BLACKLIST
#define NIC "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00", UDEV
#define NIC_TO "alias pci:v00008086d000010D3sv*sd*bc*sc*i* "

/* clang-format off */
static struct request_case like_kmod[] = {
	{ "kmod: dependencies", { { NULL } }, "vfio-pci" },
	{ "kmod: a module's own softdep", { { NULL } }, "r8169" },
	{ "kmod: softdeps before and after", { { NULL } }, "gpu" },
	{ "kmod: softdeps in a circle", { { NULL } }, "gpu-audio" },
	{ "kmod: options", { { CONF "a.conf", "options vfio-pci ids=1:2\noptions vfio_pci disable_vga=1\noptions vfio x=1\n" } }, "vfio_pci" },
	{ "kmod: the guide's softdep", { { CONF "vfio.conf", "options vfio-pci ids=1:2\nsoftdep e1000e pre: vfio-pci\n" } }, "e1000e" },
	{ "kmod: softdep in a file before modules.softdep", { { CONF "a.conf", "softdep r8169 pre: vfio-pci\n" } }, "r8169" },
	{ "kmod: softdep in a file behind modules.softdep", { { CONF "vfio.conf", "softdep r8169 pre: vfio-pci\n" } }, "r8169" },
	{ "kmod: the first of two softdep lines", { { CONF "a.conf", "softdep e1000e pre: vfio-pci\n" }, { CONF "b.conf", "softdep e1000e pre: realtek\n" } }, "e1000e" },
	{ "kmod: softdep by pattern", { { CONF "a.conf", "softdep e1* pre: vfio-pci\n" } }, "e1000e" },
	{ "kmod: softdep on itself", { { CONF "a.conf", "softdep e1000e pre: e1000e post: e1000e\n" } }, "e1000e" },
	{ "kmod: softdep on nothing there", { { CONF "a.conf", "softdep e1000e pre: nonsense vfio\n" } }, "e1000e" },
	{ "kmod: softdep of a dependency", { { CONF "a.conf", "softdep vfio pre: e1000e post: realtek\n" } }, "vfio-pci" },
	{ "kmod: softdep chain", { { CONF "a.conf", "softdep e1000e pre: realtek\nsoftdep realtek pre: vfio-pci\nsoftdep vfio-pci post: gpu\n" } }, "e1000e" },
	{ "kmod: blacklisted, asked by udev", { { CONF "a.conf", "blacklist e1000e\n" } }, "e1000e", UDEV },
	{ "kmod: blacklisted, asked by a person", { { CONF "a.conf", "blacklist e1000e\n" } }, "e1000e" },
	{ "kmod: a blacklisted dependency", { { CONF "a.conf", "blacklist vfio\nblacklist realtek\n" } }, "vfio-pci", UDEV },
	{ "kmod: a blacklisted softdep", { { CONF "a.conf", "blacklist realtek\n" } }, "r8169", UDEV },
	{ "kmod: an alias", { { CONF "a.conf", "alias my-nic e1000e\noptions e1000e x=1\n" } }, "my-nic" },
	{ "kmod: an alias that hides a module", { { CONF "a.conf", "alias e1000e vfio-pci\n" } }, "e1000e" },
	{ "kmod: an alias to several", { { CONF "a.conf", "alias nic* e1000e\nalias nic r8169\n" } }, "nic" },
	{ "kmod: a blacklisted alias, asked by a person", { { CONF "a.conf", "alias nic e1000e\nblacklist e1000e\n" } }, "nic" },
	{ "kmod: alias off", { { CONF "a.conf", "alias e1000e off\n" } }, "e1000e", UDEV },
	{ "kmod: softdep by alias", { { CONF "a.conf", "alias nic e1000e\nsoftdep vfio pre: nic\n" } }, "vfio" },
	{ "kmod: install line that does nothing", { { CONF "a.conf", "install e1000e /bin/true\n" } }, "e1000e" },
	{ "kmod: install line of a dependency", { { CONF "a.conf", "install vfio /bin/true\n" } }, "vfio" },
	{ "kmod: install line of a module with softdeps counts for nothing", { { CONF "a.conf", "install r8169 /bin/true\n" } }, "r8169" },
	{ "kmod: install line of a module with softdeps behind it only", { { CONF "a.conf", "softdep e1000e post: realtek\ninstall e1000e /bin/true\n" } }, "e1000e" },
	{ "kmod: install line by pattern", { { CONF "a.conf", "install e1* /bin/true\n" } }, "e1000e" },
};

static struct request_case like_kmod_udev[] = {
	{ "udev: the module's own alias", { { NULL } }, NIC },
	{ "udev: an alias to vfio-pci takes the place of the module's own", { { CONF "a.conf", NIC_TO "vfio-pci\noptions vfio-pci ids=8086:10d3\n" } }, NIC },
	{ "udev: an alias to vfio-pci, which is blacklisted", { { CONF "a.conf", NIC_TO "vfio-pci\nblacklist vfio-pci\n" } }, NIC },
	{ "udev: an alias to vfio-pci, and the driver blacklisted", { { CONF "a.conf", NIC_TO "vfio-pci\nblacklist e1000e\n" } }, NIC },
	{ "udev: aliases to both, and the driver blacklisted", { { CONF "a.conf", NIC_TO "e1000e\n" NIC_TO "vfio-pci\nblacklist e1000e\n" } }, NIC },
	{ "udev: two aliases in two files", { { CONF "a.conf", NIC_TO "vfio-pci\n" }, { CONF "b.conf", "alias pci:v00008086d* r8169\n" } }, NIC },
	{ "udev: an alias of another device", { { CONF "a.conf", "alias pci:v00008086d000010D4sv*sd*bc*sc*i* vfio-pci\n" } }, NIC },
	{ "udev: an alias to nothing there", { { CONF "a.conf", NIC_TO "nonsense\n" } }, NIC },
	{ "udev: an alias that is off", { { CONF "a.conf", NIC_TO "off\n" } }, NIC },
	{ "udev: the driver has an alias for its name", { { CONF "a.conf", "alias e1000e vfio-pci\n" } }, NIC },
	{ "udev: a blacklist by the alias's name", { { CONF "a.conf", "alias nic e1000e\nblacklist nic\n" } }, NIC },
	{ "udev: softdeps before and behind, each with its own", { { CONF "a.conf", "softdep e1000e pre: vfio-pci post: gpu\nsoftdep vfio-pci pre: r8169 post: drm\n" } }, NIC },
	{ "udev: a blacklisted link of the chain", { { CONF "a.conf", "softdep e1000e pre: realtek\nsoftdep realtek pre: vfio-pci\n" }, { CONF "b.conf", "blacklist realtek\nblacklist vfio-pci\n" } }, NIC },
	{ "udev: an install line of the driver", { { CONF "a.conf", "install e1000e /bin/true\n" } }, NIC },
	{ "udev: an install line of what the alias names", { { CONF "a.conf", NIC_TO "vfio-pci\ninstall e1000e /bin/true\noptions vfio-pci ids=8086:10d3\n" } }, NIC },
	{ "udev: an install line of a softdep", { { CONF "a.conf", "softdep e1000e pre: firmware-loader\ninstall firmware-loader /bin/true\n" } }, NIC },
};

/* Install lines are run by a shell, which libkmod does not do in a dry run. */
static struct install_case {
	const char *name, *conf, *request, *want;
	const char *note; /* NULL: none */
	const char *missing; /* a module that is not available */
} installs[] = {
	{ "install: before and itself", "install e1000e modprobe vfio ; /sbin/modprobe --ignore-install e1000e $CMDLINE_OPTS\noptions e1000e x=1\n", "e1000e", "vfio() e1000e(x=1) ", NULL },
	{ "install: && and braces", "install e1000e /sbin/modprobe -i e1000e && { /sbin/modprobe -q -b vfio ; : ; }\n", "e1000e", "e1000e() vfio() ", NULL },
	{ "install: || is for failure", "install e1000e modprobe -i e1000e || modprobe vfio\n", "e1000e", "e1000e() ", NULL },
	{ "install: || after a failure", "install e1000e modprobe nonsense 2>/dev/null || modprobe vfio\n", "e1000e", "vfio() ", "no module nonsense" },
	{ "install: after false", "install e1000e false && modprobe -i e1000e\n", "e1000e", "", "e1000e is switched off by an install line (a.conf:1)" },
	{ "install: extra options", "install e1000e modprobe -qi e1000e y=2\noptions e1000e x=1\n", "e1000e", "e1000e(x=1 y=2) ", NULL },
	{ "install: several at once", "install e1000e modprobe -a vfio irqbypass\n", "e1000e", "vfio() irqbypass() ", NULL },
	{ "install: switched off", "\ninstall e1000e /bin/false\n", "e1000e", "", "e1000e is switched off by an install line (a.conf:2)" },
	{ "install: something else", "install e1000e /usr/local/bin/x; modprobe -i e1000e\n", "e1000e", "e1000e() ", "the install line of e1000e runs '/usr/local/bin/x' (a.conf:1)" },
	{ "install: removes", "install e1000e modprobe -r vfio; modprobe -i e1000e\n", "e1000e", "e1000e() ", "the install line of e1000e runs 'modprobe' (a.conf:1)" },
	{ "install: calls itself", "install e1000e modprobe e1000e\n", "e1000e", "", "install and softdep lines of e1000e go round in circles" },
	{ "install: two call each other", "install e1000e modprobe vfio; modprobe vfio\ninstall vfio modprobe e1000e; modprobe e1000e\n", "e1000e", "", "install and softdep lines of e1000e go round in circles" },
	{ "install: a name that only it has", "install my-nic modprobe e1000e\n", "my-nic", "e1000e() ", NULL },
	{ "install: -i leaves softdeps out", "install vfio modprobe -i gpu\n", "vfio", "drm() drm_helper() gpu() ", NULL },
	{ "install: >&2", "install e1000e echo hi >&2; modprobe -i e1000e > /dev/null\n", "e1000e", "e1000e() ", NULL },
	{ "note: blacklisted", "blacklist e1000e\n", "e1000e", "", "e1000e is blacklisted (a.conf:1)" },
	{ "note: unknown", "", "nonsense", "", "no module nonsense" },
	{ "missing: the module", "", "e1000e", "", "e1000e is not there", "e1000e" },
	{ "missing: a dependency", "", "vfio-pci", "", "vfio_pci needs vfio, which is not there", "vfio" },
	{ "missing: a softdep is no trouble", "", "r8169", "libphy() r8169() ", NULL, "realtek" },
	{ "missing: what a softdep needs", "softdep e1000e pre: vfio-pci\n", "e1000e", "irqbypass() e1000e() ", NULL, "vfio" },
};
/* clang-format on */

static void test_install(void **state)
{
	const struct install_case *c = *state;
	struct modprobe_config conf = { 0 };
	struct kernel k = { 0 };
	modprobe_loads loads = { 0 };
	strings available = { 0 };
	struct arena *a;
	const char *note;
	size_t n;

	if (!have_tree)
		skip_without("depmod");
	a = arena_new();
	read_kernel(a, &k);
	vec_foreach(m, &k.modules)
		if (!c->missing || !streq(m->name, c->missing))
			*vec_push(a, &available) = m->name;
	modprobe_parse(a, "a.conf", c->conf, &conf);
	n = modprobe_request(&conf, &k, &available, a, c->request, UDEV, &loads, &note);
	assert_string_equal(loads_text(a, &loads), c->want);
	assert_int_equal(n, loads.n);
	assert_string_equal(note ? note : "(none)", c->note ? c->note : "(none)");
	arena_free(a);
}

static void test_builtin_and_why(void **state)
{
	static const char *needs[] = { "base" };
	struct module mods[] = {
		{ .name = "base" },
		{ .name = "vfio_pci", .file = "v" },
		{ .name = "nic", .file = "n", .depends = { needs, 1, 1 } },
	};
	struct kernel k = { .modules = { mods, 3, 3 } };
	struct modprobe_config conf = { 0 };
	modprobe_loads loads = { 0 };
	struct arena *a = arena_new();
	const char *note = "x";

	(void)state;
	modprobe_parse(a, "v.conf", "\nsoftdep nic pre: vfio-pci\nalias nic base\n",
		       &conf);
	assert_int_equal(modprobe_request(&conf, &k, NULL, a, "nic", 0, &loads, &note),
			 0);
	assert_int_equal(modprobe_request(&conf, &k, NULL, a, "nic", MODPROBE_RESOLVED,
					  &loads, &note),
			 2);
	assert_null(note);
	assert_string_equal(loads.v[0].why, "softdep of nic (v.conf:2)");
	assert_string_equal(loads.v[1].why, "request of nic");
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
	struct CMUnitTest tests[ARRAY_SIZE(like_kmod) + ARRAY_SIZE(like_kmod_udev) +
				ARRAY_SIZE(installs) + 1];
	size_t n = 0;

	ROWS(like_kmod, test_like_kmod);
	ROWS(like_kmod_udev, test_udev_like_kmod);
	ROWS(installs, test_install);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_builtin_and_why);
	return cmocka_run_group_tests_name("modprobe-request", tests, make_tree,
					   remove_tree);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/newc.h"
#include "vmtests/image.h"
#include "vmtests/inside.h"

#define RUN_MS 60000

enum module_need {
	NEED_ALWAYS, /* no guest works without it, be it built in or not */
	NEED_BOOT,   /* loaded at boot, if this kernel has it */
	NEED_LATER,  /* there for a device or for who wants it */
};

static const struct {
	const char *name;
	enum module_need need;
} modules[] = {
	/* clang-format off */
	{ "virtio_pci", NEED_ALWAYS }, { "virtio_console", NEED_ALWAYS },
	{ "vfio_pci", NEED_BOOT }, { "vfio_iommu_type1", NEED_BOOT },
	{ "virtio_iommu", NEED_LATER }, { "e1000e", NEED_LATER }, { "e1000", NEED_LATER },
	{ "igb", NEED_LATER }, { "nvme", NEED_LATER }, { "xhci_pci", NEED_LATER },
	{ "pci_stub", NEED_LATER }, { "pci-pf-stub", NEED_LATER },
	{ INSIDE_SETTLE_MODULE, NEED_LATER },
	{ "9p", NEED_LATER }, { "9pnet_virtio", NEED_LATER }, { "overlay", NEED_LATER },
	{ "kvm", NEED_LATER }, { "ccp", NEED_LATER }, { "kvm_amd", NEED_LATER },
	{ "kvm_intel", NEED_LATER },
	/* clang-format on */
};

struct image {
	const struct lab *l;
	const struct lab_kernel *k;
	VEC(struct newc_item) items;
	strings stage; /* files below lib/modules/RELEASE */
	const char *load;
};

/* --- files --- */

static struct newc_item *add(struct image *i, const char *path, mode_t mode)
{
	struct newc_item *item;

	path += *path == '/';
	vec_foreach(have, &i->items)
		if (streq(have->path, path))
			return have;
	item = vec_push(i->l->arena, &i->items);
	*item = (struct newc_item){ .path = path, .mode = mode };
	return item;
}

static struct blob text_blob(const char *text)
{
	return (struct blob){ (const uint8_t *)text, strlen(text) };
}

static void add_link(struct image *i, const char *path, const char *target)
{
	add(i, path, S_IFLNK | 0777)->data = text_blob(target);
}

static int add_file(struct image *i, const char *path, const char *from, mode_t mode,
		    struct err *e)
{
	struct newc_item *item = add(i, path, S_IFREG | mode);

	return item->data.data ? 0 : lab_read(i->l, from, &item->data, e);
}

/* --- programs --- */

/* The libraries that ldd(1) names for @program; none for a static one. */
static int add_libraries(struct image *i, const char *program, struct err *e)
{
	const char *const argv[] = { "ldd", program, NULL };
	const char *text;
	char *save = NULL;
	struct err why = { "" };

	if (lab_run(i->l, argv, RUN_MS, &text, &why) < 0)
		return 0;
	for (char *line = strtok_r((char *)(uintptr_t)text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *path = strchr(line, '/'), *end = path ? strstr(path, " (") : NULL;
		int r;

		if (!end)
			continue;
		*end = '\0';
		r = add_file(i, path, path, 0755, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A program of this machine, as /usr/bin/NAME there. */
static int add_program(struct image *i, const char *from, struct err *e)
{
	int r = add_file(i, arena_printf(i->l->arena, "usr/bin/%s", path_name(from)),
			 from, 0755, e);

	return r < 0 ? r : add_libraries(i, from, e);
}

static const char *const program_dirs[] = { "/usr/bin", "/usr/sbin", "/bin", "/sbin" };

static int add_installed(struct image *i, const char *name, const char *package,
			 struct err *e)
{
	for (size_t d = 0; d < ARRAY_SIZE(program_dirs); d++) {
		const char *path =
			arena_printf(i->l->arena, "%s/%s", program_dirs[d], name);

		if (access(path, X_OK) == 0)
			return add_program(i, path, e);
	}
	return err_set(e, -ENOENT, "%s is not installed: it is in the package %s", name,
		       package);
}

static int add_programs(struct image *i, struct err *e)
{
	/* What kmod does depends on the name it is called by. */
	static const char *const kmod_names[] = { "modprobe", "rmmod",  "insmod",
						  "lsmod",    "depmod", "modinfo" };
	static const char *const folders[] = {
		"dev", "proc", "root", "run", "sys", "tmp"
	};
	struct arena *a = i->l->arena;
	int r = add_installed(i, "busybox", "busybox-static", e);

	r = r < 0 ? r : add_installed(i, "kmod", "kmod", e);
	r = r < 0 ? r : add_installed(i, "qemu-ga", "qemu-guest-agent", e);
	r = r < 0 ? r : add_program(i, arena_printf(a, "%s/pcipass", i->l->programs), e);
	r = r < 0 ? r : add_program(i, arena_printf(a, "%s/lab-inside", i->l->data), e);
	r = r < 0 ? r
		  : add_file(i, "init", arena_printf(a, "%s/guest/lab-init", i->l->data),
			     0755, e);
	for (size_t n = 0; n < ARRAY_SIZE(kmod_names); n++)
		add_link(i, arena_printf(a, "usr/bin/%s", kmod_names[n]), "kmod");
	add_link(i, "usr/bin/sh", "busybox");
	add_link(i, "usr/sbin", "bin");
	add_link(i, "bin", "usr/bin");
	add_link(i, "sbin", "usr/bin");
	for (size_t n = 0; n < ARRAY_SIZE(folders); n++)
		add(i, folders[n], S_IFDIR | 0755);
	return r;
}

/* --- modules --- */

/* A module's file goes to the same place below lib/modules/RELEASE. */
static void stage(struct image *i, struct kmod_module *m)
{
	const char *path = kmod_module_get_path(m);
	const char *rest = path ? after_prefix(path, i->k->modules) : NULL;
	struct kmod_list *deps, *it;

	if (!rest)
		return; /* built in */
	vec_foreach(have, &i->stage)
		if (streq(*have, rest + 1))
			return;
	*vec_push(i->l->arena, &i->stage) = arena_strdup(i->l->arena, rest + 1);
	deps = kmod_module_get_dependencies(m);
	kmod_list_foreach(it, deps)
	{
		struct kmod_module *dep = kmod_module_get_module(it);

		stage(i, dep);
		kmod_module_unref(dep);
	}
	kmod_module_unref_list(deps);
}

static int choose_modules(struct image *i, struct kmod_ctx *ctx, struct err *e)
{
	for (size_t n = 0; n < ARRAY_SIZE(modules); n++) {
		struct kmod_list *found = NULL, *it;

		(void)kmod_module_new_from_lookup(ctx, modules[n].name, &found);
		if (!found && modules[n].need == NEED_ALWAYS)
			return err_set(e, -ENOENT, "%s: it has no module %s",
				       i->k->modules, modules[n].name);
		if (found && modules[n].need == NEED_BOOT)
			i->load = arena_printf(i->l->arena, "%s%s\n", i->load,
					       modules[n].name);
		kmod_list_foreach(it, found)
		{
			struct kmod_module *m = kmod_module_get_module(it);

			stage(i, m);
			kmod_module_unref(m);
		}
		kmod_module_unref_list(found);
	}
	return 0;
}

/* Files of modules.* that depmod(8) reads, and those that it makes of them. */
static const char *const depmod_in[] = { "modules.order", "modules.builtin",
					 "modules.builtin.modinfo" };
static const char *const depmod_out[] = {
	"modules.alias",       "modules.alias.bin",         "modules.builtin",
	"modules.builtin.bin", "modules.builtin.alias.bin", "modules.builtin.modinfo",
	"modules.dep",         "modules.dep.bin",           "modules.devname",
	"modules.softdep",     "modules.symbols",           "modules.symbols.bin",
};

static int add_module_file(struct image *i, const char *root, const char *name,
			   struct err *e)
{
	struct arena *a = i->l->arena;

	return add_file(
		i, arena_printf(a, "usr/lib/modules/%s/%s", i->k->release, name),
		arena_printf(a, "%s/usr/lib/modules/%s/%s", root, i->k->release, name),
		0644, e);
}

/* How modules may be packed; the guest has better things to do than to unpack them. */
static const struct {
	const char *tail, *program;
} packers[] = { { ".xz", "xz" }, { ".zst", "zstd" }, { ".gz", "gzip" } };

/* Copy the file @name of the kernel's to @dir; *ret is its name when it is unpacked. */
static int copy_module_file(struct image *i, const char *dir, const char *name,
			    const char **ret, struct err *e)
{
	struct arena *a = i->l->arena;
	const char *to = arena_printf(a, "%s/%s", dir, name);
	const char *const copy[] = { "install", "-Dm644",
				     arena_printf(a, "%s/%s", i->k->modules, name), to,
				     NULL };
	int r = lab_run(i->l, copy, RUN_MS, NULL, e);

	*ret = name;
	for (size_t n = 0; r == 0 && n < ARRAY_SIZE(packers); n++) {
		const char *const unpack[] = { packers[n].program, "-dqf", to, NULL };

		if (!ends_with(name, packers[n].tail))
			continue;
		*ret = arena_strndup(a, name, strlen(name) - strlen(packers[n].tail));
		r = lab_run(i->l, unpack, RUN_MS, NULL, e);
	}
	return r;
}

/* modprobe and pcipass see a kernel that has these modules and no others. */
static int add_modules_from(struct image *i, const char *root, struct err *e)
{
	struct arena *a = i->l->arena;
	const char *base = arena_printf(a, "%s/usr", root), *name;
	const char *dir = arena_printf(a, "%s/lib/modules/%s", base, i->k->release);
	const char *const depmod[] = { "depmod", "-b", base, i->k->release, NULL };
	int r = 0;

	for (size_t n = 0; r == 0 && n < ARRAY_SIZE(depmod_in); n++)
		if (access(arena_printf(a, "%s/%s", i->k->modules, depmod_in[n]), R_OK) ==
		    0)
			r = copy_module_file(i, dir, depmod_in[n], &name, e);
	vec_foreach(module, &i->stage) {
		r = r < 0 ? r : copy_module_file(i, dir, *module, &name, e);
		r = r < 0 ? r : add_module_file(i, root, name, e);
	}
	r = r < 0 ? r : lab_run(i->l, depmod, RUN_MS, NULL, e);
	for (size_t n = 0; r == 0 && n < ARRAY_SIZE(depmod_out); n++)
		if (access(arena_printf(a, "%s/%s", dir, depmod_out[n]), R_OK) == 0)
			r = add_module_file(i, root, depmod_out[n], e);
	add_link(i, "lib/modules", "../usr/lib/modules");
	return r;
}

static int add_modules(struct image *i, struct err *e)
{
	const char *no_config = NULL;
	struct kmod_ctx *ctx = kmod_new(i->k->modules, &no_config);
	char *root = (char *)(uintptr_t)lab_file(i->l, "images", "stage.XXXXXX");
	const char *const clean[] = { "rm", "-rf", root, NULL };
	int r;

	if (!ctx)
		return -ENOMEM;
	i->load = "";
	r = choose_modules(i, ctx, e);
	kmod_unref(ctx);
	if (r < 0)
		return r;
	if (!mkdtemp(root))
		return err_set(e, -errno, "%s: %s", root, strerror(errno));
	r = add_modules_from(i, root, e);
	(void)lab_run(i->l, clean, RUN_MS, NULL, NULL);
	add(i, "lab/load", S_IFREG | 0644)->data = text_blob(i->load);
	return r;
}

/* --- the archive --- */

static int write_image(struct image *i, const char *path, struct err *e)
{
	const char *temp = arena_printf(i->l->arena, "%s.%d", path, (int)gettid());
	FILE *f = fopen(temp, "we");
	bool bad;

	if (!f)
		return err_set(e, -errno, "%s: %s", temp, strerror(errno));
	newc_write(f, i->items.v, i->items.n);
	bad = ferror(f);
	if (fclose(f) || bad || rename(temp, path) < 0) {
		(void)unlink(temp);
		return err_set(e, -EIO, "%s: could not be written", path);
	}
	return 0;
}

/* Of all that goes into it, before it is sorted. */
static uint64_t sum_items(const struct image *i)
{
	uint64_t sum = FNV1A;

	vec_foreach(item, &i->items) {
		sum = fnv1a(sum, item->path, strlen(item->path) + 1);
		sum = fnv1a(sum, &item->mode, sizeof(item->mode));
		sum = fnv1a(sum, item->data.data, item->data.len);
	}
	return sum;
}

int lab_image_make(const struct lab *l, const struct lab_kernel *k, struct lab_image *ret,
		   struct err *e)
{
	struct image i = { .l = l, .k = k };
	struct lab_image image;
	struct blob vmlinuz;
	struct stat st;
	int r = add_programs(&i, e);

	r = r < 0 ? r : add_modules(&i, e);
	r = r < 0 ? r : lab_read(l, k->vmlinuz, &vmlinuz, e);
	if (r < 0)
		return r;
	add(&i, "etc/passwd", S_IFREG | 0644)->data =
		text_blob("root:x:0:0:root:/root:/bin/sh\n"
			  "nobody:x:65534:65534:nobody:/:/bin/sh\n");
	image.sum = sum_items(&i);
	image.initrd = lab_file(l, "images", "%s-%016llx", k->release,
				(unsigned long long)image.sum);
	if (stat(image.initrd, &st) < 0) {
		r = write_image(&i, image.initrd, e);
		if (r < 0)
			return r;
		if (stat(image.initrd, &st) < 0)
			return err_set(e, -errno, "%s: %s", image.initrd,
				       strerror(errno));
	}
	image.size = (size_t)st.st_size;
	image.sum = fnv1a(image.sum, vmlinuz.data, vmlinuz.len);
	*ret = image;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names come and go in many ways; what is said of a name that was seen long ago is what
 * somebody says who looks for the first time. Operations by a seed, on recorded machines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "fakesys/kernfs.h"

#define OPERATIONS 60

static struct names_case {
	const char *name, *fixture;
	unsigned seed;
} cases[] = {
	{ "the lab's machine with an Intel IOMMU", "lab-intel-6.1", 1 },
	{ "the lab's machine with a virtio IOMMU", "lab-virtio-6.12", 2 },
	{ "a server with virtual functions", "server-sriov", 3 },
	{ "a machine with stacked disks", "proxmox-zfs-systemd-boot", 4 },
	{ "a group with many members", "shared-group-nvme", 5 },
	{ "no IOMMU", "intel-desktop-iommu-off", 6 },
};

/* A name as it was seen once; its folder stands before it. */
struct seen {
	struct knode *kn, *fresh;
	size_t folder;
	const char *name;
};

struct all {
	struct kernfs *k;
	VEC(struct seen) v;
	struct arena *a;
	struct arena *names; /* of what is seen now */
};

static void see_folder(struct all *all, size_t at)
{
	struct klist l;

	if (kernfs_list(all->k, all->v.v[at].kn, &l) < 0)
		return;
	for (size_t i = 2; i < l.v.n; i++) {
		const char *name = l.v.v[i].name;
		struct knode *kn;

		assert_int_equal(
			kernfs_lookup(all->k, all->v.v[at].kn, name, strlen(name), &kn),
			0);
		*vec_push(all->a, &all->v) = (struct seen){
			.kn = kn, .folder = at, .name = arena_strdup(all->names, name)
		};
		if (l.v.v[i].type == S_IFDIR)
			see_folder(all, all->v.n - 1);
	}
	klist_done(&l);
}

static void see(struct all *all)
{
	all->names = arena_new();
	all->v.n = 0;
	*vec_push(all->a, &all->v) =
		(struct seen){ .kn = knode_get(kernfs_root(all->k)), .name = "" };
	see_folder(all, 0);
}

static void drop(struct all *all)
{
	vec_foreach(o, &all->v)
		knode_put(all->k, o->kn);
	arena_free(all->names);
}

/* What somebody finds there who has seen nothing before. */
static struct knode *look(struct kernfs *k, const struct all *all, const struct seen *o)
{
	struct knode *dir = all->v.v[o->folder].fresh, *kn = NULL;

	if (o == all->v.v)
		return knode_get(kernfs_root(k));
	if (dir)
		(void)kernfs_lookup(k, dir, o->name, strlen(o->name), &kn);
	return kn;
}

static void compare(struct sim *s, const struct all *all, const char *what)
{
	struct kernfs *k = kernfs_new(s);

	vec_foreach(o, &all->v) {
		struct kstat was = { 0 }, is = { 0 };
		bool same;

		o->fresh = look(k, all, o);
		knode_stat(all->k, o->kn, &was);
		if (o->fresh)
			knode_stat(k, o->fresh, &is);
		same = o->fresh && was.ino == is.ino;
		if (same != knode_alive(all->k, o->kn))
			fail_msg("%s: %s below %s %s", what, o->name,
				 all->v.v[o->folder].name,
				 same ? "is held for gone" : "is held for there");
	}
	vec_foreach(o, &all->v)
		if (o->fresh)
			knode_put(k, o->fresh);
	kernfs_free(k);
}

/* --- what happens --- */

static void store(struct sim *s, const char *file, const char *bdf, const char *text)
{
	const char *own = after_prefix(file, "BDF/");
	const char *value = streq(text, "BDF") ? bdf : text;
	char path[512];

	snprintf(path, sizeof(path), "sys/bus/pci/%s%s%s%s", own ? "devices/" : "",
		 own ? bdf : "", own ? "/" : "", own ? own : file);
	(void)sim_store(s, path, value, strlen(value));
}

static void command(struct sim *s, const char *const argv[])
{
	struct host h = sim_host(s);
	struct host_output o = { 0 };

	if (h.ops->run(h.ctx, argv, &o) >= 0)
		free(o.text);
}

static void modprobe(struct sim *s)
{
	command(s, (const char *const[]){ "modprobe", "vfio-pci", NULL });
}

static void rmmod(struct sim *s)
{
	command(s, (const char *const[]){ "rmmod", "vfio-pci", NULL });
}

static void reboot(struct sim *s)
{
	const struct boot_report *report;
	struct err e;

	(void)sim_reboot(s, &report, &e);
}

static void claims(struct sim *s)
{
	for (int group = 0; group < 64; group++)
		(void)sim_claim_group(s, group);
}

static void releases(struct sim *s)
{
	for (int group = 0; group < 64; group++)
		(void)sim_release_group(s, group);
}

static const struct {
	unsigned weight;
	const char *file, *text; /* BDF: a function */
	void (*act)(struct sim *s);
} operations[] = {
	{ 8, "BDF/driver/unbind", "BDF" },
	{ 6, "drivers_probe", "BDF" },
	{ 6, "drivers/vfio-pci/bind", "BDF" },
	{ 6, "BDF/driver_override", "vfio-pci" },
	{ 2, "BDF/driver_override", "\n" },
	{ 4, "BDF/remove", "1" },
	{ 4, "rescan", "1" },
	{ 2, "BDF/reset", "1" },
	{ 4, "BDF/sriov_numvfs", "2" },
	{ 2, "BDF/sriov_numvfs", "0" },
	{ 3, .act = modprobe },
	{ 1, .act = rmmod },
	{ 2, .act = claims },
	{ 2, .act = releases },
	{ 1, .act = reboot },
};

static size_t choose(unsigned *seed)
{
	unsigned total = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(operations); k++)
		total += operations[k].weight;
	at = (unsigned)rand_r(seed) % total;
	while (at >= operations[i].weight)
		at -= operations[i++].weight;
	return i;
}

static void test_names(void **state)
{
	const struct names_case *c = *state;
	struct all all = { .a = arena_new() };
	char path[512], bdf[BDF_SIZE];
	unsigned seed = c->seed;
	struct machine *m;
	struct sim *s;
	struct err e;

	snprintf(path, sizeof(path), "%s/%s.json", getenv("PCIPASS_FIXTURES"),
		 c->fixture);
	assert_int_equal(machine_load(path, &m, &e), 0);
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	all.k = kernfs_new(s);
	see(&all);
	for (size_t i = 0; i < OPERATIONS; i++) {
		size_t o = choose(&seed);
		const struct pci_fn *fn = &m->fns.v[(size_t)rand_r(&seed) % m->fns.n];
		char what[128];

		bdf_format(fn->bdf, bdf);
		if (operations[o].act)
			operations[o].act(s);
		else
			store(s, operations[o].file, bdf, operations[o].text);
		snprintf(what, sizeof(what), "operation %zu (%zu of the table, %s)", i, o,
			 bdf);
		compare(s, &all, what);
		drop(&all);
		see(&all);
	}
	drop(&all);
	kernfs_free(all.k);
	arena_free(all.a);
	sim_free(s);
	machine_free(m);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_names,
						.initial_state = &cases[i] };
	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}

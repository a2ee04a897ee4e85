/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "scenarios/shard.h"
#include "tools/lab-values.h"

#define DEFAULT_OPS 500
#define DEFAULT_EVERY 250
#define OPS_MAX 100000000
#define JOBS_MAX 16

/* --- what is typed --- */

/* One of @list, or nothing. */
static int check_word(const char *option, const char *typed, const char *const *list,
		      struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	const char *known = "";

	if (!typed)
		return 0;
	for (const char *const *w = list; *w; w++) {
		if (streq(*w, typed))
			return 0;
		known = arena_printf(a, "%s%s%s", known,
				     w == list ? ""
				     : w[1]    ? ", "
					       : " or ",
				     *w);
	}
	return err_set(e, -EINVAL, "%s %s: it can be %s", option, typed, known);
}

/* A number from @min to @max; @ret stays where nothing was typed. */
static int read_number(const char *option, const char *typed, uint64_t min, uint64_t max,
		       uint64_t *ret, struct err *e)
{
	uint64_t n;
	char *end;

	if (!typed)
		return 0;
	errno = 0;
	n = strtoull(typed, &end, 10);
	if (*typed < '0' || *typed > '9' || *end || errno || n < min || n > max)
		return err_set(e, -EINVAL, "%s %s: it can be a number from %llu to %llu",
			       option, typed, (unsigned long long)min,
			       (unsigned long long)max);
	*ret = n;
	return 0;
}

static int check_kernel(const struct rig_want *w, struct err *e)
{
	if (!w->vmlinuz != !w->modules)
		return err_set(e, -EINVAL, "%s goes with %s",
			       w->vmlinuz ? "--vmlinuz" : "--modules",
			       w->vmlinuz ? "--modules" : "--vmlinuz");
	if (w->kernel && w->vmlinuz)
		return err_set(e, -EINVAL,
			       "--kernel and --vmlinuz: these are two kernels; name one");
	return check_word("--kernel", w->kernel, lab_kernel_names, e);
}

static const char *const sets[] = { "few", "pairs", "all", NULL };
static const char *const starters[] = { "qemu", "libvirt", NULL };

int lab_values_check(const struct lab_values *v, struct campaign *c, struct err *e)
{
	uint64_t ops = DEFAULT_OPS, every = DEFAULT_EVERY, seed = 1, jobs = 1;
	struct shard mine;
	int r = check_kernel(&v->want, e);

	r = r < 0 ? r : check_word("--iommu", v->want.iommu, topology_iommus, e);
	r = r < 0 ? r : check_word("--firmware", v->want.firmware, topology_firmwares, e);
	r = r < 0 ? r : check_word("--inner", v->inner, topology_firmwares, e);
	r = r < 0 ? r : check_word("--by", v->by, starters, e);
	r = r < 0 ? r : check_word("--cells", v->cells, sets, e);
	r = r < 0 ? r : read_number("--ops", v->ops, 0, OPS_MAX, &ops, e);
	r = r < 0 ? r : read_number("--every", v->every, 1, OPS_MAX, &every, e);
	r = r < 0 ? r : read_number("--seed", v->seed, 0, UINT64_MAX, &seed, e);
	r = r < 0 ? r : read_number("--jobs", v->jobs, 1, JOBS_MAX, &jobs, e);
	if (r == 0 && v->shard)
		r = shard_parse(v->shard, &mine, e);
	if (r < 0)
		return r;
	c->o = (struct part_options){ .ops = ops,
				      .every = every,
				      .keep_going = v->keep_going,
				      .seed = seed,
				      .by = v->by ? v->by : "qemu" };
	c->jobs = (unsigned)jobs;
	return 0;
}

int lab_values_check_machine(const struct lab *l, const struct lab_values *v,
			     struct err *e)
{
	struct lab_topology t = { 0 };
	struct lab_kernel k;
	int r = v->want.vmlinuz
			? lab_kernel_given(l, v->want.vmlinuz, v->want.modules, &k, e)
			: 0;

	if (r == 0 && v->want.topology)
		r = topology_load(l, v->want.topology, &t, e);
	topology_done(&t);
	return r;
}

/* --- the cells of a matrix --- */

void lab_add_cell(struct campaign *c, struct cell cell, unsigned parts, const char *inner)
{
	*vec_push(c->arena, &c->cells) =
		(struct campaign_cell){ .cell = cell, .parts = parts, .inner = inner };
}

enum { PART_BOOT = 1, PART_VFIO = 2, PART_CONFORM = 4, PART_NESTED = 8 };
#define PARTS_MACHINE (PART_BOOT | PART_VFIO | PART_CONFORM)

/* One kernel with each of the IOMMUs. */
static void choose_few(struct campaign *c)
{
	lab_add_cell(c, (struct cell){ "6.12", "intel", "seabios", "a" },
		     PARTS_MACHINE | PART_NESTED, NULL);
	lab_add_cell(c, (struct cell){ "6.12", "amd", "seabios", "d" }, PARTS_MACHINE,
		     NULL);
	lab_add_cell(c, (struct cell){ "6.12", "virtio", "seabios", "c" }, PARTS_MACHINE,
		     NULL);
}

static struct cell_axes axes(struct arena *a)
{
	static const char *const topologies[] = { "a", "b", "c", "d", "e",
						  "f", "g", "h", NULL };
	const char *const *const values[CELL_AXES] = {
		[CELL_KERNEL] = lab_kernel_names,
		[CELL_IOMMU] = topology_iommus,
		[CELL_FIRMWARE] = topology_firmwares,
		[CELL_TOPOLOGY] = topologies,
	};
	struct cell_axes ret = { .rules = cell_rules };

	for (size_t i = 0; i < CELL_AXES; i++)
		for (const char *const *v = values[i]; *v; v++)
			*vec_push(a, &ret.values[i]) = *v;
	return ret;
}

/* A nested run for each IOMMU, of which one has OVMF. */
static void choose_set(struct campaign *c, bool all)
{
	struct cell_axes x = axes(c->arena);
	cells set = { 0 };

	if (all)
		cells_all(&x, c->arena, &set);
	else
		cells_pairs(&x, c->o.seed, c->arena, &set);
	vec_foreach(cell, &set)
		lab_add_cell(c, *cell, PARTS_MACHINE, NULL);
	for (const char *const *k = lab_kernel_names; *k; k++) {
		if (!all && !streq(*k, "6.12"))
			continue;
		lab_add_cell(c, (struct cell){ *k, "intel", "seabios", "nested" },
			     PART_NESTED, "ovmf");
		lab_add_cell(c, (struct cell){ *k, "amd", "seabios", "nested" },
			     PART_NESTED, NULL);
		lab_add_cell(c, (struct cell){ *k, "virtio", "seabios", "nested" },
			     PART_NESTED, NULL);
	}
}

static int take_shard(struct campaign *c, const struct lab_values *v, json_t *seconds,
		      struct err *e)
{
	struct shard mine;
	int r = shard_parse(v->shard, &mine, e);
	const char **names;
	unsigned *shards;
	size_t to = 0;

	if (r < 0)
		return r;
	names = arena_alloc(c->arena, c->cells.n * sizeof(*names));
	shards = arena_alloc(c->arena, c->cells.n * sizeof(*shards));
	for (size_t i = 0; i < c->cells.n; i++)
		names[i] = cell_name(c->arena, &c->cells.v[i].cell);
	shard_deal(seconds, names, c->cells.n, mine.n, shards);
	for (size_t i = 0; i < c->cells.n; i++)
		if (shards[i] == mine.k)
			c->cells.v[to++] = c->cells.v[i];
	c->cells.n = to;
	return 0;
}

int lab_values_cells(const struct lab_values *v, struct campaign *c, struct err *e)
{
	json_auto_t *seconds = json_object();
	const char *set = v->cells ? v->cells : "few";
	int r = v->durations ? durations_load(v->durations, seconds, e) : 0;

	if (r < 0)
		return r;
	if (streq(set, "few"))
		choose_few(c);
	else
		choose_set(c, streq(set, "all"));
	c->matrix.again = arena_printf(
		c->arena, "pcipass-lab matrix --cells %s --seed %llu --ops %zu", set,
		(unsigned long long)c->o.seed, c->o.ops);
	return v->shard ? take_shard(c, v, seconds, e) : 0;
}

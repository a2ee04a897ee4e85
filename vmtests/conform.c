/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>

#include "core/machine-json.h"
#include "fakesys/profile.h"
#include "fakesys/tree.h"
#include "vmtests/conform.h"
#include "vmtests/ops-guest.h"

#define BATCH_MS 120000
#define TREE_MS 60000
#define TREE_LINES 24 /* of a difference that are shown */

/* What is compared, for it is what the model computes. */
static const char *const roots[] = {
	"dev/vfio",
	"sys/bus/pci",
	"sys/bus/pci_express",
	"sys/class/devlink",
	"sys/class/iommu",
	"sys/class/misc/vfio",
	"sys/class/pci_bus",
	"sys/class/vfio",
	"sys/class/vfio-dev",
	"sys/devices/pci0000:00",
	"sys/devices/virtual/iommu",
	"sys/devices/virtual/vfio",
	"sys/kernel/iommu_groups",
	"sys/module/pci_stub",
	"sys/module/pcieport",
	"sys/module/vfio",
	"sys/module/vfio_iommu_type1",
	"sys/module/vfio_pci",
	"sys/module/vfio_pci_core",
	NULL,
};

/* What is in these trees and not the model's, with the reason. */
static const struct {
	const char *path, *why;
} not_owned[] = {
	/* clang-format off */
	{ "*/power/runtime_active_time", "milliseconds" },
	{ "*/power/runtime_suspended_time", "milliseconds" },
	{ "*/net/*", "a network driver's: counters, indexes that rise" },
	{ "*/nvme/*", "the NVMe driver's" },
	{ "*/virtio[0-9]*", "virtio's own bus" },
	{ "*/usb[0-9]*", "USB's own bus" },
	{ "*/ata[0-9]*", "libata's" },
	{ "*/drm/*", "a graphics driver's" },
	{ "*/PNP0*", "the ACPI's" },
	{ "*/sections/*", "addresses where a module was loaded" },
	{ "*/wakeup/*", "counters of events" },
	/* clang-format on */
};

/* Lines of the log that are not the model's, with the reason. */
static const struct {
	const char *line, *why;
} foreign[] = {
	/* clang-format off */
	{ "e1000e *", "a network driver's" },
	{ "e1000 *", "a network driver's" },
	{ "e1000: *", "a network driver's" },
	{ "e1000e: *", "a network driver's" },
	{ "igb *", "a network driver's" },
	{ "Intel(R) *", "a network driver's" },
	{ "Copyright *", "a network driver's" },
	{ "*: Link is *", "a network driver's" },
	{ "*: NIC Link is *", "a network driver's" },
	{ "nvme *", "the NVMe driver's" },
	{ "nvme[0-9]*", "the NVMe driver's" },
	{ "virtio*", "virtio's own bus" },
	{ "shpchp *", "a hot-plug driver's" },
	{ "clocksource*", "timing" },
	{ "hrtimer: *", "timing" },
	{ "perf: *", "timing" },
	{ "sched: *", "timing" },
	{ "workqueue: *", "timing" },
	{ "*random: *", "the random number generator's" },
	{ "systemd*", "user space" },
	/* clang-format on */
};

static bool is_owned(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_owned); i++)
		if (!fnmatch(not_owned[i].path, path, 0))
			return false;
	return true;
}

static bool is_foreign(const char *line)
{
	if (strstr(line, "probe of ") || strstr(line, "probe with driver"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (!fnmatch(foreign[i].line, line, 0))
			return true;
	return false;
}

/* --- a guest and its model --- */

int conform_open(struct guests *gs, struct rig *rig, struct conform *ret, struct err *e)
{
	struct conform c = { .gs = gs, .rig = rig };
	const struct kernel_profile *p;
	int r = rig_start(gs, rig, &c.guest, e);

	if (r < 0)
		return r;
	rig_start_ahead(gs, rig); /* for the next guest's worth, or to shrink with */
	r = machine_load(rig->fixture, &c.machine, e);
	if (r == 0) {
		p = profile_for(c.machine, &c.proven);
		c.profile = p->name;
		r = sim_new(c.machine, p, &c.sim, e);
	}
	if (r < 0) {
		conform_close(&c);
		return err_prefix(e, -EIO, "%s", rig->fixture);
	}
	sim_set_udev(c.sim, false); /* the guest has none (guest/lab-init) */
	ops_sim_begin(&c.player, c.sim);
	*ret = c;
	return 0;
}

void conform_close(struct conform *c)
{
	guest_end(c->guest);
	sim_free(c->sim);
	if (c->machine)
		machine_free(c->machine);
	*c = (struct conform){ 0 };
}

/* --- playing --- */

int conform_play_guest(struct conform *c, struct arena *a, const ops *batch,
		       op_results *ret, struct err *e)
{
	double start = lab_now();
	int r = ops_guest_play(c->guest, a, batch, BATCH_MS, ret, e);

	c->guest_s += lab_now() - start;
	return r;
}

static void write_result(FILE *f, const char *who, const struct op_result *r)
{
	char buf[32];

	fprintf(f, "  %s: %s\n", who, op_result_word(r->result, buf));
	vec_foreach(line, &r->log)
		fprintf(f, "    log: %s%s\n", *line,
			is_foreign(*line) ? "   (not compared)" : "");
	vec_foreach(answer, &r->answers)
		fprintf(f, "    answer to operation %u: %s\n", answer->op,
			op_result_word(answer->result, buf));
}

static bool same_log(const strings *x, const strings *y)
{
	size_t i = 0, k = 0;

	for (;; i++, k++) {
		while (i < x->n && is_foreign(x->v[i]))
			i++;
		while (k < y->n && is_foreign(y->v[k]))
			k++;
		if (i == x->n || k == y->n)
			return i == x->n && k == y->n;
		if (!streq(x->v[i], y->v[k]))
			return false;
	}
}

static bool same_result(const struct op_result *x, const struct op_result *y)
{
	if (x->result != y->result || x->answers.n != y->answers.n ||
	    !same_log(&x->log, &y->log))
		return false;
	for (size_t i = 0; i < x->answers.n; i++)
		if (x->answers.v[i].op != y->answers.v[i].op ||
		    x->answers.v[i].result != y->answers.v[i].result)
			return false;
	return true;
}

static const char *describe(struct arena *a, const struct op *op,
			    const struct op_result *kernel, const struct op_result *model)
{
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return "";
	op_write(f, op);
	write_result(f, "kernel", kernel);
	write_result(f, "model", model);
	(void)fclose(f);
	return arena_strdup(a, text);
}

/* --- trees --- */

static int tree_of_guest(struct conform *c, char **ret, struct err *e)
{
	const char *argv[ARRAY_SIZE(roots) + 2] = { "/usr/bin/lab-inside", "tree" };
	struct guest_output o;
	int r;

	memcpy(argv + 2, roots, sizeof(roots));
	r = guest_run(c->guest, argv, (struct blob){ 0 }, TREE_MS, &o, e);
	if (r < 0)
		return r;
	if (o.status)
		r = err_set(e, -EIO, "lab-inside tree: exit status %d: %s", o.status,
			    o.err);
	else
		*ret = TAKE(o.out);
	guest_output_done(&o);
	return r;
}

/* What of a long line differs from another one about the same file: "...MIDDLE...". */
static const char *shorten(struct arena *a, const char *line, const char *other)
{
	size_t same = 0, from;

	while (line[1 + same] && line[1 + same] == other[1 + same])
		same++;
	if (strlen(line) < 160)
		return line;
	from = same > 12 ? same - 12 : 0;
	return arena_printf(a, "%.*s ... (at character %zu) ...%.60s...",
			    (int)strcspn(line, "\""), line, same, line + 1 + from);
}

static const char *path_of(struct arena *a, const char *line)
{
	const char *at = strchr(line, '/');

	return at ? arena_strndup(a, at, strcspn(at, " ")) : line;
}

/* Lines of a difference that count; NULL: none. */
static const char *owned_lines(struct arena *a, char *diff)
{
	strings lines = { 0 };
	AUTOFREE char *text = NULL;
	char *save = NULL;
	size_t len = 0;
	FILE *f;

	for (char *line = strtok_r(diff, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (is_owned(path_of(a, line)))
			*vec_push(a, &lines) = line;
	f = lines.n ? open_memstream(&text, &len) : NULL;
	for (size_t i = 0; f && i < lines.n && i < TREE_LINES; i++) {
		const char *line = lines.v[i], *path = path_of(a, line);

		for (size_t k = i ? i - 1 : 0; k <= i + 1 && k < lines.n; k++)
			if (k != i && streq(path_of(a, lines.v[k]), path))
				line = shorten(a, lines.v[i], lines.v[k]);
		fprintf(f, "  %.300s\n", line);
	}
	if (f && lines.n > TREE_LINES)
		fprintf(f, "  and %zu more\n", lines.n - TREE_LINES);
	if (f)
		(void)fclose(f);
	return text ? arena_strdup(a, text) : NULL;
}

static int compare_trees(struct conform *c, struct arena *a, const char **ret,
			 struct err *e)
{
	AUTOFREE char *kernel = NULL, *model = NULL, *diff = NULL;
	struct host h = sim_host(c->sim);
	double start = lab_now();
	int r = tree_of_guest(c, &kernel, e);

	c->tree_s += lab_now() - start;
	if (r < 0)
		return r;
	if (tree_write(&h, roots, &model) < 0 || tree_diff(kernel, model, &diff) < 0)
		return -ENOMEM;
	*ret = owned_lines(a, diff);
	return *ret ? 1 : 0;
}

int conform_play(struct conform *c, struct arena *a, const ops *batch, bool trees,
		 divergences *ret, struct err *e)
{
	op_results kernel = { 0 }, model = { 0 };
	const char *lines = NULL;
	double start;
	int r = batch->n ? conform_play_guest(c, a, batch, &kernel, e) : 0;

	if (r < 0)
		return r;
	start = lab_now();
	ops_sim_play(&c->player, a, batch, &model);
	c->model_s += lab_now() - start;
	*ret = (divergences){ 0 };
	for (size_t i = 0; i < batch->n; i++)
		if (!same_result(&kernel.v[i], &model.v[i]))
			*vec_push(a, ret) = (struct divergence){
				i, false,
				describe(a, &batch->v[i], &kernel.v[i], &model.v[i])
			};
	r = trees ? compare_trees(c, a, &lines, e) : 0;
	if (r == 1)
		*vec_push(a, ret) = (struct divergence){
			batch->n ? batch->n - 1 : 0, true,
			arena_printf(a, "trees differ, - kernel, + model:\n%s", lines)
		};
	return r < 0 ? r : ret->n > 0;
}

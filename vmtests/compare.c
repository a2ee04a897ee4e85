/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>

#include <pci/header.h>

#include "core/machine-json.h"
#include "core/pci.h"
#include "fakesys/profile.h"
#include "fakesys/tree.h"
#include "vmtests/compare.h"

#define TREE_LINES 24 /* of a difference that are shown */
#define BYTES 12      /* of a long line */

int compare_open(struct blob fixture, const char *name, struct compare_model *ret,
		 struct err *e)
{
	struct compare_model m = { 0 };
	bool proven;
	int r = machine_from_json((const char *)fixture.data, fixture.len, name,
				  &m.machine, e);

	if (r == 0)
		r = sim_new(m.machine, profile_for(m.machine, &proven), &m.sim, e);
	if (r < 0) {
		compare_close(&m);
		return r;
	}
	sim_set_udev(m.sim, false);
	ops_sim_begin(&m.player, m.sim);
	*ret = m;
	return 0;
}

void compare_close(struct compare_model *m)
{
	sim_free(m->sim);
	if (m->machine)
		machine_free(m->machine);
	*m = (struct compare_model){ 0 };
}

/* What is compared, for it is what the model computes. */
const char *const compare_roots[] = {
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

/* What is not the model's, with the reason. */
struct hidden {
	const char *pattern, *why;
};

/* In these trees, by path. */
static const struct hidden not_owned[] = {
	/* clang-format off */
	{ "*/power/runtime_active_time", "milliseconds" },
	{ "*/power/runtime_suspended_time", "milliseconds" },
	{ "*/net/*", "a network driver's: counters, indexes that rise" },
	{ "*/ptp/*", "a network driver's clock, by a number that others have had" },
	{ "/sys/bus/pci/slots/*_bus_speed", "shpchp's, also of a bridge that it gives up" },
	{ "*/nvme/*", "the NVMe driver's" },
	{ "*/virtio[0-9]*", "virtio's own bus" },
	{ "*/usb[0-9]*", "USB's own bus" },
	{ "*/ata[0-9]*", "libata's" },
	{ "*/drm/*", "a graphics driver's" },
	{ "*/irq", "of a function without MSI: the firmware's program (_PRT) routes pins" },
	{ "*/PNP0*", "the ACPI's" },
	{ "/sys/module/pci_stub", "how many folders: see the next" },
	{ "/sys/module/*/notes*", "of a module that was not loaded when it was captured" },
	{ "/sys/module/*/sections*", "the same; and addresses where it was loaded" },
	{ "/sys/module/*/coresize", "the same" },
	{ "/sys/devices/virtual/vfio/*/dev", "minor: who is first when a VM gives a group back?" },
	{ "/sys/devices/virtual/vfio/*/uevent", "the same" },
	{ "*/wakeup/*", "counters of events" },
	/* clang-format on */
};

/* Lines of the log. */
static const struct hidden foreign[] = {
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
	{ "*: unlocked secondary bus reset via: *", "an address in this very kernel" },
	{ "ACPI: *: Enabled at IRQ *", "the firmware's program routes pins" },
	{ "resource: Trying to free nonexistent resource *", "the firmware's screen, whose function has moved" },
	{ " (null): Runtime PM usage count underflow!", "6.1's efifb gives back a function that it no longer has" },
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

/* What the core says in the name of any driver. */
static const char *const cores[] = {
	"probe of ",        "probe with driver",   ": enabling device (",
	": resetting",      ": reset done",        " iommu group ",
	" reset method",    "MSI/MSI-X ",          "Overriding NUMA node",
	": synth uevent: ", ": uevent: failed to", ": Device-specific reset",
};

static bool hides(const struct hidden *table, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (!fnmatch(table[i].pattern, text, 0))
			return true;
	return false;
}

static bool is_owned(const char *path)
{
	return !hides(not_owned, ARRAY_SIZE(not_owned), path);
}

static bool is_foreign(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(cores); i++)
		if (strstr(line, cores[i]))
			return false;
	return hides(foreign, ARRAY_SIZE(foreign), line);
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

/* What stands between the quotes of a line, as tree_write() escapes it. */
static struct blob content_of(struct arena *a, const char *line)
{
	const char *p = strchr(line, '"'), *end = strrchr(line, '"');
	uint8_t *to = arena_alloc(a, strlen(line) + 1);
	size_t n = 0;

	for (p = p ? p + 1 : end; p < end; n++) {
		unsigned v;

		if (*p != '\\') {
			to[n] = (uint8_t)*p++;
		} else if (p[1] == 'x' && sscanf(p + 2, "%2x", &v) == 1) {
			to[n] = (uint8_t)v;
			p += 4;
		} else {
			to[n] = p[1] == 'n' ? '\n' : (uint8_t)p[1];
			p += 2;
		}
	}
	return (struct blob){ to, n };
}

/* Of a long line about the same file as @other: the bytes that differ, "0x3c 0b". */
static const char *shorten(struct arena *a, const char *line, const char *other)
{
	struct blob mine = content_of(a, line), its = content_of(a, other);
	AUTOFREE char *text = NULL;
	size_t len = 0, told = 0;
	FILE *f = strlen(line) < 160 ? NULL : open_memstream(&text, &len);

	if (!f)
		return line;
	fprintf(f, "%.*s", (int)strcspn(line, "\""), line);
	for (size_t i = 0; i < mine.len && told < BYTES; i++)
		if (i >= its.len || mine.data[i] != its.data[i]) {
			fprintf(f, "%s0x%zx %02x", told ? ", " : "", i, mine.data[i]);
			told++;
		}
	(void)fclose(f);
	return arena_strdup(a, text);
}

/*
 * Do two lines tell of the same registers, but for the message by which a function
 * interrupts? That has the vector which its CPU gave it, or its place in the IOMMU's
 * table.
 */
static bool same_but_messages(struct arena *a, const char *line, const char *other)
{
	struct blob b = content_of(a, line), o = content_of(a, other);
	uint32_t msi = cfg_find_cap(b, PCI_CAP_ID_MSI), end;

	if (!strstr(line, "/config ") || !msi || b.len != o.len ||
	    !(cfg_u16(b, msi + PCI_MSI_FLAGS) & cfg_u16(o, msi + PCI_MSI_FLAGS) &
	      PCI_MSI_FLAGS_ENABLE))
		return false;
	end = msi + (cfg_u16(b, msi + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_64BIT
			     ? PCI_MSI_DATA_64
			     : PCI_MSI_DATA_32);
	for (uint32_t i = 0; i < b.len; i++)
		if (b.data[i] != o.data[i] &&
		    (i < msi + PCI_MSI_ADDRESS_LO || i > end + 1))
			return false;
	return true;
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
	     line = strtok_r(NULL, "\n", &save)) {
		const char *last = lines.n ? lines.v[lines.n - 1] : "";

		if (!is_owned(path_of(a, line)))
			continue;
		if (streq(path_of(a, last), path_of(a, line)) &&
		    same_but_messages(a, last, line))
			lines.n--;
		else
			*vec_push(a, &lines) = line;
	}
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

/* 1: *ret says what differs. */
static int compare_trees(struct sim *s, struct arena *a, const char *kernel,
			 const char **ret)
{
	AUTOFREE char *model = NULL, *diff = NULL;
	struct host h = sim_host(s);

	if (tree_write(&h, compare_roots, &model) < 0 ||
	    tree_diff(kernel, model, &diff) < 0)
		return -ENOMEM;
	*ret = owned_lines(a, diff);
	return *ret ? 1 : 0;
}

int compare_batch(struct compare_model *m, struct arena *a,
		  const struct kernel_batch *kernel, divergences *ret)
{
	const ops *o = &kernel->ops;
	op_results model = { 0 };
	const char *lines = NULL;
	int r = 0;

	ops_sim_play(&m->player, a, o, &model);
	*ret = (divergences){ 0 };
	for (size_t i = 0; i < o->n; i++)
		if (!same_result(&kernel->results.v[i], &model.v[i]))
			*vec_push(a, ret) = (struct divergence){
				i, false,
				describe(a, &o->v[i], &kernel->results.v[i], &model.v[i])
			};
	if (kernel->tree)
		r = compare_trees(m->sim, a, kernel->tree, &lines);
	if (r == 1)
		*vec_push(a, ret) = (struct divergence){
			o->n ? o->n - 1 : 0, true,
			arena_printf(a, "trees differ, - kernel, + model:\n%s", lines)
		};
	return r < 0 ? r : ret->n > 0;
}

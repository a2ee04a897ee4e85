/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>

#include "core/finding.h"
#include "core/machine-groups.h"

const char *severity_name(enum severity s)
{
	static const char *const names[] = { [SEV_INFO] = "info",
					     [SEV_WARN] = "warn",
					     [SEV_TODO] = "todo",
					     [SEV_BLOCK] = "block" };

	return names[s];
}

bool rule_allowed(const char *allow, const struct rule *r)
{
	size_t len = strlen(r->id);

	for (const char *p = allow; p && *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == len && strncmp(p, r->id, len) == 0)
			return true;
	return false;
}

const struct rule *rule_find(const char *id)
{
	for (size_t i = 0; i < n_rules; i++)
		if (streq(rules[i].id, id))
			return &rules[i];
	return NULL;
}

struct finding *finding_add(const struct judged *j, findings *ret, const struct rule *r,
			    const struct pci_fn *fn, const char *remedy,
			    const char *text_fmt, ...)
{
	struct finding *f = vec_push(j->arena, ret);
	va_list ap;

	va_start(ap, text_fmt);
	*f = (struct finding){ .rule = r,
			       .fn = fn,
			       .remedy = remedy,
			       .text = arena_vprintf(j->arena, text_fmt, ap) };
	va_end(ap);
	return f;
}

/* Functions of a machine stand in one array, so their order in memory is by address. */
static int by_address(const void *a, const void *b)
{
	const struct pci_fn *x = *(const struct pci_fn *const *)a;
	const struct pci_fn *y = *(const struct pci_fn *const *)b;

	return (x > y) - (x < y);
}

/* The same functions that a plan makes its targets. */
static void collect_taken(struct judged *j)
{
	size_t n = 0;

	vec_foreach(it, &j->members)
		if (it->role != GROUP_STAYS)
			*vec_push(j->arena, &j->taken) = it->fn;
	group_companions(j->m, j->arena, &j->taken, &j->taken);
	if (!j->taken.n)
		return;
	qsort(j->taken.v, j->taken.n, sizeof(*j->taken.v), by_address);
	for (size_t i = 0; i < j->taken.n; i++)
		if (!n || j->taken.v[n - 1] != j->taken.v[i])
			j->taken.v[n++] = j->taken.v[i];
	j->taken.n = n;
}

static void parse_acpi(struct judged *j)
{
	static const char *const names[] = { "DMAR", "IVRS", "VIOT" };
	struct err e = { "" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct acpi_table *t = machine_acpi(j->m, names[i]);

		if (!t)
			continue;
		if (acpi_parse_iommu(j->arena, t->name, t->data, &j->acpi, &e) == 0) {
			vec_foreach(note, &j->acpi.notes)
				if (j->acpi.refused && strstr(*note, "so Linux"))
					j->acpi_error = arena_printf(j->arena, "%s: %s",
								     t->name, *note);
			return;
		}
		j->acpi_error = arena_printf(j->arena, "%s: %s", t->name, e.text);
	}
}

/*
 * kernel/params.c:param_set_copystring: a string parameter given twice keeps the last
 * value, so of several ids= only the last one counts.
 */
static void find_ids(struct judged *j)
{
	char *options = modprobe_options(&j->config, j->arena, "vfio_pci");
	const char *last = NULL;
	strings words = { 0 };

	cmdline_split(j->arena, options, &words);
	vec_foreach(w, &words)
		if (after_prefix(*w, "ids="))
			last = *w;
	if (last)
		vfio_parse_ids(j->arena, last, &j->ids);
}

static void compute_groups(struct judged *j)
{
	/* Where the IOMMU is off this is about the next boot. */
	j->grouping = arena_alloc(j->arena, sizeof(*j->grouping));
	machine_groups_compute(j->m, j->computed ? j->next_cmdline : NULL, j->arena,
			       j->grouping);
}

static void find_members(struct judged *j)
{
	bool shared = false;
	int *groups = NULL;

	j->computed = j->asked.n && !j->iommu_active;
	if (j->computed) {
		compute_groups(j);
		groups = arena_alloc(j->arena, (j->m->fns.n + 1) * sizeof(*groups));
		for (size_t i = 0; i < j->m->fns.n; i++)
			groups[i] = j->grouping->fns[i].group;
	}
	group_closure(j->m, groups, j->arena, &j->asked, &j->members);
	vec_foreach(it, &j->members)
		shared |= it->role == GROUP_COMES;
	if (shared && !j->computed)
		compute_groups(j);
}

void judge_prepare(const struct machine *m, struct arena *a, const fn_list *asked,
		   struct judged *ret)
{
	struct judged j = { .m = m, .arena = a };
	const char *cmdline = m->cmdline;
	struct err e = { "" };

	vec_foreach(it, asked)
		*vec_push(a, &j.asked) = *it;
	guard_find(m, a, &j.uses);
	loader_detect(m, a, &j.loader);
	loader_entries_read(m, a, &j.entries);
	if (j.entries.n) {
		j.next_cmdline = arena_strdup(a, j.entries.v[0].cmdline);
		cmdline = j.next_cmdline;
	}
	cmdline_iommu(a, m->cmdline, &j.now);
	cmdline_iommu(a, cmdline, &j.next);
	modprobe_read(a, m->files.v, m->files.n, cmdline, &j.config);
	if (boot_sequence(m, a, &j.boot, &e) < 0) {
		j.boot = (struct boot){ 0 };
		j.boot_error = arena_strdup(a, e.text);
	}
	j.kernel = j.boot.kernel ? j.boot.kernel : machine_kernel(m, m->release);
	if (!j.kernel && m->kernels.n) /* an image: the last one installed */
		j.kernel = &m->kernels.v[m->kernels.n - 1];
	j.iommu_active = machine_iommu_active(m);
	find_members(&j);
	collect_taken(&j);
	parse_acpi(&j);
	find_ids(&j);
	*ret = j;
}

void judge(const struct judged *j, findings *ret)
{
	for (size_t i = 0; i < n_rules; i++)
		rules[i].check(&rules[i], j, ret);
}

bool findings_pass(const findings *f)
{
	vec_foreach(it, f)
		if (it->rule->severity == SEV_BLOCK)
			return false;
	return true;
}

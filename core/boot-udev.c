/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What udev does for functions that are there or come: rules for single ones, and what
 * the modalias of each asks for.
 */
#include "core/boot-part.h"

/* Where the distribution's rules load what a modalias asks for. */
#define DRIVERS_RULES "80-drivers.rules"

/* One thing that a rules file does for the functions it matches. */
struct rule {
	struct boot_override what;
	const char *file;
	bool late; /* read after DRIVERS_RULES: its RUN comes behind that one's */
};

typedef VEC(struct rule) rule_list;

static void read_rules(struct boot_builder *b, const struct machine_file *files, size_t n,
		       rule_list *ret)
{
	boot_files found = { 0 };

	boot_folder(b->a, files, n, "udev/rules.d/", ".rules", &found);
	vec_foreach(f, &found) {
		boot_overrides list = { 0 };
		unsigned odd = 0;

		if (S_ISLNK(f->file->mode)) /* to dev/null: switched off */
			continue;
		override_parse_rules(b->a, boot_file_text(f->file), &list, &odd);
		vec_foreach(o, &list)
			*vec_push(b->a, ret) =
				(struct rule){ *o, f->file->path,
					       strcmp(f->name, DRIVERS_RULES) > 0 };
		if (odd)
			boot_note(b, f->file->path,
				  "a rule that gives drivers to PCI functions was not "
				  "understood, what it does is left out");
	}
}

/* Functions whose events load the same modules: one request. */
struct coldplug {
	const struct pci_fn *first;
	size_t more;
	rule_list rules; /* that match; then it stands alone */
};

typedef VEC(struct coldplug) coldplugs;

static int cmp_ident(const void *x, const void *y)
{
	const struct pci_fn *f = *(const struct pci_fn *const *)x;
	const struct pci_fn *g = *(const struct pci_fn *const *)y;
	int r = memcmp(&f->id, &g->id, sizeof(f->id));

	return r ? r : bdf_cmp(f->bdf, g->bdf);
}

static int cmp_coldplug(const void *x, const void *y)
{
	return bdf_cmp(((const struct coldplug *)x)->first->bdf,
		       ((const struct coldplug *)y)->first->bdf);
}

static void matching_rules(struct boot_builder *b, const rule_list *rules,
			   const struct pci_fn *fn, rule_list *ret)
{
	vec_foreach(r, rules)
		if (override_matches(&r->what, fn->bdf, &fn->id, fn->config))
			*vec_push(b->a, ret) = *r;
}

static void collect(struct boot_builder *b, const rule_list *rules, coldplugs *ret)
{
	const struct pci_fn **fns = arena_alloc(b->a, (b->n_plugged + 1) * sizeof(*fns));
	size_t n = 0;

	for (size_t i = 0; i < b->n_plugged; i++) {
		const struct pci_fn *fn = b->plugged[i];
		rule_list matching = { 0 };

		matching_rules(b, rules, fn, &matching);
		if (matching.n)
			*vec_push(b->a, ret) = (struct coldplug){ fn, 0, matching };
		else
			fns[n++] = fn;
	}
	if (n)
		qsort(fns, n, sizeof(*fns), cmp_ident);
	for (size_t i = 0; i < n; i++) {
		if (i && !memcmp(&fns[i]->id, &fns[i - 1]->id, sizeof(fns[i]->id)))
			ret->v[ret->n - 1].more++;
		else
			*vec_push(b->a, ret) = (struct coldplug){ .first = fns[i] };
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_coldplug);
}

/* udev runs what rules add to RUN in their order, after all rules were read. */
static void run_rules(struct boot_builder *b, const rule_list *rules, bool late)
{
	vec_foreach(r, rules)
		if (r->what.load && r->late == late)
			boot_load(b, r->what.load, "", r->what.flags,
				  arena_printf(b->a, "udev rule %s:%u", r->file,
					       r->what.line));
}

static void plug(struct boot_builder *b, const struct coldplug *c)
{
	strings names = { 0 };
	char bdf[BDF_SIZE];
	const char *why;

	modprobe_resolve_fn(&b->config, b->boot->kernel, &c->first->id, b->a, &names);
	if (!names.n && !c->rules.n)
		return;
	b->request++;
	bdf_format(c->first->bdf, bdf);
	why = c->more ? arena_printf(b->a, "udev event of %s and %zu like it", bdf,
				     c->more)
		      : arena_printf(b->a, "udev event of %s", bdf);
	vec_foreach(r, &c->rules)
		if (r->what.driver)
			boot_store(b, &r->what, c->first->bdf, r->file);
	run_rules(b, &c->rules, false);
	/* mkinitramfs runs depmod: the image has no aliases of modules it does not hold.
	 */
	vec_foreach(name, &names)
		if (!b->available || strings_have(b->available, *name))
			boot_load(b, *name, "",
				  MODPROBE_USE_BLACKLIST | MODPROBE_RESOLVED, why);
	run_rules(b, &c->rules, true);
}

void boot_coldplug(struct boot_builder *b, const struct machine_file *files, size_t n)
{
	rule_list rules = { 0 };
	coldplugs all = { 0 };

	read_rules(b, files, n, &rules);
	collect(b, &rules, &all);
	vec_foreach(c, &all)
		plug(b, c);
}

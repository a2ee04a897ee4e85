/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * depmod's text files of one kernel, of which only the modules are kept that can have a
 * say in who gets a function.
 */
#include <ctype.h>
#include <errno.h>

#include "core/inventory-parts.h"

struct mod {
	const char *name; /* normalized */
	const char *file; /* NULL: built in */
	const char *deps; /* rest of its line in modules.dep */
	const char *driver;
	bool wanted, pci; /* pci: it has PCI aliases, of whatever devices */
	bool family;      /* drives what it is told to, not what it knows */
	VEC(struct pci_id) ids;
	strings pre, post;
};

struct mods {
	struct inventory *v;
	VEC(struct mod) all;  /* built-ins in link order, then as in modules.dep */
	struct mod **by_name; /* sorted; of equal names the first in `all` first */
	VEC(struct pci_ident) idents; /* of all functions, sorted, each once */
	VEC(struct mod *) queue;      /* wanted, its dependencies not yet looked at */
};

static char *read_depmod(const struct mods *ms, const char *dir, const char *file)
{
	char *text;

	return host_read_text(ms->v->h, ms->v->tmp, &text, "%s/%s", dir, file) < 0 ? NULL
										   : text;
}

/* "kernel/drivers/vfio/pci/vfio-pci.ko.xz": vfio_pci */
static const char *module_name(struct arena *a, const char *file)
{
	const char *name = path_name(file), *dot = strstr(name, ".ko");
	char *s = arena_strndup(a, name, dot ? (size_t)(dot - name) : strlen(name));

	for (char *c = s; *c; c++)
		if (*c == '-')
			*c = '_';
	return s;
}

static void read_names(struct mods *ms, const char *dir)
{
	struct arena *a = ms->v->tmp;
	char *text = read_depmod(ms, dir, "modules.builtin"), *line;

	while (text && (line = inventory_line(&text)))
		if (*line)
			vec_push(a, &ms->all)->name = module_name(a, line);
	text = read_depmod(ms, dir, "modules.dep");
	while (text && (line = inventory_line(&text))) {
		char *colon = strchr(line, ':');
		struct mod *mod;

		if (!colon)
			continue;
		*colon = '\0';
		mod = vec_push(a, &ms->all);
		mod->name = module_name(a, line);
		mod->file = line;
		mod->deps = colon + 1;
	}
}

static int cmp_mod(const void *x, const void *y)
{
	const struct mod *a = *(struct mod *const *)x, *b = *(struct mod *const *)y;
	int r = strcmp(a->name, b->name);

	return r ? r : (a > b) - (a < b);
}

static void index_names(struct mods *ms)
{
	ms->by_name = arena_alloc(ms->v->tmp, (ms->all.n + 1) * sizeof(struct mod *));
	for (size_t i = 0; i < ms->all.n; i++)
		ms->by_name[i] = &ms->all.v[i];
	qsort(ms->by_name, ms->all.n, sizeof(struct mod *), cmp_mod);
}

/* Of one name, dashes or not, @n long; NULL: this kernel has no such module. */
static struct mod *find(const struct mods *ms, const char *name, size_t n)
{
	size_t lo = 0, hi = ms->all.n;
	char key[256];

	if (n >= sizeof(key))
		return NULL;
	for (size_t i = 0; i < n; i++)
		key[i] = name[i] == '-' ? '_' : name[i];
	key[n] = '\0';
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(ms->by_name[mid]->name, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < ms->all.n && streq(ms->by_name[lo]->name, key) ? ms->by_name[lo]
								   : NULL;
}

static void want(struct mods *ms, struct mod *mod)
{
	if (!mod || mod->wanted)
		return;
	mod->wanted = true;
	*vec_push(ms->v->tmp, &ms->queue) = mod;
}

/* --- aliases --- */

static int cmp_ident(const void *x, const void *y)
{
	return memcmp(x, y, sizeof(struct pci_ident));
}

static void index_idents(struct mods *ms)
{
	size_t out = 0;

	vec_foreach(fn, &ms->v->m->fns)
		*vec_push(ms->v->tmp, &ms->idents) = fn->id;
	if (!ms->idents.n)
		return;
	/* Any order will do in which equal vendors and devices stand together. */
	qsort(ms->idents.v, ms->idents.n, sizeof(*ms->idents.v), cmp_ident);
	for (size_t i = 1; i < ms->idents.n; i++)
		if (cmp_ident(&ms->idents.v[out], &ms->idents.v[i]))
			ms->idents.v[++out] = ms->idents.v[i];
	ms->idents.n = out + 1;
}

static bool matches_some(const struct mods *ms, const struct pci_id *id)
{
	/* vendor and device come first in struct pci_ident, and in its order */
	const uint32_t key[2] = { id->vendor, id->device };
	size_t len = id->vendor == PCI_ID_ANY   ? 0
		     : id->device == PCI_ID_ANY ? sizeof(key[0])
						: sizeof(key);
	size_t lo = 0, hi = ms->idents.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(&ms->idents.v[mid], key, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < ms->idents.n && !memcmp(&ms->idents.v[lo], key, len); lo++)
		if (pci_id_matches(id, &ms->idents.v[lo]))
			return true;
	return false;
}

/*
 * scripts/mod/file2alias.c:add_wildcard: a pattern that ends in a digit
 * ("...bc01sc06i01") gets a '*' behind it, which says nothing: the modalias ends there
 * too.
 */
static int parse_alias(struct mods *ms, const char *pattern, struct pci_id *ret)
{
	size_t n = strlen(pattern);

	if (n > 1 && pattern[n - 1] == '*' && isxdigit((unsigned char)pattern[n - 2]))
		pattern = arena_strndup(ms->v->tmp, pattern, n - 1);
	return pci_id_parse_alias(pattern, ret);
}

static void add_alias(struct mods *ms, struct mod *mod, const char *pattern)
{
	struct pci_id id;

	mod->pci |= after_prefix(pattern, "pci:") != NULL;
	if (parse_alias(ms, pattern, &id) < 0 || !matches_some(ms, &id))
		return;
	*vec_push(ms->v->tmp, &mod->ids) = id;
	/* vfio drivers match everything, but only when they are asked for by name. */
	if (!id.override_only)
		want(ms, mod);
}

static bool is_pci_alias(const char *pattern)
{
	return after_prefix(pattern, "pci:") || after_prefix(pattern, "vfio_pci:");
}

/* "alias PATTERN MODULE"; a module's lines stand together. */
static void read_aliases(struct mods *ms, const char *dir)
{
	char *text = read_depmod(ms, dir, "modules.alias"), *line;
	const char *last = "";
	struct mod *mod = NULL;

	while (text && (line = inventory_line(&text))) {
		char *pattern, *name;

		if (!after_prefix(line, "alias ") || !is_pci_alias(line + 6))
			continue;
		pattern = line + 6;
		name = strchr(pattern, ' ');
		if (!name)
			continue;
		*name++ = '\0';
		if (!streq(name, last)) {
			mod = find(ms, name, strlen(name));
			last = name;
		}
		if (mod)
			add_alias(ms, mod, pattern);
	}
}

/* "softdep NAME pre: a b post: c" */
static void add_softdep(struct mods *ms, struct mod *mod, char *rest)
{
	char *save = NULL;
	strings *to = NULL;

	if (!mod)
		return;
	for (char *w = strtok_r(rest, " \t", &save); w;
	     w = strtok_r(NULL, " \t", &save)) {
		if (streq(w, "pre:"))
			to = &mod->pre;
		else if (streq(w, "post:"))
			to = &mod->post;
		else if (to)
			*vec_push(ms->v->a, to) = module_normalize(ms->v->a, w);
	}
}

static void read_softdeps(struct mods *ms, const char *dir)
{
	char *text = read_depmod(ms, dir, "modules.softdep"), *line;

	while (text && (line = inventory_line(&text))) {
		char *name = line + strlen("softdep ");
		size_t n;

		if (!after_prefix(line, "softdep "))
			continue;
		n = strcspn(name, " \t");
		add_softdep(ms, find(ms, name, n), name + n);
	}
}

/* modules.builtin.modinfo: "MODULE.KEY=VALUE", each with its NUL. */
static void read_builtin_info(struct mods *ms, const char *dir)
{
	struct blob b;

	if (host_read(ms->v->h, ms->v->tmp,
		      arena_printf(ms->v->tmp, "%s/modules.builtin.modinfo", dir),
		      HOST_FILE_MAX, &b) < 0)
		return;
	for (size_t at = 0; at < b.len;) {
		const char *s = (const char *)b.data + at, *dot = strchr(s, '.'), *value;
		struct mod *mod;

		at += strlen(s) + 1;
		if (!dot)
			continue;
		if ((value = after_prefix(dot, ".alias=")) && is_pci_alias(value)) {
			mod = find(ms, s, (size_t)(dot - s));
			if (mod && !mod->file)
				add_alias(ms, mod, value);
		} else if ((value = after_prefix(dot, ".softdep="))) {
			mod = find(ms, s, (size_t)(dot - s));
			if (mod && !mod->file)
				add_softdep(ms, mod, arena_strdup(ms->v->tmp, value));
		}
	}
}

/* --- what matters --- */

static void want_family(struct mods *ms)
{
	static const char *const family[] = { "vfio",          "vfio_pci",
					      "vfio_pci_core", "vfio_iommu_type1",
					      "vfio_virqfd",   "irqbypass",
					      "pci_stub" };

	for (size_t i = 0; i < ARRAY_SIZE(family); i++) {
		struct mod *mod = find(ms, family[i], strlen(family[i]));

		if (!mod)
			continue;
		mod->family = true;
		want(ms, mod);
	}
}

static int cmp_driver(const void *x, const void *y)
{
	const struct pci_fn *a = *(const struct pci_fn *const *)x,
			    *b = *(const struct pci_fn *const *)y;
	int r = strcmp(a->driver, b->driver);

	return r ? r : cmp_ident(&a->id, &b->id);
}

/* The id of fns[i], which are sorted; false: it is that of the one before. */
static bool bound_id(const struct pci_fn *const fns[], size_t i, struct pci_id *ret)
{
	const struct pci_ident *id = &fns[i]->id, *last = i ? &fns[i - 1]->id : NULL;

	if (last && id->vendor == last->vendor && id->device == last->device)
		return false;
	*ret = (struct pci_id){
		.vendor = id->vendor,
		.device = id->device,
		.subvendor = PCI_ID_ANY,
		.subdevice = PCI_ID_ANY,
	};
	return true;
}

/*
 * A driver that is bound and has no module anywhere is part of the kernel, though no file
 * of depmod's tells it (drivers that cannot be modules are not in modules.builtin). Of
 * its ids those are known that it is bound to: @fns[0..n).
 */
static void add_builtin(struct mods *ms, const char *name,
			const struct pci_fn *const fns[], size_t n, struct kernel *ret)
{
	struct arena *a = ms->v->a;
	struct module *m = vec_push(a, &ret->modules);
	struct pci_id id;

	m->name = module_normalize(a, name);
	m->driver = fns[0]->driver;
	for (size_t i = 0; i < n; i++)
		if (bound_id(fns, i, &id))
			*vec_push(a, &m->ids) = id;
}

/* The same of one in modules.builtin: before 6.18 modules.builtin.modinfo has no alias.
 */
static void add_bound_ids(struct mods *ms, struct mod *mod,
			  const struct pci_fn *const fns[], size_t n)
{
	struct pci_id id;

	if (mod->file || mod->pci || mod->family)
		return;
	for (size_t i = 0; i < n; i++)
		if (bound_id(fns, i, &id))
			*vec_push(ms->v->tmp, &mod->ids) = id;
}

/* The module of one driver and the functions that are bound to it. */
static void add_bound(struct mods *ms, const driver_modules *live,
		      const struct pci_fn *const fns[], size_t n, struct kernel *ret)
{
	const char *driver = fns[0]->driver, *module = inventory_module_of(live, driver);
	const char *name = module ? module : driver;
	struct mod *mod = find(ms, name, strlen(name));

	if (mod) {
		mod->driver = driver;
		add_bound_ids(ms, mod, fns, n);
		want(ms, mod);
	} else if (!module || !strings_have(&ms->v->m->loaded, module)) {
		/* Else a module that this kernel, not the running one, does without. */
		add_builtin(ms, name, fns, n, ret);
	}
}

static void add_all_bound(struct mods *ms, const driver_modules *live, struct kernel *ret)
{
	VEC(const struct pci_fn *) fns = { 0 };
	size_t n;

	vec_foreach(fn, &ms->v->m->fns)
		if (fn->driver)
			*vec_push(ms->v->tmp, &fns) = fn;
	if (fns.n)
		qsort(fns.v, fns.n, sizeof(*fns.v), cmp_driver);
	for (size_t i = 0; i < fns.n; i += n) {
		for (n = 1; i + n < fns.n; n++)
			if (!streq(fns.v[i]->driver, fns.v[i + n]->driver))
				break;
		add_bound(ms, live, &fns.v[i], n, ret);
	}
}

/* Every word of a line of modules.dep, in order, as a name. */
static void list_deps(struct mods *ms, const char *deps, strings *ret)
{
	for (const char *s = deps + strspn(deps, " "); *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");
		const char *file = arena_strndup(ms->v->tmp, s, n);

		*vec_push(ms->v->a, ret) = module_name(ms->v->a, file);
		s += n;
	}
}

static void want_listed(struct mods *ms, const strings *names)
{
	for (size_t i = 0; i < names->n; i++)
		want(ms, find(ms, names->v[i], strlen(names->v[i])));
}

static void emit(struct mods *ms, const struct mod *mod, const driver_modules *live,
		 struct kernel *ret)
{
	struct arena *a = ms->v->a;
	const char *driver =
		mod->driver ? mod->driver : inventory_driver_of(live, mod->name);
	struct module *m = vec_push(a, &ret->modules);

	if (!driver && mod->pci)
		driver = mod->name;
	m->name = arena_strdup(a, mod->name);
	m->file = arena_strdup(a, mod->file);
	m->driver = arena_strdup(a, driver);
	if (mod->deps)
		list_deps(ms, mod->deps, &m->depends);
	m->pre = mod->pre;
	m->post = mod->post;
	vec_foreach(id, &mod->ids)
		*vec_push(a, &m->ids) = *id;
}

void inventory_modules(struct inventory *v, const char *dir, const driver_modules *live,
		       const strings *configured, struct kernel *ret)
{
	struct mods ms = { .v = v };

	read_names(&ms, dir);
	index_names(&ms);
	index_idents(&ms);
	read_builtin_info(&ms, dir);
	read_aliases(&ms, dir);
	read_softdeps(&ms, dir);
	want_family(&ms);
	want_listed(&ms, configured);
	add_all_bound(&ms, live, ret);
	for (size_t i = 0; i < ms.queue.n; i++) {
		const struct mod *mod = ms.queue.v[i];
		strings deps = { 0 };

		if (mod->deps)
			list_deps(&ms, mod->deps, &deps);
		want_listed(&ms, &deps);
		want_listed(&ms, &mod->pre);
		want_listed(&ms, &mod->post);
	}
	vec_foreach(mod, &ms.all)
		if (mod->wanted)
			emit(&ms, mod, live, ret);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>

#include "core/modprobe-shell.h"

/*
 * What one request may cost: modules looked at, and commands of install lines followed.
 * kmod has no such bounds; configurations that reach them call themselves.
 */
#define VISITS_MAX 4096
#define DEPTH_MAX 64

/* The whole of one request; `modprobe` in an install line continues it. */
struct request {
	const struct modprobe_config *c;
	const struct kernel *k;
	const strings *available; /* NULL: everything */
	struct arena *a;
	modprobe_loads *out;
	const char *name; /* what was asked for */
	const char *note;
	bool *loaded; /* by index in k->modules */
	unsigned visits, depth;
};

/* One kmod_module_probe_insert_module(). */
struct probe {
	struct request *r;
	const struct module *top;
	const char *options; /* added to the top module's by its caller */
	bool *visited;       /* kmod_module.visited */
	bool stopped;        /* a module that the top one needs is not there */
};

typedef VEC(const struct module *) module_list;

static bool run_command(struct request *r, const struct modprobe_line *l);

static void add_note(struct request *r, char *text)
{
	if (!r->note)
		r->note = text;
}

/* Has the request cost more than any that comes to an end? */
static bool circles(struct request *r)
{
	if (r->visits < VISITS_MAX && r->depth < DEPTH_MAX)
		return false;
	add_note(r,
		 arena_printf(r->a, "install and softdep lines of %s go round in circles",
			      r->name));
	return true;
}

static bool is_available(const struct request *r, const struct module *m)
{
	return !r->available || strings_have(r->available, m->name);
}

static bool *flag_of(bool *flags, const struct kernel *k, const struct module *m)
{
	return &flags[m - k->modules.v];
}

/* "FILE:LINE" */
static char *line_place(struct arena *a, const struct modprobe_line *l)
{
	return l->line ? arena_printf(a, "%s:%u", l->file, l->line)
		       : arena_strdup(a, l->file);
}

/* A module's own aliases for a literal modalias. */
static void lookup_modalias(const struct request *r, const char *modalias,
			    module_list *ret)
{
	struct pci_id id;
	struct pci_ident fn;
	strings names = { 0 };

	if (pci_id_parse_alias(modalias, &id) < 0 || strchr(modalias, '*'))
		return;
	fn = (struct pci_ident){ id.vendor, id.device, id.subvendor, id.subdevice,
				 id.class };
	modprobe_resolve_fn(&(struct modprobe_config){ 0 }, r->k, &fn, r->a, &names);
	vec_foreach(name, &names)
		*vec_push(r->a, ret) = kernel_module(r->k, *name);
}

/*
 * libkmod-module.c:kmod_module_new_from_lookup: aliases of the configuration, and only if
 * none matches the module of that name, then aliases of modules. Returns whether an alias
 * of the configuration did; its modules that are not installed are left out.
 */
static bool lookup(const struct request *r, const char *name, module_list *ret)
{
	bool alias = false;

	vec_foreach(l, &r->c->lines) {
		const struct module *m;

		if (l->verb != MODPROBE_ALIAS || fnmatch(l->arg[0], name, 0))
			continue;
		alias = true;
		m = kernel_module(r->k, l->arg[1]);
		if (m)
			*vec_push(r->a, ret) = m;
	}
	if (!alias) {
		const struct module *m = kernel_module(r->k, name);

		if (m)
			*vec_push(r->a, ret) = m;
		else
			lookup_modalias(r, name, ret);
	}
	return alias;
}

/* Would the kernel find the symbols of @m? */
static bool has_depends(struct request *r, const struct module *m)
{
	vec_foreach(name, &m->depends) {
		const struct module *dep = kernel_module(r->k, *name);

		if (!dep || (dep->file && !*flag_of(r->loaded, r->k, dep)))
			return false;
	}
	return true;
}

/* The insertion of one module of the list, or what stands in its place. */
static void insert(struct probe *p, const struct module *m, bool ignore_install,
		   const char *why)
{
	struct request *r = p->r;
	bool *loaded = flag_of(r->loaded, r->k, m);
	const struct modprobe_line *install;
	const char *options;
	bool refused;

	if (p->stopped || !m->file || *loaded)
		return;
	install = ignore_install ? NULL : modprobe_install(r->c, m->name);
	if (install) {
		if (!run_command(r, install) && m == p->top)
			p->stopped = true;
		return;
	}
	/* kernel/module/main.c:blacklisted: the kernel itself refuses it. */
	refused = modprobe_refused(r->c, m->name);
	if (refused || !is_available(r, m) || !has_depends(r, m)) {
		const char *how = refused ? "refused by module_blacklist=" : "not there";

		/* Only what the top module needs ends the request: kmod_module.required.
		 */
		p->stopped = m == p->top || strings_have(&p->top->depends, m->name);
		if (p->stopped)
			add_note(r,
				 m == p->top
					 ? arena_printf(r->a, "%s is %s", m->name, how)
					 : arena_printf(r->a, "%s needs %s, which is %s",
							p->top->name, m->name, how));
		return;
	}
	options = modprobe_options(r->c, r->a, m->name);
	if (m == p->top && p->options && *p->options)
		options = *options ? arena_printf(r->a, "%s %s", options, p->options)
				   : p->options;
	*loaded = true;
	*vec_push(r->a, r->out) = (struct modprobe_load){ m, options, why };
}

static void probe_module(struct probe *p, const struct module *m, bool ignore_install,
			 const char *why);

static void probe_soft(struct probe *p, const module_list *list, const struct module *of,
		       const struct modprobe_line *line)
{
	const char *why;

	if (!list->n)
		return;
	why = line ? arena_printf(p->r->a, "softdep of %s (%s)", of->name,
				  line_place(p->r->a, line))
		   : arena_printf(p->r->a, "softdep of %s", of->name);
	vec_foreach(m, list)
		probe_module(p, *m, false, why);
}

static void lookup_soft(struct request *r, const strings *names, module_list *ret)
{
	vec_foreach(name, names)
		lookup(r, module_normalize(r->a, *name), ret);
}

/*
 * libkmod-module.c:__kmod_module_fill_softdep. A module with soft dependencies is
 * inserted itself, whatever its install line says.
 */
static void probe_with_soft(struct probe *p, const struct module *m, const char *why)
{
	const struct modprobe_line *line = NULL;
	const strings *pre, *post;
	module_list before = { 0 }, after = { 0 };

	if (modprobe_softdep(p->r->c, m, &line, &pre, &post)) {
		lookup_soft(p->r, pre, &before);
		lookup_soft(p->r, post, &after);
	}
	probe_soft(p, &before, m, line);
	insert(p, m, before.n || after.n, why);
	probe_soft(p, &after, m, line);
}

/* libkmod-module.c:__kmod_module_get_probe_list, but inserting at once: the same order.
 */
static void probe_module(struct probe *p, const struct module *m, bool ignore_install,
			 const char *why)
{
	struct request *r = p->r;
	bool *visited = flag_of(p->visited, r->k, m);

	if (*visited || circles(r))
		return;
	*visited = true;
	r->depth++;
	/* modules.dep has the nearest first; what is needed most is loaded first. */
	for (size_t i = m->depends.n; i-- > 0;) {
		const struct module *dep = kernel_module(r->k, m->depends.v[i]);

		if (++r->visits < VISITS_MAX && dep && !*flag_of(r->loaded, r->k, dep))
			probe_with_soft(p, dep,
					arena_printf(r->a, "dependency of %s", m->name));
	}
	if (ignore_install)
		insert(p, m, true, why);
	else
		probe_with_soft(p, m, why);
	r->depth--;
}

/* kmod_module_probe_insert_module for all modules that @name stands for. */
static bool request_name(struct request *r, const char *name, unsigned flags,
			 bool ignore_install, const char *options, const char *why)
{
	module_list found = { 0 };
	bool alias = false, ok = true;

	if (flags & MODPROBE_RESOLVED) {
		const struct module *m = kernel_module(r->k, name);

		if (m)
			*vec_push(r->a, &found) = m;
	} else {
		alias = lookup(r, name, &found);
	}
	if (!found.n) {
		const struct modprobe_line *l = modprobe_install(r->c, name);

		/* kmod_lookup_alias_from_commands: a name that only an install line has.
		 */
		if (l && streq(l->arg[0], name) && !ignore_install)
			return run_command(r, l);
		add_note(r, arena_printf(r->a, "no module %s", name));
		return false;
	}
	vec_foreach(m, &found) {
		const struct modprobe_line *black;
		struct probe p = { .r = r, .top = *m, .options = options };

		if (!(*m)->file || *flag_of(r->loaded, r->k, *m))
			continue;
		/* modprobe itself, too, holds aliases back (APPLY_BLACKLIST_ALIAS_ONLY).
		 */
		black = alias || (flags & MODPROBE_USE_BLACKLIST)
				? modprobe_blacklisted(r->c, (*m)->name)
				: NULL;
		if (black) {
			add_note(r, arena_printf(r->a, "%s is blacklisted (%s)",
						 (*m)->name, line_place(r->a, black)));
			continue;
		}
		p.visited = arena_alloc(r->a, r->k->modules.n);
		probe_module(&p, *m, ignore_install, why);
		ok &= !p.stopped;
	}
	return ok;
}

static bool run_modprobe(struct request *r, const strings *words,
			 const struct modprobe_line *l, bool *ret_known)
{
	strings names = { 0 };
	const char *options;
	bool ignore = false, ok = true;
	unsigned flags = 0;
	char *why;

	*ret_known = shell_modprobe_args(r->a, words, &names, &options, &ignore, &flags);
	if (!*ret_known)
		return true;
	why = arena_printf(r->a, "install line of %s (%s)", l->arg[0],
			   line_place(r->a, l));
	vec_foreach(name, &names)
		ok &= request_name(r, *name, flags, ignore, options, why);
	return ok;
}

/* An install command, as far as it calls modprobe; returns whether it succeeds. */
static bool run_command(struct request *r, const struct modprobe_line *l)
{
	static const struct {
		const char *name;
		bool ok;
	} nothings[] = { { "true", true }, { ":", true },    { "false", false },
			 { "exit", true }, { "echo", true }, { "logger", true } };
	const char *p = l->arg[1];
	bool ok = true, did = false;

	if (circles(r))
		return false;
	r->depth++;
	while (*p) {
		struct shell_command cmd = { 0 };
		bool known = false;
		const char *name;

		r->visits++;
		if (circles(r)) {
			did = true;
			break;
		}
		p += shell_command_next(r->a, p, &cmd);
		if (!cmd.words.n || (cmd.when && !ok) || (cmd.unless && ok))
			continue;
		name = path_name(cmd.words.v[0]);
		for (size_t i = 0; i < ARRAY_SIZE(nothings) && !known; i++) {
			known = streq(name, nothings[i].name);
			if (known)
				ok = nothings[i].ok;
		}
		if (!known && streq(name, "modprobe")) {
			did = true;
			ok = run_modprobe(r, &cmd.words, l, &known);
		}
		if (!known) {
			did = true;
			ok = true; /* as most commands do */
			add_note(r,
				 arena_printf(
					 r->a, "the install line of %s runs '%.64s' (%s)",
					 l->arg[0], cmd.words.v[0], line_place(r->a, l)));
		}
	}
	r->depth--;
	if (!did)
		add_note(r,
			 arena_printf(r->a, "%s is switched off by an install line (%s)",
				      l->arg[0], line_place(r->a, l)));
	return ok;
}

size_t modprobe_request(const struct modprobe_config *c, const struct kernel *k,
			const strings *available, struct arena *a, const char *name,
			unsigned flags, modprobe_loads *ret, const char **note)
{
	struct request r = {
		.c = c, .k = k, .available = available, .a = a, .out = ret, .name = name
	};
	size_t before = ret->n;

	r.loaded = arena_alloc(a, k->modules.n);
	request_name(&r, module_normalize(a, name), flags,
		     flags & MODPROBE_IGNORE_INSTALL, "",
		     arena_printf(a, "request of %s", name));
	*note = r.note;
	return ret->n - before;
}

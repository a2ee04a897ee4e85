/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glob.h>
#include <limits.h>

#include "vmtests/kernel.h"

#define FETCH_MS (20 * 60 * 1000)

/* The Debian suite whose newest kernel it is. */
static const struct {
	const char *name, *suite;
} suites[] = {
	{ "6.1", "bookworm" },
	{ "6.12", "trixie" },
	{ "7.3", "trixie-backports" },
};

const char *const lab_kernel_names[] = { "6.1", "6.12", "7.3", NULL };

int lab_kernel_given(const struct lab *l, const char *vmlinuz, const char *modules,
		     struct lab_kernel *ret, struct err *e)
{
	AUTOFREE char *real = realpath(modules, NULL);
	struct lab_kernel k = { .vmlinuz = vmlinuz };
	const char *dep;

	if (!real)
		return err_set(e, -errno, "%s: %s", modules, strerror(errno));
	k.modules = arena_strdup(l->arena, real);
	k.name = k.release = path_name(k.modules);
	dep = arena_printf(l->arena, "%s/modules.dep", k.modules);
	if (access(dep, R_OK) < 0 || access(vmlinuz, R_OK) < 0)
		return err_set(e, -errno, "%s: %s", access(dep, R_OK) < 0 ? dep : vmlinuz,
			       strerror(errno));
	*ret = k;
	return 0;
}

/* The only folder below the suite's lib/modules. */
static const char *find_modules(const struct lab *l, const char *suite)
{
	const char *pattern = arena_printf(
		l->arena, "%s/kernels/%s/usr/lib/modules/*/modules.dep", l->cache, suite);
	const char *ret = NULL;
	glob_t g;

	if (glob(pattern, 0, NULL, &g))
		return NULL;
	if (g.gl_pathc)
		ret = arena_strndup(l->arena, g.gl_pathv[0],
				    strlen(g.gl_pathv[0]) - strlen("/modules.dep"));
	globfree(&g);
	return ret;
}

static int fetch(const struct lab *l, const char *suite, struct err *e)
{
	const char *const argv[] = { "env",
				     arena_printf(l->arena, "PCIPASS_LAB=%s", l->cache),
				     arena_printf(l->arena, "%s/lab-kernels", l->data),
				     suite, NULL };

	return lab_run(l, argv, FETCH_MS, NULL, e);
}

int lab_kernel_get(const struct lab *l, const char *name, struct lab_kernel *ret,
		   struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		const char *modules;
		int r = 0;

		if (!streq(suites[i].name, name))
			continue;
		modules = find_modules(l, suites[i].suite);
		if (!modules) {
			r = fetch(l, suites[i].suite, e);
			modules = find_modules(l, suites[i].suite);
		}
		if (r == 0 && !modules)
			r = err_set(e, -ENOENT, "%s: no kernel was fetched", name);
		if (r == 0)
			r = lab_kernel_given(
				l, arena_printf(l->arena, "%s/vmlinuz", modules), modules,
				ret, e);
		if (r == 0)
			ret->name = suites[i].name;
		return r;
	}
	return err_set(e, -ENOENT, "there is no kernel %s; there are 6.1, 6.12 and 7.3",
		       name);
}

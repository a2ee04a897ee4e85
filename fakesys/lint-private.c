/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/scrub.h"
#include "fakesys/lint-part.h"

/* One text being looked through. */
struct look {
	struct lint *l;
	const char *place;
	unsigned told; /* forms, as bits: one note for each is enough to find the rest */
};

static void tell(struct look *k, const char *what, const char *at)
{
	lint_error(k->l, "%s: a %s that does not look made up: %.60s", k->place, what,
		   arena_strndup(k->l->arena, at, strcspn(at, "\n")));
}

static void found(void *arg, unsigned form, const char *what, const char *at)
{
	struct look *k = arg;

	if (!(k->told & 1u << form))
		tell(k, what, at);
	k->told |= 1u << form;
}

/* One note a text is enough to find the rest. */
static void lint_hosts(struct look *k, const char *text)
{
	const strings *hosts = k->l->hosts;

	for (const char *c = text; hosts->n && *c; c++)
		if (scrub_host_at(hosts, text, c)) {
			tell(k, "host name", c);
			return;
		}
}

static void lint_text(struct lint *l, const char *place, const char *text)
{
	struct look k = { .l = l, .place = place };

	scrub_each(text, found, &k);
	lint_hosts(&k, text);
}

static void lint_files(struct lint *l, const char *place,
		       const struct machine_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct machine_file *f = &files[i];

		lint_text(
			l, arena_printf(l->arena, "%s[%s]", place, f->path),
			arena_strndup(l->arena, (const char *)f->data.data, f->data.len));
	}
}

/* Who made the device says nothing; the last three bytes number it. */
static void lint_serial(struct lint *l, const struct pci_fn *fn)
{
	static const uint8_t none[5];
	uint8_t serial[8];
	char bdf[BDF_SIZE];

	if (cfg_serial(fn->config, serial) && memcmp(serial, none, sizeof(none)))
		lint_error(
			l,
			"functions[%s].config: a device serial number that does not look "
			"made up",
			bdf_format(fn->bdf, bdf));
}

/* Interfaces may be named after their MAC addresses. */
static void lint_names(struct lint *l)
{
	char bdf[BDF_SIZE];

	vec_foreach(fn, &l->m->fns)
		vec_foreach(c, &fn->children)
			lint_text(l,
				  arena_printf(l->arena, "functions[%s].children",
					       bdf_format(fn->bdf, bdf)),
				  c->path);
	vec_foreach(st, &l->m->stacked) {
		const char *place = arena_printf(l->arena, "stacked[%s]", st->name);

		lint_text(l, place, st->name);
		for (size_t i = 0; i < st->lower.n; i++)
			lint_text(l, place, st->lower.v[i]);
	}
}

void lint_private(struct lint *l)
{
	const struct machine *m = l->m;
	strings hosts = scrub_hosts(l->arena, m);

	l->hosts = &hosts;
	lint_text(l, "source", m->source);
	lint_text(l, "kernel.cmdline", m->cmdline);
	for (size_t i = 0; i < m->klog.n; i++)
		lint_text(l, arena_printf(l->arena, "klog[%zu]", i), m->klog.v[i]);
	lint_files(l, "files", m->files.v, m->files.n);
	vec_foreach(k, &m->kernels)
		lint_files(
			l,
			arena_printf(l->arena, "kernels[%s].initramfs.files", k->release),
			k->initramfs.files.v, k->initramfs.files.n);
	vec_foreach(fn, &m->fns)
		lint_serial(l, fn);
	lint_names(l);
}

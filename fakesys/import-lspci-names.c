/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids of functions that lspci, run without -n or -nn, tells by their names only. */
#include "core/names.h"
#include "fakesys/import-lspci.h"

static struct names *list(struct lspci_names *n)
{
	if (!n->opened)
		n->list = names_open();
	n->opened = true;
	return n->list;
}

void lspci_name_class(struct lspci_names *n, struct listed *f, const char *s, size_t len)
{
	int64_t class = names_find_class(list(n), s, len);

	if (class >= 0)
		f->fn.id.class = (uint32_t) class << 8;
	else
		f->class_why = arena_printf(n->arena,
					    "lspci was run without -nn, and pci.ids does "
					    "not have \"%.*s\"",
					    (int)(len < 200 ? len : 200), s);
}

/* Up to "(rev a1)" and "(prog-if 00 [VGA controller])". */
static char *bare_name(struct arena *a, const char *s)
{
	static const char *const behind[] = { " (rev ", " (prog-if " };
	size_t len;

	s += strspn(s, " ");
	len = strlen(s);
	for (size_t i = 0; i < ARRAY_SIZE(behind); i++) {
		const char *at = strstr(s, behind[i]);

		if (at && (size_t)(at - s) < len)
			len = (size_t)(at - s);
	}
	return arena_strndup(a, s, len);
}

void lspci_name_device(struct lspci_names *n, struct listed *f, const char *s)
{
	struct names_ids ids =
		names_find_device(list(n), n->arena, bare_name(n->arena, s));

	if (ids.vendor >= 0)
		f->fn.id.vendor = (uint32_t)ids.vendor;
	if (ids.vendor >= 0 && ids.device >= 0)
		f->fn.id.device = (uint32_t)ids.device;
	f->id_why = ids.why;
}

void lspci_name_subsystem(struct lspci_names *n, struct listed *f)
{
	struct names_ids ids;

	if (!*f->subsystem || f->fn.id.subvendor)
		return;
	ids = names_find_subsystem(list(n), n->arena, &f->fn.id, f->subsystem);
	if (ids.vendor >= 0)
		f->fn.id.subvendor = (uint32_t)ids.vendor;
	if (ids.vendor >= 0 && ids.device >= 0)
		f->fn.id.subdevice = (uint32_t)ids.device;
	f->sub_why = ids.why;
}

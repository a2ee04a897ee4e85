/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>

#include "fakesys/lint-part.h"

/* "fakesys/fixtures/FORMAT.md, Made-up identities" has the forms that are taken. */

/* Does text at @s fit @form: x a hex digit, anything else itself? */
static bool has_form(const char *s, const char *form)
{
	for (; *form; s++, form++)
		if (*form == 'x' ? !isxdigit((unsigned char)*s) : *s != *form)
			return false;
	return true;
}

static bool all_same(const char *s, size_t n, const char *of)
{
	return strspn(s, of) >= n;
}

static bool uuid_made_up(const char *s)
{
	return after_prefix(s, "00000000-");
}

static bool mac_made_up(const char *s)
{
	return after_prefix(s, "02:00:00:") || all_same(s, 17, "0:") ||
	       all_same(s, 17, "fF:");
}

static bool machine_id_made_up(const char *s)
{
	return after_prefix(s, "0000000000000000");
}

/* By-id names end in the serial number of the device. */
static bool by_id_made_up(const char *s)
{
	size_t n = strcspn(s, " \t,\"'");

	return memmem(s, n, "SCRUBBED", 8);
}

static bool serial_made_up(const char *s)
{
	s += strlen("SerialNumber: ");
	return after_prefix(s, "SCRUBBED") || all_same(s, strlen(s), "0");
}

static bool host_made_up(const char *s)
{
	return strstr(s, "<host>");
}

static const struct private_form {
	const char *form;
	bool word; /* stands alone, between characters that are no hex digits */
	const char *what;
	bool (*made_up)(const char *s);
} forms[] = {
	{ "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", true, "UUID", uuid_made_up },
	{ "xx:xx:xx:xx:xx:xx", true, "MAC address", mac_made_up },
	{ "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", true, "machine id", machine_id_made_up },
	{ "/dev/disk/by-id/", false, "serial number", by_id_made_up },
	{ "SerialNumber: ", false, "serial number", serial_made_up },
	{ "Hostname set to <", false, "host name", host_made_up },
	{ "Set hostname to <", false, "host name", host_made_up },
};

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The form that starts at text[i] and is not made up. */
static const struct private_form *private_at(const char *text, size_t i)
{
	for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
		const struct private_form *p = &forms[k];
		size_t n = strlen(p->form);

		if (!has_form(text + i, p->form))
			continue;
		if (p->word && (is_word_char(text[i + n]) || text[i + n] == ':'))
			continue;
		if (!p->made_up(text + i))
			return p;
	}
	return NULL;
}

/* At most one note for each form and text: one is enough to find the rest. */
static void lint_text(struct lint *l, const char *place, const char *text)
{
	bool told[ARRAY_SIZE(forms)] = { false };

	for (size_t i = 0; text[i]; i++) {
		const struct private_form *p;

		/* A word starts here: all forms do. */
		if (i && is_word_char(text[i]) &&
		    (is_word_char(text[i - 1]) || text[i - 1] == ':'))
			continue;
		p = private_at(text, i);
		if (!p || told[p - forms])
			continue;
		told[p - forms] = true;
		lint_error(l, "%s: a %s that does not look made up: %.60s", place,
			   p->what,
			   arena_strndup(l->arena, text + i, strcspn(text + i, "\n")));
	}
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

/* Names that installers give, and the one that capture puts there. */
static void lint_hostname(struct lint *l)
{
	static const char *const plain[] = { "host", "localhost", "debian", "pve",
					     "proxmox" };
	const struct machine_file *f = machine_file(l->m, "etc/hostname");
	const char *name = f ? (const char *)f->data.data : NULL;

	for (size_t i = 0; name && i < ARRAY_SIZE(plain); i++)
		if (strcspn(name, ".\n") == strlen(plain[i]) &&
		    after_prefix(name, plain[i]))
			name = NULL;
	if (name)
		lint_error(l, "files[etc/hostname]: a host name other than \"host\"");
}

void lint_private(struct lint *l)
{
	const struct machine *m = l->m;

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
	lint_hostname(l);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "fakesys/node.h"

static ssize_t copy_from(struct blob b, char *buf, size_t len, uint64_t off)
{
	if (off >= b.len)
		return 0;
	if (len > b.len - off)
		len = b.len - off;
	memcpy(buf, b.data + off, len);
	return (ssize_t)len;
}

/* --- sys/firmware/acpi/tables --- */

static uint64_t table_size(const struct sim *s, const struct node *dir,
			   const struct attr *a)
{
	(void)s, (void)a;
	return ((const struct acpi_table *)dir->p)->data.len;
}

static ssize_t table_read(struct sim *s, const struct node *dir, const struct attr *a,
			  char *buf, size_t len, uint64_t off)
{
	(void)s, (void)a;
	return copy_from(((const struct acpi_table *)dir->p)->data, buf, len, off);
}

static const struct attr_bin table_bin = { .size = table_size, .read = table_read };
static const struct attr table_file = { .mode = 0400, .bin = &table_bin };

static int tables_lookup(const struct sim *s, const struct node *dir, const char *name,
			 size_t len, struct entry *ret)
{
	vec_foreach(t, &s->m->acpi)
		if (name_is(name, len, t->name))
			return node_found_file(
				ret, &(struct node){ .kind = dir->kind, .p = t },
				&table_file);
	return -ENOENT;
}

static int tables_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		       void *arg)
{
	int r = 0;

	(void)dir;
	for (size_t i = 0; r >= 0 && i < s->m->acpi.n; i++)
		r = fn(arg, s->m->acpi.v[i].name);
	return r;
}

static const struct dir_kind dir_tables = {
	.name = "tables",
	.parent = &dir_acpi,
	.lookup = tables_lookup,
	.each = tables_each,
};
static const struct attr acpi_rows[] = {
	{ "tables", .mode = S_IFDIR | 0755, .dir = &dir_tables },
};
const struct dir_kind dir_acpi = {
	.name = "acpi",
	.parent = &dir_firmware,
	.attrs = ATTRS(acpi_rows),
};

/* --- sys/firmware/efi --- */

/* The variables: attributes in four bytes, then the value. */
enum efi_var { EFI_SECURE_BOOT, EFI_LOADER_INFO };
#define EFI_ATTRIBUTES 6 /* BOOTSERVICE_ACCESS | RUNTIME_ACCESS */
#define EFI_VAR_MAX 1024

/* UTF-16LE with its NUL, as far as it fits. */
static struct blob efi_value(const struct sim *s, enum efi_var var, uint8_t *buf)
{
	const char *text = s->m->loader_info;
	size_t n = 4;

	memset(buf, 0, EFI_VAR_MAX);
	buf[0] = EFI_ATTRIBUTES;
	if (var == EFI_SECURE_BOOT) {
		buf[n++] = s->m->secure_boot;
	} else {
		for (; *text && n + 4 < EFI_VAR_MAX; n += 2)
			buf[n] = (uint8_t)*text++;
		n += 2;
	}
	return (struct blob){ buf, n };
}

static uint64_t var_size(const struct sim *s, const struct node *dir,
			 const struct attr *a)
{
	uint8_t buf[EFI_VAR_MAX];

	(void)dir;
	return efi_value(s, (enum efi_var)a->arg, buf).len;
}

static ssize_t var_read(struct sim *s, const struct node *dir, const struct attr *a,
			char *out, size_t len, uint64_t off)
{
	uint8_t buf[EFI_VAR_MAX];

	(void)dir;
	return copy_from(efi_value(s, (enum efi_var)a->arg, buf), out, len, off);
}

/* Not mounted where nobody could read them. */
static bool has_vars(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)dir, (void)a;
	return !machine_unknown(s->m, "secure_boot");
}

static bool has_loader_info(const struct sim *s, const struct node *dir,
			    const struct attr *a)
{
	return has_vars(s, dir, a) && s->m->loader_info;
}

static const struct attr_bin var_bin = { .size = var_size, .read = var_read };

/* clang-format off */
static const struct attr var_rows[] = {
	{ "LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", .mode = 0644,
	  .visible = has_loader_info, .bin = &var_bin, .arg = EFI_LOADER_INFO },
	{ "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", .mode = 0644,
	  .visible = has_vars, .bin = &var_bin, .arg = EFI_SECURE_BOOT },
};
static const struct dir_kind dir_vars = {
	.name = "efivars", .parent = &dir_efi, .attrs = ATTRS(var_rows),
};
static const struct attr efi_rows[] = {
	{ "efivars", .mode = S_IFDIR | 0755, .dir = &dir_vars },
	{ "fw_platform_size", .mode = 0444, .show = attr_show_arg, .arg = 64 },
};
/* clang-format on */
const struct dir_kind dir_efi = {
	.name = "efi",
	.parent = &dir_firmware,
	.attrs = ATTRS(efi_rows),
};

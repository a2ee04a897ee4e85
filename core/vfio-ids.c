/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>

#include "core/modprobe.h"

/* drivers/vfio/pci/vfio_pci.c: char ids[1024], module_param_string. */
#define IDS_MAX 1023

/* lib/vsprintf.c: sscanf("%x"), "0x" allowed; returns what follows, or NULL. */
static const char *scan_hex(const char *s, uint32_t *ret)
{
	uint64_t v = 0;
	const char *p;

	s += strspn(s, " \t");
	if (s[0] == '0' && (s[1] | 0x20) == 'x')
		s += 2;
	for (p = s; isxdigit((unsigned char)*p); p++)
		v = (v << 4 |
		     (uint64_t)(isdigit((unsigned char)*p) ? *p - '0'
							   : (*p | 0x20) - 'a' + 10)) &
		    0xffffffffffu;
	if (p == s)
		return NULL;
	*ret = (uint32_t)v;
	return p;
}

/*
 * Numbers with colons between them at the start of @text; returns how many, and in
 * *ret_rest what follows them, which the kernel ignores.
 */
static int scan_fields(const char *text, uint32_t f[static 6], const char **ret_rest)
{
	const char *p = text;
	int n = 0;

	*ret_rest = text;
	while (n < 6 && (p = scan_hex(p, &f[n]))) {
		n++;
		*ret_rest = p;
		if (*p++ != ':')
			break;
	}
	return n;
}

/* Why the kernel says "invalid id string" of @text, in words that help. */
static const char *why_bad(struct arena *a, const char *text)
{
	if (strchr(text, '.'))
		return "a device's address is no id: VENDOR:DEVICE is asked for";
	if (text[strspn(text, "0123456789abcdefABCDEF")] == '\0')
		return "only one number: a ':' must stand between vendor and device, not "
		       "','";
	if (text[strspn(text, "0123456789abcdefABCDEFxX:")] != '\0')
		return arena_printf(a, "'%c' is no hex digit",
				    text[strspn(text, "0123456789abcdefABCDEFxX:")]);
	return "not VENDOR:DEVICE in hex digits";
}

/*
 * drivers/vfio/pci/vfio_pci.c:vfio_pci_fill_ids: empty entries are skipped, what follows
 * the sixth number or a character that fits nowhere is ignored.
 */
static void parse_entry(struct arena *a, char *text, vfio_ids *ret)
{
	uint32_t f[6] = { 0, 0, PCI_ID_ANY, PCI_ID_ANY, 0, 0 };
	struct vfio_id e = { .text = text };
	const char *rest;

	if (scan_fields(text, f, &rest) < 2)
		e.bad = why_bad(a, text);
	else if (*rest)
		e.ignored = rest;
	if (!e.bad)
		e.id = (struct pci_id){ .vendor = f[0],
					.device = f[1],
					.subvendor = f[2],
					.subdevice = f[3],
					.class = f[4],
					.class_mask = f[5] };
	*vec_push(a, ret) = e;
}

static void parse_list(struct arena *a, const char *value, size_t len, vfio_ids *ret)
{
	char *list = arena_strndup(a, value, len);

	if (len > IDS_MAX) {
		/* kernel/params.c:param_set_copystring: -ENOSPC, and the module fails. */
		*vec_push(a, ret) = (struct vfio_id){
			.text = list,
			.bad = "longer than 1023 characters: vfio-pci does not load"
		};
		return;
	}
	for (char *entry; (entry = strsep(&list, ","));)
		if (*entry)
			parse_entry(a, entry, ret);
}

/* kernel/params.c:next_arg: blanks end a word unless a double quote is open. */
void vfio_parse_ids(struct arena *a, const char *options, vfio_ids *ret)
{
	for (const char *p = options; *(p += strspn(p, " \t\n\v\f\r"));) {
		const char *word = p, *value;
		bool quoted = false;

		for (; *p && (quoted || !isspace((unsigned char)*p)); p++)
			quoted ^= *p == '"';
		value = after_prefix(word, "ids=");
		if (!value)
			continue;
		size_t len = (size_t)(p - value);

		/* next_arg takes the quotes away around the value. */
		if (*value == '"') {
			value++;
			len--;
			if (len && value[len - 1] == '"')
				len--;
		}
		parse_list(a, value, len, ret);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Works on the fixture's JSON: there every string of a machine is found without a list of
 * all places that may hold one. Dumps of bytes are left alone but for serial numbers in
 * configuration space.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>
#include <pci/header.h>

#include "core/machine-json.h"
#include "core/scrub-part.h"

struct scrub {
	struct arena *arena;
	json_t *known;   /* what was replaced, by form and text, with its number */
	json_t *serials; /* of functions, as 16 hex digits */
	strings hosts;   /* of scrub_hosts() */
	unsigned count;
};

/* A form that private text has: x a hex digit, anything else itself. */
struct form {
	const char *lead;  /* text before it, kept; "" for none */
	const char *form;  /* NULL: up to the end of the word; behind | it is kept */
	const char *apart; /* without a lead: does not stand next to one of these */
	bool uuid;         /* only in a line that speaks of a UUID */
	const char *class; /* same text in the same class has the same number */
	/* What stands there instead; the number as its hex digits, in place of n's. */
	const char *made_up;
	const char *shows; /* how text of this form begins if it is made up */
	const char *what;  /* in words */
};

/* Longer ones come before their parts. */
static const struct form forms[] = {
	/* clang-format off */
	{ "", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "", false, "uuid",
	  "00000000-0000-4000-8000-nnnnnnnnnnnn", "00000000-", "UUID" },
	{ "", "xx:xx:xx:xx:xx:xx", ":", false, "mac", "02:00:00:nn:nn:nn", "02:00:00:",
	  "MAC address" },
	/* names that systemd gives: Ethernet, wireless, modem (udev-builtin-net_id.c) */
	{ "enx", "xxxxxxxxxxxx", "", false, "mac", "020000nnnnnn", "020000", "MAC address" },
	{ "wlx", "xxxxxxxxxxxx", "", false, "mac", "020000nnnnnn", "020000", "MAC address" },
	{ "wwx", "xxxxxxxxxxxx", "", false, "mac", "020000nnnnnn", "020000", "MAC address" },
	{ "", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", ":", false, "machine-id",
	  "00000000000000000000nnnnnnnnnnnn", "0000000000000000", "machine id" },
	{ "/dev/disk/by-id/", NULL, "", false, "by-id", "id-SCRUBBEDnnnn", "SCRUBBED",
	  "serial number" },
	{ "SerialNumber: ", NULL, "", false, "serial", "SCRUBBEDnnnn", "SCRUBBED",
	  "serial number" },
	/* cifs in fstab; mount.cifs(8) knows both */
	{ "password=", NULL, "", false, "secret", "SCRUBBEDnnnn", "SCRUBBED", "password" },
	{ "pass=", NULL, "", false, "secret", "SCRUBBEDnnnn", "SCRUBBED", "password" },
	/* in grub.cfg */
	{ "grub.pbkdf2.", NULL, "", false, "secret", "SCRUBBEDnnnn", "SCRUBBED", "password" },
	/* of a disk with an MBR: its signature, then the partition */
	{ "PARTUUID=", "xxxxxxxx|-xx", "", false, "mbr", "0000nnnn", "0000",
	  "disk signature" },
	{ "/dev/disk/by-partuuid/", "xxxxxxxx|-xx", "", false, "mbr", "0000nnnn", "0000",
	  "disk signature" },
	/* FAT and NTFS; only where a UUID is spoken of, they look like any number */
	{ "", "xxxx-xxxx", ":-", true, "fat", "0000-nnnn", "0000-", "FAT serial number" },
	{ "", "xxxxxxxxxxxxxxxx", ":", true, "ntfs", "00000000nnnnnnnn", "00000000",
	  "NTFS serial number" },
	/* clang-format on */
};

/* Length of a word that ends where no text of a configuration file goes on. */
static size_t match_word(const char *s)
{
	size_t n = strcspn(s, " \t\n,;\"'=)");

	/* -part1 says which partition, not whose disk */
	for (size_t k = 1; k + 5 < n; k++)
		if (after_prefix(s + k, "-part"))
			return k;
	return n;
}

/* "MAC: link up" has its end there, a longer row of bytes has not. */
static bool goes_on(const char *end, const char *apart)
{
	return scrub_is_word(*end) || (*end && strchr(apart, *end) &&
				       (*end != ':' || isxdigit((unsigned char)end[1])));
}

/* Length of what has the form at @s, 0 if nothing has; @uuid: the line speaks of one. */
static size_t match(const struct form *f, const char *s, bool uuid)
{
	const char *end = s, *kept = NULL;

	if (f->uuid && !uuid)
		return 0;
	if (!f->form)
		return match_word(s);
	for (const char *c = f->form; *c; c++) {
		if (*c == '|')
			kept = end;
		else if (*c == 'x' ? isxdigit((unsigned char)*end) : *end == *c)
			end++;
		else
			return 0;
	}
	return goes_on(end, f->apart) ? 0 : (size_t)((kept ? kept : end) - s);
}

/* No digits but 0, or but f: a default route, a loopback, a broadcast, an unset id. */
static bool is_nobodys(const char *s, size_t n)
{
	return strspn(s, "0:-") >= n || strspn(s, "fF:-") >= n;
}

/* The form that stands at @at of @text and says something; *ret_len: its bytes behind the
 * lead. */
static const struct form *form_at(const char *text, const char *at, bool uuid,
				  size_t *ret_len)
{
	char before = at > text ? at[-1] : '\0';

	for (const struct form *f = forms; f < forms + ARRAY_SIZE(forms); f++) {
		const char *rest = after_prefix(at, f->lead);
		size_t n = rest ? match(f, rest, uuid) : 0;

		if (!n || (f->form && is_nobodys(rest, n)) ||
		    (before && !*f->lead && strchr(f->apart, before)))
			continue;
		*ret_len = n;
		return f;
	}
	return NULL;
}

/* May a form stand at @c of @text? All start a word, or with a slash. */
static bool may_start(const char *text, const char *c)
{
	return c == text || !scrub_is_word(c[-1]) || !scrub_is_word(*c);
}

/* Names may have it anywhere. */
static bool is_made_up(const struct form *f, const char *s, size_t n)
{
	return f->form ? after_prefix(s, f->shows) != NULL
		       : memmem(s, n, f->shows, strlen(f->shows)) != NULL;
}

void scrub_each(const char *text, scrub_found *fn, void *arg)
{
	for (const char *line = text, *end; *line; line = end + (*end == '\n')) {
		bool uuid = false;
		size_t n;

		end = strchrnul(line, '\n');
		for (const char *c = line; c < end && !uuid; c++)
			uuid = strncasecmp(c, "uuid", 4) == 0;
		for (const char *c = line; c < end;) {
			const struct form *f =
				may_start(line, c) ? form_at(line, c, uuid, &n) : NULL;

			if (!f) {
				c++;
				continue;
			}
			if (!is_made_up(f, c + strlen(f->lead), n))
				fn(arg, (unsigned)(f - forms), f->what, c);
			c += strlen(f->lead) + n;
		}
	}
}

/* The number that stands for @text from now on; MACs are the same with and without
 * colons. */
static unsigned number_of(struct scrub *s, const char *class, const char *text,
			  size_t len)
{
	char *key = arena_alloc(s->arena, strlen(class) + 1 + len + 1);
	char *to = stpcpy(stpcpy(key, class), " ");
	json_t *known;

	for (size_t i = 0; i < len; i++)
		if (text[i] != ':')
			*to++ = (char)tolower((unsigned char)text[i]);
	known = json_object_get(s->known, key);
	if (!known) {
		known = json_integer((json_int_t)++s->count);
		json_object_set_new_nocheck(s->known, key, known);
	}
	return (unsigned)json_integer_value(known);
}

/* @made_up with the number's last digits in place of its n's. */
static void put_made_up(FILE *out, const char *made_up, unsigned number)
{
	unsigned left = 0;

	for (const char *c = made_up; *c; c++)
		left += *c == 'n';
	for (const char *c = made_up; *c; c++) {
		if (*c != 'n')
			fputc(*c, out);
		else if (--left >= 8)
			fputc('0', out);
		else
			fputc("0123456789abcdef"[number >> (4 * left) & 15], out);
	}
}

#define SERIAL "pci serial"
#define SERIAL_LEN 16

/* Length of a function's serial number if it stands at @at as a word. */
static size_t match_serial(const struct scrub *s, const char *at)
{
	char text[SERIAL_LEN + 1];

	for (size_t i = 0; i < SERIAL_LEN; i++) {
		if (!isxdigit((unsigned char)at[i]))
			return 0;
		text[i] = (char)tolower((unsigned char)at[i]);
	}
	text[SERIAL_LEN] = '\0';
	return !scrub_is_word(at[SERIAL_LEN]) && json_object_get(s->serials, text)
		       ? SERIAL_LEN
		       : 0;
}

/* The text at @at if it is private: replaced, with how many bytes it had. Else 0. */
static size_t replace_at(struct scrub *s, bool uuid, const char *text, const char *at,
			 FILE *out)
{
	size_t n = scrub_host_at(&s->hosts, text, at);
	const struct form *f;

	if (n) {
		fputs("host", out);
		return n;
	}
	n = match_serial(s, at);
	if (n) {
		/* pcipass's own init-top script tells functions by it. */
		fprintf(out, "%0*x", SERIAL_LEN, number_of(s, SERIAL, at, n));
		return n;
	}
	f = form_at(text, at, uuid, &n);
	if (!f)
		return 0;
	fputs(f->lead, out);
	put_made_up(out, f->made_up, number_of(s, f->class, at + strlen(f->lead), n));
	return strlen(f->lead) + n;
}

static void scrub_string(struct scrub *s, json_t *string)
{
	const char *line = json_string_value(string), *c = line;
	AUTOFREE char *text = NULL;
	bool uuid = strcasestr(line, "uuid");
	size_t len = 0, taken;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	while (*c) {
		taken = may_start(line, c) ? replace_at(s, uuid, line, c, out) : 0;
		if (!taken)
			fputc(*c, out);
		c += taken ? taken : 1;
	}
	if (fclose(out) != 0)
		abort();
	json_string_setn_nocheck(string, text, len);
}

/* Every string but those of dumps, which are bytes; their objects have a size. */
static void scrub_json(struct scrub *s, json_t *j)
{
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_string(j))
		scrub_string(s, j);
	if (json_is_integer(json_object_get(j, "size")))
		return;
	json_object_foreach(j, key, v) scrub_json(s, v);
	json_array_foreach(j, i, v) scrub_json(s, v);
}

/* As 16 hex digits; false: @fn has none. */
static bool serial_text(const struct pci_fn *fn, char ret[static SERIAL_LEN + 1])
{
	uint8_t serial[SERIAL_LEN / 2];

	if (!cfg_serial(fn->config, serial))
		return false;
	for (size_t i = 0; i < sizeof(serial); i++)
		snprintf(ret + 2 * i, 3, "%02x", serial[i]);
	return strspn(ret, "0") < SERIAL_LEN;
}

/* The functions of one device have one serial number, and keep one. */
static void scrub_serial(struct scrub *s, struct machine *m, struct pci_fn *fn)
{
	uint32_t at = cfg_find_ext_cap(fn->config, PCI_EXT_CAP_ID_DSN);
	char text[SERIAL_LEN + 1];
	uint8_t *config;
	unsigned number;

	if (!serial_text(fn, text))
		return;
	number = number_of(s, SERIAL, text, SERIAL_LEN);
	config = arena_memdup(m->arena, fn->config.data, fn->config.len);
	memset(config + at + 4, 0, 8);
	for (unsigned i = 0; i < 3; i++)
		config[at + 4 + i] = (uint8_t)(number >> (8 * i));
	fn->config.data = config;
}

int machine_scrub(const struct machine *m, struct machine **ret, struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	json_auto_t *known = json_object(), *serials = json_object(), *root = NULL;
	AUTOFREE char *text = NULL, *scrubbed = NULL;
	struct scrub s = { a, known, serials, scrub_hosts(a, m), 0 };
	char serial[SERIAL_LEN + 1];
	struct machine *copy;
	int r = machine_to_json(m, &text);

	if (r < 0)
		return err_set(e, r, "this machine cannot be written: %s", strerror(-r));
	root = json_loads(text, 0, NULL);
	if (!root)
		return err_set(e, -EINVAL, "this machine is no valid JSON");
	vec_foreach(fn, &m->fns)
		if (serial_text(fn, serial))
			json_object_set_new_nocheck(serials, serial, json_true());
	scrub_json(&s, root);
	scrubbed = json_dumps(root, 0);
	if (!scrubbed)
		return err_set(e, -ENOMEM, "out of memory");
	r = machine_from_json(scrubbed, strlen(scrubbed), "scrubbed", &copy, e);
	if (r < 0)
		return r;
	vec_foreach(fn, &copy->fns)
		scrub_serial(&s, copy, fn);
	*ret = copy;
	return 0;
}

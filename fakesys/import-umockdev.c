/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What umockdev-record writes (umockdev 0.17, src/umockdev-record.vala): for each device
 * a paragraph with its path, what udev knows of it, and its attributes. It becomes a tree
 * in which the kernel's links by bus and class, which are not recorded, follow from E:
 * SUBSYSTEM.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "core/host-listing.h"
#include "fakesys/import-text.h"
#include "fakesys/import-tree.h"

#define ENTRIES_MAX ((size_t)1 << 20)
#define SHOWN_MAX 200 /* of a line that is not understood */

struct dump {
	struct arena *a;
	VEC(struct host_listing_entry) entries;
	const char *device; /* "/devices/pci0000:00/..."; NULL before the first */
	unsigned devices;
};

static void add_entry(struct dump *d, struct host_listing_entry e)
{
	if (d->entries.n < ENTRIES_MAX)
		*vec_push(d->a, &d->entries) = e;
}

/* No "..", no empty name: the path stays where it says. */
static bool is_plain_path(const char *s)
{
	for (const char *c = s; *c;) {
		size_t n = strcspn(c, "/");

		if (!n || (n == 1 && *c == '.') || (n == 2 && c[0] == '.' && c[1] == '.'))
			return false;
		c += n;
		if (*c && !*++c)
			return false;
	}
	return *s && strlen(s) < PATH_MAX / 2;
}

static bool start_device(struct dump *d, char *s)
{
	d->device = NULL;
	if (!after_prefix(s, "/devices/") || !is_plain_path(s + 1))
		return false;
	d->device = s;
	d->devices++;
	return true;
}

/* The bytes of g_strescape(): \n and the like, \ooo for what is no printable ASCII. */
static bool unescape(char *s, size_t *ret_len)
{
	static const char letters[] = "bfnrtv\\\"", bytes[] = "\b\f\n\r\t\v\\\"";
	char *out = s;

	for (const char *in = s; *in;) {
		const char *hit;
		uint64_t v = 0;
		int n = 0;

		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		in++;
		hit = *in ? strchr(letters, *in) : NULL;
		if (hit) {
			*out++ = bytes[hit - letters];
			in++;
			continue;
		}
		for (; n < 3 && in[n] >= '0' && in[n] <= '7'; n++)
			v = v * 8 + (uint64_t)(in[n] - '0');
		if (!n || v > 0xff)
			return false;
		*out++ = (char)v;
		in += n;
	}
	*ret_len = (size_t)(out - s);
	return true;
}

static bool unhex(char *s, size_t *ret_len)
{
	size_t n = strlen(s);
	uint64_t byte;

	for (size_t i = 0; i < n; i += 2) {
		if (import_number(s + i, 16, 2, &byte) != 2)
			return false;
		s[i / 2] = (char)byte;
	}
	*ret_len = n / 2;
	return true;
}

/* A: NAME=TEXT, H: NAME=HEX, L: NAME=TARGET. */
static bool read_attribute(struct dump *d, char kind, char *s)
{
	char *value = strchr(s, '=');
	struct host_listing_entry e = { .size = ATTRIBUTE_SIZE };
	size_t len = 0;

	if (!d->device || !value)
		return false;
	*value++ = '\0';
	if (!is_plain_path(s))
		return false;
	if (kind == 'A' ? !unescape(value, &len) : kind == 'H' && !unhex(value, &len))
		return false;
	if (kind == 'L' && (!*value || strlen(value) >= PATH_MAX / 2))
		return false;
	e.path = arena_printf(d->a, "sys%s/%s", d->device, s);
	e.target = kind == 'L' ? value : NULL;
	e.data = (struct blob){ (const uint8_t *)value, len };
	if (kind == 'H')
		e.size = len;
	add_entry(d, e);
	return true;
}

/* Buses of which a device is listed below sys/bus; all else is a class. */
static bool is_bus(const char *subsystem)
{
	static const char *const buses[] = { "pci", "pci_express", "usb", "scsi", "acpi",
					     "pnp", "platform",    "hid", "i2c" };

	for (size_t i = 0; i < ARRAY_SIZE(buses); i++)
		if (streq(subsystem, buses[i]))
			return true;
	return false;
}

/* drivers/base/core.c:device_add_class_symlinks, drivers/base/bus.c:bus_add_device */
static bool read_property(struct dump *d, const char *s)
{
	const char *subsystem = after_prefix(s, "SUBSYSTEM=");

	if (!d->device || !strchr(s, '='))
		return false;
	if (!subsystem)
		return true; /* udev's own */
	if (!is_plain_path(subsystem) || strchr(subsystem, '/'))
		return false;
	add_entry(d,
		  is_bus(subsystem)
			  ? (struct host_listing_entry){ .path = arena_printf(
								 d->a,
								 "sys/bus/%s/devices/%s",
								 subsystem,
								 path_name(d->device)),
							 .target = arena_printf(
								 d->a, "../../..%s",
								 d->device) }
			  : (struct host_listing_entry){
				    .path = arena_printf(d->a, "sys/class/%s/%s",
							 subsystem, path_name(d->device)),
				    .target = arena_printf(d->a, "../..%s", d->device) });
	return true;
}

static bool read_line(struct dump *d, char *s)
{
	if (!*s) {
		d->device = NULL;
		return true;
	}
	if (*s == '#')
		return true;
	if (strlen(s) < 3 || s[1] != ':' || s[2] != ' ')
		return false;
	switch (*s) {
	case 'P':
		return start_device(d, s + 3);
	case 'E':
		return read_property(d, s + 3);
	case 'A':
	case 'H':
	case 'L':
		return read_attribute(d, *s, s + 3);
	case 'N': /* names in /dev, which no fact of ours is about */
	case 'S':
		return d->device != NULL;
	default:
		return false;
	}
}

/* As a person may see it; the line itself may be taken apart. */
static const char *shown(struct arena *a, const char *line)
{
	char *s = arena_strndup(a, line, strnlen(line, SHOWN_MAX));

	for (char *c = s; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	return s;
}

static void read_dump(struct dump *d, char *text, struct arena *keep,
		      struct import_stats *ret)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		bool more = text[len] == '\n';
		char head[SHOWN_MAX + 1];

		text[len] = '\0';
		if (len && text[len - 1] == '\r')
			text[len - 1] = '\0';
		ret->lines++;
		snprintf(head, sizeof(head), "%s", text);
		if (!read_line(d, text) && !ret->not_understood++)
			ret->first = shown(keep, head);
		text += len + more;
	}
}

int import_umockdev(struct machine *m, const char *name, const char *text,
		    struct import_stats *ret, struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	struct dump d = { .a = a };
	struct import_stats stats = { 0 }, tree = { 0 };
	struct host_listing *listing;
	struct host h;
	int r;

	read_dump(&d, arena_strdup(a, text), m->arena, &stats);
	listing = host_listing_make(d.entries.v, d.entries.n);
	h = host_listing_get(listing);
	r = import_tree(m, name, &h, &tree, e);
	host_listing_close(listing);
	if (r < 0)
		return r;
	stats.functions = tree.functions;
	stats.not_understood += tree.not_understood;
	if (!stats.first)
		stats.first = tree.first;
	if (ret)
		*ret = stats;
	return 0;
}

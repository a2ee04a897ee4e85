/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "core/pci.h"

const char *bdf_format(struct bdf b, char buf[static BDF_SIZE])
{
	snprintf(buf, BDF_SIZE, "%04x:%02x:%02x.%x", b.domain, b.bus, b.dev, b.fn & 7u);
	return buf;
}

/* Up to @max hex digits at @s; returns how many, 0 for none. */
static int hex_field(const char *s, int max, uint32_t *ret)
{
	uint32_t v = 0;
	int n = 0;

	for (; n < max && isxdigit((unsigned char)s[n]); n++)
		v = v << 4 |
		    (uint32_t)(s[n] <= '9' ? s[n] - '0' : (s[n] | 0x20) - 'a' + 10);
	if (n)
		*ret = v;
	return n;
}

int bdf_parse(const char *s, struct bdf *ret)
{
	uint32_t f[3] = { 0 }, dev, fn;
	const char *p = s;
	int n, fields = 0;

	while (fields < 3 && (n = hex_field(p, 8, &f[fields])) > 0 && p[n] == ':') {
		/* A bus has two digits; only a domain may have more. */
		p += n + 1;
		fields++;
	}
	if (fields < 1 || fields > 2)
		return -EINVAL;
	n = hex_field(p, 2, &dev);
	if (!n || p[n] != '.')
		return -EINVAL;
	p += n + 1;
	n = hex_field(p, 1, &fn);
	if (!n || isxdigit((unsigned char)p[1]))
		return -EINVAL;
	if (f[fields - 1] > 0xff || dev > 0x1f || fn > 7)
		return -EINVAL;
	*ret = (struct bdf){ .domain = fields == 2 ? f[0] : 0,
			     .bus = (uint8_t)f[fields - 1],
			     .dev = (uint8_t)dev,
			     .fn = (uint8_t)fn };
	return (int)(p + 1 - s);
}

static uint64_t bdf_key(struct bdf b)
{
	return (uint64_t)b.domain << 16 | (uint64_t)b.bus << 8 | (uint64_t)b.dev << 3 |
	       b.fn;
}

int bdf_cmp(struct bdf a, struct bdf b)
{
	uint64_t x = bdf_key(a), y = bdf_key(b);

	return (x > y) - (x < y);
}

bool bdf_same_slot(struct bdf a, struct bdf b)
{
	return bdf_key(a) >> 3 == bdf_key(b) >> 3;
}

static bool id_field_matches(uint32_t id, uint32_t value)
{
	return id == PCI_ID_ANY || id == value;
}

bool pci_id_matches(const struct pci_id *id, const struct pci_ident *fn)
{
	return id_field_matches(id->vendor, fn->vendor) &&
	       id_field_matches(id->device, fn->device) &&
	       id_field_matches(id->subvendor, fn->subvendor) &&
	       id_field_matches(id->subdevice, fn->subdevice) &&
	       !((id->class ^ fn->class) & id->class_mask);
}

/* One field of a modalias pattern: its letters, then "*" or exactly @digits. */
static const char *alias_field(const char *p, const char *letters, int digits,
			       uint32_t *ret, bool *ret_any)
{
	p = after_prefix(p, letters);
	if (!p)
		return NULL;
	*ret_any = *p == '*';
	if (*ret_any)
		return p + 1;
	return hex_field(p, digits, ret) == digits ? p + digits : NULL;
}

int pci_id_parse_alias(const char *pattern, struct pci_id *ret)
{
	static const struct {
		const char *letters;
		int digits;
		int class_shift; /* of the class fields */
	} fields[] = { { "v", 8, 0 },   { "d", 8, 0 },  { "sv", 8, 0 }, { "sd", 8, 0 },
		       { "bc", 2, 16 }, { "sc", 2, 8 }, { "i", 2, 0 } };
	uint32_t v[ARRAY_SIZE(fields)] = { 0 };
	struct pci_id id = { 0 };
	const char *p = after_prefix(pattern, "pci:");
	bool any = false;

	if (!p) {
		p = after_prefix(pattern, "vfio_pci:");
		id.override_only = true;
	}
	for (size_t i = 0; p && i < ARRAY_SIZE(fields); i++) {
		p = alias_field(p, fields[i].letters, fields[i].digits, &v[i], &any);
		if (i < 4) {
			v[i] = any ? PCI_ID_ANY : v[i];
		} else if (!any) {
			id.class |= v[i] << fields[i].class_shift;
			id.class_mask |= 0xffu << fields[i].class_shift;
		}
	}
	/* modpost ends every alias with '*' (file2alias.c:add_wildcard). */
	if (p && !any && *p == '*')
		p++;
	if (!p || *p)
		return -EINVAL;
	id.vendor = v[0];
	id.device = v[1];
	id.subvendor = v[2];
	id.subdevice = v[3];
	*ret = id;
	return 0;
}

char *pci_id_format_alias(struct arena *a, const struct pci_id *id)
{
	char f[7][9];
	const uint32_t wide[4] = { id->vendor, id->device, id->subvendor, id->subdevice };

	for (int i = 0; i < 4; i++)
		snprintf(f[i], sizeof(f[i]), wide[i] == PCI_ID_ANY ? "*" : "%08X",
			 wide[i]);
	for (int i = 4; i < 7; i++) {
		unsigned shift = 16 - 8 * (unsigned)(i - 4);

		snprintf(f[i], sizeof(f[i]),
			 (id->class_mask >> shift & 0xff) ? "%02X" : "*",
			 id->class >> shift & 0xff);
	}
	return arena_printf(a, "%s:v%sd%ssv%ssd%sbc%ssc%si%s%s",
			    id->override_only ? "vfio_pci" : "pci", f[0], f[1], f[2],
			    f[3], f[4], f[5], f[6], *f[6] == '*' ? "" : "*");
}

const char *pci_modalias(const struct pci_ident *fn, char buf[static PCI_MODALIAS_SIZE])
{
	snprintf(buf, PCI_MODALIAS_SIZE, "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
		 fn->vendor, fn->device, fn->subvendor, fn->subdevice,
		 fn->class >> 16 & 0xff, fn->class >> 8 & 0xff, fn->class & 0xff);
	return buf;
}

uint8_t cfg_u8(struct blob config, uint32_t off)
{
	return off < config.len ? config.data[off] : 0xff;
}

uint16_t cfg_u16(struct blob config, uint32_t off)
{
	return (uint16_t)(cfg_u8(config, off) | cfg_u8(config, off + 1) << 8);
}

uint32_t cfg_u32(struct blob config, uint32_t off)
{
	return cfg_u16(config, off) | (uint32_t)cfg_u16(config, off + 2) << 16;
}

uint32_t cfg_find_cap(struct blob config, uint8_t id)
{
	uint32_t pos;
	int ttl = 48; /* drivers/pci/pci.c: PCI_FIND_CAP_TTL */

	if (!(cfg_u16(config, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	pos = cfg_u8(config, PCI_CAPABILITY_LIST) & ~3u;
	while (ttl-- && pos >= 0x40 && pos + 2 <= config.len) {
		uint8_t found = cfg_u8(config, pos);

		if (found == 0xff)
			return 0;
		if (found == id)
			return pos;
		pos = cfg_u8(config, pos + 1) & ~3u;
	}
	return 0;
}

uint32_t cfg_find_ext_cap(struct blob config, uint16_t id)
{
	uint32_t pos = 0x100;
	int ttl = (4096 - 256) / 8;

	while (ttl-- && pos >= 0x100 && pos + 4 <= config.len) {
		uint32_t header = cfg_u32(config, pos);

		if (!header || header == 0xffffffff)
			return 0;
		if ((header & 0xffff) == id)
			return pos;
		pos = header >> 20 & ~3u;
	}
	return 0;
}

int cfg_pcie_type(struct blob config)
{
	uint32_t pos = cfg_find_cap(config, PCI_CAP_ID_EXP);

	return pos ? (cfg_u16(config, pos + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4
		   : -1;
}

bool cfg_is_bridge(struct blob config)
{
	return config.len > PCI_HEADER_TYPE &&
	       (cfg_u8(config, PCI_HEADER_TYPE) & 0x7f) == PCI_HEADER_TYPE_BRIDGE;
}

bool cfg_serial(struct blob config, uint8_t ret[static 8])
{
	uint32_t pos = cfg_find_ext_cap(config, PCI_EXT_CAP_ID_DSN);

	if (!pos || pos + 12 > config.len)
		return false;
	for (uint32_t i = 0; i < 8; i++)
		ret[i] = cfg_u8(config, pos + 4 + 7 - i);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/machine-json-fields.h"

#define CONFIG_MAX 4096

/* ---- config space: rows below "read", served up to "size" ---- */

static int config_read(struct json_reader *r, const struct json_place *at,
		       const json_t *v, void *p, const struct field *f)
{
	const json_t *read = json_object_get(v, "read");
	struct pci_fn *fn = p;
	struct blob all;
	json_int_t n;

	(void)f;
	if (dump_read(r, at, v, CONFIG_MAX, &all) < 0)
		return -EINVAL;
	if (all.len != 256 && all.len != CONFIG_MAX)
		return json_wrong(r, at, "\"size\" must be 256 or 4096");
	n = read ? json_integer_value(read) : (json_int_t)all.len;
	if ((read && !json_is_integer(read)) || n < 0 || (size_t)n > all.len)
		return json_wrong(r, at, "\"read\" must be a number from 0 to %zu",
				  all.len);
	for (size_t i = (size_t)n; i < all.len; i++)
		if (all.data[i])
			return json_wrong(r, at, "a row lies beyond \"read\"");
	fn->config_size = (uint32_t)all.len;
	if (n)
		fn->config = (struct blob){ all.data, (size_t)n };
	return 0;
}

static json_t *config_write(const void *p, const struct field *f)
{
	const struct pci_fn *fn = p;
	json_int_t size = fn->config_size;
	json_t *object;

	(void)f;
	if (!fn->config.len && !fn->config_size)
		return NULL;
	if (!size)
		size = fn->config.len > 256 ? CONFIG_MAX : 256;
	object = json_pack("{s:I}", "size", size);
	if (object && fn->config.len < (size_t)size)
		json_object_set_new(object, "read",
				    json_integer((json_int_t)fn->config.len));
	if (object)
		dump_write_rows(object, fn->config);
	return object;
}

const struct field_type type_config = { config_read, NULL, config_write };

/* ---- ids, only of functions whose config space does not tell them ---- */

static bool ids_in_config(const struct pci_fn *fn)
{
	return fn->config.len >= 64; /* as machine_finish() decides */
}

static int id_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		   void *p, const struct field *f)
{
	const char *s = json_string_value(v);
	struct pci_fn *fn = p;
	struct pci_id id;

	(void)f;
	if (!s || pci_id_parse_alias(s, &id) < 0 || id.override_only ||
	    id.class_mask != 0xffffff || id.vendor > 0xffff || id.device > 0xffff ||
	    id.subvendor > 0xffff || id.subdevice > 0xffff)
		return json_wrong(r, at, "a modalias is expected, pci:v0000...");
	fn->id = (struct pci_ident){ id.vendor, id.device, id.subvendor, id.subdevice,
				     id.class };
	return 0;
}

static json_t *id_write(const void *p, const struct field *f)
{
	const struct pci_fn *fn = p;
	char buf[PCI_MODALIAS_SIZE];

	(void)f;
	return ids_in_config(fn) ? NULL : json_string(pci_modalias(&fn->id, buf));
}

static int revision_read(struct json_reader *r, const struct json_place *at,
			 const json_t *v, void *p, const struct field *f)
{
	struct pci_fn *fn = p;
	unsigned n;

	if (type_uint.read(r, at, v, &n, f) < 0)
		return -EINVAL;
	fn->revision = (uint8_t)n;
	return 0;
}

static json_t *revision_write(const void *p, const struct field *f)
{
	const struct pci_fn *fn = p;
	unsigned n = fn->revision;

	return ids_in_config(fn) ? NULL : type_uint.write(&n, f);
}

const struct field_type type_id = { id_read, NULL, id_write };
const struct field_type type_revision = { revision_read, NULL, revision_write };

/* ---- resources: [number, "0xSTART", "0xEND", "0xFLAGS"] ---- */

static int hex_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		    uint64_t *ret)
{
	const char *s = json_string_value(v);
	char again[24];
	uint64_t n = 0;

	if (s)
		n = strtoull(s, NULL, 16);
	snprintf(again, sizeof(again), "0x%" PRIx64, n);
	if (!s || !streq(s, again))
		return json_wrong(r, at, "a string like \"0xfe000000\" is expected");
	*ret = n;
	return 0;
}

static int resources_read(struct json_reader *r, const struct json_place *at,
			  const json_t *v, void *p, const struct field *f)
{
	struct pci_resource *res = p;

	(void)f;
	if (!json_is_array(v))
		return json_wrong(r, at, "an array is expected");
	for (size_t i = 0, last = 0; i < json_array_size(v); i++) {
		const json_t *row = json_array_get(v, i), *no = json_array_get(row, 0);
		struct json_place here = { .up = at, .index = i };
		json_int_t n = json_integer_value(no);
		uint64_t value[3];

		if (json_array_size(row) != 4 || !json_is_integer(no) || n < 0 ||
		    n >= PCI_RESOURCES)
			return json_wrong(
				r, &here,
				"[number below %d, start, end, flags] is expected",
				PCI_RESOURCES);
		if (i && (size_t)n <= last)
			return json_wrong(r, &here, "rows must rise in number");
		last = (size_t)n;
		for (size_t k = 0; k < ARRAY_SIZE(value); k++) {
			struct json_place cell = { .up = &here, .index = k + 1 };

			if (hex_read(r, &cell, json_array_get(row, k + 1), &value[k]) < 0)
				return -EINVAL;
		}
		if (value[1] < value[0])
			return json_wrong(r, &here, "the end lies before the start");
		res[n] = (struct pci_resource){ value[0], value[1], value[2] };
	}
	return 0;
}

static json_t *resources_write(const void *p, const struct field *f)
{
	const struct pci_resource *res = p;
	json_t *array = json_array();

	(void)f;
	for (int i = 0; i < PCI_RESOURCES; i++) {
		char hex[3][24];

		if (!res[i].start && !res[i].end && !res[i].flags)
			continue;
		snprintf(hex[0], sizeof(hex[0]), "0x%" PRIx64, res[i].start);
		snprintf(hex[1], sizeof(hex[1]), "0x%" PRIx64, res[i].end);
		snprintf(hex[2], sizeof(hex[2]), "0x%" PRIx64, res[i].flags);
		json_array_append_new(array,
				      json_pack("[isss]", i, hex[0], hex[1], hex[2]));
	}
	if (json_array_size(array))
		return array;
	json_decref(array);
	return NULL;
}

const struct field_type type_resources = { resources_read, NULL, resources_write };

/* ---- a VF is a function with "physfn" ---- */

static int physfn_read(struct json_reader *r, const struct json_place *at,
		       const json_t *v, void *p, const struct field *f)
{
	struct pci_fn *fn = p;

	fn->is_vf = true;
	return type_bdf.read(r, at, v, &fn->physfn, f);
}

static json_t *physfn_write(const void *p, const struct field *f)
{
	const struct pci_fn *fn = p;

	return fn->is_vf ? type_bdf.write(&fn->physfn, f) : NULL;
}

const struct field_type type_physfn = { physfn_read, NULL, physfn_write };

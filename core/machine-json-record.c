/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/machine-json-types.h"

static bool record_has(const struct record *rec, const char *key)
{
	for (size_t i = 0; i < rec->n_fields; i++)
		if (streq(rec->fields[i].key, key))
			return true;
	return false;
}

int record_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		void *p, const struct record *rec)
{
	json_t *object = (json_t *)(uintptr_t)v, *member;
	const char *key;

	if (!json_is_object(v))
		return json_wrong_kind(r, at, v, "an object");
	json_object_foreach(object, key, member)
	{
		struct json_place here = { .up = at, .key = key };

		if (!record_has(rec, key))
			return json_wrong(r, &here, "there is no such key");
	}
	for (size_t i = 0; i < rec->n_fields; i++) {
		const struct field *f = &rec->fields[i];
		struct json_place here = { .up = at, .key = f->key };
		void *to = (char *)p + f->off;

		member = json_object_get(v, f->key);
		if (!member && f->required)
			return json_wrong(r, &here, "missing");
		if (member && f->type->read(r, &here, member, to, f) < 0)
			return -EINVAL;
		if (!member && f->type->absent)
			f->type->absent(to, f);
	}
	return 0;
}

json_t *record_write(const void *p, const struct record *rec)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < rec->n_fields; i++) {
		struct field f = rec->fields[i];
		json_t *v;

		/* What is known to be empty is not missing. */
		f.required |= f.fact && !machine_unknown(p, "%s", f.fact);
		v = f.type->write((const char *)p + f.off, &f);
		if (v)
			json_object_set_new_nocheck(object, f.key, v);
	}
	return object;
}

static int type_record_read(struct json_reader *r, const struct json_place *at,
			    const json_t *v, void *p, const struct field *f)
{
	return record_read(r, at, v, p, f->record);
}

/* The members' defaults; a record that is left out is one without members. */
static void type_record_absent(void *p, const struct field *f)
{
	for (size_t i = 0; i < f->record->n_fields; i++) {
		const struct field *in = &f->record->fields[i];

		if (in->type->absent)
			in->type->absent((char *)p + in->off, in);
	}
}

static json_t *type_record_write(const void *p, const struct field *f)
{
	json_t *object = record_write(p, f->record);

	if (f->required || json_object_size(object))
		return object;
	json_decref(object);
	return NULL;
}

/* The bytes of any VEC(): arena.h gives all of them this shape. */
struct any_vec {
	void *v;
	size_t n, cap;
};

static size_t element_size(const struct field *el)
{
	if (el->record)
		return el->record->size;
	return el->type == &type_alias ? sizeof(struct pci_id) : sizeof(const char *);
}

/* A zeroed new last element of the VEC() at @vec. */
static void *any_push(struct arena *a, void *vec, size_t size)
{
	struct any_vec any;

	/* By copy: the VEC() has another type, which no pointer may alias. */
	memcpy(&any, vec, sizeof(any));
	any.v = arena_grow(a, any.v, any.n, &any.cap, size);
	any.n++;
	memcpy(vec, &any, sizeof(any));
	return (char *)any.v + (any.n - 1) * size;
}

static int list_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		     void *p, const struct field *f)
{
	size_t n = json_array_size(v);

	if (!json_is_array(v))
		return json_wrong_kind(r, at, v, "an array");
	if (f->max && n > (size_t)f->max)
		return json_wrong(r, at, "%zu elements are too many", n);
	for (size_t i = 0; i < n; i++) {
		struct json_place here = { .up = at, .index = i };
		void *to = any_push(r->arena, p, element_size(f->element));

		if (f->element->type->read(r, &here, json_array_get(v, i), to,
					   f->element) < 0)
			return -EINVAL;
	}
	return 0;
}

static json_t *list_write(const void *p, const struct field *f)
{
	size_t size = element_size(f->element);
	struct any_vec any;
	json_t *array;

	memcpy(&any, p, sizeof(any));
	if (!any.n && !f->required)
		return NULL;
	array = json_array();
	for (size_t i = 0; i < any.n; i++)
		json_array_append_new(
			array,
			f->element->type->write((char *)any.v + i * size, f->element));
	return array;
}

static int map_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		    void *p, const struct field *f)
{
	json_t *object = (json_t *)(uintptr_t)v, *member;
	const struct field *el = f->element;
	const char *key;

	if (!json_is_object(v))
		return json_wrong_kind(r, at, v, "an object");
	json_object_foreach(object, key, member)
	{
		struct json_place here = { .up = at, .key = key };
		char *to = any_push(r->arena, p, el->record->size);

		*(const char **)(void *)to = arena_strdup(r->arena, key);
		if (el->type->read(r, &here, member, to + el->off, el) < 0)
			return -EINVAL;
	}
	return 0;
}

static json_t *map_write(const void *p, const struct field *f)
{
	const struct field *el = f->element;
	struct any_vec any;
	json_t *object;

	memcpy(&any, p, sizeof(any));
	if (!any.n)
		return NULL;
	object = json_object();
	for (size_t i = 0; i < any.n; i++) {
		char *from = (char *)any.v + i * el->record->size;

		json_object_set_new(object, *(const char **)(void *)from,
				    el->type->write(from + el->off, el));
	}
	return object;
}

const struct field_type type_record = { type_record_read, type_record_absent,
					type_record_write };
const struct field_type type_list = { list_read, NULL, list_write };
const struct field_type type_map = { map_read, NULL, map_write };

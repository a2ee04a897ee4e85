/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine-json-types - how one member of a fixture becomes one field of a struct and
 * back. A record is a table of fields, and both directions walk that one table; private
 * to machine-json.
 */
#pragma once

#include <jansson.h>

#include "core/machine.h"

/* Where the reader is: a chain of frames on the stack, printed only when something fails.
 */
struct json_place {
	const struct json_place *up;
	const char *key; /* NULL: an element of an array */
	size_t index;
};

struct json_reader {
	struct arena *arena;
	const char *name;
	size_t bytes_left; /* what dumps may still expand to */
	struct err *e;
};

/* Set the error "NAME: PLACE: TEXT" and return -EINVAL. */
int json_wrong(const struct json_reader *r, const struct json_place *at, const char *fmt,
	       ...) PRINTF(3, 4);

/* The same for a value of another kind: "WANT is expected, not a number". */
int json_wrong_kind(struct json_reader *r, const struct json_place *at, const json_t *v,
		    const char *want);

struct field;

/*
 * @p is the field (struct + field.off). read() gets a value that is there; absent() sets
 * the default if that is not zero; write() returns NULL for the default, which is left
 * out.
 */
struct field_type {
	int (*read)(struct json_reader *r, const struct json_place *at, const json_t *v,
		    void *p, const struct field *f);
	void (*absent)(void *p, const struct field *f);
	json_t *(*write)(const void *p, const struct field *f);
};

struct record;

struct field {
	const char *key;
	const struct field_type *type;
	size_t off;
	bool required;
	const char *fact; /* struct machine's own: written, even empty, unless unknown */
	long long min, max, def;     /* numbers: inclusive range, default */
	const struct record *record; /* type_record: what is inside */
	const struct field *element; /* lists and maps: one element */
	const char *const *words;    /* type_word...: what it may be, NULL-terminated */
};

struct record {
	const struct field *fields;
	size_t n_fields, size;
};

/* The whole of a record; write() may return an empty object, NULL is -ENOMEM. */
int record_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		void *p, const struct record *rec);
json_t *record_write(const void *p, const struct record *rec);

/* Bytes as {"size": N, "000": "8086...", ...}: 16 a row, rows of zeros left out. */
int dump_read(struct json_reader *r, const struct json_place *at, const json_t *v,
	      size_t max, struct blob *ret);
void dump_write_rows(json_t *object, struct blob b);

/* A JSON string; bytes that are not UTF-8 become '?'. */
json_t *json_text(const char *s);

extern const struct field_type type_string;      /* const char *, "" if absent */
extern const struct field_type type_string_null; /* const char *, NULL if absent */
extern const struct field_type type_name;        /* one component of a path */
extern const struct field_type type_name_null;
extern const struct field_type type_path; /* relative and inside the tree */
extern const struct field_type type_path_null;
extern const struct field_type type_word; /* one of field.words; required */
extern const struct field_type type_word_null;
extern const struct field_type type_words_null; /* any of them, joined by a blank */
extern const struct field_type type_dev_null;   /* "8:0" */
extern const struct field_type type_bool;
extern const struct field_type type_int;    /* int */
extern const struct field_type type_uint;   /* unsigned, uint32_t */
extern const struct field_type type_time;   /* int64_t */
extern const struct field_type type_bdf;    /* struct bdf */
extern const struct field_type type_alias;  /* struct pci_id */
extern const struct field_type type_dump;   /* struct blob */
extern const struct field_type type_record; /* a struct, or members of this one grouped */
extern const struct field_type type_list;   /* VEC of elements */
extern const struct field_type type_map; /* VEC of structs that begin with their name */

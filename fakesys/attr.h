/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attr - the names of the simulated tree as rows of tables: what an entry is called, its
 * mode, when it is there, and how its content is computed (show) or taken (store).
 *
 * Rows of one table stand in order of name (attr_find() searches by halves; a test
 * checks).
 */
#pragma once

#include "fakesys/sim-internal.h"

struct attr;

/*
 * A directory: its kind and what it is about. The meaning of @p, @i and @j is the kind's;
 * rows with S_IFDIR hand them down to the directory they open.
 */
struct node {
	const struct dir_kind *kind;
	const void *p;
	uint32_t i, j;
};

/* What stands at a path. */
struct entry {
	mode_t mode; /* type and permissions */
	struct node
		dir; /* the directory itself; for files and links the one they are in */
	struct node target; /* links */
	const char *text;   /* a link out of what is modelled: the path it leads to */
	const struct attr *attr; /* files */
};

typedef ssize_t attr_show_fn(struct sim *s, const struct node *dir, const struct attr *a,
			     char buf[static SIM_PAGE]);
typedef ssize_t attr_store_fn(struct sim *s, const struct node *dir, const struct attr *a,
			      const char *buf, size_t len);

/* Content that is not text of one page. */
struct attr_bin {
	uint64_t (*size)(const struct sim *s, const struct node *dir,
			 const struct attr *a);
	/* As read(2) and write(2) at @off, within size. NULL: -EIO. */
	ssize_t (*read)(struct sim *s, const struct node *dir, const struct attr *a,
			char *buf, size_t len, uint64_t off);
	ssize_t (*write)(struct sim *s, const struct node *dir, const struct attr *a,
			 const char *buf, size_t len, uint64_t off);
	/* What an opener without CAP_SYS_ADMIN may read of it; NULL: all. */
	uint64_t (*limit)(const struct sim *s, const struct node *dir);
	bool mapped; /* its content is for mmap(2) */
};

struct attr {
	const char *name;
	mode_t mode;    /* permissions of a file; with S_IFDIR or S_IFLNK for these */
	uint32_t needs; /* bits of fn_place.traits that must all be set */
	bool (*visible)(const struct sim *s, const struct node *dir,
			const struct attr *a); /* NULL: always */
	attr_show_fn *show;
	attr_store_fn *store; /* gets a NUL behind @len; returns len or -errno */
	/* A data row: @size bytes at @offset of struct pci_fn, printed in @digits of hex.
	 */
	uint16_t offset;
	uint8_t size, digits; /* digits 0: decimal, unsigned */
	int arg;              /* for functions that several rows share */
	const struct attr_bin *bin;
	const struct dir_kind *dir; /* S_IFDIR */
	bool (*target)(const struct sim *s, const struct node *dir, struct node *ret);
	/* S_IFLNK out of what is modelled: the path from the root. */
	const char *(*path)(const struct sim *s, const struct node *dir);
};

struct attr_table {
	const struct attr *v;
	size_t n;
};

/* An entry of a part that was recorded as it stands; sim-opaque.h. */
struct sim_opaque {
	const char *path; /* from the root */
	size_t len;
	const struct opaque *owner;
	uint32_t fn;                    /* the function right above, or SIM_NONE */
	const struct opaque_node *node; /* NULL: a folder on the way to one */
	struct attr attr;               /* of a file; of a folder its mode */
	const char *target;             /* of a link: the path from the root */
	int error;
};

struct dir_kind {
	/* Its place, if it is fixed: name in the directory of kind @parent about the
	 * same. */
	const char *name;
	const struct dir_kind *parent;
	/* Else this gives it; @name has NODE_NAME bytes. */
	void (*where)(const struct sim *s, const struct node *dir,
		      struct node *ret_parent, char *name);
	struct attr_table attrs;
	/* Entries beside the rows. -ENOENT. @name is not NUL-terminated. */
	int (*lookup)(const struct sim *s, const struct node *dir, const char *name,
		      size_t len, struct entry *ret);
	int (*each)(const struct sim *s, const struct node *dir, host_list_fn *fn,
		    void *arg);
	mode_t each_type; /* S_IFLNK or S_IFDIR if all of these are that */
	/* When the object came to be, as sim.changes was; NULL: with its folder. */
	uint64_t (*birth)(const struct sim *s, const struct node *dir);
};
#define NODE_NAME 256
#define ATTRS(rows)                                                                      \
	{                                                                                \
		(rows), ARRAY_SIZE(rows)                                                 \
	}

bool attr_visible(const struct sim *s, const struct node *dir, const struct attr *a);
const struct attr *attr_find(struct attr_table t, const char *name, size_t len);
/* One page at most; the file's content from its start. */
ssize_t attr_show(struct sim *s, const struct node *dir, const struct attr *a,
		  char buf[static SIM_PAGE]);

/*
 * One write(2) to a file that was opened for it: at most SIM_PAGE bytes, none of them no
 * store. The count or negative errno; -EINPROGRESS with s->wait set.
 */
ssize_t entry_store(struct sim *s, const struct entry *e, bool capable, const char *buf,
		    size_t len, uint64_t off);
/* The same, put into the queue of those that wait (blocked.h) with its ticket. */
ssize_t entry_store_or_wait(struct sim *s, const struct entry *e, bool capable,
			    const char *buf, size_t len, uint64_t off,
			    uint64_t *ret_ticket);
/* One read(2) of a file with binary content, clipped as sysfs does. */
ssize_t entry_read_bin(struct sim *s, const struct entry *e, bool capable, char *buf,
		       size_t len, uint64_t off);

/* Shows for rows of their own: a->arg as a number; the empty text. */
attr_show_fn attr_show_arg, attr_show_empty;

/* Add to a page without printf's price; each returns the new end. */
static inline char *put_str(char *p, const char *s)
{
	size_t n = strlen(s); /* known to the compiler where @s is a literal */

	memcpy(p, s, n);
	return p + n;
}
char *put_hex(char *p, uint64_t v, int digits);
char *put_dec(char *p, uint64_t v);
char *put_bdf(char *p, struct bdf b);
/* The same with a NUL, in @buf of BDF_SIZE or more. */
static inline const char *name_bdf(char *buf, struct bdf b)
{
	*put_bdf(buf, b) = '\0';
	return buf;
}
/*
 * Read an address exactly as put_bdf() writes it at the start of @len bytes; returns how
 * many it took, 0: it is none.
 */
size_t parse_bdf(const char *p, size_t len, struct bdf *ret);

/*
 * How the kernel reads what is stored (lib/kstrtox.c): base by prefix, one newline may
 * end it. 0, or -EINVAL, also on overflow, as the attributes of PCI map it.
 */
int store_u64(const char *buf, uint64_t max, uint64_t *ret);
int store_int(const char *buf, int *ret);
int store_bool(const struct kernel_profile *p, const char *buf, bool *ret);
/* lib/string_helpers.c:sysfs_streq: equal but for one newline at an end. */
bool store_is(const char *buf, const char *want);
/* Of a name stored so (drivers/base/bus.c:device_match_name): a NUL ends it, too. */
size_t store_name_len(const char *buf);

/* Put @s in a buffer of NODE_NAME bytes, cut there; "pciDDDD:BB" of a root bus. */
static inline void name_copy(char *name, const char *s)
{
	size_t n = strnlen(s, NODE_NAME - 1);

	memcpy(name, s, n);
	name[n] = '\0';
}
void name_root(char *name, const struct sim_root *r);

static inline bool name_is(const char *name, size_t len, const char *want)
{
	return strncmp(name, want, len) == 0 && !want[len];
}

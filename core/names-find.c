/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids by their names: vendors and classes are sorted once, a vendor's devices when asked.
 */
#include <ctype.h>

#include "core/names-part.h"

static int cmp_names(const void *x, const void *y)
{
	const struct by_name *a = x, *b = y;
	size_t n = a->len < b->len ? a->len : b->len;
	int r = memcmp(a->name, b->name, n);

	return r ? r : (a->len > b->len) - (a->len < b->len);
}

static void add(struct names *n, by_names *list, const struct entry *e, int64_t id)
{
	size_t len;
	const char *name = names_text(e, &len);

	*vec_push(n->arena, list) = (struct by_name){ name, len, id };
}

static void sort(by_names *list)
{
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), cmp_names);
}

static void sort_list(struct names *n)
{
	if (n->vendors.n)
		return;
	vec_foreach(sec, &n->sections) {
		if (sec->self.id < CLASS(0)) {
			add(n, &n->vendors, &sec->self, sec->self.id);
			continue;
		}
		if (!sec->read)
			names_index_below(n, sec);
		vec_foreach(e, &sec->below)
			add(n, &n->classes, e, (sec->self.id - CLASS(0)) << 8 | e->id);
	}
	sort(&n->vendors);
	sort(&n->classes);
}

/* The first of that name, and how many there are. */
static const struct by_name *find(const by_names *list, const char *name, size_t len,
				  size_t *ret_n)
{
	struct by_name key = { name, len, 0 };
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cmp_names(&list->v[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (*ret_n = 0; low + *ret_n < list->n; ++*ret_n)
		if (cmp_names(&list->v[low + *ret_n], &key))
			break;
	return *ret_n ? &list->v[low] : NULL;
}

int64_t names_find_class(struct names *n, const char *text, size_t len)
{
	const struct by_name *hit;
	size_t hits;

	if (!n || !n->sections.n)
		return -1;
	sort_list(n);
	hit = find(&n->classes, text, len, &hits);
	return hits == 1 ? hit->id : -1;
}

/* The vendors whose name is the longest that starts @text; what follows in @ret_rest. */
static const struct by_name *find_vendor(const struct names *n, const char *text,
					 size_t *ret_n, const char **ret_rest)
{
	for (size_t len = strlen(text); len; len--) {
		const struct by_name *hit;

		if (text[len] && text[len] != ' ')
			continue;
		hit = find(&n->vendors, text, len, ret_n);
		if (!hit)
			continue;
		*ret_rest = text + len + strspn(text + len, " ");
		return hit;
	}
	return NULL;
}

/* "Device 1b81" */
static int64_t unnamed_device(const char *s)
{
	const char *digits = after_prefix(s, "Device ");

	if (!digits || strlen(digits) != 4 || strspn(digits, "0123456789abcdef") != 4)
		return -1;
	return (int64_t)strtoul(digits, NULL, 16);
}

static const char *why_not(struct arena *a, const char *name, bool several)
{
	return arena_printf(a,
			    several ? "lspci was run without -nn, and pci.ids has "
				      "several ids named \"%.200s\""
				    : "lspci was run without -nn, and pci.ids does not "
				      "have \"%.200s\"",
			    name);
}

/* One of the vendors of one name, and its device @rest, added to what was found. */
static size_t find_below(struct names *n, int64_t vendor, const char *rest,
			 struct names_ids *ret)
{
	struct section *sec = names_section(n, vendor);
	const struct by_name *hit;
	size_t hits;

	if (!sec->read)
		names_index_below(n, sec);
	if (!sec->found.n) {
		vec_foreach(e, &sec->below)
			add(n, &sec->found, e, e->id);
		sort(&sec->found);
	}
	hit = find(&sec->found, rest, strlen(rest), &hits);
	if (hit) {
		ret->vendor = vendor;
		ret->device = hit->id;
	}
	return hits;
}

static struct names_ids not_there(struct arena *a, const struct names *n,
				  const char *text)
{
	return (struct names_ids){
		-1, -1,
		n && n->sections.n ? why_not(a, text, false)
				   : "lspci was run without -nn, and pci.ids is not "
				     "installed here"
	};
}

/* The vendors that @text begins with, of a list that may not be there: NULL. */
static const struct by_name *begin(struct names *n, const char *text, size_t *ret_n,
				   const char **ret_rest)
{
	if (!n || !n->sections.n)
		return NULL;
	sort_list(n);
	return find_vendor(n, text, ret_n, ret_rest);
}

struct names_ids names_find_device(struct names *n, struct arena *a, const char *text)
{
	struct names_ids ret = { -1, -1, NULL };
	const struct by_name *vendor;
	size_t vendors = 0, hits = 0;
	const char *rest = "";

	vendor = begin(n, text, &vendors, &rest);
	if (!vendor)
		return not_there(a, n, text);
	ret.device = unnamed_device(rest);
	for (size_t i = 0; ret.device < 0 && i < vendors; i++)
		hits += find_below(n, vendor[i].id, rest, &ret);
	if (hits > 1 || (!hits && vendors > 1))
		ret.vendor = -1;
	if (hits > 1)
		ret.device = -1;
	if (vendors == 1)
		ret.vendor = vendor->id;
	if (ret.vendor < 0 || ret.device < 0)
		ret.why = why_not(a, text, hits > 1 || vendors > 1);
	return ret;
}

/* The lines with two tabs below a device: "1043 8694  Name". */
static size_t find_listed(struct names *n, const struct pci_ident *of, int64_t vendor,
			  const char *name, int64_t *ret)
{
	int64_t id = of->device;
	struct section *sec = names_section(n, of->vendor);
	const struct entry *device = NULL;
	size_t hits = 0;

	if (!sec->read)
		names_index_below(n, sec);
	vec_foreach(e, &sec->below)
		if (e->id == id)
			device = e;
	if (!device)
		return 0;
	for (const char *s = names_next_line(n, device->name);
	     s < n->end && s[0] == '\t' && s[1] == '\t'; s = names_next_line(n, s)) {
		const char *at = s + 2, *text;
		struct entry e = { names_take_id(&at, 4), NULL };
		size_t len;

		at += strspn(at, " ");
		id = names_take_id(&at, 4);
		e.name = at;
		text = names_text(&e, &len);
		if (e.id != vendor || id < 0 || len != strlen(name) ||
		    memcmp(text, name, len))
			continue;
		*ret = id;
		hits++;
	}
	return hits;
}

struct names_ids names_find_subsystem(struct names *n, struct arena *a,
				      const struct pci_ident *of, const char *text)
{
	struct names_ids ret = { -1, -1, NULL };
	const struct by_name *vendor;
	size_t vendors = 0, hits = 0;
	const char *rest = "";

	vendor = begin(n, text, &vendors, &rest);
	if (!vendor)
		return not_there(a, n, text);
	ret.device = unnamed_device(rest);
	for (size_t i = 0; ret.device < 0 && i < vendors; i++) {
		int64_t id;
		size_t more = 0;

		if (names_section(n, of->vendor))
			more = find_listed(n, of, vendor[i].id, rest, &id);
		if (!more)
			continue;
		ret.vendor = vendor[i].id;
		hits += more;
		if (hits == 1)
			ret.device = id;
	}
	if (hits > 1)
		ret.device = -1;
	if (vendors == 1)
		ret.vendor = vendor->id;
	else if (hits != 1)
		ret.vendor = -1;
	if (ret.vendor < 0 || ret.device < 0)
		ret.why = why_not(a, text, hits > 1 || vendors > 1);
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <pci/pci.h>

#include "core/names-part.h"

/*
 * libpci enters all 36,000 lines of pci.ids into a hash with long chains: two thirds of
 * the time of `pcipass list`, and of lspci. udev's hwdb would be fast, but it is another
 * edition: on Debian 12 one name in twenty differs (and libpci leaks a context of udev
 * where it is not installed). So the list is searched here; a compressed one stays
 * libpci's.
 */
int64_t names_take_id(const char **s, int n)
{
	const char *c = *s;
	int64_t id = 0;

	for (; c < *s + n && isxdigit((unsigned char)*c); c++)
		id = id << 4 |
		     (isdigit((unsigned char)*c) ? *c - '0' : (*c | 0x20) - 'a' + 10);
	if (c < *s + n || (*c != ' ' && *c != '\t'))
		return -1;
	*s = c;
	return id;
}

static int cmp_id(const void *va, const void *vb)
{
	const int64_t *a = va, *b = vb;

	return *a < *b ? -1 : *a > *b;
}

/* pci.ids is kept sorted, by hand. */
static void sort(void *v, size_t n, size_t size)
{
	const char *at = v;

	for (size_t i = 1; i < n; i++, at += size) {
		if (cmp_id(at, at + size) > 0) {
			qsort(v, n, size, cmp_id);
			return;
		}
	}
}

const char *names_next_line(const struct names *n, const char *s)
{
	return (const char *)memchr(s, '\n', (size_t)(n->end - s)) + 1;
}

bool names_starts_section(const char *s)
{
	return *s != '\t' && *s != '#' && *s != '\n';
}

static void index_sections(struct names *n)
{
	for (const char *s = n->text; s < n->end; s = names_next_line(n, s)) {
		bool class = s[0] == 'C' && s[1] == ' ';
		const char *at = class ? s + 2 : s;
		int64_t id =
			names_starts_section(s) ? names_take_id(&at, class ? 2 : 4) : -1;

		if (id >= 0)
			vec_push(n->arena, &n->sections)->self =
				(struct entry){ class ? CLASS(id) : id, at };
	}
	sort(n->sections.v, n->sections.n, sizeof(*n->sections.v));
}

void names_index_below(struct names *n, struct section *sec)
{
	int digits = sec->self.id >= CLASS(0) ? 2 : 4;
	const char *s = names_next_line(n, sec->self.name);

	for (; s < n->end && !names_starts_section(s); s = names_next_line(n, s)) {
		const char *at = s + 1;
		int64_t id = *s == '\t' ? names_take_id(&at, digits) : -1;

		if (id >= 0)
			*vec_push(n->arena, &sec->below) = (struct entry){ id, at };
	}
	sort(sec->below.v, sec->below.n, sizeof(*sec->below.v));
	sec->read = true;
}

/* The list that libpci would take, if it is plain text. */
static void read_list(struct names *n)
{
	const char *path = n->access->id_file_name;
	size_t plain = path ? strlen(path) : 0;
	AUTOCLOSE int fd = -1;
	struct stat st;

	if (plain > 3 && streq(path + plain - 3, ".gz"))
		plain -= 3;
	if (plain)
		fd = open(arena_strndup(n->arena, path, plain), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return;
	n->size = (size_t)st.st_size;
	n->text = mmap(NULL, n->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (n->text == MAP_FAILED) {
		n->text = NULL;
		return;
	}
	n->end = memrchr(n->text, '\n', n->size);
	if (n->end++)
		index_sections(n);
}

static void say_nothing(char *fmt, ...)
{
	(void)fmt;
}

struct names *names_open(void)
{
	struct names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->access = pci_alloc();
	if (!n->access) {
		free(n);
		return NULL;
	}
	/*
	 * pci_init() looks for a way to reach the hardware and ends the process if it
	 * finds none; names need none. `error` must not return and stays libpci's own:
	 * the calls below reach it only when memory ends.
	 */
	n->access->warning = say_nothing;
	n->access->debug = say_nothing;
	/* Neither DNS nor its cache in the home directory, which is asked for by default.
	 */
	n->access->id_lookup_mode = 0;
	n->arena = arena_new();
	read_list(n);
	if (n->sections.n)
		pci_set_name_list_path(n->access, (char *)(uintptr_t) "/dev/null", 0);
	return n;
}

void names_close(struct names *n)
{
	if (!n)
		return;
	pci_cleanup(n->access);
	if (n->text)
		munmap(n->text, n->size);
	arena_free(n->arena);
	free(n);
}

const char *names_text(const struct entry *e, size_t *ret_len)
{
	const char *s = e->name + strspn(e->name, " \t");
	size_t len = strcspn(s, "\r\n");

	while (len && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	*ret_len = len;
	return s;
}

static char *copy_name(struct arena *a, const struct entry *e)
{
	size_t len;
	const char *s = names_text(e, &len);

	return len ? arena_strndup(a, s, len) : NULL;
}

struct section *names_section(const struct names *n, int64_t id)
{
	return n->sections.n ? bsearch(&id, n->sections.v, n->sections.n,
				       sizeof(*n->sections.v), cmp_id)
			     : NULL;
}

/* NULL: the list does not have it. */
static char *section_name(const struct names *n, struct arena *a, int64_t id)
{
	const struct section *sec = names_section(n, id);

	return sec ? copy_name(a, &sec->self) : NULL;
}

static char *name_below(struct names *n, struct arena *a, int64_t section, int64_t id)
{
	struct section *sec = names_section(n, section);
	const struct entry *e = NULL;

	if (sec && !sec->read)
		names_index_below(n, sec);
	if (sec && sec->below.n)
		e = bsearch(&id, sec->below.v, sec->below.n, sizeof(*e), cmp_id);
	return e ? copy_name(a, e) : NULL;
}

/* As libpci has it; NULL instead of "Device 1b81" for what it does not know. */
static char *ask(struct names *n, struct arena *a, int what, uint32_t id, uint32_t device)
{
	int64_t key = (int64_t)what << 32 | (int64_t)id << 16 | device;
	struct entry *e;
	char buf[256];

	vec_foreach(known, &n->asked)
		if (known->id == key)
			return arena_strdup(a, known->name);
	e = vec_push(n->arena, &n->asked);
	e->id = key;
	e->name = arena_strdup(n->arena, pci_lookup_name(n->access, buf, sizeof(buf),
							 what | PCI_LOOKUP_NO_NUMBERS |
								 PCI_LOOKUP_NO_HWDB,
							 (int)id, (int)device));
	return arena_strdup(a, e->name);
}

static const char *model(struct names *n, struct arena *a, const struct pci_fn *fn)
{
	const char *name = n ? name_below(n, a, fn->id.vendor, fn->id.device) : NULL;

	return name || !n ? name
			  : ask(n, a, PCI_LOOKUP_DEVICE, fn->id.vendor, fn->id.device);
}

const char *names_model(struct names *n, struct arena *a, const struct pci_fn *fn)
{
	const char *name = model(n, a, fn);

	return name ? name : arena_printf(a, "%04x:%04x", fn->id.vendor, fn->id.device);
}

const char *names_device(struct names *n, struct arena *a, const struct pci_fn *fn)
{
	uint32_t v = fn->id.vendor, d = fn->id.device;
	const char *vendor = n ? section_name(n, a, v) : NULL, *device = model(n, a, fn);

	if (n && !vendor)
		vendor = ask(n, a, PCI_LOOKUP_VENDOR, v, 0);
	if (vendor && device)
		return arena_printf(a, "%s %s", vendor, device);
	if (vendor)
		return arena_printf(a, "%s Device %04x", vendor, d);
	return arena_printf(a, "%04x:%04x", v, d);
}

const char *names_class(struct names *n, struct arena *a, const struct pci_fn *fn)
{
	uint32_t class = fn_class(fn);
	const char *name = NULL;

	if (n) {
		name = name_below(n, a, CLASS(class >> 8), class & 0xff);
		if (!name)
			name = ask(n, a, PCI_LOOKUP_CLASS, class, 0);
		if (name)
			return name;
		name = section_name(n, a, CLASS(class >> 8));
	}
	if (name)
		return arena_printf(a, "%s [%04x]", name, class);
	return arena_printf(a, "Class %04x", class);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "fakesys/boot-log.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-iomem.h"
#include "fakesys/sim-proc.h"

#define PROC "proc/"

/* A computed file: its text, borrowed until the next change of state. */
struct proc_text {
	const char *path; /* below proc */
	struct blob (*get)(struct sim *s, char page[static SIM_PAGE]);
};

FILE *proc_text_begin(struct sim_text *t, uint64_t key)
{
	FILE *f;

	if (t->text && t->key == key)
		return NULL;
	free(t->text);
	t->text = NULL;
	t->key = key;
	f = open_memstream(&t->text, &t->len);
	if (!f)
		abort();
	return f;
}

void proc_text_end(FILE *f)
{
	if (fclose(f))
		abort();
}

struct blob proc_text_of(const struct sim_text *t)
{
	return (struct blob){ (uint8_t *)t->text, t->len };
}

static struct blob in_page(char *page, int len)
{
	if (len < 0)
		len = 0;
	if (len >= SIM_PAGE)
		len = SIM_PAGE - 1;
	return (struct blob){ (const uint8_t *)page, (size_t)len };
}

static struct blob get_cmdline(struct sim *s, char page[static SIM_PAGE])
{
	return in_page(page, snprintf(page, SIM_PAGE, "%s\n", s->cmdline));
}

static struct blob get_release(struct sim *s, char page[static SIM_PAGE])
{
	return in_page(page, snprintf(page, SIM_PAGE, "%s\n", s->release));
}

static struct blob get_uname_v(struct sim *s, char page[static SIM_PAGE])
{
	return in_page(page, snprintf(page, SIM_PAGE, "%s\n", s->version));
}

static struct blob get_ostype(struct sim *s, char page[static SIM_PAGE])
{
	(void)s;
	return in_page(page, snprintf(page, SIM_PAGE, "Linux\n"));
}

static struct blob get_version(struct sim *s, char page[static SIM_PAGE])
{
	return in_page(page, snprintf(page, SIM_PAGE, "Linux version %s %s\n", s->release,
				      s->version));
}

/* name size users list-of-users state address (kernel/module/procfs.c) */
static struct blob get_modules(struct sim *s, char page[static SIM_PAGE])
{
	FILE *f = proc_text_begin(&s->modules_text, s->changes);

	(void)page;
	if (!f)
		return proc_text_of(&s->modules_text);
	for (size_t i = 0; i < s->modules.n; i++) {
		const struct sim_module *m = s->modules.v[i];

		if (m->builtin)
			continue;
		fprintf(f, "%s 16384 %zu ", m->name, sim_module_refs(s, m));
		for (size_t u = 0; u < m->users.n; u++)
			fprintf(f, "%s,", m->users.v[u]->name);
		fputs(m->users.n ? " Live 0x0000000000000000\n"
				 : "- Live 0x0000000000000000\n",
		      f);
	}
	proc_text_end(f);
	return proc_text_of(&s->modules_text);
}

/* drivers/pci/proc.c:show_device: PCI_REGION_FLAG_MASK of the flags is shown */
static struct blob get_pci_devices(struct sim *s, char page[static SIM_PAGE])
{
	FILE *f = proc_text_begin(&s->pci_text, s->changes);

	for (uint32_t i = 0; f && i < s->m->fns.n; i++) {
		uint32_t fn = s->topology.order[i];
		const struct pci_fn *p = &s->m->fns.v[fn];
		const struct pci_resource *r = p->res;
		const char *driver = sim_fn_driver(s, fn);

		if (s->fns[fn].gone)
			continue;
		(void)fn_show_irq(s, &(struct node){ .kind = &dir_fn, .i = fn }, NULL,
				  page);
		fprintf(f, "%02x%02x\t%04x%04x\t%lx", p->bdf.bus,
			p->bdf.dev * 8u + p->bdf.fn, p->id.vendor, p->id.device,
			strtoul(page, NULL, 10));
		for (unsigned k = 0; k <= PCI_ROM_RESOURCE; k++)
			fprintf(f, "\t%16" PRIx64, r[k].start | (r[k].flags & 0xf));
		for (unsigned k = 0; k <= PCI_ROM_RESOURCE; k++)
			fprintf(f, "\t%16" PRIx64,
				r[k].start < r[k].end ? r[k].end - r[k].start + 1 : 0);
		fprintf(f, "\t%s\n", driver ? driver : "");
	}
	if (f)
		proc_text_end(f);
	return proc_text_of(&s->pci_text);
}

static struct blob get_cpuinfo(struct sim *s, char page[static SIM_PAGE])
{
	const struct machine *m = s->m;
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *f;

	(void)page;
	if (s->cpuinfo.len || !m->cpus)
		return s->cpuinfo;
	f = open_memstream(&text, &len);
	if (!f)
		abort();
	for (unsigned i = 0; i < m->cpus && i < 8192; i++) {
		fprintf(f,
			"processor\t: %u\nvendor_id\t: %s\nmodel name\t: %s\nflags\t\t:",
			i, m->cpu_vendor, m->cpu_model);
		for (size_t k = 0; k < m->cpu_flags.n; k++)
			fprintf(f, " %s", m->cpu_flags.v[k]);
		fputs("\n\n", f);
	}
	if (fclose(f))
		abort();
	s->cpuinfo = (struct blob){ arena_memdup(s->arena, text, len), len };
	return s->cpuinfo;
}

static struct blob get_iomem(struct sim *s, char page[static SIM_PAGE])
{
	(void)page;
	return iomem_text(s);
}

static const struct proc_text texts[] = {
	{ "bus/pci/devices", get_pci_devices },
	{ "cmdline", get_cmdline },
	{ "cpuinfo", get_cpuinfo },
	{ "iomem", get_iomem },
	{ "modules", get_modules },
	{ "sys/kernel/osrelease", get_release },
	{ "sys/kernel/ostype", get_ostype },
	{ "sys/kernel/version", get_uname_v },
	{ "version", get_version },
};

static const struct proc_text *find_text(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (streq(texts[i].path, path))
			return &texts[i];
	return NULL;
}

static int proc_cmp(const void *x, const void *y)
{
	const char *a = ((const struct sim_proc *)x)->path,
		   *b = ((const struct sim_proc *)y)->path;

	return node_path_cmp(a, strlen(a), b, strlen(b));
}

void proc_build(struct sim *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		*vec_push(s->arena, &s->procs) =
			(struct sim_proc){ .path = texts[i].path, .text = &texts[i] };
	vec_foreach(f, &s->m->files) {
		const char *path = after_prefix(f->path, PROC);

		if (path && *path && S_ISREG(f->mode) && !find_text(path))
			*vec_push(s->arena, &s->procs) = (struct sim_proc){
				.path = path, .mode = f->mode, .data = f->data
			};
	}
	qsort(s->procs.v, s->procs.n, sizeof(*s->procs.v), proc_cmp);
}

void proc_done(struct sim *s)
{
	struct sim_text *all[] = { &s->modules_text, &s->iomem_text, &s->pci_text };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		free(all[i]->text);
		*all[i] = (struct sim_text){ NULL };
	}
}

static uint64_t proc_size(const struct sim *s, const struct node *dir,
			  const struct attr *a)
{
	(void)s, (void)dir, (void)a;
	return 0; /* as all files of proc say */
}

static bool was_firmwares(const struct sim *s)
{
	static const char name[] = "0 EFI VGA";
	const struct machine_file *f = machine_file(s->m, "proc/fb");

	return f && f->data.len >= sizeof(name) - 1 &&
	       !memcmp(f->data.data, name, sizeof(name) - 1);
}

bool proc_screen_is_firmwares(const struct sim *s)
{
	return was_firmwares(s) && !s->framebuffer_gone && log_screen_used(s->cmdline);
}

/*
 * The firmware's screen is the first one, and gone once a driver took it over. Drivers of
 * displays have theirs whatever was said about the firmware's.
 */
static bool screen_gone(const struct sim *s)
{
	return s->framebuffer_gone || (was_firmwares(s) && !proc_screen_is_firmwares(s));
}

static ssize_t proc_read(struct sim *s, const struct node *dir, const struct attr *a,
			 char *buf, size_t len, uint64_t off)
{
	const struct sim_proc *p = dir->p;
	struct blob b = p->data;
	char page[SIM_PAGE];

	(void)a;
	if (streq(p->path, "fb") && screen_gone(s))
		return 0;
	if (p->text)
		b = p->text->get(s, page);
	if (off >= b.len)
		return 0;
	if (len > b.len - off)
		len = b.len - off;
	memcpy(buf, b.data + off, len);
	return (ssize_t)len;
}

static const struct attr_bin proc_bin = { .size = proc_size, .read = proc_read };
static const struct attr proc_file = { .mode = 0444, .bin = &proc_bin };

/* --- directories; node: p = struct sim_proc, whose path starts with the folder's, of
 * length j --- */

static const struct sim_proc *first_below(const struct sim *s, const char *path,
					  size_t len)
{
	size_t lo = 0, hi = s->procs.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const char *have = s->procs.v[mid].path;

		if (node_path_cmp(have, strlen(have), path, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return &s->procs.v[lo];
}

static const char *dir_path(const struct node *dir)
{
	return dir->p ? ((const struct sim_proc *)dir->p)->path : "";
}

static int proc_lookup(const struct sim *s, const struct node *dir, const char *name,
		       size_t len, struct entry *ret)
{
	char path[NODE_NAME * 8];
	int n = snprintf(path, sizeof(path), "%.*s%s%.*s", (int)dir->j, dir_path(dir),
			 dir->j ? "/" : "", (int)len, name);
	const struct sim_proc *p;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENOENT;
	p = first_below(s, path, (size_t)n);
	if (p == s->procs.v + s->procs.n || strncmp(p->path, path, (size_t)n) != 0)
		return -ENOENT;
	if (p->path[n] == '/')
		return node_found_dir(
			ret,
			(struct node){ .kind = &dir_proc_sub, .p = p, .j = (uint32_t)n });
	if (p->path[n])
		return -ENOENT;
	node_found_file(ret, &(struct node){ .kind = dir->kind, .p = p, .j = dir->j },
			&proc_file);
	if (p->mode)
		ret->mode = p->mode;
	return 0;
}

static int proc_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		     void *arg)
{
	const struct sim_proc *p = dir->p ? dir->p : s->procs.v,
			      *end = s->procs.v + s->procs.n;
	const char *last = NULL, *prefix = dir_path(dir);
	size_t last_len = 0, skip = dir->j ? dir->j + 1 : 0;
	char name[NODE_NAME];
	int r = 0;

	for (; r >= 0 && p < end && strncmp(p->path, prefix, skip) == 0; p++) {
		const char *part = p->path + skip;
		size_t len = strcspn(part, "/");

		if (!len || len >= sizeof(name) ||
		    (last && len == last_len && strncmp(part, last, len) == 0))
			continue;
		last = part;
		last_len = len;
		memcpy(name, part, len);
		name[len] = '\0';
		r = fn(arg, name);
	}
	return r;
}

static void sub_where(const struct sim *s, const struct node *dir,
		      struct node *ret_parent, char *name)
{
	const char *path = dir_path(dir), *slash = path + dir->j;

	(void)s;
	while (slash > path && slash[-1] != '/')
		slash--;
	snprintf(name, NODE_NAME, "%.*s", (int)(path + dir->j - slash), slash);
	if (slash == path)
		*ret_parent = (struct node){ .kind = &dir_proc };
	else
		*ret_parent = (struct node){ .kind = &dir_proc_sub,
					     .p = dir->p,
					     .j = (uint32_t)(slash - path) - 1 };
}

const struct dir_kind dir_proc = {
	.name = "proc",
	.parent = &dir_root,
	.lookup = proc_lookup,
	.each = proc_each,
};
const struct dir_kind dir_proc_sub = {
	.where = sub_where,
	.lookup = proc_lookup,
	.each = proc_each,
};

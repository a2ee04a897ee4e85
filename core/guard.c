/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include <pci/header.h>

#include "core/guard-tables.h"
#include "core/guard.h"

#define KINDS (GUARD_CONSOLE + 1)
#define DEPTH_MAX 32 /* stacked devices on one another */
#define SWAPS_MAX 32 /* include/linux/swap.h: MAX_SWAPFILES */

/* A disk, partition or interface: of a function, or standing on others. */
struct node {
	const char *class, *name, *dev;
	const char *disk;              /* a partition's; NULL: it is none */
	const struct pci_fn *fn;       /* or */
	const struct stacked *stacked; /* the other is NULL */
	unsigned traced;               /* bits 1 << enum guard_kind */
};

struct guard {
	const struct machine *m;
	struct arena *arena;
	struct node *nodes;
	size_t n_nodes;
	struct node **by_name, **by_dev;
	size_t n_dev;
	const char *(*chains)[KINDS];   /* [index of function][kind]; NULL: not used */
	const char *untraceable[KINDS]; /* why, or NULL */
	bool unread[KINDS];             /* the table itself is not known */
	bool hit;                       /* this trace reached a function */
};

static int by_name(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
	int r = strcmp(x->class, y->class);

	return r ? r : strcmp(x->name, y->name);
}

static int by_dev(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;

	return strcmp(x->dev, y->dev);
}

static bool is_traced_class(const char *class)
{
	return streq(class, "block") || streq(class, "net");
}

/* ".../nvme0n1/nvme0n1p2": the disk stands before its partition. */
static const char *disk_of(struct arena *a, const char *path)
{
	const char *name = path_name(path);
	const char *end = name > path ? name - 1 : path, *start = end;

	while (start > path && start[-1] != '/')
		start--;
	return end > start && strncmp(name, start, (size_t)(end - start)) == 0
		       ? arena_strndup(a, start, (size_t)(end - start))
		       : NULL;
}

static void index_nodes(struct guard *g)
{
	size_t n = 0;

	vec_foreach(fn, &g->m->fns)
		n += fn->children.n;
	n += g->m->stacked.n;
	g->nodes = arena_alloc(g->arena, (n + 1) * sizeof(*g->nodes));
	g->by_name = arena_alloc(g->arena, (n + 1) * sizeof(struct node *));
	g->by_dev = arena_alloc(g->arena, (n + 1) * sizeof(struct node *));
	vec_foreach(fn, &g->m->fns)
		vec_foreach(c, &fn->children)
			if (is_traced_class(c->class))
				g->nodes[g->n_nodes++] =
					(struct node){ .class = c->class,
						       .name = path_name(c->path),
						       .dev = c->dev,
						       .disk = disk_of(g->arena, c->path),
						       .fn = fn };
	vec_foreach(s, &g->m->stacked)
		g->nodes[g->n_nodes++] = (struct node){
			.class = s->class, .name = s->name, .dev = s->dev, .stacked = s
		};
	for (size_t i = 0; i < g->n_nodes; i++) {
		g->by_name[i] = &g->nodes[i];
		if (g->nodes[i].dev && streq(g->nodes[i].class, "block"))
			g->by_dev[g->n_dev++] = &g->nodes[i];
	}
	qsort(g->by_name, g->n_nodes, sizeof(struct node *), by_name);
	qsort(g->by_dev, g->n_dev, sizeof(struct node *), by_dev);
}

static struct node *find_name(const struct guard *g, const char *class, const char *name)
{
	struct node key = { .class = class, .name = name }, *k = &key;
	struct node **hit =
		bsearch(&k, g->by_name, g->n_nodes, sizeof(struct node *), by_name);

	return hit ? *hit : NULL;
}

/* "sda2" -> "sda", "nvme0n1p2" -> "nvme0n1" (block/genhd.c:disk_name); NULL: no such. */
static char *strip_partition(struct arena *a, const char *name)
{
	size_t n = strlen(name);

	while (n && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	if (n == strlen(name))
		return NULL;
	if (n > 1 && name[n - 1] == 'p' && name[n - 2] >= '0' && name[n - 2] <= '9')
		n--;
	return n ? arena_strndup(a, name, n) : NULL;
}

static struct node *find_block(const struct guard *g, const char *dev, const char *name)
{
	struct node key = { .dev = dev }, *k = &key;
	struct node **hit = NULL;
	struct node *found;
	const char *disk;

	if (dev)
		hit = bsearch(&k, g->by_dev, g->n_dev, sizeof(struct node *), by_dev);
	if (hit)
		return *hit;
	found = find_name(g, "block", name);
	disk = found ? NULL : strip_partition(g->arena, name);
	return disk ? find_name(g, "block", disk) : found;
}

static void fail(struct guard *g, enum guard_kind kind, const char *why)
{
	if (!g->untraceable[kind])
		g->untraceable[kind] = why;
}

static void add_use(struct guard *g, enum guard_kind kind, const struct pci_fn *fn,
		    const char *chain)
{
	char bdf[BDF_SIZE];
	const char **slot = &g->chains[fn - g->m->fns.v][kind];

	g->hit = true;
	if (!*slot)
		*slot = arena_printf(g->arena, "%s -> %s", chain,
				     bdf_format(fn->bdf, bdf));
}

/*
 * Down from @node to functions. @chain ends with the name by which it was found. A node
 * is followed once for each kind, so loops end and the first chain stands.
 */
static void trace(struct guard *g, enum guard_kind kind, struct node *node,
		  const char *chain, unsigned depth)
{
	bool net = streq(node->class, "net");

	if (node->traced & 1u << kind) {
		g->hit = true;
		return;
	}
	node->traced |= 1u << kind;
	if (node->fn) {
		if (node->disk)
			chain = arena_printf(g->arena, "%s -> %s", chain, node->disk);
		add_use(g, kind, node->fn, chain);
		return;
	}
	if (depth >= DEPTH_MAX || (!net && !node->stacked->lower.n)) {
		fail(g, kind,
		     arena_printf(g->arena, "%s: what it stands on is not known", chain));
		return;
	}
	vec_foreach(lower, &node->stacked->lower) {
		struct node *next =
			net ? find_name(g, "net", *lower) : find_block(g, NULL, *lower);

		if (next)
			trace(g, kind, next,
			      arena_printf(g->arena, "%s -> %s%s%s", chain, *lower,
					   streq(next->name, *lower) ? "" : " -> ",
					   streq(next->name, *lower) ? "" : next->name),
			      depth + 1);
		else if (!net) /* a bridge has VMs' interfaces that no function carries */
			fail(g, kind,
			     arena_printf(g->arena, "%s: %s is not known", chain,
					  *lower));
	}
}

/* Block devices that lie on no disk of this machine by themselves. */
static bool is_off_disk(const char *name)
{
	static const char *const kinds[] = { "zram", "ram", "loop", "nbd", "rbd" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *rest = after_prefix(name, kinds[i]);

		if (rest && *rest >= '0' && *rest <= '9')
			return true;
	}
	return false;
}

static void trace_block(struct guard *g, enum guard_kind kind, const char *dev,
			const char *name, const char *what)
{
	struct node *node = find_block(g, dev, name);
	const char *chain;

	if (is_off_disk(name) && !(node && node->stacked && node->stacked->lower.n))
		return;
	chain = arena_printf(g->arena, "%s on %s", what, name);
	if (!node) {
		fail(g, kind, arena_printf(g->arena, "%s: it is not known", chain));
		return;
	}
	/* Found by number the name may be another, as /dev/mapper/root for dm-0. */
	if (!streq(node->name, name))
		chain = arena_printf(g->arena, "%s -> %s", chain, node->name);
	trace(g, kind, node, chain, 0);
}

static void trace_mount(struct guard *g, enum guard_kind kind, const char *what,
			const struct guard_mount *mnt)
{
	static const char *const in_ram[] = { "rootfs", "tmpfs", "ramfs" };
	const char *name = after_prefix(mnt->source, "/dev/");
	bool numbered = !after_prefix(mnt->dev, "0:");
	const char *text = arena_printf(g->arena, "%s -> %s", what, mnt->fstype);

	if (name)
		name = path_name(mnt->source);
	if (numbered) {
		trace_block(g, kind, mnt->dev, name ? name : mnt->source, text);
		return;
	}
	/* btrfs has a number of its own and names one of its disks as the source. */
	if (name && (streq(mnt->fstype, "btrfs") || streq(mnt->fstype, "bcachefs"))) {
		trace_block(g, kind, NULL, name, text);
		return;
	}
	if (streq(mnt->fstype, "zfs")) {
		fail(g, kind,
		     arena_printf(g->arena, "%s: the pool of %s may lie on any disk",
				  text, mnt->source));
		return;
	}
	if (!streq(mnt->point, "/") && kind != GUARD_SWAP)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(in_ram); i++)
		if (streq(mnt->fstype, in_ram[i]))
			return;
	/* An overlay's layers lie below other mounts, which are traced by themselves. */
	if (streq(mnt->fstype, "overlay") && guard_overlay_visible(mnt))
		return;
	fail(g, kind,
	     arena_printf(g->arena, "%s (%s): where it lies is not known", text,
			  mnt->source));
}

static void find_swaps(struct guard *g, const guard_mounts *mounts, const strings *swaps)
{
	for (size_t i = 0; i < swaps->n && i < SWAPS_MAX; i++) {
		const char *file = swaps->v[i];
		const char *what = arena_printf(g->arena, "swap %s", file);
		const struct guard_mount *mnt;

		if (after_prefix(file, "/dev/")) {
			trace_block(g, GUARD_SWAP, NULL, path_name(file), "swap");
			continue;
		}
		mnt = guard_mount_of(mounts, file);
		if (mnt)
			trace_mount(g, GUARD_SWAP, what, mnt);
		else
			fail(g, GUARD_SWAP,
			     arena_printf(g->arena, "%s: its file system is not known",
					  what));
	}
}

static void find_disks(struct guard *g)
{
	guard_mounts mounts = { 0 };
	strings swaps = { 0 };
	const char *why;

	why = guard_read_mounts(g->m, g->arena, &mounts);
	if (why) {
		g->unread[GUARD_DISK] = true;
		fail(g, GUARD_DISK,
		     arena_printf(g->arena, "what is mounted is not known (%s)", why));
	}
	/* The root's chain is the one to show, so it comes first. */
	for (int root = 1; root >= 0; root--)
		vec_foreach(mnt, &mounts)
			if (streq(mnt->point, "/") == root)
				trace_mount(g, GUARD_DISK, mnt->point, mnt);
	why = guard_read_swaps(g->m, g->arena, &swaps);
	if (why) {
		g->unread[GUARD_SWAP] = true;
		fail(g, GUARD_SWAP,
		     arena_printf(g->arena, "what is swap is not known (%s)", why));
	}
	find_swaps(g, &mounts, &swaps);
}

static void find_network(struct guard *g)
{
	strings routes = { 0 };
	const char *why = guard_read_routes(g->m, g->arena, &routes);

	if (why) {
		g->unread[GUARD_NETWORK] = true;
		fail(g, GUARD_NETWORK,
		     arena_printf(g->arena, "the routes are not known (%s)", why));
	}
	vec_foreach(name, &routes) {
		struct node *node = find_name(g, "net", *name);
		const char *chain = arena_printf(g->arena, "default route -> %s", *name);

		g->hit = false;
		if (node)
			trace(g, GUARD_NETWORK, node, chain, 0);
		if (!g->hit)
			fail(g, GUARD_NETWORK,
			     arena_printf(g->arena, "%s: no function carries it", chain));
	}
}

static bool is_given_away(const struct pci_fn *fn)
{
	return fn->driver &&
	       (streq(fn->driver, "vfio-pci") || streq(fn->driver, "pci-stub"));
}

/* May an untraceable use of @kind be one of @fn? */
static bool is_candidate(const struct guard *g, const struct pci_fn *fn,
			 enum guard_kind kind)
{
	const char *class = kind == GUARD_NETWORK ? "net" : "block";
	unsigned base =
		kind == GUARD_NETWORK ? PCI_BASE_CLASS_NETWORK : PCI_BASE_CLASS_STORAGE;

	vec_foreach(c, &fn->children)
		if (streq(c->class, class))
			return true;
	/* Where mounts are not known, what hangs below the drivers is not, either. */
	return g->unread[kind] && !fn->children.n && fn->driver && !is_given_away(fn) &&
	       fn->id.class >> 16 == base;
}

static void find_console(struct guard *g)
{
	vec_foreach(fn, &g->m->fns)
		if (fn->boot_vga && !is_given_away(fn))
			add_use(g, GUARD_CONSOLE, fn,
				"boot messages and text console -> boot VGA");
}

static const char *word_for(struct arena *a, enum guard_kind kind, const char *chain,
			    bool certain)
{
	static const char *const words[KINDS] = {
		[GUARD_DISK] = "disk",
		[GUARD_SWAP] = "swap",
		[GUARD_NETWORK] = "route",
		[GUARD_CONSOLE] = "console",
	};
	const char *word = words[kind], *end = strstr(chain, " -> ");

	if (kind == GUARD_DISK && *chain == '/' && end)
		word = arena_strndup(a, chain, (size_t)(end - chain));
	return certain ? word : arena_printf(a, "%s?", word);
}

void guard_find(const struct machine *m, struct arena *a, guard_uses *ret)
{
	struct guard g = { .m = m, .arena = a };

	g.chains = arena_alloc(a, (m->fns.n + 1) * sizeof(*g.chains));
	index_nodes(&g);
	find_disks(&g);
	find_network(&g);
	find_console(&g);
	vec_foreach(fn, &m->fns) {
		for (enum guard_kind k = 0; k < KINDS; k++) {
			const char *chain = g.chains[fn - m->fns.v][k];
			bool certain = chain != NULL;

			if (!certain && g.untraceable[k] && is_candidate(&g, fn, k))
				chain = g.untraceable[k];
			if (chain)
				*vec_push(a, ret) =
					(struct guard_use){ fn, k, certain, chain,
							    word_for(a, k, chain,
								     certain) };
		}
	}
}

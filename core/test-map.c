/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "core/map-words.h"
#include "core/test-machine.h"

#define ROW_GAP 3 /* the least room between two cards */

/* What must hold of every map, and of some what their hulls are. */
struct map_case {
	const char *name;
	const char *fixture; /* of fakesys/fixtures; or */
	const char *fns; /* "BDF GROUP CLASS[>BUS BEHIND]; ...", group "-": none; or */
	void (*make)(struct machine *m);
	const char *hulls; /* "GROUP:CARDS ..." from top to bottom; NULL: not compared */
};

/* One function from its line in a row. */
static void add_line(struct machine *m, char *line)
{
	char *save = NULL, *bdf = strtok_r(line, " ", &save);
	char *group = strtok_r(NULL, " ", &save), *class = strtok_r(NULL, " ", &save);
	char *behind = strchr(class, '>'), *config;
	struct pci_fn *fn = add_fn(m, arena_printf(m->arena, "0000:%s", bdf), 0x8086, 1,
				   (unsigned)strtoul(class, NULL, 16),
				   streq(group, "-") ? GROUP_NONE : atoi(group), NULL);

	config = arena_memdup(m->arena, fn->config.data, fn->config.len);
	if (behind)
		config[PCI_SECONDARY_BUS] = (char)strtoul(behind + 1, NULL, 16);
	fn->config.data = (uint8_t *)config;
}

static void add_lines(struct machine *m, const char *fns)
{
	char *save = NULL, *copy = arena_strdup(m->arena, fns);

	for (char *line = strtok_r(copy, ";", &save); line;
	     line = strtok_r(NULL, ";", &save))
		add_line(m, line + strspn(line, " "));
}

static struct machine *make_machine(const struct map_case *c)
{
	struct machine *m = machine_new();
	const char *dir = getenv("PCIPASS_FIXTURES");
	char path[512];
	struct err e;

	if (c->fixture) {
		machine_free(m);
		assert_non_null(dir);
		snprintf(path, sizeof(path), "%s/%s.json", dir, c->fixture);
		if (machine_load(path, &m, &e) < 0)
			fail_msg("%s", e.text);
		return m;
	}
	m->name = "made";
	if (c->fns)
		add_lines(m, c->fns);
	if (c->make)
		c->make(m);
	assert_int_equal(machine_finish(m, &e), 0);
	return m;
}

static bool inside(const struct map_box *in, const struct map_box *out)
{
	return in->x >= out->x && in->y >= out->y && in->x + in->w <= out->x + out->w &&
	       in->y + in->h <= out->y + out->h;
}

static bool overlap(const struct map_box *a, const struct map_box *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h &&
	       b->y < a->y + a->h;
}

static int by_top(const void *va, const void *vb)
{
	const struct map_card *a = va, *b = vb;

	return a->box.y != b->box.y ? a->box.y - b->box.y : a->box.x - b->box.x;
}

/* Copies of all cards, from top to bottom. */
static struct map_card *sorted(const struct map *map)
{
	struct map_card *v = malloc((map->cards.n + 1) * sizeof(*v));

	assert_non_null(v);
	for (size_t i = 0; i < map->cards.n; i++)
		v[i] = map->cards.v[i];
	if (map->cards.n)
		qsort(v, map->cards.n, sizeof(*v), by_top);
	return v;
}

/* The first of @v that could reach below @y. */
static size_t first_below(const struct map_card *v, size_t n, int y)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v[mid].box.y + MAP_CARD_H <= y)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Each function once, each free slot once, all on the page, none on another. */
static void check_cards(const struct map *map, struct map_card *v)
{
	uint32_t n = map->groups.g.topology.n;
	struct map_box page = { 0, 0, map->width, map->height };
	unsigned *seen = calloc(n + 1, sizeof(*seen)),
		 *places = calloc(n + 1, sizeof(*places));

	assert_non_null(seen);
	assert_non_null(places);
	for (size_t i = 0; i < map->cards.n; i++) {
		if (v[i].kind == MAP_FUNCTION)
			seen[v[i].fn]++;
		if (v[i].kind == MAP_FREE)
			places[v[i].fn]++;
		assert_true(inside(&v[i].box, &page));
		v[i].box.h += ROW_GAP;
		for (size_t k = i + 1;
		     k < map->cards.n && v[k].box.y < v[i].box.y + v[i].box.h; k++)
			assert_false(overlap(&v[i].box, &v[k].box));
		v[i].box.h -= ROW_GAP;
	}
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(seen[i], 1);
		assert_int_equal(places[i], map->free[i]);
	}
	free(seen);
	free(places);
}

/* A hull has its members and nothing else; its edge cuts no card. */
static uint32_t check_hull(const struct map *map, const struct map_hull *h,
			   const struct map_card *v, bool *hulled)
{
	const struct grouping *g = &map->groups.g;
	uint32_t cards = 0;

	for (size_t i = first_below(v, map->cards.n, h->box.y);
	     i < map->cards.n && v[i].box.y < h->box.y + h->box.h; i++) {
		if (!overlap(&v[i].box, &h->box))
			continue;
		assert_true(inside(&v[i].box, &h->box));
		assert_int_not_equal(v[i].kind, MAP_ROOT);
		assert_int_equal(g->fns[v[i].fn].group, h->group);
		if (v[i].kind == MAP_FREE) {
			assert_true(g->blocked[v[i].fn] != FN_NONE);
			continue;
		}
		assert_false(hulled[v[i].fn]);
		hulled[v[i].fn] = true;
		cards++;
		if (h->labelled)
			assert_true(v[i].box.y - h->box.y >= MAP_HULL_HEAD);
	}
	return cards;
}

static void check_hulls(const struct map *map, const struct map_card *v)
{
	const struct grouping *g = &map->groups.g;
	struct map_box page = { 0, 0, map->width, map->height };
	bool *hulled = calloc(g->topology.n + 1, 1);

	assert_non_null(hulled);
	vec_foreach(h, &map->hulls) {
		assert_true(inside(&h->box, &page));
		assert_int_equal(check_hull(map, h, v, hulled), h->cards);
		assert_in_range(map->colour[h->group], 0, MAP_COLOURS - 1);
	}
	for (uint32_t i = 0; i < g->topology.n; i++) {
		int k = g->fns[i].group;

		assert_int_equal(hulled[i], k != GROUP_NONE && g->size[k] > 1);
	}
	for (int k = 0; k < g->n_groups; k++)
		assert_int_equal(map->colour[k] >= 0, g->size[k] > 1);
	/* From top to bottom; hulls of one column do not meet. */
	for (size_t i = 0; i < map->hulls.n; i++)
		for (size_t k = i + 1; k < map->hulls.n && k < i + 40; k++)
			assert_false(overlap(&map->hulls.v[i].box, &map->hulls.v[k].box));
	free(hulled);
}

static bool has_branch(const struct map *map, const struct map_hull *h, int right)
{
	vec_foreach(c, &map->cards)
		if (c->box.x > right && overlap(&c->box, &h->box))
			return true;
	return false;
}

/* A hull around a part of a device is inside its box, as far as it has no branches. */
static void check_parts(const struct map *map)
{
	vec_foreach(d, &map->devices)
		vec_foreach(h, &map->hulls) {
			int right = d->box.x + d->box.w;

			if (!overlap(&d->box, &h->box) || inside(&d->box, &h->box))
				continue;
			assert_true(h->box.y >= d->box.y);
			if (!has_branch(map, h, right))
				assert_true(inside(&h->box, &d->box));
		}
}

/* The box of a device has its functions and no other. */
static void check_devices(const struct map *map, const struct map_card *v)
{
	const struct machine *m = map->groups.g.m;

	vec_foreach(d, &map->devices) {
		uint32_t functions = 0;

		for (size_t i = first_below(v, map->cards.n, d->box.y);
		     i < map->cards.n && v[i].box.y < d->box.y + d->box.h; i++) {
			if (!overlap(&v[i].box, &d->box))
				continue;
			assert_true(inside(&v[i].box, &d->box));
			assert_int_equal(v[i].kind, MAP_FUNCTION);
			assert_true(bdf_same_slot(m->fns.v[v[i].fn].bdf,
						  m->fns.v[d->fn].bdf));
			functions++;
		}
		assert_true(functions > 1);
	}
}

/* Each line runs from a card to the right, and ends left of another. */
static void check_links(const struct map *map)
{
	vec_foreach(l, &map->links) {
		assert_true(l->x0 < l->x1 && l->x1 < l->x2);
		assert_true(l->y1 >= l->y0 && l->y1 < map->height);
	}
}

static void check_same(const struct machine *m, const struct map *map)
{
	AUTOARENA struct arena *a = arena_new();
	struct map again;

	map_make(m, a, &again);
	assert_int_equal(again.cards.n, map->cards.n);
	assert_int_equal(again.hulls.n, map->hulls.n);
	for (size_t i = 0; i < map->cards.n; i++)
		assert_memory_equal(&again.cards.v[i].box, &map->cards.v[i].box,
				    sizeof(struct map_box));
}

static char *describe(const struct map *map, struct arena *a)
{
	char *text = arena_strdup(a, "");

	vec_foreach(h, &map->hulls)
		text = arena_printf(a, "%s%s%d:%u", text, *text ? " " : "",
				    map->groups.ids[h->group], h->cards);
	return text;
}

static void test_map(void **state)
{
	const struct map_case *c = *state;
	struct machine *m = make_machine(c);
	struct arena *a = arena_new();
	struct map_card *v;
	struct map map;

	map_make(m, a, &map);
	v = sorted(&map);
	check_cards(&map, v);
	check_hulls(&map, v);
	check_devices(&map, v);
	if (map.cards.n < 500)
		check_parts(&map);
	check_links(&map);
	check_same(m, &map);
	if (c->hulls)
		assert_string_equal(describe(&map, a), c->hulls);
	free(v);
	arena_free(a);
	machine_free(m);
}

static void many(struct machine *m, unsigned n, bool shared)
{
	for (unsigned i = 0; i < n; i++) {
		char bdf[BDF_SIZE];

		bdf_format((struct bdf){ i >> 16, (uint8_t)(i >> 8),
					 (uint8_t)(i >> 3 & 31), (uint8_t)(i & 7) },
			   bdf);
		add_fn(m, arena_strdup(m->arena, bdf), 0x8086, 1, 0x0200,
		       shared ? 7 : (int)i, "igb");
	}
}

static void ten_thousand(struct machine *m)
{
	many(m, 10000, false);
}

static void one_group(struct machine *m)
{
	many(m, 10000, true);
}

/* Each second one is of the same group, so that no two stand together. */
static void scattered(struct machine *m)
{
	many(m, 10000, true);
	for (size_t i = 0; i < m->fns.n; i += 2)
		m->fns.v[i].group = (int)i + 8;
}

/* As many bridges behind one another as there are buses. */
static void deep(struct machine *m)
{
	for (unsigned bus = 0; bus < 255; bus++)
		add_line(m, arena_printf(m->arena, "%02x:00.0 %u 0604>%02x", bus, bus / 2,
					 bus + 1));
}

/* A virtual function that claims to be the bridge to its own physical one. */
static void circle(struct machine *m)
{
	struct pci_fn *vf;

	add_lines(m, "18:00.0 1 0200;16:10.0 2 0604>18");
	vf = &m->fns.v[1];
	vf->is_vf = true;
	vf->physfn = m->fns.v[0].bdf;
}

static void virtual_functions(struct machine *m)
{
	add_lines(m, "00:01.0 1 0604>02;02:00.0 2 0200;02:10.0 3 0200;03:00.0 3 0200");
	for (size_t i = 2; i < 4; i++) {
		m->fns.v[i].is_vf = true;
		m->fns.v[i].physfn = m->fns.v[1].bdf;
	}
}

/* Two root ports with slots, which are taken to isolate, in one group all the same. */
static void free_slots(struct machine *m)
{
	add_lines(m, "00:1c.0 2 0604>01;00:1c.1 2 0604>02");
	vec_foreach(fn, &m->fns) {
		uint8_t *c = arena_memdup(m->arena, fn->config.data, fn->config.len);

		c[PCI_STATUS] = PCI_STATUS_CAP_LIST;
		c[PCI_CAPABILITY_LIST] = 0x40;
		c[0x40] = PCI_CAP_ID_EXP;
		c[0x40 + PCI_EXP_FLAGS] = PCI_EXP_TYPE_ROOT_PORT << 4;
		c[0x40 + PCI_EXP_FLAGS + 1] = PCI_EXP_FLAGS_SLOT >> 8;
		fn->config.data = c;
	}
}

static struct map_case cases[] = {
	/* clang-format off */
	{ "no function at all", .fns = "", .hulls = "" },
	{ "groups of one have no hull", .fns = "00:00.0 0 0600;00:02.0 1 0300", .hulls = "" },
	{ "no groups", .fns = "00:00.0 - 0600;00:02.0 - 0300" },
	{ "a port and the card behind it have one hull",
	  .fns = "00:01.0 2 0604>01;01:00.0 2 0300;01:00.1 2 0403", .hulls = "2:3" },
	{ "neighbours have one hull", .fns = "00:1d.0 5 0c03;00:1f.0 5 0601",
	  .hulls = "5:2" },
	{ "with a stranger between them they have two",
	  .fns = "00:01.0 5 0880;00:02.0 6 0880;00:03.0 5 0880", .hulls = "5:1 5:1" },
	{ "some functions of a device", .fns = "00:1f.0 9 0601;00:1f.1 9 0880;00:1f.2 10 0880",
	  .hulls = "9:2" },
	{ "the last functions of a device",
	  .fns = "00:1f.0 9 0601;00:1f.1 10 0880;00:1f.2 10 0880", .hulls = "10:2" },
	{ "two groups in a device",
	  .fns = "00:1f.0 9 0601;00:1f.1 9 0880;00:1f.2 10 0880;00:1f.3 10 0880",
	  .hulls = "9:2 10:2" },
	{ "a part of a device does not join a whole neighbour",
	  .fns = "00:1e.0 9 0880;00:1f.0 9 0601;00:1f.1 10 0880", .hulls = "9:1 9:1" },
	{ "nor does a whole neighbour join a part",
	  .fns = "00:1e.0 10 0880;00:1e.1 9 0601;00:1f.0 9 0880", .hulls = "9:1 9:1" },
	{ "ports share a group, what is behind them does not",
	  .fns = "00:1c.0 3 0604>02;00:1c.1 3 0604>03;02:00.0 4 0200;03:00.0 5 0200",
	  .hulls = "3:2" },
	{ "a branch, and a port without its branch",
	  .fns = "00:1c.0 3 0604>02;00:1c.1 3 0604>03;02:00.0 3 0200;03:00.0 5 0200",
	  .hulls = "3:2 3:1" },
	{ "a stranger deep in a branch",
	  .fns = "00:01.0 3 0604>01;01:00.0 3 0604>02;02:00.0 3 0604>03;02:01.0 3 0604>04;"
		 "03:00.0 3 0200;04:00.0 4 0200", .hulls = "3:2 3:1 3:1 3:1" },
	{ "the card, not the port above", .fns = "00:01.0 2 0604>01;01:00.0 3 0300;01:00.1 3 0403",
	  .hulls = "3:2" },
	{ "a port of one group, a branch of another behind it",
	  .fns = "00:01.0 2 0604>01;00:02.0 2 0880;01:00.0 3 0300;01:00.1 3 0403",
	  .hulls = "3:2 2:2" },
	{ "what has nothing behind it joins either kind of hull",
	  .fns = "00:1c.0 2 0880;00:1c.1 2 0604>01;00:1d.0 2 0880;00:1e.0 2 0604>02;"
		 "00:1f.0 2 0880;01:00.0 3 0300;02:00.0 2 0300", .hulls = "2:3 2:3" },
	{ "a branch begins anew behind a stranger",
	  .fns = "00:01.0 2 0604>01;00:02.0 9 0880;00:03.0 2 0604>02;00:04.0 2 0604>03;"
		 "01:00.0 3 0300;02:00.0 2 0300;03:00.0 2 0300", .hulls = "2:1 2:4" },
	{ "a free slot that isolates is outside", .make = free_slots, .hulls = "2:2" },
	{ "root buses keep their hulls apart", .fns = "00:1f.0 1 0880;40:00.0 1 0880",
	  .hulls = "1:1 1:1" },
	{ "branches of a device side by side",
	  .fns = "00:1c.0 1 0604>01;00:1c.1 2 0604>02;00:1c.2 3 0604>03;"
		 "01:00.0 1 0300;01:00.1 1 0403;02:00.0 2 0200;03:00.0 3 0200;03:00.1 3 0200",
	  .hulls = "1:3 2:2 3:3" },
	{ "virtual functions hang where their physical one does", .make = virtual_functions,
	  .hulls = "3:2" },
	{ "a circle of a virtual function and a bridge", .make = circle },
	{ "bridges behind bridges", .make = deep },
	{ "10,000 functions", .make = ten_thousand, .hulls = "" },
	{ "10,000 functions in one group", .make = one_group },
	{ "10,000 functions, every second of one group", .make = scattered },
	{ "intel-desktop-gpu", "intel-desktop-gpu", .hulls = "2:3 4:2 9:4" },
	{ "intel-desktop-iommu-off", "intel-desktop-iommu-off", .hulls = "2:3 4:2 9:4" },
	{ "shared-group-nvme", "shared-group-nvme", .hulls = "14:11 15:2 12:2 13:8" },
	{ "server-sriov", "server-sriov", .hulls = "27:2 33:2 32:4" },
	{ "laptop-hybrid", "laptop-hybrid", .hulls = "2:2 5:2 7:2 12:4" },
	{ "lab-intel-6.1", "lab-intel-6.1",
	  .hulls = "12:2 13:2 8:4 16:2 17:2 18:3 11:3" },
	{ "lab-amd-6.12", "lab-amd-6.12" },
	{ "amd-desktop-twin-gpus", "amd-desktop-twin-gpus" },
	{ "proxmox-zfs-systemd-boot", "proxmox-zfs-systemd-boot" },
	{ "virtio-no-driver", "virtio-no-driver", .hulls = "7:3" },
	/* clang-format on */
};

/* What stands on a card: "port|slot|ACS|verdict|uses|free slot". */
struct words_case {
	const char *name, *fixture, *bdf;
	const struct acs_state *acs; /* in place of what it has */
	const char *want;
};

static void test_words(void **state)
{
	const struct words_case *c = *state;
	struct map_case of = { .fixture = c->fixture };
	struct machine *m = make_machine(&of);
	struct arena *a = arena_new();
	const char *port, *slot, *got;
	struct bdf bdf;
	enum map_acs acs;
	struct map map;
	uint32_t fn;

	map_make(m, a, &map);
	assert_true(bdf_parse(c->bdf, &bdf) > 0);
	fn = topology_find(&map.groups.g.topology, bdf);
	assert_int_not_equal(fn, FN_NONE);
	if (c->acs)
		map.groups.g.isolation[fn] = *c->acs;
	port = map_port_word(&map, fn);
	slot = map_slot_word(a, &map, fn);
	got = map_acs_word(a, &map, fn, &acs);
	got = arena_printf(a, "%s|%s|%s %d|%s|%s|%s",
			   port ? port : map_class_word(a, &m->fns.v[fn]),
			   slot ? slot : "", port ? got : "", port ? (int)acs : 0,
			   map_verdict_word(a, &map, fn), map_uses_word(a, &map, fn),
			   map.free[fn] ? map_free_word(a, &map, fn) : "");
	assert_string_equal(got, c->want);
	arena_free(a);
	machine_free(m);
}

#define GPU "intel-desktop-gpu"
#define NVME "shared-group-nvme"
static const struct acs_state lacks = {
	false, ACS_CONTROL, 0x1f, 0x1c, 0x1, NULL, false
};
static const struct acs_state off = { false, ACS_CONTROL, 0x1f, 0, 0x1d, NULL, false };
static const struct acs_state promised = { true, ACS_OVERRIDE, 0, 0, 0, NULL, false };
static const struct acs_state broken = { false, ACS_QUIRK, 0, 0, 0, "x", false };
static const struct acs_state guessed = { true, ACS_CONTROL, 0x1d, 0x1d, 0, NULL, true };

static const struct words_case words[] = {
	/* clang-format off */
	{ "a graphics card", GPU, "0000:01:00.0", NULL, "VGA|| 0|with 1 more||" },
	{ "what the host runs from", GPU, "0000:02:00.0", NULL, "NVMe|| 0|alone|/, swap|" },
	{ "a port without ACS", GPU, "0000:00:01.0", NULL, "root port|slot|no ACS 1|stays||" },
	{ "a port that a quirk knows", GPU, "0000:00:1b.0", NULL,
	  "root port|slot|ACS by quirk 0|stays||" },
	{ "a bit is off", GPU, "0000:00:01.0", &lacks, "root port|slot|ACS lacks SrcValid 1|stays||" },
	{ "all bits are off", GPU, "0000:00:01.0", &off, "root port|slot|ACS off 1|stays||" },
	{ "an override", GPU, "0000:00:01.0", &promised, "root port|slot|ACS override 2|stays||" },
	{ "a quirk against it", GPU, "0000:00:01.0", &broken, "root port|slot|quirk: no ACS 1|stays||" },
	{ "assumed", GPU, "0000:00:01.0", &guessed, "root port|slot|ACS on? 0|stays||" },
	{ "a free slot", NVME, "0000:02:08.0", NULL,
	  "switch, down|slot|no ACS 1|stays||joins group 14" },
	{ "a switch's port up", NVME, "0000:01:00.2", NULL, "switch, up||no ACS 1|stays||" },
	{ "a port with ACS", NVME, "0000:00:01.2", NULL, "root port|slot|ACS on 0|stays||" },
	{ "an IOMMU", NVME, "0000:00:00.2", NULL, "IOMMU|| 0|stays||" },
	{ "a bridge to PCI", "server-sriov", "0000:01:00.0", NULL,
	  "PCIe to PCI||no ACS: PCI 1|stays||" },
	{ "the route of two cards", "server-sriov", "0000:03:00.1", NULL,
	  "Ethernet|| 0|alone|route|" },
	{ "it may be so", "proxmox-zfs-systemd-boot", "0000:02:00.0", NULL,
	  "NVMe|| 0|alone|/?|" },
	{ "nothing translates it", "virtio-no-driver", "0000:00:01.0", NULL,
	  "unclassified|| 0|no IOMMU||" },
	/* clang-format on */
};

/* Where groups come from. */
struct groups_case {
	const char *name, *fixture;
	void (*change)(struct machine *m);
	enum groups_from from;
	const char *bdf;
	int id, size;
	bool alike;
};

static void regroup(struct machine *m)
{
	/* The graphics card's audio alone, which topology does not give. */
	vec_foreach(fn, &m->fns)
		if (fn->bdf.bus == 1 && fn->bdf.fn == 1)
			fn->group = 77;
}

static void forget_all(struct machine *m)
{
	m->fns.n = 0;
}

static void test_groups(void **state)
{
	const struct groups_case *c = *state;
	struct map_case of = { .fixture = c->fixture };
	struct machine *m = make_machine(&of);
	struct arena *a = arena_new();
	struct machine_groups g;
	struct bdf bdf;

	if (c->change)
		c->change(m);
	machine_groups_get(m, a, &g);
	assert_int_equal(g.from, c->from);
	if (c->bdf) {
		uint32_t fn;

		assert_true(bdf_parse(c->bdf, &bdf) > 0);
		fn = topology_find(&g.g.topology, bdf);
		assert_int_equal(g.ids[g.g.fns[fn].group], c->id);
		assert_int_equal(g.g.size[g.g.fns[fn].group], c->size);
		assert_int_equal(g.alike[fn], c->alike);
	}
	arena_free(a);
	machine_free(m);
}

static const struct groups_case groups[] = {
	/* clang-format off */
	{ "recorded ones keep their numbers", "server-sriov", NULL, GROUPS_RECORDED,
	  "0000:02:00.0", 33, 2, true },
	{ "where the IOMMU is off they are computed", "intel-desktop-iommu-off", NULL,
	  GROUPS_COMPUTED, "0000:01:00.0", 2, 3, true },
	{ "recorded ones that topology does not give", GPU, regroup, GROUPS_RECORDED,
	  "0000:01:00.1", 77, 1, false },
	{ "and their neighbours", GPU, regroup, GROUPS_RECORDED, "0000:01:00.0", 2, 2, false },
	{ "others stay alike", GPU, regroup, GROUPS_RECORDED, "0000:02:00.0", 11, 1, true },
	{ "no functions", GPU, forget_all, GROUPS_NONE },
	/* clang-format on */
};

int main(void)
{
	struct CMUnitTest
		tests[ARRAY_SIZE(cases) + ARRAY_SIZE(words) + ARRAY_SIZE(groups)];
	size_t n = 0;

	/* clang-format off */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ cases[i].name, test_map, NULL, NULL,
						  &cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		tests[n++] = (struct CMUnitTest){ words[i].name, test_words, NULL, NULL,
						  (void *)(uintptr_t)&words[i] };
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		tests[n++] = (struct CMUnitTest){ groups[i].name, test_groups, NULL, NULL,
						  (void *)(uintptr_t)&groups[i] };
	/* clang-format on */
	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}

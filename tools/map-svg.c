/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/grouping-why.h"
#include "core/map-words.h"
#include "core/text.h"
#include "tools/map-legend.h"
#include "tools/map-style.h"
#include "tools/map-svg.h"
#include "tools/map-text.h"
#include "tools/print.h"

#define TAB_W 38
#define WIDTH_MIN 780
#define LINE_1 17.5
#define LINE_2 35
#define PILL_1 5
#define PILL_2 24

const char *map_address(const struct map_page *p, uint32_t fn)
{
	char bdf[BDF_SIZE];

	return map_sentence(p, bdf_format(p->map->groups.g.m->fns.v[fn].bdf, bdf));
}

const char *map_sentence(const struct map_page *p, const char *text)
{
	char *copy = arena_strdup(p->arena, text);

	return p->one_domain ? shorten_addresses(copy) : copy;
}

const char *map_origin(const struct map_page *p)
{
	const struct machine_groups *g = &p->map->groups;
	const char *why = machine_unknown(g->g.m, "groups");

	switch (g->from) {
	case GROUPS_NONE:
		why = machine_unknown(g->g.m, "functions");
		return arena_printf(p->arena, "There are no functions%s%s.",
				    why ? ": " : "", why ? why : "");
	case GROUPS_RECORDED:
		return "The groups are those of the running kernel.";
	case GROUPS_COMPUTED:
		if (!why)
			return "The IOMMU is not active: these groups are computed from "
			       "topology.";
		return arena_printf(p->arena,
				    "Which groups there are is not known (%s): these are "
				    "computed from topology.",
				    why);
	}
	return "";
}

void map_notes(const struct map_page *p, strings *ret)
{
	const struct machine_groups *g = &p->map->groups;

	if (g->match.groups > g->match.matched)
		*vec_push(p->arena, ret) = arena_printf(
			p->arena,
			"%u of %u groups are as computed from topology; why the others "
			"are as they are is not known.",
			g->match.matched, g->match.groups);
	vec_foreach(o, &g->g.others)
		*vec_push(p->arena, ret) = arena_printf(
			p->arena, "Group %d has the device %s, which is not on PCI.",
			g->ids[o->group], o->name);
	/* Groups that are there need none, but reasons and what ports do rest on them. */
	vec_foreach(s, &g->g.assumptions)
		*vec_push(p->arena, ret) =
			g->from == GROUPS_COMPUTED
				? *s
				: arena_printf(p->arena, "For the reasons: %s", *s);
}

/* ---- cards ---- */

static const char *tooltip(const struct map_page *p, uint32_t fn)
{
	const struct map *map = p->map;
	/* Sentences are made in the arena of the groups, whatever they are about. */
	struct grouping *g = (struct grouping *)(uintptr_t)&map->groups.g;
	const struct pci_fn *f = &g->m->fns.v[fn];
	struct arena *a = p->arena;
	const struct guard_use *u;
	const char *text, *slot = map_slot_word(a, map, fn);
	char bdf[BDF_SIZE];

	text = arena_printf(a, "%s %s\n%s, %04x:%04x, %s%s", bdf_format(f->bdf, bdf),
			    names_device(p->names, a, f), names_class(p->names, a, f),
			    f->id.vendor, f->id.device,
			    f->driver ? "driver " : "no driver",
			    f->driver ? f->driver : "");
	if (map_port_word(map, fn))
		text = arena_printf(a, "%s\n%s%s%s: it %s", text, map_port_word(map, fn),
				    slot ? ", " : "", slot ? slot : "",
				    acs_clause(a, &g->isolation[fn]));
	if (g->fns[fn].group == GROUP_NONE)
		text = arena_printf(a, "%s\nno group: %s", text,
				    verdict_text(g, fn, &map->verdicts[fn]));
	else
		text = arena_printf(a, "%s\ngroup %d: %s", text,
				    map->groups.ids[g->fns[fn].group],
				    verdict_text(g, fn, &map->verdicts[fn]));
	if (map->groups.alike[fn])
		text = arena_printf(a, "%s\n%s", text, grouping_why_fn(g, fn));
	for (size_t i = 0; (u = map_use(map, fn, i)); i++)
		text = arena_printf(a, "%s\nthe host %s it: %s", text,
				    u->certain ? "uses" : "may use", u->chain);
	return text;
}

/* A word in a rounded box that ends at @right; returns where it begins. */
static double pill(FILE *out, double right, double top, const char *class,
		   const char *word)
{
	int w = style_pill_width(word);

	style_pill(out, right - w, top, class, word);
	return right - w;
}

static void put_text(FILE *out, double x, double y, const char *class, const char *text)
{
	fprintf(out, "<text class=\"%s\" x=\"%g\" y=\"%g\">", class, x, y);
	text_escape(out, text);
	fputs("</text>\n", out);
}

static void put_tab(FILE *out, const struct map *map, uint32_t fn)
{
	int k = map->groups.g.fns[fn].group;
	char number[16] = "-", class[16] = "tab0";

	if (k != GROUP_NONE)
		snprintf(number, sizeof(number), "%d", map->groups.ids[k]);
	if (k != GROUP_NONE && map->colour[k] >= 0)
		snprintf(class, sizeof(class), "c%d", map->colour[k]);
	style_tab(out, class, number);
}

/* The second line: driver and name left, what is most to be known right. */
static void put_second(FILE *out, const struct map_page *p, uint32_t fn, int width)
{
	const struct map *map = p->map;
	const struct pci_fn *f = &map->groups.g.m->fns.v[fn];
	const char *uses = map_uses_word(p->arena, map, fn), *name;
	const char *driver = f->driver ? f->driver : "no driver";
	const char *slot = map_slot_word(p->arena, map, fn);
	double right = width - 5, x = TAB_W + 7;
	enum map_acs acs;

	if (*uses) {
		right = pill(out, right, PILL_2, "host",
			     text_fit(p->arena, arena_printf(p->arena, "host: %s", uses),
				      FACE_SANS, STYLE_PILL_SIZE, 160));
	} else if (map_port_word(map, fn)) {
		const char *word = map_acs_word(p->arena, map, fn, &acs);

		right = pill(out, right, PILL_2, style_acs_class(acs),
			     text_fit(p->arena, word, FACE_SANS, STYLE_PILL_SIZE, 160));
	}
	driver = text_fit(p->arena, driver, f->driver ? FACE_MONO : FACE_SANS, 11, 128);
	put_text(out, x, LINE_2,
		 !f->driver                     ? "none"
		 : streq(f->driver, "vfio-pci") ? "drv vfio"
						: "drv",
		 driver);
	x += text_width(driver, f->driver ? FACE_MONO : FACE_SANS, 11) + 8;
	if (slot) {
		put_text(out, x, LINE_2, "slot", slot);
		x += text_width(slot, FACE_BOLD, 11) + 8;
	}
	name = names_model(p->names, p->arena, f);
	if (right - x > 45)
		put_text(out, x, LINE_2, "nam",
			 text_fit(p->arena, name, FACE_SANS, 11, (int)(right - x - 6)));
}

static void put_function(FILE *out, const struct map_page *p, uint32_t fn, int width)
{
	const struct map *map = p->map;
	const struct pci_fn *f = &map->groups.g.m->fns.v[fn];
	const char *address = map_address(p, fn), *kind = map_port_word(map, fn);
	double x = TAB_W + 7;

	fputs("<title>", out);
	text_escape(out, map_sentence(p, tooltip(p, fn)));
	fprintf(out,
		"</title>\n<rect class=\"card\" width=\"%d\" height=\"%d\" "
		"rx=\"5\"/>\n",
		width, MAP_CARD_H);
	put_tab(out, map, fn);
	put_text(out, x, LINE_1, "adr", address);
	x += text_width(address, FACE_MONO, 12.5) + 8;
	if (!kind)
		kind = map_class_word(p->arena, f);
	put_text(out, x, LINE_1, "kind", kind);
	(void)pill(out, width - 5, PILL_1, style_verdict_class(map, fn),
		   map_verdict_word(p->arena, map, fn));
	put_second(out, p, fn, width);
}

static void put_root(FILE *out, const struct map_page *p, uint32_t fn)
{
	struct bdf b = p->map->groups.g.m->fns.v[fn].bdf;

	fprintf(out, "<rect class=\"root\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n",
		MAP_ROOT_W, MAP_CARD_H);
	put_text(out, 10, LINE_1, "nam", "root bus");
	put_text(out, 10, LINE_2, "adr",
		 arena_printf(p->arena, "%04x:%02x", b.domain, b.bus));
}

static void put_free(FILE *out, const struct map_page *p, const struct map_card *c)
{
	const char *slot = map_slot_word(p->arena, p->map, c->fn);

	fprintf(out, "<rect class=\"free\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n",
		c->box.w, c->box.h);
	put_text(out, 9, 18, "nam",
		 arena_printf(p->arena, "free %s: %s", slot ? slot : "slot",
			      map_free_word(p->arena, p->map, c->fn)));
}

static void put_card(FILE *out, const struct map_page *p, const struct map_card *c)
{
	static const char *const kinds[] = {
		[MAP_ROOT] = "bus", [MAP_FUNCTION] = "fn", [MAP_FREE] = "free"
	};
	char bdf[BDF_SIZE];

	bdf_format(p->map->groups.g.m->fns.v[c->fn].bdf, bdf);
	if (c->kind == MAP_ROOT) /* the bus alone */
		bdf[strlen(bdf) - strlen(":00.0")] = '\0';
	fprintf(out, "<g id=\"%s-%s\" transform=\"translate(%d %d)\">\n", kinds[c->kind],
		bdf, c->box.x, c->box.y);
	if (c->kind == MAP_FUNCTION)
		put_function(out, p, c->fn, c->box.w);
	else if (c->kind == MAP_ROOT)
		put_root(out, p, c->fn);
	else
		put_free(out, p, c);
	fputs("</g>\n", out);
}

/* ---- what is behind them ---- */

static void put_box(FILE *out, const char *class, const struct map_box *b, int round)
{
	fprintf(out,
		"<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		"rx=\"%d\"/>\n",
		class, b->x, b->y, b->w, b->h, round);
}

static void put_hull(FILE *out, const struct map_page *p, const struct map_hull *h)
{
	const struct machine_groups *g = &p->map->groups;
	uint32_t all = g->g.size[h->group];
	char class[32];

	snprintf(class, sizeof(class), "hull c%d", p->map->colour[h->group]);
	put_box(out, class, &h->box, 9);
	if (!h->labelled)
		return;
	put_text(out, h->box.x + 10, h->box.y + 15, "label",
		 h->cards == all ? arena_printf(p->arena, "group %d: %u functions",
						g->ids[h->group], all)
				 : arena_printf(p->arena, "group %d: %u of %u functions",
						g->ids[h->group], h->cards, all));
}

static void put_topology(FILE *out, const struct map_page *p, int y)
{
	const struct map *map = p->map;

	fprintf(out, "<g transform=\"translate(0 %d)\">\n", y);
	vec_foreach(d, &map->devices)
		put_box(out, "dev", &d->box, 8);
	vec_foreach(h, &map->hulls)
		put_hull(out, p, h);
	vec_foreach(l, &map->links)
		fprintf(out, "<path class=\"link\" d=\"M%d %dH%dV%dH%d\"/>\n", l->x0,
			l->y0, l->x1, l->y1, l->x2);
	vec_foreach(c, &map->cards)
		put_card(out, p, c);
	fputs("</g>\n", out);
}

/* ---- head and foot ---- */

static int put_lines(FILE *out, const struct map_page *p, const char *class, double size,
		     int width, int y, const char *text)
{
	strings lines = { 0 };

	text_wrap(p->arena, text, FACE_SANS, size, width - 2 * MAP_MARGIN, &lines);
	vec_foreach(line, &lines) {
		y += (int)(size * 1.5);
		put_text(out, MAP_MARGIN, y, class, *line);
	}
	return y;
}

static const char *about(const struct map_page *p)
{
	const struct machine *m = p->map->groups.g.m;
	int groups = p->map->groups.g.n_groups;
	const char *cpu = m->cpu_model && *m->cpu_model ? m->cpu_model : "CPU not known";

	return arena_printf(p->arena, "%s, %s%s, %zu function%s, %d group%s", cpu,
			    m->release && *m->release ? "Linux " : "kernel not known",
			    m->release ? m->release : "", m->fns.n,
			    m->fns.n == 1 ? "" : "s", groups, groups == 1 ? "" : "s");
}

static int put_head(FILE *out, const struct map_page *p, int width)
{
	const struct machine *m = p->map->groups.g.m;
	int y = MAP_MARGIN + 16;

	put_text(out, MAP_MARGIN, y, "title",
		 text_fit(p->arena, m->name, FACE_BOLD, 20, width - 2 * MAP_MARGIN));
	y = put_lines(out, p, "txt", 13, width, y + 4, about(p));
	y = put_lines(out, p,
		      p->map->groups.from == GROUPS_RECORDED ? "txt" : "txt strong", 13,
		      width, y, map_origin(p));
	return map_legend(out, p, width, y + 16);
}

static int put_foot(FILE *out, const struct map_page *p, int width, int y)
{
	strings notes = { 0 };

	map_notes(p, &notes);
	if (!notes.n)
		return y;
	put_text(out, MAP_MARGIN, y + 12, "kind", "Notes");
	y += 12;
	vec_foreach(note, &notes)
		y = put_lines(out, p, "txt", 12, width, y + 2, *note);
	return y + MAP_MARGIN;
}

void map_svg_element(FILE *out, const struct map_page *p)
{
	const struct map *map = p->map;
	int width = map->width < WIDTH_MIN ? WIDTH_MIN : map->width, y;
	AUTOFREE char *head = NULL, *foot = NULL;
	size_t len;
	FILE *f = open_memstream(&head, &len);
	int top;

	if (!f)
		abort();
	top = put_head(f, p, width);
	if (fclose(f))
		abort();
	f = open_memstream(&foot, &len);
	if (!f)
		abort();
	y = put_foot(f, p, width, top + map->height);
	if (fclose(f))
		abort();
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
		width, y, width, y);
	text_escape(out,
		    arena_printf(p->arena, "PCI topology of %s", map->groups.g.m->name));
	fputs("</title>\n", out);
	style_write(out);
	fprintf(out, "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n%s", width, y,
		head);
	put_topology(out, p, top);
	fprintf(out, "%s</svg>\n", foot);
}

void map_svg_document(FILE *out, const struct map_page *p)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	map_svg_element(out, p);
}

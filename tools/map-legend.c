/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/map-words.h"
#include "tools/map-legend.h"
#include "tools/map-style.h"
#include "tools/map-text.h"

#define LINE_H 23
#define TEXT_SIZE 11
#define COLUMN_GAP 22
#define SWATCH_W 26
#define SWATCH_H 15

/* What is on the picture, each a bit. */
enum sign {
	SIGN_SINGLE,
	SIGN_SHARED,
	SIGN_NONE,
	SIGN_ALONE,
	SIGN_WITH,
	SIGN_STAYS,
	SIGN_PINNED,
	SIGN_NO_IOMMU,
	SIGN_HOST,
	SIGN_HOST_MAYBE,
	SIGN_ACS_ON,
	SIGN_ACS_OFF,
	SIGN_ACS_QUIRK,
	SIGN_ACS_OVERRIDE,
	SIGN_ASSUMED,
	SIGN_FREE,
};

enum shape { SHAPE_PILL, SHAPE_TAB, SHAPE_HULL, SHAPE_FREE };

static const struct {
	enum sign sign;
	enum shape shape;
	const char *class, *word, *text;
} rows[] = {
	/* clang-format off */
	{ SIGN_SHARED, SHAPE_HULL, "c0", "7", "functions that share group 7" },
	{ SIGN_SINGLE, SHAPE_TAB, "tab0", "8", "a group of its own" },
	{ SIGN_NONE, SHAPE_TAB, "tab0", "-", "no group" },
	{ SIGN_ALONE, SHAPE_PILL, "alone", "alone", "can be passed through" },
	{ SIGN_WITH, SHAPE_PILL, "with", "with 2 more",
	  "only together with 2 of its group" },
	{ SIGN_STAYS, SHAPE_PILL, "stays", "stays",
	  "with the host: a bridge, or an IOMMU" },
	{ SIGN_PINNED, SHAPE_PILL, "bad", "pinned",
	  "the firmware uses its memory: never" },
	{ SIGN_NO_IOMMU, SHAPE_PILL, "bad", "no IOMMU", "nothing translates it: never" },
	{ SIGN_HOST, SHAPE_PILL, "host", "host: /", "the host needs it for this" },
	{ SIGN_HOST_MAYBE, SHAPE_PILL, "host", "host: /?", "the host may need it" },
	{ SIGN_ACS_ON, SHAPE_PILL, "on", "ACS on", "keeps apart what is behind" },
	{ SIGN_ACS_QUIRK, SHAPE_PILL, "on", "ACS by quirk", "does so without ACS" },
	{ SIGN_ACS_OFF, SHAPE_PILL, "off", "no ACS",
	  "does not: all behind it is one group" },
	{ SIGN_ACS_OVERRIDE, SHAPE_PILL, "bad", "ACS override", "promised, not checked" },
	{ SIGN_ASSUMED, SHAPE_PILL, "idle", "ACS ...?", "assumed: not recorded" },
	{ SIGN_FREE, SHAPE_FREE, "free", "",
	  "a free slot, and the group of a card there" },
	/* clang-format on */
};

static unsigned acs_signs(const struct map *map, uint32_t fn)
{
	const struct acs_state *s = &map->groups.g.isolation[fn];
	unsigned signs = s->assumed ? 1u << SIGN_ASSUMED : 0;

	if (!map_port_word(map, fn))
		return 0;
	if (s->why == ACS_OVERRIDE)
		return signs | 1u << SIGN_ACS_OVERRIDE;
	if (s->why == ACS_SINGLE || s->why == ACS_NO_NEED)
		return signs;
	return signs | 1u << (!s->on                ? SIGN_ACS_OFF
			      : s->why == ACS_QUIRK ? SIGN_ACS_QUIRK
						    : SIGN_ACS_ON);
}

static unsigned signs_of(const struct map *map, uint32_t fn)
{
	static const enum sign verdicts[] = {
		[VERDICT_ALONE] = SIGN_ALONE,       [VERDICT_TOGETHER] = SIGN_WITH,
		[VERDICT_STAYS] = SIGN_STAYS,       [VERDICT_PINNED] = SIGN_PINNED,
		[VERDICT_NO_GROUP] = SIGN_NO_IOMMU,
	};
	const struct grouping *g = &map->groups.g;
	int k = g->fns[fn].group;
	enum verdict v = map->verdicts[fn].verdict;
	const struct guard_use *u;
	unsigned signs = acs_signs(map, fn);

	signs |= 1u << (k == GROUP_NONE       ? SIGN_NONE
			: map->colour[k] >= 0 ? SIGN_SHARED
					      : SIGN_SINGLE);
	if (v == VERDICT_NO_GROUP && fn_class(&g->m->fns.v[fn]) == CLASS_IOMMU)
		v = VERDICT_STAYS;
	signs |= 1u << verdicts[v];
	for (size_t i = 0; (u = map_use(map, fn, i)); i++)
		signs |= 1u << (u->certain ? SIGN_HOST : SIGN_HOST_MAYBE);
	return signs | (map->free[fn] ? 1u << SIGN_FREE : 0);
}

static int shape_width(size_t i)
{
	return rows[i].shape == SHAPE_PILL ? style_pill_width(rows[i].word) : SWATCH_W;
}

static void put_shape(FILE *out, size_t i, int x, int y)
{
	if (rows[i].shape == SHAPE_PILL) {
		style_pill(out, x, y, rows[i].class, rows[i].word);
		return;
	}
	fprintf(out,
		"<rect class=\"%s%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		"rx=\"4\"/>\n",
		rows[i].shape == SHAPE_HULL ? "hull " : "", rows[i].class, x, y, SWATCH_W,
		SWATCH_H);
	if (rows[i].shape == SHAPE_HULL)
		fprintf(out,
			"<rect class=\"c0\" x=\"%d\" y=\"%d\" width=\"14\" "
			"height=\"11\" rx=\"2\"/>\n",
			x + 6, y + 2);
	if (*rows[i].word)
		fprintf(out,
			"<text class=\"num\" x=\"%d\" y=\"%d\" "
			"style=\"font-size:11px\">%s</text>\n",
			x + SWATCH_W / 2, y + 11, rows[i].word);
}

int map_legend(FILE *out, const struct map_page *p, int width, int y)
{
	unsigned signs = 0;
	int x = MAP_MARGIN;

	for (uint32_t i = 0; i < p->map->groups.g.topology.n; i++)
		signs |= signs_of(p->map, i);
	if (!signs)
		return y;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int shape = shape_width(i);
		int w = shape + 6 + text_width(rows[i].text, FACE_SANS, TEXT_SIZE);

		if (!(signs >> rows[i].sign & 1))
			continue;
		if (x > MAP_MARGIN && x + w > width - MAP_MARGIN) {
			x = MAP_MARGIN;
			y += LINE_H;
		}
		put_shape(out, i, x, y);
		fprintf(out, "<text class=\"nam\" x=\"%d\" y=\"%d\">%s</text>\n",
			x + shape + 6, y + 11, rows[i].text);
		x += w + COLUMN_GAP;
	}
	return y + LINE_H;
}

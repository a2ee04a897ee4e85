/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/text.h"
#include "tools/map-style.h"
#include "tools/map-text.h"

/* Of shared groups: on white, and on black. */
static const struct {
	const char *light, *dark;
} colours[MAP_COLOURS] = {
	{ "#1f6fb2", "#6cb2eb" }, /* blue */
	{ "#bf5600", "#f5a04c" }, /* orange */
	{ "#1a7f4b", "#5fcf94" }, /* green */
	{ "#a2308a", "#e58bd0" }, /* purple */
	{ "#8a6d00", "#e2c544" }, /* ochre */
	{ "#0f7b8a", "#56cbd8" }, /* teal */
	{ "#5a4fcf", "#a9a2ff" }, /* violet */
	{ "#a83a4a", "#f08a98" }, /* rose */
};

static const char sheet[] =
	"text{font-family:Arial,'Liberation Sans','DejaVu "
	"Sans',sans-serif;fill:#1f2328}\n"
	".adr,.drv{font-family:'Liberation Mono','DejaVu Sans Mono',Consolas,monospace}\n"
	".adr{font-size:12.5px;font-weight:bold}\n"
	".kind{font-size:12px;font-weight:bold}\n"
	".drv,.nam,.none,.slot{font-size:11px}\n"
	".slot{font-weight:bold}\n"
	".txt{font-size:13px}\n"
	".strong{font-weight:bold}\n"
	".title{font-size:20px;font-weight:bold}\n"
	".label{font-size:11.5px;font-weight:bold}\n"
	".num{font-size:13px;font-weight:bold;text-anchor:middle}\n"
	".pill text{font-size:10.5px;text-anchor:middle}\n"
	".nam,.none{fill:#57606a}\n"
	".none{font-style:italic}\n"
	".vfio{font-weight:bold;fill:#1a7f4b}\n"
	".page{fill:#fff}\n"
	".card{fill:#fff;stroke:#8c959f}\n"
	".root{fill:#eaeef2;stroke:#57606a;stroke-width:1.5}\n"
	".dev{fill:#eef1f4;stroke:#8c959f}\n"
	".free{fill:none;stroke:#8c959f;stroke-dasharray:4 3}\n"
	".link{fill:none;stroke:#6e7781;stroke-width:1.5}\n"
	".hull{fill-opacity:.14;stroke-width:1.5}\n"
	".tab0{fill:#eaeef2;stroke:#8c959f}\n"
	".num{fill:#fff}\n"
	".tab0+.num{fill:#424a53}\n"
	".pill rect{stroke-width:1}\n"
	".alone rect{fill:#dff3e8;stroke:#1a7f4b}\n"
	".alone text{fill:#0d5230}\n"
	".with rect{fill:#fff1cf;stroke:#9a6700}\n"
	".with text{fill:#633c01}\n"
	".stays rect,.idle rect{fill:none;stroke:#afb8c1}\n"
	".stays text,.idle text{fill:#57606a}\n"
	".bad rect{fill:#fbdfe0;stroke:#b3261e;stroke-width:1.5}\n"
	".bad text{fill:#7d1a14;font-weight:bold}\n"
	".host rect{fill:#24292f;stroke:#24292f}\n"
	".host text{fill:#fff;font-weight:bold}\n"
	".on rect{fill:none;stroke:#1a7f4b}\n"
	".on text{fill:#0d5230}\n"
	".off rect{fill:#fff1cf;stroke:#9a6700;stroke-dasharray:3 2}\n"
	".off text{fill:#633c01;font-weight:bold}\n";

static const char dark[] = "text{fill:#e6edf3}\n"
			   ".nam,.none{fill:#9da7b3}\n"
			   ".vfio{fill:#5fcf94}\n"
			   ".page{fill:#0d1117}\n"
			   ".card{fill:#161b22;stroke:#6e7681}\n"
			   ".root{fill:#21262d;stroke:#9da7b3}\n"
			   ".dev{fill:#1c2128;stroke:#57606a}\n"
			   ".free{stroke:#6e7681}\n"
			   ".link{stroke:#8b949e}\n"
			   ".hull{fill-opacity:.2}\n"
			   ".num{fill:#0d1117}\n"
			   ".tab0{fill:#30363d;stroke:#6e7681}\n"
			   ".tab0+.num{fill:#c9d1d9}\n"
			   ".alone rect{fill:#12341f;stroke:#5fcf94}\n"
			   ".alone text{fill:#a6ecc6}\n"
			   ".with rect{fill:#3d2e05;stroke:#e2b53e}\n"
			   ".with text{fill:#f7dc8f}\n"
			   ".stays rect,.idle rect{stroke:#57606a}\n"
			   ".stays text,.idle text{fill:#9da7b3}\n"
			   ".bad rect{fill:#4a1512;stroke:#ff7b72}\n"
			   ".bad text{fill:#ffc1bc}\n"
			   ".host rect{fill:#f0f3f6;stroke:#f0f3f6}\n"
			   ".host text{fill:#0d1117}\n"
			   ".on rect{stroke:#5fcf94}\n"
			   ".on text{fill:#a6ecc6}\n"
			   ".off rect{fill:#3d2e05;stroke:#e2b53e}\n"
			   ".off text{fill:#f7dc8f}\n";

void style_write(FILE *out)
{
	fprintf(out, "<style>\n%s", sheet);
	for (size_t i = 0; i < MAP_COLOURS; i++)
		fprintf(out, ".c%zu{fill:%s;stroke:%s}\n", i, colours[i].light,
			colours[i].light);
	fprintf(out, "@media (prefers-color-scheme:dark){\n%s", dark);
	for (size_t i = 0; i < MAP_COLOURS; i++)
		fprintf(out, ".c%zu{fill:%s;stroke:%s}\n", i, colours[i].dark,
			colours[i].dark);
	fprintf(out,
		"}\n</style>\n<defs><path id=\"tab\" "
		"d=\"M5 0H38V%dH5A5 5 0 0 1 0 %dV5A5 5 0 0 1 5 0Z\"/></defs>\n",
		MAP_CARD_H, MAP_CARD_H - 5);
}

const char *style_verdict_class(const struct map *map, uint32_t fn)
{
	static const char *const classes[] = {
		[VERDICT_ALONE] = "alone",  [VERDICT_TOGETHER] = "with",
		[VERDICT_STAYS] = "stays",  [VERDICT_PINNED] = "bad",
		[VERDICT_NO_GROUP] = "bad",
	};

	/* Not for being an IOMMU. */
	if (fn_class(&map->groups.g.m->fns.v[fn]) == CLASS_IOMMU)
		return "stays";
	return classes[map->verdicts[fn].verdict];
}

const char *style_acs_class(enum map_acs acs)
{
	static const char *const classes[] = {
		[MAP_ACS_ON] = "on",
		[MAP_ACS_OFF] = "off",
		[MAP_ACS_PROMISED] = "bad",
		[MAP_ACS_IDLE] = "idle",
	};

	return classes[acs];
}

int style_pill_width(const char *word)
{
	return text_width(word, FACE_SANS, STYLE_PILL_SIZE) + 12;
}

void style_pill(FILE *out, double x, double y, const char *class, const char *word)
{
	int w = style_pill_width(word);

	fprintf(out,
		"<g class=\"pill %s\"><rect x=\"%g\" y=\"%g\" width=\"%d\" height=\"%d\" "
		"rx=\"7\"/><text x=\"%g\" y=\"%g\">",
		class, x, y, w, STYLE_PILL_H, x + w / 2.0, y + 11);
	text_escape(out, word);
	fputs("</text></g>\n", out);
}

void style_tab(FILE *out, const char *class, const char *number)
{
	size_t n = strlen(number);

	fprintf(out,
		"<use href=\"#tab\" class=\"%s\"/><text class=\"num\" x=\"19\" y=\"27\"",
		class);
	if (n > 3)
		fprintf(out, " style=\"font-size:%gpx\"", n > 5 ? 5.2 : 10.5);
	fprintf(out, ">%s</text>\n", number);
}

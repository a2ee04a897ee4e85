/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/grouping-why.h"
#include "core/map-words.h"
#include "core/text.h"
#include "tools/map-html.h"

static const char sheet[] =
	"body{margin:0;background:#fff;color:#1f2328;"
	"font:14px/1.4 Arial,'Liberation Sans','DejaVu Sans',sans-serif}\n"
	".picture{overflow-x:auto}\n"
	"svg{display:block}\n"
	"main{padding:0 20px 20px;max-width:1400px}\n"
	"table{border-collapse:collapse}\n"
	"th,td{text-align:left;vertical-align:top;padding:4px 10px;"
	"border-top:1px solid #afb8c1}\n"
	"td:nth-of-type(1){font-family:'Liberation Mono','DejaVu Sans Mono',Consolas,"
	"monospace;white-space:nowrap}\n"
	"@media (prefers-color-scheme:dark){\n"
	"body{background:#0d1117;color:#e6edf3}\n"
	"th,td{border-color:#57606a}\n"
	"}\n";

static void cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	text_escape(out, text);
	fputs("</td>", out);
}

static void put_member(FILE *out, const struct map_page *p, uint32_t fn)
{
	const struct map *map = p->map;
	struct grouping *g = (struct grouping *)(uintptr_t)&map->groups.g;
	const struct pci_fn *f = &g->m->fns.v[fn];

	cell(out, map_address(p, fn));
	cell(out, names_class(p->names, p->arena, f));
	cell(out, names_device(p->names, p->arena, f));
	cell(out, f->driver ? f->driver : "");
	cell(out, map_uses_word(p->arena, map, fn));
	cell(out, map_sentence(p, verdict_text(g, fn, &map->verdicts[fn])));
	cell(out, map->groups.alike[fn] ? map_sentence(p, grouping_why_fn(g, fn)) : "");
	fputs("</tr>\n", out);
}

static void put_groups(FILE *out, const struct map_page *p)
{
	const struct machine_groups *mg = &p->map->groups;
	const struct grouping *g = &mg->g;
	bool headed = false;

	for (int k = 0; k < g->n_groups; k++) {
		if (!g->size[k]) /* of a device that is not on PCI */
			continue;
		fprintf(out, "<tbody>\n<tr><th scope=\"rowgroup\" rowspan=\"%u\">%d</th>",
			g->size[k], mg->ids[k]);
		for (uint32_t i = 0; i < g->size[k]; i++) {
			if (i)
				fputs("<tr>", out);
			put_member(out, p, g->members[g->first[k] + i]);
		}
		fputs("</tbody>\n", out);
	}
	for (uint32_t i = 0; i < g->topology.n; i++) {
		if (g->fns[i].group != GROUP_NONE)
			continue;
		fprintf(out, "%s<tr><th scope=\"row\">none</th>",
			headed ? "" : "<tbody>\n");
		headed = true;
		put_member(out, p, i);
	}
	if (headed)
		fputs("</tbody>\n", out);
}

void map_html_document(FILE *out, const struct map_page *p)
{
	static const char *const heads[] = {
		"Group",  "Address",       "Class",   "Name",
		"Driver", "The host uses", "Verdict", "Why"
	};
	const char *name = p->map->groups.g.m->name;

	fputs("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
	      "lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>",
	      out);
	text_escape(out, arena_printf(p->arena, "PCI topology of %s", name));
	fprintf(out,
		"</title>\n<style>\n%s</style>\n</head>\n<body>\n"
		"<div class=\"picture\">\n",
		sheet);
	map_svg_element(out, p);
	fputs("</div>\n<main>\n<h1>Groups</h1>\n<p>", out);
	text_escape(out, map_origin(p));
	fputs("</p>\n<table>\n<thead>\n<tr>", out);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		fprintf(out, "<th scope=\"col\">%s</th>", heads[i]);
	fputs("</tr>\n</thead>\n", out);
	put_groups(out, p);
	fputs("</table>\n</main>\n</body>\n</html>\n", out);
}

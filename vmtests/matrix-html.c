/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/text.h"
#include "vmtests/matrix-part.h"

#define OPEN_FAILURES 5 /* more are closed, so that the list can be seen */

/* A console begins at its end: the last lines say why. */
static const char sheet[] =
	":root{--page:#fff;--ink:#1f2328;--dim:#57606a;--line:#d0d7de;--soft:#f6f8fa;"
	"--good:#1a7f4b;--goodbg:#dff3e8;--bad:#b3261e;--badbg:#fbdfe0;"
	"--warn:#7a4f01;--warnbg:#fff1cf}\n"
	"@media (prefers-color-scheme:dark){:root{--page:#0d1117;--ink:#e6edf3;"
	"--dim:#9aa4af;--line:#30363d;--soft:#161b22;--good:#5fcf94;--goodbg:#12301f;"
	"--bad:#ff9b95;--badbg:#4a1513;--warn:#e2c544;--warnbg:#352a06}}\n"
	"html{color-scheme:light dark}\n"
	"body{margin:0 auto;padding:20px 24px "
	"40px;max-width:1100px;background:var(--page);"
	"color:var(--ink);font:14px/1.45 Arial,'Liberation Sans','DejaVu "
	"Sans',sans-serif}\n"
	"h1{font-size:20px;margin:0 0 10px}\n"
	"h2{font-size:16px;margin:28px 0 8px}\n"
	".verdict{display:inline-block;font-size:18px;font-weight:bold;padding:6px 14px;"
	"border:1px solid;border-radius:6px}\n"
	".verdict.good{color:var(--good);background:var(--goodbg)}\n"
	".verdict.bad{color:var(--bad);background:var(--badbg)}\n"
	".verdict.none{color:var(--warn);background:var(--warnbg)}\n"
	".counts{margin:8px 0 0}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:12px "
	"0 0}\n"
	"dt{color:var(--dim)}dd{margin:0}\n"
	"code,pre,.cell{font-family:'Liberation Mono','DejaVu Sans "
	"Mono',Consolas,monospace;"
	"font-size:13px}\n"
	"details{border:1px solid var(--line);border-left:4px solid var(--bad);"
	"border-radius:6px;margin:8px 0;padding:8px 12px}\n"
	"details:has(:target){outline:2px solid var(--bad)}\n"
	".inside{scroll-margin-top:5em}\n"
	"summary{cursor:pointer}\n"
	"summary .part{font-weight:bold;color:var(--bad)}\n"
	"summary .why{display:block;margin:2px 0 0 17px;overflow-wrap:anywhere}\n"
	".dim{color:var(--dim)}\n"
	".console{display:flex;flex-direction:column-reverse;max-height:26em;overflow:"
	"auto;"
	"margin:8px 0 2px;background:var(--soft);border:1px solid var(--line);"
	"border-radius:4px}\n"
	"pre{margin:0;padding:8px 10px;white-space:pre-wrap;overflow-wrap:anywhere}\n"
	".table{overflow-x:auto}\n"
	"table{border-collapse:collapse}\n"
	"th,td{text-align:left;padding:4px 10px;border-top:1px solid var(--line);"
	"white-space:nowrap}\n"
	"thead th{border-top:0;color:var(--dim);font-weight:normal}\n"
	"thead .part{color:var(--ink);font-weight:bold}\n"
	"tbody th{font-weight:normal}tbody th[scope=rowgroup]{font-weight:bold;"
	"vertical-align:top}\n"
	"tbody tr:first-child>*{border-top:2px solid var(--line)}\n"
	"tfoot>tr>*{border-top:2px solid "
	"var(--line);color:var(--dim);font-weight:normal}\n"
	"td.ok{color:var(--good)}\n"
	"td.failed{background:var(--badbg);padding:0}\n"
	"td.failed a{display:block;padding:4px 10px;color:var(--bad);font-weight:bold}\n"
	"td.skipped{color:var(--warn)}\n"
	"td small{color:var(--dim);font-size:12px}\n"
	".time{text-align:right;color:var(--dim)}\n"
	"ul{margin:0;padding-left:20px}li{margin:4px 0}\n"
	"@media print{details{break-inside:avoid}.console{max-height:none}}\n";

struct page {
	FILE *out;
	struct arena *a;
	const struct matrix *m;
	matrix_entries failed;
};

/* Text between tags. */
static void put(const struct page *p, const char *before, const char *text,
		const char *after)
{
	fputs(before, p->out);
	text_escape(p->out, text);
	fputs(after, p->out);
}

static void put_term(const struct page *p, const char *term, const char *text, bool code)
{
	if (!text)
		return;
	fprintf(p->out, "<dt>%s</dt>", term);
	put(p, code ? "<dd><code>" : "<dd>", text, code ? "</code></dd>\n" : "</dd>\n");
}

static void put_head(const struct page *p)
{
	const struct matrix *m = p->m;
	const char *title = m->title ? m->title : "pcipass-lab";
	const char *class = p->failed.n               ? "bad"
			    : matrix_totals(m).passed ? "good"
						      : "none";

	/* The verdict first: of many tabs one sees the beginning. */
	put(p,
	    "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
	    "lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	    "<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>",
	    arena_printf(p->a, "%s: %s", matrix_verdict(m, p->a), title), "</title>\n");
	fprintf(p->out, "<style>\n%s</style>\n</head>\n<body>\n", sheet);
	put(p, "<h1>", title, "</h1>\n");
	fprintf(p->out, "<div class=\"verdict %s\">", class);
	put(p, "", matrix_verdict(m, p->a), "</div>\n");
	put(p, "<p class=\"counts\">", matrix_counts(m, p->a), ".</p>\n<dl>\n");
	put_term(p, "Date", m->date, false);
	if (m->seconds > 0)
		put_term(p, "Took", matrix_time(p->a, m->seconds), false);
	put_term(p, "Seed", m->seed, true);
	put_term(p, "Again", m->again, true);
	fputs("</dl>\n", p->out);
}

static void put_failure(const struct page *p, size_t number, const struct matrix_entry *e)
{
	fprintf(p->out, "<details%s>\n<summary>",
		p->failed.n <= OPEN_FAILURES ? " open=\"\"" : "");
	put(p, "<span class=\"part\">", e->part, "</span> on ");
	put(p, "<span class=\"cell\">", cell_name(p->a, &e->cell), "</span>");
	put(p, " <span class=\"dim\">after ", matrix_time(p->a, e->r.seconds), "</span>");
	put(p, "<span class=\"why\">", e->r.text ? e->r.text : "no reason given",
	    "</span></summary>\n");
	/* A link to what is inside opens it. */
	fprintf(p->out, "<div id=\"f%zu\" class=\"inside\">", number);
	if (e->r.evidence)
		put(p, "<div class=\"console\"><pre>\n", e->r.evidence, "</pre></div>");
	else
		fputs("<p class=\"dim\">No console was kept.</p>", p->out);
	fputs("</div>\n</details>\n", p->out);
}

static void put_failures(const struct page *p)
{
	const char *common = matrix_common(p->m, p->a);
	size_t number = 0;

	if (p->failed.n)
		fputs("<h2>What failed</h2>\n", p->out);
	if (common)
		put(p, "<p>All of them: <b>", common, "</b>.</p>\n");
	vec_foreach(e, &p->failed)
		put_failure(p, ++number, e);
}

static size_t failure_number(const struct page *p, const struct cell *cell,
			     const char *part)
{
	size_t number = 1;

	vec_foreach(e, &p->failed) {
		if (streq(e->part, part) && cell_same(&e->cell, cell))
			break;
		number++;
	}
	return number;
}

static void put_result(const struct page *p, const struct cell *cell, const char *part)
{
	const struct result *r = matrix_find(p->m, cell, part);

	if (!r) {
		fputs("<td class=\"dim\">-</td>", p->out);
	} else if (r->outcome == RESULT_SKIPPED) {
		put(p, "<td class=\"skipped\" title=\"", r->text ? r->text : "",
		    "\">skipped</td>");
	} else if (r->outcome == RESULT_FAILED) {
		fprintf(p->out, "<td class=\"failed\"><a href=\"#f%zu\"",
			failure_number(p, cell, part));
		put(p, " title=\"", r->text ? r->text : "", "\">FAILED</a></td>");
	} else {
		put(p, "<td class=\"ok\">ok <small>", matrix_time(p->a, r->seconds),
		    "</small></td>");
	}
}

/* The rows of one kernel from the @first. */
static size_t put_kernel(const struct page *p, const cells *rows, size_t first)
{
	size_t end = first;

	while (end < rows->n && streq(rows->v[end].kernel, rows->v[first].kernel))
		end++;
	fprintf(p->out, "<tbody>\n<tr><th scope=\"rowgroup\" rowspan=\"%zu\">",
		end - first);
	put(p, "", rows->v[first].kernel, "</th>");
	for (size_t i = first; i < end; i++) {
		const struct cell *c = &rows->v[i];

		if (i > first)
			fputs("<tr>", p->out);
		for (enum cell_axis x = CELL_IOMMU; x < CELL_AXES; x++)
			put(p, "<th scope=\"row\">", cell_value(c, x), "</th>");
		vec_foreach(part, &p->m->parts)
			put_result(p, c, *part);
		put(p, "<td class=\"time\">",
		    matrix_time(p->a, matrix_seconds(p->m, c, NULL)), "</td></tr>\n");
	}
	fputs("</tbody>\n", p->out);
	return end;
}

static void put_table(const struct page *p)
{
	static const char *const axes[CELL_AXES] = { "Kernel", "IOMMU", "Firmware",
						     "Topology" };
	cells rows = matrix_rows(p->m, p->a);

	fputs("<h2>All cells</h2>\n<div class=\"table\">\n<table>\n<thead>\n<tr>",
	      p->out);
	for (enum cell_axis x = 0; x < CELL_AXES; x++)
		put(p, "<th scope=\"col\">", axes[x], "</th>");
	vec_foreach(part, &p->m->parts)
		put(p, "<th scope=\"col\" class=\"part\">", *part, "</th>");
	fputs("<th scope=\"col\" class=\"time\">Time</th></tr>\n</thead>\n", p->out);
	for (size_t i = 0; i < rows.n;)
		i = put_kernel(p, &rows, i);
	fprintf(p->out, "<tfoot>\n<tr><th scope=\"row\" colspan=\"%u\">Together</th>",
		CELL_AXES);
	vec_foreach(part, &p->m->parts)
		put(p, "<td>", matrix_time(p->a, matrix_seconds(p->m, NULL, *part)),
		    "</td>");
	put(p, "<td class=\"time\">", matrix_time(p->a, matrix_seconds(p->m, NULL, NULL)),
	    "</td></tr>\n</tfoot>\n</table>\n</div>\n");
	fputs("<p class=\"dim\">ok: passed, and how long it took. FAILED leads to why. "
	      "-: not run.</p>\n",
	      p->out);
}

static void put_list(const struct page *p, const strings *list, const char *before,
		     const char *after)
{
	const char *gap = "";

	vec_foreach(s, list) {
		fputs(gap, p->out);
		put(p, before, *s, after);
		gap = ", ";
	}
}

static void put_skips(const struct page *p)
{
	matrix_reasons reasons = matrix_skips(p->m, p->a);

	if (!reasons.n)
		return;
	fputs("<h2>What was skipped, and why</h2>\n<ul>\n", p->out);
	vec_foreach(reason, &reasons) {
		put(p, "<li>", reason->text, "<br/><span class=\"dim\">");
		put_list(p, &reason->parts, "", "");
		fputs(" on ", p->out);
		put_list(p, &reason->cells, "<span class=\"cell\">", "</span>");
		fputs("</span></li>\n", p->out);
	}
	fputs("</ul>\n", p->out);
}

void matrix_html(FILE *out, const struct matrix *m)
{
	AUTOARENA struct arena *a = arena_new();
	const struct page p = { out, a, m, matrix_shown(m, RESULT_FAILED, a) };

	put_head(&p);
	put_failures(&p);
	put_table(&p);
	put_skips(&p);
	fputs("</body>\n</html>\n", out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "tools/map-html.h"
#include "tools/map-text.h"
#include "tools/print.h"

struct fit_case {
	const char *name, *text;
	enum face face;
	double size;
	int width;
	const char *want; /* lines of a wrapped text are joined by "|" */
	bool wrap;
};

static void test_fit(void **state)
{
	const struct fit_case *c = *state;
	struct arena *a = arena_new();
	const char *got = "";
	strings lines = { 0 };

	if (c->wrap)
		text_wrap(a, c->text, c->face, c->size, c->width, &lines);
	else
		got = text_fit(a, c->text, c->face, c->size, c->width);
	vec_foreach(line, &lines) {
		assert_true(text_width(*line, c->face, c->size) <= c->width ||
			    strlen(*line) == 1);
		got = arena_printf(a, "%s%s%s", got, *got ? "|" : "", *line);
	}
	assert_string_equal(got, c->want);
	arena_free(a);
}

static const struct fit_case fits[] = {
	/* clang-format off */
	{ "what fits stays", "abc", FACE_MONO, 10, 19, "abc" },
	{ "what does not is cut", "abcdefgh", FACE_MONO, 10, 32, "ab..." },
	{ "no blank before the dots", "a bcdefgh", FACE_MONO, 10, 32, "a..." },
	{ "narrow letters take less", "iiiiii", FACE_SANS, 10, 18, "iiiiii" },
	{ "bold ones take more", "iiiiii", FACE_BOLD, 10, 18, "ii..." },
	{ "a character is not cut apart", "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", FACE_MONO, 10,
	  29, "\xe2\x82\xac..." },
	{ "no room at all", "abc", FACE_MONO, 10, 5, "..." },
	{ "wrapped at blanks", "one two three", FACE_MONO, 10, 45, "one two|three", true },
	{ "a word longer than a line", "abcdefgh ij", FACE_MONO, 10, 25, "abcd|efgh|ij", true },
	{ "blanks around", "  ab   cd ", FACE_MONO, 10, 13, "ab|cd", true },
	{ "a line narrower than a character", "ab", FACE_MONO, 10, 2, "a|b", true },
	{ "no text", "", FACE_MONO, 10, 20, "", true },
	/* clang-format on */
};

/* A machine, and what must be in its picture, or must not. */
struct page_case {
	const char *name, *fixture;
	void (*change)(struct machine *m);
	void (*write)(FILE *out, const struct map_page *p);
	const char *has[6], *lacks[4];
};

static char *draw(const struct machine *m, void (*write)(FILE *, const struct map_page *))
{
	struct arena *a = arena_new();
	struct map_page page = { .arena = a, .one_domain = has_one_domain(m) };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct map map;

	map_make(m, a, &map);
	page.map = &map;
	write(out, &page);
	fclose(out);
	arena_free(a);
	return text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* Tags are closed in turn, and "<" begins nothing but tags. */
static void check_tags(const char *text)
{
	const char *open[64];
	size_t depth = 0;

	for (const char *s = strchr(text, '<'); s; s = strchr(s + 1, '<')) {
		const char *end = strchr(s, '>');
		size_t n = strcspn(s + 1, " />\n");

		assert_non_null(end);
		if (s[1] == '?' || s[1] == '!')
			continue;
		if (s[1] == '/') {
			assert_true(depth > 0);
			depth--;
			n = strcspn(s + 2, ">");
			assert_memory_equal(s + 2, open[depth], n);
			continue;
		}
		assert_true(n > 0);
		if (end[-1] == '/')
			continue;
		assert_true(depth < ARRAY_SIZE(open));
		open[depth++] = s + 1;
	}
	assert_int_equal(depth, 0);
}

static void test_page(void **state)
{
	const struct page_case *c = *state;
	const char *dir = getenv("PCIPASS_FIXTURES");
	char path[512], *text, *again, id[64], bdf[BDF_SIZE];
	struct machine *m = NULL;
	struct err e;

	assert_non_null(dir);
	snprintf(path, sizeof(path), "%s/%s.json", dir, c->fixture);
	if (machine_load(path, &m, &e) < 0)
		fail_msg("%s", e.text);
	if (c->change)
		c->change(m);
	text = draw(m, c->write);
	again = draw(m, c->write);
	assert_string_equal(text, again);
	check_tags(text);
	vec_foreach(fn, &m->fns) {
		snprintf(id, sizeof(id), "<g id=\"fn-%s\"", bdf_format(fn->bdf, bdf));
		assert_int_equal(count(text, id), 1);
	}
	/* Nothing is run, and nothing fetched. */
	assert_int_equal(count(text, "<script"), 0);
	assert_int_equal(count(text, "url("), 0);
	assert_int_equal(count(text, "@import"), 0);
	assert_int_equal(count(text, "http"), count(text, "xmlns=\"http"));
	for (size_t i = 0; i < ARRAY_SIZE(c->has) && c->has[i]; i++)
		if (!strstr(text, c->has[i]))
			fail_msg("lacks %s", c->has[i]);
	for (size_t i = 0; i < ARRAY_SIZE(c->lacks) && c->lacks[i]; i++)
		if (strstr(text, c->lacks[i]))
			fail_msg("has %s", c->lacks[i]);
	free(text);
	free(again);
	machine_free(m);
}

static void hostile(struct machine *m)
{
	m->name = "</title><script>alert(1)</script>";
	m->cpu_model = "\"><b onload='x'>\xff\x01&";
	m->release = "<!-- ]]>";
	vec_foreach(fn, &m->fns)
		if (fn->driver)
			fn->driver = "\"><i>";
}

static void hostile_chain(struct machine *m)
{
	static const char route[] =
		"I\n<u>\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n";
	static const char mount[] = "22 1 259:2 / /<u> rw - ext4 /dev/nvme0n1p2 rw\n";

	vec_foreach(fn, &m->fns)
		vec_foreach(c, &fn->children)
			if (streq(c->class, "net"))
				c->path = "net/<u>";
	vec_foreach(f, &m->files) {
		if (streq(f->path, "proc/net/route"))
			f->data = (struct blob){ (const uint8_t *)route, strlen(route) };
		if (streq(f->path, "proc/self/mountinfo"))
			f->data = (struct blob){ (const uint8_t *)mount, strlen(mount) };
	}
}

static void other_domain(struct machine *m)
{
	m->fns.v[m->fns.n - 1].bdf.domain = 0x10000;
}

static const struct page_case pages[] = {
	/* clang-format off */
	{ "what stands on a picture", "intel-desktop-gpu", NULL, map_svg_document,
	  { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg ", ">group 2: 3 functions</text>",
	    ">host: /, swap</text>", "prefers-color-scheme:dark",
	    "The groups are those of the running kernel.", ">01:00.0</text>" },
	  { "Notes", "free slot", "<table" } },
	{ "groups that are computed", "intel-desktop-iommu-off", NULL, map_svg_document,
	  { "The IOMMU is not active: these groups are computed from topology." },
	  { "running kernel" } },
	{ "a free slot, and what its card would be", "shared-group-nvme", NULL, map_svg_document,
	  { "<g id=\"free-0000:02:08.0\"", ">free slot: joins group 14</text>",
	    ">a free slot, and the group of a card there</text>" } },
	{ "root buses", "server-sriov", NULL, map_svg_document,
	  { "<g id=\"bus-0000:00\"", "<g id=\"bus-0000:17\"", "<g id=\"bus-0000:85\"" } },
	{ "the legend has what is there", "virtio-no-driver", NULL, map_svg_document,
	  { ">no IOMMU</text>", ">nothing translates it: never</text>" },
	  { "ACS override", "pinned" } },
	{ "domains where there are several", "intel-desktop-gpu", other_domain, map_svg_document,
	  { ">0000:01:00.0</text>", ">10000:03:00.0</text>" } },
	{ "names that would be markup", "intel-desktop-gpu", hostile, map_svg_document,
	  { "&lt;/title&gt;&lt;script&gt;", "Linux &lt;!-- ]]&gt;" },
	  { "<b", "<i>", "onload='", "<!--" } },
	{ "on a page, too", "intel-desktop-gpu", hostile, map_html_document,
	  { "<title>PCI topology of &lt;/title&gt;" }, { "<b ", "<i>", "onload='", "<!--" } },
	{ "what the host uses that would be markup", "intel-desktop-gpu", hostile_chain,
	  map_html_document, { "default route -&gt; &lt;u&gt; -&gt; 00:1f.6", ">host: /&lt;u&gt;, swap<" }, { "<u>" } },
	{ "a page with its table", "intel-desktop-iommu-off", NULL, map_html_document,
	  { "<!DOCTYPE html>\n", "<th scope=\"rowgroup\" rowspan=\"3\">2</th>",
	    "<td>only together with 01:00.1</td>",
	    "<td>01:00.0 is behind 00:01.0, which has no ACS: what is behind it is not kept "
	    "apart.</td>" } },
	{ "members without group in the table", "shared-group-nvme", NULL, map_html_document,
	  { "<th scope=\"row\">none</th><td>00:00.2</td>" } },
	/* clang-format on */
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(fits) + ARRAY_SIZE(pages)];
	size_t n = 0;

	/* clang-format off */
	for (size_t i = 0; i < ARRAY_SIZE(fits); i++)
		tests[n++] = (struct CMUnitTest){ fits[i].name, test_fit, NULL, NULL,
						  (void *)(uintptr_t)&fits[i] };
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		tests[n++] = (struct CMUnitTest){ pages[i].name, test_page, NULL, NULL,
						  (void *)(uintptr_t)&pages[i] };
	/* clang-format on */
	return cmocka_run_group_tests_name("map-svg", tests, NULL, NULL);
}

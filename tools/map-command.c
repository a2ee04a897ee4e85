/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "scenarios/save.h"
#include "tools/command.h"
#include "tools/map-html.h"

typedef void map_writer(FILE *out, const struct map_page *p);

static map_writer *writer_for(const char *path)
{
	static const struct {
		const char *tail;
		map_writer *write;
	} kinds[] = {
		{ ".svg", map_svg_document },
		{ ".html", map_html_document },
		{ ".htm", map_html_document },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (ends_with(path, kinds[i].tail))
			return kinds[i].write;
	return NULL;
}

static int draw(const struct machine *m, map_writer *write, char **ret, size_t *ret_len)
{
	AUTOARENA struct arena *a = arena_new();
	struct map_page page = { .names = names_open(),
				 .arena = a,
				 .one_domain = has_one_domain(m) };
	FILE *out = open_memstream(ret, ret_len);
	struct map map;

	if (!out) {
		names_close(page.names);
		return -errno;
	}
	map_make(m, a, &map);
	page.map = &map;
	write(out, &page);
	names_close(page.names);
	return fclose(out) ? -errno : 0;
}

int command_map(struct run *r, struct err *e)
{
	const char *path = r->v->output ? r->v->output : "-";
	bool std = streq(path, "-");
	map_writer *write = std ? map_svg_document : writer_for(path);
	AUTOFREE char *text = NULL;
	size_t len;
	int code;

	if (!write || (std && r->v->json)) {
		(void)err_set(e, 0,
			      write ? "map --json needs -o FILE: without it the picture "
				      "goes to stdout"
				    : "-o %.300s: a map is FILE.svg or FILE.html",
			      path);
		return VERB_INPUT;
	}
	code = draw(r->subject.m, write, &text, &len);
	if (code < 0)
		return (int)verb_status_of(err_set(e, code, "map: %s", strerror(-code)));
	if (std) {
		fwrite(text, 1, len, stdout);
		return VERB_YES;
	}
	code = save_file(path, text, len, e);
	if (code == -ENOENT || code == -EISDIR || code == -ENOTDIR)
		return VERB_INPUT; /* no such folder, or a folder */
	if (code < 0)
		return (int)verb_status_of(code);
	if (r->v->json)
		r->report = json_pack("{s:s, s:i}", "file", path, "functions",
				      (int)r->subject.m->fns.n);
	else
		say(&r->printer, TONE_PLAIN, "%s: %zu functions\n", path,
		    r->subject.m->fns.n);
	return VERB_YES;
}

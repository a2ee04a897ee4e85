/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/text.h"
#include "scenarios/results.h"
#include "scenarios/save.h"

const char *result_word(enum result_outcome outcome)
{
	static const char *const words[] = {
		[RESULT_PASSED] = "passed",
		[RESULT_FAILED] = "failed",
		[RESULT_SKIPPED] = "skipped",
	};

	return words[outcome];
}

struct result result_clean(struct arena *a, const struct result *r)
{
	return (struct result){
		.group = text_line(a, r->group),
		.name = text_line(a, r->name),
		.file = text_line(a, r->file),
		.outcome = r->outcome,
		.text = text_line(a, r->text),
		.evidence = text_plain(a, r->evidence),
		.seconds = r->seconds,
	};
}

const struct result *results_add(struct arena *a, results *all, const struct result *r)
{
	struct result *added = vec_push(a, all);

	*added = result_clean(a, r);
	return added;
}

size_t results_count(const results *all, enum result_outcome outcome)
{
	size_t n = 0;

	vec_foreach(r, all)
		n += r->outcome == outcome;
	return n;
}

/* A description ends at a '#' that nothing escapes. */
static void put_description(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '#' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
}

static void put_comments(FILE *out, const char *lines)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		fprintf(out, "#%s%.*s\n", n ? " " : "", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

void results_tap(FILE *out, size_t number, const struct result *r)
{
	bool failed = r->outcome == RESULT_FAILED, skipped = r->outcome == RESULT_SKIPPED;

	fprintf(out, "%sok %zu - ", failed ? "not " : "", number);
	put_description(out, r->name);
	fprintf(out, "%s%s\n", skipped ? " # SKIP " : "",
		skipped && r->text ? r->text : "");
	if (failed && (r->file || r->text))
		fprintf(out, "# %s%s%s\n", r->file ? r->file : "",
			r->file && r->text ? ": " : "", r->text ? r->text : "");
	if (failed && r->evidence)
		put_comments(out, r->evidence);
	(void)fflush(out);
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	text_escape(out, value ? value : "");
	fputc('"', out);
}

static void put_testcase(FILE *out, const struct result *r, const char *group)
{
	const char *element = r->outcome == RESULT_SKIPPED ? "skipped" : "failure";

	fputs("  <testcase", out);
	put_attribute(out, "classname", r->group ? r->group : group);
	put_attribute(out, "name", r->name);
	fprintf(out, " time=\"%.3f\">", r->seconds);
	if (r->outcome != RESULT_PASSED) {
		fprintf(out, "<%s", element);
		put_attribute(out, "message", r->text);
		if (r->evidence) {
			fputc('>', out);
			text_escape(out, r->evidence);
			fprintf(out, "</%s>", element);
		} else {
			fputs("/>", out);
		}
	}
	fputs("</testcase>\n", out);
}

int results_junit(const results *all, const char *group, const char *path, struct err *e)
{
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"pcipass\" "
		"tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n",
		all->n, results_count(all, RESULT_FAILED),
		results_count(all, RESULT_SKIPPED));
	vec_foreach(r, all)
		put_testcase(out, r, group);
	fputs("</testsuite>\n", out);
	if (fclose(out) != 0)
		abort();
	return save_file(path, text, len, e);
}

json_t *results_json(const results *all)
{
	json_t *list = json_array();

	vec_foreach(r, all) {
		json_t *one =
			json_pack("{s:s, s:s?, s:s, s:s?, s:f}", "name", r->name, "file",
				  r->file, "result", result_word(r->outcome), "text",
				  r->text, "seconds", r->seconds);

		if (r->group)
			json_object_set_new(one, "group", json_string(r->group));
		if (r->evidence)
			json_object_set_new(one, "evidence", json_string(r->evidence));
		if (!one || json_array_append_new(list, one) < 0)
			abort();
	}
	return list;
}

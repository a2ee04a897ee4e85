/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/ops.h"

static const char *const kind_names[] = {
	[OP_STORE] = "store",     [OP_RUN] = "run",   [OP_CLAIM] = "claim",
	[OP_RELEASE] = "release", [OP_READ] = "read", [OP_STAT] = "stat",
	[OP_SEEK] = "seek",       [OP_MAP] = "map",   [OP_HOLD] = "hold",
	[OP_LINKS] = "links",
};

/* --- words --- */

static void put_word(FILE *f, const void *data, size_t len)
{
	if (!len)
		fputc('%', f);
	for (const uint8_t *p = data; len; p++, len--)
		if (*p > ' ' && *p < 0x7f && *p != '%')
			fputc(*p, f);
		else
			fprintf(f, "%%%02X", *p);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The bytes of a word of @len characters; false: a broken %XX. */
static bool get_word(struct arena *a, const char *word, size_t len, struct blob *ret)
{
	uint8_t *data = arena_alloc(a, len + 1);
	size_t n = 0;

	for (size_t i = len == 1 && *word == '%'; i < len; i++) {
		if (word[i] != '%') {
			data[n++] = (uint8_t)word[i];
			continue;
		}
		if (i + 2 >= len || hex(word[i + 1]) < 0 || hex(word[i + 2]) < 0)
			return false;
		data[n++] = (uint8_t)(hex(word[i + 1]) << 4 | hex(word[i + 2]));
		i += 2;
	}
	*ret = (struct blob){ data, n };
	return true;
}

/* All words of a line. */
typedef VEC(struct blob) words;

static bool split(struct arena *a, const char *line, size_t len, words *ret)
{
	while (len) {
		size_t n = 0;

		while (n < len && line[n] != ' ')
			n++;
		if (!get_word(a, line, n, vec_push(a, ret)))
			return false;
		n += n < len;
		line += n;
		len -= n;
	}
	return true;
}

static const char *text_of(const struct blob *b)
{
	return (const char *)b->data;
}

/* A word that is a number from 0. */
static bool get_number(const struct blob *b, int *ret)
{
	const char *text = text_of(b);

	if (!b->len || b->len > 9 || strspn(text, "0123456789") != b->len)
		return false;
	*ret = atoi(text);
	return true;
}

/* --- operations --- */

void op_write(FILE *f, const struct op *op)
{
	fputs(kind_names[op->kind], f);
	switch (op->kind) {
	case OP_STORE:
		fputc(' ', f);
		put_word(f, op->path, strlen(op->path));
		if (!op->data.len)
			break;
		fputc(' ', f);
		put_word(f, op->data.data, op->data.len);
		break;
	case OP_RUN:
		for (const char *const *w = op->argv; *w; w++) {
			fputc(' ', f);
			put_word(f, *w, strlen(*w));
		}
		break;
	case OP_CLAIM:
	case OP_RELEASE:
		fprintf(f, " %d", op->group);
		break;
	case OP_READ:
	case OP_STAT:
	case OP_SEEK:
	case OP_MAP:
	case OP_HOLD:
	case OP_LINKS:
		fputc(' ', f);
		put_word(f, op->path, strlen(op->path));
		break;
	}
	fputc('\n', f);
}

char *ops_text(const ops *o)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	vec_foreach(op, o)
		op_write(f, op);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static bool read_op(struct arena *a, const words *w, struct op *ret)
{
	const char **argv;
	size_t k = 0;

	while (k < ARRAY_SIZE(kind_names) && !streq(kind_names[k], text_of(&w->v[0])))
		k++;
	if (k == ARRAY_SIZE(kind_names) || w->n < 2)
		return false;
	*ret = (struct op){ .kind = (enum op_kind)k };
	switch (ret->kind) {
	case OP_STORE:
		ret->path = text_of(&w->v[1]);
		ret->data = w->n > 2 ? w->v[2] : (struct blob){ (const uint8_t *)"", 0 };
		return w->n <= 3;
	case OP_RUN:
		argv = arena_alloc(a, w->n * sizeof(*argv));
		for (size_t i = 1; i < w->n; i++)
			argv[i - 1] = text_of(&w->v[i]);
		ret->argv = argv;
		return true;
	case OP_CLAIM:
	case OP_RELEASE:
		return w->n == 2 && get_number(&w->v[1], &ret->group);
	case OP_READ:
	case OP_STAT:
	case OP_SEEK:
	case OP_MAP:
	case OP_HOLD:
	case OP_LINKS:
		ret->path = text_of(&w->v[1]);
		return w->n == 2;
	}
	return false;
}

/* Call @each for every line; -EINVAL with @e: it did not like one. */
static int each_line(struct arena *a, const char *text,
		     bool (*each)(struct arena *, const words *, void *), void *arg,
		     struct err *e)
{
	unsigned number = 1;

	for (const char *p = text; *p; number++) {
		size_t len = strcspn(p, "\n");
		words w = { 0 };

		if (len && *p != '#' &&
		    (!split(a, p, len, &w) || !w.n || !each(a, &w, arg)))
			return err_set(e, -EINVAL, "line %u: %.*s", number,
				       len > 80 ? 80 : (int)len, p);
		p += len + (p[len] == '\n');
	}
	return 0;
}

static bool add_op(struct arena *a, const words *w, void *arg)
{
	return read_op(a, w, vec_push(a, (ops *)arg));
}

int ops_read(struct arena *a, const char *text, ops *ret, struct err *e)
{
	return each_line(a, text, add_op, ret, e);
}

/* --- results --- */

const char *op_result_word(long result, char buf[32])
{
	const char *name = result < 0 ? strerrorname_np((int)-result) : NULL;

	if (result == OP_BLOCKED)
		return "blocked";
	if (name)
		return name;
	(void)snprintf(buf, 32, "%ld", result);
	return buf;
}

void op_result_write(FILE *f, const struct op_result *r)
{
	char buf[32];

	fprintf(f, "= %s\n", op_result_word(r->result, buf));
	if (r->text) {
		fputs("< ", f);
		put_word(f, r->text, strlen(r->text));
		fputc('\n', f);
	}
	vec_foreach(line, &r->log) {
		fputs("+ ", f);
		put_word(f, *line, strlen(*line));
		fputc('\n', f);
	}
	vec_foreach(answer, &r->answers)
		fprintf(f, "~ %u %s\n", answer->op, op_result_word(answer->result, buf));
}

static bool read_result(const struct blob *word, long *ret)
{
	const char *text = text_of(word);
	char *end;

	*ret = strtol(text, &end, 10);
	if (word->len && !*end)
		return true;
	*ret = OP_BLOCKED;
	if (streq(text, "blocked"))
		return true;
	for (int i = 1; i < 134; i++) {
		const char *name = strerrorname_np(i);

		*ret = -i;
		if (name && streq(name, text))
			return true;
	}
	return false;
}

static bool add_result(struct arena *a, const words *w, void *arg)
{
	op_results *all = arg;
	struct op_result *last = all->n ? &all->v[all->n - 1] : NULL;
	const char *mark = text_of(&w->v[0]);

	if (streq(mark, "=") && w->n == 2)
		return read_result(&w->v[1], &vec_push(a, all)->result);
	if (streq(mark, "<") && last && w->n == 2) {
		last->text = text_of(&w->v[1]);
		return true;
	}
	if (streq(mark, "+") && last && w->n == 2) {
		*vec_push(a, &last->log) = text_of(&w->v[1]);
		return true;
	}
	if (streq(mark, "~") && last && w->n == 3) {
		struct op_answer *answer = vec_push(a, &last->answers);
		int op = 0;

		if (!get_number(&w->v[1], &op))
			return false;
		answer->op = (unsigned)op;
		return read_result(&w->v[2], &answer->result);
	}
	return false;
}

int op_results_read(struct arena *a, const char *text, op_results *ret, struct err *e)
{
	return each_line(a, text, add_result, ret, e);
}

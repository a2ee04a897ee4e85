/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/measure.h"

/* --- asking --- */

/* One line of a scene, and what became of it. */
struct line {
	const char *label; /* of a question */
	char mark;         /* '?', '!', '*', '-' */
	const char *op;    /* with the machine's names; NULL: it lacks @role */
	const char *role;
	size_t at; /* in the batch */
};

struct stage {
	struct arena *a;
	const struct machine *m;
	VEC(struct line) lines;
	ops batch;
};

/* {role} becomes what it stands for. */
static void expand(struct stage *s, const char *text, struct line *l)
{
	char *out = arena_strdup(s->a, "");
	const char *open, *end, *name;

	while ((open = strchr(text, '{')) && (end = strchr(open, '}'))) {
		l->role = arena_strndup(s->a, open + 1, (size_t)(end - open - 1));
		name = measure_role(s->a, s->m, l->role);
		if (!name)
			return;
		out = arena_printf(s->a, "%s%.*s%s", out, (int)(open - text), text, name);
		text = end + 1;
	}
	l->op = arena_printf(s->a, "%s%s", out, text);
}

static int stage_line(struct stage *s, const char *text, struct err *e)
{
	size_t n = strcspn(text, " ");
	struct line *l = vec_push(s->a, &s->lines);

	l->mark = text[n - 1];
	if (l->mark == '?')
		l->label = arena_strndup(s->a, text, n - 1);
	expand(s, text + n + 1, l);
	l->at = s->batch.n;
	return l->op ? ops_read(s->a, l->op, &s->batch, e) : 0;
}

static int stage_scene(struct stage *s, const char *text, struct err *e)
{
	int r = 0;

	while (r == 0 && *text) {
		size_t n = strcspn(text, "\n");

		r = stage_line(s, arena_strndup(s->a, text, n), e);
		text += n + (text[n] == '\n');
	}
	return r;
}

/* Why nothing after it means anything; NULL: it is as it should be. */
static const char *failure(struct arena *a, const struct line *l,
			   const struct op_result *r)
{
	char buf[32];

	if (l->mark == '-')
		return NULL;
	if (!l->op)
		return arena_printf(a, "this machine has no {%s}", l->role);
	if (l->mark == '?' || r->result == (l->mark == '*' ? OP_BLOCKED : r->result))
		if (l->mark != '!' || r->result >= 0)
			return NULL;
	return arena_printf(a, "%s: %s", l->op, op_result_word(r->result, buf));
}

static void take(struct measure_answers *ret, const struct stage *s,
		 const op_results *results)
{
	const char *broken = NULL;

	vec_foreach(l, &s->lines) {
		const struct op_result *r = l->op ? &results->v[l->at] : NULL;
		const char *why = failure(ret->arena, l, r);

		if (l->mark == '?')
			*vec_push(ret->arena, &ret->list) = (struct measure_answer){
				.label = l->label,
				.why = broken ? broken : why,
				.result = r,
			};
		else if (!broken)
			broken = why;
	}
}

int measure_ask(struct measure_answers *ret, enum measure_boot boot,
		const struct machine *m, measure_play_fn *play, void *ctx, struct err *e)
{
	for (size_t i = 0; i < n_measure_scenes; i++) {
		struct stage s = { .a = ret->arena, .m = m };
		op_results *results = arena_alloc(ret->arena, sizeof(*results));
		int r;

		if (measure_scenes[i].boot != boot)
			continue;
		r = stage_scene(&s, measure_scenes[i].ops, e);
		r = r < 0 ? r : play(ctx, ret->arena, &s.batch, results, e);
		if (r < 0)
			return r;
		if (results->n != s.batch.n)
			return err_set(e, -EIO, "%zu results of %zu operations",
				       results->n, s.batch.n);
		take(ret, &s, results);
	}
	return 0;
}

/* --- reading --- */

const struct op_result *measure_answer(const struct measure_answers *as,
				       const char *label, const char **ret_why)
{
	vec_foreach(answer, &as->list)
		if (streq(answer->label, label)) {
			*ret_why = answer->why;
			return answer->why ? NULL : answer->result;
		}
	*ret_why = "it was not asked";
	for (size_t i = 0; i < MEASURE_BOOTS; i++)
		for (size_t k = 0; as->no_boot[i] && k < n_measure_scenes; k++)
			if (measure_scenes[k].boot == (enum measure_boot)i &&
			    strstr(measure_scenes[k].ops, label))
				*ret_why = as->no_boot[i];
	return NULL;
}

static bool means(long result, long wanted)
{
	return wanted == MEASURE_WORKS ? result >= 0 : result == wanted;
}

static void read_result(const struct measure_answers *as, const struct measure_row *row,
			const struct op_result *r, struct measure_value *ret)
{
	char buf[32];

	ret->number = means(r->result, row->yes);
	if (!ret->number && !means(r->result, row->no))
		ret->why = arena_printf(as->arena, "%s is neither answer",
					op_result_word(r->result, buf));
}

static bool says(const struct op_result *r, const char *words)
{
	vec_foreach(line, &r->log)
		if (strstr(*line, words))
			return true;
	return false;
}

static void read_log(const struct measure_row *row, const struct op_result *r,
		     struct measure_value *ret)
{
	ret->number = says(r, row->yes_log);
	if (!ret->number && row->no_log && !says(r, row->no_log))
		ret->why = "the log has neither line";
}

struct measure_value measure_read(const struct measure_answers *as,
				  const struct measure_row *row)
{
	struct measure_value ret = { 0 };
	const struct op_result *r = NULL;

	if (row->label) {
		r = measure_answer(as, row->label, &ret.why);
		if (!r)
			return ret;
	}
	if (row->read)
		row->read(as, row, r, &ret);
	else if (!r)
		ret.why = row->how;
	else if (row->yes_log)
		read_log(row, r, &ret);
	else
		read_result(as, row, r, &ret);
	return ret;
}

struct measure_value measure_of(const struct kernel_profile *p,
				const struct measure_row *row)
{
	const void *at = (const char *)p + row->offset;
	struct measure_value ret = { 0 };

	if (!row->member)
		return (struct measure_value){ .why = "no member of the profile" };
	switch (row->type) {
	case MEASURE_BOOL:
		ret.number = *(const bool *)at;
		break;
	case MEASURE_NUMBER:
		ret.number = *(const unsigned *)at;
		break;
	case MEASURE_CHAR:
		ret.number = *(const char *)at;
		break;
	case MEASURE_TEXT:
		ret.text = *(const char *const *)at;
		break;
	}
	return ret;
}

bool measure_same(const struct measure_row *row, const struct measure_value *x,
		  const struct measure_value *y)
{
	if (row->type != MEASURE_TEXT)
		return x->number == y->number;
	return x->text && y->text && streq(x->text, y->text);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/ops-sim.h"

struct batch {
	struct ops_sim *p;
	struct arena *a;
	VEC(unsigned) blocked; /* by ticket: which operation it was */
	size_t answered;       /* of them */
	uint64_t first;        /* the ticket of the first of them */
	VEC(int) claims;
};

static void read_log(struct batch *b, strings *ret)
{
	struct host h = sim_host(b->p->sim);
	AUTOFREE char *text = NULL;
	size_t len;

	if (h.ops->klog(h.ctx, &text) < 0)
		return;
	len = strlen(text);
	for (size_t at = b->p->log < len ? b->p->log : len; ret && at < len;) {
		const char *line = text + at, *said = strstr(line, "] ");
		size_t n = strcspn(line, "\n");

		/* "[    1.234567] TEXT" */
		if (*line == '[' && said && said < line + n) {
			n -= (size_t)(said + 2 - line);
			line = said + 2;
		}
		*vec_push(b->a, ret) = arena_strndup(b->a, line, n);
		at = (size_t)(line + n - text) + (line[n] == '\n');
	}
	b->p->log = len;
}

void ops_sim_begin(struct ops_sim *p, struct sim *s)
{
	struct batch b = { .p = p };

	*p = (struct ops_sim){ .sim = s };
	read_log(&b, NULL);
}

static long run(struct sim *s, const char *const argv[])
{
	struct host h = sim_host(s);
	struct host_output out;
	int r = h.ops->run(h.ctx, argv, &out);

	if (r < 0)
		return r == -ENOENT ? 127 : r;
	free(out.text);
	return out.status;
}

static long release(struct batch *b, int group)
{
	for (size_t i = 0; i < b->claims.n; i++) {
		if (b->claims.v[i] != group)
			continue;
		b->claims.v[i] = b->claims.v[--b->claims.n];
		(void)sim_release_group(b->p->sim, group);
		return 0;
	}
	return -ENOENT;
}

/* The names in a folder, one a line. */
static long list(struct arena *a, const struct host *h, const char *path,
		 const char **ret_text)
{
	strings names = { 0 };
	int r = host_list(h, a, path, &names);
	char *text = arena_strdup(a, "");

	if (r < 0)
		return r;
	vec_foreach(name, &names)
		text = arena_printf(a, "%s%s\n", text, *name);
	*ret_text = text;
	return (long)strlen(text);
}

static long look(struct batch *b, const struct op *op, const char **ret_text)
{
	struct host h = sim_host(b->p->sim);
	struct host_stat st;
	struct blob text;
	int r = h.ops->stat(h.ctx, op->path, &st);

	if (r < 0 || op->kind == OP_STAT)
		return r;
	if (op->kind != OP_READ)
		return -EOPNOTSUPP; /* not through a struct host */
	r = host_read(&h, b->a, op->path, HOST_FILE_MAX, &text);
	if (r == -EISDIR)
		return list(b->a, &h, op->path, ret_text);
	if (r < 0)
		return r == -ETIMEDOUT || r == -EINPROGRESS ? OP_BLOCKED : r;
	*ret_text = (const char *)text.data;
	return (long)text.len;
}

static long play(struct batch *b, const struct op *op, unsigned index,
		 const char **ret_text)
{
	struct sim *s = b->p->sim;
	long r;

	switch (op->kind) {
	case OP_STORE:
		r = sim_store(s, op->path, (const char *)op->data.data, op->data.len);
		if (r != -EINPROGRESS)
			return r;
		*vec_push(b->a, &b->blocked) = index;
		b->p->tickets++;
		return OP_BLOCKED;
	case OP_RUN:
		return b->answered < b->blocked.n ? -EBUSY : run(s, op->argv);
	case OP_CLAIM:
		r = sim_claim_group(s, op->group);
		if (r == 0)
			*vec_push(b->a, &b->claims) = op->group;
		return r;
	case OP_RELEASE:
		return release(b, op->group);
	case OP_READ:
	case OP_STAT:
	case OP_SEEK:
	case OP_MAP:
	case OP_HOLD:
	case OP_LINKS:
		return look(b, op, ret_text);
	}
	return -EINVAL;
}

static void take_answers(struct batch *b, struct op_result *r)
{
	uint64_t ticket;
	ssize_t result;

	while (sim_take_answer(b->p->sim, &ticket, &result))
		if (ticket > b->first && ticket - b->first <= b->blocked.n) {
			*vec_push(b->a, &r->answers) =
				(struct op_answer){ b->blocked.v[ticket - b->first - 1],
						    result };
			b->answered++;
		}
}

void ops_sim_play(struct ops_sim *p, struct arena *a, const ops *batch, op_results *ret)
{
	struct batch b = { .p = p, .a = a, .first = p->tickets };

	for (size_t i = 0; i < batch->n; i++) {
		struct op_result *r = vec_push(a, ret);

		r->result = play(&b, &batch->v[i], (unsigned)i, &r->text);
		take_answers(&b, r);
		while (i + 1 == batch->n && b.claims.n) {
			(void)release(&b, b.claims.v[0]);
			take_answers(&b, r);
		}
		read_log(&b, &r->log);
	}
}

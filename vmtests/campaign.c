/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>

#include "vmtests/campaign.h"
#include "vmtests/progress.h"

struct shared {
	struct campaign *c;
	pthread_mutex_t lock; /* of all here, of c's results and of its output */
	size_t next;          /* cell */
	size_t done;          /* parts */
	struct progress progress;
};

/* A part that a job is at. */
struct job {
	struct shared *s;
	const struct campaign_cell *cell;
	double start;
};

static void lock(struct shared *s)
{
	(void)pthread_mutex_lock(&s->lock);
}

static void unlock(struct shared *s)
{
	(void)pthread_mutex_unlock(&s->lock);
}

static void tell(void *arg, const char *what)
{
	struct job *j = arg;
	AUTOARENA struct arena *a = arena_new();

	lock(j->s);
	progress_show(&j->s->progress, j->s->done + 1, lab_now() - j->start, "%s: %s",
		      cell_name(a, &j->cell->cell), what);
	unlock(j->s);
}

/* Keep and print how a part ended. */
static void report(struct job *j, const struct part *part, const struct part_run *p,
		   enum result_outcome outcome)
{
	struct campaign *c = j->s->c;
	struct result r = { .outcome = outcome,
			    .text = p->text,
			    .evidence = outcome == RESULT_FAILED ? p->evidence : NULL,
			    .seconds = lab_now() - j->start };
	const struct result *kept;

	lock(j->s);
	r.group = cell_name(c->arena, &j->cell->cell);
	r.name = arena_printf(c->arena, "%s: %s", r.group, part->name);
	kept = results_add(c->arena, &c->results, &r);
	progress_clear(&j->s->progress);
	results_tap(c->out, ++j->s->done, kept);
	if (p->note)
		fprintf(c->out, "# %s (%.0f s)\n", p->note, r.seconds);
	(void)fflush(c->out);
	matrix_add(c->arena, &c->matrix, &j->cell->cell, part->name, &r);
	unlock(j->s);
}

static void run_cell(struct job *j, struct lab *lab)
{
	const struct campaign *c = j->s->c;
	const struct campaign_cell *cell = j->cell;
	struct rig rig = { 0 };
	bool boots = true;

	for (size_t i = 0; i < n_lab_parts; i++) {
		struct part_run p = { .lab = lab,
				      .gs = c->gs,
				      .cell = cell->cell,
				      .rig = &rig,
				      .want = c->want,
				      .o = c->o,
				      .tell = tell,
				      .arg = j };
		enum result_outcome outcome = RESULT_SKIPPED;

		if (!(cell->parts & 1U << i))
			continue;
		p.o.inner = cell->inner ? cell->inner : "seabios";
		j->start = lab_now();
		if (boots)
			outcome = part_run(&lab_parts[i], &p);
		else
			p.text = "it does not boot";
		boots = boots && (i || outcome != RESULT_FAILED);
		report(j, &lab_parts[i], &p, outcome);
	}
	rig_done(&rig);
}

static void *work(void *arg)
{
	struct shared *s = arg;

	for (;;) {
		struct lab lab = *s->c->lab;
		struct job j = { .s = s };

		lock(s);
		if (s->next < s->c->cells.n)
			j.cell = &s->c->cells.v[s->next++];
		unlock(s);
		if (!j.cell)
			return NULL;
		lab.arena = arena_new();
		run_cell(&j, &lab);
		arena_free(lab.arena);
	}
}

size_t campaign_size(const struct campaign *c)
{
	size_t n = 0;

	vec_foreach(cell, &c->cells)
		n += (size_t)__builtin_popcount(cell->parts);
	return n;
}

bool campaign_run(struct campaign *c)
{
	struct shared s = { .c = c };
	pthread_t threads[16];
	unsigned n = c->jobs && c->jobs <= 16 ? c->jobs : 1;
	double start = lab_now();

	(void)pthread_mutex_init(&s.lock, NULL);
	progress_init(&s.progress, c->terminal, campaign_size(c));
	vec_foreach(cell, &c->cells)
		*vec_push(c->arena, &c->matrix.cells) = cell->cell;
	for (size_t i = 0; i < n_lab_parts; i++)
		*vec_push(c->arena, &c->matrix.parts) = lab_parts[i].name;
	fprintf(c->out, "1..%zu\n", campaign_size(c));
	for (unsigned i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, work, &s) != 0)
			abort();
	for (unsigned i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	progress_clear(&s.progress);
	(void)pthread_mutex_destroy(&s.lock);
	c->matrix.seconds = lab_now() - start;
	return results_count(&c->results, RESULT_FAILED) == 0;
}

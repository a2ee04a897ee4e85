/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telling the kernel to forget a name takes the lock of its folder, which somebody may
 * hold whom only the serving thread can answer. So a thread of its own does that, and
 * answers the request that changed the name afterwards: when a store returns, its effects
 * are to be seen.
 */
#include <errno.h>
#include <pthread.h>

#include "fakesys/ctl.h"
#include "fakesys/fuse-part.h"

struct job {
	struct job *next;
	fuse_req_t req; /* NULL: a name */
	ssize_t result;
	struct ctl_message *ctl; /* NULL: a write */
	fuse_ino_t dir;
	char name[];
};

struct fnotify {
	struct fuse_session *se;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job *first, **last;
	bool stop;
};

static void do_job(struct fnotify *n, const struct job *j)
{
	if (!j->req)
		(void)fuse_lowlevel_notify_inval_entry(n->se, j->dir, j->name,
						       strlen(j->name));
	else if (j->ctl)
		(void)fuse_reply_ioctl(j->req, 0, j->ctl, sizeof(*j->ctl));
	else if (j->result < 0)
		(void)fuse_reply_err(j->req, (int)-j->result);
	else
		(void)fuse_reply_write(j->req, (size_t)j->result);
}

static void *run(void *arg)
{
	struct fnotify *n = arg;

	pthread_mutex_lock(&n->lock);
	for (;;) {
		struct job *j = n->first;

		if (!j && n->stop)
			break;
		if (!j) {
			pthread_cond_wait(&n->more, &n->lock);
			continue;
		}
		n->first = j->next;
		if (!n->first)
			n->last = &n->first;
		pthread_mutex_unlock(&n->lock);
		do_job(n, j);
		free(j->ctl);
		free(j);
		pthread_mutex_lock(&n->lock);
	}
	pthread_mutex_unlock(&n->lock);
	return NULL;
}

int fnotify_new(struct fuse_session *se, struct fnotify **ret)
{
	struct fnotify *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	n->se = se;
	n->last = &n->first;
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->more, NULL);
	r = pthread_create(&n->thread, NULL, run, n);
	if (r) {
		free(n);
		return -r;
	}
	*ret = n;
	return 0;
}

void fnotify_free(struct fnotify *n)
{
	if (!n)
		return;
	pthread_mutex_lock(&n->lock);
	n->stop = true;
	pthread_cond_signal(&n->more);
	pthread_mutex_unlock(&n->lock);
	pthread_join(n->thread, NULL);
	pthread_cond_destroy(&n->more);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

static void push(struct fnotify *n, struct job *j)
{
	pthread_mutex_lock(&n->lock);
	*n->last = j;
	n->last = &j->next;
	pthread_cond_signal(&n->more);
	pthread_mutex_unlock(&n->lock);
}

void fnotify_name(struct fnotify *n, fuse_ino_t dir, const char *name)
{
	size_t len = strlen(name) + 1;
	struct job *j = calloc(1, sizeof(*j) + len);

	if (!j)
		abort();
	j->dir = dir;
	memcpy(j->name, name, len);
	push(n, j);
}

static void push_answer(struct fnotify *n, fuse_req_t req, ssize_t result,
			struct ctl_message *ctl)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		abort();
	j->req = req;
	j->result = result;
	j->ctl = ctl;
	push(n, j);
}

void fnotify_answer(struct fnotify *n, fuse_req_t req, ssize_t result)
{
	push_answer(n, req, result, NULL);
}

void fnotify_ioctl(struct fnotify *n, fuse_req_t req, struct ctl_message *m)
{
	push_answer(n, req, 0, m);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of fuse-*.c and run*.c where libfuse3 was not there at build time. */
#include <errno.h>

#include "fakesys/fuse-server.h"
#include "fakesys/run.h"

static int no_fuse(struct err *e)
{
	return err_set(e, -EOPNOTSUPP, "this program was built without libfuse3");
}

int fuse_server_open(struct sim *s, const char *dir, int caller_etc,
		     struct fuse_server **ret, struct err *e)
{
	(void)s, (void)dir, (void)caller_etc, (void)ret;
	return no_fuse(e);
}

int fuse_server_serve(struct fuse_server *f, int stop_fd)
{
	(void)f, (void)stop_fd;
	return -EOPNOTSUPP;
}

void fuse_server_close(struct fuse_server *f)
{
	(void)f;
}

int run_inside(struct sim *s, const char *self, char *const argv[], int *ret_status,
	       struct err *e)
{
	(void)s, (void)self, (void)argv, (void)ret_status;
	return no_fuse(e);
}

bool run_stand_in(const char *name, int argc, char *const argv[], int *ret_status)
{
	(void)name, (void)argc, (void)argv, (void)ret_status;
	return false;
}

int run_guard_mount(const char *dir, struct err *e)
{
	(void)dir;
	return no_fuse(e);
}

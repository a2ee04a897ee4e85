/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serving side of ctl.h. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "fakesys/ctl.h"
#include "fakesys/fuse-part.h"

struct ctl_call {
	struct fuse_server *f;
	const char *const *argv; /* NULL behind the last one */
	FILE *out;
};

static int say(const struct ctl_call *c, int status, const char *fmt, ...) PRINTF(3, 4);
static int say(const struct ctl_call *c, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(c->out, fmt, ap);
	va_end(ap);
	fputc('\n', c->out);
	return status;
}

static bool number(const char *text, uint64_t *ret)
{
	char *end;

	if (!text || !*text || *text == '-')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 0);
	return !errno && !*end;
}

static int do_reboot(struct ctl_call *c)
{
	const struct boot_report *boot;
	struct err e = { "" };
	int r = sim_reboot(c->f->s, &boot, &e);

	c->f->rescue = false;

	if (r < 0)
		return say(c, 1, "the host does not come up: %s", e.text);
	return say(c, 0, "booted %s: %s", boot->entry, boot->release);
}

static int do_power_cut(struct ctl_call *c)
{
	uint64_t seed = 0;

	if (c->argv[1] && !number(c->argv[1], &seed))
		return say(c, 2, "%s: no seed; it is a number", c->argv[1]);
	sim_power_cut(c->f->s, seed);
	return say(c, 0, "the power is gone; `fakesys ctl reboot` brings it back");
}

static int do_rescue(struct ctl_call *c)
{
	if (!c->f->s->off)
		return say(c, 1, "the machine is on");
	c->f->rescue = true;
	return 0;
}

static json_t *texts(const strings *list)
{
	json_t *all = json_array();

	vec_foreach(s, list)
		json_array_append_new(all, json_string(*s));
	return all;
}

static int do_report(struct ctl_call *c)
{
	const struct boot_report *b = c->f->s->report;
	json_auto_t *report = NULL;
	json_t *fns = json_array();

	if (!b) {
		json_decref(fns);
		return say(c, 1,
			   "this host was recorded running; it has not been booted");
	}
	vec_foreach(fn, &b->fns) {
		char bdf[BDF_SIZE];

		json_array_append_new(fns, json_pack("{s:s, s:s?, s:s?, s:s?}", "bdf",
						     bdf_format(fn->bdf, bdf), "driver",
						     fn->driver, "why", fn->why, "race",
						     fn->race));
	}
	report = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "release", b->release,
			   "cmdline", b->cmdline, "entry", b->entry, "functions", fns,
			   "timeline", texts(&b->timeline), "notes", texts(&b->notes));
	json_dumpf(report, c->out, JSON_INDENT(1));
	fputc('\n', c->out);
	return 0;
}

static int do_timeline(struct ctl_call *c)
{
	const struct boot_report *b = c->f->s->report;

	if (!b)
		return say(c, 1,
			   "this host was recorded running; it has not been booted");
	vec_foreach(line, &b->timeline)
		fprintf(c->out, "%s\n", *line);
	fputc('\n', c->out);
	vec_foreach(fn, &b->fns) {
		char bdf[BDF_SIZE];

		fprintf(c->out, "%s %s: %s\n", bdf_format(fn->bdf, bdf),
			fn->driver ? fn->driver : "-", fn->why ? fn->why : "");
		if (fn->race)
			fprintf(c->out, "    chance decides: %s\n", fn->race);
	}
	return 0;
}

static int group_call(struct ctl_call *c, int (*fn)(struct sim *s, int group),
		      const char *none)
{
	uint64_t group;
	int r;

	if (!number(c->argv[1], &group) || group > INT32_MAX)
		return say(c, 2, "%s: a group's number is asked for", c->argv[0]);
	r = fn(c->f->s, (int)group);
	if (r == -ENOENT)
		return say(c, 1, "group %d %s (ENOENT)", (int)group, none);
	if (r < 0)
		return say(c, 1, "%s %d: %s (%s)", c->argv[0], (int)group, strerror(-r),
			   strerrorname_np(-r));
	return 0;
}

static int do_claim(struct ctl_call *c)
{
	return group_call(c, sim_claim_group, "has no node in /dev/vfio");
}

static int do_release(struct ctl_call *c)
{
	return group_call(c, sim_release_group, "is claimed by nobody");
}

static int do_fault(struct ctl_call *c)
{
	const char *kind = c->argv[1];
	int error = kind ? ctl_errno_named(kind, strlen(kind)) : 0;
	uint64_t at;

	if (!kind || (!error && !streq(kind, "cut")) || !number(c->argv[2], &at) || !at ||
	    at > UINT32_MAX)
		return say(c, 2,
			   "fault: ENOSPC (or another errno) or cut, and which "
			   "change it is, from 1");
	c->f->fault_error = error;
	c->f->fault_in = (unsigned)at;
	return 0;
}

static int do_dmesg(struct ctl_call *c)
{
	vec_foreach(line, &c->f->s->klog)
		fprintf(c->out, "%s\n", *line);
	return 0;
}

static int do_run(struct ctl_call *c)
{
	struct host_output o = { 0 };
	int r;

	if (!c->argv[1])
		return say(c, 2, "run: a command is asked for");
	r = c->f->s->off ? -EIO : sim_run_command(c->f->s, c->argv + 1, &o);
	if (r < 0)
		return say(c, r == -ENOENT ? 127 : 126, "%s: %s", c->argv[1],
			   r == -ENOENT ? "not a command of the simulated host"
					: strerror(-r));
	fputs(o.text, c->out);
	free(o.text);
	return o.status;
}

static const struct {
	const char *name;
	int (*run)(struct ctl_call *c);
} commands[] = {
	{ "claim", do_claim },         { "dmesg", do_dmesg },   { "fault", do_fault },
	{ "power-cut", do_power_cut }, { "reboot", do_reboot }, { "release", do_release },
	{ "report", do_report },       { "rescue", do_rescue }, { "run", do_run },
	{ "timeline", do_timeline },
};

static int call(struct fuse_server *f, const char *text, size_t len)
{
	AUTOARENA struct arena *a = arena_new();
	struct ctl_call c = { .f = f };
	strings words = { 0 };
	size_t size;
	int status = 2;

	for (const char *p = text, *end = text + len; p < end; p += strlen(p) + 1)
		*vec_push(a, &words) = p;
	*vec_push(a, &words) = NULL;
	c.argv = words.v;
	free(f->answer);
	f->answer = NULL;
	c.out = open_memstream(&f->answer, &size);
	if (!c.out)
		abort();
	if (words.n == 1) {
		say(&c, 2, "a command is asked for");
	} else {
		size_t i = 0;

		while (i < ARRAY_SIZE(commands) && !streq(commands[i].name, words.v[0]))
			i++;
		status = i < ARRAY_SIZE(commands)
				 ? commands[i].run(&c)
				 : say(&c, 2, "%s: no such command", words.v[0]);
	}
	fclose(c.out);
	return status;
}

void fuse_ctl(fuse_req_t req, fuse_ino_t ino, unsigned cmd, void *arg,
	      struct fuse_file_info *fi, unsigned flags, const void *in, size_t in_size,
	      size_t out_size)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct ctl_message *m;
	size_t total;

	(void)ino, (void)arg, (void)fi, (void)flags;
	if (cmd != (unsigned)CTL_IOCTL || in_size != sizeof(*m) || out_size != in_size) {
		fuse_reply_err(req, ENOTTY);
		return;
	}
	m = malloc(sizeof(*m));
	if (!m)
		abort();
	memcpy(m, in, sizeof(*m));
	if (!m->offset) {
		if (!m->len || m->len > sizeof(m->text) || m->text[m->len - 1]) {
			free(m);
			fuse_reply_err(req, EINVAL);
			return;
		}
		m->status = call(f, m->text, m->len);
	}
	total = f->answer ? strlen(f->answer) : 0;
	m->total = (uint32_t)total;
	m->len = 0;
	if (m->offset < total)
		m->len =
			(uint32_t)(total - m->offset < sizeof(m->text) ? total - m->offset
								       : sizeof(m->text));
	if (m->len)
		memcpy(m->text, f->answer + m->offset, m->len);
	fuse_settle(f);
	fnotify_ioctl(f->notify, req, m);
}

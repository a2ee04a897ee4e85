/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest is asked: by QEMU's monitor, by its agent, and by a port of its own. */
#include <errno.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "vmtests/base64.h"
#include "vmtests/guest-part.h"

#define AGENT_S 20 /* for an answer that the agent gives at once */

const char *guest_virt_words(void)
{
	const char *text = virGetLastErrorMessage();

	return text ? text : "no reason is given";
}

int guest_monitor(struct guest *g, const char *command, json_t **ret, struct err *e)
{
	AUTOFREE char *text = NULL;
	json_auto_t *answer = NULL;

	if (virDomainQemuMonitorCommand(g->dom, command, &text, 0) < 0)
		return err_set(e, -EIO, "QEMU: %s", guest_virt_words());
	answer = json_loads(text, 0, NULL);
	if (!json_object_get(answer, "return"))
		return err_set(e, -EIO, "QEMU: %.200s", text);
	if (ret)
		*ret = json_incref(json_object_get(answer, "return"));
	return 0;
}

void guest_nap(double seconds)
{
	(void)usleep((useconds_t)(seconds * 1e6));
}

/* Its answer's "return". -EPIPE: the guest has ended. -EAGAIN: no agent is there yet. */
static int agent(struct guest *g, const json_t *command, json_t **ret, struct err *e)
{
	AUTOFREE char *text = json_dumps(command, JSON_COMPACT), *said = NULL;
	json_auto_t *answer = NULL;
	char words[300];
	int code;

	said = text ? virDomainQemuAgentCommand(g->dom, text, AGENT_S, 0) : NULL;
	answer = said ? json_loads(said, 0, NULL) : NULL;
	if (json_object_get(answer, "return")) {
		*ret = json_incref(json_object_get(answer, "return"));
		return 0;
	}
	code = virGetLastErrorCode();
	(void)snprintf(words, sizeof(words), "%.*s", (int)sizeof(words) - 1,
		       said ? said : guest_virt_words());
	/* OPERATION_INVALID: it runs in a moment; libvirt has not heard of that yet. */
	if (!said &&
	    (code == VIR_ERR_AGENT_UNRESPONSIVE ||
	     (code == VIR_ERR_OPERATION_INVALID && virDomainIsActive(g->dom) == 1)))
		return err_set(e, -EAGAIN, "the guest's agent does not answer");
	/* An agent that goes with its guest goes a little before it. */
	for (unsigned tries = 0; !said && tries < 20; tries++) {
		if (virDomainIsActive(g->dom) != 1) {
			g->gone = true;
			return err_set(e, -EPIPE, "the guest has ended");
		}
		guest_nap(0.05);
	}
	return err_set(e, -EIO, "the guest's agent: %s", words);
}

int guest_wait_for_agent(struct guest *g, double until, struct err *e)
{
	json_auto_t *ping = json_pack("{s:s}", "execute", "guest-ping");

	for (;;) {
		json_auto_t *pong = NULL;
		int r = agent(g, ping, &pong, e);

		if (r != -EAGAIN)
			return r;
		if (lab_now() > until)
			return err_set(e, -ETIMEDOUT, "its agent did not come up");
		guest_nap(0.02);
	}
}

/* --- commands --- */

void guest_output_done(struct guest_output *o)
{
	free(o->out);
	free(o->err);
	*o = (struct guest_output){ 0 };
}

static json_t *exec_command(const char *const argv[], struct blob input)
{
	AUTOFREE char *data = input.len ? base64_write(input) : NULL;
	json_t *args = json_array(), *command;

	for (size_t i = 1; argv[i]; i++)
		json_array_append_new(args, json_string(argv[i]));
	command =
		json_pack("{s:s, s:{s:s, s:o, s:b}}", "execute", "guest-exec",
			  "arguments", "path", argv[0], "arg", args, "capture-output", 1);
	if (data)
		json_object_set_new(json_object_get(command, "arguments"), "input-data",
				    json_string(data));
	return command;
}

static int take_output(const json_t *status, struct guest_output *ret, struct err *e)
{
	const char *out = "", *error = "";
	int code = 0, signal = 0, cut = false;
	struct guest_output o = { 0 };
	size_t len;

	if (json_unpack((json_t *)(uintptr_t)status, "{s?i, s?i, s?s, s?s, s?b}",
			"exitcode", &code, "signal", &signal, "out-data", &out,
			"err-data", &error, "out-truncated", &cut) < 0 ||
	    cut)
		return err_set(e, -EIO, "the guest's agent: %s",
			       cut ? "there is too much output" : "strange status");
	o.status = signal ? 128 + signal : code;
	o.out = base64_read(out, &o.out_len);
	o.err = base64_read(error, &len);
	if (!o.out || !o.err) {
		guest_output_done(&o);
		return err_set(e, -EIO, "the guest's agent: its output is no base64");
	}
	*ret = o;
	return 0;
}

static int exec(struct guest *g, const char *const argv[], struct blob input,
		json_int_t *ret_pid, struct err *e)
{
	json_auto_t *command = exec_command(argv, input), *started = NULL;
	int r = agent(g, command, &started, e);

	if (r < 0)
		return r == -EAGAIN ? -ETIMEDOUT : r;
	if (json_unpack(started, "{s:I}", "pid", ret_pid) < 0)
		return err_set(e, -EIO, "the guest's agent started no process");
	return 0;
}

int guest_spawn(struct guest *g, const char *const argv[], struct err *e)
{
	json_int_t pid;

	return exec(g, argv, (struct blob){ 0 }, &pid, e);
}

int guest_connect(struct guest *g, int limit_s, struct err *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = limit_s };

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", g->port);
	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	(void)err_set(e, -EIO, "%s: %s", g->port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -EIO;
}

int guest_run(struct guest *g, const char *const argv[], struct blob input,
	      int deadline_ms, struct guest_output *ret, struct err *e)
{
	double until = lab_now() + deadline_ms / 1e3, pause = 0.003;
	json_auto_t *ask = NULL;
	json_int_t pid;
	int r = exec(g, argv, input, &pid, e);

	if (r < 0)
		return r;
	ask = json_pack("{s:s, s:{s:I}}", "execute", "guest-exec-status", "arguments",
			"pid", pid);
	for (;;) {
		json_auto_t *status = NULL;

		r = agent(g, ask, &status, e);
		if (r < 0)
			return r == -EAGAIN ? -ETIMEDOUT : r;
		if (json_is_true(json_object_get(status, "exited")))
			return take_output(status, ret, e);
		if (lab_now() > until)
			return err_set(e, -ETIMEDOUT,
				       "%s in the guest has not ended after %d s",
				       argv[0], deadline_ms / 1000);
		guest_nap(pause);
		pause = pause < 0.03 ? pause * 1.5 : pause;
	}
}

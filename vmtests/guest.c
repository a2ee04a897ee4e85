/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "vmtests/base64.h"
#include "vmtests/enclose.h"
#include "vmtests/guest.h"

#define ROOT ENCLOSE_DIR "/libvirt"
#define SAVE_MS 60000
#define AGENT_S 20 /* for an answer that the agent gives at once */
#define EVIDENCE_LINES 60

struct guests {
	const struct lab *l;
	virConnectPtr conn;
	pthread_t events;
	atomic_bool stop;
	atomic_uint count;
	pthread_mutex_t lock; /* of all */
	VEC(struct guest *) all;
};

struct guest {
	struct guests *gs;
	virDomainPtr dom;
	char name[32];
	char console[64], nvram[64], port[64];
	bool gone;
};

/* --- the driver --- */

/* libvirt's words for what went wrong last in this thread. */
static const char *virt_words(void)
{
	const char *text = virGetLastErrorMessage();

	return text ? text : "no reason is given";
}

static void stay_silent(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

static void wake_up(int timer, void *arg)
{
	(void)timer;
	(void)arg;
}

static void *hear_events(void *arg)
{
	struct guests *gs = arg;

	while (!gs->stop)
		(void)virEventRunDefaultImpl();
	return NULL;
}

/* What a daemon would do for users that are none here. */
static const char conf[] = "stdio_handler = \"file\"\n"
			   "security_driver = \"none\"\n"
			   "user = \"root\"\n"
			   "group = \"root\"\n"
			   "namespaces = []\n"
			   "cgroup_controllers = []\n"
			   "dynamic_ownership = 0\n"
			   "remember_owner = 0\n"
			   "seccomp_sandbox = 0\n"; /* saved guests come from a cat(1) */

static int make_root(const struct lab *l, struct err *e)
{
	const char *caps = lab_file(l, "libvirt", "capabilities");
	AUTOCLOSE int fd = -1;

	(void)mkdir(ROOT, 0755);
	(void)mkdir(ROOT "/etc", 0755);
	(void)mkdir(caps, 0755);
	fd = open(ROOT "/etc/qemu.conf", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (symlink(caps, ROOT "/cache") < 0 || fd < 0 ||
	    write(fd, conf, sizeof(conf) - 1) < 0)
		return err_set(e, -errno, ROOT ": %s", strerror(errno));
	return 0;
}

int guests_open(const struct lab *l, struct guests **ret, struct err *e)
{
	struct guests *gs;
	int r = make_root(l, e);

	if (r < 0)
		return r;
	/* libvirt's own log would be on stderr. */
	(void)setenv("LIBVIRT_LOG_OUTPUTS", "4:file:" ROOT "/libvirt.log", 1);
	(void)setenv("LIBVIRT_DEBUG", "error", 1);
	gs = calloc(1, sizeof(*gs));
	if (!gs)
		return -ENOMEM;
	gs->l = l;
	virSetErrorFunc(NULL, stay_silent);
	if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0 ||
	    !(gs->conn = virConnectOpen("qemu:///embed?root=" ROOT))) {
		r = err_set(e, -EIO, "libvirt: %s", virt_words());
		free(gs);
		return r;
	}
	/* Else the thread sleeps until an event comes, and cannot be told to stop. */
	(void)virEventAddTimeout(100, wake_up, NULL, NULL);
	(void)pthread_mutex_init(&gs->lock, NULL);
	if (pthread_create(&gs->events, NULL, hear_events, gs) != 0)
		abort();
	*ret = gs;
	return 0;
}

void guests_close(struct guests *gs)
{
	if (!gs)
		return;
	while (gs->all.n)
		guest_end(gs->all.v[0]);
	(void)virConnectClose(gs->conn);
	gs->stop = true;
	(void)pthread_join(gs->events, NULL);
	(void)pthread_mutex_destroy(&gs->lock);
	free(gs->all.v);
	free(gs);
}

/* --- evidence --- */

static char *tail_of(const char *path, unsigned lines)
{
	AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text, *from;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !(text = calloc(1, 16385)))
		return NULL;
	n = pread(fd, text, 16384, st.st_size > 16384 ? st.st_size - 16384 : 0);
	if (n <= 0) {
		free(text);
		return NULL;
	}
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	for (from = text + n; from > text; from--)
		if (from[-1] == '\n' && !--lines)
			break;
	memmove(text, from, strlen(from) + 1);
	return text;
}

char *guest_evidence(const struct guest *g)
{
	char log[96], *text = NULL;
	AUTOFREE char *console = tail_of(g->console, EVIDENCE_LINES), *qemu;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)snprintf(log, sizeof(log), ROOT "/log/qemu/%s.log", g->name);
	qemu = tail_of(log, 4);
	if (!f)
		return NULL;
	fprintf(f, "console:\n%s\nqemu:\n%s\n", console ? console : "(nothing)",
		qemu ? qemu : "(nothing)");
	(void)fclose(f);
	return text;
}

/* --- the monitor and the agent --- */

static int monitor(struct guest *g, const char *command, json_t **ret, struct err *e)
{
	AUTOFREE char *text = NULL;
	json_auto_t *answer = NULL;

	if (virDomainQemuMonitorCommand(g->dom, command, &text, 0) < 0)
		return err_set(e, -EIO, "QEMU: %s", virt_words());
	answer = json_loads(text, 0, NULL);
	if (!json_object_get(answer, "return"))
		return err_set(e, -EIO, "QEMU: %.200s", text);
	if (ret)
		*ret = json_incref(json_object_get(answer, "return"));
	return 0;
}

static void nap(double seconds)
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
		       said ? said : virt_words());
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
		nap(0.05);
	}
	return err_set(e, -EIO, "the guest's agent: %s", words);
}

static int wait_for_agent(struct guest *g, double until, struct err *e)
{
	json_auto_t *ping = json_pack("{s:s}", "execute", "guest-ping");

	for (;;) {
		json_auto_t *pong = NULL;
		int r = agent(g, ping, &pong, e);

		if (r != -EAGAIN)
			return r;
		if (lab_now() > until)
			return err_set(e, -ETIMEDOUT, "its agent did not come up");
		nap(0.02);
	}
}

/* --- start and end --- */

static int start(struct guest *g, const struct domain *d, const char *state, double until,
		 struct err *e)
{
	const struct domain_run run = { g->name, g->console, g->nvram, g->port, state };
	AUTOFREE char *xml = domain_xml(d, &run);

	if (!xml)
		return -ENOMEM;
	if (getenv("LABX"))
		fputs(xml, stderr);
	g->dom = virDomainCreateXML(g->gs->conn, xml, 0);
	if (!g->dom)
		return err_set(e, -EIO, "QEMU did not start: %s", virt_words());
	return wait_for_agent(g, until, e);
}

int guest_start(struct guests *gs, const struct domain *d, const char *state,
		int deadline_ms, struct guest **ret, char **ret_evidence, struct err *e)
{
	double until = lab_now() + deadline_ms / 1e3;
	struct guest *g = calloc(1, sizeof(*g));
	unsigned n = gs->count++;
	int r;

	if (!g)
		return -ENOMEM;
	g->gs = gs;
	(void)snprintf(g->name, sizeof(g->name), "lab%u", n);
	(void)snprintf(g->console, sizeof(g->console), ROOT "/console%u", n);
	(void)snprintf(g->nvram, sizeof(g->nvram), ROOT "/nvram%u", n);
	(void)snprintf(g->port, sizeof(g->port), ROOT "/port%u", n);
	(void)pthread_mutex_lock(&gs->lock);
	gs->all.v = reallocarray(gs->all.v, gs->all.n + 1, sizeof(struct guest *));
	if (!gs->all.v)
		abort();
	gs->all.v[gs->all.n++] = g;
	(void)pthread_mutex_unlock(&gs->lock);
	r = start(g, d, state, until, e);
	if (r < 0) {
		*ret_evidence = guest_evidence(g);
		guest_end(g);
		return r;
	}
	*ret = g;
	return 0;
}

static void forget(struct guest *g)
{
	struct guests *gs = g->gs;

	(void)pthread_mutex_lock(&gs->lock);
	for (size_t i = 0; i < gs->all.n; i++)
		if (gs->all.v[i] == g)
			gs->all.v[i--] = gs->all.v[--gs->all.n];
	(void)pthread_mutex_unlock(&gs->lock);
	(void)unlink(g->console);
	(void)unlink(g->nvram);
	if (g->dom)
		(void)virDomainFree(g->dom);
	free(g);
}

void guest_end(struct guest *g)
{
	if (!g)
		return;
	/* libvirt's own end waits for seconds; this one it hears of. */
	if (g->dom && monitor(g, "{\"execute\":\"quit\"}", NULL, NULL) < 0 &&
	    virDomainIsActive(g->dom) == 1)
		(void)virDomainDestroy(g->dom);
	forget(g);
}

int guest_save(struct guest *g, const char *state, struct err *e)
{
	double until = lab_now() + SAVE_MS / 1e3;
	AUTOFREE char *temp = NULL, *command = NULL;
	int r;

	if (asprintf(&temp, "%s.%d", state, (int)gettid()) < 0 ||
	    asprintf(&command,
		     "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"exec:cat "
		     ">'%s'\"}}",
		     temp) < 0)
		return -ENOMEM;
	/* A running one: what was stopped first would come back stopped. */
	r = monitor(g,
		    "{\"execute\":\"migrate-set-parameters\",\"arguments\":"
		    "{\"max-bandwidth\":10000000000}}",
		    NULL, e);
	r = r < 0 ? r : monitor(g, command, NULL, e);
	while (r == 0) {
		json_auto_t *info = NULL;
		const char *status = "";

		r = monitor(g, "{\"execute\":\"query-migrate\"}", &info, e);
		if (r == 0)
			(void)json_unpack(info, "{s:s}", "status", &status);
		if (streq(status, "completed"))
			break;
		if (streq(status, "failed"))
			r = err_set(e, -EIO, "QEMU could not save the guest");
		else if (r == 0 && lab_now() > until)
			r = err_set(e, -ETIMEDOUT, "saving the guest took too long");
		nap(0.02);
	}
	guest_end(g);
	if (r == 0 && rename(temp, state) < 0)
		r = err_set(e, -errno, "%s: %s", state, strerror(errno));
	if (r < 0)
		(void)unlink(temp);
	return r;
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
		nap(pause);
		pause = pause < 0.03 ? pause * 1.5 : pause;
	}
}

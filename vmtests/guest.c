/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

#include "vmtests/enclose.h"
#include "vmtests/guest-part.h"

#define ROOT ENCLOSE_DIR "/libvirt"
#define SAVE_MS 60000
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

/* --- the driver --- */

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
		r = err_set(e, -EIO, "libvirt: %s", guest_virt_words());
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
		return err_set(e, -EIO, "QEMU did not start: %s", guest_virt_words());
	return guest_wait_for_agent(g, until, e);
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
	if (g->dom && guest_monitor(g, "{\"execute\":\"quit\"}", NULL, NULL) < 0 &&
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
	r = guest_monitor(g,
			  "{\"execute\":\"migrate-set-parameters\",\"arguments\":"
			  "{\"max-bandwidth\":10000000000}}",
			  NULL, e);
	r = r < 0 ? r : guest_monitor(g, command, NULL, e);
	while (r == 0) {
		json_auto_t *info = NULL;
		const char *status = "";

		r = guest_monitor(g, "{\"execute\":\"query-migrate\"}", &info, e);
		if (r == 0)
			(void)json_unpack(info, "{s:s}", "status", &status);
		if (streq(status, "completed"))
			break;
		if (streq(status, "failed"))
			r = err_set(e, -EIO, "QEMU could not save the guest");
		else if (r == 0 && lab_now() > until)
			r = err_set(e, -ETIMEDOUT, "saving the guest took too long");
		guest_nap(0.02);
	}
	guest_end(g);
	if (r == 0 && rename(temp, state) < 0)
		r = err_set(e, -errno, "%s: %s", state, strerror(errno));
	if (r < 0)
		(void)unlink(temp);
	return r;
}

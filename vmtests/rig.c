/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

#include "vmtests/block-pattern.h"
#include "vmtests/rig.h"

#define COLD_MS 180000
#define RESTORE_MS 30000
#define CAPTURE_MS 120000
#define DATA_BLOCKS 16384

static int make_data(const struct lab *l, const char **ret, struct err *e)
{
	const char *path = lab_file(l, "images", "data");
	const char *temp = arena_printf(l->arena, "%s.%d", path, (int)gettid());
	char block[BLOCK_PATTERN_SIZE];
	bool bad = false;
	FILE *f;

	*ret = path;
	if (access(path, R_OK) == 0)
		return 0;
	f = fopen(temp, "we");
	if (!f)
		return err_set(e, -errno, "%s: %s", temp, strerror(errno));
	for (uint64_t n = 0; n < DATA_BLOCKS; n++) {
		block_pattern_fill(n, block);
		bad |= fwrite(block, sizeof(block), 1, f) != 1;
	}
	if (fclose(f) || bad || rename(temp, path) < 0)
		return err_set(e, -EIO, "%s: could not be written", path);
	return 0;
}

/* A boot does not change: what it is made of is in the names of its files. */
static void name_files(const struct lab *l, struct rig *r)
{
	const char *qemu = r->accel.version;
	unsigned long long sum = fnv1a(domain_sum(&r->domain), qemu, strlen(qemu));
	const char *kvm = r->accel.kvm ? "-kvm" : "";

	r->name = arena_printf(l->arena, "%s-%s-%s-%s", r->kernel.name, r->topology.iommu,
			       r->topology.firmware, r->topology.name);
	r->state = lab_file(l, "saved", "%s%s-%016llx.state", r->name, kvm, sum);
	r->fixture = lab_file(l, "saved", "%s%s-%016llx.json", r->name, kvm, sum);
}

int rig_make(const struct lab *l, const struct rig_want *w, struct rig *ret,
	     struct err *e)
{
	struct rig r = { 0 };
	int code = w->kernel ? lab_kernel_get(l, w->kernel, &r.kernel, e)
			     : lab_kernel_given(l, w->vmlinuz, w->modules, &r.kernel, e);
	const char *data = NULL;

	code = code < 0 ? code : topology_load(l, w->topology, &r.topology, e);
	code = code < 0 ? code : topology_change(&r.topology, w->iommu, w->firmware, e);
	code = code < 0 ? code : accel_probe(l, &r.accel, e);
	code = code < 0 ? code : lab_image_make(l, &r.kernel, &r.image, e);
	code = code < 0 ? code : make_data(l, &data, e);
	if (code < 0) {
		topology_done(&r.topology);
		return code;
	}
	*ret = r;
	ret->domain = (struct domain){
		.topology = &ret->topology,
		.kernel = &ret->kernel,
		.image = &ret->image,
		.cmdline = w->cmdline ? w->cmdline : "",
		.mib = w->mib ? w->mib : 512,
		.cpus = w->cpus ? w->cpus : 1,
		.share = w->share,
		.kvm = r.accel.kvm,
		.data = data,
	};
	name_files(l, ret);
	return 0;
}

static void set_evidence(struct rig *r, char *text)
{
	free(r->evidence);
	r->evidence = text;
}

void rig_fail(struct rig *r, struct guest *g)
{
	set_evidence(r, guest_evidence(g));
	guest_end(g);
}

static int start_guest(struct guests *gs, struct rig *r, const char *state,
		       int deadline_ms, struct guest **ret, struct err *e)
{
	char *evidence = NULL;
	int code = guest_start(gs, &r->domain, state, deadline_ms, ret, &evidence, e);

	if (code < 0)
		set_evidence(r, evidence);
	return code;
}

int rig_boot(struct guests *gs, struct rig *r, struct guest **ret, struct err *e)
{
	double start = lab_now();
	int code = start_guest(gs, r, NULL, COLD_MS, ret, e);

	if (code == 0)
		r->cold = lab_now() - start;
	return code < 0 ? err_prefix(e, code, "%s", r->name) : code;
}

/* Keep what QEMU does not save, or put it back. */
static int config(struct guest *g, const char *verb, struct err *e)
{
	const char *const argv[] = { "/usr/bin/lab-inside", "config", verb, "/run/config",
				     NULL };
	struct guest_output o;
	int r = guest_run(g, argv, (struct blob){ 0 }, RESTORE_MS, &o, e);

	if (r < 0)
		return r;
	if (o.status)
		r = err_set(e, -EIO, "lab-inside config %s there: %.300s", verb, o.err);
	guest_output_done(&o);
	return r;
}

/* What pcipass sees in there, in the file @path. */
static int capture(struct guest *g, const char *path, struct err *e)
{
	static const char *const argv[] = { "/usr/bin/pcipass", "capture", "--whole",
					    "--keep-ids", NULL };
	struct guest_output o;
	FILE *f;
	bool bad;
	int r = guest_run(g, argv, (struct blob){ 0 }, CAPTURE_MS, &o, e);

	if (r < 0)
		return r;
	if (o.status) {
		r = err_set(e, -EIO, "pcipass capture there: exit status %d: %.300s",
			    o.status, o.err);
		guest_output_done(&o);
		return r;
	}
	f = fopen(path, "we");
	bad = !f || fwrite(o.out, 1, o.out_len, f) != o.out_len;
	if (f)
		bad |= fclose(f) != 0;
	guest_output_done(&o);
	return bad ? err_set(e, -EIO, "%s: could not be written", path) : 0;
}

/* A cold guest whose fixture has been written. */
static int boot_and_capture(struct guests *gs, struct rig *r, struct guest **ret,
			    struct err *e)
{
	struct guest *g;
	int code = rig_boot(gs, r, &g, e);

	if (code < 0)
		return code;
	code = capture(g, r->fixture, e);
	if (code < 0) {
		rig_fail(r, g);
		return err_prefix(e, code, "%s", r->name);
	}
	*ret = g;
	return 0;
}

int rig_save(struct guests *gs, struct rig *r, struct err *e)
{
	struct guest *g;
	double start;
	int code;

	if (access(r->state, R_OK) == 0 && access(r->fixture, R_OK) == 0)
		return 0;
	if (!topology_saves(&r->topology))
		return err_set(e, -EOPNOTSUPP,
			       "%s: QEMU cannot save a guest with NVMe or AMD's IOMMU",
			       r->name);
	code = boot_and_capture(gs, r, &g, e);
	if (code < 0)
		return code;
	code = config(g, "save", e);
	if (code < 0) {
		rig_fail(r, g);
		return err_prefix(e, code, "%s", r->name);
	}
	start = lab_now();
	code = guest_save(g, r->state, e);
	r->save = lab_now() - start;
	return code < 0 ? err_prefix(e, code, "%s", r->name) : code;
}

/* --- starts, one of them ahead --- */

static int restore(struct guests *gs, struct rig *r, struct guest **ret, struct err *e)
{
	struct guest *g = NULL;
	int code = start_guest(gs, r, r->state, RESTORE_MS, &g, e);

	if (code < 0)
		return code;
	code = config(g, "restore", e);
	if (code < 0)
		rig_fail(r, g);
	else
		*ret = g;
	return code;
}

struct rig_ahead {
	struct guests *gs;
	struct rig rig; /* a copy: only its domain and evidence are used */
	pthread_t thread;
	struct guest *guest;
	struct err e;
	int code;
};

static void *start_one(void *arg)
{
	struct rig_ahead *a = arg;

	a->code = restore(a->gs, &a->rig, &a->guest, &a->e);
	return NULL;
}

void rig_start_ahead(struct guests *gs, struct rig *r)
{
	struct rig_ahead *a;

	if (r->ahead || !topology_saves(&r->topology) || access(r->state, R_OK) < 0)
		return;
	a = calloc(1, sizeof(*a));
	if (!a)
		return;
	a->gs = gs;
	a->rig = *r;
	a->rig.evidence = NULL;
	if (pthread_create(&a->thread, NULL, start_one, a) == 0)
		r->ahead = a;
	else
		free(a);
}

static int take_ahead(struct rig *r, struct guest **ret, struct err *e)
{
	struct rig_ahead *a = r->ahead;
	int code;

	r->ahead = NULL;
	(void)pthread_join(a->thread, NULL);
	code = a->code;
	if (code < 0) {
		set_evidence(r, a->rig.evidence);
		*e = a->e;
	} else {
		*ret = a->guest;
	}
	free(a);
	return code;
}

int rig_start(struct guests *gs, struct rig *r, struct guest **ret, struct err *e)
{
	struct guest *g = NULL;
	int code;

	if (!topology_saves(&r->topology))
		return boot_and_capture(gs, r, ret, e);
	code = r->ahead ? take_ahead(r, &g, e) : rig_save(gs, r, e);
	if (code == 0 && !g)
		code = restore(gs, r, &g, e);
	if (code == 0)
		*ret = g;
	return code < 0 ? err_prefix(e, code, "%s", r->name) : code;
}

void rig_done(struct rig *r)
{
	struct guest *g = NULL;
	struct err e;

	if (r->ahead && take_ahead(r, &g, &e) == 0)
		guest_end(g);
	topology_done(&r->topology);
	free(r->evidence);
	r->evidence = NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/host-listing.h"
#include "core/machine-json.h"
#include "core/scrub.h"
#include "vmtests/enclose.h"
#include "vmtests/ground-vm.h"
#include "vmtests/host-guest.h"

#define SKIP 77
#define BOOT_MS 180000
#define KEEP_MS 60000

struct vm {
	struct rig rig;
	struct guest *guest;
	struct host_guest *host;
	struct host_listing
		*nobody; /* the host where there is no guest: it has no files */
	struct boot_report report;
	struct arena *arena; /* of the report */
};

static struct vm *vm_of(void *ctx)
{
	return ((struct ground_vm *)ctx)->state;
}

static void leave(struct vm *vm)
{
	host_guest_close(vm->host);
	guest_end(vm->guest);
	vm->host = NULL;
	vm->guest = NULL;
}

static void stop(void *ctx)
{
	struct ground_vm *v = ctx;
	struct vm *vm = v->state;

	if (!vm)
		return;
	leave(vm);
	rig_done(&vm->rig);
	arena_free(vm->arena);
	host_listing_close(vm->nobody);
	free(vm);
	v->state = NULL;
}

/* "rig-KERNEL-IOMMU-FIRMWARE-TOPOLOGY" */
static bool parse_name(struct arena *a, const char *name, struct rig_want *ret)
{
	char *copy = arena_strdup(a, name), *save = NULL;
	const char *words[5];
	size_t n = 0;

	for (char *w = strtok_r(copy, "-", &save); w && n < 5;
	     w = strtok_r(NULL, "-", &save))
		words[n++] = w;
	if (n < 5 || !streq(words[0], "rig"))
		return false;
	*ret = (struct rig_want){ .kernel = words[1],
				  .iommu = words[2],
				  .firmware = words[3],
				  .topology = words[4] };
	return true;
}

static int start(void *ctx, const struct machine *m, const struct kernel_profile *p,
		 struct err *e)
{
	struct ground_vm *v = ctx;
	struct rig_want want;
	struct vm *vm;
	int r;

	(void)p; /* the kernel is what it is */
	if (!parse_name(v->lab->arena, m->name, &want))
		return err_set(e, SKIP, "%s is no machine of the lab", m->name);
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	vm->arena = arena_new();
	vm->nobody = host_listing_make(NULL, 0);
	v->state = vm;
	r = rig_make(v->lab, &want, &vm->rig, e);
	r = r < 0 ? r : rig_start(v->gs, &vm->rig, &vm->guest, e);
	r = r < 0 ? r : host_guest_open(vm->guest, &vm->host, e);
	if (r < 0)
		stop(v);
	return r;
}

static struct host host(void *ctx)
{
	struct vm *vm = vm_of(ctx);

	return vm->host ? host_guest_get(vm->host) : host_listing_get(vm->nobody);
}

/* --- reboot --- */

/* What was written there, for the next boot: an archive behind its initramfs. */
static int keep_files(struct vm *vm, const struct lab *l, const char *path, struct err *e)
{
	static const char *const argv[] = {
		"sh", "-c", "cd / && find etc boot root var -xdev | cpio -o -H newc", NULL
	};
	static const char zeros[512];
	struct guest_output o;
	struct blob base;
	bool bad;
	FILE *f;
	int r = lab_read(l, vm->rig.image.initrd, &base, e);

	r = r < 0 ? r : guest_run(vm->guest, argv, (struct blob){ 0 }, KEEP_MS, &o, e);
	if (r < 0)
		return r;
	f = fopen(path, "we");
	bad = !f || fwrite(base.data, 1, base.len, f) != base.len ||
	      fwrite(zeros, 1, -base.len & 511, f) != (-base.len & 511) ||
	      fwrite(o.out, 1, o.out_len, f) != o.out_len;
	guest_output_done(&o);
	if (f)
		bad |= fclose(f) != 0;
	return bad ? err_set(e, -EIO, "%s: could not be written", path) : 0;
}

/* Which driver each function has after it. */
static int report_boot(struct vm *vm, struct err *e)
{
	struct host h = host_guest_get(vm->host);
	struct arena *a = vm->arena;
	strings names;
	int r = host_list(&h, a, "sys/bus/pci/devices", &names);

	if (r < 0)
		return err_set(e, r, "sys/bus/pci/devices there: %s", strerror(-r));
	vm->report = (struct boot_report){ .release = vm->rig.kernel.release,
					   .cmdline = vm->rig.domain.cmdline,
					   .entry = "" };
	vec_foreach(name, &names) {
		struct boot_result *b = vec_push(a, &vm->report.fns);
		char *driver;

		(void)bdf_parse(*name, &b->bdf);
		b->why = "";
		if (host_link_name(&h, a, &driver, "sys/bus/pci/devices/%s/driver",
				   *name) == 0)
			b->driver = driver;
	}
	return 0;
}

static int reboot(void *ctx, const struct boot_report **ret, struct err *e)
{
	struct ground_vm *v = ctx;
	struct vm *vm = v->state;
	struct lab_image image = vm->rig.image;
	struct domain domain = vm->rig.domain;
	AUTOFREE char *evidence = NULL;
	int r;

	if (!vm->guest)
		return err_set(e, -EOPNOTSUPP,
			       "a lab guest has no disk: power cuts end it");
	image.initrd = ENCLOSE_DIR "/reboot";
	domain.image = &image;
	r = keep_files(vm, v->lab, image.initrd, e);
	leave(vm);
	r = r < 0 ? r
		  : guest_start(v->gs, &domain, NULL, BOOT_MS, &vm->guest, &evidence, e);
	r = r < 0 ? r : host_guest_open(vm->guest, &vm->host, e);
	r = r < 0 ? r : report_boot(vm, e);
	if (r == 0)
		*ret = &vm->report;
	return r;
}

static void power_cut(void *ctx, uint64_t seed)
{
	(void)seed;
	leave(vm_of(ctx));
}

static ssize_t store(void *ctx, const char *path, const char *buf, size_t len)
{
	struct host h = host(ctx);
	int r = h.ops->store ? h.ops->store(h.ctx, path, buf, len, HOST_STORE_MS) : -EIO;

	return r < 0 ? r : (ssize_t)len;
}

static int claim(void *ctx, int group, bool take)
{
	struct vm *vm = vm_of(ctx);

	return vm->host ? host_guest_claim(vm->host, group, take) : -EIO;
}

struct ground ground_vm(struct ground_vm *v)
{
	static const struct ground_ops ops = {
		.name = "vm",
		.start = start,
		.host = host,
		.reboot = reboot,
		.power_cut = power_cut,
		.store = store,
		.claim = claim,
		.stop = stop,
	};

	return (struct ground){ .ops = &ops, .ctx = v };
}

int ground_vm_capture(struct guests *gs, struct rig *r, const char *path, struct err *e)
{
	AUTOMACHINE struct machine *m = NULL, *clean = NULL;
	struct guest *g = NULL;
	int code = rig_start(gs, r, &g, e);

	if (code < 0)
		return code;
	guest_end(g);
	code = machine_load(r->fixture, &m, e);
	if (code < 0)
		return code;
	m->name = arena_printf(m->arena, "rig-%s", r->name);
	m->about = arena_printf(m->arena, "%s Its kernel: %s.", r->topology.about,
				r->kernel.release);
	m->source = "captured in the QEMU lab";
	m->opaque.n = 0; /* what `capture` without --whole leaves out */
	code = machine_scrub(m, &clean, e);
	return code < 0 ? code : machine_save(clean, path, e);
}

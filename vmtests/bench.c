/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/newc.h"
#include "vmtests/bench.h"
#include "vmtests/conform-make.h"
#include "vmtests/conform.h"
#include "vmtests/enclose.h"

#define CONSOLE ENCLOSE_DIR "/plain"
#define PLAIN_S 120.0
#define TIMES 5
#define OPS 500

/* --- the same machine without us: QEMU, the kernel, and an init of two lines --- */

static const char init[] = "#!/bin/busybox sh\n"
			   "echo plain: up\n"
			   "exec busybox sleep 1000\n";

static int plain_initrd(const struct lab *l, const char *path, struct err *e)
{
	struct newc_item items[] = { { "bin", S_IFDIR | 0755, 0, 0, { NULL, 0 } },
				     { "bin/busybox", S_IFREG | 0755, 0, 0, { NULL, 0 } },
				     { "dev", S_IFDIR | 0755, 0, 0, { NULL, 0 } },
				     { "init",
				       S_IFREG | 0755,
				       0,
				       0,
				       { (const uint8_t *)init, sizeof(init) - 1 } } };
	int r = lab_read(l, "/usr/bin/busybox", &items[1].data, e);
	FILE *f = r < 0 ? NULL : fopen(path, "we");

	if (!f)
		return r < 0 ? r : err_set(e, -errno, "%s: %s", path, strerror(errno));
	newc_write(f, items, ARRAY_SIZE(items));
	return fclose(f) ? err_set(e, -EIO, "%s: could not be written", path) : 0;
}

static const char *plain_device(struct arena *a, const struct lab_topology *t,
				const struct topology_device *d)
{
	const char *bus = d->on < 0 ? "pcie.0" : t->devices.v[d->on].name;
	const char *more = "";

	if (d->kind->how == HOW_CONTROLLER && strstr(d->kind->model, "-port"))
		more = arena_printf(a, ",chassis=%td", d - t->devices.v + 1);
	if (d->kind->how == HOW_NIC)
		more = ",romfile=";
	return arena_printf(a, "%s%s%s,bus=%s,addr=%x.%x%s%s", d->kind->name,
			    d->name ? ",id=" : "", d->name ? d->name : "", bus, d->slot,
			    d->fn, d->multifunction ? ",multifunction=on" : "", more);
}

static const char *const *plain_argv(struct arena *a, const struct rig *r,
				     const char *initrd)
{
	const struct lab_topology *t = &r->topology;
	strings v = { 0 };
	const char *const first[] = { DOMAIN_QEMU,
				      "-nodefaults",
				      "-no-user-config",
				      "-display",
				      "none",
				      "-machine",
				      "q35,kernel-irqchip=split",
				      "-accel",
				      r->accel.kvm ? "kvm" : "tcg",
				      "-cpu",
				      r->accel.kvm ? "host" : "max",
				      "-m",
				      "512",
				      "-kernel",
				      r->kernel.vmlinuz,
				      "-initrd",
				      initrd,
				      "-append",
				      "console=ttyS0 quiet no_timer_check panic=-1",
				      "-serial",
				      "file:" CONSOLE };

	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		*vec_push(a, &v) = first[i];
	*vec_push(a, &v) = "-device";
	*vec_push(a, &v) =
		streq(t->iommu, "virtio")  ? "virtio-iommu-pci,bus=pcie.0,addr=1"
		: streq(t->iommu, "intel") ? "intel-iommu,intremap=on"
					   : "virtio-serial-pci,bus=pcie.0,addr=1d";
	*vec_push(a, &v) = "-device";
	*vec_push(a, &v) = "virtio-serial-pci,bus=pcie.0,addr=1e";
	vec_foreach(d, &t->devices) {
		*vec_push(a, &v) = "-device";
		*vec_push(a, &v) = plain_device(a, t, d);
	}
	*vec_push(a, &v) = NULL;
	return v.v;
}

static bool is_up(void)
{
	char text[8192] = "";
	AUTOCLOSE int fd = open(CONSOLE, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 &&
	       strstr(text, "plain: up");
}

static int plain_boot(const struct lab *l, const struct rig *r, double *ret,
		      struct err *e)
{
	const char *initrd = ENCLOSE_DIR "/plain-initrd";
	int code = plain_initrd(l, initrd, e), status;
	const char *const *argv;
	double start;
	pid_t pid;

	if (code < 0)
		return code;
	argv = plain_argv(l->arena, r, initrd);
	start = lab_now();
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		(void)dup2(null, STDERR_FILENO); /* it warns of cards without a network */
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (!is_up() && lab_now() - start < PLAIN_S &&
	       waitpid(pid, &status, WNOHANG) == 0)
		(void)usleep(20000);
	*ret = lab_now() - start;
	code = is_up() ? 0 : err_set(e, -EIO, "plain QEMU did not come up");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return code;
}

/* --- ours --- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median seconds from wanting a guest to having what a command in it said; @ahead: with
 * the next one starting meanwhile, as tests do it. */
static int test_time(struct guests *gs, struct rig *r, bool ahead, double *ret,
		     struct err *e)
{
	static const char *const argv[] = { "/usr/bin/lab-inside", "tree",
					    "sys/bus/pci/drivers/vfio-pci", NULL };
	double times[TIMES];

	for (size_t i = 0; i < TIMES; i++) {
		struct guest *g = NULL;
		struct guest_output o;
		double start = lab_now();
		int code = rig_start(gs, r, &g, e);

		if (code == 0 && ahead)
			rig_start_ahead(gs, r);
		code = code < 0 ? code
				: guest_run(g, argv, (struct blob){ 0 }, 10000, &o, e);
		if (code < 0)
			return code;
		guest_output_done(&o);
		guest_end(g);
		times[i] = lab_now() - start;
	}
	qsort(times, TIMES, sizeof(*times), compare_doubles);
	*ret = times[TIMES / 2];
	return 0;
}

static int conformance(const struct lab *l, struct guests *gs, struct rig *r, FILE *out,
		       struct err *e)
{
	struct conform_maker maker;
	divergences found;
	struct conform c;
	ops o = { 0 };
	int code = conform_open(l, gs, r, &c, e);

	if (code < 0)
		return code;
	conform_maker_init(&maker, c.model.machine, 1, l->arena);
	conform_make(&maker, OPS, &o);
	code = conform_play(&c, l->arena, &o, true, &found, e);
	if (code >= 0)
		fprintf(out,
			"conformance: %.0f operations a second on the kernel, %.0f on "
			"the "
			"model, %.2f s for a tree of the kernel\n",
			(double)o.n / c.guest_s, (double)o.n / c.model_s, c.tree_s);
	conform_close(&c);
	return code < 0 ? code : 0;
}

int bench(const struct lab *l, struct guests *gs, struct rig *r, FILE *out, struct err *e)
{
	double plain, restored, tested;
	struct guest *g = NULL;
	int code = plain_boot(l, r, &plain, e);

	code = code < 0 ? code : rig_boot(gs, r, &g, e);
	if (code < 0)
		return code;
	guest_end(g);
	code = rig_save(gs, r, e);
	code = code < 0 ? code : test_time(gs, r, false, &restored, e);
	code = code < 0 ? code : test_time(gs, r, true, &tested, e);
	if (code < 0)
		return code;
	fprintf(out,
		"plain QEMU, the same devices and an init of two lines: %.1f s\n"
		"cold start of a guest, until its agent answers: %.1f s\n"
		"a test from a saved guest, its start included: %.2f s\n"
		"the same where the next guest starts ahead: %.2f s\n"
		"cold against restored: %.1f times\n",
		plain, r->cold, restored, tested, r->cold / restored);
	return conformance(l, gs, r, out, e);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/util.h"
#include "vmtests/inside-fn.h"
#include "vmtests/inside-time.h"

#define PCI "/sys/bus/pci/"
#define DRIVER_MS 10000
#define NO_OVERRIDE "(null)"

PRINTF(2, 3) static int store(const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	AUTOCLOSE int fd = -1;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

/* The last component of what the function's link @name points to. */
static int link_name(const char *bdf, const char *name, char *ret, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), PCI "devices/%s/%s", bdf, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (strlen(path_name(target)) >= size)
		return -ENAMETOOLONG;
	strcpy(ret, path_name(target));
	return 0;
}

int fn_driver(const char *bdf, char *ret_name, size_t size)
{
	return link_name(bdf, "driver", ret_name, size);
}

int fn_iommu(const char *bdf, char *ret_name, size_t size)
{
	return link_name(bdf, "iommu", ret_name, size);
}

int fn_group(const char *bdf)
{
	char name[32];
	int err = link_name(bdf, "iommu_group", name, sizeof(name));

	return err < 0 ? err : (int)strtol(name, NULL, 10);
}

int fn_requester_id(const char *bdf)
{
	unsigned domain, bus, device, function;

	if (sscanf(bdf, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4 ||
	    bus > 0xff || device > 0x1f || function > 7)
		return -EINVAL;
	return (int)(bus << 8 | device << 3 | function);
}

int fn_override(const char *bdf, const char *driver)
{
	bool none = !driver || streq(driver, NO_OVERRIDE);

	return store(none ? "\n" : driver, PCI "devices/%s/driver_override", bdf);
}

int fn_bind(const char *bdf, const char *driver)
{
	return store(bdf, PCI "drivers/%s/bind", driver);
}

int fn_unbind(const char *bdf)
{
	char driver[64];
	int err = fn_driver(bdf, driver, sizeof(driver));

	if (err == -ENOENT)
		return 0;
	return err < 0 ? err : store(bdf, PCI "drivers/%s/unbind", driver);
}

int fn_probe(const char *bdf)
{
	return store(bdf, PCI "drivers_probe");
}

int fn_wait_driver(const char *bdf, const char *driver, int ms)
{
	int64_t deadline = time_now_ms() + ms;
	char now[64];

	for (;;) {
		int err = fn_driver(bdf, now, sizeof(now));

		if (err < 0 && err != -ENOENT)
			return err;
		if (streq(err < 0 ? "" : now, driver ? driver : ""))
			return 0;
		if (time_left_ms(deadline) == 0)
			return -ETIMEDOUT;
		time_sleep_ms(20);
	}
}

/* A line of a file, without its end; negative errno. */
PRINTF(3, 4) static int load(char *ret, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	AUTOCLOSE int fd = -1;
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, ret, size - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

static void describe(const char *bdf, struct fn_loan *ret)
{
	snprintf(ret->bdf, sizeof(ret->bdf), "%s", bdf);
	if (fn_driver(bdf, ret->driver, sizeof(ret->driver)) < 0)
		ret->driver[0] = '\0';
	if (load(ret->override, sizeof(ret->override), PCI "devices/%s/driver_override",
		 bdf) < 0)
		strcpy(ret->override, NO_OVERRIDE);
}

int fn_borrow(const char *bdf, struct fn_loan *ret_loan)
{
	int err;

	describe(bdf, ret_loan);
	if (streq(ret_loan->driver, "vfio-pci"))
		return 0;
	if (access(PCI "drivers/vfio-pci", F_OK) < 0)
		return -errno;
	err = fn_override(bdf, "vfio-pci");
	if (err == 0)
		err = fn_unbind(bdf);
	if (err == 0)
		err = fn_probe(bdf);
	if (err < 0)
		return err;
	/* The probe's own error is lost, the store succeeds. */
	return fn_wait_driver(bdf, "vfio-pci", 0) < 0 ? -ENODEV : 0;
}

int fn_release(const char *bdf, struct fn_loan *ret_loan)
{
	describe(bdf, ret_loan);
	return fn_unbind(bdf);
}

int fn_return(const struct fn_loan *loan)
{
	char driver[64];
	int err = fn_override(loan->bdf, loan->override);

	if (err < 0)
		return err;
	if (fn_driver(loan->bdf, driver, sizeof(driver)) < 0)
		driver[0] = '\0';
	if (!streq(driver, loan->driver)) {
		err = fn_unbind(loan->bdf);
		if (err == 0)
			err = fn_probe(loan->bdf);
	}
	return err < 0 ? err : fn_wait_driver(loan->bdf, loan->driver, DRIVER_MS);
}

int module_flag(const char *module, const char *parameter)
{
	char value[8];
	int err = load(value, sizeof(value), "/sys/module/%s/parameters/%s", module,
		       parameter);

	return err < 0 ? err : value[0];
}

int module_set_flag(const char *module, const char *parameter, char value)
{
	char text[] = { value, '\0' };

	return store(text, "/sys/module/%s/parameters/%s", module, parameter);
}

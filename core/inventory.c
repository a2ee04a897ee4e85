/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>

#include "core/inventory-parts.h"

/* Is the kernel locked down? The chosen word of the file stands in brackets. */
static bool locked_down(const struct inventory *v)
{
	char *text;

	return host_read_text(v->h, v->tmp, &text, "sys/kernel/security/lockdown") >= 0 &&
	       !strstr(text, "[none]");
}

const char *inventory_why(const struct inventory *v, int error)
{
	static const struct {
		int error;
		const char *why;
	} reasons[] = {
		{ -EACCES, "needs root" },
		{ -ENOENT, "not part of this tree" },
		{ -ENODATA, "the recording does not hold it" },
		{ -EOPNOTSUPP, "no kernel runs here" },
		{ -ETIMEDOUT, "the kernel did not answer" },
		{ -EFBIG, "too large to be read" },
	};

	if (error == -EPERM)
		return locked_down(v) ? "kernel lockdown forbids it" : "needs root";
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].why;
	return arena_printf(v->tmp, "cannot be read: %s", strerror(-error));
}

void inventory_failed(const struct inventory *v, int error, const char *fact_fmt, ...)
{
	const char *fact;
	va_list ap;

	if (v->h->running && (error == -ENOENT || error == -ENOTDIR))
		return;
	va_start(ap, fact_fmt);
	fact = arena_vprintf(v->tmp, fact_fmt, ap);
	va_end(ap);
	machine_set_unknown(v->m, inventory_why(v, error), "%s", fact);
}

char *inventory_line(char **text)
{
	char *line = *text;
	size_t n = strcspn(line, "\n");

	if (!*line)
		return NULL;
	*text = line + n + (line[n] == '\n');
	line[n] = '\0';
	return line;
}

/* A tree without sys/bus/pci: an installed image, unless a kernel should be there. */
static int no_functions(struct inventory *v, int error, struct err *e)
{
	bool absent = error == -ENOENT;

	if (v->h->running && absent)
		return err_set(e, error, "no PCI functions below sys/bus/pci");
	if (v->h->running)
		return err_set(e, error, "sys/bus/pci/devices: %s", strerror(-error));
	machine_set_unknown(v->m,
			    absent ? "no kernel runs here" : inventory_why(v, error),
			    "functions");
	return 0;
}

/* Once when the functions are in, which later readers look up, and once at the end. */
static int finish(struct inventory *v, struct err *e)
{
	int r = machine_finish(v->m, e);

	if (r >= 0)
		inventory_vf_ids(v);
	return r;
}

int inventory_read(const struct host *h, unsigned parts, struct machine **ret_machine,
		   struct err *e)
{
	AUTOMACHINE struct machine *m = machine_new();
	AUTOARENA struct arena *tmp = arena_new();
	struct inventory v = { h, m, m->arena, tmp, parts, parts & INV_FACTS };
	int r;

	m->name = "this-host";
	m->source = "captured";
	r = inventory_functions(&v);
	r = r < 0 ? no_functions(&v, r, e) : finish(&v, e);
	if (r < 0)
		return r;
	if (parts & INV_FACTS) {
		inventory_classes(&v);
		inventory_platform(&v);
		inventory_firmware(&v);
		inventory_disk_files(&v);
		inventory_kernels(&v);
	} else if (parts & INV_GROUPS) {
		inventory_iommu(&v);
	}
	if (parts & INV_ROMS)
		inventory_roms(&v);
	r = finish(&v, e);
	if (r < 0)
		return r;
	*ret_machine = TAKE(m);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "fakesys/sim-internal.h"

void sim_log(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*vec_push(s->run, &s->klog) = arena_vprintf(s->run, fmt, ap);
	va_end(ap);
}

const char *sim_fn_name(struct sim *s, uint32_t fn, const char *driver)
{
	char bdf[BDF_SIZE];

	/* drivers/base/core.c:dev_driver_string: the bus's name without a driver. */
	return arena_printf(s->run, "%s %s", driver ? driver : "pci",
			    bdf_format(s->m->fns.v[fn].bdf, bdf));
}

void sim_log_fn(struct sim *s, uint32_t fn, const char *fmt, ...)
{
	const struct fn_state *st = &s->fns[fn];
	const struct sim_driver *drv = st->driver    ? st->driver
				       : st->leaving ? st->leaving
						     : st->parting;
	const char *name = sim_fn_name(s, fn, drv ? drv->name : NULL);
	va_list ap;

	va_start(ap, fmt);
	sim_log(s, "%s: %s", name, arena_vprintf(s->run, fmt, ap));
	va_end(ap);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "fakesys/config.h"
#include "fakesys/sim-enable.h"

/* pci.c:do_pci_enable_device: into D0, and it answers to its addresses. */
static void switch_on(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];
	unsigned bits = config_decodes(s, fn);
	uint8_t command[2] = { 0 };
	unsigned now;

	st->power = "D0";
	if (s->m->fns.v[fn].config.len < PCI_COMMAND + 2)
		return;
	config_copy(s, fn, PCI_COMMAND, command, sizeof(command));
	now = command[0] | command[1] << 8;
	if (bits & ~now && !s->quiet)
		sim_log_fn(s, fn, "enabling device (%04x -> %04x)", now, now | bits);
	st->decodes = true;
}

/* pci.c:pci_enable_bridge: from the root down, and they may send. */
static void enable_bridges(struct sim *s, uint32_t up)
{
	if (up == SIM_NONE)
		return;
	enable_bridges(s, s->places[up].parent);
	if (!s->fns[up].enable) {
		s->fns[up].enable = 1;
		switch_on(s, up);
	}
	s->fns[up].master = MASTER_ON;
}

/* pci.c:pci_enable_device_flags */
void fn_enable(struct sim *s, uint32_t fn)
{
	/* Where registers tell the state, they are asked; else it stays unknown. */
	if (s->places[fn].traits & FN_PM)
		s->fns[fn].power = "D0";
	if (s->fns[fn].enable++)
		return;
	enable_bridges(s, s->places[fn].parent);
	switch_on(s, fn);
}

void fn_disable(struct sim *s, uint32_t fn)
{
	if (s->fns[fn].enable && !--s->fns[fn].enable)
		s->fns[fn].master = MASTER_OFF;
}

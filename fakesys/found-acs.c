/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci=disable_acs_redir= as kernels before config_acs= obey it (pci.c:
 * pci_disable_acs_redir). Later ones print the register, which starts from what the
 * firmware left there; nobody recorded that.
 */
#include <pci/header.h>

#include "fakesys/boot-log.h"

#define OPTION "disable_acs_redir="

/* The value of the option, of all that pci= has; NULL: none. */
static const char *find_list(struct sim *s)
{
	const char *p = cmdline_get(s->run, s->cmdline, "pci");

	for (; p && *p; p += strcspn(p, ","), p += *p == ',') {
		const char *list = after_prefix(p, OPTION);

		if (list)
			return arena_strndup(s->run, list, strcspn(list, ","));
	}
	return NULL;
}

/* Ports of Intel's chipsets have a way of their own, and registers to be known first. */
static bool may_be_special(const struct pci_fn *f)
{
	return f->id.vendor == 0x8086 &&
	       cfg_pcie_type(f->config) == PCI_EXP_TYPE_ROOT_PORT;
}

void log_acs_redir(struct sim *s, uint32_t fn, const char *name, strings *ret)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	const char *list = s->profile->grouping.acs.config_acs ? NULL : find_list(s);
	char *save = NULL;

	if (!list || f->is_vf || may_be_special(f) || f->config.len < f->config_size)
		return;
	for (char *w = strtok_r(arena_strdup(s->run, list), ";", &save); w;
	     w = strtok_r(NULL, ";", &save)) {
		if (!acs_names_fn(&s->topology, fn, w))
			continue;
		*vec_push(s->run, ret) = arena_printf(
			s->run, "%s: %s", name,
			cfg_find_ext_cap(f->config, PCI_EXT_CAP_ID_ACS)
				? "disabled ACS redirect"
				: "cannot disable ACS redirect for this hardware as it "
				  "does not have ACS capabilities");
		return;
	}
}

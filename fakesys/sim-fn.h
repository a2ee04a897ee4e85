/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-fn - the attributes of one PCI function: the shows and stores that the table in
 * sim-fn.c names (drivers/pci/pci-sysfs.c has their originals under the same names).
 */
#pragma once

#include "fakesys/attr.h"

static inline const struct pci_fn *node_fn(const struct sim *s, const struct node *dir)
{
	return &s->m->fns.v[dir->i];
}
static inline struct fn_state *node_state(const struct sim *s, const struct node *dir)
{
	return &s->fns[dir->i];
}

attr_show_fn fn_show_modalias, fn_show_uevent, fn_show_resource, fn_show_power_state,
	fn_show_irq, fn_show_numa, fn_show_cpus, fn_show_cpulist, fn_show_dma_bits,
	fn_show_enable, fn_show_flag, fn_show_msi_bus, fn_show_ari, fn_show_override,
	fn_show_reset_method, fn_show_boot_vga, fn_show_bus_number, fn_show_serial,
	fn_show_sriov, fn_show_aer, fn_show_link_speed, fn_show_link_width;

attr_store_fn fn_store_uevent, fn_store_numa, fn_store_enable, fn_store_parity,
	fn_store_d3cold, fn_store_msi_bus, fn_store_override, fn_store_remove,
	fn_store_rescan, fn_store_reset, fn_store_reset_method,
	fn_store_reset_subordinate, fn_store_numvfs, fn_store_sriov_autoprobe;

extern const struct attr_bin fn_bin_config, fn_bin_resource, fn_bin_rom, fn_bin_vpd;
extern const struct dir_kind dir_fn_power; /* sim-power.c */
extern const struct dir_kind dir_root_power;
extern const struct dir_kind dir_fn_link; /* sim-link.c */
/* power/ of devices without drivers, and of port services. */
#define N_POWER_IDLE_ROWS 9
extern const struct attr power_idle_rows[N_POWER_IDLE_ROWS];
#define N_POWER_PORT_ROWS 5
extern const struct attr power_port_rows[N_POWER_PORT_ROWS];

/* What fn_show_flag() shows, by a->arg; fn_show_link_*(): 0 now, 1 at most. */
enum fn_flag { FN_FLAG_PARITY, FN_FLAG_D3COLD, FN_FLAG_SRIOV_AUTOPROBE };

/* A number, of which only the truth counts, into *@flag; @len, or -EINVAL. */
ssize_t store_flag(const char *buf, size_t len, bool *flag);
/* Is @word of @len bytes one of @list's, which blanks part? */
bool word_in(const char *list, const char *word, size_t len);

/* A register of 32 bits of its link, by its offset in the PCIe capability; 0: has none.
 */
uint32_t fn_link_register(struct blob config, unsigned reg);
/* pci.c:pcie_get_speed_cap: the code in LNKCAP; the newer register decides if it is
 * there. */
unsigned fn_link_speed_cap(struct blob config);

/* A uevent file anywhere (lib/kobject_uevent.c:kobject_synth_uevent). */
attr_store_fn store_dir_uevent;

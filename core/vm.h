/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm - the configuration of a virtual machine that gets functions passed through: decided
 * once from the facts, written for Proxmox, libvirt or QEMU.
 */
#pragma once

#include "core/finding.h"

enum vm_target { VM_PROXMOX, VM_LIBVIRT, VM_QEMU };

struct vm_device {
	const struct pci_fn *fn;
	unsigned slot; /* guest slot; functions of one host device share it */
	unsigned function;
	bool pcie;        /* behind a root port of q35; else a conventional slot */
	bool whole_slot;  /* all functions of a multifunction device: "01:00" */
	bool primary_gpu; /* the guest's screen: x-vga, no emulated screen */
	const char
		*romfile; /* boot VGA: its ROM is shadowed, a dump is needed; else NULL */
};

struct vm_model {
	bool ovmf;                     /* else SeaBIOS */
	VEC(struct vm_device) devices; /* by guest slot, then function */
	strings why;                   /* a sentence for each decision */
};

/* Decide for j->asked and their companions; everything in @ret lives in j->arena. */
void vm_decide(const struct judged *j, struct vm_model *ret);

/*
 * Text in @a. Proxmox: lines for /etc/pve/qemu-server/VMID.conf and the `qm set` commands
 * in comments; libvirt: <hostdev> elements and what the domain needs, as one valid
 * <domain>; QEMU: a command line, one option a line.
 */
char *vm_write(const struct vm_model *v, struct arena *a, enum vm_target t,
	       unsigned vmid);

/*
 * An existing Proxmox VM configuration with the functions added: free hostpciN numbers,
 * and machine, bios only where the file does not say. The same functions twice:
 * unchanged.
 */
char *vm_merge_proxmox(const struct vm_model *v, struct arena *a, const char *conf);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domain - a lab guest as libvirt's domain XML. */
#pragma once

#include "vmtests/image.h"
#include "vmtests/topology.h"

#define DOMAIN_QEMU "/usr/bin/qemu-system-x86_64"
/* The serial number of an NVMe with data. */
#define DOMAIN_SERIAL "pcipass-data"

struct domain {
	const struct lab_topology *topology;
	const struct lab_kernel *kernel;
	const struct lab_image *image;
	const char *cmdline; /* behind what every guest gets; "" */
	unsigned mib, cpus;  /* memory, virtual CPUs */
	const char *share;   /* a folder that the guest sees over 9p, read-only; NULL */
	bool kvm;
	const char *data; /* the image for devices with data */
};

/* What differs between guests of one domain. */
struct domain_run {
	const char *name;    /* unique among those that run */
	const char *console; /* file for the first serial port */
	const char *nvram;   /* file for OVMF's variables */
	const char *port;    /* socket for the port WIRE_PORT */
	const char *state;   /* a saved guest to go on from; NULL: cold */
};

/* malloc'd. */
char *domain_xml(const struct domain *d, const struct domain_run *r);
/*
 * What a saved guest depends on: another domain than the one that it was saved from has
 * another sum.
 */
uint64_t domain_sum(const struct domain *d);

/* The address of the NIC that is device @index of its topology, in @a. */
const char *domain_mac(struct arena *a, size_t index);

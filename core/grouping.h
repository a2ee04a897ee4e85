/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grouping - IOMMU groups computed from topology, as Linux 6.1 to 7.3 form them
 * (drivers/iommu/iommu.c:pci_device_group), each step with its reason. The one entrance
 * is grouping_compute(), so that a kernel that does it otherwise is one more function
 * behind it.
 *
 * Functions are indices into m->fns. What is computed borrows the machine.
 */
#pragma once

#include "core/acpi.h"
#include "core/dma-alias.h"

/* How a kernel forms groups, where kernels differ. */
struct grouping_kernel {
	struct acs_kernel acs; /* .override is not looked at: a machine's log tells it */
	bool virtio_lazy;      /* as in struct grouping_want */
};

/* Which boot is meant. */
struct grouping_want {
	const char *cmdline;      /* of the boot in question; NULL: the recorded one */
	struct acs_kernel kernel; /* how that kernel deals with ACS and aliases */
	/* Another boot than the recorded: ACS is as that one sets it (see struct acs). */
	bool forecast;
	/*
	 * virtio-iommu's groups come when a first driver probes (F23), so what no driver
	 * has tried has none; in which order they did, only a log tells.
	 */
	bool virtio_lazy;
};

/*
 * The recorded boot of a kernel that does as @kernel. Whether it has the patch of the
 * override its release and @klog tell (cmdline_acs_known()).
 */
struct grouping_want grouping_want_of(const struct grouping_kernel *kernel,
				      const char *release, const strings *klog);

/* Why a function is in its group, and by whom it came there. */
enum grouping_join {
	JOIN_NONE,     /* it has no group: no IOMMU translates it */
	JOIN_NEW,      /* it made the group */
	JOIN_BRIDGE,   /* its requests arrive as those of the bridge `via` */
	JOIN_DMA,      /* its requests are those of `with`, a VMD's */
	JOIN_PORT,     /* `via`, a port above, does not isolate what is behind it */
	JOIN_ALIAS,    /* it, or `via` above it, may be taken for `with` */
	JOIN_FUNCTION, /* it, or `via` above it, and `with` are functions of one device */
};

struct grouping_fn {
	int group; /* GROUP_NONE: JOIN_NONE */
	enum grouping_join join;
	uint32_t with; /* the function whose group it joined; FN_NONE for a new one */
	uint32_t via;  /* see above; FN_NONE: the function itself */
	uint32_t unit; /* that translates it, as acpi_assign_units() */
	bool assumed;  /* a guess about ACS took part */
};

/* A member that is no PCI function, but an ACPI device. */
struct grouping_other {
	const char *name; /* "INT33C4:00" */
	int group;
};

struct grouping {
	const struct machine *m;
	struct arena *arena;
	struct topology topology;
	struct acs acs;
	struct dma_aliases aliases;
	struct acpi_iommu table;     /* as parsed; .table NULL: none, or damaged */
	struct acs_state *isolation; /* by function */
	uint32_t *blocked; /* by function: the first at or above it that does not
			      isolate; FN_NONE: all do, up to the root */
	/* One more than a domain with a bridge whose buses nobody recorded; 0: none. */
	uint32_t blind_domain;
	uint32_t
		adding; /* one more than the function that grouping_joins() looks at; 0 */
	struct grouping_fn *fns;
	int n_groups;
	/* By group: where its members begin in `members`, and how many they are. */
	uint32_t *first, *size, *members;
	VEC(struct grouping_other) others;
	strings assumptions; /* whole sentences, each once */
};

/* Compute the groups that a boot of @m with its IOMMU on makes. All of @ret in @a. */
void grouping_compute(const struct machine *m, const struct grouping_want *want,
		      struct arena *a, struct grouping *ret);

/*
 * @fn comes after others, whose fns[].group the caller has set (GROUP_NONE: not there): a
 * function whose group it joins, or FN_NONE, it gets a new one. Its own group is not set.
 * @found: it is just being found, others of its device maybe later; else all are there.
 */
uint32_t grouping_joins(struct grouping *g, uint32_t fn, bool found);

/*
 * Is it unknown what @fn is behind: its bus is no bridge's, and bridges are there of
 * which nobody recorded to which buses they lead?
 */
bool grouping_is_stray(const struct grouping *g, uint32_t fn);

/*
 * How the recorded groups compare with those in @g, as sets: what shares a recorded group
 * must share one here, with nobody else.
 */
struct grouping_match {
	unsigned groups, matched; /* recorded ones, and those computed alike */
	unsigned numbered;        /* of these, the ones with the same number */
	strings differences;      /* one sentence a group that differs */
};
void grouping_compare(struct grouping *g, struct grouping_match *ret);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-internal - the typed state of a simulated host, shared by the files of fakesys that
 * make up its kernel, its boot and its commands. Nobody else includes it.
 *
 * Three lifetimes: the machine (borrowed, never changes), the simulated host (arena), and
 * one power-on of it (run: drivers, modules, overrides, log, boot report).
 */
#pragma once

#include "core/err.h"
#include "core/topology.h"
#include "fakesys/sim.h"

#define SIM_NONE FN_NONE /* no such index */
#define SIM_PAGE 4096    /* what one show or store of sysfs passes at most */

/* What a driver does beside matching, where drivers differ; rows in driver.c. */
struct driver_traits {
	const char *name;    /* NULL in the last row: all others */
	bool managed_dma;    /* driver_managed_dma: is no owner of its group */
	bool enables;        /* pci_enable_device() in probe, disabled again in remove */
	bool vfio;           /* its functions become VFIO devices */
	bool takes_vfs;      /* its remove() disables virtual functions */
	bool async;          /* PROBE_PREFER_ASYNCHRONOUS */
	bool port;           /* pcieport */
	bool decides;        /* its probe() knows what it refuses */
	bool at_resets;      /* has reset_prepare: what a reset is, it says itself */
	const char *claimed; /* what it says at probe, or NULL */
	const struct pci_id *ids; /* what it matches where no alias tells; or NULL */
	size_t n_ids;
	bool whole; /* they are all, whatever is recorded */
	/* 0, or the errno value of a failed probe; NULL: it takes everything. */
	int (*probe)(struct sim *s, uint32_t fn);
};

struct dynid {
	struct pci_id id;
	unsigned long driver_data;
};

struct sim_driver {
	const char *name;   /* "vfio-pci" */
	const char *module; /* "vfio_pci"; NULL: not known which */
	/* NULL: known only from functions recorded as bound to it. */
	const struct module *mod;
	const struct driver_traits *traits;
	VEC(struct dynid) dynids;
	uint64_t born; /* sim.changes then, here and below */
};

struct sim_module {
	const struct module *mod;
	const char *name;
	bool builtin;
	VEC(struct sim_module *) users; /* loaded modules that depend on it */
	unsigned params[8], at_load[8]; /* by the slots of module_params */
	uint64_t born;
};

enum bus_master { MASTER_AS_RECORDED, MASTER_ON, MASTER_OFF };

/* Parallel to machine.fns: what changes at run time. */
struct fn_state {
	struct sim_driver *driver; /* bound now; NULL: none */
	const char *override;      /* driver_override; NULL: unset */
	const char *power;         /* power_state: "D0", "D3hot", "unknown" */
	const char *resets;        /* reset_method; NULL: no such attribute */
	const char *found_resets;  /* that when it came */
	uint8_t *config;           /* written to since power-on; NULL: as recorded */
	bool own_registers;        /* and not by a driver that came or went later */
	/* Since it was found again; NULL: as recorded. sim-resource.h */
	struct pci_resource *res;
	unsigned *irqs; /* sim-irq.h */
	uint32_t n_irqs;
	bool irqs_asked;        /* its driver wanted some, whatever it got */
	uint32_t unassigned;    /* bits: those without addresses */
	uint64_t window_add[3]; /* of a bridge's windows: more than is needed */
	/* Three of a bridge, as they were disabled; end 0: not; NULL: none is. In run. */
	struct pci_resource *windows_off;
	bool again;             /* found by a rescan since power-on */
	bool fresh;             /* found by the rescan under way */
	unsigned enable;        /* enable_cnt */
	enum bus_master master; /* what drivers made of it since power-on */
	bool decodes;           /* somebody has enabled it: it answers */
	bool vfio_put;          /* vfio-pci has let go of it */
	bool opened;            /* a VM has it open */
	bool vfio_resets;       /* a reset worked when it was opened */
	bool vfio_needs_reset;  /* when it was closed none did */
	int vfio_dev;           /* N of vfio-dev/vfioN; -1: none */
	bool vfio_hidden;       /* the folder is gone, the number not free yet */
	int numa;
	uint64_t born, bound_at;    /* when it was found; when its driver took it */
	uint64_t pme_at;            /* when pcie_pme took it, as a port */
	uint64_t changed;           /* sim_changed_fn() */
	struct sim_driver *leaving; /* its old driver, whose remove() has not returned */
	struct sim_driver *parting; /* whose remove() runs: lines of the log name it */
	bool gone;                  /* removed and not found again by a rescan */
	bool rom_enabled, broken_parity, no_msi, d3cold_allowed;
	/* Of both masks; what a driver has set, unbind does not reset. */
	uint8_t dma_bits;
	bool no_vf_autoprobe;  /* sriov_drivers_autoprobe is 0 */
	bool runtime_auto;     /* power/control */
	bool suspended;        /* power/runtime_status */
	bool resumed;          /* it was once, and woke up */
	bool wakeup;           /* power/wakeup: it has a source of its own */
	uint32_t wakeup_no;    /* its number then */
	bool no_async;         /* power/async is disabled */
	int aer_limits[4];     /* of aer/, in order of their names */
	bool owns_dma;         /* counted in its group's owners */
	uint8_t idle_services; /* of a port: those without their driver */
	unsigned link_off;     /* of a port: states of its link that link/ switched off */
};

/* What a function's registers say about which attributes it has. */
enum fn_traits {
	FN_BRIDGE = 1 << 0,
	FN_PCIE = 1 << 1,
	FN_NOT_VF = 1 << 2,
	FN_PM = 1 << 3,
	FN_AER = 1 << 4,
	FN_PORT_AER = 1 << 5, /* of a root port or event collector */
	FN_SRIOV = 1 << 6,
	FN_SERIAL = 1 << 7,
	FN_VPD = 1 << 8,
	FN_VGA = 1 << 9,
	FN_RESIZE = 1 << 10,
	FN_PME = 1 << 11,        /* can wake the machine up */
	FN_ROOT_PORT = 1 << 12,  /* or event collector */
	FN_UNRECORDED = 1 << 13, /* a virtual function that was not there then */
};

/* Parallel to machine.fns: where it hangs. Indices into machine.fns, or SIM_NONE. */
struct fn_place {
	uint32_t traits;
	uint32_t parent, first_child, next_sibling;
	uint32_t root;   /* into sim.roots */
	uint32_t group;  /* into sim.groups */
	uint32_t acs_at; /* its ACS control register, if this boot has set it; else 0 */
	uint16_t acs;    /* to what */
	uint32_t unit;   /* into sim.units: what translates for it */
	const char *resets;         /* reset_method as found; NULL: no such file */
	uint32_t first_vf, n_vfs;   /* into sim.vfs */
	uint32_t first_kid, n_kids; /* into sim.kids, in order of path */
	const char *firmware_node;  /* path from the root; NULL: none */
	uint32_t wakeup;            /* number of its source, if it has a node */
	const unsigned *irqs;       /* recorded in msi_irqs, in order */
	uint32_t n_irqs;
	struct blob irq_kind; /* "msix\n" */
};

struct sim_root { /* a root bus: sys/devices/pciDDDD:BB */
	uint32_t domain;
	uint8_t bus;
	uint32_t first_child;
	const char *firmware_node;        /* path from the root; NULL: none */
	uint32_t wakeup;                  /* number of its source, if it has a node */
	VEC(struct pci_resource) windows; /* addresses that it can give; none: unknown */
};

struct sim_group {
	int id;                    /* now; the lowest that was free when it was made */
	int recorded_id;           /* what the boot gives; GROUP_NONE: it has none */
	const char *type;          /* now */
	const char *recorded_type; /* NULL: unknown */
	const char *reserved;      /* text of reserved_regions */
	uint32_t first, n;         /* into sim.members: indices of functions, in order */
	unsigned owners;          /* functions whose driver does DMA through the kernel */
	bool claimed;             /* by a VM, through VFIO */
	uint64_t born, vfio_born; /* the group; its node in dev/vfio */
	uint64_t changed;         /* sim_changed_fn() of a member */
	uint32_t vfio_minor;      /* of that node */
};

struct sim_unit {                /* an IOMMU */
	const char *name, *kind; /* as struct iommu_unit */
	uint32_t fn;             /* that it is part of, as AMD's and virtio's are */
};

/* A child of a function or a stacked device, by class and name and by path. */
struct sim_kid {
	const struct child *child;
	const struct stacked *stacked; /* then child is NULL */
	const char *class, *name;
	uint32_t fn;                    /* SIM_NONE: stacked; these stand last */
	uint32_t first_part, next_part; /* stacked: partitions, into sim.kids */
};

struct sim_acpi_node {
	const char *path;  /* below sys/devices */
	uint32_t fn, root; /* what it stands for: a function, or into sim.roots */
};

/* sim-opaque.c defines it; attr.h has what its rows are made of. */
struct sim_opaque;

/* A file of proc: recorded, or computed. */
struct sim_proc {
	const char *path; /* below proc */
	mode_t mode;      /* 0: 0444 */
	struct blob data;
	const struct proc_text *text; /* sim-proc.c; NULL: data */
};

/* A text as long as nothing that it depends on changes; NULL: not made yet. */
struct sim_text {
	char *text;
	size_t len;
	uint64_t key; /* what it was made of */
};

/* What a store waits for, and the queue of those that do; blocked.h. */
struct sim_wait {
	int what; /* enum block_until */
	uint32_t fn;
	bool begun;
	struct sim_driver *attach; /* then begun: to be attached once the wait is over */
};
struct sim_blocked {
	uint64_t ticket, off;
	struct sim_wait wait;
	const struct entry *e;
	const char *buf;
	size_t len;
	bool capable;
};
struct sim_answer {
	uint64_t ticket;
	ssize_t result;
};

struct sim_lock {
	const char *path;
	bool held;
};

struct sim {
	const struct machine *m; /* with all virtual functions there could be */
	const struct kernel_profile *profile;
	struct arena *arena; /* the host */
	struct arena *run;   /* since power-on */
	struct disk *disk;
	bool off;     /* every operation is -EIO */
	bool no_udev; /* sim_set_udev() */
	bool quiet;   /* drivers are adopted or a boot goes on, whose log is known */

	/* Built once from the machine. */
	struct topology topology;
	struct fn_place *places;
	VEC(struct sim_root) roots;
	uint32_t *vfs; /* functions, by physical function, then address */
	uint32_t *members;
	/*
	 * First the recorded ones, by id, then room for others; as the last boot formed
	 * them (iommu-group.c).
	 */
	VEC(struct sim_group) groups;
	const int *recorded_groups; /* ids, sorted */
	size_t n_recorded_groups;
	VEC(uint32_t) group_ids; /* by id: into groups, or SIM_NONE */
	VEC(struct sim_unit) units;
	uint32_t firmware_wakeups; /* numbers of sources of the firmware's nodes */
	VEC(struct sim_kid) kids;  /* by function, then path */
	uint32_t *kids_by_name;    /* of kids: by class, then name */
	struct {
		struct sim_opaque *v;
		size_t n, cap;
	} opaque;                             /* by path, a folder before what is in it */
	VEC(struct sim_acpi_node) acpi_nodes; /* by path */
	VEC(struct sim_proc) procs;           /* by path */
	unsigned last_irq;                    /* the greatest in places' irqs */
	struct blob cpuinfo;                  /* empty: not read yet */

	/* The running system; all of it forgotten by sim_power_off(). */
	struct fn_state *fns;
	VEC(struct sim_driver *) drivers;        /* in order of registration */
	VEC(struct sim_module *) modules;        /* by name; built-ins included */
	const char *release, *version, *cmdline; /* uname -r, uname -v, proc/cmdline */
	const struct kernel *kernel; /* of release; NULL: not among the installed ones */
	strings klog;
	VEC(struct sim_lock) locks;
	bool iommu_on;            /* groups exist */
	struct grouping *joining; /* iommu-group.c's, in run; NULL: not made yet */
	int *joining_at_boot;     /* by function: its group there, at first */
	const char *usual_type;   /* of recorded groups; NULL: of none it is known */
	bool interrupt_remapping;
	const char *domain_type;   /* of the boot; NULL: of each group as recorded */
	const char *alignment;     /* resource_alignment; NULL: unset */
	bool no_autoprobe;         /* drivers_autoprobe is 0 */
	bool no_express_autoprobe; /* that of sys/bus/pci_express */
	struct sim_wait wait;      /* of the store that just returned -EINPROGRESS */
	VEC(struct sim_blocked) blocked;
	VEC(struct sim_answer) answers; /* to blocked ones, not fetched yet */
	bool capable;      /* who opened the file of the read or store under way */
	uint32_t removing; /* holds the lock of all rescans; or SIM_NONE */
	VEC(uint32_t)
	vfio_devs; /* by number of vfio-dev/vfioN the function, or SIM_NONE */
	int vfio_major;
	size_t vfio_free;   /* no lower number is free */
	VEC(bool) wakeups;  /* by number: that source is there; after the firmware's */
	uint8_t *slots_off; /* parallel to machine.slots: switched off since power-on */
	bool framebuffer_gone;      /* a driver has taken the firmware's screen over */
	struct boot_report *report; /* in run */
	struct node_cache *cache;   /* node.c's */
	struct sim_text modules_text, iomem_text, pci_text; /* of proc */
	uint64_t booted_at, tickets;
	uint64_t changes;     /* grows when names in the tree may have changed */
	uint64_t all_changed; /* that count when these were names anywhere */
};

/* Names anywhere may have come or gone; returns the new count of changes. */
static inline uint64_t sim_changed(struct sim *s)
{
	return s->all_changed = ++s->changes;
}

/*
 * The same for function @fn: no names in the folders of other functions than this one and
 * of other groups than its own, and no links to other ones.
 */
static inline uint64_t sim_changed_fn(struct sim *s, uint32_t fn)
{
	uint32_t group = s->places[fn].group;

	s->fns[fn].changed = ++s->changes;
	if (group != SIM_NONE)
		s->groups.v[group].changed = s->changes;
	return s->changes;
}

/*
 * Forget the running system: afterwards the state is that right after enumeration, no
 * module loaded, no driver registered or bound, no log, iommu_on false, release "" and
 * cmdline "". The disk stays. Clears `off`.
 */
void sim_power_off(struct sim *s);

/* Which kernel runs. @release must be set before modules are loaded. Copies. */
void sim_set_running(struct sim *s, const char *release, const char *cmdline);

/*
 * The state of the IOMMU as the boot decided it. @type is the default domain type of all
 * groups ("DMA-FQ", "identity"), NULL: as recorded.
 */
void sim_set_iommu(struct sim *s, bool on, bool interrupt_remapping, const char *type);

/* Append one line to the kernel log; of a function, after its driver's name and address.
 */
void sim_log(struct sim *s, const char *fmt, ...) PRINTF(2, 3);
void sim_log_fn(struct sim *s, uint32_t fn, const char *fmt, ...) PRINTF(3, 4);
/*
 * The log of a boot up to user space, as boot-log.h promises it. After sim_set_*, before
 * any module.
 */
void sim_log_boot(struct sim *s);

/*
 * Load @mod, or initialise it if it is built in (mod->file NULL): list it in
 * proc/modules, register its PCI driver with the ids of @options, attach it to unbound
 * functions in bus order. Does nothing if it is loaded already. @options as
 * modprobe_options() gives them ("": none); a built-in module takes its own from the
 * command line besides. Returns 0, or -ENOSPC: the kernel refuses ids= of more than 1023
 * characters, and the module with it.
 */
int sim_load_module(struct sim *s, const struct module *mod, const char *options);
/* -ENOENT: not loaded; -EWOULDBLOCK: in use by another module or a VM, or built in. */
int sim_unload_module(struct sim *s, const char *name);
bool sim_module_loaded(const struct sim *s, const char *name);

/* Is @fn @top or behind it? */
static inline bool fn_is_below(const struct sim *s, uint32_t fn, uint32_t top)
{
	while (fn != SIM_NONE && fn != top)
		fn = s->places[fn].parent;
	return fn == top;
}

/* How often @mod is in use: by other modules, by VMs. */
size_t sim_module_refs(const struct sim *s, const struct sim_module *mod);

/* As a store to driver_override; NULL clears. 0 or -EINVAL. */
int sim_set_override(struct sim *s, uint32_t fn, const char *driver);

/*
 * Would the driver of @mod, loaded with @options, match @fn with its present override?
 * Counts the module's own ids, ids= of @options and of the command line.
 */
bool sim_module_matches(const struct sim *s, const struct module *mod, uint32_t fn,
			const char *options);

/* Where @fn is, now. */
static inline const struct pci_resource *fn_res(const struct sim *s, uint32_t fn)
{
	return s->fns[fn].res ? s->fns[fn].res : s->m->fns.v[fn].res;
}

/* What attribute @name said of a function whose registers were not recorded, or NULL. */
static inline const char *fn_said(const struct pci_fn *fn, const char *name)
{
	return fn->config.len < 256 ? fn_attribute(fn, name) : NULL;
}
/* "DRIVER 0000:01:00.0" as dev_printk() begins, for the length of one expression. */
const char *sim_fn_name(struct sim *s, uint32_t fn, const char *driver);
/* NULL: not loaded and not built in. */
struct sim_module *sim_find_module(const struct sim *s, const char *name);
/* The name of the driver that has @fn now, or NULL. */
const char *sim_fn_driver(const struct sim *s, uint32_t fn);

/* Index of the function at @bdf, removed or not; SIM_NONE: there is none. O(log n). */
uint32_t sim_find_fn(const struct sim *s, struct bdf bdf);

/* Index into s->groups, or SIM_NONE; whether the IOMMU is on or not. */
uint32_t sim_find_group(const struct sim *s, int id);

/* The function with exactly this name, as sysfs spells it, if it is there; else SIM_NONE.
 */
uint32_t sim_named_fn(const struct sim *s, const char *name, size_t len);

/* Commands of the simulated host, in commands.c; as host_ops.run. */
int sim_run_command(struct sim *s, const char *const argv[], struct host_output *ret);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine - the facts of one machine, in one arena.
 *
 * inventory_read() fills it from a host, machine_from_json() from a fixture, an importer
 * from recorded text; the engine judges it, fakesys is built from it, capture writes it.
 * There is no second representation. Once filled it does not change.
 *
 * A fact that could not be read is *unknown*: it stands in `unknown` with the reason, and
 * its field is empty. An empty field without such an entry means: it is not there.
 * Strings are NUL-terminated and never NULL unless the comment says so.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/pci.h"

#define MACHINE_SCHEMA "pcipass-machine"
#define MACHINE_VERSION 1
#define GROUP_NONE (-1)
#define ATTRIBUTE_SIZE                                                                   \
	4096 /* st_size of a text attribute, and all that one read gives                 \
	      */

/* One line of the attribute `resource` (BARs 0-5, ROM, 6 SR-IOV, 4 bridge windows). */
struct pci_resource {
	uint64_t start, end; /* inclusive; both 0: none */
	uint64_t flags;      /* IORESOURCE_* */
};
#define IORESOURCE_IO 0x100
#define CLASS_IOMMU 0x0806 /* PCI Code and ID Assignment 1.9 */
#define PCI_RESOURCES 17
#define PCI_ROM_RESOURCE 6

/*
 * What hangs below a function because its driver made it: a disk, a network interface, a
 * screen. It exists while `driver` is bound.
 */
struct child {
	const char *class; /* "block", "net", "drm", "sound", "graphics", "input", ... */
	const char *path;  /* below the function's directory: "nvme/nvme0/nvme0n1" */
	const char *dev;   /* "259:0"; NULL if it has no number */
	bool link_up;      /* net: operstate is "up"; drm: a monitor is connected */
};

/* What an attribute said, where no register recorded here says it; text without its
 * newline. */
struct fn_attribute {
	const char *name; /* "max_link_speed", "vpd" */
	const char *text;
};

struct pci_fn {
	struct bdf bdf;
	struct blob config;   /* from offset 0, as far as it could be read */
	uint32_t config_size; /* what the kernel serves: 256 or 4096 */
	struct pci_ident id;  /* as the kernel reports it: a VF's is not in its config */
	uint8_t revision;
	const char *driver;   /* bound now; NULL: none */
	const char *override; /* driver_override; NULL: unset */
	int group;            /* IOMMU group, or GROUP_NONE */
	int numa;             /* node, -1: none */
	unsigned irq;
	struct pci_resource res[PCI_RESOURCES];
	struct blob rom; /* expansion ROM image; empty: none, or see `unknown` */
	bool boot_vga;
	const char *reset; /* reset_method: names joined by a blank; "" if none; NULL:
			      unknown */
	struct bdf physfn; /* if is_vf */
	bool is_vf;
	unsigned vfs_total, vfs_now; /* SR-IOV, 0 if it has no such capability */
	VEC(struct child) children;
	VEC(struct fn_attribute) attributes; /* only if config is not whole */
};

struct iommu_unit {
	const char *name; /* "dmar0", "ivhd0", "0000:00:01.0" */
	const char *kind; /* "intel", "amd", "virtio", "other" */
};

struct iommu_group {
	int id;
	const char *type;     /* "DMA-FQ", "identity", ...; NULL: unknown */
	const char *reserved; /* text of reserved_regions; NULL: unknown */
};

/* A virtual block device or network interface, and what it stands on. */
struct stacked {
	const char *class; /* "block" or "net" */
	const char *name;  /* "dm-0", "md0", "vmbr0" */
	const char *dev;   /* block: "254:0"; NULL for net */
	strings lower;     /* names of the devices below */
};

/* A file of the machine's disk, or of its /proc, that the engine looks at. */
struct machine_file {
	const char *path; /* relative to the root: "etc/default/grub" */
	mode_t mode;      /* type and permissions; S_IFLNK: data is the target */
	uid_t uid;
	gid_t gid;
	int64_t mtime; /* seconds since 1970; 0: not recorded */
	struct blob data;
};

struct module {
	const char *name;   /* with underscores: "vfio_pci" */
	const char *file;   /* below lib/modules/RELEASE; NULL: built into the kernel */
	const char *driver; /* the PCI driver it registers: "vfio-pci"; NULL: none */
	strings depends, pre, post; /* modules.dep and modules.softdep, in order */
	VEC(struct pci_id) ids; /* its pci: (and vfio_pci:) aliases that matter here */
};

struct initramfs {
	const char *path; /* "boot/initrd.img-6.1.0-49-amd64"; NULL: none */
	int64_t mtime;    /* seconds since 1970; 0: not recorded */
	strings modules;  /* names of the modules inside, sorted */
	strings load;     /* lines of conf/modules: "vfio_pci", "foo opt=1" */
	VEC(struct machine_file)
	files; /* etc/modprobe.d/..., scripts/init-top/... inside */
};

struct kernel {
	const char *release;
	VEC(struct module) modules; /* built-ins first, in link order */
	struct initramfs initramfs;
};

struct acpi_table {
	const char *name; /* "DMAR", "IVRS", "VIOT" */
	struct blob data;
};

/* The node of the firmware's tree (ACPI) that a device stands for. */
struct firmware_node {
	const char *device; /* "0000:01:00.0", or a root bus: "pci0000:00" */
	const char *path;   /* below sys/devices: "LNXSYSTM:00/LNXSYBUS:00/PNP0A08:00" */
};

/* sys/bus/pci/slots/NAME: the firmware's names for places where cards go. */
struct pci_slot {
	const char *name;                  /* "0-2" */
	const char *address;               /* "0000:02:00", or of a whole bus "0000:02" */
	const char *driver;                /* that can switch it: "acpiphp"; NULL: none */
	const char *max_speed, *cur_speed; /* of its bus: "33 MHz PCI" */
	unsigned power, latch, adapter;    /* what that driver says */
};

/* A file, link or empty folder of a part of sys that no rule of ours gives. */
struct opaque_node {
	struct machine_file file; /* path below the part; uid, gid and mtime are 0 */
	unsigned size;            /* st_size of a file */
	const char *error; /* what reading answers: "EIO"; "EISDIR": an empty folder */
};

/*
 * Such a part: what a driver, a module or the firmware made. It is there while its owner
 * is; without driver and module the machine itself owns it.
 */
struct opaque {
	const char *path;   /* below sys: "devices/pci0000:00/0000:00:1f.0/PNP0B00:00" */
	const char *driver; /* bound to the function right above, or NULL */
	const char *module; /* loaded, or NULL */
	VEC(struct opaque_node) nodes; /* sorted by path */
};

struct unknown_fact {
	/* "acpi/DMAR", "klog", "functions/0000:01:00.0/config", "reset": of all */
	const char *fact;
	const char *why;
};

struct grouping_kernel;

struct machine {
	struct arena *arena; /* owns everything below */
	const char *name;    /* short: "intel-desktop-gpu" */
	const char *about;   /* one sentence for people */
	const char
		*source; /* "captured", "written from facts", "imported from lspci.log" */

	const char *cpu_vendor; /* "GenuineIntel", "AuthenticAMD" */
	const char *cpu_model;
	strings cpu_flags; /* those that matter here: vmx svm hypervisor */
	unsigned cpus;

	bool efi, secure_boot;
	const char *loader_info; /* EFI variable LoaderInfo: "systemd-boot 252"; NULL:
				    unset */
	VEC(struct acpi_table) acpi;

	const char *release;        /* running kernel: uname -r */
	const char *kernel_version; /* uname -v: "#1 SMP ... Debian 6.1.176-1 (...)" */
	const char *cmdline;        /* of this boot, without newline */
	strings loaded;             /* module names, as in proc/modules, sorted */
	VEC(struct kernel) kernels; /* installed ones */

	VEC(struct pci_fn) fns; /* sorted by bdf_cmp */
	VEC(struct iommu_unit) units;
	VEC(struct iommu_group) groups; /* sorted by id */
	bool interrupt_remapping;
	VEC(struct stacked) stacked;
	VEC(struct firmware_node) firmware_nodes; /* sorted by device */
	VEC(struct pci_slot) slots;               /* sorted by name */
	VEC(struct opaque) opaque;                /* sorted by path */
	VEC(struct machine_file) files;           /* sorted by path */
	/*
	 * How its kernel forms groups (core/grouping.h); borrowed, set by who knows
	 * kernels and never written. NULL: as the newest does.
	 */
	const struct grouping_kernel *grouping_kernel;
	strings klog;                     /* lines that matter, without time stamps */
	VEC(struct unknown_fact) unknown; /* sorted by fact */
	size_t unknown_sorted;            /* of these so far; machine.c's own */
};

/* An empty machine; machine_free() takes NULL. */
struct machine *machine_new(void);
void machine_free(struct machine *m);
static inline void machine_freep(struct machine **m)
{
	machine_free(*m);
}
#define AUTOMACHINE __attribute__((cleanup(machine_freep)))

/* Note that @fact could not be read. */
void machine_set_unknown(struct machine *m, const char *why, const char *fact_fmt, ...)
	PRINTF(3, 4);
/* Forget of the unknown facts those that @is_known says another reader told. */
void machine_drop_unknown(struct machine *m,
			  bool (*is_known)(const void *arg, const char *fact),
			  const void *arg);
/*
 * Why the fact is unknown, or NULL: it is known. "functions/BDF/FACT" is unknown as well
 * where FACT is, "reset": then no function's is known.
 */
const char *machine_unknown(const struct machine *m, const char *fact_fmt, ...)
	PRINTF(2, 3);

/*
 * To be called once all functions are in: sorts everything that is said to be sorted and
 * derives pci_fn.id and .revision from config, for VFs from their physical function.
 * -EINVAL with @e: two functions with one address, a VF without its physical function.
 */
int machine_finish(struct machine *m, struct err *e);

/* NULL: not there. */
const struct pci_fn *machine_fn(const struct machine *m, struct bdf bdf);
const struct machine_file *machine_file(const struct machine *m, const char *path);
const struct kernel *machine_kernel(const struct machine *m, const char *release);
const struct module *kernel_module(const struct kernel *k, const char *name);
const struct acpi_table *machine_acpi(const struct machine *m, const char *name);
bool strings_have(const strings *list, const char *s);
/* Was any function recorded in an IOMMU group? */
bool machine_has_groups(const struct machine *m);
/* The bridge right above @fn; NULL on a root bus. */
const struct pci_fn *machine_upstream(const struct machine *m, const struct pci_fn *fn);

/* What @name said of @fn; NULL: not recorded, its registers tell. */
const char *fn_attribute(const struct pci_fn *fn, const char *name);
/* The node of the firmware's tree for a function or root bus, below sys/devices; NULL. */
const char *machine_firmware_node(const struct machine *m, const char *device);

/* Base class and subclass, 0x0300 for VGA. */
static inline unsigned fn_class(const struct pci_fn *fn)
{
	return fn->id.class >> 8;
}
/* Host, ISA and PCI bridges, which stay with the host. */
bool fn_is_bridge(const struct pci_fn *fn);
bool fn_is_display(const struct pci_fn *fn); /* base class 03 */

/* The machine's own spelling of a module's name: '-' becomes '_'. */
char *module_normalize(struct arena *a, const char *name);

/*
 * What a person calls a device: "01:00" (all functions of that device), "01:00.0",
 * "0000:01:00.0", or "8086:10d3" (vendor:device, if just one function has it). Appends to
 * @ret. Errors, with @e naming @text and, for several hits, all of them: -EINVAL not such
 * a form, -ENODEV not on this machine, -ENOTUNIQ several functions have that id, -EISDIR
 * a bridge (bridges stay with the host).
 */
typedef VEC(const struct pci_fn *) fn_list;
int machine_find(const struct machine *m, struct arena *a, const char *text, fn_list *ret,
		 struct err *e);

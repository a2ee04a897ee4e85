/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acs - Access Control Services: does a function keep what is behind it, or beside it,
 * from reaching others without the IOMMU (drivers/pci/pci.c:pci_acs_enabled, with the
 * quirks of quirks.c:pci_dev_acs_enabled and the out-of-tree pcie_acs_override)?
 * The registers are taken as a kernel leaves them that has an IOMMU to serve.
 */
#pragma once

#include "core/topology.h"

/* The bits that isolation takes (drivers/iommu/iommu.c:REQ_ACS_FLAGS): source validation,
 * request and completion redirect, upstream forwarding. */
#define ACS_ISOLATION 0x1du

/* How a kernel deals with ACS and aliases, where kernels differ (kernel.md F21 to F28).
 */
struct acs_kernel {
	bool config_acs;   /* knows pci=config_acs= */
	bool override;     /* has the patch that brings pcie_acs_override= */
	bool idt_no_sv;    /* some switches of IDT: source validation stays off */
	bool ast_no_alias; /* AST1150: what is behind it keeps its own address */
};

enum acs_why {
	ACS_CONTROL,  /* its ACS capability decides; `missing` says what is off */
	ACS_ABSENT,   /* it should have the capability and has none */
	ACS_SINGLE,   /* one function alone in its device: nothing beside it */
	ACS_BRIDGE,   /* a PCI Express to PCI bridge, or the reverse: never */
	ACS_LEGACY,   /* conventional PCI: never */
	ACS_NO_NEED,  /* a kind of function for which it means nothing */
	ACS_QUIRK,    /* a quirk knows: `on` says what */
	ACS_OVERRIDE, /* pcie_acs_override= says so, and nobody checked */
};

struct acs_state {
	bool on;
	enum acs_why why;
	/* Of ACS_CONTROL, and of quirks that go by registers: */
	uint16_t cap, ctrl; /* what it can, what is on */
	uint16_t missing;   /* bits it can and that are off */
	const char *quirk;  /* of ACS_QUIRK: which, as "Intel PCH root port" */
	bool assumed; /* its registers were not recorded that far: `why` is a guess */
};

/*
 * How the recorded control registers came about. Where the boot in question sets them its
 * own way, all that serves isolation is on, and then come the options of the command
 * line.
 */
enum acs_registers {
	ACS_AS_RECORDED, /* by that boot, with an IOMMU on */
	ACS_OF_FIRMWARE, /* without an IOMMU: as the firmware left them */
	/* By another boot with an IOMMU. What the firmware had set is not known then, and
	 * is taken to be nothing of what isolation takes. */
	ACS_OF_ANOTHER,
};

/* What is asked of all functions at once. */
struct acs {
	const struct topology *t;
	struct acs_kernel kernel;
	enum acs_registers registers;
	bool ivrs;       /* the machine has such a table */
	bool pch_failed; /* the log: "Failed to enable Intel PCH ACS quirk" */
	const struct acs_option *options;    /* parsed; NULL: none touches ACS */
	const struct acs_override *override; /* pcie_acs_override=; NULL: not asked for */
};

/* What options ask for is parsed once, into @a; words that no kernel would take are
 * passed over, as kernels do. The rest is borrowed. */
void acs_init(struct acs *acs, const struct topology *t, const struct acs_kernel *kernel,
	      const char *cmdline, enum acs_registers registers, struct arena *a);
/* Its type (PCI_EXP_TYPE_*), a guess where it was not recorded; -1: conventional PCI. */
int acs_port_type(const struct acs *acs, uint32_t fn);

struct acs_state acs_of(const struct acs *acs, uint32_t fn);

/*
 * The offset of its control register in the configuration space, and in *ret what the
 * kernel leaves there (pci.c:pci_std_enable_acs, __pci_config_acs, quirks.c:
 * pci_quirk_enable_intel_spt_pch_acs); 0: it has none, or it was not recorded.
 */
uint32_t acs_control(const struct acs *acs, uint32_t fn, uint16_t *ret);

/*
 * drivers/pci/pci.c:pci_dev_str_match: does @text, "[DDDD:]BB:DD.F[/DD.F]..." or
 * "pci:VVVV:DDDD[:SSSS:SSSS]", mean @fn?
 */
bool acs_names_fn(const struct topology *t, uint32_t fn, const char *text);

/*
 * What of @words, options about ACS, such a kernel on such a machine makes nothing of, a
 * sentence each, in @a: it does not know the option, no function is called so, a slip.
 */
void acs_explain_options(const struct topology *t, const struct acs_kernel *kernel,
			 const char *words, struct arena *a, strings *ret);

/* The words of @cmdline that touch ACS, joined by blanks; in @a. */
char *acs_words(struct arena *a, const char *cmdline);

/* Names of the bits as lspci has them, "SrcValid, ReqRedir"; in @a. */
char *acs_bits(struct arena *a, uint16_t bits);
/* Why @s is off, or on, as a clause that follows the function's name: "has no ACS". */
char *acs_clause(struct arena *a, const struct acs_state *s);

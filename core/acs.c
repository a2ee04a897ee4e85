/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "core/acs.h"
#include "core/acs-internal.h"

/* pcie_capability_type() where registers say it, else what a person would guess. */
static int port_type(const struct acs *acs, uint32_t fn, bool *ret_guessed)
{
	const struct pci_fn *f = &acs->t->m->fns.v[fn];
	int type = cfg_pcie_type(f->config);
	uint32_t up = acs->t->up[fn];

	*ret_guessed = false;
	/* A virtual function is an endpoint; its registers repeat its physical one's. */
	if (type >= 0 || f->config.len >= ACS_LEGACY_SPACE)
		return f->is_vf && type < 0 ? PCI_EXP_TYPE_ENDPOINT : type;
	if (f->config.len > PCI_STATUS + 1 &&
	    !(cfg_u16(f->config, PCI_STATUS) & PCI_STATUS_CAP_LIST) && f->config.len > 64)
		return -1;
	*ret_guessed = true;
	if (fn_class(f) != PCI_CLASS_BRIDGE_PCI)
		return up == FN_NONE ? -1 : PCI_EXP_TYPE_ENDPOINT;
	if (acs_guess_pci_bridge(f))
		return up == FN_NONE ? -1 : PCI_EXP_TYPE_PCI_BRIDGE;
	if (up == FN_NONE)
		return PCI_EXP_TYPE_ROOT_PORT;
	/* A switch has one port up, and below it its ports down. */
	return port_type(acs, up, &(bool){ false }) == PCI_EXP_TYPE_UPSTREAM
		       ? PCI_EXP_TYPE_DOWNSTREAM
		       : PCI_EXP_TYPE_UPSTREAM;
}

int acs_port_type(const struct acs *acs, uint32_t fn)
{
	bool guessed;

	return port_type(acs, fn, &guessed);
}

/* pci.c:pci_disable_broken_acs_cap */
static uint16_t broken_bits(const struct acs *acs, const struct pci_fn *f)
{
	bool idt = f->id.vendor == 0x111d &&
		   (f->id.device == 0x80b5 || f->id.device == 0x8090);

	return acs->kernel.idt_no_sv && idt ? PCI_ACS_CAP_VALID : 0;
}

static uint16_t control(const struct acs *acs, uint32_t fn, uint16_t cap, uint16_t ctrl)
{
	uint16_t firmware = ctrl;

	if (acs->registers != ACS_AS_RECORDED)
		ctrl |= cap & ACS_ISOLATION;
	if (acs->registers == ACS_OF_ANOTHER)
		firmware &= (uint16_t)~ACS_ISOLATION;
	return acs_apply_options(acs, fn, ctrl, firmware);
}

/* The same for a capability that stands at @at, as the specification has it. */
static uint16_t control_at(const struct acs *acs, uint32_t fn, uint32_t at)
{
	const struct pci_fn *f = &acs->t->m->fns.v[fn];

	return control(acs, fn,
		       cfg_u16(f->config, at + PCI_ACS_CAP) & ~broken_bits(acs, f) &
			       ACS_KNOWN,
		       cfg_u16(f->config, at + PCI_ACS_CTRL));
}

uint32_t acs_control(const struct acs *acs, uint32_t fn, uint16_t *ret)
{
	uint32_t at = cfg_find_ext_cap(acs->t->m->fns.v[fn].config, PCI_EXT_CAP_ID_ACS);
	struct acs_state s = acs_of(acs, fn);

	if (!at)
		return 0;
	*ret = s.why == ACS_QUIRK && s.cap ? s.ctrl : control_at(acs, fn, at);
	return at + (s.why == ACS_QUIRK && s.cap ? ACS_SPT_CTRL : PCI_ACS_CTRL);
}

/* pci.c:pci_acs_flags_enabled: bits that hardware does not have count as wired on. */
static struct acs_state judge(uint16_t cap, uint16_t ctrl)
{
	struct acs_state s = { .why = ACS_CONTROL, .cap = cap, .ctrl = ctrl };

	s.missing = (uint16_t)(ACS_ISOLATION & cap & ~ctrl);
	s.on = !s.missing;
	return s;
}

static struct acs_state by_capability(const struct acs *acs, uint32_t fn, int type)
{
	const struct pci_fn *f = &acs->t->m->fns.v[fn];
	uint32_t at = cfg_find_ext_cap(f->config, PCI_EXT_CAP_ID_ACS);
	bool unread = !at && f->config.len <= PCI_CFG_SPACE_SIZE;

	if (at)
		return judge(cfg_u16(f->config, at + PCI_ACS_CAP) & ~broken_bits(acs, f),
			     control_at(acs, fn, at));
	if (unread && acs_guess(f, type))
		return (struct acs_state){ .on = true,
					   .why = ACS_CONTROL,
					   .cap = ACS_ISOLATION,
					   .ctrl = ACS_ISOLATION,
					   .assumed = true };
	return (struct acs_state){ .why = ACS_ABSENT, .assumed = unread };
}

static struct acs_state by_type(const struct acs *acs, uint32_t fn, int type)
{
	switch (type) {
	case -1:
		return (struct acs_state){ .why = ACS_LEGACY };
	case PCI_EXP_TYPE_PCIE_BRIDGE:
	case PCI_EXP_TYPE_PCI_BRIDGE:
	case PCI_EXP_TYPE_ROOT_EC:
		return (struct acs_state){ .why = ACS_BRIDGE };
	case PCI_EXP_TYPE_ROOT_PORT:
	case PCI_EXP_TYPE_DOWNSTREAM:
		return by_capability(acs, fn, type);
	case PCI_EXP_TYPE_ENDPOINT:
	case PCI_EXP_TYPE_UPSTREAM:
	case PCI_EXP_TYPE_LEG_END:
	case PCI_EXP_TYPE_ROOT_INT_EP:
		if (topology_is_multifunction(acs->t, fn))
			return by_capability(acs, fn, type);
		return (struct acs_state){ .on = true, .why = ACS_SINGLE };
	default:
		return (struct acs_state){ .on = true, .why = ACS_NO_NEED };
	}
}

struct acs_state acs_of(const struct acs *acs, uint32_t fn)
{
	struct acs_state s;
	bool guessed;
	int type = port_type(acs, fn, &guessed);

	if (!acs_by_quirk(acs, fn, type, &s) && !acs_by_override(acs, fn, type, &s))
		s = by_type(acs, fn, type);
	s.assumed |= guessed;
	return s;
}

void acs_init(struct acs *acs, const struct topology *t, const struct acs_kernel *kernel,
	      const char *cmdline, enum acs_registers registers, struct arena *a)
{
	*acs = (struct acs){ .t = t, .kernel = *kernel, .registers = registers };
	acs->ivrs = machine_acpi(t->m, "IVRS") || machine_unknown(t->m, "acpi/IVRS");
	vec_foreach(line, &t->m->klog)
		acs->pch_failed |=
			strstr(*line, "Failed to enable Intel PCH ACS quirk") != NULL;
	acs_read_options(acs, cmdline, a);
}

char *acs_bits(struct arena *a, uint16_t bits)
{
	static const char *const names[] = { "SrcValid",   "TransBlk",    "ReqRedir",
					     "CmpltRedir", "UpstreamFwd", "EgressCtrl",
					     "DirectTrans" };
	char *text = arena_strdup(a, "");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (bits >> i & 1)
			text = arena_printf(a, "%s%s%s", text, *text ? ", " : "",
					    names[i]);
	return text;
}

char *acs_clause(struct arena *a, const struct acs_state *s)
{
	static const char *const clauses[] = {
		[ACS_CONTROL] = "has ACS, which is on",
		[ACS_ABSENT] = "has no ACS",
		[ACS_SINGLE] = "is the only function of its device",
		[ACS_BRIDGE] = ("is a bridge between PCI Express and PCI, which ACS does "
				"not cover"),
		[ACS_LEGACY] = "is conventional PCI, which has no ACS",
		[ACS_NO_NEED] = "needs no ACS",
	};
	const char *text = clauses[ACS_NO_NEED];

	if (s->missing)
		text = arena_printf(a, "has ACS with %s off", acs_bits(a, s->missing));
	else if (s->why == ACS_QUIRK)
		text = arena_printf(a,
				    s->on ? "isolates without ACS, as the kernel knows "
					    "(quirk: %s)"
					  : "does not isolate, whatever its ACS says "
					    "(quirk: %s)",
				    s->quirk);
	else if (s->why == ACS_OVERRIDE)
		text = "is taken to isolate because pcie_acs_override= says so";
	else
		text = clauses[s->why];
	return arena_printf(a, "%s%s", text, s->assumed ? " (assumed)" : "");
}

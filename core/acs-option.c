/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line says about ACS: pci=disable_acs_redir=, pci=config_acs=, and
 * pcie_acs_override= of the kernels that have the patch. */
#include <stdio.h>
#include <stdlib.h>

#include <pci/header.h>

#include "core/acs-internal.h"
#include "core/cmdline.h"

#define OVERRIDE_IDS_MAX 15 /* the patch's max_acs_ids */

struct acs_override {
	bool downstream, multifunction;
	unsigned n_ids;
	uint16_t ids[OVERRIDE_IDS_MAX][2]; /* vendor, device */
};

/* Of a device in an option. */
enum match {
	NO_DEVICE = -1, /* the kernel reads no further */
	OTHER,
	MATCHES,
};

/* pci.c:pci_dev_str_match_path: checked from its end. */
static enum match match_path(const struct topology *t, uint32_t fn, const char *text)
{
	char path[128], *hop;
	unsigned dev, func;
	struct bdf bdf;
	int n;

	if (snprintf(path, sizeof(path), "%s", text) >= (int)sizeof(path))
		return OTHER;
	while ((hop = strrchr(path, '/'))) {
		if (sscanf(hop + 1, "%x.%x%n", &dev, &func, &n) != 2 || hop[1 + n])
			return NO_DEVICE;
		if (t->m->fns.v[fn].bdf.dev != dev || t->m->fns.v[fn].bdf.fn != func)
			return OTHER;
		*hop = '\0';
		fn = t->up[fn];
		if (fn == FN_NONE)
			return OTHER;
	}
	n = bdf_parse(path, &bdf);
	if (n < 0 || path[n])
		return NO_DEVICE;
	return bdf_cmp(bdf, t->m->fns.v[fn].bdf) ? OTHER : MATCHES;
}

/* pci.c:pci_dev_str_match */
static enum match match_device(const struct topology *t, uint32_t fn, const char *text)
{
	const struct pci_ident *id = &t->m->fns.v[fn].id;
	unsigned want[4] = { 0 }; /* 0 stands for any */
	const char *ids = after_prefix(text, "pci:");
	int n;

	if (!ids)
		return match_path(t, fn, text);
	n = sscanf(ids, "%x:%x:%x:%x", &want[0], &want[1], &want[2], &want[3]);
	if (n < 2)
		return NO_DEVICE;
	if (n < 4)
		want[2] = want[3] = 0;
	return (!want[0] || want[0] == id->vendor) &&
			       (!want[1] || want[1] == id->device) &&
			       (!want[2] || want[2] == id->subvendor) &&
			       (!want[3] || want[3] == id->subdevice)
		       ? MATCHES
		       : OTHER;
}

bool acs_names_fn(const struct topology *t, uint32_t fn, const char *text)
{
	return match_device(t, fn, text) == MATCHES;
}

/* The change for @fn: the first that matches before one that cannot be read. */
static const struct acs_change *find_change(const struct acs *acs, uint32_t fn,
					    const struct acs_option *o)
{
	for (size_t i = 0; i < o->n; i++) {
		enum match m = match_device(acs->t, fn, o->v[i].device);

		if (m != OTHER)
			return m == MATCHES ? &o->v[i] : NULL;
	}
	return NULL;
}

bool acs_option_names(const struct acs *acs, uint32_t fn)
{
	for (const struct acs_option *o = acs->options; o; o = o->next)
		if (find_change(acs, fn, o))
			return true;
	return false;
}

/*
 * Up to 6.1 (pci.c:pci_disable_acs_redir) the rest stays as the kernel has set it; later
 * (pci.c:__pci_config_acs) as the firmware had, for each option anew.
 */
uint16_t acs_apply_options(const struct acs *acs, uint32_t fn, uint16_t ctrl,
			   uint16_t firmware)
{
	for (const struct acs_option *o = acs->options; o; o = o->next) {
		const struct acs_change *c = find_change(acs, fn, o);
		uint16_t rest = acs->kernel.config_acs ? firmware : ctrl;

		if (c)
			ctrl = (uint16_t)((rest & ~c->mask) | (c->set & c->mask));
	}
	return ctrl;
}

/* "DEVICE[;DEVICE]..." */
static void read_redirect(struct acs_option *o, char *list, struct arena *a)
{
	for (char *w; (w = strsep(&list, ";"));)
		*vec_push(a, o) =
			(struct acs_change){ .device = w, .mask = ACS_REDIRECT };
}

/* 0, 1 and x from the highest bit to the lowest. */
static bool read_bits(const char *bits, size_t n, struct acs_change *c)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t bit = i < 16 ? (uint16_t)(1u << i) : 0;

		switch (bits[n - 1 - i]) {
		case '1':
			c->set |= bit;
			c->mask |= bit;
			break;
		case '0':
			c->mask |= bit;
			break;
		case 'x':
		case 'X':
			break;
		default:
			return false;
		}
	}
	return !(c->mask & ~ACS_KNOWN);
}

/* "BITS@DEVICE[;BITS@DEVICE]..."; the kernel stops at bits that it does not know
 * (pci.c:__pci_config_acs). */
static void read_config(struct acs_option *o, char *list, struct arena *a)
{
	for (char *w; (w = strsep(&list, ";"));) {
		char *at = strchr(w, '@');
		struct acs_change c = { .device = at ? at + 1 : NULL };

		if (!at || !read_bits(w, (size_t)(at - w), &c))
			return;
		*vec_push(a, o) = c;
	}
}

static const struct {
	const char *key;
	void (*read)(struct acs_option *o, char *list, struct arena *a);
	bool newer; /* only with F21 */
} pci_options[] = {
	/* In the order in which the kernel obeys them (pci.c:pci_enable_acs). */
	{ "disable_acs_redir=", read_redirect, false },
	{ "config_acs=", read_config, true },
};

struct reading {
	struct arena *arena;
	struct acs_override *override;
	char *lists[ARRAY_SIZE(pci_options)]; /* the last of each */
};

/* pci.c:pci_setup: options joined by commas, in any number of words pci=. */
static void read_pci(struct reading *r, const char *value)
{
	for (const char *p = value; *p; p += strcspn(p, ","), p += *p == ',')
		for (size_t i = 0; i < ARRAY_SIZE(pci_options); i++) {
			const char *list = after_prefix(p, pci_options[i].key);

			if (list)
				r->lists[i] =
					arena_strndup(r->arena, list, strcspn(list, ","));
		}
}

/* "id:VVVV:DDDD": just so many digits; others are passed over with a complaint. */
static void read_override_id(struct acs_override *o, const char *text)
{
	unsigned vendor, device;
	int n = 0;

	if (strlen(text) != 9 || text[4] != ':' ||
	    sscanf(text, "%4x:%4x%n", &vendor, &device, &n) != 2 || n != 9 ||
	    o->n_ids == OVERRIDE_IDS_MAX)
		return;
	o->ids[o->n_ids][0] = (uint16_t)vendor;
	o->ids[o->n_ids++][1] = (uint16_t)device;
}

static void read_override(struct reading *r, const char *value)
{
	struct acs_override *o =
		r->override ? r->override : arena_alloc(r->arena, sizeof(*o));
	char *save = NULL, *list = arena_strdup(r->arena, value);

	for (char *w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		const char *id = after_prefix(w, "id:");

		o->downstream |= after_prefix(w, "downstream") != NULL;
		o->multifunction |= after_prefix(w, "multifunction") != NULL;
		if (id)
			read_override_id(o, id);
	}
	r->override = o;
}

static void read_word(void *arg, const char *word, const char *key, const char *value)
{
	(void)word;
	if (value && cmdline_key_is(key, "pci"))
		read_pci(arg, value);
	if (value && cmdline_key_is(key, "pcie_acs_override"))
		read_override(arg, value);
}

void acs_read_options(struct acs *acs, const char *cmdline, struct arena *a)
{
	struct reading r = { .arena = a };

	cmdline_each(a, cmdline, read_word, &r);
	if (acs->kernel.override)
		acs->override = r.override;
	for (size_t i = ARRAY_SIZE(pci_options); i-- > 0;) {
		struct acs_option *o;

		if (!r.lists[i] || (pci_options[i].newer && !acs->kernel.config_acs))
			continue;
		o = arena_alloc(a, sizeof(*o));
		pci_options[i].read(o, r.lists[i], a);
		o->next = acs->options;
		acs->options = o;
	}
}

/* The patch's pcie_acs_overrides(): nothing for what has a capability of its own. */
bool acs_by_override(const struct acs *acs, uint32_t fn, int type, struct acs_state *ret)
{
	const struct acs_override *o = acs->override;
	const struct pci_fn *f = &acs->t->m->fns.v[fn];
	bool says = false;

	if (!o || type < 0 || cfg_find_ext_cap(f->config, PCI_EXT_CAP_ID_ACS))
		return false;
	for (unsigned i = 0; i < o->n_ids; i++)
		says |= o->ids[i][0] == f->id.vendor && o->ids[i][1] == f->id.device;
	switch (type) {
	case PCI_EXP_TYPE_ROOT_PORT:
	case PCI_EXP_TYPE_DOWNSTREAM:
		says |= o->downstream;
		break;
	case PCI_EXP_TYPE_ENDPOINT:
	case PCI_EXP_TYPE_UPSTREAM:
	case PCI_EXP_TYPE_LEG_END:
	case PCI_EXP_TYPE_ROOT_INT_EP:
		says |= o->multifunction && topology_is_multifunction(acs->t, fn);
		break;
	default:
		break;
	}
	if (says)
		*ret = (struct acs_state){ .on = true,
					   .why = ACS_OVERRIDE,
					   .assumed =
						   f->config.len <= PCI_CFG_SPACE_SIZE };
	return says;
}

struct words {
	struct arena *arena;
	char *text;
};

static void keep_word(void *arg, const char *word, const char *key, const char *value)
{
	struct words *w = arg;

	if (cmdline_key_is(key, "pcie_acs_override") ||
	    (cmdline_key_is(key, "pci") && value && strstr(value, "acs")))
		w->text = arena_printf(w->arena, "%s %s", w->text, word);
}

char *acs_words(struct arena *a, const char *cmdline)
{
	struct words w = { a, arena_strdup(a, "") };

	cmdline_each(a, cmdline, keep_word, &w);
	return w.text;
}

struct explaining {
	const struct topology *t;
	const struct acs_kernel *kernel;
	struct arena *arena;
	strings *to;
};

static void explain(struct explaining *x, const char *what, const char *why)
{
	*vec_push(x->arena, x->to) = arena_printf(x->arena, "%s %s.", what, why);
}

/* Devices joined by ';', each behind BITS@ if @bits. */
static void explain_devices(struct explaining *x, char *list, bool bits)
{
	char *save = NULL;

	for (char *w = strtok_r(list, ";", &save); w; w = strtok_r(NULL, ";", &save)) {
		char *at = bits ? strchr(w, '@') : w - 1;
		bool found = false;

		if (!at || (bits && (at == w || strspn(w, "01xX") != (size_t)(at - w)))) {
			explain(x, w, "is not BITS@DEVICE, with bits of 0, 1 and x");
			return;
		}
		for (uint32_t i = 0; i < x->t->n && !found; i++)
			found = acs_names_fn(x->t, i, at + 1);
		if (!found)
			explain(x, at + 1, "is no function of this machine");
	}
}

static void explain_pci(struct explaining *x, const char *value)
{
	for (const char *p = value; *p; p += strcspn(p, ","), p += *p == ',')
		for (size_t i = 0; i < ARRAY_SIZE(pci_options); i++) {
			const char *list = after_prefix(p, pci_options[i].key);

			if (list && pci_options[i].newer && !x->kernel->config_acs)
				explain(x, "pci=config_acs=",
					"means nothing to this kernel");
			else if (list)
				explain_devices(
					x,
					arena_strndup(x->arena, list, strcspn(list, ",")),
					pci_options[i].newer);
		}
}

static bool any_has_id(const struct topology *t, unsigned vendor, unsigned device)
{
	vec_foreach(f, &t->m->fns)
		if (f->id.vendor == vendor && f->id.device == device)
			return true;
	return false;
}

static void explain_override(struct explaining *x, const char *value)
{
	char *save = NULL, *list = arena_strdup(x->arena, value);

	if (!x->kernel->override) {
		explain(x, "pcie_acs_override=",
			"means nothing to this kernel, which does not have that patch");
		return;
	}
	for (char *w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		const char *id = after_prefix(w, "id:");
		struct acs_override o = { false };

		if (id)
			read_override_id(&o, id);
		if (id && !o.n_ids)
			explain(x, w, "is not id:VVVV:DDDD, two numbers of four digits");
		else if (id && !any_has_id(x->t, o.ids[0][0], o.ids[0][1]))
			explain(x, w, "is no function of this machine");
		else if (!id && !after_prefix(w, "downstream") &&
			 !after_prefix(w, "multifunction"))
			explain(x, w, "means nothing to pcie_acs_override=");
	}
}

static void explain_word(void *arg, const char *word, const char *key, const char *value)
{
	(void)word;
	if (value && cmdline_key_is(key, "pci"))
		explain_pci(arg, value);
	if (value && cmdline_key_is(key, "pcie_acs_override"))
		explain_override(arg, value);
}

void acs_explain_options(const struct topology *t, const struct acs_kernel *kernel,
			 const char *words, struct arena *a, strings *ret)
{
	struct explaining x = { t, kernel, a, ret };

	cmdline_each(a, words, explain_word, &x);
}

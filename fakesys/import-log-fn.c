/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A function as a boot log tells it becomes a standard header: ids, class, header type,
 * regions and buses, and a PCI Express capability that has the type of the port where
 * that is told or follows. All else is unknown.
 */
#include <errno.h>

#include <pci/header.h>

#include "fakesys/import-log.h"

#define HEADER 64u
#define EXPRESS_AT 0x40u
#define MULTIFUNCTION 0x80u

struct logged {
	struct bdf bdf;
	struct pci_ident id;
	unsigned header;
	int port;
	bool found, port_driver, express, has_buses;
	uint8_t secondary, subordinate;
	struct pci_resource res[PCI_RESOURCES];
};

struct log {
	struct arena *a;
	VEC(struct logged) fns; /* sorted */
	VEC(struct bdf) roots;
	VEC(const struct logged *) bridges; /* whose buses are told */
};

static int cmp_logged(const void *x, const void *y)
{
	return bdf_cmp(((const struct logged *)x)->bdf, ((const struct logged *)y)->bdf);
}

static struct logged *find(const struct log *l, struct bdf bdf)
{
	struct logged key = { .bdf = bdf };

	return l->fns.n ? bsearch(&key, l->fns.v, l->fns.n, sizeof(key), cmp_logged)
			: NULL;
}

/* All addresses that are found in the log, each once. */
static void list_functions(struct log *l, const struct machine *m)
{
	size_t n = 0;

	vec_foreach(line, &m->klog) {
		struct log_line what;

		import_log_read(*line, &what);
		if (what.what == LOG_FOUND)
			*vec_push(l->a, &l->fns) =
				(struct logged){ .bdf = what.bdf, .port = PORT_UNKNOWN };
		else if (what.what == LOG_ROOT_BUS)
			*vec_push(l->a, &l->roots) = what.bdf;
	}
	if (l->fns.n)
		qsort(l->fns.v, l->fns.n, sizeof(*l->fns.v), cmp_logged);
	for (size_t i = 0; i < l->fns.n; i++)
		if (!n || bdf_cmp(l->fns.v[n - 1].bdf, l->fns.v[i].bdf))
			l->fns.v[n++] = l->fns.v[i];
	l->fns.n = n;
}

/* The last line about anything wins; what is found anew is another function. */
static void apply_line(struct logged *fn, const struct log_line *line)
{
	switch (line->what) {
	case LOG_FOUND:
		*fn = (struct logged){ .bdf = fn->bdf,
				       .id = line->id,
				       .header = line->header,
				       .port = line->port,
				       .found = true };
		break;
	case LOG_BUSES:
		fn->has_buses = true;
		fn->secondary = line->secondary;
		fn->subordinate = line->subordinate;
		break;
	case LOG_REGION:
		fn->res[line->region] = line->res;
		fn->express |= line->region > PCI_ROM_RESOURCE &&
			       line->region <= PCI_ROM_RESOURCE + 6;
		break;
	case LOG_PORT:
		fn->port_driver = fn->express = true;
		break;
	case LOG_EXPRESS:
		fn->express = true;
		break;
	default:
		break;
	}
}

static bool on_root_bus(const struct log *l, const struct logged *fn)
{
	vec_foreach(r, &l->roots)
		if (r->domain == fn->bdf.domain && r->bus == fn->bdf.bus)
			return true;
	return false;
}

static const struct logged *parent(const struct log *l, const struct logged *fn)
{
	vec_foreach(up, &l->bridges)
		if ((*up)->bdf.domain == fn->bdf.domain &&
		    (*up)->secondary == fn->bdf.bus && (*up)->bdf.bus != fn->bdf.bus)
			return *up;
	return NULL;
}

/*
 * drivers/pci/pcie/portdrv.c has root ports and the ports of switches (and event
 * collectors, which are no bridges). Which of them a bridge is, follows from what is
 * above; the bus above has the lower number, so that it is settled first.
 */
static void settle_port(const struct log *l, struct logged *fn)
{
	const struct logged *up = parent(l, fn);

	/* What stands at the end of a link is PCI Express. */
	if (up &&
	    (up->port == PCI_EXP_TYPE_ROOT_PORT || up->port == PCI_EXP_TYPE_DOWNSTREAM))
		fn->express |= fn->port != PORT_CONVENTIONAL;
	if (fn->port != PORT_UNKNOWN || !fn->port_driver ||
	    fn->id.class >> 8 != PCI_CLASS_BRIDGE_PCI)
		return;
	if (on_root_bus(l, fn)) {
		fn->port = PCI_EXP_TYPE_ROOT_PORT;
		return;
	}
	if (!up)
		return;
	if (up->port == PCI_EXP_TYPE_ROOT_PORT || up->port == PCI_EXP_TYPE_DOWNSTREAM)
		fn->port = PCI_EXP_TYPE_UPSTREAM;
	else if (up->port == PCI_EXP_TYPE_UPSTREAM)
		fn->port = PCI_EXP_TYPE_DOWNSTREAM;
}

static void read_log(struct log *l, const struct machine *m)
{
	list_functions(l, m);
	vec_foreach(text, &m->klog) {
		struct log_line line;
		struct logged *fn;

		import_log_read(*text, &line);
		fn = line.what > LOG_KNOWN ? find(l, line.bdf) : NULL;
		if (fn)
			apply_line(fn, &line);
	}
	vec_foreach(fn, &l->fns)
		if (fn->has_buses)
			*vec_push(l->a, &l->bridges) = fn;
	vec_foreach(fn, &l->fns)
		settle_port(l, fn);
}

/* --- the header --- */

static void put_u16(uint8_t *config, uint32_t at, uint64_t v)
{
	config[at] = (uint8_t)v;
	config[at + 1] = (uint8_t)(v >> 8);
}

static void put_u32(uint8_t *config, uint32_t at, uint64_t v)
{
	put_u16(config, at, v);
	put_u16(config, at + 2, v >> 16);
}

static void put_regions(uint8_t *config, const struct logged *fn, unsigned bars,
			uint32_t rom_at)
{
	const struct pci_resource *rom = &fn->res[PCI_ROM_RESOURCE];

	for (unsigned i = 0; i < bars; i++) {
		const struct pci_resource *r = &fn->res[i];
		uint32_t at = PCI_BASE_ADDRESS_0 + 4 * i;

		if (!r->flags)
			continue;
		put_u32(config, at, r->start | (r->flags & 0xf));
		if ((r->flags & PCI_BASE_ADDRESS_MEM_TYPE_64) && i + 1 < bars)
			put_u32(config, at + 4, r->start >> 32);
	}
	/* A shadow is no address of the register's. */
	if (rom->flags && rom->start >= 0x100000)
		put_u32(config, rom_at, rom->start);
}

/* drivers/pci/setup-bus.c:pci_setup_bridge_io and others; closed ones as these leave
 * them.
 */
static void put_windows(uint8_t *config, const struct logged *fn)
{
	const struct pci_resource *io = &fn->res[13], *mem = &fn->res[14],
				  *pref = &fn->res[15];

	config[PCI_IO_BASE] = 0xf0;
	put_u32(config, PCI_MEMORY_BASE, 0x0000fff0);
	put_u32(config, PCI_PREF_MEMORY_BASE, 0x0000fff0);
	if (io->flags) {
		config[PCI_IO_BASE] =
			(uint8_t)((io->start >> 8 & 0xf0) | (io->flags & 0xf));
		config[PCI_IO_LIMIT] =
			(uint8_t)((io->end >> 8 & 0xf0) | (io->flags & 0xf));
		put_u16(config, PCI_IO_BASE_UPPER16, io->start >> 16);
		put_u16(config, PCI_IO_LIMIT_UPPER16, io->end >> 16);
	}
	if (mem->flags) {
		put_u16(config, PCI_MEMORY_BASE, mem->start >> 16 & 0xfff0);
		put_u16(config, PCI_MEMORY_LIMIT, mem->end >> 16 & 0xfff0);
	}
	if (pref->flags) {
		put_u16(config, PCI_PREF_MEMORY_BASE,
			(pref->start >> 16 & 0xfff0) | (pref->flags & 0xf));
		put_u16(config, PCI_PREF_MEMORY_LIMIT,
			(pref->end >> 16 & 0xfff0) | (pref->flags & 0xf));
		put_u32(config, PCI_PREF_BASE_UPPER32, pref->start >> 32);
		put_u32(config, PCI_PREF_LIMIT_UPPER32, pref->end >> 32);
	}
}

/*
 * The others are only found if the first one says that there are some; these need not
 * say so themselves, and most do not (drivers/pci/probe.c:pci_scan_slot).
 */
static bool is_first_of_several(const struct log *l, const struct logged *fn)
{
	size_t next = (size_t)(fn - l->fns.v) + 1;

	return !fn->bdf.fn && next < l->fns.n &&
	       bdf_same_slot(l->fns.v[next].bdf, fn->bdf);
}

/* What another file told, but not as bytes, goes in as well. */
static struct blob make_config(struct machine *m, const struct log *l,
			       const struct pci_fn *known, const struct logged *fn)
{
	struct blob b = { .len = fn->port >= 0 ? 256 : HEADER };
	uint8_t *config = arena_alloc(m->arena, b.len);

	put_u16(config, PCI_VENDOR_ID, fn->id.vendor);
	put_u16(config, PCI_DEVICE_ID, fn->id.device);
	put_u32(config, PCI_CLASS_REVISION,
		(uint64_t)fn->id.class << 8 | known->revision);
	config[PCI_HEADER_TYPE] =
		(uint8_t)(fn->header | (is_first_of_several(l, fn) ? MULTIFUNCTION : 0));
	switch (fn->header) {
	case PCI_HEADER_TYPE_NORMAL:
		put_regions(config, fn, 6, PCI_ROM_ADDRESS);
		put_u16(config, PCI_SUBSYSTEM_VENDOR_ID, known->id.subvendor);
		put_u16(config, PCI_SUBSYSTEM_ID, known->id.subdevice);
		break;
	case PCI_HEADER_TYPE_BRIDGE:
		put_regions(config, fn, 2, PCI_ROM_ADDRESS1);
		put_windows(config, fn);
		break;
	default:
		break;
	}
	if (fn->has_buses) {
		config[PCI_PRIMARY_BUS] = fn->bdf.bus;
		config[PCI_SECONDARY_BUS] = fn->secondary;
		config[PCI_SUBORDINATE_BUS] = fn->subordinate;
	}
	if (fn->port >= 0) {
		put_u16(config, PCI_STATUS, PCI_STATUS_CAP_LIST);
		config[PCI_CAPABILITY_LIST] = EXPRESS_AT;
		config[EXPRESS_AT] = PCI_CAP_ID_EXP;
		put_u16(config, EXPRESS_AT + PCI_EXP_FLAGS, (unsigned)fn->port << 4 | 2);
	}
	b.data = config;
	return b;
}

/* --- the machine --- */

static const char *why_unknown(const struct logged *fn)
{
	if (fn->port >= 0)
		return "a boot log tells ids, class, regions and the type of port, but "
		       "no other "
		       "capability: whether it has ACS is not known";
	if (fn->port == PORT_CONVENTIONAL)
		return "a boot log tells ids, class and regions of this conventional PCI "
		       "function, "
		       "but no capability";
	return "a boot log of this kernel (before 6.10) tells ids, class and regions, "
	       "but neither "
	       "whether this function is PCI Express nor any capability";
}

/* All ones, or a header type that no kernel takes: pci_setup_device() gives it up. */
static bool is_ignored(const struct logged *fn)
{
	return fn->header > PCI_HEADER_TYPE_CARDBUS;
}

static void add_functions(struct machine *m, const struct log *l)
{
	vec_foreach(fn, &l->fns)
		if (!is_ignored(fn))
			*vec_push(m->arena, &m->fns) = (struct pci_fn){
				.bdf = fn->bdf,
				.group = GROUP_NONE,
				.numa = -1,
				.config_size = 256,
			};
}

static int check_ids(const struct pci_fn *fn, const struct logged *told, struct err *e)
{
	char bdf[BDF_SIZE];

	/* Names may have told but a part of them. */
	if (is_ignored(told) || ((!fn->id.vendor || fn->id.vendor == told->id.vendor) &&
				 (!fn->id.device || fn->id.device == told->id.device)))
		return 0;
	return err_set(
		e, -EINVAL,
		"%s is [%04x:%04x] in the boot log and [%04x:%04x] in what else was "
		"given: these are two machines",
		bdf_format(fn->bdf, bdf), told->id.vendor, told->id.device, fn->id.vendor,
		fn->id.device);
}

static bool has_regions(const struct pci_fn *fn)
{
	for (size_t i = 0; i < PCI_RESOURCES; i++)
		if (fn->res[i].flags)
			return true;
	return false;
}

/* An empty space that is not NULL was read: it was all ones. */
static void fill(struct machine *m, const struct log *l, struct pci_fn *fn,
		 const struct logged *told)
{
	char bdf[BDF_SIZE];

	if (!fn->id.vendor || !fn->id.device) {
		fn->id.vendor = told->id.vendor;
		fn->id.device = told->id.device;
	}
	if (!fn->id.class)
		fn->id.class = told->id.class;
	if (!has_regions(fn))
		memcpy(fn->res, told->res, sizeof(fn->res));
	if (fn->config.data || is_ignored(told))
		return;
	fn->config = make_config(m, l, fn, told);
	if (told->port >= 0 || told->express)
		fn->config_size = 4096;
	if (!machine_unknown(m, "functions/%s/config", bdf_format(fn->bdf, bdf)))
		machine_set_unknown(m, why_unknown(told), "functions/%s/config", bdf);
	if (!fn->id.subvendor && told->header == PCI_HEADER_TYPE_NORMAL &&
	    !machine_unknown(m, "functions/%s/subsystem", bdf))
		machine_set_unknown(m, "a boot log does not tell it",
				    "functions/%s/subsystem", bdf);
}

int import_log_functions(struct machine *m, struct err *e)
{
	AUTOARENA struct arena *scratch = arena_new();
	struct log l = { .a = scratch };

	read_log(&l, m);
	if (!m->fns.n)
		add_functions(m, &l);
	vec_foreach(fn, &m->fns) {
		const struct logged *told = find(&l, fn->bdf);
		int r = told ? check_ids(fn, told, e) : 0;

		if (r < 0)
			return r;
		if (told)
			fill(m, &l, fn, told);
	}
	return 0;
}

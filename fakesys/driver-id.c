/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>

#include "fakesys/attr.h"
#include "fakesys/driver.h"

/*
 * lib/vsprintf.c:vsscanf for "%x %x ...": blanks separate, 0x is allowed, anything else
 * ends the scan, a value keeps its low bits. Returns how many were read.
 */
static int scan_hex(const char *p, uint64_t *ret, int max)
{
	int n = 0;

	for (; n < max; n++) {
		uint64_t v = 0;

		while (isspace((unsigned char)*p))
			p++;
		if (!isxdigit((unsigned char)*p))
			break;
		if (p[0] == '0' && (p[1] | 0x20) == 'x')
			p += 2;
		for (; isxdigit((unsigned char)*p); p++)
			v = v << 4 |
			    (uint64_t)(*p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10);
		ret[n] = v;
	}
	return n;
}

/* The fields of new_id and remove_id, those left out as the kernel fills them in. */
static int scan_id(const char *buf, int max, struct dynid *ret)
{
	uint64_t f[7] = { 0, 0, PCI_ID_ANY, PCI_ID_ANY, 0, 0, 0 };
	int n = scan_hex(buf, f, max);

	*ret = (struct dynid){
		.id = { (uint32_t)f[0], (uint32_t)f[1], (uint32_t)f[2], (uint32_t)f[3],
			(uint32_t)f[4], (uint32_t)f[5], false },
		.driver_data = f[6],
	};
	return n;
}

static bool dynids_match(const struct sim_driver *drv, const struct pci_ident *id)
{
	vec_foreach(d, &drv->dynids)
		if (pci_id_matches(&d->id, id))
			return true;
	return false;
}

void driver_add_dynid(struct sim *s, struct sim_driver *drv, const struct dynid *id)
{
	*vec_push(s->run, &drv->dynids) = *id;
}

/* pci-driver.c:new_id_store; the order of the checks is F2. */
int driver_store_new_id(struct sim *s, struct sim_driver *drv, const char *buf)
{
	struct dynid d;
	int n = scan_id(buf, 7, &d);
	struct pci_ident as = { d.id.vendor, d.id.device, d.id.subvendor, d.id.subdevice,
				d.id.class };
	bool look = n != 7;

	if (n < 2)
		return -EINVAL;
	if (!s->profile->new_id_u32) {
		/* A struct pci_dev made up for the comparison: its ids have 16 bits. */
		as.vendor &= 0xffff;
		as.device &= 0xffff;
		as.subvendor &= 0xffff;
		as.subdevice &= 0xffff;
		if (look && (dynids_match(drv, &as) || driver_has_id(drv, &as)))
			return -EEXIST;
		look = false;
	}
	if (look && driver_has_id(drv, &as))
		return -EEXIST;
	/*
	 * driver_data must be that of some static entry. The tables are recorded without
	 * it: what drivers that matter here have is 0.
	 */
	if (d.driver_data && drv->mod && drv->mod->ids.n)
		return -EINVAL;
	if (look && dynids_match(drv, &as))
		return -EEXIST;
	driver_add_dynid(s, drv, &d);
	return driver_attach_or_wait(s, drv, SIM_NONE);
}

/* pci-driver.c:remove_id_store. */
int driver_store_remove_id(struct sim *s, struct sim_driver *drv, const char *buf)
{
	struct dynid want;

	(void)s;
	if (scan_id(buf, 6, &want) < 2)
		return -EINVAL;
	for (size_t i = 0; i < drv->dynids.n; i++) {
		const struct pci_id *id = &drv->dynids.v[i].id;
		const struct pci_id *w = &want.id;

		if (id->vendor != w->vendor || id->device != w->device ||
		    (w->subvendor != PCI_ID_ANY && id->subvendor != w->subvendor) ||
		    (w->subdevice != PCI_ID_ANY && id->subdevice != w->subdevice) ||
		    ((id->class ^ w->class) & w->class_mask))
			continue;
		memmove(&drv->dynids.v[i], &drv->dynids.v[i + 1],
			(drv->dynids.n - i - 1) * sizeof(*drv->dynids.v));
		drv->dynids.n--;
		return 0;
	}
	return -ENODEV;
}

uint32_t driver_named_fn(const struct sim *s, const char *buf)
{
	return sim_named_fn(s, buf, store_name_len(buf));
}

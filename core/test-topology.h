/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-topology - machines for tests, written down line by line. To be included by one
 * test file each; needs cmocka's header before it.
 *
 * Lines end with ';' or a newline. One of a function: its address, then words in any
 * order (numbers are hexadecimal, but for group= and sriov=):
 *
 *   endpoint legacy rciep rcec root up down  PCI Express, of that type
 *   pcie-pci pci-pcie                        a bridge between the two, by its upper side
 *   bridge                                   a conventional bridge; without: no bridge
 *   acs=CAP/CTRL  spt=CAP/CTRL               ACS, the second as Sunrise Point has it
 *   bus=SECONDARY[-SUBORDINATE] slot mf      id=V:D sub=V:D class=BBSS driver= group=
 *   len=BYTES                                so much of its registers was recorded
 *   vf=ADDRESS                               a virtual function of that one
 *   sriov=TOTAL/OFFSET/STRIDE/DEVICE
 *
 * And of the rest: "klog TEXT", "cmdline TEXT", "andd NUMBER NAME", and a unit or range
 * of reserved memory of a table, with what it is for:
 *
 *   drhd all | [bridge:]ADDRESS | andd:NUMBER ...          rmrr [bridge:]ADDRESS ...
 *   ivhd ADDRESS FIRST[-LAST][>ALIAS] | hid:ADDRESS:NAME ...    ivmd FIRST[-LAST]
 *   viot ADDRESS                                           all functions of segment 0
 */
#pragma once

#include <pci/header.h>
#include <stdio.h>

#include "core/machine.h"

#define T_CAP_EXP 0x40
#define T_CAP_ACS 0x100
#define T_CAP_IOV 0x140

static inline void t_put(uint8_t *c, unsigned off, unsigned n, uint64_t value)
{
	for (unsigned i = 0; i < n; i++)
		c[off + i] = (uint8_t)(value >> 8 * i);
}

/* ---- tables: bytes that grow ---- */

struct t_table {
	const char *name;
	uint8_t data[4096];
	size_t len;
	size_t unit; /* where the last structure begins */
};

static inline void t_add(struct t_table *t, unsigned n, uint64_t value)
{
	assert_true(t->len + n <= sizeof(t->data));
	t_put(t->data, (unsigned)t->len, n, value);
	t->len += n;
}

static inline void t_text(struct t_table *t, const char *text, size_t room)
{
	for (size_t i = 0; i < room; i++)
		t_add(t, 1, (uint8_t)(i < strlen(text) ? text[i] : 0));
}

/* The header; with it the table exists. */
static inline struct t_table *t_begin(struct t_table *t, const char *name)
{
	if (t->name)
		return t;
	t->name = name;
	memcpy(t->data, name, 4);
	t->data[8] = 1;
	t->len = 36;
	t_add(t, 2, streq(name, "DMAR") ? 0x26 : streq(name, "VIOT") ? 2 : 0x2840);
	t_add(t, 2, streq(name, "VIOT") ? 48 : 0);
	t_add(t, 8, 0);
	return t;
}

static inline void t_finish(struct t_table *t, struct machine *m)
{
	uint8_t sum = 0;

	if (!t->name)
		return;
	t_put(t->data, 4, 4, t->len);
	for (size_t i = 0; i < t->len; i++)
		sum = (uint8_t)(sum + t->data[i]);
	t->data[9] = (uint8_t)-sum;
	*vec_push(m->arena, &m->acpi) = (struct acpi_table){
		t->name, { arena_memdup(m->arena, t->data, t->len), t->len }
	};
}

static inline struct bdf t_bdf(const char *text, const char **ret_end)
{
	struct bdf b;
	int n = bdf_parse(text, &b);

	assert_true(n > 0);
	if (ret_end)
		*ret_end = text + n;
	return b;
}

static inline unsigned t_devid(struct bdf b)
{
	return (unsigned)b.bus << 8 | (unsigned)b.dev << 3 | b.fn;
}

static inline void t_scope(struct t_table *t, const char *w)
{
	const char *andd = after_prefix(w, "andd:"), *bridge = after_prefix(w, "bridge:");
	struct bdf b = { 0 };

	if (!andd)
		b = t_bdf(bridge ? bridge : w, NULL);
	t_add(t, 1, andd ? 5 : bridge ? 2 : 1);
	t_add(t, 1, 8);
	t_add(t, 2, 0);
	t_add(t, 1, andd ? strtoul(andd, NULL, 16) : 0);
	t_add(t, 1, b.bus);
	t_add(t, 1, b.dev);
	t_add(t, 1, b.fn);
	t_put(t->data, (unsigned)t->unit + 2, 2, t->len - t->unit);
}

static inline void t_dmar(struct t_table *t, const char *what, char *words)
{
	bool rmrr = streq(what, "rmrr");
	char *save = NULL;

	t_begin(t, "DMAR");
	t->unit = t->len;
	t_add(t, 2, rmrr);
	t_add(t, 2, rmrr ? 24 : 16);
	t_add(t, 4, 0);
	t_add(t, 8, rmrr ? 0x7b800000 : 0xfed90000 + t->len * 0x1000);
	if (rmrr)
		t_add(t, 8, 0x7bffffff);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		if (streq(w, "all"))
			t->data[t->unit + 4] = 1;
		else
			t_scope(t, w);
}

static inline void t_andd(struct t_table *t, char *words)
{
	const char *name = strchr(words, ' ') + 1;

	t_begin(t, "DMAR");
	t_add(t, 2, 4);
	t_add(t, 2, 8 + strlen(name) + 1);
	t_add(t, 3, 0);
	t_add(t, 1, strtoul(words, NULL, 16));
	t_text(t, name, strlen(name) + 1);
}

static inline void t_ivhd_entry(struct t_table *t, const char *w)
{
	const char *hid = after_prefix(w, "hid:"), *end;
	struct bdf first = t_bdf(hid ? hid : w, &end), last = first;
	unsigned alias = 0;
	bool aliased;

	if (hid) {
		t_add(t, 1, 0xf0);
		t_add(t, 3, t_devid(first));
		t_text(t, end + 1, 8);
		t_add(t, 8, 0);
		t_add(t, 2, 0);
		return;
	}
	if (*end == '-')
		last = t_bdf(end + 1, &end);
	aliased = *end == '>';
	if (aliased)
		alias = t_devid(t_bdf(end + 1, NULL));
	t_add(t, 1, aliased ? 0x43 : 3);
	t_add(t, 3, t_devid(first));
	if (aliased)
		t_add(t, 4, alias << 8);
	t_add(t, 1, 4);
	t_add(t, 3, t_devid(last));
}

static inline void t_ivhd(struct t_table *t, char *words)
{
	char *save = NULL, *w = strtok_r(words, " ", &save);

	t_begin(t, "IVRS");
	t->unit = t->len;
	t_add(t, 4, 0x40);
	t_add(t, 2, t_devid(t_bdf(w, NULL)));
	t_add(t, 2, 0x40);
	t_add(t, 8, 0xfeb80000 + t->len * 0x1000);
	t_add(t, 8, 0);
	t_add(t, 8, 0);
	t_add(t, 8, 0);
	while ((w = strtok_r(NULL, " ", &save)))
		t_ivhd_entry(t, w);
	t_put(t->data, (unsigned)t->unit + 2, 2, t->len - t->unit);
}

static inline void t_ivmd(struct t_table *t, const char *w)
{
	struct bdf first = t_bdf(w, &w), last = *w == '-' ? t_bdf(w + 1, NULL) : first;

	t_begin(t, "IVRS");
	t_add(t, 4, 32 << 16 | 7 << 8 | 0x22);
	t_add(t, 2, t_devid(first));
	t_add(t, 2, t_devid(last));
	t_add(t, 8, 0);
	t_add(t, 8, 0x7b800000);
	t_add(t, 8, 0x800000);
}

static inline void t_viot(struct t_table *t, const char *w)
{
	t_begin(t, "VIOT");
	t_add(t, 4, 24 << 16 | 1);
	t_add(t, 8, 0);
	t_add(t, 2, 0);
	t_add(t, 2, 0xffff);
	t_add(t, 2, 48 + 24);
	t_add(t, 6, 0);
	t_add(t, 4, 16 << 16 | 3);
	t_add(t, 4, t_devid(t_bdf(w, NULL)) << 16);
	t_add(t, 8, 0);
}

/* ---- functions ---- */

static const struct {
	const char *word;
	int type; /* PCI_EXP_TYPE_*; -1: conventional */
	bool bridge;
} t_types[] = {
	{ "endpoint", PCI_EXP_TYPE_ENDPOINT, false },
	{ "legacy", PCI_EXP_TYPE_LEG_END, false },
	{ "rciep", PCI_EXP_TYPE_ROOT_INT_EP, false },
	{ "rcec", PCI_EXP_TYPE_ROOT_EC, false },
	{ "root", PCI_EXP_TYPE_ROOT_PORT, true },
	{ "up", PCI_EXP_TYPE_UPSTREAM, true },
	{ "down", PCI_EXP_TYPE_DOWNSTREAM, true },
	{ "pcie-pci", PCI_EXP_TYPE_PCI_BRIDGE, true },
	{ "pci-pcie", PCI_EXP_TYPE_PCIE_BRIDGE, true },
	{ "bridge", -1, true },
};

static inline void t_type(uint8_t *c, size_t i)
{
	if (t_types[i].bridge) {
		c[PCI_HEADER_TYPE] |= PCI_HEADER_TYPE_BRIDGE;
		t_put(c, PCI_CLASS_DEVICE, 2, PCI_CLASS_BRIDGE_PCI);
	}
	if (t_types[i].type < 0)
		return;
	c[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	c[PCI_CAPABILITY_LIST] = T_CAP_EXP;
	c[T_CAP_EXP] = PCI_CAP_ID_EXP;
	t_put(c, T_CAP_EXP + PCI_EXP_FLAGS, 2, (unsigned)t_types[i].type << 4 | 2);
}

/* An extended capability; the next one, if any, is always that of SR-IOV. */
static inline void t_extended(uint8_t *c, unsigned at, unsigned id)
{
	t_put(c, at, 4, 1u << 16 | id);
	if (at != T_CAP_ACS)
		t_put(c, T_CAP_ACS + 2, 2, at << 4 | 1);
}

static inline void t_word(struct machine *m, struct pci_fn *fn, uint8_t *c, const char *w)
{
	unsigned v[4];
	char key[16];
	const char *value = strchr(w, '=');

	for (size_t i = 0; i < ARRAY_SIZE(t_types); i++)
		if (streq(w, t_types[i].word)) {
			t_type(c, i);
			return;
		}
	snprintf(key, sizeof(key), "%.*s", (int)strcspn(w, "="), w);
	value = value ? value + 1 : "";
	if (streq(key, "mf")) {
		c[PCI_HEADER_TYPE] |= 0x80;
	} else if (streq(key, "slot")) {
		c[T_CAP_EXP + PCI_EXP_FLAGS + 1] |= PCI_EXP_FLAGS_SLOT >> 8;
	} else if (streq(key, "acs") || streq(key, "spt")) {
		unsigned far = streq(key, "spt") ? 8 : 6;

		assert_int_equal(sscanf(value, "%x/%x", &v[0], &v[1]), 2);
		t_extended(c, T_CAP_ACS, PCI_EXT_CAP_ID_ACS);
		t_put(c, T_CAP_ACS + 4, 2, v[0]);
		t_put(c, T_CAP_ACS + far, 2, v[1]);
	} else if (streq(key, "bus")) {
		v[1] = 0;
		assert_true(sscanf(value, "%x-%x", &v[0], &v[1]) >= 1);
		t_put(c, PCI_PRIMARY_BUS, 1, fn->bdf.bus);
		t_put(c, PCI_SECONDARY_BUS, 1, v[0]);
		t_put(c, PCI_SUBORDINATE_BUS, 1, v[1] ? v[1] : v[0]);
	} else if (streq(key, "id") || streq(key, "sub")) {
		assert_int_equal(sscanf(value, "%x:%x", &v[0], &v[1]), 2);
		t_put(c, *key == 'i' ? 0 : PCI_SUBSYSTEM_VENDOR_ID, 4, v[1] << 16 | v[0]);
	} else if (streq(key, "class")) {
		t_put(c, PCI_CLASS_DEVICE, 2, strtoul(value, NULL, 16));
	} else if (streq(key, "driver")) {
		fn->driver = arena_strdup(m->arena, value);
	} else if (streq(key, "group")) {
		fn->group = atoi(value);
	} else if (streq(key, "len")) {
		fn->config.len = strtoul(value, NULL, 16);
	} else if (streq(key, "vf")) {
		fn->is_vf = true;
		fn->physfn = t_bdf(value, NULL);
	} else if (streq(key, "sriov")) {
		assert_int_equal(sscanf(value, "%u/%u/%u/%x", &v[0], &v[1], &v[2], &v[3]),
				 4);
		if (!c[T_CAP_ACS]) /* the list begins there, with something unknown */
			t_extended(c, T_CAP_ACS, 0xfff);
		t_extended(c, T_CAP_IOV, PCI_EXT_CAP_ID_SRIOV);
		t_put(c, T_CAP_IOV + PCI_IOV_OFFSET, 2, v[1]);
		t_put(c, T_CAP_IOV + PCI_IOV_STRIDE, 2, v[2]);
		t_put(c, T_CAP_IOV + PCI_IOV_DID, 2, v[3]);
		fn->vfs_total = v[0];
	} else {
		fail_msg("no such word: %s", w);
	}
}

static inline void t_fn(struct machine *m, struct bdf bdf, char *words)
{
	uint8_t *c = arena_alloc(m->arena, 4096);
	struct pci_fn *fn = vec_push(m->arena, &m->fns);
	char *save = NULL;

	t_put(c, 0, 4, 0x10001af4);
	t_put(c, PCI_CLASS_DEVICE, 2, PCI_CLASS_NETWORK_ETHERNET);
	*fn = (struct pci_fn){ .bdf = bdf,
			       .config = { c, 4096 },
			       .config_size = 4096,
			       .group = GROUP_NONE,
			       .numa = -1,
			       .reset = "flr" };
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		t_word(m, fn, c, w);
	if (fn->is_vf) /* its own ids read as nobody's */
		t_put(c, 0, 4, 0xffffffff);
}

static inline void t_line(struct machine *m, struct t_table t[3], char *line)
{
	char *rest = strchr(line, ' ');
	struct bdf bdf;
	int n = bdf_parse(line, &bdf);

	if (n > 0 && (line[n] == ' ' || !line[n])) {
		t_fn(m, bdf, line + n);
		return;
	}
	assert_non_null(rest);
	*rest++ = '\0';
	if (streq(line, "klog"))
		*vec_push(m->arena, &m->klog) = arena_strdup(m->arena, rest);
	else if (streq(line, "cmdline"))
		m->cmdline = arena_strdup(m->arena, rest);
	else if (streq(line, "drhd") || streq(line, "rmrr"))
		t_dmar(&t[0], line, rest);
	else if (streq(line, "andd"))
		t_andd(&t[0], rest);
	else if (streq(line, "ivhd"))
		t_ivhd(&t[1], rest);
	else if (streq(line, "ivmd"))
		t_ivmd(&t[1], rest);
	else if (streq(line, "viot"))
		t_viot(&t[2], rest);
	else
		fail_msg("no such line: %s", line);
}

/* The caller frees it with machine_free(). */
static inline struct machine *test_topology(const char *text)
{
	struct machine *m = machine_new();
	struct t_table *tables = arena_alloc(m->arena, 3 * sizeof(*tables));
	char *lines = arena_strdup(m->arena, text), *save = NULL;
	struct err e = { "" };

	for (char *l = strtok_r(lines, ";\n", &save); l;
	     l = strtok_r(NULL, ";\n", &save)) {
		l += strspn(l, " ");
		if (*l)
			t_line(m, tables, l);
	}
	for (size_t i = 0; i < 3; i++)
		t_finish(&tables[i], m);
	machine_finish(m, &e);
	assert_string_equal(e.text, "");
	return m;
}

static inline uint32_t t_find(const struct machine *m, const char *bdf)
{
	const struct pci_fn *fn = machine_fn(m, t_bdf(bdf, NULL));

	assert_non_null(fn);
	return (uint32_t)(fn - m->fns.v);
}

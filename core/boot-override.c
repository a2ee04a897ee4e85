/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>

#include "core/boot-override.h"
#include "core/boot-shell.h"
#include "core/modprobe-shell.h"
#include "core/plan-override.h"

static const struct pci_ident any_ident = { PCI_ID_ANY, PCI_ID_ANY, PCI_ID_ANY,
					    PCI_ID_ANY, PCI_ID_ANY };

bool override_matches(const struct boot_override *o, struct bdf bdf,
		      const struct pci_ident *id, struct blob config)
{
	const struct pci_id want = { o->match.vendor,
				     o->match.device,
				     o->match.subvendor,
				     o->match.subdevice,
				     0,
				     0,
				     false };
	uint8_t raw[8];
	char serial[17];

	if (!o->any_bdf && bdf_cmp(o->bdf, bdf))
		return false;
	if (!pci_id_matches(&want, id) ||
	    (o->match.class != PCI_ID_ANY && o->match.class != id->class))
		return false;
	if (!o->serial)
		return true;
	if (!cfg_serial(config, raw))
		return false;
	for (int i = 0; i < 8; i++)
		snprintf(serial + 2 * i, 3, "%02x", raw[i]);
	return streq(serial, o->serial);
}

static bool hex_word(const char *s, uint32_t *ret)
{
	char *end;
	unsigned long v = strtoul(s, &end, 16);

	if (end == s || *end || v > 0xffffffff)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* ---- scripts of the initramfs ---- */

/* override BDF VENDOR DEVICE SUBVENDOR SUBDEVICE DRIVER SERIAL|- ... */
static bool own_line(const strings *w, struct boot_override *o)
{
	if (w->n < 8 || !streq(w->v[0], "override"))
		return false;
	if (bdf_parse(w->v[1], &o->bdf) != (int)strlen(w->v[1]) ||
	    !hex_word(w->v[2], &o->match.vendor) ||
	    !hex_word(w->v[3], &o->match.device) ||
	    !hex_word(w->v[4], &o->match.subvendor) ||
	    !hex_word(w->v[5], &o->match.subdevice))
		return false;
	o->driver = w->v[6];
	o->serial = streq(w->v[7], "-") ? NULL : w->v[7];
	return true;
}

/* echo [-n] DRIVER > /sys/bus/pci/devices/BDF/driver_override */
static bool echo_line(const strings *w, struct boot_override *o)
{
	size_t i = w->n > 1 && streq(w->v[1], "-n") ? 2 : 1;
	const char *path;
	int len;

	if (w->n != i + 3 || !streq(w->v[0], "echo") || !streq(w->v[i + 1], ">"))
		return false;
	path = after_prefix(w->v[i + 2], "/sys/bus/pci/devices/");
	len = path ? bdf_parse(path, &o->bdf) : -1;
	if (len < 0 || !streq(path + len, "/driver_override") || strchr(w->v[i], '$'))
		return false;
	o->driver = w->v[i];
	return true;
}

/* What a call of modprobe loads; it may name several modules. */
static bool modprobe_line(struct arena *a, const strings *w,
			  const struct boot_override *from, boot_overrides *ret)
{
	struct boot_override o = *from;
	strings words = { 0 }, names = { 0 };
	bool ignore = false;

	if (!streq(path_name(w->v[0]), "modprobe"))
		return false;
	for (size_t i = 0; i < w->n && !streq(w->v[i], ">"); i++)
		*vec_push(a, &words) = w->v[i];
	if (!shell_modprobe_args(a, &words, &names, &o.options, &ignore, &o.flags))
		return false;
	o.flags |= ignore ? MODPROBE_IGNORE_INSTALL : 0;
	o.any_bdf = true;
	vec_foreach(name, &names) {
		if (strchr(*name, '$'))
			continue;
		o.load = *name;
		*vec_push(a, ret) = o;
	}
	return true;
}

void override_parse_script(struct arena *a, const char *text, boot_overrides *ret,
			   unsigned *ret_odd)
{
	static const char driver_folder[] = "/sys/bus/pci/drivers/";
	/* What stands behind an exit that nothing guards is never run. */
	const char *end = strstr(text, "\nexit");
	struct script s = { .arena = a,
			    .p = end ? arena_strndup(a, text, (size_t)(end - text) + 1)
				     : text,
			    .line = 1 };
	bool stores = false, ours = override_is_script(text);
	strings words = { 0 };
	unsigned line;

	if (!strstr(text, "override") && !strstr(text, "modprobe") &&
	    !strstr(text, driver_folder))
		return;
	while (script_next(&s, &words, &line)) {
		struct boot_override o = { .match = any_ident,
					   .options = "",
					   .line = line };

		if (modprobe_line(a, &words, &o, ret) ||
		    !((ours && own_line(&words, &o)) || echo_line(&words, &o)))
			continue;
		stores = true;
		*vec_push(a, ret) = o;
	}
	*ret_odd += (!stores && strstr(text, "driver_override")) ||
		    strstr(text, driver_folder);
}

/* ---- rules of udev ---- */

/* One KEY OP "VALUE" of a udev rule; returns behind it, or NULL at the end or at junk. */
static const char *rule_term(struct arena *a, const char *p, char **key, char op[3],
			     char **value)
{
	size_t n;

	p += strspn(p, " \t,");
	n = strcspn(p, "=!+:-");
	if (!n || !p[n])
		return NULL;
	while (n && isspace((unsigned char)p[n - 1]))
		n--;
	*key = arena_strndup(a, p, n);
	p += n;
	p += strspn(p, " \t");
	n = strspn(p, "=!+:-");
	if (!n || n > 2)
		return NULL;
	memcpy(op, p, n);
	op[n] = '\0';
	p += n;
	p += strspn(p, " \t");
	if (*p++ != '"')
		return NULL;
	n = strcspn(p, "\"");
	if (!p[n])
		return NULL;
	*value = arena_strndup(a, p, n);
	return p + n + 1;
}

/* An exact hex attribute, without the wildcards udev would allow. */
static bool rule_hex(const char *value, uint32_t *ret)
{
	return after_prefix(value, "0x") && hex_word(value, ret);
}

/* "kmod load NAME" or "/sbin/modprobe [-opt] NAME"; 0: neither, 1: loads, -1: unclear. */
static int rule_run(struct arena *a, const char *command, struct boot_override *o)
{
	static const char *const telling[] = { "driver_override", "/drivers",
					       "modprobe" };
	struct script s = { .arena = a, .p = command, .line = 1 };
	boot_overrides loads = { 0 };
	strings w = { 0 };
	unsigned line;

	if (!script_next(&s, &w, &line))
		return 0;
	if (w.n == 3 && streq(w.v[0], "kmod") && streq(w.v[1], "load")) {
		o->load = w.v[2];
		o->flags = MODPROBE_USE_BLACKLIST;
		return strchr(o->load, '$') ? -1 : 1;
	}
	if (modprobe_line(a, &w, o, &loads) && loads.n == 1) {
		o->load = loads.v[0].load;
		o->options = loads.v[0].options;
		o->flags = loads.v[0].flags;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(telling); i++)
		if (strstr(command, telling[i]))
			return -1;
	return 0;
}

/* Fill @o from one rule. 1: it does something for a PCI function; 0: not; -1: unclear. */
static int parse_rule(struct arena *a, const char *rule, struct boot_override *o)
{
	const struct {
		const char *key;
		uint32_t *field;
	} attrs[] = { { "ATTR{vendor}", &o->match.vendor },
		      { "ATTR{device}", &o->match.device },
		      { "ATTR{subsystem_vendor}", &o->match.subvendor },
		      { "ATTR{subsystem_device}", &o->match.subdevice },
		      { "ATTR{class}", &o->match.class } };
	bool pci = false, other = false, unclear = false, does = false;
	char *key, *value, op[3];

	*o = (struct boot_override){ .any_bdf = true, .match = any_ident, .options = "" };
	while ((rule = rule_term(a, rule, &key, op, &value))) {
		bool match = streq(op, "=="), known = false;

		if (match || streq(op, "!=")) {
			for (size_t i = 0; match && i < ARRAY_SIZE(attrs); i++)
				if (streq(key, attrs[i].key))
					known = rule_hex(value, attrs[i].field);
			if (streq(key, "SUBSYSTEM")) {
				known = true;
				pci |= match && streq(value, "pci");
				other |= match != streq(value, "pci");
			} else if (streq(key, "ACTION")) {
				known = true;
				other |= match !=
					 (strstr(value, "add") || streq(value, "*"));
			} else if (match && streq(key, "KERNEL") &&
				   bdf_parse(value, &o->bdf) == (int)strlen(value)) {
				known = pci = true;
				o->any_bdf = false;
			}
			unclear |= !known;
		} else if (streq(key, "ATTR{driver_override}")) {
			/* A write of no bytes never reaches the kernel. */
			o->driver = *value ? value : NULL;
			does |= *value != '\0';
		} else if (after_prefix(key, "RUN")) {
			int r = rule_run(a, value, o);

			does |= r != 0;
			unclear |= r < 0;
		}
	}
	if (!does || other || (!pci && !o->driver))
		return 0;
	return unclear || !pci ? -1 : 1;
}

void override_parse_rules(struct arena *a, const char *text, boot_overrides *ret,
			  unsigned *ret_odd)
{
	unsigned line = 0;

	if (!strstr(text, "driver_override") && !strstr(text, "modprobe") &&
	    !strstr(text, "kmod"))
		return;
	for (const char *p = text; *p;) {
		struct boot_override o;
		unsigned first = line + 1;
		size_t used = 0, len = 0;
		char *rule;
		int r;

		/* A backslash at the end of a line joins the next one to it. */
		while (p[len]) {
			len += strcspn(p + len, "\n");
			line++;
			if (!len || p[len - 1] != '\\' || !p[len])
				break;
			len++;
		}
		rule = arena_strndup(a, p, len);
		for (size_t i = 0; i < len; i++)
			if (rule[i] != '\\' || rule[i + 1] != '\n')
				rule[used++] = rule[i] == '\n' ? ' ' : rule[i];
		rule[used] = '\0';
		p += len + (p[len] == '\n');
		rule += strspn(rule, " \t");
		if (*rule == '#')
			continue;
		r = parse_rule(a, rule, &o);
		o.line = first;
		if (r > 0)
			*vec_push(a, ret) = o;
		*ret_odd += r < 0;
	}
}

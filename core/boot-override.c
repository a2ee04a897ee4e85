/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>

#include "core/boot-override.h"

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

/* Cut @line into words at blanks, quotes taken off; at most @max. */
static size_t shell_words(char *line, char *words[], size_t max)
{
	size_t n = 0;

	for (char *p = line; n < max;) {
		char end = ' ';

		p += strspn(p, " \t");
		if (!*p || *p == '#')
			break;
		if (*p == '"' || *p == '\'')
			end = *p++;
		words[n++] = p;
		p += end == ' ' ? strcspn(p, " \t") : strcspn(p, end == '"' ? "\"" : "'");
		if (!*p)
			break;
		*p++ = '\0';
	}
	return n;
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

/* override BDF VENDOR DEVICE SUBVENDOR SUBDEVICE DRIVER SERIAL|- ... */
static bool own_line(struct arena *a, char *words[], size_t n, struct boot_override *o)
{
	if (n < 8 || !streq(words[0], "override"))
		return false;
	if (bdf_parse(words[1], &o->bdf) != (int)strlen(words[1]) ||
	    !hex_word(words[2], &o->match.vendor) ||
	    !hex_word(words[3], &o->match.device) ||
	    !hex_word(words[4], &o->match.subvendor) ||
	    !hex_word(words[5], &o->match.subdevice))
		return false;
	o->driver = arena_strdup(a, words[6]);
	o->serial = streq(words[7], "-") ? NULL : arena_strdup(a, words[7]);
	return true;
}

/* echo DRIVER > /sys/bus/pci/devices/BDF/driver_override, with or without a blank after >
 */
static bool echo_line(struct arena *a, char *words[], size_t n, struct boot_override *o)
{
	const char *path;
	int len;

	if (n < 3 || !streq(words[0], "echo") || words[2][0] != '>')
		return false;
	path = words[2][1] ? words[2] + 1 : n > 3 ? words[3] : "";
	path = after_prefix(path, "/sys/bus/pci/devices/");
	len = path ? bdf_parse(path, &o->bdf) : -1;
	if (len < 0 || !streq(path + len, "/driver_override"))
		return false;
	o->driver = arena_strdup(a, words[1]);
	return true;
}

static bool modprobe_line(struct arena *a, char *words[], size_t n,
			  struct boot_override *o)
{
	if (n < 2 || !streq(path_name(words[0]), "modprobe"))
		return false;
	for (size_t i = 1; i < n; i++)
		if (words[i][0] != '-') {
			o->any_bdf = true;
			o->load = arena_strdup(a, words[i]);
			return true;
		}
	return false;
}

void override_parse_script(struct arena *a, const char *text, boot_overrides *ret,
			   unsigned *ret_odd)
{
	bool stores = false;
	unsigned line = 0;

	for (const char *p = text, *end; *p; p = end + (*end == '\n')) {
		struct boot_override o = { .match = any_ident, .line = ++line };
		char *words[12], *copy;
		size_t n;

		end = p + strcspn(p, "\n");
		copy = arena_strndup(a, p, (size_t)(end - p));
		if (!strstr(copy, "override") && !strstr(copy, "modprobe"))
			continue;
		n = shell_words(copy, words, ARRAY_SIZE(words));
		if (!own_line(a, words, n, &o) && !echo_line(a, words, n, &o) &&
		    !modprobe_line(a, words, n, &o))
			continue;
		stores |= o.driver != NULL;
		*vec_push(a, ret) = o;
	}
	if (!stores && strstr(text, "driver_override"))
		(*ret_odd)++;
}

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

/* The module in "kmod load NAME" or "/sbin/modprobe [-opt] NAME". */
static const char *rule_run(struct arena *a, char *command)
{
	char *words[6];
	size_t n = shell_words(command, words, ARRAY_SIZE(words));
	struct boot_override o = { 0 };

	if (n == 3 && streq(words[0], "kmod") && streq(words[1], "load"))
		return strchr(words[2], '$') ? NULL : arena_strdup(a, words[2]);
	return modprobe_line(a, words, n, &o) && !strchr(o.load, '$') ? o.load : NULL;
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
	char *key, *value, op[3];
	bool pci = false, unclear = false;

	*o = (struct boot_override){ .any_bdf = true, .match = any_ident };
	while ((rule = rule_term(a, rule, &key, op, &value))) {
		bool known = false;

		if (streq(op, "==")) {
			for (size_t i = 0; i < ARRAY_SIZE(attrs); i++)
				if (streq(key, attrs[i].key))
					known = rule_hex(value, attrs[i].field);
			if (streq(key, "SUBSYSTEM"))
				known = true, pci |= streq(value, "pci");
			else if (streq(key, "ACTION"))
				known = strstr(value, "add") != NULL;
			else if (streq(key, "KERNEL") &&
				 bdf_parse(value, &o->bdf) == (int)strlen(value))
				known = pci = true, o->any_bdf = false;
			unclear |= !known;
		} else if (streq(op, "!=")) {
			unclear |= !(streq(key, "ACTION") && !strstr(value, "add"));
		} else if (streq(key, "ATTR{driver_override}")) {
			o->driver = value;
		} else if (after_prefix(key, "RUN")) {
			const char *load = rule_run(a, value);

			o->load = load ? load : o->load;
		}
	}
	if (!pci || (!o->driver && !o->load))
		return 0;
	return unclear ? -1 : 1;
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

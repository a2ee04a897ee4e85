/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration space from words, on recorded machines: against the bytes that the same
 * recording has, against what the real lspci says of the bytes that were made, and
 * against the groups that stand beside it.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "core/test-captures.h"
#include "fakesys/import.h"

/* ---- recordings ---- */

static const char *next_line(struct arena *a, const char **text)
{
	size_t n = strcspn(*text, "\n");
	const char *line = **text ? arena_strndup(a, *text, n) : NULL;

	*text += n + ((*text)[n] == '\n');
	return line;
}

static bool is_hex_row(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");

	if (n < 2 || n > 3 || s[n] != ':' || s[n + 1] != ' ')
		return false;
	return strspn(s + n, "0123456789abcdef: ") > 6;
}

/* @text without its bytes; a row that libpci's complaint broke is two lines. */
static char *without_hex(struct arena *a, const char *text)
{
	char *all = NULL;
	size_t size;
	FILE *f = open_memstream(&all, &size);
	const char *line;

	while ((line = next_line(a, &text))) {
		if (is_hex_row(line)) {
			if (strstr(line, "pcilib: "))
				next_line(a, &text);
			continue;
		}
		fprintf(f, "%s\n", line);
	}
	fclose(f);
	line = arena_strdup(a, all);
	free(all);
	return (char *)(uintptr_t)line;
}

static struct machine *import_text(const char *text)
{
	struct machine *m = machine_new();
	struct blob b = { (const uint8_t *)text, strlen(text) };
	struct err e = { "" };

	if (import_add(m, "L", b, NULL, &e) < 0 || import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

static const char *read_text(struct arena *a, const char *path)
{
	struct blob b = read_capture(a, path);

	if (!b.data)
		fail_msg("%s cannot be read", path);
	return (const char *)b.data;
}

/* ---- against recorded bytes ---- */

/*
 * What decides behaviour, by the specifications: PCI 3.0, 6.1; PCI Express 6.0, 7.5 to
 * 7.9. Left out is what lspci does not tell (the interrupt line, scales of power limits,
 * of function level reset only with some types) and serial numbers, which were scrubbed
 * in these texts.
 */
static const struct compared {
	bool ext;
	uint16_t id; /* of the capability; 0: the header */
	uint16_t at;
	uint32_t mask;
} compared[] = {
	/* clang-format off */
	{ false, 0, 0x00, 0xffffffff },		{ false, 0, 0x04, 0xf9b807ff },
	{ false, 0, 0x08, 0xffffffff },		{ false, 0, 0x0c, 0x7fff00 },
	{ false, 0, 0x34, 0xff },
	{ false, 0x01, 0x02, 0x0103fe2f },	/* power management */
	{ false, 0x05, 0x02, 0x01ff },		/* MSI */
	{ false, 0x09, 0x02, 0xff },		/* vendor specific */
	{ false, 0x0d, 0x04, 0xffffffff },	/* subsystem */
	{ false, 0x10, 0x02, 0x3fff },		{ false, 0x10, 0x04, 0xf03f },
	{ false, 0x10, 0x08, 0xffff },		{ false, 0x10, 0x0c, 0xff7c0fff },
	{ false, 0x10, 0x10, 0x0fff },		{ false, 0x10, 0x12, 0xffff },
	{ false, 0x11, 0x02, 0xc7ff },		{ false, 0x11, 0x04, 0xffffffff },
	{ false, 0x11, 0x08, 0xffffffff },
	{ false, 0x12, 0x04, 0xffffffff },	/* SATA */
	{ false, 0x13, 0x03, 0x3 },		/* advanced features */
	{ true, 0x01, 0x04, 0xffffffff },	{ true, 0x01, 0x08, 0x3ff030 },
	{ true, 0x01, 0x0c, 0x3ff030 },		{ true, 0x01, 0x14, 0x31c1 },
	{ true, 0x0b, 0x04, 0xffffffff },	/* vendor specific */
	{ true, 0x0d, 0x04, 0x7f },		{ true, 0x0d, 0x06, 0x7f }, /* ACS */
	{ true, 0x0e, 0x04, 0xff03 },		/* ARI */
	{ true, 0x0f, 0x04, 0x801f001f },	/* ATS */
	{ true, 0x10, 0x08, 0x1f },		{ true, 0x10, 0x0c, 0xffffffff },
	{ true, 0x10, 0x10, 0xffff },		{ true, 0x10, 0x14, 0xffffffff },
	{ true, 0x1e, 0x04, 0x1f },		{ true, 0x1e, 0x08, 0xf },
	/* clang-format on */
};

/*
 * Addresses and bridges' registers of the header. Not told, or not by all: the type of a
 * window, VGA16, a bridge's pin.
 */
static const struct {
	bool bridge;
	uint16_t at;
	uint32_t mask;
} header[] = {
	/* clang-format off */
	{ false, 0x10, 0xffffffff },	{ false, 0x14, 0xffffffff },
	{ false, 0x18, 0xffffffff },	{ false, 0x1c, 0xffffffff },
	{ false, 0x20, 0xffffffff },	{ false, 0x24, 0xffffffff },
	{ false, 0x2c, 0xffffffff },	{ false, 0x30, 0xfffff801 },
	{ true, 0x10, 0xffffffff },	{ true, 0x14, 0xffffffff },
	{ true, 0x18, 0xffffffff },	{ true, 0x1c, 0xf9a0f0f0 },
	{ true, 0x20, 0xffffffff },	{ true, 0x24, 0xfff0fff0 },
	{ true, 0x28, 0xffffffff },	{ true, 0x2c, 0xffffffff },
	{ true, 0x30, 0xffffffff },	{ true, 0x3c, 0x0fef0000 },
	/* clang-format on */
};

static unsigned compare_headers(const char *bdf, struct blob b, struct blob w)
{
	bool bridge = cfg_is_bridge(b);
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(header); i++) {
		uint32_t at = header[i].at;

		if (header[i].bridge != bridge)
			continue;
		/* lspci leaves out what sysfs has no region for, and copies of ROMs. */
		if (!bridge && at != 0x2c && !cfg_u32(w, at))
			continue;
		n++;
		if ((cfg_u32(b, at) ^ cfg_u32(w, at)) & header[i].mask)
			fail_msg("%s %02x: %08x in bytes, %08x in words", bdf, at,
				 cfg_u32(b, at), cfg_u32(w, at));
	}
	return n;
}

static uint32_t place(struct blob config, const struct compared *c)
{
	if (!c->id)
		return 0;
	return c->ext ? cfg_find_ext_cap(config, c->id)
		      : cfg_find_cap(config, (uint8_t)c->id);
}

/* Ids and offsets of all capabilities, in the order of their chains. */
static const char *chain(struct arena *a, struct blob config)
{
	const char *s = "";
	unsigned at = cfg_u8(config, 0x34) & 0xfcu, n = 0;

	for (; at && n++ < 48; at = cfg_u8(config, at + 1) & 0xfcu)
		s = arena_printf(a, "%s %02x@%02x", s, cfg_u8(config, at), at);
	at = config.len > 256 ? 256 : 0;
	for (n = 0; at && n++ < 200; at = cfg_u32(config, at) >> 20)
		if (cfg_u32(config, at))
			s = arena_printf(a, "%s %05x@%03x", s,
					 cfg_u32(config, at) & 0xfffff, at);
	return s;
}

static void test_bytes(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	const char *text = read_text(a, *state);
	AUTOMACHINE struct machine *bytes = import_text(text);
	AUTOMACHINE struct machine *words = import_text(without_hex(a, text));
	unsigned n = 0;
	char bdf[BDF_SIZE];

	assert_int_equal(bytes->fns.n, words->fns.n);
	for (size_t i = 0; i < bytes->fns.n; i++) {
		struct blob b = bytes->fns.v[i].config, w = words->fns.v[i].config;

		bdf_format(bytes->fns.v[i].bdf, bdf);
		if (!b.len || !w.len) /* powered off */
			continue;
		if (!streq(chain(a, b), chain(a, w)))
			fail_msg("%s:%s in bytes,%s in words", bdf, chain(a, b),
				 chain(a, w));
		n += compare_headers(bdf, b, w);
		for (size_t k = 0; k < ARRAY_SIZE(compared); k++) {
			const struct compared *c = &compared[k];
			uint32_t at = place(b, c), mask = c->mask;

			if (c->id && !at)
				continue;
			/* The kernel takes functions above 0 for parts of one. */
			if (!c->id && c->at == 0x0c && bytes->fns.v[i].bdf.fn)
				mask &= ~0x800000u;
			if ((cfg_u32(b, at + c->at) ^ cfg_u32(w, at + c->at)) & mask)
				fail_msg("%s: capability %x at %x+%x: %08x in bytes, "
					 "%08x in words",
					 bdf, c->id, at, c->at, cfg_u32(b, at + c->at),
					 cfg_u32(w, at + c->at));
			n++;
		}
	}
	print_message("# %u registers of %zu functions are the same\n", n, bytes->fns.n);
}

/* ---- against lspci ---- */

/* Words that came into pciutils, left it or changed after 3.9, and what 3.9 says. */
static const struct {
	const char *from, *to;
} wordings[] = {
	/* clang-format off */
	{ "IntMsgNum ", "MSI " },	  { "INT Msg #", "MSI " },   { "IntMsg ", "MSI " },
	{ "Report errors:", "" },	  { "Correctable", "CorrErr" },
	{ "ErrCorrErr", "ErrCorrectable" }, { " Non-Fatal", " NonFatalErr" },
	{ " Fatal+", " FatalErr+" },	  { " Fatal-", " FatalErr-" },
	{ "Unsupported+", "UnsupReq+" },  { "Unsupported-", "UnsupReq-" },
	{ "UncorrErr", "NonFatalErr" },	  { "UnsuppReq", "UnsupReq" },
	{ " AdvNonFatalErr", " NFE" },
	{ "Timeout- NonFatalErr", "Timeout- NFE" }, { "Timeout+ NonFatalErr", "Timeout+ NFE" },
	{ "Interrupt Message Number: ", "MSI " },
	{ "LnkDisable", "Disabled" },	  { " GenCap", " ECRCGenCap" }, { " CGenEn", " ECRCGenEn" },
	{ " ChkCap", " ECRCChkCap" },	  { " ChkEn", " ECRCChkEn" },
	{ "Preset/De-emphasis", "De-emphasis" }, { " de-emphasis, 0dB preshoot", "" },
	{ "Requester:", "Requester" },	  { "Responder:", "Responder" }, { "Root:", "Root" },
	{ "RootSelected:", "RootSelected" }, { "Enabled:", "Enabled" },
	{ " (ok)", "" }, { " (downgraded)", "" }, { " (strange)", "" }, { " (overdriven)", "" },
	{ "[enhanced] ", "" },		  
	{ "[ID", "[id" },		  { "TabSize=", "Count=" },
	/* clang-format on */
};

/*
 * Lines of which nothing is in the configuration space, or not in a dump of it; a line
 * holds what stands behind each.
 */
static const struct {
	const char *start, *why;
} not_in_dump[] = {
	{ "Kernel ", "sysfs" },
	{ "IOMMU group", "sysfs" },
	{ "NUMA node", "sysfs" },
	{ "DeviceName", "sysfs" },
	{ "Physical Slot", "sysfs" },
	{ "Subsystem", "by name, with another pci.ids" },
	{ "Device tree node", "sysfs" },
	{ "Expansion ROM", "its size is sysfs's" },
	{ "Region", "regions in sysfs have a size, or are the kernel's alone" },
	{ "[virtual]", "the kernel's" },
	{ "I/O behind bridge", "closed windows have no addresses since 3.7" },
	{ "Memory behind bridge", "as above" },
	{ "Prefetchable memory behind bridge", "as above" },
	{ "pcilib", "a complaint of libpci" },
	{ "Not readable", "product data is not in the space" },
	{ "Product Name", "as above" },
	{ "No end tag", "as above" },
	{ "<error in resizable", "3.9 says it of other numbers" },
	{ "!!! Unknown header type", "the function was powered off" },
};

/* Lines that 3.9 does not print of the same bits. */
static const struct {
	const char *has, *why;
} differs[] = {
	{ " v1] #", "3.9 knows this id's name" },
	{ "AtomicOpsCap: 32bit", "not of integrated endpoints" },
	{ "ASPM L1, Exit Latency L0s",
	  "only latencies of the states that are supported" },
	{ "Bridge: PM- B3+", "only if there are other bits" },
	{ "pin ?", "the pin is not told" },
	{ "   TrErr- Train- SlotClk+", "a mail has lost the line above it" },
};

static bool is_alike(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(differs); i++)
		if (strstr(s, differs[i].has))
			return false;
	return true;
}

/* Pieces of lines that 3.9 does not print, or prints by another rule. */
static const struct {
	const char *word, *why;
} not_printed[] = {
	/* clang-format off */
	{ "routed", "the kernel's interrupt, not the register's" }, { "to", "" }, { "IRQ", "" },
	{ "TEE-IO", "since 3.11" },	{ "FltModeDis", "since 3.11" }, { "FltMode", "since 3.11" },
	{ "UncorrIntErr", "since 3.11" }, { "BlockedTLP", "" }, { "AtomicOpBlocked", "" },
	{ "TLPBlockedErr", "" }, { "PoisonTLPBlocked", "" }, { "DMWrReqBlocked", "" },
	{ "IDECheck", "" }, { "MisIDETLP", "" }, { "PCRC_CHECK", "" }, { "TLPXlatBlocked", "" },
	{ "CorrIntErr", "" }, { "HeaderOF", "" }, { "IDOReq", "since 3.11" }, { "IDOCompl", "" },
	{ "EmergencyPowerReductionReq", "" }, { "EETLPPrefixBlk", "" }, { "PASID", "since 3.10" },
	{ "VGA16", "not in all" },	{ "Phy16Sta:", "since 3.10" }, { "EquComplete", "" },
	{ "EquPhase1", "" }, { "EquPhase2", "" }, { "EquPhase3", "" }, { "LinkEquRequest", "" },
	{ "PortCap:", "since 3.10" }, { "PortSta:", "" }, { "Uses", "" }, { "Driver", "" },
	{ "MargReady", "" }, { "MargSoftReady", "" }, { "<?>", "undecoded, by version" },
	/* clang-format on */
};

static char *replace(struct arena *a, const char *s, const char *from, const char *to)
{
	const char *at;
	char *all = arena_strdup(a, s);

	while ((at = strstr(all, from)) && (!*to || !strstr(to, from)))
		all = arena_printf(a, "%.*s%s%s", (int)(at - all), all, to,
				   at + strlen(from));
	return all;
}

/* One word of a line, without what stands between words; NULL at the end. */
static const char *next_word(struct arena *a, const char **s)
{
	static const char between[] = " \t,;()[]";
	size_t n;
	const char *word;

	*s += strspn(*s, between);
	n = strcspn(*s, between);
	word = n ? arena_strndup(a, *s, n) : NULL;
	*s += n;
	return word;
}

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789abcdef") == strlen(s);
}

/* Numbers as they are, whatever their zeros: "00", "0", "10.000W". */
static const char *plain(struct arena *a, const char *word)
{
	const char *point = strchr(word, '.');
	size_t n = strlen(word);

	if (is_number(word))
		while (*word == '0' && word[1])
			word++;
	if (point && n > 1 && word[n - 1] == 'W' && isdigit((unsigned char)*word)) {
		size_t end = n - 1;

		while (word[end - 1] == '0')
			end--;
		if (word[end - 1] == '.')
			end--;
		return arena_printf(a, "%.*sW", (int)end, word);
	}
	return word;
}

static bool is_printed(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_printed); i++) {
		const char *rest = after_prefix(word, not_printed[i].word);

		if (rest && (!*rest || *rest == '+' || *rest == '-'))
			return false;
	}
	return true;
}

/* Where in a listing a line stands, and all its words. */
struct said {
	const char *where; /* "0000:00:1c.0 [40] DevCap:" */
	const char *words; /* " ExtTag+ RBE+ " */
	const char *line;
};

typedef VEC(struct said) saids;

/* A label that starts a register of a capability, or of the header. */
static bool is_register(const char *word)
{
	static const char *const parts[] = {
		"AtomicOpsCap:", "AtomicOpsCtl:", "Enable:", "Control:", "Timeout:",
		"Speeds:",       "De-emphasis:",  "Margin:", "Level:",   "Speed:"
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (streq(word, parts[i]))
			return false;
	return isupper((unsigned char)*word) && word[strlen(word) - 1] == ':';
}

static bool is_in_dump(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_in_dump); i++)
		if (after_prefix(s, not_in_dump[i].start))
			return false;
	return !strstr(s, "] Subsystem: ");
}

static const char *function_of(struct arena *a, const char *line)
{
	char bdf[BDF_SIZE];
	struct bdf b;
	int n;

	while (*line == '>')
		line += strspn(line, "> ");
	n = bdf_parse(line, &b);
	return n > 0 && line[n] == ' ' ? arena_strdup(a, bdf_format(b, bdf)) : NULL;
}

/* Indented by one tab, or eight blanks. */
static bool is_outer(const char *line)
{
	return line[0] == '\t' ? line[1] != '\t' : strspn(line, " ") <= 8;
}

/* Every indented line of a listing, word by word, by function, capability, register. */
static void take_apart(struct arena *a, const char *text, saids *ret)
{
	const char *line, *fn = NULL, *cap = "", *reg = "";

	while ((line = next_line(a, &text))) {
		const char *start = line + strspn(line, " \t"), *word, *s;
		const char *named = function_of(a, line);
		bool own = true;

		if (named || !*start) {
			fn = named;
			cap = reg = "";
			continue;
		}
		if (!fn || start == line || !is_in_dump(start))
			continue;
		s = after_prefix(start, "Capabilities: ");
		if (s && *s == '[') {
			cap = arena_strndup(a, s, strcspn(s, "] "));
			reg = "";
			s += strcspn(s, "]") + 1;
		} else {
			s = start;
			if (is_outer(line))
				cap = reg = "";
		}
		for (size_t i = 0; i < ARRAY_SIZE(wordings); i++)
			s = replace(a, s, wordings[i].from, wordings[i].to);
		while ((word = next_word(a, &s))) {
			struct said *said;

			if (is_register(word)) {
				reg = word;
				own = true;
			}
			if (streq(word, "IRQ"))
				next_word(a, &s);
			if (!is_printed(word))
				continue;
			if (own) {
				said = vec_push(a, ret);
				said->where = arena_printf(a, "%s %s %s", fn, cap, reg);
				said->words = " ";
				said->line = line;
				own = false;
			}
			said = &ret->v[ret->n - 1];
			said->words =
				arena_printf(a, "%s%s ", said->words, plain(a, word));
		}
	}
}

static int cmp_said(const void *x, const void *y)
{
	return strcmp(((const struct said *)x)->where, ((const struct said *)y)->where);
}

/* Every word of @want is said at its place in @got, which is sorted. */
static const char *missing_word(struct arena *a, const struct said *want,
				const saids *got)
{
	const char *s = want->words, *word;
	size_t low = 0, high = got->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cmp_said(&got->v[mid], want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	while ((word = next_word(a, &s))) {
		const char *as_word = arena_printf(a, " %s ", word);
		bool found = false;

		for (size_t i = low; i < got->n && !cmp_said(&got->v[i], want); i++)
			found |= strstr(got->v[i].words, as_word) != NULL;
		if (!found)
			return word;
	}
	return NULL;
}

/* What lspci says of these configuration spaces; NULL: it is not installed. */
static char *ask_lspci(struct arena *a, const struct machine *m)
{
	char path[] = "/tmp/pcipass-words-XXXXXX", bdf[BDF_SIZE];
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w"), *p;
	char *all = NULL;
	size_t size = 0;
	ssize_t n;

	vec_foreach(fn, &m->fns) {
		fprintf(f, "%s x\n", bdf_format(fn->bdf, bdf));
		for (size_t i = 0; i < fn->config.len; i++) {
			if (i % 16 == 0)
				fprintf(f, "%s%02zx:", i ? "\n" : "", i);
			fprintf(f, " %02x", fn->config.data[i]);
		}
		fprintf(f, "\n\n");
	}
	fclose(f);
	p = popen(arena_printf(a, "lspci -D -vvv -F %s 2>/dev/null", path), "re");
	n = p ? getdelim(&all, &size, '\0', p) : -1;
	if (p)
		pclose(p);
	unlink(path);
	if (n > 0) {
		char *copy = arena_strndup(a, all, (size_t)n);

		free(all);
		return copy;
	}
	free(all);
	return NULL;
}

static void test_lspci(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	char *text = without_hex(a, read_text(a, *state));
	AUTOMACHINE struct machine *m = import_text(text);
	char *answer = ask_lspci(a, m);
	saids want = { 0 }, got = { 0 };
	unsigned n = 0, known = 0;

	if (!answer) {
		print_message("lspci is not installed, or answers nothing\n");
		skip();
	}
	take_apart(a, text, &want);
	take_apart(a, answer, &got);
	if (got.n)
		qsort(got.v, got.n, sizeof(*got.v), cmp_said);
	vec_foreach(w, &want) {
		const char *word = missing_word(a, w, &got);

		known += word && !is_alike(w->line);
		n += word && is_alike(w->line);
		if (word)
			print_message("# %s: no %s: %s\n", w->where, word, w->line);
	}
	print_message("# %zu of %zu lines agree, %u are known to differ\n",
		      want.n - n - known, want.n, known);
	assert_int_equal(n, 0);
}

/* ---- against recorded groups ---- */

/* "bdf group pcie_type acscap acsctl", a header above. */
static void test_groups(void **state)
{
	const char *tsv_path = *state;
	AUTOARENA struct arena *a = arena_new();
	size_t stem = strlen(tsv_path) - strlen(".groups.tsv");
	const char *tsv = read_text(a, tsv_path), *line;
	const char *path = arena_printf(a, "%.*s.txt", (int)stem, tsv_path);
	AUTOMACHINE struct machine *m = import_text(read_text(a, path));
	size_t n = 0;

	next_line(a, &tsv);
	while ((line = next_line(a, &tsv))) {
		const struct pci_fn *fn;
		struct bdf bdf;
		int len = bdf_parse(line, &bdf);
		int group = isdigit((unsigned char)line[len + 1]) ? atoi(line + len + 1)
								  : GROUP_NONE;

		fn = machine_fn(m, bdf);
		if (!fn || fn->group != group)
			fail_msg("%.12s: group %d, recorded %d", line,
				 fn ? fn->group : -2, group);
		n++;
	}
	assert_int_equal(n, m->fns.n);
}

/* ---- all of them ---- */

static size_t add(struct arena *a, struct CMUnitTest *tests, const char *what,
		  CMUnitTestFunction func, const char *folder, const char *file)
{
	*tests = (struct CMUnitTest){
		.name = arena_printf(a, "%s: %s/%s", what, path_name(folder), file),
		.test_func = func,
		.initial_state = arena_printf(a, "%s/%s", folder, file),
	};
	return 1;
}

static size_t add_folder(struct arena *a, struct CMUnitTest *tests, size_t max,
			 const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	size_t n = 0;

	while (d && n + 2 < max && (entry = readdir(d))) {
		const char *name = entry->d_name;

		if (streq(name, "lspci.log"))
			n += add(a, tests + n, "bytes", test_bytes, folder, name);
		if (streq(name, "lspci.log") ||
		    (ends_with(name, ".txt") && !strstr(name, "dmesg")))
			n += add(a, tests + n, "lspci", test_lspci, folder, name);
		if (ends_with(name, ".groups.tsv"))
			n += add(a, tests + n, "groups", test_groups, folder, name);
	}
	if (d)
		closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	static const char *const parents[] = { "lspci", "machines" };
	const char *dir = captures_dir(argc, argv);
	AUTOARENA struct arena *a = arena_new();
	struct CMUnitTest tests[200];
	size_t n = 0;

	if (!dir)
		return 77;
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++) {
		const char *parent = arena_printf(a, "%s/%s", dir, parents[i]);
		DIR *d = opendir(parent);
		struct dirent *entry;

		while (d && (entry = readdir(d)))
			if (*entry->d_name != '.')
				n += add_folder(
					a, tests + n, ARRAY_SIZE(tests) - n,
					arena_printf(a, "%s/%s", parent, entry->d_name));
		if (d)
			closedir(d);
	}
	return _cmocka_run_group_tests("recordings in words", tests, n, NULL, NULL);
}

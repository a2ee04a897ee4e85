/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include "core/cmdline.h"

/*
 * lib/cmdline.c:next_arg: blanks end a word unless a double quote is open. Returns the
 * word's start and length, NULL at the end; *@p moves on.
 */
static const char *next_word(const char **p, size_t *ret_len)
{
	const char *word = *p, *end;
	bool quoted = false;

	while (isspace((unsigned char)*word))
		word++;
	for (end = word; *end && (quoted || !isspace((unsigned char)*end)); end++)
		quoted ^= *end == '"';
	*p = end;
	*ret_len = (size_t)(end - word);
	return *ret_len ? word : NULL;
}

void cmdline_split(struct arena *a, const char *cmdline, strings *ret)
{
	size_t n;

	for (const char *w; (w = next_word(&cmdline, &n));)
		*vec_push(a, ret) = arena_strndup(a, w, n);
}

/* kernel/params.c:dash2underscore. */
static bool key_equal(const char *a, size_t n, const char *b)
{
	for (size_t i = 0; i < n; i++)
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	return !b[n];
}

/*
 * If @word sets @key: its value, of *@ret_len bytes, without the quotes that next_arg
 * takes away; "" for a bare key. NULL: another key.
 */
static const char *word_value(const char *word, size_t len, const char *key,
			      size_t *ret_len)
{
	bool lead = len && *word == '"';
	const char *equals;
	size_t key_len;

	word += lead;
	len -= lead;
	equals = memchr(word, '=', len);
	key_len = equals ? (size_t)(equals - word) : len;
	if (!equals && lead && len && word[len - 1] == '"')
		key_len--;
	if (!key_equal(word, key_len, key))
		return NULL;
	if (!equals) {
		*ret_len = 0;
		return "";
	}
	equals++;
	len -= key_len + 1;
	if (len && !lead && *equals == '"') {
		lead = true;
		equals++;
		len--;
	}
	if (len && lead && equals[len - 1] == '"')
		len--;
	*ret_len = len;
	return equals;
}

/* What follows "--" is init's, not the kernel's (init/main.c:start_kernel). */
static bool ends_options(const char *word, size_t len)
{
	return len == 2 && memcmp(word, "--", 2) == 0;
}

const char *cmdline_get(struct arena *a, const char *cmdline, const char *key)
{
	const char *last = NULL;
	size_t n, last_len = 0, value_len;

	for (const char *w; (w = next_word(&cmdline, &n)) && !ends_options(w, n);) {
		const char *value = word_value(w, n, key, &value_len);

		if (value) {
			last = value;
			last_len = value_len;
		}
	}
	return last ? arena_strndup(a, last, last_len) : NULL;
}

bool cmdline_has_word(const char *cmdline, const char *word)
{
	size_t n, len = strlen(word);

	for (const char *w; (w = next_word(&cmdline, &n));)
		if (n == len && memcmp(w, word, n) == 0)
			return true;
	return false;
}

/* What one element of an option's comma list does; the kernel compares only its start. */
enum effect {
	E_NONE, /* known, no matter here */
	E_INTEL_ON,
	E_INTEL_OFF,
	E_AMD_OFF,
	E_OFF,
	E_FORCE,
	E_NOFORCE,
	E_PT,
	E_NOPT,
	E_IR_ON,
	E_IR_OFF,
	E_ACS,
};

static const struct {
	const char *key, *prefix; /* prefix "": any value, or none */
	enum effect effect;
} options[] = {
	/* clang-format off */
	/* drivers/iommu/intel/iommu.c:intel_iommu_setup, in its order */
	{ "intel_iommu", "on", E_INTEL_ON },	  { "intel_iommu", "off", E_INTEL_OFF },
	{ "intel_iommu", "igfx_off", E_NONE },	  { "intel_iommu", "intgpu_off", E_NONE },
	{ "intel_iommu", "forcedac", E_NONE },	  { "intel_iommu", "strict", E_NONE },
	{ "intel_iommu", "sp_off", E_NONE },	  { "intel_iommu", "sm_on", E_NONE },
	{ "intel_iommu", "sm_off", E_NONE },	  { "intel_iommu", "tboot_noforce", E_NONE },
	/* drivers/iommu/amd/init.c:parse_amd_iommu_options */
	{ "amd_iommu", "fullflush", E_NONE },	  { "amd_iommu", "force_enable", E_NONE },
	{ "amd_iommu", "off", E_AMD_OFF },	  { "amd_iommu", "force_isolation", E_NONE },
	{ "amd_iommu", "pgtbl_v1", E_NONE },	  { "amd_iommu", "pgtbl_v2", E_NONE },
	{ "amd_iommu", "irtcachedis", E_NONE },	  { "amd_iommu", "nohugepages", E_NONE },
	{ "amd_iommu", "v2_pgsizes_only", E_NONE },
	/* arch/x86/kernel/pci-dma.c:iommu_setup and amd_gart_64.c:gart_parse_options */
	{ "iommu", "off", E_OFF },		  { "iommu", "force", E_FORCE },
	{ "iommu", "noforce", E_NOFORCE },	  { "iommu", "pt", E_PT },
	{ "iommu", "nopt", E_NOPT },		  { "iommu", "biomerge", E_NONE },
	{ "iommu", "panic", E_NONE },		  { "iommu", "nopanic", E_NONE },
	{ "iommu", "merge", E_NONE },		  { "iommu", "nomerge", E_NONE },
	{ "iommu", "allowdac", E_NONE },	  { "iommu", "nodac", E_NONE },
	{ "iommu", "usedac", E_NONE },		  { "iommu", "soft", E_NONE },
	{ "iommu", "fullflush", E_NONE },	  { "iommu", "nofullflush", E_NONE },
	{ "iommu", "noagp", E_NONE },		  { "iommu", "noaperture", E_NONE },
	{ "iommu", "memaper", E_NONE },		  { "iommu", "leak", E_NONE },
	/* drivers/iommu/iommu.c:iommu_set_def_domain_type, by kstrtobool */
	{ "iommu.passthrough", "1", E_PT },	  { "iommu.passthrough", "y", E_PT },
	{ "iommu.passthrough", "Y", E_PT },	  { "iommu.passthrough", "t", E_PT },
	{ "iommu.passthrough", "T", E_PT },	  { "iommu.passthrough", "on", E_PT },
	{ "iommu.passthrough", "oN", E_PT },	  { "iommu.passthrough", "On", E_PT },
	{ "iommu.passthrough", "ON", E_PT },	  { "iommu.passthrough", "0", E_NOPT },
	{ "iommu.passthrough", "n", E_NOPT },	  { "iommu.passthrough", "N", E_NOPT },
	{ "iommu.passthrough", "f", E_NOPT },	  { "iommu.passthrough", "F", E_NOPT },
	{ "iommu.passthrough", "of", E_NOPT },	  { "iommu.passthrough", "oF", E_NOPT },
	{ "iommu.passthrough", "Of", E_NOPT },	  { "iommu.passthrough", "OF", E_NOPT },
	/* drivers/iommu/irq_remapping.c:setup_irqremap, setup_nointremap */
	{ "intremap", "on", E_IR_ON },		  { "intremap", "off", E_IR_OFF },
	{ "intremap", "nosid", E_NONE },	  { "intremap", "no_x2apic_optout", E_NONE },
	{ "intremap", "nopost", E_NONE },	  { "intremap", "posted_msi", E_NONE },
	{ "nointremap", "", E_IR_OFF },
	/* not in any mainline kernel: a patch of Proxmox and others */
	{ "pcie_acs_override", "", E_ACS },
	/* clang-format on */
};

/* Elements that turn off cannot be taken back, except Intel's. */
static void take_effect(enum effect e, struct iommu_request *r)
{
	switch (e) {
	case E_NONE:
		break;
	case E_INTEL_ON:
	case E_INTEL_OFF:
		r->intel = e == E_INTEL_ON;
		break;
	case E_AMD_OFF:
		r->amd = 0;
		break;
	case E_OFF:
		r->all = 0;
		break;
	case E_FORCE:
	case E_NOFORCE:
		if (r->all != 0)
			r->all = e == E_FORCE ? 1 : -1;
		break;
	case E_PT:
	case E_NOPT:
		r->passthrough = e == E_PT;
		break;
	case E_IR_ON:
	case E_IR_OFF:
		r->intremap_off = e == E_IR_OFF;
		break;
	case E_ACS:
		r->acs_override = true;
		break;
	}
}

/* What a word did: is its key one of ours, did the kernel know an element, was one "off"?
 */
struct word_effect {
	bool ours, known, off, intel_off;
};

static void element_effect(const char *key, const char *text, size_t len,
			   struct iommu_request *r, struct word_effect *w)
{
	/* gart_parse_options takes a size. */
	if (streq(key, "iommu") && len && isdigit((unsigned char)*text)) {
		w->known = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		size_t n = strlen(options[i].prefix);
		enum effect e = options[i].effect;

		if (!streq(options[i].key, key) || len < n ||
		    memcmp(text, options[i].prefix, n) != 0)
			continue;
		take_effect(e, r);
		w->known = true;
		w->intel_off |= e == E_INTEL_OFF;
		w->off |= e == E_INTEL_OFF || e == E_AMD_OFF || e == E_OFF;
		return;
	}
}

static struct word_effect word_effect(const char *word, size_t len,
				      struct iommu_request *r)
{
	struct word_effect w = { 0 };
	const char *key = NULL, *value = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options) && !value; i++) {
		if (key && streq(key, options[i].key))
			continue;
		key = options[i].key;
		value = word_value(word, len, key, &n);
	}
	if (!value)
		return w;
	w.ours = true;
	for (const char *end = value + n;;) {
		const char *comma = memchr(value, ',', (size_t)(end - value));

		element_effect(key, value, (size_t)((comma ? comma : end) - value), r,
			       &w);
		if (!comma)
			break;
		value = comma + 1;
	}
	return w;
}

void cmdline_iommu(struct arena *a, const char *cmdline, struct iommu_request *ret)
{
	struct iommu_request r = { .intel = -1, .amd = -1, .all = -1 };
	strings intel_off = { 0 };
	size_t n;

	for (const char *word;
	     (word = next_word(&cmdline, &n)) && !ends_options(word, n);) {
		struct word_effect w = word_effect(word, n, &r);

		if (w.intel_off)
			*vec_push(a, &intel_off) = arena_strndup(a, word, n);
		else if (w.off)
			*vec_push(a, &r.off_words) = arena_strndup(a, word, n);
		else if (w.ours && !w.known)
			*vec_push(a, &r.useless) = arena_strndup(a, word, n);
	}
	/* A later intel_iommu=on undoes them. */
	if (r.intel == 0)
		vec_foreach(s, &intel_off)
			*vec_push(a, &r.off_words) = *s;
	*ret = r;
}

static bool list_has(const strings *list, const char *word, size_t len)
{
	if (list)
		vec_foreach(s, list)
			if (strlen(*s) == len && memcmp(*s, word, len) == 0)
				return true;
	return false;
}

/* Appends @word to the text that ends at @end. */
static char *put_word(char *out, char *end, const char *word, size_t len)
{
	if (end > out)
		*end++ = ' ';
	memcpy(end, word, len);
	return end + len;
}

static char *put_missing(char *out, char *end, const strings *add)
{
	if (add)
		vec_foreach(s, add)
			if (!cmdline_has_word(out, *s))
				end = put_word(out, end, *s, strlen(*s));
	return end;
}

char *cmdline_edit(struct arena *a, const char *cmdline, const strings *add,
		   const strings *remove)
{
	size_t n, size = strlen(cmdline) + 1;
	bool added = false;
	char *out, *end;

	if (add)
		vec_foreach(s, add)
			size += strlen(*s) + 1;
	out = end = arena_alloc(a, size + 1); /* zeroed: a string after every step */
	for (const char *w; (w = next_word(&cmdline, &n));) {
		if (ends_options(w, n) && !added) {
			end = put_missing(out, end, add);
			added = true;
		}
		if (!list_has(remove, w, n))
			end = put_word(out, end, w, n);
	}
	if (!added)
		put_missing(out, end, add);
	return out;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmdline - the kernel command line: words, double quotes as the kernel treats them, and
 * what the kernel makes of the options that matter for passthrough.
 */
#pragma once

#include "core/arena.h"

/* Words in order (quotes kept where they stand inside a word). */
void cmdline_split(struct arena *a, const char *cmdline, strings *ret);

/* Value of the last KEY=VALUE ("" for a bare KEY); NULL if it is not there. '-' == '_'.
 */
const char *cmdline_get(struct arena *a, const char *cmdline, const char *key);
bool cmdline_has_word(const char *cmdline, const char *word);

/*
 * Calls @fn for each word before "--", in order: the word as it stands, its key, and its
 * value without quotes, NULL where there is no '='. All of them in @a.
 */
typedef void cmdline_word_fn(void *arg, const char *word, const char *key,
			     const char *value);
void cmdline_each(struct arena *a, const char *cmdline, cmdline_word_fn *fn, void *arg);
/* Are the keys the same to the kernel, for which '-' is '_'? */
bool cmdline_key_is(const char *key, const char *want);

/* What the options ask of the IOMMU driver; kernel.md has the tables. */
struct iommu_request {
	int intel;          /* intel_iommu=: -1 not said, 0 off, 1 on */
	int amd;            /* amd_iommu=off: 0; else -1 */
	int all;            /* iommu=off: 0, iommu=force: 1; else -1 */
	bool passthrough;   /* iommu=pt or iommu.passthrough=1 */
	bool type_told;     /* that, or iommu=nopt or iommu.passthrough=0 */
	int strict;         /* iommu.strict=: -1 not said */
	bool strict_driver; /* a driver's own word for it, which counts more */
	bool intremap_off;
	bool acs_override;
	strings off_words; /* the words that turn an IOMMU off */
	strings useless; /* words the kernel does not know: "amd_iommu=on", "iommu=on" */
	strings says;    /* lines of the kernel's log about these options */
};
void cmdline_iommu(struct arena *a, const char *cmdline, struct iommu_request *ret);

/*
 * Does kernel @release know pcie_acs_override, which no kernel of kernel.org does? By
 * what
 * @klog of one of its boots says, or what packagers who add it put into the release.
 */
bool cmdline_acs_known(const char *release, const strings *klog);

/* @cmdline without any word in @remove, then those of @add that are not there yet. */
char *cmdline_edit(struct arena *a, const char *cmdline, const strings *add,
		   const strings *remove);

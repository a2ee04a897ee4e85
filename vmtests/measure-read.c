/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "vmtests/measure-part.h"

#define WINDOW 13 /* of a bridge's lines in resource: the first window */
#define PREFETCH (WINDOW + 2)
#define QUIET_FLAGS 0x30000000u /* IORESOURCE_DISABLED, _UNSET */

static const char *unknown(const struct measure_answers *as, struct measure_value *ret,
			   const char *what)
{
	ret->why = arena_strdup(as->arena, what);
	return NULL;
}

static const char *word(const struct measure_answers *as, const struct op_result *r,
			struct measure_value *ret)
{
	char buf[32];

	if (!r->text)
		return unknown(as, ret, op_result_word(r->result, buf));
	return arena_strndup(as->arena, r->text, strcspn(r->text, "\n"));
}

MEASURE_READER(measure_read_word)
{
	(void)row;
	ret->text = word(as, r, ret);
}

MEASURE_READER(measure_read_errno)
{
	(void)as, (void)row;
	ret->number = r->result;
}

/* A driver may leave it in another state than D0: then the kernel keeps that. */
MEASURE_READER(measure_read_unbound)
{
	const struct op_result *before = measure_answer(as, "before", &ret->why);
	const char *was = before ? word(as, before, ret) : NULL;

	(void)row;
	if (was && !streq(was, "D0"))
		(void)unknown(as, ret, "the card was not in D0 before");
	else if (was)
		ret->text = word(as, r, ret);
}

MEASURE_READER(measure_read_type)
{
	char buf[32];

	(void)row;
	ret->number = r->result >= 0 || r->result == -EPERM;
	if (!ret->number && r->result != -EINVAL)
		(void)unknown(as, ret, op_result_word(r->result, buf));
}

static const char *find(const struct op_result *r, const char *words)
{
	vec_foreach(line, &r->log)
		if (strstr(*line, words))
			return *line;
	return NULL;
}

/* A store that has to work. */
static bool worked(const struct measure_answers *as, const struct op_result *r,
		   struct measure_value *ret)
{
	char buf[32];

	if (r->result < 0)
		(void)unknown(as, ret, op_result_word(r->result, buf));
	return r->result >= 0;
}

MEASURE_READER(measure_read_silent)
{
	(void)row;
	if (worked(as, r, ret))
		ret->number = !find(r, "Overriding NUMA node");
}

MEASURE_READER(measure_read_reset)
{
	(void)row;
	if (worked(as, r, ret))
		ret->number = find(r, "resetting") != NULL;
}

MEASURE_READER(measure_read_seek)
{
	(void)row;
	if (worked(as, r, ret))
		ret->number = r->result > 0;
}

/* It has to go to sleep where nobody forbids it, or its being awake says nothing. */
MEASURE_READER(measure_read_idle)
{
	const struct op_result *first = measure_answer(as, "idle-first", &ret->why);
	const char *slept = first ? word(as, first, ret) : NULL;
	const char *state = slept ? word(as, r, ret) : NULL;

	(void)row;
	if (state && !streq(slept, "D3hot"))
		state = unknown(as, ret, "the card does not go to D3hot");
	if (!state)
		return;
	ret->number = streq(state, "D0");
	if (!ret->number && !streq(state, "D3hot"))
		(void)unknown(as, ret, state);
}

/* Numbers before and after something; false: one of them was not told. */
static bool both(const struct measure_answers *as, const char *first_label,
		 const struct op_result *r, struct measure_value *ret,
		 unsigned long to[2])
{
	const struct op_result *first = measure_answer(as, first_label, &ret->why);
	const char *before = first ? word(as, first, ret) : NULL;
	const char *after = before ? word(as, r, ret) : NULL;

	if (!after)
		return false;
	to[0] = strtoul(before, NULL, 10);
	to[1] = strtoul(after, NULL, 10);
	return true;
}

MEASURE_READER(measure_read_identity)
{
	unsigned long n[2];

	(void)row;
	if (both(as, "used", r, ret, n))
		ret->number = n[1] == n[0];
}

MEASURE_READER(measure_read_refs)
{
	unsigned long n[2];

	(void)row;
	if (both(as, "refs", r, ret, n))
		ret->number = n[1] > n[0];
}

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Every group has one domain of its own: none has been changed yet. */
MEASURE_READER(measure_read_domains)
{
	const struct op_result *groups = measure_answer(as, "groups", &ret->why);
	const char *used = groups ? word(as, r, ret) : NULL;

	(void)row;
	if (used && groups->text)
		ret->number = atol(used) - (long)count_lines(groups->text);
}

MEASURE_READER(measure_read_features)
{
	const char *log = as->log[MEASURE_AMD];
	const char *said = log ? strstr(log, "AMD-Vi: Extended features (") : NULL;
	uint64_t f, f2, first, second;
	const char *text = word(as, r, ret);

	(void)row;
	if (!text)
		return;
	if (!said ||
	    sscanf(strchr(said, '('), "(%" SCNx64 ", %" SCNx64 ")", &f, &f2) != 2 ||
	    sscanf(text, "%" SCNx64 ":%" SCNx64, &first, &second) != 2 || f == f2)
		(void)unknown(as, ret, "the log does not tell them apart");
	else if ((first != f || second != f2) && (first != f2 || second != f))
		(void)unknown(as, ret, "not those of the log");
	else
		ret->number = first == f2;
}

/* --- bridges --- */

MEASURE_READER(measure_read_setup)
{
	bool found = false;

	(void)row;
	vec_foreach(line, &r->log) {
		if (strstr(*line, " type 01 "))
			found = true;
		else if (found && strstr(*line, ":   bridge window ["))
			ret->number = 1;
		else if (found && strstr(*line, " type 00 "))
			return;
	}
	(void)unknown(as, ret, "the log does not tell of the port");
}

struct window {
	uint64_t start, end, flags;
};

/* Line @at of a file resource. */
static bool get_window(const char *text, unsigned at, struct window *ret)
{
	while (text && at--) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return text && sscanf(text, "%" SCNx64 " %" SCNx64 " %" SCNx64, &ret->start,
			      &ret->end, &ret->flags) == 3;
}

MEASURE_READER(measure_read_shrink)
{
	const struct op_result *before = measure_answer(as, "sizes", &ret->why);
	struct window x, y;

	(void)row;
	for (unsigned at = WINDOW; before && at <= PREFETCH; at++)
		if (!get_window(before->text, at, &x) || !get_window(r->text, at, &y))
			(void)unknown(as, ret, "no such lines in resource");
		else if (x.end - x.start != y.end - y.start)
			ret->number = 1;
}

/* Before they could shrink, a window that nobody needs stayed as it was, too. */
MEASURE_READER(measure_read_zero)
{
	struct window w;

	(void)row;
	if (!get_window(r->text, PREFETCH, &w))
		(void)unknown(as, ret, "no such line in resource");
	else if (!w.start && !w.end)
		ret->number = 1;
	else if (w.flags && !(w.flags & QUIET_FLAGS))
		(void)unknown(as, ret, "this kernel disables no window here");
}

/* --- the log --- */

MEASURE_READER(measure_read_vga)
{
	const char *line = find(r, ": olddecodes="), *at;

	(void)row;
	at = line ? strstr(line, "vgaarb: ") : NULL;
	if (!at) {
		(void)unknown(as, ret, "the log does not tell");
		return;
	}
	at += strlen("vgaarb: ");
	ret->text = arena_strndup(as->arena, at, strcspn(at, ":"));
}

MEASURE_READER(measure_read_lazy)
{
	const struct op_result *units = measure_answer(as, "units", &ret->why);

	(void)row;
	if (!units)
		return;
	if (!units->text || !*units->text)
		(void)unknown(as, ret, "this kernel has no driver for virtio-iommu");
	else
		ret->number = r->result == -ENOENT;
}

/* What follows @words in the log of a boot, up to the end of its line. */
static const char *after(const struct measure_answers *as, enum measure_boot boot,
			 const char *words, struct measure_value *ret)
{
	const char *log = as->log[boot], *at = log ? strstr(log, words) : NULL;

	if (!at)
		return unknown(as, ret,
			       log                 ? "the log does not tell"
			       : as->no_boot[boot] ? as->no_boot[boot]
						   : "it was not booted");
	at += strlen(words);
	return arena_strndup(as->arena, at, strcspn(at, "\n"));
}

MEASURE_READER(measure_read_tail)
{
	(void)row, (void)r;
	ret->text = after(as, MEASURE_MAIN, "Default domain type: Translated", ret);
}

MEASURE_READER(measure_read_config_acs)
{
	const char *log = as->log[MEASURE_MAIN];

	(void)row, (void)r;
	if (after(as, MEASURE_MAIN, "PCI: Unknown option ", ret))
		ret->number = !strstr(log, "PCI: Unknown option `config_acs") &&
			      !strstr(log, "PCI: Unknown option 'config_acs");
}

MEASURE_READER(measure_read_acs_when)
{
	(void)row, (void)r;
	if (!after(as, MEASURE_MAIN, ": Configured ACS to", ret)) {
		ret->why = "it cannot be told to say so";
		return;
	}
	for (const char *p = as->log[MEASURE_MAIN]; (p = strstr(p, "Configured ACS to"));
	     p++) {
		const char *line = p;

		while (line > as->log[MEASURE_MAIN] && line[-1] != '\n')
			line--;
		if (memmem(line, (size_t)(p - line), "pcieport ", 9))
			ret->number = 1;
	}
}

MEASURE_READER(measure_read_quote)
{
	const char *said = after(as, MEASURE_MAIN, "PCI: Unknown option ", ret);

	(void)row, (void)r;
	if (said)
		ret->number = *said;
}

MEASURE_READER(measure_read_port_type)
{
	const char *rest =
		after(as, MEASURE_MAIN, "[8086:10d3] type 00 class 0x020000", ret);

	(void)row, (void)r;
	if (rest)
		ret->number = *rest == ' ';
}

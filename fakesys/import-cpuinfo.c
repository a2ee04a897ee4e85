/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>

#include "fakesys/import-text.h"

/* The flags that decide about virtual machines. */
static void keep_flags(struct machine *m, char *value)
{
	static const char *const wanted[] = { "vmx", "svm", "hypervisor" };
	char *save = NULL;

	for (char *w = strtok_r(value, " ", &save); w; w = strtok_r(NULL, " ", &save))
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			if (streq(w, wanted[i]) &&
			    !strings_have(&m->cpu_flags, wanted[i]))
				*vec_push(m->arena, &m->cpu_flags) = wanted[i];
}

int import_cpuinfo(struct machine *m, const char *name, const char *text,
		   struct import_stats *ret, struct err *e)
{
	struct import_text t = { .m = m, .name = name, .next = text, .e = e };

	const char *model = m->cpu_model;

	m->cpus = 0;
	while (import_next_line(&t)) {
		char *colon = strchr(t.buf, ':'), *value, *end;

		if (!*t.buf)
			continue;
		if (!colon) {
			import_odd_line(&t);
			continue;
		}
		value = colon + 1 + strspn(colon + 1, " ");
		for (end = colon; end > t.buf && isspace((unsigned char)end[-1]); end--)
			;
		*end = '\0';
		if (streq(t.buf, "processor"))
			m->cpus++;
		else if (streq(t.buf, "vendor_id"))
			m->cpu_vendor = arena_strdup(m->arena, value);
		else if (streq(t.buf, "model name"))
			m->cpu_model = arena_strdup(m->arena, value);
		else if (streq(t.buf, "flags"))
			keep_flags(m, value);
	}
	if (*model && !streq(model, m->cpu_model))
		return err_set(e, -EINVAL,
			       "%s: the processor is a \"%.100s\" here and a \"%.100s\" "
			       "before: these are two machines",
			       name, m->cpu_model, model);
	if (ret)
		*ret = t.stats;
	return 0;
}

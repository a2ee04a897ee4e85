/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of a machine's host, wherever the machine tells them. */
#include "core/scrub-part.h"

/* A name that an installer gives, or that is made up already, tells nothing. */
static bool tells(const char *name)
{
	static const char *const plain[] = { "host", "localhost", "debian",
					     "pve",  "proxmox",   "ubuntu" };

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (streq(name, plain[i]))
			return false;
	return *name != '\0';
}

/* lib/device_mapper/libdm-string.c:dm_build_dm_name() of LVM: '-' is doubled there. */
static char *double_dashes(struct arena *a, const char *name)
{
	char *twice = arena_alloc(a, 2 * strlen(name) + 1), *to = twice;

	for (; *name; *to++ = *name++)
		if (*name == '-')
			*to++ = '-';
	return twice;
}

static char *halve_dashes(char *name)
{
	char *to = name;

	for (const char *c = name; *c; c += 1 + (c[0] == '-' && c[1] == '-'))
		*to++ = *c;
	*to = '\0';
	return name;
}

static void add_host(struct arena *a, strings *hosts, char *name)
{
	if (hosts->n >= SCRUB_HOSTS_MAX || !tells(name) || strings_have(hosts, name))
		return;
	*vec_push(a, hosts) = name;
	if (strchr(name, '-'))
		*vec_push(a, hosts) = double_dashes(a, name);
}

/* Places where a name is the host's, whatever it is. */
static void add_told_hosts(struct arena *a, strings *hosts, const char *text)
{
	static const struct {
		const char *before, *behind;
		bool doubled;
	} places[] = {
		{ "Hostname set to <", ">", false }, /* systemd */
		{ "Set hostname to <", ">", false },
		{ "/dev/mapper/", "--vg-", true }, /* Debian's installer: NAME-vg */
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		for (const char *at = text; (at = strstr(at, places[i].before));) {
			size_t n = 0;
			char *name;

			at += strlen(places[i].before);
			while (scrub_is_word(at[n]) ||
			       (at[n] == '-' && !after_prefix(at + n, places[i].behind)))
				n++;
			if (!after_prefix(at + n, places[i].behind) &&
			    !(at[n] == '.' && !places[i].doubled))
				continue;
			name = arena_strndup(a, at, n);
			add_host(a, hosts, places[i].doubled ? halve_dashes(name) : name);
		}
}

static char *file_text(struct arena *a, const struct machine_file *f)
{
	return f->data.len ? arena_strndup(a, (const char *)f->data.data, f->data.len)
			   : arena_strdup(a, "");
}

strings scrub_hosts(struct arena *a, const struct machine *m)
{
	const struct machine_file *f = machine_file(m, "etc/hostname");
	strings hosts = { 0 };

	if (f) {
		char *name = file_text(a, f);

		name[strcspn(name, " \t\r\n.")] = '\0';
		add_host(a, &hosts, name);
	}
	add_told_hosts(a, &hosts, m->cmdline);
	for (size_t i = 0; i < m->klog.n; i++)
		add_told_hosts(a, &hosts, m->klog.v[i]);
	vec_foreach(file, &m->files)
		add_told_hosts(a, &hosts, file_text(a, file));
	return hosts;
}

size_t scrub_host_at(const strings *hosts, const char *text, const char *at)
{
	if (at > text && scrub_is_word(at[-1]))
		return 0;
	for (size_t i = 0; i < hosts->n; i++) {
		const char *rest = after_prefix(at, hosts->v[i]);

		if (rest && !scrub_is_word(*rest))
			return (size_t)(rest - at);
	}
	return 0;
}

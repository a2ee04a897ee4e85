/* SPDX-License-Identifier: GPL-2.0-or-later */
/* update-grub and proxmox-boot-tool of the simulated host. */
#include "core/loader.h"
#include "fakesys/commands-part.h"

/* ---- update-grub ---- */

/* The settings that update-grub puts into grub.cfg. */
struct grub_settings {
	const char *normal, *recovery; /* command lines behind "ro" */
	const char *recovery_words;    /* GRUB_CMDLINE_LINUX_RECOVERY; NULL: not set */
	const char *dflt;              /* GRUB_DEFAULT */
};

/* How many bytes of @p are the words that mark a recovery entry; 0: another entry. */
static size_t recovery_words(const char *p)
{
	static const char *const words[] = { "single", "recovery", "nomodeset",
					     "dis_ucode_ldr" };
	size_t used = 0;

	for (size_t at = 0, n; (n = strcspn(p + at, " \t\n")); at = used) {
		bool known = false;

		/* The first word is one of the first two. */
		for (size_t i = 0; i < (used ? ARRAY_SIZE(words) : 2); i++)
			known |= n == strlen(words[i]) && !memcmp(p + at, words[i], n);
		if (!known)
			break;
		used = at + n;
		used += strspn(p + used, " \t");
	}
	while (used && strchr(" \t", p[used - 1]))
		used--;
	return used;
}

/*
 * grub.d/10_linux:linux_entry: "linux IMAGE root=... ro ARGS"; of a recovery entry ARGS
 * begins with GRUB_CMDLINE_LINUX_RECOVERY.
 */
static void rewrite_linux_line(FILE *f, const char *line, size_t len,
			       const struct grub_settings *g)
{
	const char *p = memmem(line, len, " ro ", 4), *rest;
	size_t words;

	if (!p)
		p = memmem(line, len, " rw ", 4);
	if (!p && len > 3 && (memcmp(line + len - 3, " ro", 3) == 0))
		p = line + len - 3;
	if (!p) {
		fwrite(line, 1, len, f);
		return;
	}
	rest = p + 3 + strspn(p + 3, " ");
	words = rest < line + len ? recovery_words(rest) : 0;
	fprintf(f, "%.*s ro ", (int)(p - line), line);
	if (!words)
		fputs(g->normal, f);
	else if (g->recovery_words)
		fprintf(f, "%s %s", g->recovery_words, g->recovery);
	else
		fprintf(f, "%.*s %s", (int)words, rest, g->recovery);
}

/* grub.d/00_header: `set default="${GRUB_DEFAULT}"`, beside one for next_entry. */
static bool rewrite_default(FILE *f, const char *line, size_t len,
			    const struct grub_settings *g)
{
	size_t lead = strspn(line, " \t");
	const char *value = after_prefix(line + lead, "set default=\"");

	if (!value || memmem(line, len, "next_entry", 10))
		return false;
	fprintf(f, "%.*sset default=\"%s\"", (int)lead, line,
		streq(g->dflt, "saved") ? "${saved_entry}" : g->dflt);
	return true;
}

static bool is_linux_line(const char *line, size_t len)
{
	size_t lead = strspn(line, " \t");

	return lead + 5 < len && strncmp(line + lead, "linux", 5) == 0 &&
	       strcspn(line + lead, " \t") < len - lead;
}

static const char *setting(struct command *c, const char *name, const char *dflt)
{
	const char *v = grub_default_get(&c->view, c->a, name, NULL);

	return v ? v : dflt;
}

int command_update_grub(struct command *c)
{
	static const char path[] = "boot/grub/grub.cfg";
	const char *plain = setting(c, "GRUB_CMDLINE_LINUX", "");
	const char *extra = setting(c, "GRUB_CMDLINE_LINUX_DEFAULT", "");
	const struct grub_settings g = {
		.normal = arena_printf(c->a, "%s %s", plain, extra),
		.recovery = plain,
		.recovery_words = setting(c, "GRUB_CMDLINE_LINUX_RECOVERY", NULL),
		.dflt = setting(c, "GRUB_DEFAULT", "0"),
	};
	const struct machine_file *cfg = machine_file(&c->view, path);
	AUTOFREE char *text = NULL;
	size_t size;
	FILE *f;

	if (!cfg || !cfg->data.data)
		return command_fail(c, "/%s is not there", path);
	f = open_memstream(&text, &size);
	if (!f)
		abort();
	for (const char *p = (const char *)cfg->data.data; *p; p += *p == '\n') {
		size_t len = strcspn(p, "\n");

		if (is_linux_line(p, len))
			rewrite_linux_line(f, p, len, &g);
		else if (!rewrite_default(f, p, len, &g))
			fwrite(p, 1, len, f);
		p += len;
		if (*p)
			fputc('\n', f);
	}
	fclose(f);
	fprintf(c->out, "Generating grub configuration file ...\ndone\n");
	return command_write(c, path, text, size);
}

/* ---- proxmox-boot-tool ---- */

/* @text with @line as its `options`. */
static char *with_options(struct command *c, const char *text, const char *line)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t key = strcspn(p, " \t\n"), blank = strspn(p + key, " \t");

		if (key != strlen("options") || !after_prefix(p, "options"))
			continue;
		p += key + blank;
		return arena_printf(c->a, "%.*s%.*s%s", (int)(p - text), text,
				    (int)strcspn(line, "\n"), line, p + strcspn(p, "\n"));
	}
	return NULL;
}

int command_refresh(struct command *c)
{
	const struct machine_file *source = machine_file(&c->view, "etc/kernel/cmdline");
	const char *line =
		source && source->data.data ? (const char *)source->data.data : "";
	int status = 0;

	if (!machine_file(&c->view, "etc/kernel/proxmox-boot-uuids"))
		return command_fail(c, "/etc/kernel/proxmox-boot-uuids is not there");
	vec_foreach(file, &c->view.files) {
		const char *text;

		if (!strstr(file->path, "loader/entries/") ||
		    !ends_with(file->path, ".conf") || !file->data.data)
			continue;
		text = with_options(c, (const char *)file->data.data, line);
		if (text)
			status |= command_write(c, file->path, text, strlen(text));
	}
	if (machine_file(&c->view, "boot/grub/grub.cfg"))
		status |= command_update_grub(c);
	fprintf(c->out,
		"Copying kernels and boot entries to the EFI system partitions\n");
	return status;
}

int command_proxmox_boot_tool(struct command *c)
{
	if (!c->argv[1] || !streq(c->argv[1], "refresh"))
		return command_fail(c, "only `refresh` is simulated");
	return command_refresh(c);
}

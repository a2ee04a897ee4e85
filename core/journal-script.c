/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/journal.h"

char *journal_undo_script(struct arena *a, const struct journal *j)
{
	AUTOFREE char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	fprintf(f,
		"#!/bin/sh\n"
		"# Takes transaction %u of pcipass back without pcipass: every file as "
		"it was\n"
		"# when it was applied. Later edits by others to these files are lost; "
		"`pcipass\n"
		"# undo` would keep them. Run as root; with an argument, on the system "
		"mounted\n"
		"# there.\n"
		"set -eu\n"
		"root=${1:-}\n"
		"\n"
		"# SAVED PATH: put the saved file back\n"
		"put() {\n"
		"	cp -p \"$root/$1\" \"$root/$2.pcipass-undo\"\n"
		"	mv -f \"$root/$2.pcipass-undo\" \"$root/$2\"\n"
		"	echo \"restored /$2\"\n"
		"}\n"
		"\n"
		"# PATH: there was no such file\n"
		"drop() {\n"
		"	rm -f \"$root/$1\"\n"
		"	echo \"removed /$1\"\n"
		"}\n"
		"\n",
		j->number);
	vec_foreach(file, &j->files) {
		if (file->existed)
			fprintf(f, "put %s %s\n", shell_quoted(a, file->before),
				shell_quoted(a, file->path));
		else
			fprintf(f, "drop %s\n", shell_quoted(a, file->path));
	}
	for (size_t i = j->created_dirs.n; i--;)
		fprintf(f, "rmdir \"$root/\"%s 2>/dev/null || true\n",
			shell_quoted(a, j->created_dirs.v[i]));
	fputs("sync\n", f);
	vec_foreach(c, &j->commands) {
		/* Loader copies elsewhere cannot be saved: they are made anew. */
		if (!c->n || !streq(c->v[0], "proxmox-boot-tool"))
			continue;
		fputs("if [ -z \"$root\" ]; then\n\t", f);
		vec_foreach(word, c)
			fprintf(f, "%s%s", word == c->v ? "" : " ",
				shell_quoted(a, *word));
		fputs("\nfi\n", f);
	}
	fputs("echo 'Done. Reboot to bring it into effect.'\n", f);
	fclose(f);
	return arena_strdup(a, text);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/journal.h"

/* 'word', with each ' as '\'' */
static void put_quoted(FILE *f, const char *word)
{
	fputc('\'', f);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", f);
		else
			fputc(*word, f);
	fputc('\'', f);
}

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
		fputs(file->existed ? "put " : "drop ", f);
		if (file->existed) {
			put_quoted(f, file->before);
			fputc(' ', f);
		}
		put_quoted(f, file->path);
		fputc('\n', f);
	}
	for (size_t i = j->created_dirs.n; i--;) {
		fputs("rmdir \"$root/\"", f);
		put_quoted(f, j->created_dirs.v[i]);
		fputs(" 2>/dev/null || true\n", f);
	}
	fputs("sync\n", f);
	vec_foreach(c, &j->commands) {
		/* Loader copies elsewhere cannot be saved: they are made anew. */
		if (!c->n || !streq(c->v[0], "proxmox-boot-tool"))
			continue;
		fputs("if [ -z \"$root\" ]; then\n\t", f);
		vec_foreach(word, c) {
			put_quoted(f, *word);
			fputc(' ', f);
		}
		fputs("\nfi\n", f);
	}
	fputs("echo 'Done. Reboot to bring it into effect.'\n", f);
	fclose(f);
	return arena_strdup(a, text);
}

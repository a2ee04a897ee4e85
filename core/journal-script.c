/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/journal.h"

static const char head[] =
	"#!/bin/sh\n"
	"# Takes transaction %u of pcipass back without pcipass: every file as it was\n"
	"# when it was applied. Later edits by others to these files are lost; `pcipass\n"
	"# undo` would keep them. Run as root; with an argument, on the system mounted\n"
	"# there.\n"
	"set -eu\n"
	"number=%u\n";

static const char functions[] =
	"\n"
	"stop() {\n"
	"	echo \"undo.sh: $*; nothing was undone\" >&2\n"
	"	exit 1\n"
	"}\n"
	"\n"
	"# FOLDER: no link in an image may lead to the files of another system\n"
	"inside() {\n"
	"	[ -e \"$root/$1\" ] || [ -L \"$root/$1\" ] || return 0\n"
	"	there=$(cd -P -- \"$root/$1\" && pwd -P) || stop \"cannot enter /$1\"\n"
	"	case $there/ in\n"
	"	\"$root\"/*) ;;\n"
	"	*) stop \"/$1 leads to $there, which is not below $root\" ;;\n"
	"	esac\n"
	"}\n"
	"\n"
	"# SAVED PATH: there is a copy, and it can be put there\n"
	"check() {\n"
	"	[ -f \"$root/$1\" ] || stop \"/$1 is lost\"\n"
	"	[ ! -L \"$root/$2\" ] && [ ! -d \"$root/$2\" ] ||\n"
	"		stop \"/$2 is no regular file\"\n"
	"}\n"
	"\n"
	"# SAVED PATH: put the saved file back\n"
	"put() {\n"
	"	rm -f \"$root/$2.pcipass-undo\"\n"
	"	cp -p \"$root/$1\" \"$root/$2.pcipass-undo\"\n"
	"	sync \"$root/$2.pcipass-undo\"\n"
	"	mv -f \"$root/$2.pcipass-undo\" \"$root/$2\"\n"
	"	echo \"restored /$2\"\n"
	"}\n"
	"\n"
	"# PATH: there was no such file\n"
	"drop() {\n"
	"	rm -f \"$root/$1\"\n"
	"	echo \"removed /$1\"\n"
	"}\n"
	"\n"
	"# Kernels that have modules and an image\n"
	"kernels() {\n"
	"	for image in \"$root\"/boot/initrd.img-*; do\n"
	"		k=${image##*/initrd.img-}\n"
	"		if [ -d \"$root/lib/modules/$k\" ] ||\n"
	"			[ -d \"$root/usr/lib/modules/$k\" ]; then\n"
	"			echo \"$k\"\n"
	"		fi\n"
	"	done | LC_ALL=C sort\n"
	"}\n"
	"\n"
	"# LINE LIST: is it one of them?\n"
	"among() {\n"
	"	printf '%s\\n' \"$2\" | grep -Fqx -e \"$1\"\n"
	"}\n"
	"\n"
	"root=${1:-}\n"
	"if [ -n \"$root\" ]; then\n"
	"	root=$(cd -P -- \"$root\" && pwd -P) || stop \"cannot enter $1\"\n"
	"	[ \"$root\" != / ] || root=\n"
	"fi\n";

/* Before anything is touched. */
static const char checks[] = "for later in \"$root\"/var/lib/pcipass/*/undo.sh; do\n"
			     "	later=${later%/undo.sh}\n"
			     "	later=${later##*/}\n"
			     "	case $later in\n"
			     "	*[!0-9]*) ;;\n"
			     "	*) [ \"$later\" -le \"$number\" ] ||\n"
			     "		stop \"transaction $later came after this one: "
			     "first its undo.sh\" ;;\n"
			     "	esac\n"
			     "done\n"
			     "now=$(kernels)\n"
			     "some=\n"
			     "for k in $was; do\n"
			     "	if among \"$k\" \"$now\"; then some=yes; fi\n"
			     "done\n"
			     "[ -n \"$some\" ] || [ -z \"$was\" ] ||\n"
			     "	stop \"/boot has none of the kernels; is it mounted?\"\n";

static char *parent(struct arena *a, const char *path)
{
	const char *name = path_name(path);

	return arena_strndup(a, path, name > path ? (size_t)(name - path - 1) : 0);
}

static void add_folder(struct arena *a, strings *folders, const char *path)
{
	char *folder = parent(a, path);

	if (!strings_have(folders, folder))
		*vec_push(a, folders) = folder;
}

/* Folders that the script writes to or takes from, each once. */
static void print_folders(FILE *f, struct arena *a, const struct journal *j)
{
	strings folders = { 0 };

	*vec_push(a, &folders) = journal_folder(a, j->number);
	*vec_push(a, &folders) = "boot";
	vec_foreach(file, &j->files)
		add_folder(a, &folders, file->path);
	vec_foreach(dir, &j->created_dirs)
		add_folder(a, &folders, *dir);
	vec_foreach(folder, &folders)
		fprintf(f, "inside %s\n", shell_quoted(a, *folder));
}

static void print_files(FILE *f, struct arena *a, const struct journal *j, bool generated,
			const char *indent)
{
	vec_foreach(file, &j->files) {
		if (file->generated != generated)
			continue;
		if (file->existed)
			fprintf(f, "%sput %s %s\n", indent, shell_quoted(a, file->before),
				shell_quoted(a, file->path));
		else
			fprintf(f, "%sdrop %s\n", indent, shell_quoted(a, file->path));
	}
}

static char *command_line(struct arena *a, const strings *argv)
{
	char *line = arena_strdup(a, "");

	vec_foreach(word, argv)
		line = arena_printf(a, "%s%s%s", line, *line ? " " : "",
				    shell_quoted(a, *word));
	return line;
}

/* Loader copies elsewhere cannot be saved: they are made anew, in the system itself. */
static void print_commands(FILE *f, struct arena *a, const struct journal *j)
{
	vec_foreach(c, &j->commands) {
		const char *line = command_line(a, c);

		if (streq(c->v[0], "proxmox-boot-tool"))
			fprintf(f,
				"if [ -n \"$same\" ] && [ -z \"$root\" ]; then\n\t%s\n"
				"else\n",
				line);
		else
			fputs("if [ -z \"$same\" ]; then\n", f);
		fprintf(f, "\tleft=\"$left  \"%s'\n'\nfi\n", shell_quoted(a, line));
	}
}

char *journal_undo_script(struct arena *a, const struct journal *j)
{
	AUTOFREE char *text = NULL;
	const char *was = "";
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	vec_foreach(k, &j->kernels)
		was = arena_printf(a, "%s%s%s", was, *was ? "\n" : "", *k);
	fprintf(f, head, j->number, j->number);
	fprintf(f, "was=%s\n", shell_quoted(a, was));
	fputs(functions, f);
	fputc('\n', f);
	print_folders(f, a, j);
	vec_foreach(file, &j->files)
		if (file->existed)
			fprintf(f, "check %s %s\n", shell_quoted(a, file->before),
				shell_quoted(a, file->path));
	fputs(checks, f);
	fputs("\n# What was saved belongs to the kernels of that time.\n"
	      "same=\nleft=\n"
	      "if [ \"$now\" = \"$was\" ]; then\n\tsame=yes\n",
	      f);
	print_files(f, a, j, true, "\t");
	fputs("fi\n", f);
	print_files(f, a, j, false, "");
	for (size_t i = j->created_dirs.n; i--;)
		fprintf(f, "rmdir \"$root/\"%s 2>/dev/null || true\n",
			shell_quoted(a, j->created_dirs.v[i]));
	fputs("sync\n", f);
	print_commands(f, a, j);
	fputs("if [ -n \"$left\" ]; then\n"
	      "	echo 'Not done yet. Still to be run on that system itself:'\n"
	      "	printf '%s' \"$left\"\n"
	      "else\n"
	      "	echo 'Done. Reboot to bring it into effect.'\n"
	      "fi\n",
	      f);
	fclose(f);
	return arena_strdup(a, text);
}

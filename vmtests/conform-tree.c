/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include <pci/header.h>

#include "core/pci.h"
#include "vmtests/conform-tree.h"

#define WINDOWS 13 /* lines of `resource` in front of a bridge's windows */

/* The content of a line: C-escaped between quotes; its length, at most @max. */
static size_t unescape(const char *s, uint8_t *to, size_t max)
{
	static const char letters[] = "abtnvfr";
	size_t n = 0;

	for (; *s && *s != '"' && n < max; n++) {
		const char *letter;
		unsigned v;

		if (*s != '\\') {
			to[n] = (uint8_t)*s++;
			continue;
		}
		s++;
		letter = strchr(letters, *s);
		if (*s == 'x' && sscanf(s + 1, "%2x", &v) == 1) {
			to[n] = (uint8_t)v;
			s += 3;
		} else {
			to[n] = letter && *s ? (uint8_t)(7 + (letter - letters))
					     : (uint8_t)*s;
			s += *s != '\0';
		}
	}
	return n;
}

static void blank(uint8_t *config, size_t len, size_t from, size_t n)
{
	if (from + n <= len)
		memset(config + from, 0, n);
}

static void hide_addresses(uint8_t *c, size_t n)
{
	bool bridge = n > PCI_HEADER_TYPE && (c[PCI_HEADER_TYPE] & 0x7f) == 1;

	blank(c, n, PCI_BASE_ADDRESS_0, bridge ? 8 : 24);
	blank(c, n, bridge ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS, 4);
	if (bridge) {
		blank(c, n, PCI_IO_BASE, 2);
		blank(c, n, PCI_MEMORY_BASE, PCI_CAPABILITY_LIST - PCI_MEMORY_BASE);
	}
}

static void write_config(FILE *f, const char *content, bool addresses)
{
	uint8_t c[4096];
	size_t n = unescape(content, c, sizeof(c));
	uint32_t msi = cfg_find_cap((struct blob){ c, n }, PCI_CAP_ID_MSI);

	if (msi) /* address and data */
		blank(c, n, msi + PCI_MSI_ADDRESS_LO,
		      c[msi + PCI_MSI_FLAGS] & PCI_MSI_FLAGS_64BIT ? 10 : 6);
	if (addresses)
		hide_addresses(c, n);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%02x", c[i]);
}

static void write_resource(FILE *f, const char *content)
{
	uint8_t text[4097];
	size_t n = unescape(content, text, sizeof(text) - 1);
	uint64_t start, end, flags;
	unsigned line = 0;
	char *save = NULL;

	text[n] = '\0';
	for (char *p = strtok_r((char *)text, "\n", &save); p;
	     p = strtok_r(NULL, "\n", &save), line++) {
		if (sscanf(p, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end, &flags) !=
		    3)
			fprintf(f, "%s ", p);
		else if (line < WINDOWS)
			fprintf(f, "%" PRIx64 ":%" PRIx64 " ", end - start, flags);
	}
}

static void write_line(FILE *f, const char *line, size_t len, bool addresses)
{
	static const char irqs[] = "/msi_irqs/";
	const char *content = memmem(line, len, ":\"", 2), *path_end;
	const char *irq = memmem(line, len, irqs, strlen(irqs));
	bool config, resource;

	if (irq) {
		irq += strlen(irqs);
		fprintf(f, "%.*sN%.*s\n", (int)(irq - line), line,
			(int)(line + len - irq - (ptrdiff_t)strspn(irq, "0123456789")),
			irq + strspn(irq, "0123456789"));
		return;
	}

	path_end = memchr(line, ' ', len);
	path_end =
		path_end ? memchr(path_end + 1, ' ', len - (size_t)(path_end + 1 - line))
			 : NULL;
	if (path_end && path_end - line < (int)strlen("F /resource"))
		path_end = NULL;
	config = path_end && !strncmp(path_end - strlen("/config"), "/config ", 8);
	resource = path_end && !strncmp(path_end - strlen("/resource"), "/resource ", 10);
	if (!content || (!config && !(resource && addresses))) {
		fprintf(f, "%.*s\n", (int)len, line);
		return;
	}
	fprintf(f, "%.*s\"", (int)(content + 1 - line), line);
	if (config)
		write_config(f, content + 2, addresses);
	else
		write_resource(f, content + 2);
	fputs("\"\n", f);
}

int conform_hide(char **tree, bool addresses)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	for (const char *line = *tree; *line;) {
		size_t n = strcspn(line, "\n");

		write_line(f, line, n, addresses);
		line += n + (line[n] == '\n');
	}
	if (fclose(f))
		return -ENOMEM;
	free(*tree);
	*tree = text;
	return 0;
}

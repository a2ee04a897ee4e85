/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU does not save the registers of some devices, as edu: they are written back. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/util.h"
#include "vmtests/inside.h"

#define HEADER 64
#define DEVICES "/sys/bus/pci/devices"

/* What an operating system sets up of a header, the command last. */
static const unsigned registers[] = { 0x0c, 0x10, 0x14, 0x18, 0x1c,
				      0x20, 0x24, 0x30, 0x3c, 0x04 };

static int open_config(const char *bdf, int flags)
{
	char path[128];

	(void)snprintf(path, sizeof(path), DEVICES "/%.64s/config", bdf);
	return open(path, flags | O_CLOEXEC);
}

struct saved {
	char bdf[16];
	unsigned char header[HEADER];
};

static int save(FILE *f)
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		AUTOCLOSE int fd = open_config(entry->d_name, O_RDONLY);
		struct saved s = { "" };

		if (fd < 0 || pread(fd, s.header, HEADER, 0) != HEADER)
			continue;
		(void)snprintf(s.bdf, sizeof(s.bdf), "%.15s", entry->d_name);
		(void)fwrite(&s, sizeof(s), 1, f);
	}
	if (dir)
		closedir(dir);
	return fflush(f) == 0 ? 0 : 1;
}

static int restore(FILE *f)
{
	struct saved s;

	while (fread(&s, sizeof(s), 1, f) == 1) {
		AUTOCLOSE int fd = open_config(s.bdf, O_RDWR);
		unsigned char now[HEADER];

		if (fd < 0 || pread(fd, now, HEADER, 0) != HEADER ||
		    memcmp(now, s.header, HEADER) == 0)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
			if (pwrite(fd, s.header + registers[i], 4, registers[i]) != 4)
				return 1;
	}
	return 0;
}

int inside_config(int argc, char **argv)
{
	bool saves = argc == 3 && streq(argv[1], "save");
	FILE *f = argc == 3 ? fopen(argv[2], saves ? "we" : "re") : NULL;
	int r;

	if (!f) {
		fprintf(stderr, "config save|restore FILE: %s\n", strerror(errno));
		return 2;
	}
	r = saves ? save(f) : restore(f);
	(void)fclose(f);
	return r;
}

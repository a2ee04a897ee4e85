/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/util.h"
#include "fakesys/ctl.h"

const char ctl_help[] =
	"  reboot           power off and boot from what is on the disk\n"
	"  power-cut [SEED] the power goes: what was not synced may be lost; 0 loses "
	"all\n"
	"  timeline         what the last boot did, and why each function has its "
	"driver\n"
	"  claim GROUP      a VM takes the IOMMU group and opens its devices\n"
	"  release GROUP    and gives it back\n"
	"  fault KIND K     the K-th change of the disk from now on fails (KIND an "
	"errno,\n"
	"                   ENOSPC) or is where the power goes (KIND cut)\n"
	"  rescue           while the power is off: the disk may be changed, as from a\n"
	"                   rescue system\n"
	"  report           what `timeline` tells, as JSON\n"
	"  dmesg            the kernel's log\n"
	"  run COMMAND...   update-grub, update-initramfs, modprobe, ... of that host\n";

int ctl_errno_named(const char *name, size_t len)
{
	for (int i = 1; i < 134; i++) {
		const char *have = strerrorname_np(i);

		if (have && strlen(have) == len && strncmp(have, name, len) == 0)
			return i;
	}
	return 0;
}

int ctl_errno(const char *text)
{
	const char *open = strrchr(text, '('), *close = open ? strchr(open, ')') : NULL;

	return close ? ctl_errno_named(open + 1, (size_t)(close - open) - 1) : 0;
}

static int put_words(struct ctl_message *m, char *const argv[], struct err *e)
{
	for (; *argv; argv++) {
		size_t n = strlen(*argv) + 1;

		if (n > sizeof(m->text) - m->len)
			return err_set(e, -E2BIG, "the command is too long");
		memcpy(m->text + m->len, *argv, n);
		m->len += (uint32_t)n;
	}
	return 0;
}

int ctl_say(const char *dir, char *const argv[], char **ret_text, int *ret_status,
	    struct err *e)
{
	AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ctl_message m = { 0 };
	AUTOFREE char *text = NULL;
	size_t got;
	int r;

	if (fd < 0)
		return err_set(e, -errno, "%s: %s", dir, strerror(errno));
	r = put_words(&m, argv, e);
	if (r < 0)
		return r;
	if (ioctl(fd, CTL_IOCTL, &m) < 0)
		return err_set(
			e, -ENOTTY,
			"%s belongs to no simulated host; this is for a command "
			"inside `fakesys run`, or with --at DIR of `fakesys mount`",
			dir);
	*ret_status = m.status;
	text = malloc((size_t)m.total + 1);
	if (!text)
		return err_set(e, -ENOMEM, "out of memory");
	for (got = 0; got < m.total && m.len; got += m.len) {
		if (got) {
			m.offset = (uint32_t)got;
			if (ioctl(fd, CTL_IOCTL, &m) < 0 || !m.len)
				break;
		}
		if (m.len > sizeof(m.text) || m.len > m.total - got)
			break;
		memcpy(text + got, m.text, m.len);
	}
	text[got] = '\0';
	*ret_text = TAKE(text);
	return 0;
}

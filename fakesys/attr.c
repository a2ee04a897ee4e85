/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "fakesys/blocked.h"

bool attr_visible(const struct sim *s, const struct node *dir, const struct attr *a)
{
	if (a->needs && (s->places[dir->i].traits & a->needs) != a->needs)
		return false;
	return !a->visible || a->visible(s, dir, a);
}

const struct attr *attr_find(struct attr_table t, const char *name, size_t len)
{
	size_t lo = 0, hi = t.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const char *have = t.v[mid].name;
		int c = (unsigned char)name[0] - (unsigned char)have[0];

		if (!c)
			c = strncmp(name, have, len);
		if (!c && have[len])
			c = -1;
		if (!c)
			return &t.v[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* A data row: a number that lies in struct pci_fn. */
static ssize_t show_data(const struct sim *s, const struct node *dir,
			 const struct attr *a, char *buf)
{
	const char *at = (const char *)&s->m->fns.v[dir->i] + a->offset;
	uint64_t v = 0;
	char *p = buf;

	/* Little-endian, as everything that runs this: the low bytes come first. */
	memcpy(&v, at, a->size);
	if (a->digits) {
		p = put_str(p, "0x");
		p = put_hex(p, v, a->digits);
	} else {
		p = put_dec(p, v);
	}
	*p++ = '\n';
	return p - buf;
}

ssize_t attr_show(struct sim *s, const struct node *dir, const struct attr *a,
		  char buf[static SIM_PAGE])
{
	if (a->size)
		return show_data(s, dir, a, buf);
	/* fs/sysfs/file.c:sysfs_kf_seq_show: no show is -EIO. */
	return a->show ? a->show(s, dir, a, buf) : -EIO;
}

ssize_t entry_store(struct sim *s, const struct entry *e, bool capable, const char *buf,
		    size_t len, uint64_t off)
{
	const struct attr_bin *bin = e->attr->bin;
	char page[SIM_PAGE + 1];
	uint64_t size;

	/* fs/kernfs/file.c:kernfs_fop_write_iter: one page at most, and never nothing. */
	if (!len)
		return 0;
	if (len > SIM_PAGE)
		len = SIM_PAGE;
	s->capable = capable;
	if (!bin) {
		if (!e->attr->store)
			return -EIO;
		memcpy(page, buf, len);
		page[len] = '\0';
		return e->attr->store(s, &e->dir, e->attr, page, len);
	}
	/* fs/sysfs/file.c:sysfs_kf_bin_write */
	size = bin->size(s, &e->dir, e->attr);
	if (size && off >= size)
		return -EFBIG;
	if (size && len > size - off)
		len = size - off;
	return bin->write ? bin->write(s, &e->dir, e->attr, buf, len, off) : -EIO;
}

ssize_t entry_store_or_wait(struct sim *s, const struct entry *e, bool capable,
			    const char *buf, size_t len, uint64_t off,
			    uint64_t *ret_ticket)
{
	ssize_t n = entry_store(s, e, capable, buf, len, off);

	if (n == -EINPROGRESS)
		*ret_ticket = blocked_add(s, e, capable, buf, len, off);
	return n;
}

ssize_t entry_read_bin(struct sim *s, const struct entry *e, bool capable, char *buf,
		       size_t len, uint64_t off)
{
	const struct attr_bin *bin = e->attr->bin;
	uint64_t size = bin->size(s, &e->dir, e->attr);

	s->capable = capable;
	if (!capable && bin->limit && bin->limit(s, &e->dir) < size)
		size = bin->limit(s, &e->dir);
	/* fs/sysfs/file.c:sysfs_kf_bin_read */
	if (size && off >= size)
		return 0;
	if (size && len > size - off)
		len = size - off;
	if (!len)
		return 0;
	return bin->read ? bin->read(s, &e->dir, e->attr, buf, len, off) : -EIO;
}

ssize_t attr_show_arg(struct sim *s, const struct node *dir, const struct attr *a,
		      char buf[static SIM_PAGE])
{
	char *p = put_dec(buf, (uint64_t)a->arg);

	(void)s, (void)dir;
	*p++ = '\n';
	return p - buf;
}

ssize_t attr_show_empty(struct sim *s, const struct node *dir, const struct attr *a,
			char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a, (void)buf;
	return 0;
}

char *put_hex(char *p, uint64_t v, int digits)
{
	for (int i = digits; i-- > 0; v >>= 4)
		p[i] = "0123456789abcdef"[v & 0xf];
	return p + digits;
}

char *put_dec(char *p, uint64_t v)
{
	char tmp[20];
	int n = 0;

	do
		tmp[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n)
		*p++ = tmp[--n];
	return p;
}

char *put_bdf(char *p, struct bdf b)
{
	int digits = 4; /* "%04x": VMD's domains have more */

	while (digits < 8 && b.domain >> 4 * digits)
		digits++;
	p = put_hex(p, b.domain, digits);
	*p++ = ':';
	p = put_hex(p, b.bus, 2);
	*p++ = ':';
	p = put_hex(p, b.dev, 2);
	*p++ = '.';
	return put_hex(p, b.fn, 1);
}

void name_root(char *name, const struct sim_root *r)
{
	char *end = put_bdf(put_str(name, "pci"),
			    (struct bdf){ .domain = r->domain, .bus = r->bus });

	end[-(int)strlen(":00.0")] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t parse_bdf(const char *p, size_t len, struct bdf *ret)
{
	uint32_t f[4] = { 0 };
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		size_t start = at, want = i == 0 ? 4 : i == 3 ? 1 : 2;
		int d;

		for (; at < len && (d = hex_digit(p[at])) >= 0 && at - start < 8; at++)
			f[i] = f[i] << 4 | (uint32_t)d;
		/* Only a domain may have more digits, and then no zero before them. */
		if (at - start != want && (i || at - start < want || p[start] == '0'))
			return 0;
		if (i == 3)
			break;
		if (at == len || p[at++] != (i == 2 ? '.' : ':'))
			return 0;
	}
	if (f[2] > 0x1f || f[3] > 7)
		return 0;
	*ret = (struct bdf){ f[0], (uint8_t)f[1], (uint8_t)f[2], (uint8_t)f[3] };
	return at;
}

/* lib/kstrtox.c:kstrtoull: digits of the base, then at most one newline. */
static int parse_digits(const char *s, uint64_t *ret)
{
	unsigned base = 10;
	uint64_t v = 0;
	const char *start;

	if (s[0] == '0' && (s[1] | 0x20) == 'x' && isxdigit((unsigned char)s[2])) {
		base = 16;
		s += 2;
	} else if (s[0] == '0') {
		base = 8;
	}
	for (start = s; isxdigit((unsigned char)*s); s++) {
		unsigned d = (unsigned)(*s <= '9' ? *s - '0' : (*s | 0x20) - 'a' + 10);

		if (d >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, d, &v))
			return -EINVAL;
	}
	if (s == start || (*s == '\n' && s[1]) || (*s && *s != '\n'))
		return -EINVAL;
	*ret = v;
	return 0;
}

int store_u64(const char *buf, uint64_t max, uint64_t *ret)
{
	uint64_t v;
	int r = parse_digits(buf[0] == '+' ? buf + 1 : buf, &v);

	if (r < 0 || v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

int store_int(const char *buf, int *ret)
{
	bool minus = buf[0] == '-';
	uint64_t v;
	int r = minus ? parse_digits(buf + 1, &v) : store_u64(buf, INT_MAX, &v);

	if (r < 0 || v > (uint64_t)INT_MAX + minus)
		return -EINVAL;
	*ret = minus ? (int)-(int64_t)v : (int)v;
	return 0;
}

int store_bool(const struct kernel_profile *p, const char *buf, bool *ret)
{
	/* lib/kstrtox.c:kstrtobool: the first letter, after 'o' the second. */
	switch (buf[0]) {
	case 'e':
	case 'E':
	case 'd':
	case 'D':
		if (!p->bool_takes_e)
			return -EINVAL;
		*ret = (buf[0] | 0x20) == 'e';
		return 0;
	case 'y':
	case 'Y':
	case 't':
	case 'T':
	case '1':
		*ret = true;
		return 0;
	case 'n':
	case 'N':
	case 'f':
	case 'F':
	case '0':
		*ret = false;
		return 0;
	case 'o':
	case 'O':
		if ((buf[1] | 0x20) != 'n' && (buf[1] | 0x20) != 'f')
			return -EINVAL;
		*ret = (buf[1] | 0x20) == 'n';
		return 0;
	default:
		return -EINVAL;
	}
}

size_t store_name_len(const char *buf)
{
	size_t n = strlen(buf);

	return n && buf[n - 1] == '\n' ? n - 1 : n;
}

bool store_is(const char *buf, const char *want)
{
	size_t n = strlen(want);

	return strncmp(buf, want, n) == 0 && (!buf[n] || (buf[n] == '\n' && !buf[n + 1]));
}

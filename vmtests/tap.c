/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "vmtests/tap.h"

/* "ok 12 - NAME" */
static bool is_test(const char *line, const char *word)
{
	const char *number = after_prefix(line, word);

	return number && *number >= '0' && *number <= '9';
}

/* Where the name is in "12 - NAME". */
static size_t skip_number(const char *text)
{
	size_t n = strspn(text, "0123456789");

	n += text[n] == ' ';
	return n + (after_prefix(text + n, "- ") ? 2 : 0);
}

int tap_read(const char *text, struct tap *ret, struct err *e)
{
	struct tap t = { 0 };
	unsigned plan = 0;
	bool planned = false;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *rest;

		if (is_test(line, "ok ")) {
			t.ok++;
			t.skipped += memmem(line, len, "# SKIP", 6) != NULL;
		} else if (is_test(line, "not ok ")) {
			size_t name = 7 + skip_number(line + 7);

			if (!t.not_ok++)
				(void)snprintf(t.first, sizeof(t.first), "%.*s",
					       (int)(len - name), line + name);
		} else if (after_prefix(line, "Bail out!")) {
			return err_set(e, -EPROTO, "%.*s", len > 300 ? 300 : (int)len,
				       line);
		} else if ((rest = after_prefix(line, "1.."))) {
			planned = true;
			plan = (unsigned)strtoul(rest, NULL, 10);
		}
		line += len + (line[len] == '\n');
	}
	if (!planned || plan != t.ok + t.not_ok)
		return err_set(e, -EPROTO,
			       planned ? "%u tests ended of %u"
				       : "no plan: %u tests ended",
			       t.ok + t.not_ok, plan);
	*ret = t;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm --write: change a Proxmox VM's configuration after showing how. */
#include <errno.h>

#include "core/diff.h"
#include "core/vm.h"
#include "tools/command.h"

#define CONF_DIR "etc/pve/qemu-server"

/* The configuration with the functions added, in @a. */
static int merge(struct run *r, struct arena *a, const char *before, char **ret,
		 struct err *e)
{
	struct judged j;
	struct vm_model model = { 0 };
	fn_list asked = { 0 };

	for (size_t i = 0; i < r->req.n_devices; i++)
		if (machine_find(r->subject.m, a, r->req.devices[i], &asked, e) < 0)
			return VERB_INPUT;
	judge_prepare(r->subject.m, a, &asked, &j);
	vm_decide(&j, &model);
	*ret = vm_merge_proxmox(&model, a, before);
	return VERB_YES;
}

/* The permissions of @path are kept: Proxmox's file system gives them, nobody chooses. */
static int replace(const struct host *h, const char *path, const char *text,
		   struct err *e)
{
	struct blob data = { (const uint8_t *)text, strlen(text) };
	struct host_stat st;
	int code = h->ops->stat(h->ctx, path, &st);

	if (code >= 0)
		code = host_replace(h, path, data, st.mode & 07777, st.uid, st.gid);
	if (code < 0)
		return verb_status_of(
			err_set(e, code, "cannot write /%s: %s", path, strerror(-code)));
	return VERB_YES;
}

/* Nobody changed the file while the person was asked. */
static int still_so(const struct host *h, struct arena *a, const char *path,
		    const char *before, struct err *e)
{
	char *now;

	if (host_read_text(h, a, &now, "%s", path) >= 0 &&
	    streq(arena_printf(a, "%s\n", now), before))
		return VERB_YES;
	err_set(e, -ESTALE, "/%s was changed meanwhile; nothing was written", path);
	return VERB_REFUSED;
}

int command_write_conf(struct run *r, struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	const struct host *h = &r->subject.host;
	const char *path = r->v->write;
	char *before, *after, *diff;
	int s;

	if (r->req.target != VM_PROXMOX) {
		(void)err_set(e, 0,
			      "--write goes with --for proxmox:VMID only; the others "
			      "are printed");
		return VERB_INPUT;
	}
	while (*path == '/')
		path++;
	if (!*path)
		path = arena_printf(a, CONF_DIR "/%u.conf", r->req.vmid);
	s = host_read_text(h, a, &before, "%s", path);
	if (s < 0)
		return verb_status_of(
			err_set(e, s, "cannot read /%s: %s", path, strerror(-s)));
	/* host_read_text() takes the last newline off, the merge wants whole lines */
	before = arena_printf(a, "%s\n", before);
	s = merge(r, a, before, &after, e);
	if (s != VERB_YES)
		return s;
	diff = diff_unified(a, path, before, after);
	if (!*diff) {
		say(&r->printer, TONE_GOOD, "Nothing to do: /%s has it already.\n", path);
		return VERB_YES;
	}
	say_diff(&r->printer, "", diff);
	s = command_ask(r, "\nWrite this?", e);
	if (s == VERB_YES)
		s = still_so(h, a, path, before, e);
	if (s == VERB_YES)
		s = replace(h, path, after, e);
	if (s == VERB_YES)
		say(&r->printer, TONE_GOOD, "Written: /%s\n", path);
	return s;
}

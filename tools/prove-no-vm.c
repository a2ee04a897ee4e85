/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built without the VM lab. */
#include <errno.h>

#include "tools/prove-vm.h"

int prove_vm_in_lab(int (*fn)(void *arg, void *lab), void *arg, struct err *e)
{
	(void)fn, (void)arg;
	return err_set(e, -EOPNOTSUPP,
		       "--on vm: this pcipass-prove was built without the lab");
}

struct ground prove_vm_ground(void **slot)
{
	(void)slot;
	return (struct ground){ 0 };
}

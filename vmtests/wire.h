/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire - the operations of struct host over a stream of bytes: lab-inside's `host` serves
 * them in a guest, host-guest.h asks. Both ends are built from these files and run on one
 * machine, so structs go as they are.
 */
#pragma once

#include <sys/types.h>

#include "core/host.h"

/* The name of the virtio-serial port. */
#define WIRE_PORT "org.pcipass.host"
#define WIRE_MAX ((uint32_t)80 << 20) /* bytes that one message may carry */

enum wire_op {
	WIRE_READ,
	WIRE_READLINK,
	WIRE_LIST, /* names, each with its NUL */
	WIRE_STAT, /* a struct host_stat */
	WIRE_KLOG,
	WIRE_STORE,
	WIRE_CREATE,
	WIRE_APPEND,
	WIRE_SYNC,
	WIRE_RENAME, /* data: the new name */
	WIRE_UNLINK,
	WIRE_LINK, /* data: the new name */
	WIRE_MKDIR,
	WIRE_RMDIR,
	WIRE_SPACE, /* a uint64_t */
	WIRE_LOCK,
	WIRE_UNLOCK,
	WIRE_RUN,     /* data: words, each with its NUL; answer: text behind the status */
	WIRE_CLAIM,   /* a VM takes the IOMMU group @off */
	WIRE_RELEASE, /* and gives it back */
};

struct wire_request {
	uint32_t op;
	uint32_t path_len, data_len; /* of what follows */
	uint32_t mode, uid, gid;
	int32_t number; /* a deadline in ms; the kind of a lock */
	uint64_t off, len;
};
struct wire_answer {
	int64_t ret;
	uint32_t data_len;
};

/* All of it, whatever it takes. -EPIPE: the other end is gone; errno. */
int wire_send(int fd, const void *data, size_t len);
int wire_receive(int fd, void *data, size_t len);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVM Express Base Specification 1.4: as little of it as reads one block. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "vmtests/block-pattern.h"
#include "vmtests/inside-fn.h"
#include "vmtests/inside-time.h"
#include "vmtests/inside-vfio-part.h"
#include "vmtests/inside-vfio.h"

enum {
	NVME_CAP = 0x00,
	NVME_CC = 0x14,
	NVME_CSTS = 0x1c,
	NVME_AQA = 0x24,
	NVME_ASQ = 0x28,
	NVME_ACQ = 0x30,
	NVME_DOORBELLS = 0x1000,
};

enum { OP_READ = 0x02, OP_CREATE_SQ = 0x01, OP_CREATE_CQ = 0x05, OP_IDENTIFY = 0x06 };
enum { CNS_NAMESPACE = 0, CNS_CONTROLLER = 1 };

#define CC_ON (6U << 16 | 4U << 20 | 1U) /* entries of 64 and 16 bytes, enable */
#define CSTS_READY 1U
#define QUEUE_CONTIGUOUS 1U
#define DEVICE_MS 15000
#define PAGE 4096
#define ENTRIES 8
#define NAMESPACE 1

struct command {
	uint32_t op_id;
	uint32_t namespace;
	uint64_t reserved[2];
	uint64_t prp[2];
	uint32_t cdw[6]; /* 10 to 15 */
};
_Static_assert(sizeof(struct command) == 64, "the size of a submission entry");

struct completion {
	uint32_t result, reserved;
	uint16_t sq_head, sq;
	uint16_t id;
	uint16_t status; /* bit 0: phase */
};
_Static_assert(sizeof(struct completion) == 16, "the size of a completion entry");

enum { ADMIN_SQ, ADMIN_CQ, IO_SQ, IO_CQ, DATA, PAGES };
#define IOVA_BASE UINT64_C(0x7654321000) /* no address of a small guest's memory */

struct queue {
	int number;
	int sq, cq; /* pages */
	uint16_t tail, head, phase;
};

struct nvme {
	struct tap *t;
	const char *bdf, *serial;
	unsigned long block;
	struct vfio_dev dev;
	struct vfio_mmio bar;
	char *mem;
	unsigned stride;
	struct queue admin, io;
};

static uint32_t get(const struct nvme *n, unsigned reg)
{
	return le32toh(*(volatile uint32_t *)(n->bar.at + reg));
}

static void put(const struct nvme *n, unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(n->bar.at + reg) = htole32(value);
}

static void put_address(const struct nvme *n, unsigned reg, uint64_t value)
{
	put(n, reg, (uint32_t)value);
	put(n, reg + 4, (uint32_t)(value >> 32));
}

static char *page(const struct nvme *n, int which)
{
	return n->mem + (size_t)which * PAGE;
}

static uint64_t iova(int which)
{
	return IOVA_BASE + (uint64_t)which * PAGE;
}

static int await_ready(const struct nvme *n, uint32_t ready)
{
	int64_t deadline = time_now_ms() + DEVICE_MS;

	while ((get(n, NVME_CSTS) & CSTS_READY) != ready) {
		if (time_left_ms(deadline) == 0)
			return -ETIMEDOUT;
		time_sleep_ms(10);
	}
	return 0;
}

static int await_completion(const struct nvme *n, const struct queue *q)
{
	const volatile struct completion *c =
		(const volatile struct completion *)page(n, q->cq) + q->head;
	int64_t deadline = time_now_ms() + DEVICE_MS;

	while ((le16toh(c->status) & 1) != q->phase) {
		if (time_left_ms(deadline) == 0)
			return -ETIMEDOUT;
		time_sleep_ms(1);
	}
	__sync_synchronize(); /* what the device wrote before is read after */
	return le16toh(c->status) >> 1 == 0 && le16toh(c->id) == q->tail ? 0 : -EIO;
}

static unsigned doorbell(const struct nvme *n, const struct queue *q, int completions)
{
	return NVME_DOORBELLS + (unsigned)(2 * q->number + completions) * n->stride;
}

/* Run one command to its end; it is numbered by the tail that it leaves. */
static int run(const struct nvme *n, struct queue *q, uint8_t op, const struct command *c)
{
	struct command *slot = (struct command *)(void *)page(n, q->sq) + q->tail;
	int err;

	q->tail = (uint16_t)((q->tail + 1) % ENTRIES);
	*slot = *c;
	slot->op_id = htole32(op | (uint32_t)q->tail << 16);
	__sync_synchronize();
	put(n, doorbell(n, q, 0), q->tail);
	err = await_completion(n, q);
	q->head = (uint16_t)((q->head + 1) % ENTRIES);
	q->phase ^= q->head == 0;
	put(n, doorbell(n, q, 1), q->head);
	return err;
}

static int identify(struct nvme *n, uint32_t what)
{
	const struct command c = {
		.namespace = htole32(what == CNS_NAMESPACE ? NAMESPACE : 0),
		.prp = { htole64(iova(DATA)) },
		.cdw = { htole32(what) },
	};

	memset(page(n, DATA), 0xee, PAGE);
	return run(n, &n->admin, OP_IDENTIFY, &c);
}

static int start(struct nvme *n)
{
	int err = vfio_enable_dma(&n->dev);

	if (err < 0)
		return err;
	put(n, NVME_CC, 0);
	err = await_ready(n, 0);
	if (err < 0)
		return err;
	memset(n->mem, 0, (size_t)PAGES * PAGE);
	n->stride = 4U << (get(n, NVME_CAP + 4) & 0xf);
	n->admin =
		(struct queue){ .number = 0, .sq = ADMIN_SQ, .cq = ADMIN_CQ, .phase = 1 };
	n->io = (struct queue){ .number = 1, .sq = IO_SQ, .cq = IO_CQ, .phase = 1 };
	put(n, NVME_AQA, (ENTRIES - 1) << 16 | (ENTRIES - 1));
	put_address(n, NVME_ASQ, iova(ADMIN_SQ));
	put_address(n, NVME_ACQ, iova(ADMIN_CQ));
	put(n, NVME_CC, CC_ON);
	return await_ready(n, CSTS_READY);
}

/* A field of the identify data: text, filled up with blanks. */
static void copy_text(const struct nvme *n, size_t at, size_t size, char *ret)
{
	memcpy(ret, page(n, DATA) + at, size);
	while (size > 0 && ret[size - 1] == ' ')
		size--;
	ret[size] = '\0';
}

static void check_identity(struct nvme *n)
{
	char serial[21], model[41];
	int err = identify(n, CNS_CONTROLLER);

	if (!tap_result(n->t, err, "IDENTIFY controller"))
		return;
	copy_text(n, 4, 20, serial);
	copy_text(n, 24, 40, model);
	tap_check(n->t, streq(serial, n->serial), "its serial number is the right one",
		  "it is \"%s\"", serial);
	tap_note("model %s, serial %s", model, serial);
}

/* LBA formats begin at 128; the byte at 26 says which one, byte 2 of a format the size.
 */
static void check_block_size(struct nvme *n)
{
	const uint8_t *data = (const uint8_t *)page(n, DATA);
	int err = identify(n, CNS_NAMESPACE);
	unsigned shift;

	if (!tap_result(n->t, err, "IDENTIFY namespace"))
		return;
	shift = data[128 + 4 * (data[26] & 0xf) + 2];
	tap_check(n->t, shift == 9, "a block has 512 bytes", "it has 2 to the %u", shift);
}

static int create_queues(struct nvme *n)
{
	const uint32_t size = htole32((ENTRIES - 1) << 16 | 1);
	const struct command cq = {
		.prp = { htole64(iova(IO_CQ)) },
		.cdw = { size, htole32(QUEUE_CONTIGUOUS) },
	};
	const struct command sq = {
		.prp = { htole64(iova(IO_SQ)) },
		.cdw = { size, htole32(1U << 16 | QUEUE_CONTIGUOUS) },
	};
	int err = run(n, &n->admin, OP_CREATE_CQ, &cq);

	return err < 0 ? err : run(n, &n->admin, OP_CREATE_SQ, &sq);
}

static int read_block(struct nvme *n, uint64_t block)
{
	const struct command c = {
		.namespace = htole32(NAMESPACE),
		.prp = { htole64(iova(DATA)) },
		.cdw = { htole32((uint32_t)block), htole32((uint32_t)(block >> 32)) },
	};

	memset(page(n, DATA), 0xee, PAGE);
	return run(n, &n->io, OP_READ, &c);
}

static void check_block(struct nvme *n)
{
	char right[BLOCK_PATTERN_SIZE];
	const char *data = page(n, DATA);
	int err = read_block(n, n->block);

	if (!tap_result(n->t, err, "READ block %lu", n->block))
		return;
	block_pattern_fill(n->block, right);
	tap_check(n->t, memcmp(data, right, sizeof(right)) == 0,
		  "it holds what is on the disk", "it begins with \"%.*s\"",
		  (int)strcspn(data, "\n") % 32, data);
	tap_check(n->t, (uint8_t)data[BLOCK_PATTERN_SIZE] == 0xee,
		  "nothing is written behind it", "it reads %#x",
		  (uint8_t)data[BLOCK_PATTERN_SIZE]);
}

static void check_controller(struct nvme *n)
{
	if (!tap_result(n->t, start(n), "the controller starts"))
		return;
	check_identity(n);
	check_block_size(n);
	if (tap_result(n->t, create_queues(n), "a pair of queues is made"))
		check_block(n);

	if (!tap_result(n->t, vfio_reset(&n->dev), "VFIO_DEVICE_RESET") ||
	    !tap_result(n->t, vfio_enable_dma(&n->dev), "memory and DMA are on again"))
		return;
	tap_check(n->t, (get(n, NVME_CC) & 1) == 0, "the controller is off",
		  "CC reads %#x", get(n, NVME_CC));
	if (!tap_result(n->t, start(n), "it starts again"))
		return;
	check_identity(n);
	put(n, NVME_CC, 0);
	tap_result(n->t, await_ready(n, 0), "the controller stops");
}

static int open_nvme(struct nvme *n)
{
	int group = fn_group(n->bdf), err;

	if (group < 0)
		return group;
	err = vfio_open(group, n->bdf, &n->dev);
	if (err == 0)
		err = vfio_map_bar(&n->dev, VFIO_PCI_BAR0_REGION_INDEX, &n->bar);
	if (err < 0)
		return err;
	n->mem = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (n->mem == MAP_FAILED)
		return -errno;
	return vfio_map(&n->dev, n->mem, (size_t)PAGES * PAGE, IOVA_BASE,
			VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

void inside_nvme(struct tap *t, char **args)
{
	struct nvme n = {
		.t = t,
		.bdf = args[0],
		.serial = args[1],
		.block = strtoul(args[2], NULL, 10),
		.dev = VFIO_DEV_CLOSED,
		.mem = MAP_FAILED,
	};
	struct fn_loan loan;

	if (tap_result(t, fn_borrow(n.bdf, &loan), "vfio-pci gets %s", n.bdf) &&
	    tap_result(t, open_nvme(&n), "%s is opened by its group", n.bdf))
		check_controller(&n);
	vfio_unmap_bar(&n.bar);
	vfio_close(&n.dev);
	if (n.mem != MAP_FAILED)
		munmap(n.mem, (size_t)PAGES * PAGE);
	tap_result(t, fn_return(&loan), "%s is given back", n.bdf);
}

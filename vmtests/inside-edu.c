/* SPDX-License-Identifier: GPL-2.0-or-later */
/* docs/specs/edu.rst of QEMU */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "vmtests/inside-fault.h"
#include "vmtests/inside-fn.h"
#include "vmtests/inside-kmsg.h"
#include "vmtests/inside-time.h"
#include "vmtests/inside-vfio-part.h"
#include "vmtests/inside-vfio.h"

enum {
	EDU_ID = 0x00,
	EDU_ALIVE = 0x04,
	EDU_FACTORIAL = 0x08,
	EDU_STATUS = 0x20,
	EDU_IRQ_STATUS = 0x24,
	EDU_IRQ_ACK = 0x64,
	EDU_DMA_FROM = 0x80,
	EDU_DMA_TO = 0x88,
	EDU_DMA_COUNT = 0x90,
	EDU_DMA_COMMAND = 0x98,
	EDU_BUFFER = 0x40000, /* the device's own address of it */
};

#define EDU_IRQ_FACTORIAL 0x001
#define EDU_IRQ_DMA 0x100
#define EDU_STATUS_BUSY 0x01
#define EDU_STATUS_IRQ 0x80
#define EDU_DMA_START 0x01
#define EDU_DMA_TO_MEMORY 0x02
#define EDU_DMA_IRQ 0x04

#define DEVICE_MS 10000 /* it takes 100 ms, on a machine that does nothing else */
#define LOG_MS 5500
#define SILENCE_MS 300

#define PAGE 4096
#define LENGTH 1024
#define REFUSED 16 /* each 4 bytes may be a fault, and a line in the log */
#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* Pages of this process; the device knows them by addresses below 256 MiB, apart. */
enum { SOURCE, TARGET, READ_ONLY, PAGES };
static const uint64_t iova[PAGES] = { 0x01000000, 0x0abcd000, 0x05555000 };

struct edu {
	struct tap *t;
	const char *bdf, *requester;
	bool unlogged;
	struct vfio_dev dev;
	struct vfio_mmio bar;
	int irq, kmsg;
	uint8_t *mem;
	uint8_t seed; /* no two transfers carry the same bytes */
};

static uint32_t get(const struct edu *e, unsigned reg)
{
	return *(volatile uint32_t *)(e->bar.at + reg);
}

static void put(const struct edu *e, unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(e->bar.at + reg) = value;
}

/* The interrupt comes once, for the reason @why, and is acknowledged. */
static int await_irq(const struct edu *e, uint32_t why)
{
	int n = vfio_irq_wait(e->irq, DEVICE_MS);

	if (n < 0)
		return n;
	if (n != 1 || get(e, EDU_IRQ_STATUS) != why)
		return -EPROTO;
	put(e, EDU_IRQ_ACK, why);
	return get(e, EDU_IRQ_STATUS) == 0 ? 0 : -EPROTO;
}

static int set_irq(struct edu *e, uint32_t index)
{
	if (e->irq >= 0)
		close(e->irq);
	e->irq = vfio_irq_on(&e->dev, index);
	return e->irq < 0 ? e->irq : 0;
}

static int factorial(const struct edu *e, uint32_t n, uint32_t right)
{
	int64_t deadline = time_now_ms() + DEVICE_MS;
	int err;

	put(e, EDU_STATUS, EDU_STATUS_IRQ);
	put(e, EDU_FACTORIAL, n);
	err = await_irq(e, EDU_IRQ_FACTORIAL);
	if (err < 0)
		return err;
	while (get(e, EDU_STATUS) & EDU_STATUS_BUSY)
		if (time_left_ms(deadline) == 0)
			return -ETIMEDOUT;
	put(e, EDU_STATUS, 0);
	return get(e, EDU_FACTORIAL) == right ? 0 : -EBADMSG;
}

/* One transfer between the device's buffer and what it knows as @addr, to its interrupt.
 */
static int dma(const struct edu *e, uint64_t addr, bool to_memory, uint32_t length)
{
	uint32_t from = to_memory ? EDU_BUFFER : (uint32_t)addr;
	uint32_t to = to_memory ? (uint32_t)addr : EDU_BUFFER;

	put(e, EDU_DMA_FROM, from);
	put(e, EDU_DMA_TO, to);
	put(e, EDU_DMA_COUNT, length);
	put(e, EDU_DMA_COMMAND,
	    EDU_DMA_START | EDU_DMA_IRQ | (to_memory ? EDU_DMA_TO_MEMORY : 0));
	return await_irq(e, EDU_IRQ_DMA);
}

static uint8_t *page(const struct edu *e, int which)
{
	return e->mem + (size_t)which * PAGE;
}

static int map(const struct edu *e, int which, uint32_t access)
{
	return vfio_map(&e->dev, page(e, which), PAGE, iova[which], access);
}

/* Bytes that no other transfer had; the other pages get what is not to be found there. */
static void fill(struct edu *e)
{
	e->seed++;
	memset(e->mem, 0xee, (size_t)PAGES * PAGE);
	for (int i = 0; i < LENGTH; i++)
		page(e, SOURCE)[i] = (uint8_t)(i * 7 + (i >> 8) + e->seed * 31);
}

static bool untouched(const struct edu *e, int which)
{
	for (int i = 0; i < PAGE; i++)
		if (page(e, which)[i] != 0xee)
			return false;
	return true;
}

/* SOURCE to the device and back to TARGET, and nowhere else. */
static int round_trip(struct edu *e)
{
	int err;

	fill(e);
	err = dma(e, iova[SOURCE], false, LENGTH);
	if (err == 0)
		err = dma(e, iova[TARGET], true, LENGTH);
	if (err < 0)
		return err;
	if (memcmp(page(e, TARGET), page(e, SOURCE), LENGTH) != 0)
		return -EBADMSG;
	memset(page(e, TARGET), 0xee, LENGTH);
	return untouched(e, TARGET) && untouched(e, READ_ONLY) ? 0 : -EBADMSG;
}

/* The log names the device, the address and, where the IOMMU tells, the direction. */
static int await_log(const struct edu *e, const struct fault_words *f)
{
	char line[512];
	int err = kmsg_wait(e->kmsg, f->words, LOG_MS, line, sizeof(line));

	if (err == 0)
		tap_note("%s", line);
	return err;
}

/*
 * A transfer that the IOMMU has to refuse: it ends, and is logged. The kernel logs no
 * more than some lines in 5 seconds: it is tried again when nothing came for longer than
 * that.
 */
static void check_logged(struct edu *e, uint64_t addr, bool to_memory, const char *what)
{
	struct fault_words f;
	int err = fault_expect(e->bdf, e->requester, addr, to_memory, &f);

	tap_result(e->t, dma(e, addr, to_memory, REFUSED), "%s ends", what);
	if (e->unlogged) {
		tap_skip(e->t, "the kernel logs that", "the IOMMU reports no such fault");
		return;
	}
	if (err == 0)
		err = await_log(e, &f);
	if (err == -ETIMEDOUT) {
		tap_note("no line for %d ms: once more", LOG_MS);
		err = dma(e, addr, to_memory, REFUSED);
		if (err == 0)
			err = await_log(e, &f);
	}
	tap_result(e->t, err, "the kernel logs that: %s of %#lx by %s",
		   to_memory ? "write" : "read", (unsigned long)addr, e->requester);
}

static void check_refused(struct edu *e)
{
	int err;

	fill(e);
	err = dma(e, iova[SOURCE], false, LENGTH);
	if (err == 0)
		err = vfio_unmap(&e->dev, iova[TARGET], PAGE);
	if (err == 0)
		err = map(e, READ_ONLY, VFIO_DMA_MAP_FLAG_READ);
	if (!tap_result(e->t, err, "a page is unmapped, one is mapped for reading only"))
		return;
	check_logged(e, iova[TARGET], true, "a DMA write to what is mapped no more");
	tap_check(e->t, untouched(e, TARGET), "it leaves the memory as it was",
		  "the device wrote");
	check_logged(e, iova[READ_ONLY], true, "a DMA write to what is for reading");
	tap_check(e->t, untouched(e, READ_ONLY), "it leaves the memory as it was",
		  "the device wrote");

	fill(e);
	err = vfio_unmap(&e->dev, iova[SOURCE], PAGE);
	if (!tap_result(e->t, err, "the other page is unmapped"))
		return;
	check_logged(e, iova[SOURCE], false, "a DMA read of what is mapped no more");
	err = map(e, TARGET, RW);
	if (err == 0)
		err = dma(e, iova[TARGET], true, LENGTH);
	tap_result(e->t, err, "the device hands out what it has got");
	tap_check(e->t, memcmp(page(e, TARGET), page(e, SOURCE), REFUSED) != 0,
		  "that is not the memory", "it is");

	err = map(e, SOURCE, RW);
	if (err == 0)
		err = round_trip(e);
	tap_result(e->t, err, "after that the device works as before");
}

static int use_again(struct edu *e)
{
	int err = vfio_enable_dma(&e->dev);

	if (err == 0)
		err = set_irq(e, VFIO_PCI_MSI_IRQ_INDEX);
	return err < 0 ? err : round_trip(e);
}

static void check_reset(struct edu *e)
{
	int can = vfio_can_reset(&e->dev);

	if (can == 0) {
		tap_answer(e->t, vfio_reset(&e->dev), -EINVAL,
			   "VFIO_DEVICE_RESET of a function that nothing can reset");
		return;
	}
	tap_result(e->t, can, "VFIO knows how to reset it");
	tap_result(e->t, vfio_reset(&e->dev), "VFIO_DEVICE_RESET");
	tap_result(e->t, use_again(e), "after the reset the device works as before");
}

static void check_interrupts(struct edu *e)
{
	int err = set_irq(e, VFIO_PCI_INTX_IRQ_INDEX);

	if (err == 0)
		err = factorial(e, 10, 3628800);
	tap_result(e->t, err, "10! comes with INTx");
	put(e, EDU_STATUS, EDU_STATUS_IRQ);
	put(e, EDU_FACTORIAL, 5);
	tap_answer(e->t, vfio_irq_wait(e->irq, SILENCE_MS), -ETIMEDOUT,
		   "INTx is masked after it came");
	tap_result(e->t, vfio_intx_unmask(&e->dev), "INTx is unmasked");
	tap_result(e->t, await_irq(e, EDU_IRQ_FACTORIAL), "and comes for 5!");
	err = vfio_intx_unmask(&e->dev);
	if (err == 0)
		err = factorial(e, 12, 479001600);
	tap_result(e->t, err, "12! comes with INTx");

	err = vfio_irq_off(&e->dev, VFIO_PCI_INTX_IRQ_INDEX);
	if (err == 0)
		err = set_irq(e, VFIO_PCI_MSI_IRQ_INDEX);
	if (err == 0)
		err = factorial(e, 11, 39916800);
	tap_result(e->t, err, "11! comes with MSI");
	tap_answer(e->t, vfio_irq_wait(e->irq, SILENCE_MS), -ETIMEDOUT,
		   "no interrupt without a reason");
}

static void check_device(struct edu *e)
{
	uint32_t id = get(e, EDU_ID);
	int err;

	if (!tap_check(e->t, (id & 0xffff) == 0xed, "BAR 0 is that of edu",
		       "it reads %#x", id))
		return;
	put(e, EDU_ALIVE, 0x12345678);
	tap_check(e->t, get(e, EDU_ALIVE) == ~0x12345678U, "edu is alive", "it reads %#x",
		  get(e, EDU_ALIVE));
	check_interrupts(e);

	err = map(e, SOURCE, RW);
	if (err == 0)
		err = map(e, TARGET, RW);
	if (!tap_result(e->t, err, "two pages are mapped for DMA"))
		return;
	tap_result(e->t, round_trip(e),
		   "a pattern goes to the device and back to the other");
	tap_result(e->t, round_trip(e), "another one, too");
	check_refused(e);
	check_reset(e);
}

static int open_edu(struct edu *e)
{
	int group = fn_group(e->bdf), err;

	if (group < 0)
		return group;
	err = vfio_open(group, e->bdf, &e->dev);
	if (err == 0)
		err = vfio_map_bar(&e->dev, VFIO_PCI_BAR0_REGION_INDEX, &e->bar);
	if (err == 0)
		err = vfio_enable_dma(&e->dev);
	if (err < 0)
		return err;
	e->kmsg = kmsg_open();
	if (e->kmsg < 0)
		return e->kmsg;
	e->mem = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return e->mem == MAP_FAILED ? -errno : 0;
}

static void use_edu(struct tap *t, char **args, bool unlogged)
{
	struct edu e = {
		.t = t,
		.bdf = args[0],
		.requester = args[1] ? args[1] : args[0],
		.unlogged = unlogged,
		.dev = VFIO_DEV_CLOSED,
		.irq = -1,
		.kmsg = -1,
		.mem = MAP_FAILED,
	};
	struct fn_loan loan;

	if (tap_result(t, fn_borrow(e.bdf, &loan), "vfio-pci gets %s", e.bdf) &&
	    tap_result(t, open_edu(&e), "%s is opened by its group", e.bdf))
		check_device(&e);
	vfio_unmap_bar(&e.bar);
	vfio_close(&e.dev);
	closep(&e.irq);
	closep(&e.kmsg);
	if (e.mem != MAP_FAILED)
		munmap(e.mem, (size_t)PAGES * PAGE);
	tap_result(t, fn_return(&loan), "%s is given back", e.bdf);
}

void inside_edu(struct tap *t, char **args)
{
	use_edu(t, args, false);
}

void inside_edu_unlogged(struct tap *t, char **args)
{
	use_edu(t, args, true);
}

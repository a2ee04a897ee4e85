/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/util.h"
#include "vmtests/inside-fault.h"
#include "vmtests/inside-fn.h"

#define WORD(f, i, ...) snprintf((f)->text[i], sizeof((f)->text[i]), __VA_ARGS__)

/* drivers/iommu/intel/dmar.c:dmar_fault_do_one; 7.3 writes the domain before the bus */
static void intel_words(struct fault_words *f, const char *bdf, uint64_t iova, bool write)
{
	WORD(f, 0, "DMAR: [DMA %s", write ? "Write" : "Read");
	WORD(f, 1, "Request device [");
	WORD(f, 2, "%s] fault addr 0x%" PRIx64 " ", strchr(bdf, ':') + 1, iova);
}

/* drivers/iommu/amd/iommu.c:amd_iommu_report_page_fault, with the device's driver in
 * front */
static void amd_words(struct fault_words *f, const char *bdf, uint64_t iova, bool write)
{
	(void)write; /* a bit of its flags */
	WORD(f, 0, "AMD-Vi: Event logged [IO_PAGE_FAULT");
	WORD(f, 1, "%s", bdf);
	WORD(f, 2, "address=0x%" PRIx64 " ", iova);
}

/* drivers/iommu/virtio-iommu.c:viommu_fault_handler */
static void virtio_words(struct fault_words *f, const char *bdf, uint64_t iova,
			 bool write)
{
	(void)write; /* QEMU tells it for a page that is mapped otherwise, only */
	WORD(f, 0, "virtio_iommu");
	WORD(f, 1, "page fault from EP %d at 0x%" PRIx64 " ", fn_requester_id(bdf), iova);
}

static const struct {
	const char *name;
	void (*words)(struct fault_words *f, const char *bdf, uint64_t iova, bool write);
} iommus[] = {
	/* clang-format off */
	{ "dmar", intel_words },
	{ "ivhd", amd_words },
	{ "", virtio_words }, /* named as its own PCI function */
	/* clang-format on */
};

int fault_expect(const char *bdf, const char *requester, uint64_t iova, bool write,
		 struct fault_words *ret)
{
	struct fault_words f = { 0 };
	char name[32];
	size_t i = 0;
	int err = fn_iommu(bdf, name, sizeof(name));

	if (err < 0)
		return err;
	if (fn_requester_id(requester) < 0)
		return -EINVAL;
	while (!after_prefix(name, iommus[i].name))
		i++;
	iommus[i].words(&f, requester, iova, write);
	*ret = f;
	for (i = 0; i < ARRAY_SIZE(ret->text); i++)
		ret->words[i] = ret->text[i];
	return 0;
}

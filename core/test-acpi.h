/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-acpi - IOMMU tables written as hex digits. */
#pragma once

#include <stdio.h>

#include "core/acpi.h"

/* Bytes written as hex pairs; blanks do not matter. */
static inline struct blob from_hex(struct arena *a, const char *hex)
{
	uint8_t *data = arena_alloc(a, strlen(hex) / 2 + 1);
	unsigned byte;
	size_t n = 0;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		data[n++] = (uint8_t)byte;
		hex += used;
	}
	return (struct blob){ data, n };
}

/*
 * A table with this signature and with @b behind the 36 bytes that all tables have. Its
 * length field is wrong by @lie.
 */
static inline struct blob table_of(struct arena *a, const char *sig, struct blob b,
				   int lie)
{
	uint32_t len = 36 + (uint32_t)b.len, said = len + (uint32_t)lie;
	uint8_t *t = arena_alloc(a, len), sum = 0;

	memcpy(t, sig, 4);
	for (int i = 0; i < 4; i++)
		t[4 + i] = (uint8_t)(said >> 8 * i);
	t[8] = 1;
	memcpy(t + 36, b.data, b.len);
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + t[i]);
	t[9] = (uint8_t)-sum;
	return (struct blob){ t, len };
}

static inline struct blob make_table(struct arena *a, const char *sig, const char *body)
{
	return table_of(a, sig, from_hex(a, body), 0);
}

/* What each table adds to the header that all have. */
#define DMAR_HEAD "26 01 00000000000000000000 "
#define IVRS_HEAD "40282000 0000000000000000 "
#define VIOT_HEAD(nodes) nodes " 3000 0000000000000000 "

/* One unit for all of segment 0; one with scopes of @len bytes in all. */
#define DRHD_ALL "0000 1000 01 00 0000 0000d9fe00000000 "
#define DRHD(len, base) "0000 " len " 00 00 0000 " base "d9fe00000000 "
#define ENDPOINT_SCOPE(devfn) "01 08 0000 00 00 " devfn " "
#define BRIDGE_SCOPE(devfn) "02 08 0000 00 00 " devfn " "

/* An IVHD of 00:00.2 or another in segment 0, of @len bytes in all. */
#define IVHD10(len, devid)                                                               \
	"10b0 " len " " devid " 4000 0000b8fe00000000 0000 0000 6f8f0480 "
#define IVHD40(len, devid)                                                               \
	"40b0 " len " " devid " 4000 0000b8fe00000000 0000 0000 00020400 "               \
	"de4a2522ef736d20 0000000000000000 "

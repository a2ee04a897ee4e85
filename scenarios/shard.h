/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shard - which tests one of several machines runs, so that all take about equally long.
 * What tests took is kept in a file between runs:
 * {"schema": 1, "seconds": {"sim/no-vtd.json": 0.012}}.
 */
#pragma once

#include <jansson.h>

#include "core/err.h"

struct shard {
	unsigned k, n; /* the @k-th of @n, from 1; 1 of 1: all */
};

/* "2/3". -EINVAL with @e. */
int shard_parse(const char *text, struct shard *ret, struct err *e);

/*
 * Deal @n_names out to @n_shards: the longest first, each to the shard with the least so
 * far. ret_shard[i] becomes the shard of names[i], from 1. @seconds is an object of
 * durations; a name that it does not have counts as the median of those it has, so
 * without any durations every @n_shards-th name is in one shard. The same input gives the
 * same shards everywhere: all machines must have the same durations.
 */
void shard_deal(const json_t *seconds, const char *const *names, size_t n_names,
		unsigned n_shards, unsigned *ret_shard);

/*
 * Add the durations of a file to the object @seconds; those of the same names are
 * replaced. No file, no durations. Otherwise a negative errno with @e naming @path, and
 * @seconds is as it was.
 */
int durations_load(const char *path, json_t *seconds, struct err *e);
/* Bring a file up to date; it keeps what @seconds does not have. Errors as above. */
int durations_update(const char *path, const json_t *seconds, struct err *e);
/* Put one into @seconds, in whole milliseconds. */
void durations_set(json_t *seconds, const char *name, double value);

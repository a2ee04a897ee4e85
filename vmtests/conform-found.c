/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "scenarios/save.h"
#include "vmtests/conform-found.h"

#define HEAD "# rig: "

/* The step of a scenario that expects what the kernel answered; NULL: there is none. */
static json_t *step_of(const struct op *op, long result)
{
	char buf[32];
	const char *word = op_result_word(result, buf);
	json_t *step;

	switch (op->kind) {
	case OP_STORE:
		step = json_pack("{s:[s, o]}", "store", op->path,
				 json_stringn((const char *)op->data.data, op->data.len));
		if (step && result != (long)op->data.len)
			json_object_set_new(step, "expect",
					    result < 0 ? json_string(word)
						       : json_integer(result));
		return step;
	case OP_RUN:
		step = json_object();
		json_object_set_new(step, "run", json_array());
		for (const char *const *w = op->argv; *w; w++)
			json_array_append_new(json_object_get(step, "run"),
					      json_string(*w));
		json_object_set_new(step, "status", json_integer(result));
		return step;
	case OP_CLAIM:
	case OP_RELEASE:
		step = json_pack("{s:i}", op->kind == OP_CLAIM ? "claim" : "release",
				 op->group);
		if (result < 0)
			json_object_set_new(step, "expect", json_string(word));
		return step;
	case OP_READ:
	case OP_STAT:
	case OP_SEEK:
	case OP_MAP:
	case OP_HOLD:
	case OP_LINKS:
		break; /* conformance compares trees */
	}
	return NULL;
}

static char *scenario_text(const struct conform *c, const char *name,
			   const struct kernel_batch *kernel)
{
	json_auto_t *root = json_pack(
		"{s:s, s:i, s:s, s:s, s:o, s:s}", "schema", "pcipass-scenario", "version",
		1, "name", name, "about", "What the kernel did where the model did not.",
		"fixture", json_sprintf("rigs/%s.json", c->rig->name), "kernel",
		c->rig->kernel.name);
	json_t *steps = json_array();

	for (size_t i = 0; i < kernel->ops.n; i++)
		json_array_append_new(
			steps, step_of(&kernel->ops.v[i], kernel->results.v[i].result));
	json_object_set_new(root, "steps", steps);
	return json_dumps(root, JSON_INDENT(2));
}

static char *file_text(const struct conform *c, const ops *o)
{
	AUTOFREE char *lines = ops_text(o);
	char *text = NULL;

	if (!lines ||
	    asprintf(&text, HEAD "%s %s %s %s\n# kernel: %s\n%s", c->rig->kernel.name,
		     c->rig->topology.iommu, c->rig->topology.firmware,
		     c->rig->topology.name, c->rig->kernel.release, lines) < 0)
		return NULL;
	return text;
}

int conform_keep(const struct lab *l, const struct conform *c, uint64_t seed,
		 const struct kernel_batch *kernel, const char **ret_name, struct err *e)
{
	const char *name =
		arena_printf(l->arena, "%s-%llu", c->rig->name, (unsigned long long)seed);
	const char *path = lab_file(l, "found", "%s", name);
	AUTOFREE char *text = file_text(c, &kernel->ops);
	AUTOFREE char *scenario = scenario_text(c, name, kernel);
	int r;

	if (!text || !scenario)
		return -ENOMEM;
	r = save_file(arena_printf(l->arena, "%s.ops", path), text, strlen(text), e);
	if (r == 0)
		r = save_file(arena_printf(l->arena, "%s.json", path), scenario,
			      strlen(scenario), e);
	if (r == 0)
		*ret_name = path;
	return r;
}

int conform_load(const struct lab *l, const char *path, ops *ret,
		 struct rig_want *ret_rig, struct err *e)
{
	char kernel[32], iommu[16], firmware[16], topology[64];
	struct arena *a = l->arena;
	struct blob text;
	int r = lab_read(l, path, &text, e);

	if (r < 0)
		return r;
	if (sscanf((const char *)text.data, HEAD "%31s %15s %15s %63s", kernel, iommu,
		   firmware, topology) != 4)
		return err_set(e, -EINVAL,
			       "%s:1: it does not begin with \"" HEAD
			       "KERNEL IOMMU FIRMWARE TOPOLOGY\"",
			       path);
	r = ops_read(a, (const char *)text.data, ret, e);
	if (r < 0)
		return err_prefix(e, r, "%s", path);
	*ret_rig = (struct rig_want){ .kernel = arena_strdup(a, kernel),
				      .iommu = arena_strdup(a, iommu),
				      .firmware = arena_strdup(a, firmware),
				      .topology = arena_strdup(a, topology) };
	return 0;
}

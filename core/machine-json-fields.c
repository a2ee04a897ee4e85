/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/host.h"
#include "core/machine-json-fields.h"

#define ROM_MAX ((long long)16 << 20)
#define TABLE_MAX ((long long)1 << 20)

/* ---- schema and version ---- */

static int schema_read(struct json_reader *r, const struct json_place *at,
		       const json_t *v, void *p, const struct field *f)
{
	const char *s = json_string_value(v);

	(void)p;
	(void)f;
	if (!s || !streq(s, MACHINE_SCHEMA))
		return json_wrong(r, at,
				  "\"%s\" is expected: this is no recorded machine",
				  MACHINE_SCHEMA);
	return 0;
}

static json_t *schema_write(const void *p, const struct field *f)
{
	(void)p;
	(void)f;
	return json_string(MACHINE_SCHEMA);
}

static int version_read(struct json_reader *r, const struct json_place *at,
			const json_t *v, void *p, const struct field *f)
{
	(void)p;
	(void)f;
	if (!json_is_integer(v) || json_integer_value(v) != MACHINE_VERSION)
		return json_wrong(r, at, "this program reads version %d only",
				  MACHINE_VERSION);
	return 0;
}

static json_t *version_write(const void *p, const struct field *f)
{
	(void)p;
	(void)f;
	return json_integer(MACHINE_VERSION);
}

static const struct field_type type_schema = { schema_read, NULL, schema_write };
static const struct field_type type_version = { version_read, NULL, version_write };

/* ---- the tables, in the order in which a fixture is written ---- */

#define U32 .max = UINT32_MAX
#define RECORD(table, type_)                                                             \
	{                                                                                \
		.fields = (table), .n_fields = ARRAY_SIZE(table),                        \
		.size = sizeof(struct type_)                                             \
	}

/* clang-format off */
static const struct field name_element = { .type = &type_name, .required = true };
static const struct field string_element = { .type = &type_string, .required = true };
static const struct field alias_element = { .type = &type_alias, .required = true };

/* core/inventory-platform.c gives units these */
static const char *const unit_kinds[] = { "intel", "amd", "virtio", "other", NULL };
/* drivers/iommu/iommu.c:iommu_group_show_type */
static const char *const group_types[] = { "DMA", "DMA-FQ", "identity", "blocked", "unmanaged",
					   "unknown", NULL };
/* drivers/pci/pci.c:pci_reset_fn_methods */
static const char *const reset_methods[] = { "device_specific", "acpi", "flr", "af_flr", "pm",
					     "bus", "cxl_bus", NULL };

#define M(member) offsetof(struct child, member)
static const struct field child_fields[] = {
	{ "class",   &type_name,        M(class), .required = true },
	{ "path",    &type_path,        M(path), .required = true },
	{ "dev",     &type_dev_null,    M(dev) },
	{ "link_up", &type_bool,        M(link_up) },
};
#undef M
static const struct record child_record = RECORD(child_fields, child);
static const struct field child_element = {
	.type = &type_record, .record = &child_record, .required = true,
};

#define M(member) offsetof(struct fn_attribute, member)
static const struct record attribute_record = { .size = sizeof(struct fn_attribute) };
static const struct field attribute_element = {
	.type = &type_string, .off = M(text), .required = true, .record = &attribute_record,
};
#undef M

/* off 0: these members are made of several fields of the struct */
#define M(member) offsetof(struct pci_fn, member)
static const struct field fn_fields[] = {
	{ "bdf",       &type_bdf,         M(bdf), .required = true },
	{ "driver",    &type_name_null,   M(driver) },
	{ "override",  &type_string_null, M(override) },
	{ "group",     &type_int,         M(group), .max = INT32_MAX, .def = GROUP_NONE },
	{ "numa",      &type_int,         M(numa), .max = 1023, .def = -1 },
	{ "irq",       &type_uint,        M(irq), U32 },
	{ "boot_vga",  &type_bool,        M(boot_vga) },
	{ "reset",     &type_words_null,  M(reset), .words = reset_methods },
	{ "physfn",    &type_physfn,      0 },
	{ "vfs_total", &type_uint,        M(vfs_total), .max = 65535 },
	{ "vfs_now",   &type_uint,        M(vfs_now), .max = 65535 },
	{ "id",        &type_id,          0 },
	{ "revision",  &type_revision,    0, .max = 255 },
	{ "config",    &type_config,      0 },
	{ "resources", &type_resources,   M(res) },
	{ "rom",       &type_dump,        M(rom), .max = ROM_MAX },
	{ "children",  &type_list,        M(children), .element = &child_element },
	{ "attributes", &type_map,        M(attributes), .element = &attribute_element },
};
#undef M
static const struct record fn_record = RECORD(fn_fields, pci_fn);
static const struct field fn_element = {
	.type = &type_record, .record = &fn_record, .required = true,
};

#define M(member) offsetof(struct iommu_unit, member)
static const struct field unit_fields[] = {
	{ "name", &type_name,   M(name), .required = true },
	{ "kind", &type_word,   M(kind), .required = true, .words = unit_kinds },
};
#undef M
static const struct record unit_record = RECORD(unit_fields, iommu_unit);
static const struct field unit_element = {
	.type = &type_record, .record = &unit_record, .required = true,
};

#define M(member) offsetof(struct iommu_group, member)
static const struct field group_fields[] = {
	{ "id",       &type_int,         M(id), .max = INT32_MAX, .def = -1, .required = true },
	{ "type",     &type_word_null,   M(type), .words = group_types },
	{ "reserved", &type_string_null, M(reserved) },
};
#undef M
static const struct record group_record = RECORD(group_fields, iommu_group);
static const struct field group_element = {
	.type = &type_record, .record = &group_record, .required = true,
};

#define M(member) offsetof(struct stacked, member)
static const struct field stacked_fields[] = {
	{ "class", &type_name,        M(class), .required = true },
	{ "name",  &type_name,        M(name), .required = true },
	{ "dev",   &type_dev_null,    M(dev) },
	{ "lower", &type_list,        M(lower), .element = &name_element },
};
#undef M
static const struct record stacked_record = RECORD(stacked_fields, stacked);
static const struct field stacked_element = {
	.type = &type_record, .record = &stacked_record, .required = true,
};

#define M(member) offsetof(struct machine_file, member)
static const struct field file_fields[] = {
	{ "path",       &type_path,     M(path), .required = true },
	{ "mode",       &type_mode,     0 },
	{ "uid",        &type_uint,     M(uid), U32 },
	{ "gid",        &type_uint,     M(gid), U32 },
	{ "mtime",      &type_time,     M(mtime), .min = INT64_MIN, .max = INT64_MAX },
	{ "link",       &type_link,     0 },
	{ "hex",        &type_file_hex, 0, .max = HOST_FILE_MAX },
	{ "lines",      &type_lines,    0 },
	{ "no_newline", &type_cut,      0 },
};
#undef M
static const struct record file_record = RECORD(file_fields, machine_file);
static const struct field file_element = {
	.type = &type_record, .record = &file_record, .required = true,
};

#define M(member) offsetof(struct module, member)
static const struct field module_fields[] = {
	{ "name",    &type_name,      M(name), .required = true },
	{ "file",    &type_path_null, M(file) },
	{ "driver",  &type_name_null, M(driver) },
	{ "depends", &type_list,      M(depends), .element = &name_element },
	{ "pre",     &type_list,      M(pre), .element = &name_element },
	{ "post",    &type_list,      M(post), .element = &name_element },
	{ "ids",     &type_list,      M(ids), .element = &alias_element },
};
#undef M
static const struct record module_record = RECORD(module_fields, module);
static const struct field module_element = {
	.type = &type_record, .record = &module_record, .required = true,
};

#define M(member) offsetof(struct initramfs, member)
static const struct field initramfs_fields[] = {
	{ "path",    &type_path_null, M(path) },
	{ "mtime",   &type_time,      M(mtime), .min = INT64_MIN, .max = INT64_MAX },
	{ "modules", &type_list,      M(modules), .element = &name_element },
	{ "load",    &type_list,      M(load), .element = &string_element },
	{ "files",   &type_list,      M(files), .element = &file_element },
};
#undef M
static const struct record initramfs_record = RECORD(initramfs_fields, initramfs);

#define M(member) offsetof(struct kernel, member)
static const struct field kernel_fields[] = {
	{ "release",   &type_name,   M(release), .required = true },
	{ "initramfs", &type_record, M(initramfs), .record = &initramfs_record },
	{ "modules",   &type_list,   M(modules), .element = &module_element },
};
#undef M
static const struct record kernel_record = RECORD(kernel_fields, kernel);
static const struct field kernel_element = {
	.type = &type_record, .record = &kernel_record, .required = true,
};

#define M(member) offsetof(struct pci_slot, member)
static const struct field slot_fields[] = {
	{ "name",    &type_name,      M(name), .required = true },
	{ "address", &type_name,      M(address), .required = true },
	{ "driver",  &type_name_null, M(driver) },
	{ "max_speed", &type_string,  M(max_speed) },
	{ "cur_speed", &type_string,  M(cur_speed) },
	{ "power",   &type_uint,      M(power), .max = 255 },
	{ "latch",   &type_uint,      M(latch), .max = 255 },
	{ "adapter", &type_uint,      M(adapter), .max = 255 },
};
#undef M
static const struct record slot_record = RECORD(slot_fields, pci_slot);
static const struct field slot_element = {
	.type = &type_record, .record = &slot_record, .required = true,
};

/* What read(2) of an attribute answers, and EISDIR for an empty folder. */
static const char *const read_errors[] = { "EACCES", "EAGAIN", "EBUSY", "EINVAL", "EIO", "EISDIR",
					   "ENODATA", "ENODEV", "ENOENT", "ENOTSUP", "ENXIO", "EOPNOTSUPP",
					   "EPERM", "ETIMEDOUT", NULL };

#define M(member) offsetof(struct opaque_node, member)
static const struct field node_fields[] = {
	{ "path",       &type_path,      M(file.path), .required = true },
	{ "mode",       &type_mode,      M(file) },
	{ "link",       &type_link,      M(file) },
	{ "size",       &type_uint,      M(size), .max = INT32_MAX, .def = ATTRIBUTE_SIZE },
	{ "error",      &type_word_null, M(error), .words = read_errors },
	{ "hex",        &type_file_hex,  M(file), .max = ATTRIBUTE_SIZE },
	{ "lines",      &type_lines,     M(file) },
	{ "no_newline", &type_cut,       M(file) },
};
#undef M
static const struct record node_record = RECORD(node_fields, opaque_node);
static const struct field node_element = {
	.type = &type_record, .record = &node_record, .required = true,
};

#define M(member) offsetof(struct opaque, member)
static const struct field opaque_fields[] = {
	{ "path",   &type_path,      M(path), .required = true },
	{ "driver", &type_name_null, M(driver) },
	{ "module", &type_name_null, M(module) },
	{ "nodes",  &type_list,      M(nodes), .element = &node_element },
};
#undef M
static const struct record opaque_record = RECORD(opaque_fields, opaque);
static const struct field opaque_element = {
	.type = &type_record, .record = &opaque_record, .required = true,
};

static const struct record node_path_record = { .size = sizeof(struct firmware_node) };
static const struct field node_path_element = {
	.type = &type_path, .off = offsetof(struct firmware_node, path), .required = true,
	.record = &node_path_record,
};

static const struct record acpi_record = { .size = sizeof(struct acpi_table) };
static const struct field acpi_element = {
	.type = &type_dump, .off = offsetof(struct acpi_table, data), .required = true,
	.max = TABLE_MAX, .record = &acpi_record,
};

static const struct record unknown_record = { .size = sizeof(struct unknown_fact) };
static const struct field unknown_element = {
	.type = &type_string, .off = offsetof(struct unknown_fact, why), .required = true,
	.record = &unknown_record,
};

#define M(member) offsetof(struct machine, member)
static const struct field cpu_fields[] = {
	{ "vendor", &type_string, M(cpu_vendor) },
	{ "model",  &type_string, M(cpu_model) },
	{ "flags",  &type_list,   M(cpu_flags), .element = &string_element },
	{ "count",  &type_uint,   M(cpus), .max = 65536 },
};
static const struct field firmware_fields[] = {
	{ "efi",         &type_bool,        M(efi) },
	{ "secure_boot", &type_bool,        M(secure_boot) },
	{ "loader_info", &type_string_null, M(loader_info) },
};
static const struct field running_fields[] = {
	{ "release", &type_string, M(release) },
	{ "version", &type_string, M(kernel_version) },
	{ "cmdline", &type_string, M(cmdline) },
	{ "loaded",  &type_list,   M(loaded), .element = &name_element },
};
static const struct field iommu_fields[] = {
	{ "units", &type_list, M(units), .element = &unit_element },
	{ "interrupt_remapping", &type_bool, M(interrupt_remapping) },
};
/* Members of struct machine itself, grouped: their offsets start at the machine. */
static const struct record cpu_record = RECORD(cpu_fields, machine);
static const struct record firmware_record = RECORD(firmware_fields, machine);
static const struct record running_record = RECORD(running_fields, machine);
static const struct record iommu_record = RECORD(iommu_fields, machine);

static const struct field machine_fields[] = {
	{ "schema",    &type_schema,  0, .required = true },
	{ "version",   &type_version, 0, .required = true },
	{ "name",      &type_string,  M(name), .required = true },
	{ "about",     &type_string,  M(about) },
	{ "source",    &type_string,  M(source), .required = true },
	{ "cpu",       &type_record,  0, .record = &cpu_record, .fact = "cpu" },
	{ "firmware",  &type_record,  0, .record = &firmware_record },
	{ "acpi",      &type_map,     M(acpi), .element = &acpi_element },
	{ "kernel",    &type_record,  0, .record = &running_record, .fact = "release" },
	{ "iommu",     &type_record,  0, .record = &iommu_record },
	{ "groups",    &type_list,    M(groups), .element = &group_element },
	{ "functions", &type_list,    M(fns), .element = &fn_element, .max = FUNCTIONS_MAX,
	  .fact = "functions" },
	{ "stacked",   &type_list,    M(stacked), .element = &stacked_element },
	{ "firmware_nodes", &type_map, M(firmware_nodes), .element = &node_path_element },
	{ "slots",     &type_list,    M(slots), .element = &slot_element },
	{ "opaque",    &type_list,    M(opaque), .element = &opaque_element },
	{ "files",     &type_list,    M(files), .element = &file_element },
	{ "kernels",   &type_list,    M(kernels), .element = &kernel_element },
	{ "klog",      &type_list,    M(klog), .element = &string_element },
	{ "unknown",   &type_map,     M(unknown), .element = &unknown_element },
};
#undef M
const struct record machine_record = RECORD(machine_fields, machine);
/* clang-format on */

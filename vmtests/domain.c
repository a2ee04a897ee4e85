/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include <jansson.h>

#include "core/text.h"
#include "vmtests/domain.h"
#include "vmtests/wire.h"

#define OVMF "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define OVMF_VARS "/usr/share/OVMF/OVMF_VARS_4M.fd"

struct out {
	FILE *f;
	const struct domain *d;
	const struct domain_run *r;
};

/* <TAG>TEXT</TAG> */
static void put_tag(FILE *f, const char *tag, const char *text)
{
	fprintf(f, "<%s>", tag);
	text_escape(f, text);
	fprintf(f, "</%s>\n", tag);
}

static bool is(const struct out *o, const char *iommu)
{
	return streq(o->d->topology->iommu, iommu);
}

/* libvirt numbers buses by their controllers; the root bus is 0. */
static unsigned bus_index(const struct lab_topology *t, int device)
{
	unsigned n = 0;

	for (int i = 0; i <= device; i++)
		n += t->devices.v[i].kind->how == HOW_CONTROLLER;
	return device < 0 ? 0 : n;
}

static void put_address(struct out *o, const struct topology_device *d)
{
	fprintf(o->f,
		"<address type='pci' domain='0' bus='%u' slot='%u' function='%u'%s/>",
		bus_index(o->d->topology, d->on), d->slot, d->fn,
		d->multifunction ? " multifunction='on'" : "");
}

/* The alias becomes the name of the device and of its bus. */
static void put_controller(struct out *o, const struct topology_device *d, size_t index)
{
	unsigned bus = bus_index(o->d->topology, (int)index);

	fprintf(o->f, "<controller type='pci' index='%u' model='%s'><model name='%s'/>",
		bus, d->kind->model, d->kind->name);
	if (streq(d->kind->model, "pcie-expander-bus"))
		fputs("<target busNr='128'/>", o->f);
	else if (strstr(d->kind->model, "-port") &&
		 !streq(d->kind->model, "pcie-switch-upstream-port"))
		fprintf(o->f, "<target chassis='%u' port='0x%x'/>", bus, bus);
	if (d->name) {
		fputs("<alias name='ua-", o->f);
		text_escape(o->f, d->name);
		fputs("'/>", o->f);
	}
	put_address(o, d);
	fputs("</controller>\n", o->f);
}

#define MAC "52:54:00:70:63:%02zx"

const char *domain_mac(struct arena *a, size_t index)
{
	return arena_printf(a, MAC, index & 0xff);
}

/* Cards have no ROM: firmware would wait for the network. */
static void put_nic(struct out *o, const struct topology_device *d, size_t index)
{
	fprintf(o->f,
		"<interface type='user'><mac address='" MAC "'/><model type='%s'/>"
		"<rom enabled='no'/>",
		index & 0xff, d->kind->model);
	put_address(o, d);
	fputs("</interface>\n", o->f);
}

static void put_device(struct out *o, const struct topology_device *d, size_t index)
{
	switch (d->kind->how) {
	case HOW_CONTROLLER:
		put_controller(o, d, index);
		break;
	case HOW_NIC:
		put_nic(o, d, index);
		break;
	case HOW_VIDEO:
		fprintf(o->f, "<video><model type='%s'/>", d->kind->model);
		put_address(o, d);
		fputs("</video>\n", o->f);
		break;
	case HOW_USB:
		fprintf(o->f, "<controller type='usb' index='0' model='%s'>",
			d->kind->model);
		put_address(o, d);
		fputs("</controller>\n", o->f);
		break;
	case HOW_QEMU:
		break;
	}
}

static bool has(const struct lab_topology *t, enum topology_how how)
{
	vec_foreach(d, &t->devices)
		if (d->kind->how == how)
			return true;
	return false;
}

static void put_devices(struct out *o)
{
	const struct lab_topology *t = o->d->topology;

	fputs("<devices>\n", o->f);
	put_tag(o->f, "emulator", DOMAIN_QEMU);
	fputs("<controller type='pci' index='0' model='pcie-root'/>\n", o->f);
	for (size_t i = 0; i < t->devices.n; i++)
		put_device(o, &t->devices.v[i], i);
	if (!has(t, HOW_USB))
		fputs("<controller type='usb' model='none'/>\n", o->f);
	if (!has(t, HOW_VIDEO))
		fputs("<video><model type='none'/></video>\n", o->f);
	fputs("<controller type='virtio-serial' index='0'><address type='pci' domain='0' "
	      "bus='0' slot='30' function='0'/></controller>\n"
	      "<channel type='unix'><target type='virtio' "
	      "name='org.qemu.guest_agent.0'/></channel>\n"
	      "<channel type='unix'><source mode='bind' path='",
	      o->f);
	text_escape(o->f, o->r->port);
	fputs("'/><target type='virtio' name='" WIRE_PORT "'/></channel>\n"
	      "<serial type='file'><source path='",
	      o->f);
	text_escape(o->f, o->r->console);
	fputs("'/><target type='isa-serial' port='0'/></serial>\n"
	      "<memballoon model='none'/>\n",
	      o->f);
	if (is(o, "intel"))
		fprintf(o->f,
			"<iommu model='intel'><driver intremap='%s' "
			"caching_mode='on'/></iommu>\n",
			t->interrupt_remapping ? "on" : "off");
	if (is(o, "virtio"))
		fputs("<iommu model='virtio'><address type='pci' domain='0' bus='0' "
		      "slot='1' function='0'/></iommu>\n",
		      o->f);
	if (o->d->share) {
		fputs("<filesystem type='mount' accessmode='passthrough' "
		      "multidevs='remap'>"
		      "<source dir='",
		      o->f);
		text_escape(o->f, o->d->share);
		fputs("'/><target dir='host'/><readonly/><address type='pci' domain='0' "
		      "bus='0' slot='29' function='0'/></filesystem>\n",
		      o->f);
	}
	fputs("</devices>\n", o->f);
}

/* --- what libvirt does not know --- */

static void put_arg(FILE *f, const char *option, const char *value)
{
	fprintf(f, "<qemu:arg value='%s'/><qemu:arg value='", option);
	text_escape(f, value);
	fputs("'/>\n", f);
}

/* @text with each @c replaced. */
static const char *replace(struct arena *a, const char *text, char c, const char *by)
{
	const char *ret = "";

	for (const char *next; (next = strchr(text, c)); text = next + 1)
		ret = arena_printf(a, "%s%.*s%s", ret, (int)(next - text), text, by);
	return arena_printf(a, "%s%s", ret, text);
}

/* As JSON: QEMU makes such devices in their order, libvirt's before ours. Takes @o. */
static void put_qemu(FILE *f, json_t *o)
{
	AUTOFREE char *text = json_dumps(o, JSON_COMPACT);

	if (text)
		put_arg(f, "-device", text);
	json_decref(o);
}

static void put_qemu_device(struct out *o, const struct topology_device *d, size_t index,
			    struct arena *a)
{
	const struct lab_topology *t = o->d->topology;
	json_t *device = json_pack("{s:s, s:s}", "driver", d->kind->name, "addr",
				   arena_printf(a, "%x.%x", d->slot, d->fn));

	json_object_set_new(device, "bus",
			    d->on < 0 ? json_string("pcie.0")
				      : json_sprintf("ua-%s", t->devices.v[d->on].name));
	if (d->multifunction)
		json_object_set_new(device, "multifunction", json_true());
	if (d->data) {
		put_arg(o->f, "-drive",
			arena_printf(a,
				     "if=none,id=data%zu,format=raw,readonly=on,file=%s",
				     index, replace(a, o->d->data, ',', ",,")));
		json_object_set_new(device, "drive", json_sprintf("data%zu", index));
		json_object_set_new(device, "serial", json_string(DOMAIN_SERIAL));
	}
	json_object_update(device, d->options);
	put_qemu(o->f, device);
}

static void put_commandline(struct out *o)
{
	const struct lab_topology *t = o->d->topology;
	AUTOARENA struct arena *a = arena_new();

	fputs("<qemu:commandline>\n", o->f);
	if (is(o, "amd"))
		put_qemu(o->f, json_pack("{s:s, s:s}", "driver", "amd-iommu", "intremap",
					 t->interrupt_remapping ? "on" : "off"));
	put_qemu(o->f, json_pack("{s:s, s:s}", "driver", "nvme-subsys", "id", "subsys"));
	for (size_t i = 0; i < t->devices.n; i++)
		if (t->devices.v[i].kind->how == HOW_QEMU)
			put_qemu_device(o, &t->devices.v[i], i, a);
	if (o->r->state)
		put_arg(o->f, "-incoming",
			arena_printf(a, "exec:cat '%s'",
				     replace(a, o->r->state, '\'', "'\\''")));
	fputs("</qemu:commandline>\n", o->f);
}

static void put_overrides(struct out *o)
{
	const struct lab_topology *t = o->d->topology;
	bool any = false;

	vec_foreach(d, &t->devices) {
		if (!d->no_acs || !d->name)
			continue;
		fputs(any ? "" : "<qemu:override>\n", o->f);
		any = true;
		fputs("<qemu:device alias='ua-", o->f);
		text_escape(o->f, d->name);
		fputs("'><qemu:frontend><qemu:property name='disable-acs' type='bool' "
		      "value='true'/></qemu:frontend></qemu:device>\n",
		      o->f);
	}
	fputs(any ? "</qemu:override>\n" : "", o->f);
}

/* --- the machine --- */

static void put_os(struct out *o)
{
	const struct domain *d = o->d;

	fputs("<os><type arch='x86_64' machine='q35'>hvm</type>\n", o->f);
	if (streq(d->topology->firmware, "ovmf")) {
		fputs("<loader readonly='yes' type='pflash'>" OVMF
		      "</loader><nvram template='" OVMF_VARS "'>",
		      o->f);
		text_escape(o->f, o->r->nvram);
		fputs("</nvram>\n", o->f);
	}
	put_tag(o->f, "kernel", d->kernel->vmlinuz);
	put_tag(o->f, "initrd", d->image->initrd);
	/* Ports that may idle do so when 100 ms have passed: nothing to be compared with.
	 */
	fputs("<cmdline>console=ttyS0 quiet no_timer_check oops=panic panic=-1 "
	      "pcie_port_pm=off",
	      o->f);
	fputs(is(o, "intel") ? " intel_iommu=on" : "", o->f);
	fputs(*d->cmdline ? " " : "", o->f);
	text_escape(o->f, d->cmdline);
	fputs("</cmdline></os>\n", o->f);
}

static void put_domain(struct out *o)
{
	const struct domain *d = o->d;

	fprintf(o->f,
		"<domain type='%s' "
		"xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n",
		d->kvm ? "kvm" : "qemu");
	put_tag(o->f, "name", o->r->name);
	fprintf(o->f, "<memory unit='MiB'>%u</memory><vcpu>%u</vcpu>\n", d->mib, d->cpus);
	put_os(o);
	fprintf(o->f,
		"<features><acpi/><apic/>%s</features>\n<cpu mode='%s'/>\n"
		"<on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot>"
		"<on_crash>destroy</on_crash>\n",
		is(o, "intel") || is(o, "amd") ? "<ioapic driver='qemu'/>" : "",
		d->kvm ? "host-passthrough" : "maximum");
	put_devices(o);
	put_commandline(o);
	put_overrides(o);
	fputs("</domain>\n", o->f);
}

char *domain_xml(const struct domain *d, const struct domain_run *r)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	put_domain(&(struct out){ f, d, r });
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

uint64_t domain_sum(const struct domain *d)
{
	static const struct domain_run none = { "", "", "", "", NULL };
	AUTOFREE char *xml = domain_xml(d, &none);
	uint64_t sum = fnv1a(d->image->sum, xml, xml ? strlen(xml) : 0);

	return sum;
}

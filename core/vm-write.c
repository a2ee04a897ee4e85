/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/vm-part.h"

/* First slot of the guest's root bus for our root ports, and for conventional cards. */
#define PORT_SLOT 0x08u
#define CONVENTIONAL_SLOT 0x10u
/* Where the AppArmor profiles of libvirt's guests allow option ROMs. */
#define ROM_FOLDER "/usr/share/vgabios"

void out_put(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*vec_push(o->arena, &o->lines) = arena_vprintf(o->arena, fmt, ap);
	va_end(ap);
}

char *out_text(const struct out *o)
{
	size_t len = 0;
	char *text, *end;

	vec_foreach(l, &o->lines)
		len += strlen(*l) + 1;
	text = end = arena_alloc(o->arena, len + 1);
	vec_foreach(l, &o->lines) {
		end = stpcpy(end, *l);
		*end++ = '\n';
	}
	return text;
}

bool slot_next(const struct vm_model *v, struct slot *s)
{
	size_t at = s->dev ? (size_t)(s->dev - v->devices.v) + s->n : 0;

	if (at == v->devices.n)
		return false;
	s->dev = &v->devices.v[at];
	for (s->n = 0; at + s->n < v->devices.n; s->n++)
		if (s->dev[s->n].slot != s->dev->slot)
			break;
	return true;
}

void out_put_romfiles(struct out *o, const struct vm_model *v, const char *folder)
{
	vec_foreach(d, &v->devices)
		if (d->romfile)
			out_put(o, "# Put the dump of the card's ROM here first: %s/%s",
				folder, d->romfile);
}

static const struct vm_device *primary_gpu(const struct vm_model *v)
{
	vec_foreach(d, &v->devices)
		if (d->primary_gpu)
			return d;
	return NULL;
}

static const char *vm_name(struct arena *a, unsigned vmid)
{
	return vmid ? arena_printf(a, "pcipass-%u", vmid) : "pcipass";
}

/* SeaBIOS runs the card's legacy image, which wants the VGA ranges; OVMF does not. */
static bool needs_x_vga(const struct vm_model *v, const struct vm_device *d)
{
	return d->primary_gpu && !v->ovmf;
}

/* "--" would end a comment too early. */
static void put_xml_comment(struct out *o, const char *text)
{
	char *safe = arena_strdup(o->arena, text);

	for (char *c = safe; *c; c++)
		if (c[0] == '-' && (c[1] == '-' || !c[1]))
			*c = '~';
	out_put(o, "  <!-- %s -->", safe);
}

static void put_hostdev(struct out *o, const struct vm_model *v, const struct slot *s,
			unsigned bus, unsigned slot)
{
	for (const struct vm_device *d = s->dev; d < s->dev + s->n; d++) {
		struct bdf b = d->fn->bdf;

		out_put(o, "    <hostdev mode='subsystem' type='pci' managed='yes'>");
		out_put(o, "      <driver name='vfio'/>");
		out_put(o, "      <source>");
		out_put(o,
			"        <address domain='0x%04x' bus='0x%02x' slot='0x%02x' "
			"function='0x%x'/>",
			b.domain, b.bus, b.dev, b.fn);
		out_put(o, "      </source>");
		if (needs_x_vga(v, d))
			out_put(o, "      <alias name='ua-gpu'/>");
		if (d->romfile)
			out_put(o, "      <rom file='" ROM_FOLDER "/%s'/>", d->romfile);
		out_put(o,
			"      <address type='pci' domain='0x0000' bus='0x%02x' "
			"slot='0x%02x' "
			"function='0x%x'%s/>",
			bus, slot, d->function,
			s->n > 1 && !d->function ? " multifunction='on'" : "");
		out_put(o, "    </hostdev>");
	}
}

static void put_root_port(struct out *o, unsigned index)
{
	unsigned port = index - 1;

	out_put(o, "    <controller type='pci' index='%u' model='pcie-root-port'>",
		index);
	out_put(o,
		"      <address type='pci' domain='0x0000' bus='0x00' slot='0x%02x' "
		"function='0x%x'%s/>",
		PORT_SLOT + port / 8, port % 8, port % 8 ? "" : " multifunction='on'");
	out_put(o, "    </controller>");
}

static char *write_libvirt(const struct vm_model *v, struct arena *a, unsigned vmid)
{
	const struct vm_device *gpu = primary_gpu(v);
	unsigned index = 0, conventional = 0;
	struct out o = { .arena = a };
	struct slot s = { 0 };
	bool x_vga = gpu && needs_x_vga(v, gpu);

	out_put(&o, "<domain type='kvm'%s>",
		x_vga ? " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'" : "");
	vec_foreach(w, &v->why)
		put_xml_comment(&o, *w);
	out_put(&o, "  <name>%s</name>", vm_name(a, vmid));
	vec_foreach(d, &v->devices)
		if (d->romfile)
			put_xml_comment(&o, "The dump of the card's ROM goes to the file "
					    "that <rom> names.");
	put_xml_comment(&o, "Name, memory, processors: change them, and add disks and "
			    "networks.");
	out_put(&o, "  <memory unit='GiB'>8</memory>");
	out_put(&o, "  <vcpu>4</vcpu>");
	out_put(&o, "  <os%s>", v->ovmf ? " firmware='efi'" : "");
	out_put(&o, "    <type arch='x86_64' machine='q35'>hvm</type>");
	if (v->ovmf) { /* option ROMs of cards are seldom signed */
		out_put(&o, "    <firmware>");
		out_put(&o, "      <feature enabled='no' name='secure-boot'/>");
		out_put(&o, "      <feature enabled='no' name='enrolled-keys'/>");
		out_put(&o, "    </firmware>");
	}
	out_put(&o, "  </os>");
	out_put(&o, "  <features>");
	out_put(&o, "    <acpi/>");
	out_put(&o, "    <apic/>");
	out_put(&o, "  </features>");
	out_put(&o, "  <cpu mode='host-passthrough'/>");
	out_put(&o, "  <devices>");
	out_put(&o, "    <controller type='pci' index='0' model='pcie-root'/>");
	while (slot_next(v, &s)) {
		if (s.dev->pcie) {
			put_root_port(&o, ++index);
			put_hostdev(&o, v, &s, index, 0);
		} else {
			put_hostdev(&o, v, &s, 0, CONVENTIONAL_SLOT + conventional++);
		}
	}
	if (gpu) {
		out_put(&o, "    <video>");
		out_put(&o, "      <model type='none'/>");
		out_put(&o, "    </video>");
	} else {
		out_put(&o, "    <graphics type='vnc'/>");
		out_put(&o, "    <video>");
		out_put(&o, "      <model type='vga'/>");
		out_put(&o, "    </video>");
	}
	/* Guest memory is pinned for DMA: there is nothing to balloon. */
	out_put(&o, "    <memballoon model='none'/>");
	out_put(&o, "  </devices>");
	/* libvirt has no setting for it, only this override of a named device. */
	if (x_vga) {
		out_put(&o, "  <qemu:override>");
		out_put(&o, "    <qemu:device alias='ua-gpu'>");
		out_put(&o, "      <qemu:frontend>");
		out_put(&o,
			"        <qemu:property name='x-vga' type='bool' value='true'/>");
		out_put(&o, "      </qemu:frontend>");
		out_put(&o, "    </qemu:device>");
		out_put(&o, "  </qemu:override>");
	}
	out_put(&o, "</domain>");
	return out_text(&o);
}

static void put_vfio(struct out *o, const struct vm_model *v, const struct slot *s,
		     const char *bus, unsigned slot)
{
	for (const struct vm_device *d = s->dev; d < s->dev + s->n; d++) {
		char bdf[BDF_SIZE];

		out_put(o, "  -device vfio-pci,host=%s,bus=%s,addr=0x%x.%x%s%s%s%s \\",
			bdf_format(d->fn->bdf, bdf), bus, slot, d->function,
			s->n > 1 && !d->function ? ",multifunction=on" : "",
			needs_x_vga(v, d) ? ",x-vga=on" : "",
			d->romfile ? ",romfile=" ROM_FOLDER "/" : "",
			d->romfile ? d->romfile : "");
	}
}

static char *write_qemu(const struct vm_model *v, struct arena *a, unsigned vmid)
{
	unsigned port = 0, conventional = 0;
	struct out o = { .arena = a };
	struct slot s = { 0 };

	vec_foreach(w, &v->why)
		out_put(&o, "# %s", *w);
	out_put_romfiles(&o, v, ROM_FOLDER);
	if (v->ovmf)
		out_put(&o, "# Once: cp /usr/share/OVMF/OVMF_VARS_4M.fd OVMF_VARS_4M.fd");
	out_put(&o, "# Memory and processors: change them, and add disks and networks.");
	out_put(&o, "qemu-system-x86_64 \\");
	out_put(&o, "  -name %s \\", vm_name(a, vmid));
	out_put(&o, "  -machine q35,accel=kvm \\");
	out_put(&o, "  -cpu host \\");
	out_put(&o, "  -smp 4 \\");
	if (v->ovmf) {
		out_put(&o, "  -drive if=pflash,unit=0,format=raw,readonly=on,"
			    "file=/usr/share/OVMF/OVMF_CODE_4M.fd \\");
		out_put(&o,
			"  -drive if=pflash,unit=1,format=raw,file=OVMF_VARS_4M.fd \\");
	}
	if (primary_gpu(v)) {
		out_put(&o, "  -vga none \\");
		out_put(&o, "  -display none \\");
	}
	while (slot_next(v, &s)) {
		if (!s.dev->pcie) {
			put_vfio(&o, v, &s, "pcie.0", CONVENTIONAL_SLOT + conventional++);
			continue;
		}
		out_put(&o,
			"  -device pcie-root-port,id=port%u,bus=pcie.0,chassis=%u,"
			"addr=0x%x.%x%s \\",
			port + 1, port + 1, PORT_SLOT + port / 8, port % 8,
			port % 8 ? "" : ",multifunction=on");
		put_vfio(&o, v, &s, arena_printf(a, "port%u", ++port), 0);
	}
	out_put(&o, "  -m 8G"); /* the last option: no backslash */
	return out_text(&o);
}

char *vm_write(const struct vm_model *v, struct arena *a, enum vm_target t, unsigned vmid)
{
	static char *(*const writers[])(const struct vm_model *, struct arena *,
					unsigned) = {
		[VM_PROXMOX] = vm_write_proxmox,
		[VM_LIBVIRT] = write_libvirt,
		[VM_QEMU] = write_qemu,
	};

	return writers[t](v, a, vmid);
}

# 0000:01:00.0 is PCI Express: it gets a PCIe root port of a q35 machine.
# 0000:01:00.0 and 1 more of its device share one guest slot, as in the host: all functions.
# SeaBIOS: the ROM of GPU 0000:01:00.0 has no EFI image, which OVMF needs.
# The ROM of 0000:01:00.0 was read from the firmware's shadow copy, which has the legacy image only: a dump taken while it is not the boot VGA may show an EFI image, and then OVMF is the better choice.
# 0000:01:00.0 is the host's boot screen: it becomes the guest's primary GPU, without an emulated screen beside it.
# The picture of 0000:01:00.0 is not visible through noVNC or SPICE: connect a monitor to the card, or set up a remote desktop in the guest.
# 0000:01:00.0 is the boot VGA: its ROM is hidden by the firmware's copy, so the guest needs a dump of it as vbios-10de-1b81.rom, taken while another card is the boot VGA.
# Put the dump of the card's ROM here first: /usr/share/vgabios/vbios-10de-1b81.rom
# Memory and processors: change them, and add disks and networks.
qemu-system-x86_64 \
  -name pcipass-100 \
  -machine q35,accel=kvm \
  -cpu host \
  -smp 4 \
  -vga none \
  -display none \
  -device pcie-root-port,id=port1,bus=pcie.0,chassis=1,addr=0x8.0,multifunction=on \
  -device vfio-pci,host=0000:01:00.0,bus=port1,addr=0x0.0,multifunction=on,x-vga=on,romfile=/usr/share/vgabios/vbios-10de-1b81.rom \
  -device vfio-pci,host=0000:01:00.1,bus=port1,addr=0x0.1 \
  -m 8G

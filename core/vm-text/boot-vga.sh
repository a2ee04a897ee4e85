# 0000:01:00.0 is PCI Express: it gets a PCIe root port of a q35 machine.
# OVMF: the ROM of GPU 0000:01:00.0 has an EFI image.
# 0000:01:00.0 is the host's boot screen: it becomes the guest's primary GPU, without an emulated screen beside it.
# The picture of 0000:01:00.0 is not visible through noVNC or SPICE: connect a monitor to the card, or set up a remote desktop in the guest.
# 0000:01:00.0 is the boot VGA: its ROM is hidden by the firmware's copy, so the guest needs a dump of it as vbios-10de-1b81.rom, taken while another card is the boot VGA.
# Put the dump of the card's ROM here first: /usr/share/vgabios/vbios-10de-1b81.rom
# Once: cp /usr/share/OVMF/OVMF_VARS_4M.fd OVMF_VARS_4M.fd
# Memory and processors: change them, and add disks and networks.
qemu-system-x86_64 \
  -name pcipass-100 \
  -machine q35,accel=kvm \
  -cpu host \
  -smp 4 \
  -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
  -drive if=pflash,unit=1,format=raw,file=OVMF_VARS_4M.fd \
  -vga none \
  -display none \
  -device pcie-root-port,id=port1,bus=pcie.0,chassis=1,addr=0x8.0,multifunction=on \
  -device vfio-pci,host=0000:01:00.0,bus=port1,addr=0x0.0,romfile=/usr/share/vgabios/vbios-10de-1b81.rom \
  -m 8G

# 0000:01:00.0 is PCI Express: it gets a PCIe root port of a q35 machine.
# 0000:02:00.0 is PCI Express: it gets a PCIe root port of a q35 machine.
# OVMF: the ROM of GPU 0000:01:00.0 has an EFI image.
# SeaBIOS: the ROM of GPU 0000:02:00.0 has no EFI image, which OVMF needs.
# The picture of 0000:01:00.0 is not visible through noVNC or SPICE: connect a monitor to the card, or set up a remote desktop in the guest.
# The picture of 0000:02:00.0 is not visible through noVNC or SPICE: connect a monitor to the card, or set up a remote desktop in the guest.
# Memory and processors: change them, and add disks and networks.
qemu-system-x86_64 \
  -name pcipass-100 \
  -machine q35,accel=kvm \
  -cpu host \
  -smp 4 \
  -device pcie-root-port,id=port1,bus=pcie.0,chassis=1,addr=0x8.0,multifunction=on \
  -device vfio-pci,host=0000:01:00.0,bus=port1,addr=0x0.0 \
  -device pcie-root-port,id=port2,bus=pcie.0,chassis=2,addr=0x8.1 \
  -device vfio-pci,host=0000:02:00.0,bus=port2,addr=0x0.0 \
  -m 8G

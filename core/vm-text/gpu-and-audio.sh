# 0000:01:00.0 is PCI Express: it gets a PCIe root port of a q35 machine.
# 0000:01:00.0 and 1 more of its device share one guest slot, as in the host: all functions.
# OVMF: the ROM of GPU 0000:01:00.0 has an EFI image.
# The picture of 0000:01:00.0 is not visible through noVNC or SPICE: connect a monitor to the card, or set up a remote desktop in the guest.
# Once: cp /usr/share/OVMF/OVMF_VARS_4M.fd OVMF_VARS_4M.fd
# Memory and processors: change them, and add disks and networks.
qemu-system-x86_64 \
  -name pcipass-100 \
  -machine q35,accel=kvm \
  -cpu host \
  -smp 4 \
  -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
  -drive if=pflash,unit=1,format=raw,file=OVMF_VARS_4M.fd \
  -device pcie-root-port,id=port1,bus=pcie.0,chassis=1,addr=0x8.0,multifunction=on \
  -device vfio-pci,host=0000:01:00.0,bus=port1,addr=0x0.0,multifunction=on \
  -device vfio-pci,host=0000:01:00.1,bus=port1,addr=0x0.1 \
  -m 8G

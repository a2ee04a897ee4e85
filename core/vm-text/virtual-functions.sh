# 0000:02:10.0 is PCI Express: it gets a PCIe root port of a q35 machine.
# 0000:02:10.1 is PCI Express: it gets a PCIe root port of a q35 machine.
# OVMF: no GPU is passed through whose ROM could forbid it.
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
  -device vfio-pci,host=0000:02:10.0,bus=port1,addr=0x0.0 \
  -device pcie-root-port,id=port2,bus=pcie.0,chassis=2,addr=0x8.1 \
  -device vfio-pci,host=0000:02:10.1,bus=port2,addr=0x0.0 \
  -m 8G

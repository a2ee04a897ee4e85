# 0000:06:01.0 is conventional PCI: it gets a conventional slot, not a PCIe port.
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
  -device vfio-pci,host=0000:06:01.0,bus=pcie.0,addr=0x10.0 \
  -m 8G

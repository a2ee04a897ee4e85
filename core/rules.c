/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rules.h"

#define HARDWARE "hardware"
#define CMDLINE "command line"
#define MODULES "modules"
#define INITRAMFS "initramfs"
#define GROUPS "groups"
#define GPU "GPU"
#define HOST "host must not use"
#define READY "ready"

/* clang-format off */
const struct rule rules[] = {
	{ "no-functions", SEV_BLOCK, HARDWARE,
	  "no PCI function is to be seen",
	  "An installed image without /sys, or a container, shows its configuration but "
	  "not the hardware it runs on, so nothing can be said about devices. Run pcipass "
	  "on the host itself, or on a recording of it (pcipass capture).",
	  check_no_functions },
	{ "no-virtualization", SEV_BLOCK, HARDWARE,
	  "the CPU shows no hardware virtualization",
	  "Virtual machines with KVM need VT-x (Intel, CPU flag vmx) or AMD-V (AMD, "
	  "flag svm). Nearly every CPU has it, and firmware often ships with it "
	  "switched off. Look in the firmware setup for Intel Virtualization "
	  "Technology, VMX or SVM Mode. This is not VT-d: both are needed. In a virtual "
	  "machine the outer hypervisor must allow nesting.",
	  check_no_virtualization },
	{ "iommu-unknown", SEV_BLOCK, HARDWARE,
	  "whether the IOMMU is on could not be read",
	  "Recordings without a boot log and without groups, and copied trees without "
	  "/sys/class/iommu, do not tell whether an IOMMU is in use, and without one "
	  "nothing can be passed through. Run pcipass on the host itself, or record it "
	  "with pcipass capture.",
	  check_iommu_unknown },
	{ "no-iommu-table", SEV_BLOCK, HARDWARE,
	  "the firmware describes no IOMMU",
	  "Without an IOMMU a guest's device could read and write all memory, so VFIO "
	  "has nothing to work with. The kernel finds the IOMMU by an ACPI table: DMAR "
	  "on Intel, IVRS on AMD, VIOT in virtual machines. If there is none, VT-d "
	  "(Intel) or IOMMU / AMD-Vi (AMD) is off in the firmware setup, or board or "
	  "CPU lack it. No kernel option can replace it.",
	  check_no_iommu_table },
	{ "iommu-table-unreadable", SEV_INFO, HARDWARE,
	  "whether the firmware describes an IOMMU could not be read",
	  "The files in /sys/firmware/acpi/tables can be read by root only, and a "
	  "copied tree or a recording may not have them. Rules that need the table say "
	  "nothing then. Run the check as root on the host itself.",
	  check_table_unreadable },
	{ "iommu-table-damaged", SEV_WARN, HARDWARE,
	  "the firmware's IOMMU table has errors",
	  "The table that describes the IOMMU does not have the form its specification "
	  "asks for. The kernel may refuse it or work around it, see dmesg. A firmware "
	  "update is the cure.",
	  check_table_damaged },
	{ "dma-opt-in", SEV_INFO, HARDWARE,
	  "the firmware asks for DMA protection",
	  "A flag in the DMAR table (DMA_CTRL_PLATFORM_OPT_IN) tells the system to "
	  "protect itself from devices at external ports. Linux then switches the IOMMU "
	  "on by itself when there is such a port, even where intel_iommu=off was said. "
	  "Nothing is to be done.",
	  check_dma_opt_in },
	{ "rmrr-on-device", SEV_BLOCK, HARDWARE,
	  "the firmware keeps memory in use for the device",
	  "An RMRR (Intel) or IVMD (AMD) says: this device goes on using that memory, "
	  "whoever owns it. A guest cannot give that, so the kernel refuses with "
	  "\"Device is ineligible for IOMMU domain attach due to platform RMRR "
	  "requirement\". Servers do this for devices that their management controller "
	  "watches. Look in the firmware setup for a switch (HPE: \"Shared Memory "
	  "Features\"), for an update, or pass another device.",
	  check_rmrr },
	{ "rmrr-relaxable", SEV_WARN, HARDWARE,
	  "the firmware uses memory with this device until a driver takes over",
	  "Firmware keeps memory mapped for graphics and for USB keyboards at the boot "
	  "prompt. For these two kinds the kernel assumes that the use ends when a "
	  "driver takes the device, and lets a VM have it. If the host freezes when the "
	  "VM starts, switch off legacy USB support in the firmware setup.",
	  check_rmrr_relaxable },
	{ "no-interrupt-remapping", SEV_BLOCK, HARDWARE,
	  "interrupts of devices are not remapped",
	  "Without interrupt remapping a guest could make its device send any interrupt "
	  "to the host. VFIO therefore refuses to attach the group (\"No interrupt "
	  "remapping support\", EPERM). Causes: an old chipset, intremap=off, a "
	  "firmware that has it off (x2APIC), a virtual IOMMU without it. If you trust "
	  "the guest, the option allow_unsafe_interrupts=1 of vfio_iommu_type1 lets it "
	  "start all the same.",
	  check_no_interrupt_remapping },
	{ "unsafe-interrupts", SEV_WARN, HARDWARE,
	  "interrupts are not remapped, and that is accepted",
	  "vfio_iommu_type1 was told allow_unsafe_interrupts on a machine without "
	  "interrupt remapping. VMs start; whoever controls the guest can disturb the "
	  "host with interrupts.",
	  check_unsafe_interrupts },
	{ "not-endpoint", SEV_BLOCK, HARDWARE,
	  "the function is a bridge",
	  "vfio-pci takes functions with an ordinary header only. Bridges and ports "
	  "carry other devices and stay with the host; pass what is behind them.",
	  check_not_endpoint },
	{ "vfio-denylist", SEV_BLOCK, HARDWARE,
	  "vfio-pci refuses this device",
	  "Some Intel accelerators (QuickAssist with its virtual functions, DSA and IAX) "
	  "let a guest harm the host, so vfio-pci has them on a denylist. The option "
	  "disable_denylist=1 of vfio-pci takes them all the same, at your risk.",
	  check_vfio_denylist },
	{ "vfs-enabled", SEV_BLOCK, HARDWARE,
	  "the device has virtual functions switched on",
	  "A physical function whose virtual functions (SR-IOV) are in use cannot be "
	  "given away: they would lose their owner. vfio-pci answers EBUSY. Pass the "
	  "virtual functions, that is what they are for, or write 0 to sriov_numvfs "
	  "first.",
	  check_vfs_enabled },
	{ "vf-not-at-boot", SEV_WARN, HARDWARE,
	  "the device is a virtual function, which no boot makes",
	  "Virtual functions (SR-IOV) are there from the moment somebody writes to "
	  "sriov_numvfs of the physical function; a reboot takes them away. So there is "
	  "nothing that pcipass could apply for the next boot, and nothing to: libvirt and "
	  "Proxmox take a virtual function from its driver when the VM starts. Have "
	  "sriov_numvfs written at every boot, and configure the VM.",
	  check_vf_not_at_boot },
	{ "reset-missing", SEV_WARN, HARDWARE,
	  "the kernel has no way to reset the device",
	  "When a VM ends, its device should start afresh for the next. If a function "
	  "has no reset method (FLR, power management, bus reset, or one of its own) it "
	  "keeps the state in which the guest left it. The first start works; a second "
	  "may fail until the host was restarted.",
	  check_reset_missing },
	{ "secure-boot-lockdown", SEV_INFO, HARDWARE,
	  "Secure Boot locks the kernel down",
	  "With Secure Boot on, the kernel loads signed modules only, and programs may "
	  "not write to a function's configuration space or map its BARs through /sys. "
	  "VFIO is not affected. Out-of-tree modules such as vendor-reset must be "
	  "signed with a key that the machine knows.",
	  check_secure_boot },
	{ "facts-unknown", SEV_INFO, HARDWARE,
	  "some facts could not be read",
	  "What could not be read is not taken for absent: rules that need it say "
	  "nothing. Often the reason is missing rights; run the check as root on the "
	  "host itself.",
	  check_facts_unknown },

	{ "iommu-off", SEV_TODO, CMDLINE,
	  "the IOMMU is there and not switched on",
	  "The firmware describes an IOMMU and the kernel does not use it: no IOMMU in "
	  "/sys/class/iommu and no groups. On Intel, kernels differ: Debian's switch it "
	  "on by themselves, others need intel_iommu=on; iommu=off and the like forbid "
	  "it. On AMD it is on unless forbidden; amd_iommu=on means nothing. The word "
	  "belongs on the kernel command line: /etc/default/grub and update-grub, or "
	  "/etc/kernel/cmdline and proxmox-boot-tool refresh. Then reboot.",
	  check_iommu_off },
	{ "iommu-failed", SEV_BLOCK, CMDLINE,
	  "the IOMMU is allowed and the kernel did not switch it on",
	  "The table is there and nothing on the command line is in the way, but there "
	  "is no active IOMMU. The kernel then found a fault, usually in the firmware's "
	  "table, and gave up: dmesg | grep -e DMAR -e AMD-Vi tells which.",
	  check_iommu_failed },
	{ "iommu-no-driver", SEV_BLOCK, CMDLINE,
	  "the kernel has no driver for this IOMMU",
	  "A virtual machine with a virtio IOMMU needs the module virtio_iommu, which "
	  "Debian's 6.1 kernels do not have. Take a newer kernel, or another IOMMU for "
	  "the machine.",
	  check_iommu_no_driver },
	{ "iommu-not-active-yet", SEV_TODO, CMDLINE,
	  "the IOMMU comes with the next boot",
	  "The boot configuration asks for the IOMMU, but the kernel that runs was "
	  "started before that. Reboot. If the finding is still there afterwards, the "
	  "host boots by another loader, from another disk or from an older copy of the "
	  "configuration; compare /proc/cmdline with the boot entry that is named.",
	  check_iommu_not_active_yet },
	{ "loader-not-refreshed", SEV_TODO, CMDLINE,
	  "the boot entries do not have what the configuration says",
	  "/etc/default/grub and /etc/kernel/cmdline are only read by tools that write "
	  "the boot entries. After an edit run update-grub (GRUB) or proxmox-boot-tool "
	  "refresh (Proxmox on ZFS or systemd-boot). This is the step most often "
	  "forgotten.",
	  check_loader_not_refreshed },
	{ "option-turns-off", SEV_TODO, CMDLINE,
	  "an option turns the IOMMU off",
	  "Words such as intel_iommu=off, amd_iommu=off or iommu=off on the kernel "
	  "command line keep the IOMMU off whatever else is said. They must go.",
	  check_option_turns_off },
	{ "option-useless", SEV_INFO, CMDLINE,
	  "an option that the kernel does not know",
	  "amd_iommu=on stands in many guides and the kernel answers \"AMD-Vi: Unknown "
	  "option - 'on'\": AMD's IOMMU is on without it. Such words do no harm and no "
	  "good.",
	  check_option_useless },
	{ "acs-override-ignored", SEV_WARN, CMDLINE,
	  "pcie_acs_override on a kernel that does not know it",
	  "The option comes with a patch that Proxmox, zen and some others carry; it "
	  "never was in the mainline kernel nor in Debian's. There it is ignored "
	  "without a word, and groups stay as they are.",
	  check_acs_ignored },
	{ "acs-override-used", SEV_WARN, CMDLINE,
	  "pcie_acs_override takes isolation for granted",
	  "The option makes the kernel believe that ports and functions keep their "
	  "traffic apart. Groups become smaller, the hardware does not become safer: a "
	  "guest's device may reach its neighbours directly, and through them memory of "
	  "the host. Good enough for guests you trust.",
	  check_acs_used },
	{ "unknown-loader", SEV_BLOCK, CMDLINE,
	  "how this host boots is not known",
	  "The command line must change and pcipass does not guess where it stands. It "
	  "knows GRUB (update-grub) and systemd-boot with proxmox-boot-tool, and looks "
	  "for evidence of how the running kernel was started. Add the words by hand to "
	  "what starts your kernel, reboot, and run pcipass again: the rest it can do.",
	  check_unknown_loader },
	{ "next-boot-unknown", SEV_WARN, CMDLINE,
	  "what the next boot does cannot be told",
	  "pcipass computes from the files what the next boot loads, and did not find a "
	  "complete answer: no boot entry, or an entry whose kernel is not installed. "
	  "Such a host might not come up. Look at the boot configuration before "
	  "rebooting.",
	  check_next_boot_unknown },
	{ "iommu-on", SEV_INFO, CMDLINE,
	  "the IOMMU is on",
	  "/sys/class/iommu lists an active IOMMU and functions have groups. That "
	  "counts; the line \"DMAR: IOMMU enabled\" in dmesg only says that "
	  "intel_iommu=on was on the command line.",
	  check_iommu_on },

	{ "vfio-missing", SEV_BLOCK, MODULES,
	  "the kernel has no vfio-pci",
	  "vfio-pci is the driver that hands a function to a VM. Small kernels (cloud "
	  "images, home-made ones) are built without it. Install the distribution's "
	  "ordinary kernel.",
	  check_vfio_missing },
	{ "driver-builtin", SEV_BLOCK, MODULES,
	  "the device's driver is a part of the kernel",
	  "A driver inside the kernel image takes its devices before the first module "
	  "is loaded. Neither ids= nor blacklist in modprobe.d can prevent that. A "
	  "kernel that has the driver as a module is needed, or a vfio-pci that is a "
	  "part of the kernel as well.",
	  check_driver_builtin },
	{ "vfio-builtin", SEV_WARN, MODULES,
	  "vfio-pci is a part of the kernel: modprobe.d does not reach it",
	  "modprobe gives options to modules it loads. vfio-pci is never loaded here, "
	  "so options vfio-pci ids=... has no effect; vfio-pci.ids=... on the kernel "
	  "command line has.",
	  check_vfio_builtin },
	{ "vfio-ids-malformed", SEV_WARN, MODULES,
	  "ids= has an entry that vfio-pci does not take",
	  "An id is vendor:device in hexadecimal with a colon, as lspci -nn prints it; "
	  "ids are joined by commas, without blanks. vfio-pci skips a bad entry with a "
	  "line in dmesg and the device keeps its own driver.",
	  check_ids_malformed },
	{ "vfio-option-unknown", SEV_WARN, MODULES,
	  "an option that vfio-pci does not have",
	  "A mistyped option (id= for ids=) or what stands behind a blank in the list "
	  "of ids is an unknown parameter: the kernel ignores it with a line in dmesg.",
	  check_vfio_option_unknown },
	{ "modprobe-line-bad", SEV_WARN, MODULES,
	  "modprobe ignores a line",
	  "A line in modprobe.d that modprobe does not understand is skipped, and what "
	  "it should do does not happen. The form is described in man modprobe.d.",
	  check_modprobe_line_bad },
	{ "modprobe-file-ignored", SEV_WARN, MODULES,
	  "a file in modprobe.d that modprobe does not read",
	  "Only names that end with .conf count. The guide says \"a .conf file in "
	  "/etc/modprobe.d\"; a file called vfio is not read, without a word.",
	  check_modprobe_file_ignored },
	{ "vfio-contradiction", SEV_WARN, MODULES,
	  "two settings for vfio-pci contradict",
	  "A parameter given twice keeps its last value, so of two ids= lines only the "
	  "last one works, in the order of the files' names. A line that blacklists "
	  "vfio-pci keeps /etc/modules from loading it.",
	  check_vfio_contradiction },
	{ "vfio-kept-out", SEV_BLOCK, MODULES,
	  "a line keeps vfio-pci from coming first",
	  "An install line that replaces loading vfio-pci by something else, or a softdep "
	  "that loads the device's driver before it (softdep vfio-pci pre:), undoes "
	  "whatever gives the device to vfio-pci. Take the line away, or turn it round.",
	  check_vfio_kept_out },
	{ "ids-take-others", SEV_WARN, MODULES,
	  "ids= names a device that the host uses",
	  "The ids= that is on the disk, or on the command line, has the ids of a device "
	  "which a driver of the host has now. It has no effect as long as vfio-pci comes "
	  "late or not at all; once vfio-pci is loaded early, for any device, it takes "
	  "that one as well. Take those ids out, or ask for that device, too.",
	  check_ids_take_others },
	{ "both-methods", SEV_INFO, MODULES,
	  "the device is both given to vfio-pci and blacklisted",
	  "The guide's two methods exclude each other in nothing, but the blacklist "
	  "also takes the driver from other devices that need it. If ids= works, the "
	  "blacklist can go.",
	  check_both_methods },
	{ "virqfd-gone", SEV_WARN, MODULES,
	  "vfio_virqfd is asked for and no longer exists",
	  "Since Linux 6.2 it is a part of the module vfio. The request fails at every "
	  "boot with \"Failed to find module 'vfio_virqfd'\"; nothing else suffers.",
	  check_virqfd_gone },

	{ "initramfs-stale", SEV_TODO, INITRAMFS,
	  "the initramfs is older than the configuration",
	  "The initramfs has its own copies of /etc/modprobe.d and of the list of "
	  "modules, made by the last update-initramfs. Drivers are loaded by these "
	  "copies first, so an edit counts only after update-initramfs -u -k all and a "
	  "reboot.",
	  check_initramfs_stale },
	{ "native-in-initramfs", SEV_TODO, INITRAMFS,
	  "the initramfs loads the device's driver first",
	  "With ids= the first driver wins. Debian's initramfs holds most drivers and "
	  "not vfio-pci, so the device is taken long before /etc/modules is read: the "
	  "guide followed to the letter fails there. The line softdep DRIVER pre: "
	  "vfio-pci in modprobe.d makes update-initramfs put vfio-pci inside and loads "
	  "it first.",
	  check_native_in_initramfs },
	{ "boot-race", SEV_WARN, INITRAMFS,
	  "chance decides which driver gets the device",
	  "udev loads drivers for all devices in parallel while systemd-modules-load "
	  "reads /etc/modules. Which comes first differs from boot to boot. softdep "
	  "DRIVER pre: vfio-pci settles it.",
	  check_boot_race },
	{ "kernel-without-initramfs", SEV_WARN, INITRAMFS,
	  "an installed kernel has no initramfs",
	  "Other kernels of this host have one. If this kernel is booted it either does "
	  "not find its root or loads drivers in another order than was planned.",
	  check_no_initramfs },
	{ "kernel-left-out", SEV_TODO, INITRAMFS,
	  "another installed kernel's initramfs was not made anew",
	  "update-initramfs -u renews only the newest kernel's image. Whoever boots an "
	  "older kernel from the menu gets the old configuration. update-initramfs -u "
	  "-k all renews all.",
	  check_kernel_left_out },

	{ "group-missing", SEV_BLOCK, GROUPS,
	  "the device has no IOMMU group",
	  "The IOMMU is on and does not cover this device: it is on a segment without "
	  "an IOMMU, or the firmware's table leaves it out. vfio-pci refuses it "
	  "(EINVAL).",
	  check_group_missing },
	{ "group-shared", SEV_WARN, GROUPS,
	  "the device shares its IOMMU group",
	  "A group is what the hardware can keep apart. Its functions may reach each "
	  "other's memory without the IOMMU seeing it, so a VM gets all of them or "
	  "none: every member must be given up by the host. Bridges and ports may stay. "
	  "Ports without ACS (Access Control Services) join what is behind them; "
	  "another slot, often one at the CPU, may be better.",
	  check_group_shared },

	{ "companion-forgotten", SEV_TODO, GPU,
	  "functions of the graphics card were not asked for",
	  "A graphics card is several functions: picture, sound, often USB and USB-C. "
	  "Guests expect them together, and the kernel ties their power together. Ask "
	  "for the whole device (01:00), in Proxmox: All Functions.",
	  check_companions },
	{ "gpu-no-efi-rom", SEV_WARN, GPU,
	  "the card's ROM has no EFI image",
	  "OVMF starts a card by the EFI image in its ROM. Cards of before about 2013 "
	  "often have a legacy image only. Use SeaBIOS for such a VM, or update the "
	  "card's ROM.",
	  check_gpu_no_efi },
	{ "gpu-rom-unknown", SEV_INFO, GPU,
	  "whether the card's ROM has an EFI image is not known",
	  "The ROM is read by root only, not while a driver has the card, and the boot "
	  "VGA's is hidden by a copy of the firmware. Integrated graphics has none.",
	  check_gpu_rom_unknown },
	{ "boot-vga", SEV_WARN, GPU,
	  "the card is the one the host booted on",
	  "The firmware ran the card's ROM and left a changed copy of it, which is what "
	  "a VM reads. Guests may need the original as a file (romfile), dumped while "
	  "another card was the boot VGA.",
	  check_boot_vga },
	{ "framebuffer-holds-bar", SEV_WARN, GPU,
	  "the host's frame buffer lies in the card's memory",
	  "The firmware left a frame buffer that efifb or simplefb shows the console "
	  "on. vfio-pci removes it from a VGA card when it takes the card: the screen "
	  "goes dark and that is all. From other display classes it does not, and a VM "
	  "fails to map the BAR.",
	  check_framebuffer },
	{ "console-not-visible", SEV_INFO, GPU,
	  "the picture is not visible through noVNC or SPICE",
	  "What a passed-through card draws goes to its own connectors. Connect a "
	  "monitor, or use a remote desktop (VNC, RDP) in the guest. For computing "
	  "without a picture nothing is needed.",
	  check_console_hidden },
	{ "vm-advice", SEV_INFO, GPU,
	  "which kind of VM suits the card",
	  "The best compatibility comes with machine type q35, OVMF (EFI) and "
	  "PCI-Express switched on. OVMF needs an EFI image in the card's ROM; "
	  "otherwise SeaBIOS.",
	  check_vm_advice },
	{ "big-bar", SEV_INFO, GPU,
	  "the device has a large BAR",
	  "A guest places a BAR of a gigabyte or more above 4 GiB. OVMF's window there "
	  "has 32 GiB by default; larger cards need a larger one and a CPU type that "
	  "shows enough address bits.",
	  check_big_bar },
	{ "resizable-bar", SEV_INFO, GPU,
	  "the device has a resizable BAR",
	  "The size is what the firmware or the host set; a guest cannot change it. "
	  "Through resourceN_resize in /sys the host can, while no driver is bound.",
	  check_resizable_bar },

	{ "host-disk", SEV_BLOCK, HOST,
	  "the host has a mounted file system or swap on the device",
	  "Giving this device away takes a disk from under the running host, or lets "
	  "two systems write to one disk, which destroys it. The chain shows why. ZFS "
	  "and what is stacked in ways that cannot be traced makes every disk suspect; "
	  "if you know better, --allow host-disk says so.",
	  check_host_disk },
	{ "host-network", SEV_BLOCK, HOST,
	  "the host's default route goes through the device",
	  "After the change the host is no more on the network by this interface, and "
	  "you with it if you came that way. Move the address to another interface "
	  "first. With a console at hand, --allow host-network goes on.",
	  check_host_network },
	{ "host-console", SEV_BLOCK, HOST,
	  "the host's text console is on the card",
	  "The card the host booted on shows its messages and login. Once vfio-pci has "
	  "it, the screen stays dark, also when the boot fails. With another way in "
	  "(ssh, serial console) --allow host-console goes on.",
	  check_host_console },
	{ "host-keyboard", SEV_WARN, HOST,
	  "keyboards or other input devices are connected to the device",
	  "Everything plugged into a USB controller goes with it. If the host's only "
	  "keyboard is among it, you cannot log in at the console.",
	  check_host_keyboard },
	{ "identical-ids", SEV_WARN, HOST,
	  "other functions have the same ids",
	  "ids= names a kind of device, not one device: every function with that vendor "
	  "and device goes to vfio-pci. To give away just one, override its driver by "
	  "its address.",
	  check_identical_ids },
	{ "blacklist-takes-others", SEV_INFO, HOST,
	  "the device's driver also serves other devices",
	  "The guide's second method, blacklisting the driver, takes it from all of "
	  "them. ids= or an override touches one device.",
	  check_blacklist_others },
	{ "driver-in-use", SEV_TODO, HOST,
	  "a driver of the host has the device",
	  "The host must not use the device. After ids=, blacklist or an override, a "
	  "new initramfs and a reboot, vfio-pci has it.",
	  check_driver_in_use },

	{ "ready-driver", SEV_TODO, READY,
	  "the driver is not vfio-pci",
	  "The guide's last check: lspci -nnk must say \"Kernel driver in use: "
	  "vfio-pci\" for the device, or have no such line.",
	  check_ready_driver },
	{ "ready-group", SEV_TODO, READY,
	  "a member of the group still has a driver of the host",
	  "Binding vfio-pci to one function succeeds also when its group is not viable; "
	  "the VM then fails to start with \"group N is not viable\". Every member must "
	  "have vfio-pci, pci-stub, or no driver; ports keep pcieport.",
	  check_ready_group },
	{ "ready-node", SEV_INFO, READY,
	  "/dev/vfio/N is not there yet",
	  "The node of a group exists while vfio-pci has one of its members. Proxmox "
	  "and libvirt bind a driverless function when the VM starts.",
	  check_ready_node },
	{ "ready", SEV_INFO, READY,
	  "ready to be passed through",
	  "The driver is vfio-pci or none, the group is viable and its node is there.",
	  check_ready },
};
/* clang-format on */
const size_t n_rules = ARRAY_SIZE(rules);

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Unmodified programs on simulated hosts: test-run.sh FOLDER-OF-PROGRAMS SOURCE-FOLDER.
# TAP on stdout. Without FUSE it is skipped (exit 77); with PCIPASS_STRICT that is a failure.
# shellcheck disable=SC2016 # scripts for another shell
set -eu

bin=$(realpath "$1") top=$(realpath "$2")
fixtures=$top/fakesys/fixtures
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export PATH=$bin:/usr/sbin:/sbin:$PATH LC_ALL=C

if ! timeout 60 fakesys run "$fixtures/lab-intel-6.1.json" -- true >"$dir/out" 2>&1 </dev/null; then
	sed 's/^/# /' "$dir/out"
	if [ -n "${PCIPASS_STRICT-}" ]; then
		echo "not ok 1 - simulated hosts can be mounted"
		exit 1
	fi
	exit 77
fi

count=0 failed=0
result() { # GOOD NAME
	count=$((count + 1))
	if [ "$1" = 1 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
		sed 's/^/# /' "$dir/out" | cut -c 1-160 | head -n 30
	fi
}

# A script on the host FIXTURE must print just what follows on standard input.
on() { # NAME FIXTURE KERNEL SCRIPT
	local good=1 status=0
	cat >"$dir/want"
	timeout 60 fakesys run "$fixtures/$2.json" --kernel "$3" -- bash -c "$4" \
		>"$dir/got" 2>&1 </dev/null || status=$?
	diff "$dir/want" "$dir/got" >"$dir/out" || good=0
	[ "$status" = 0 ] || good=0
	result $good "$1"
}

# The same where a program is needed that may not be there.
with() { # PROGRAM NAME FIXTURE KERNEL SCRIPT
	local program=$1
	shift
	if command -v "$program" >/dev/null; then
		on "$@"
	elif [ -n "${PCIPASS_STRICT-}" ]; then
		echo "$program is not installed" >"$dir/out"
		result 0 "$1"
	else
		count=$((count + 1))
		echo "ok $count - $1 # SKIP $program is not installed"
	fi
}

NIC=/sys/bus/pci/devices/0000:04:00.0

on "the shell: override, unbind, probe" lab-intel-6.1 6.1 "
	cd $NIC
	cat driver_override
	echo vfio-pci >driver_override
	echo 0000:04:00.0 >driver/unbind
	modprobe vfio-pci
	basename \$(readlink driver)
	stat -c '%A %t:%T %n' /dev/vfio/* | sort
	cat power_state
	echo >driver_override
	cat driver_override
	echo 0000:04:00.0 >driver/unbind
	echo 0000:04:00.0 >/sys/bus/pci/drivers_probe
	basename \$(readlink driver)
	ls /dev/vfio
" <<'END'
(null)
vfio-pci
crw------- f4:0 /dev/vfio/8
crw-rw-rw- a:c4 /dev/vfio/vfio
D3hot
(null)
e1000e
vfio
END

on "errors of names and modes" lab-intel-6.1 6.1 "
	cd $NIC
	true 2>&1 >vendor
	chmod 666 vendor
	echo 1 >vendor
	touch x; mkdir x; rm vendor; rmdir power; mv vendor x; ln -s x y
	echo x >/sys/bus/pci/drivers/e1000e/bind
	echo 0000:04:00.0 >/sys/bus/pci/drivers/e1000e/bind
	echo 7 >reset
	true
" <<'END'
bash: line 3: vendor: Permission denied
bash: line 5: echo: write error: Input/output error
touch: cannot touch 'x': Permission denied
mkdir: cannot create directory 'x': Operation not permitted
rm: cannot remove 'vendor': Operation not permitted
rmdir: failed to remove 'power': Operation not permitted
mv: cannot move 'vendor' to 'x': Operation not permitted
ln: failed to create symbolic link 'y': Operation not permitted
bash: line 7: echo: write error: No such device
bash: line 8: echo: write error: Device or resource busy
bash: line 9: echo: write error: Invalid argument
END

on "an open file outlives its object, and does not come back with it" lab-intel-6.1 6.1 "
	exec 5<$NIC/vendor
	cat <&5
	echo 1 >$NIC/remove
	ls -d $NIC
	cat <&5
	echo 1 >/sys/bus/pci/rescan
	cat <&5
	cat $NIC/vendor
" <<'END'
0x8086
ls: cannot access '/sys/bus/pci/devices/0000:04:00.0': No such file or directory
cat: -: No such device
cat: -: No such device
0x8086
END

on "a store blocks while a VM holds the device, and others go on" lab-intel-6.1-guide 6.1 "
	cd /sys/bus/pci/devices/0000:00:19.0
	group=\$(basename \$(readlink iommu_group))
	echo vfio-pci >driver_override
	echo 0000:00:19.0 >driver/unbind
	modprobe vfio-pci
	echo 0000:00:19.0 >/sys/bus/pci/drivers_probe
	fakesys ctl claim \$group
	mkfifo $dir/began
	{ echo >$dir/began; echo 0000:00:19.0 >/sys/bus/pci/drivers/vfio-pci/unbind; echo \"unbound \$?\"; } &
	read -r _ <$dir/began
	until ! [ -e driver ]; do cat vendor >/dev/null; done
	echo waiting
	fakesys ctl release \$group
	wait
	rm $dir/began
" <<'END'
waiting
unbound 0
END

on "a reboot lives by what is on the disk" lab-intel-6.1 6.1 "
	mkdir -p /etc/modprobe.d
	printf 'options vfio-pci ids=8086:100e\nsoftdep e1000 pre: vfio-pci\n' >/etc/modprobe.d/vfio.conf
	update-initramfs -u -k all
	fakesys ctl reboot
	basename \$(readlink /sys/bus/pci/devices/0000:0b:01.0/driver)
	fakesys ctl timeline | grep -c '^0000:0b:01.0 vfio-pci: loaded in initramfs'
" <<'END'
update-initramfs: Generating /boot/initrd.img-6.1.0-50-amd64
booted boot/grub/grub.cfg:29: 6.1.0-50-amd64
vfio-pci
1
END

on "the power goes at a write, and takes what was not synced" lab-intel-6.1 6.1 "
	fakesys ctl fault cut 2
	echo x >/etc/modprobe.d/x.conf
	fakesys ctl reboot
	ls /etc/modprobe.d/x.conf
	fakesys ctl fault ENOSPC 1
	echo x >/etc/modprobe.d/x.conf
	echo x >/etc/modprobe.d/x.conf && cat /etc/modprobe.d/x.conf
" <<'END'
bash: line 3: echo: write error: Input/output error
booted boot/grub/grub.cfg:29: 6.1.0-50-amd64
ls: cannot access '/etc/modprobe.d/x.conf': No such file or directory
bash: line 7: /etc/modprobe.d/x.conf: No space left on device
x
END

on "etc: the machine's own, the caller's behind it" lab-intel-6.1 6.1 "
	head -n 1 /etc/default/grub
	head -c 5 /etc/passwd; echo
	echo x >/etc/passwd
	rm /etc/passwd
	mkdir /etc/own && echo y >/etc/own/a && mv /etc/own/a /etc/own/b && cat /etc/own/b
	rm /etc/fstab; ls /etc/fstab; true
" <<'END'
# What update-grub reads. Run it after every change here.
root:
bash: line 4: /etc/passwd: Read-only file system
rm: cannot remove '/etc/passwd': Read-only file system
y
ls: cannot access '/etc/fstab': No such file or directory
END

on "a folder outlives its object, and is empty" lab-intel-6.1 6.1 "
	cd $NIC/
	exec 3<vendor
	echo 1 >remove
	ls && echo empty
	cat vendor
	chmod 600 /proc/self/fd/3 && echo changed
	df --output=size /sys | tail -n 1
	mkfifo /sys/bus/x
	mv /sys/bus /sys/x
	true
" <<'END'
empty
cat: vendor: No such file or directory
changed
        0
mkfifo: cannot create fifo '/sys/bus/x': Operation not permitted
mv: cannot move '/sys/bus' to '/sys/x': Operation not permitted
END

# Whoever ends `fakesys run` ends the command with it; by SIGTERM its folder in /tmp goes, too.
ended() { # SIGNAL: sets good
	local pid status=0 tries word=31415$$ stage
	fakesys run "$fixtures/lab-intel-6.1.json" -- sleep "$word" & pid=$!
	for ((tries = 0; tries < 300; tries++)); do
		! pgrep -f "^sleep $word" >/dev/null || break
		sleep 0.1
	done
	# The last: one that another test had mounted, for all to see, is there as well.
	stage=$(grep -o '/tmp/fakesys-[^ /]*' "/proc/$pid/mountinfo" | tail -n 1) || :
	kill "-$1" $pid
	wait $pid 2>/dev/null || status=$?
	for ((tries = 0; tries < 50; tries++)); do
		pgrep -f "^sleep $word" >/dev/null || break
		sleep 0.1
	done
	good=1
	[ "$status" = 137 ] && [ -n "$stage" ] && ! pgrep -f "^sleep $word" >/dev/null || good=0
	if [ "$1" = TERM ]; then
		[ ! -e "$stage" ] || good=0
	else
		rmdir "$stage" || good=0 # nothing is mounted there
	fi
	echo "status $status, folder $stage" >"$dir/out"
}
for signal in TERM KILL; do
	ended $signal
	result $good "SIG$signal ends it all"
done

on "an ordinary user has 64 bytes of config, and no store" lab-intel-6.1 6.1 "
	cd $NIC
	setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '
		wc -c <config
		(echo x >driver_override)
		cat vendor'
	wc -c <config
" <<'END'
64
sh: 3: cannot create driver_override: Permission denied
0x8086
4096
END

python=$(command -v python3)
# Recorded by others' programs and imported, it is the same machine again; but for ROMs, and
# `enable` of what no driver has.
cat >"$dir/same.py" <<'END'
import json, sys
want, got = (json.load(open(name))["functions"] for name in sys.argv[1:])
for fn in want + got:
    fn.pop("rom", None), fn.pop("attributes", None)
for a, b in zip(want, got):
    for key in sorted(set(a) | set(b)):
        if a.get(key) != b.get(key):
            print(a["bdf"], key, a.get(key), "|", b.get(key))
print(len(want) - len(got))
END
again() { # PROGRAM NAME FIXTURE KERNEL SCRIPT-THAT-WRITES-$dir/made
	local program=$1 name=$2 good=1
	shift 2
	if ! command -v "$program" >/dev/null; then
		with "$program" "$name" "$@" </dev/null
		return
	fi
	rm -rf "$dir/made"
	{
		timeout 120 fakesys run "$fixtures/$1.json" --kernel "$2" -- sh -c "$3" </dev/null &&
			fakesys import --keep-ids -o "$dir/again.json" "$dir/made" &&
			"$python" "$dir/same.py" "$fixtures/$1.json" "$dir/again.json" >"$dir/got"
	} >"$dir/out" 2>&1 || good=0
	[ $good = 0 ] || [ "$(cat "$dir/got")" = 0 ] || { good=0; cat "$dir/got" >>"$dir/out"; }
	result $good "$name"
}
# Not --all: umockdev 0.19 reads behind the end of its own list there.
devices='$(find /sys/devices -name uevent -printf "%h ")'
for machine in lab-intel-6.1:6.1 server-sriov:6.12 laptop-hybrid:7.3; do
	name=${machine%:*} kernel=${machine#*:}
	again umockdev-record "umockdev-record of $name, imported" "$name" "$kernel" \
		"umockdev-record $devices >$dir/made"
	again cp "a copy of the sys of $name, imported" "$name" "$kernel" \
		"cp -a /sys $dir/made 2>/dev/null || :"
done

on "what was left running ends with the command" lab-intel-6.1 6.1 "
	sleep 1000 & disown
	echo done
" <<'END'
done
END

for machine in lab-intel-6.1:6.1 lab-amd-6.12:6.12 lab-virtio-6.12:6.12 server-sriov:6.12 \
	amd-desktop-twin-gpus:6.1 laptop-hybrid:7.3; do
	name=${machine%:*} kernel=${machine#*:}
	# What lspci finds is what was recorded: address, class, ids, driver.
	"$python" - "$fixtures/$name.json" >"$dir/list" <<'END'
import json, sys
for fn in json.load(open(sys.argv[1]))["functions"]:
    domain, rest = fn["bdf"].split(":", 1)
    print(rest if domain == "0000" else fn["bdf"], fn.get("driver", "-"))
END
	with lspci "lspci -nnk on $name" "$name" "$kernel" '
		lspci -k 2>/dev/null | awk "
			/^[0-9a-f]/ { if (at) print at, drv; at = \$1; drv = \"-\" }
			/Kernel driver in use:/ { drv = \$NF }
			END { print at, drv }"' <"$dir/list"
	# And its config space, byte for byte, as far as it was recorded.
	"$python" - "$fixtures/$name.json" >"$dir/list" <<'END'
import json, sys
for fn in json.load(open(sys.argv[1]))["functions"]:
    if fn.get("physfn"):
        continue
    space = ["0" * 32] * 256
    for row, value in fn["config"].items():
        if len(row) == 3:
            space[int(row, 16) // 16] = value
    print(fn["bdf"], "".join(space)[:512])
END
	with lspci "lspci -xxxx on $name" "$name" "$kernel" '
		lspci -D -xxxx 2>/dev/null | awk "
			/^[0-9a-f]+:[0-9a-f][0-9a-f]:/ { if (at) print at, substr(hex, 1, 512); at = \$1; hex = \"\"; vf = 0; next }
			/^[0-9a-f]+: / { for (i = 2; i <= NF; i++) hex = hex \$i }
			END { print at, substr(hex, 1, 512) }" |
			while read -r at hex; do [ -e /sys/bus/pci/devices/$at/physfn ] || echo $at $hex; done' <"$dir/list"
done

with driverctl "driverctl: set, list, unset" lab-intel-6.1 6.1 '
	driverctl --nosave set-override 0000:04:00.0 vfio-pci
	driverctl list-overrides
	driverctl list-devices | grep 0000:04:00.0
	driverctl --nosave unset-override 0000:04:00.0
	driverctl list-devices | grep 0000:04:00.0
' <<'END'
0000:04:00.0 vfio-pci
0000:04:00.0 vfio-pci [*]
0000:04:00.0 e1000e
END

with dpdk-devbind.py "dpdk-devbind.py: unbind, bind, status" lab-intel-6.1 6.1 '
	modprobe vfio-pci
	dpdk-devbind.py -u 0000:04:00.0 2>/dev/null
	readlink /sys/bus/pci/devices/0000:04:00.0/driver
	dpdk-devbind.py -b vfio-pci 0000:04:00.0 2>/dev/null
	dpdk-devbind.py --status-dev net 2>/dev/null | sed -n "s/ unused=.*//; /^0000:04:00.0/p"
' <<'END'
0000:04:00.0 '82574L Gigabit Network Connection 10d3' drv=vfio-pci
END

with lspci "lspci -tv" lab-intel-6.1 6.1 'lspci -tv 2>/dev/null' <"$top/tools/goldens/lspci-tv.txt"

with virsh "libvirt: nodedev-list, dumpxml, detach, reattach" lab-intel-6.1 6.1 "
	modprobe vfio-pci
	$top/tools/libvirtd-inside sh -c '
		nodedev() { virsh -q -c qemu:///system \"\$@\"; }
		nodedev nodedev-list --cap pci
		nodedev nodedev-dumpxml pci_0000_04_00_0
		nodedev nodedev-detach pci_0000_04_00_0
		readlink $NIC/driver
		nodedev nodedev-reattach pci_0000_04_00_0
		readlink $NIC/driver'
" <"$top/tools/goldens/nodedev.txt"

with virt-host-validate "virt-host-validate: the IOMMU of this machine" laptop-hybrid 6.12 '
	virt-host-validate qemu | grep -e "hardware virtualization" -e IOMMU | tr -s " "
' <<'END'
 QEMU: Checking for hardware virtualization : PASS
 QEMU: Checking for device assignment IOMMU support : PASS
 QEMU: Checking if IOMMU is enabled by kernel : PASS
END

with modprobe "modprobe -c: the configuration of the simulated machine" lab-intel-6.1 6.1 '
	echo "options vfio-pci ids=8086:10d3" >/etc/modprobe.d/vfio.conf
	modprobe -c 2>/dev/null | grep -e vfio -e e1000e
' <<'END'
options vfio_pci ids=8086:10d3
END

with busybox "a static program" lab-intel-6.1 6.1 "
	busybox sh -c 'cd $NIC
		busybox cat vendor device
		busybox ls /sys/kernel/iommu_groups/8/devices
		echo x >driver_override
		busybox cat driver_override
		busybox readlink iommu_group'
" <<'END'
0x8086
0x10d3
0000:00:1c.2
0000:00:1c.3
0000:04:00.0
0000:05:00.0
x
../../../../kernel/iommu_groups/8
END

on "the status is the command's" lab-intel-6.1 6.1 '
	for code in 0 1 42; do fakesys run '"$fixtures"'/lab-intel-6.1.json -- sh -c "exit $code"; echo $?; done
	fakesys run '"$fixtures"'/lab-intel-6.1.json -- /no/such 2>/dev/null; echo $?
	fakesys run '"$fixtures"'/lab-intel-6.1.json -- sh -c "kill -9 \$\$"; echo $?
' <<'END'
0
1
42
127
137
END

state() { find /var/lib/pcipass /var/lib/dpkg/lock-frontend -ls 2>&1 || :; }
before=$(state)
on "pcipass itself, as on a host" intel-desktop-gpu 6.1 '
	pcipass apply --yes 01:00 >/dev/null 2>&1; echo "apply $?"
	fakesys ctl reboot >/dev/null
	pcipass verify 01:00 | tail -n 1
	pcipass undo >/dev/null 2>&1; echo "undo $?"
	fakesys ctl reboot >/dev/null
	basename $(readlink /sys/bus/pci/devices/0000:01:00.0/driver)
' <<'END'
apply 0
Ready to be passed through.
undo 0
nouveau
END

state >"$dir/out"
result "$([ "$before" = "$(state)" ] && echo 1 || echo 0)" "and it notes nothing down on this machine"

echo "1..$count"
[ $failed = 0 ]

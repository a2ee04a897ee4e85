#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs' exit statuses and messages: test-cli.sh FOLDER-OF-PROGRAMS SOURCE-FOLDER.
# TAP on stdout.
set -eu

bin=$1 top=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fixture=$top/fakesys/fixtures/intel-desktop-gpu.json
printf '{"schema": "pcipass-machine"' >"$dir/cut.json"
printf '{"schema": "other", "version": 1}\n' >"$dir/other.json"
mkdir "$dir/empty"

count=0 failed=0
result() { # GOOD NAME
	count=$((count + 1))
	if [ "$1" = 1 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
		sed 's/^/# out: /' "$dir/out" | head -n 20
		sed 's/^/# err: /' "$dir/err" | head -n 20
	fi
}

# A command with its exit status and a pattern that stdout and stderr together must have.
# Failures of status 2 to 4 say so in just one line on stderr that starts with the program.
expect() { # NAME STATUS PATTERN PROGRAM ARGUMENT...
	local name=$1 want=$2 pattern=$3 program=$4 status=0 good=1
	shift 4
	timeout 60 "$bin/$program" "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ $status = "$want" ] || good=0
	{ cat "$dir/out" "$dir/err" && echo; } | grep -qE -e "$pattern" || good=0
	if [ "$want" -ge 2 ]; then
		[ "$(grep -c "^$program: " "$dir/err")" = 1 ] || good=0
	fi
	if [ $status != "$want" ]; then echo "# exit status $status, expected $want"; fi
	result $good "$program: $name"
}

# NAME FILTER PROGRAM ARGUMENT...: stdout is one JSON value for which jq-like FILTER holds.
json() {
	local name=$1 filter=$2 program=$3 good=1
	shift 3
	timeout 60 "$bin/$program" "$@" >"$dir/out" 2>"$dir/err" </dev/null || [ $? = 1 ] || good=0
	grep -qE -e "$filter" "$dir/out" || good=0
	[ "$(head -c 1 "$dir/out")" = '{' ] || good=0
	result $good "$program: $name"
}

programs="pcipass fakesys pcipass-prove"
[ ! -x "$bin/pcipass-lab" ] || programs="$programs pcipass-lab"
for program in $programs; do
	expect "--help" 0 "^usage: $program" "$program" --help
	expect "--version" 0 "^$program [0-9]+\." "$program" --version
	expect "unknown option" 2 "^$program: --frob: no such option" "$program" --frob
	expect "unknown letter" 2 "^$program: -Z: no such option" "$program" -Z
	expect "no arguments" 2 "^$program: " "$program"
done

expect "option with a slip" 2 'do you mean --fixture\?' pcipass check --fixtur3 x
expect "command with a slip" 2 'do you mean .pcipass check.\?' pcipass chekc
expect "unknown command" 2 'no such command; .pcipass --help.' pcipass frobnicate
expect "help of a command" 0 '^usage: pcipass plan \[OPTION' pcipass plan --help
expect "option of another command" 2 'does not go with .check.; it goes with: apply' \
	pcipass check --resume
expect "option without its value" 2 '^pcipass: --root needs a value' pcipass check --root
expect "option with a value too many" 2 'takes no value' pcipass check --json=3
expect "option given twice" 2 'given twice' pcipass check --root / --root /
expect "plan of nothing" 2 'DEVICE... is missing' pcipass plan
expect "apply of nothing" 2 'DEVICE... is missing' pcipass apply
expect "apply without a terminal" 2 'nobody to ask' pcipass apply 01:00
expect "resume with a device" 2 'takes no DEVICE' pcipass apply --resume 01:00
expect "two machines" 2 'name one' pcipass check --fixture x --root /
expect "kernel without fixture" 2 '--kernel goes with --fixture' pcipass check --kernel 6.1
expect "unknown method" 2 '--method magic: it can be auto' pcipass plan --method magic 01:00
expect "unknown style" 2 '--style x: it can be dropin' pcipass plan --style x 01:00
expect "unknown colour" 2 '--color red: it can be auto' pcipass list --color red
expect "unknown rule to allow" 2 '--allow x: it can be rules' pcipass plan --allow x 01:00
expect "two views" 2 'only one of' pcipass list --groups --tree
expect "undo of no number" 2 'undo two: it can be a number' pcipass undo two
expect "undo of zero" 2 'undo 0: it can be a number' pcipass undo 0
expect "undo of a huge number" 2 'it can be a number' pcipass undo 99999999999999999999999
expect "undo of two" 2 'one operand too many' pcipass undo 1 2
expect "vm for nothing" 2 'vm needs --for' pcipass vm 01:00
expect "vm for something else" 2 '--for xen: it can be' pcipass vm --for xen 01:00
expect "vm with a small number" 2 '--for proxmox:99: it can be' pcipass vm --for proxmox:99 01:00
expect "vm with no number" 2 '--for proxmox:1x0: it can be' pcipass vm --for proxmox:1x0 01:00
expect "vm --yes without --write" 2 '--yes goes with --write' \
	pcipass vm --for qemu --yes --fixture "$fixture" 01:00
expect "explain nothing" 2 'explain needs a RULE' pcipass explain
expect "explain an unknown rule" 2 '^pcipass: .*no-such-rule' pcipass explain no-such-rule
expect "explain a rule" 0 '^iommu-off  severity' pcipass explain iommu-off
expect "list of rules" 0 '^iommu-off ' pcipass explain --list
json "list of rules as JSON" '"rule": "iommu-off"' pcipass explain --list --json
expect "fixture that is not there" 2 '^pcipass: .*nowhere.json.*No such file' \
	pcipass check --fixture "$dir/nowhere.json"
expect "fixture cut short" 2 '^pcipass: .*cut.json:1: ' pcipass check --fixture "$dir/cut.json"
expect "fixture of another kind" 2 '^pcipass: .*other.json: ' \
	pcipass check --fixture "$dir/other.json"
expect "unknown kernel" 2 '--kernel 2.4: no such kernel profile; there are .*debian-' \
	pcipass rehearse --fixture "$fixture" --kernel 2.4 01:00
expect "root that is not there" 2 '^pcipass: .*nowhere' pcipass check --root "$dir/nowhere"
expect "device that is not there" 2 '^pcipass: .*42:00' pcipass check --fixture "$fixture" 42:00
expect "device that is none" 2 '^pcipass: .*gpu' pcipass check --fixture "$fixture" gpu

expect "list" 0 '^01:00\.0 +10de:' pcipass list --fixture "$fixture" --color never
expect "list --tree" 0 '02:00\.0 +144d:a808 nvme +11 /, swap +Non-Vol' \
	pcipass list --tree --fixture "$fixture"
expect "list --tree in colours" 0 $'\e\\[[0-9;]*m[^a-z]*01:00\\.0' \
	pcipass list --tree --color always --fixture "$fixture"
off=$top/fakesys/fixtures/intel-desktop-iommu-off.json
for view in "" --tree --groups; do
	# shellcheck disable=SC2086
	expect "list $view without IOMMU" 0 \
		'^\* The IOMMU is not active: these groups are computed from topology\.$' \
		pcipass list $view --fixture "$off"
done
json "list as JSON without IOMMU" '"computed_group": 2' pcipass list --json --fixture "$off"
expect "map" 0 '^<svg xmlns=' pcipass map --fixture "$fixture"
expect "map as SVG" 0 'map.svg: 19 functions' pcipass map --fixture "$fixture" -o "$dir/map.svg"
expect "map as HTML" 0 'map.html: 19 functions' pcipass map --fixture "$off" -o "$dir/map.html"
json "map as JSON" '"functions": 19' pcipass map --json --fixture "$fixture" -o "$dir/again.svg"
expect "map as something else" 2 'a map is FILE.svg or FILE.html' \
	pcipass map --fixture "$fixture" -o "$dir/map.png"
expect "map as JSON onto stdout" 2 'map --json needs -o FILE' pcipass map --json --fixture "$fixture"
expect "map into no folder" 2 'nowhere/map.svg: No such file' \
	pcipass map --fixture "$fixture" -o "$dir/nowhere/map.svg"
expect "map of a device" 2 'one operand too many' pcipass map --fixture "$fixture" 01:00
good=0
cmp "$dir/map.svg" "$dir/again.svg" >"$dir/out" 2>"$dir/err" && good=1
result $good "pcipass: map of the same machine is the same"
if command -v xmllint >/dev/null; then
	# Names that would be markup, of a machine and its processor.
	sed -e 's/"name": "intel-desktop-iommu-off"/"name": "<\/title><script>\&amp;]]>"/' \
		-e 's/"model": "[^"]*"/"model": "<!--\\u0001\\"x=<a>"/' "$off" >"$dir/hostile.json"
	"$bin/pcipass" map --fixture "$dir/hostile.json" -o "$dir/hostile.svg" >"$dir/out" 2>"$dir/err"
	"$bin/pcipass" map --fixture "$dir/hostile.json" -o "$dir/hostile.html" >>"$dir/out" 2>>"$dir/err"
	for file in map.svg map.html hostile.svg hostile.html; do
		good=0
		xmllint --noout "$dir/$file" >"$dir/out" 2>"$dir/err" && [ ! -s "$dir/err" ] &&
			! grep -qi '<script\|<a>\|<!--' "$dir/$file" && good=1
		result $good "pcipass: $file is well-formed"
	done
fi
json "list as JSON" '"bdf": "0000:01:00.0"' pcipass list --json --fixture "$fixture"
expect "check" 0 'yes: can be passed through' pcipass check --fixture "$fixture" 01:00
json "check as JSON" '"verdict": "yes"' pcipass check --json --fixture "$fixture" 01:00
expect "verify before apply" 1 'Not ready' pcipass verify --fixture "$fixture" 01:00
expect "plan" 0 'update-initramfs' pcipass plan --fixture "$fixture" 01:00
expect "plan as a patch" 0 '^\+\+\+ ' pcipass plan --diff --fixture "$fixture" 01:00
expect "plan as a script" 0 '^#!/bin/sh' pcipass plan --script --fixture "$fixture" 01:00
expect "rehearse" 0 'Ready to be passed through' pcipass rehearse --fixture "$fixture" 01:00
json "rehearse as JSON" '"clean": true' pcipass rehearse --json --fixture "$fixture" 01:00
# A Ctrl-C that came just before: perl blocks it, so that it waits when pcipass begins.
if command -v perl >/dev/null; then
	cat >"$dir/interrupted" <<'END'
use POSIX;
sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGINT));
kill "INT", $$;
exec @ARGV;
END
	status=0
	perl "$dir/interrupted" "$bin/pcipass" apply --fixture "$fixture" 01:00 \
		>"$dir/out" 2>"$dir/err" || status=$?
	good=0
	[ $status = 3 ] && grep -q 'interrupted; everything is as it was' "$dir/err" && good=1
	result $good "pcipass: apply is interrupted between two steps"
fi
expect "apply on a twin" 0 'as transaction 1' pcipass apply --fixture "$fixture" 01:00
expect "history of a twin" 0 'has changed nothing' pcipass history --fixture "$fixture"
expect "vm for Proxmox" 0 '^hostpci0: ' pcipass vm --for proxmox:100 --fixture "$fixture" 01:00
expect "vm for libvirt" 0 '<hostdev ' pcipass vm --for libvirt --fixture "$fixture" 01:00
expect "vm for QEMU" 0 'vfio-pci,host=' pcipass vm --for qemu --fixture "$fixture" 01:00
expect "capture of a fixture" 0 'fakesys lint' \
	pcipass capture --fixture "$fixture" -o "$dir/captured.json"

expect "lint of a capture" 0 'fit to contribute' fakesys lint "$dir/captured.json"
expect "lint of nothing good" 2 'cut.json:1: ' fakesys lint "$dir/cut.json"
expect "lint after one that is no fixture" 2 'captured.json: fit to contribute' \
	fakesys lint "$dir/cut.json" "$dir/captured.json"
json "lint as JSON" '"fit": true' fakesys lint --json "$dir/captured.json"
expect "tree of an unknown kernel" 2 'no such kernel profile; there are ' \
	fakesys tree --kernel 2.4 "$fixture"
expect "groups" 0 '^ +2 00:01\.0 PCI bridge .*stays with the host' fakesys groups "$fixture"
expect "groups: why" 0 '01:00\.0 is behind 00:01\.0, which has no ACS' \
	fakesys groups --why 01:00.0 "$fixture"
expect "groups: why two" 0 'The two of them' \
	fakesys groups --why 01:00.0,01:00.1 "$fixture"
expect "groups: another slot" 2 '00:1c\.0: the slot is taken' \
	fakesys groups --move 01:00.0=00:1c.0 "$fixture"
expect "groups: no slot" 2 '00:1f\.0 is no root or downstream port' \
	fakesys groups --move 01:00.0=00:1f.0 "$fixture"
expect "groups: half a move" 2 'takes DEVICE=PORT' fakesys groups --move 01:00.0 "$fixture"
expect "groups: override" 0 '^What it costs' \
	fakesys groups --acs-override downstream,multifunction "$fixture"
expect "groups: a slip in the override" 0 'downstrem means nothing to pcie_acs_override=' \
	fakesys groups --acs-override downstrem "$fixture"
expect "groups: an option this kernel ignores" 0 'pcie_acs_override= means nothing to this kernel' \
	fakesys groups --cmdline pcie_acs_override=downstream "$fixture"
expect "groups: no IOMMU" 0 'intel_iommu=off switches the IOMMU off' \
	fakesys groups --cmdline intel_iommu=off "$fixture"
expect "groups: of whom" 2 'it takes DEVICE' fakesys groups --why , "$fixture"
expect "groups: no SR-IOV" 2 'no SR-IOV' fakesys groups --vfs 01:00.0=2 "$fixture"
json "groups as JSON" '"0000:01:00.1"' fakesys groups --json "$fixture"
expect "tree" 0 '^D ' fakesys tree "$fixture"
expect "diff with itself" 0 '^$' fakesys diff "$fixture" "$fixture"
printf 'D sys 0755 nl=2\n' >"$dir/a.txt"
printf 'D sys 0755 nl=3\n' >"$dir/b.txt"
expect "diff of two listings" 1 '^\+D sys 0755 nl=3' fakesys diff "$dir/a.txt" "$dir/b.txt"
json "diff as JSON" '"same": false' fakesys diff --json "$dir/a.txt" "$dir/b.txt"
expect "import of nothing known" 2 '^fakesys: ' fakesys import "$dir/a.txt"
printf '00:00.0 0600: 8086:1234\n' >"$dir/lspci.txt"
printf '0000-0cf7 : PCI Bus 0000:00\n' >"$dir/ioports.txt"
json "import as JSON" '"kind": "/proc/ioports or /proc/iomem, recognised, not used"' \
	fakesys import --json -o "$dir/imported.json" "$dir/lspci.txt" "$dir/ioports.txt"
mkdir -p "$dir/copy/bus/pci/devices/0000:00:03.0"
printf '0x8086\n' >"$dir/copy/bus/pci/devices/0000:00:03.0/vendor"
expect "import of a copied sys" 0 'copy: folder with a copied /sys, 1 functions$' \
	fakesys import -o "$dir/imported.json" "$dir/copy"
expect "import of another folder" 2 ': no PCI function below sys/bus/pci/devices in this tree' \
	fakesys import -o "$dir/imported.json" "$dir"
printf 'P: /devices/pci0000:00/0000:00:03.0\nE: SUBSYSTEM=pci\nA: vendor=0x8086\\n\nA: x=\\q\n' \
	>"$dir/dump.txt"
expect "import of a umockdev dump" 0 \
	'umockdev dump, 4 lines, 1 functions, 1 not understood, the first: A: x=.q$' \
	fakesys import -o "$dir/imported.json" "$dir/dump.txt"
printf 'pci 0000:00:03.0: [8086:10d3] type 00 class 0x020000\npci 0000:00:03.0: sang\n' \
	>"$dir/dmesg.txt"
expect "import of a boot log" 0 \
	'boot log, 2 lines, 1 not understood, the first: pci 0000:00:03.0: sang$' \
	fakesys import -o "$dir/imported.json" "$dir/dmesg.txt"
printf '00:03.0 0200: 8086:10d4\n' >"$dir/other.txt"
expect "import of two machines" 2 ' in what else was given: these are two machines$' \
	fakesys import -o "$dir/imported.json" "$dir/dmesg.txt" "$dir/other.txt"
cat >"$dir/board.txt" <<'END'
00:00.0 Host bridge [0600]: Intel Corporation Device [8086:3ec2]
00:01.0 PCI bridge [0604]: Intel Corporation Device [8086:1901]
01:00.0 VGA compatible controller [0300]: NVIDIA Corporation Device [10de:1e84]
END
expect "import of a list without registers" 0 '3 functions' \
	fakesys import -o "$dir/board.json" "$dir/board.txt"
expect "groups of it: what was assumed" 0 'Which buses the bridges lead to was not recorded' \
	fakesys groups "$dir/board.json"
expect "groups of it: why" 0 'is on a root bus \(assumed\)' \
	fakesys groups --why 01:00.0 "$dir/board.json"
expect "import as JSON onto the fixture" 2 '^fakesys: --json prints on stdout' \
	fakesys import --json "$dir/lspci.txt"

echo '{}' >"$dir/bad.json"
json "results as JSON" '"result": "passed"' \
	pcipass-prove --json "$top/scenarios/cases/no-vtd.json"
expect "another ground" 2 '--on kvm: it can be sim, mount or vm' pcipass-prove --on kvm x.json
expect "bad shard" 2 '--shard 3/2: it is K/N' pcipass-prove --shard 3/2 x.json
expect "durations, when there are none" 0 '^ok 1 - no-vtd$' \
	pcipass-prove --durations "$dir/d.json" "$top/scenarios/cases/no-vtd.json"
cp "$dir/d.json" "$dir/out" && : >"$dir/err"
result "$(grep -c '"sim/no-vtd.json": ' "$dir/d.json")" "pcipass-prove: they are kept"
few=("$top"/scenarios/cases/no-*.json)
cp "$dir/d.json" "$dir/before.json"
for shard in 1 2; do
	"$bin/pcipass-prove" --durations "$dir/d.json" --shard $shard/2 "${few[@]}" 2>"$dir/err"
done >"$dir/out" || true
result $(($(grep '^ok ' "$dir/out" | cut -d- -f2- | sort | uniq -u | wc -l) == ${#few[@]})) \
	"pcipass-prove: every scenario is in one shard"
result "$(cmp -s "$dir/d.json" "$dir/before.json" && [ -s "$dir/d.json.2-2" ] && echo 1 || echo 0)" \
	"pcipass-prove: a shard leaves the durations as they were"
expect "durations that are none" 2 'bad.json: .*schema' \
	pcipass-prove --durations "$dir/bad.json" "$top/scenarios/cases/no-vtd.json"
expect "scenario that is not there" 2 'nowhere.json: No such file' \
	pcipass-prove "$dir/nowhere.json"
expect "folder without scenarios" 2 'no \*.json' pcipass-prove "$dir/empty"

# What is wrong is told before anything is done: there is no cache then.
lab() { # NAME PATTERN ARGUMENT...
	local name=$1 pattern=$2
	shift 2
	expect "$name" 2 "$pattern" pcipass-lab "$@" --cache "$dir/cache"
	if [ -e "$dir/cache" ]; then
		result 0 "pcipass-lab: $name: nothing is done"
		rm -rf "$dir/cache"
	fi
}
if [ -x "$bin/pcipass-lab" ]; then
	expect "help of a command" 0 '--topology NAME' pcipass-lab boot --help
	lab "unknown command" 'frob: no such command' frob
	lab "unknown kernel" '--kernel 9.9: it can be 6.1, 6.12 or 7.3' boot --kernel 9.9
	lab "unknown topology" 'there is no topology nonesuch' boot --topology nonesuch
	lab "unknown IOMMU" '--iommu x: it can be intel, amd, virtio or none' run true --iommu x
	lab "unknown firmware" '--firmware y: it can be seabios or ovmf' save --firmware y
	lab "unknown inner firmware" '--inner y: it can be seabios or ovmf' nested --inner y
	lab "another starter" '--by x: it can be qemu or libvirt' nested --by x
	lab "unknown set" '--cells x: it can be few, pairs or all' matrix --cells x
	lab "no number of operations" '--ops x: it can be a number from 0 ' conform --ops x
	lab "a number and more" '--ops 5x: it can be a number' conform --ops 5x
	lab "no seed" '--seed -1: it can be a number' conform --seed -1
	lab "a huge seed" '--seed 18446744073709551616: it can' conform --seed 18446744073709551616
	lab "too many jobs" '--jobs 17: it can be a number from 1 to 16' matrix -j 17
	lab "bad shard" '--shard 5/2: it is K/N' matrix --shard 5/2
	lab "durations that are none" 'bad.json: .*schema' matrix --durations "$dir/bad.json"
	lab "topology that is none" 'bad.json: .*schema' boot --topology "$dir/bad.json"
	lab "topology cut short" 'cut.json:1: ' vfio --topology "$dir/cut.json"
	lab "topology that is not there" 'nowhere.json: No such file' \
		boot --topology "$dir/nowhere.json"
	lab "half a kernel" '--vmlinuz goes with --modules' boot --vmlinuz "$dir/cut.json"
	lab "the other half" '--modules goes with --vmlinuz' boot --modules "$dir"
	lab "two kernels" 'these are two kernels' boot --kernel 6.1 --vmlinuz x --modules "$dir"
	lab "kernel that is not there" 'empty/modules.dep: No such file' \
		image --vmlinuz "$dir/nowhere" --modules "$dir/empty"
	lab "topology of nested" '--topology does not go with .nested.' nested --topology a
	lab "topology of profile" '--topology does not go with .profile.' profile --topology a
	lab "JSON of what prints none" '--json does not go with .boot.' boot --json
	lab "nothing to run" 'COMMAND... is missing' run
	lab "no transcript" 'FILE... is missing' compare
	lab "too seldom" '--every 0: it can be a number' record --every 0 "$dir/t.zst"
	lab "nowhere to record to" 'FILE is missing' record
	expect "what is no transcript" 2 'cut.json: ' pcipass-lab compare "$dir/cut.json"
	expect "transcript that is not there" 2 'nowhere.zst: No such file' \
		pcipass-lab compare "$dir/nowhere.zst"
	# One recorded on a real kernel; with half of it lost; with another result in it.
	transcript=$top/vmtests/transcripts/6.12-intel-seabios-e-1.zst
	expect "transcript" 0 '^ok 1 - ' pcipass-lab compare "$transcript"
	head -c 5000 "$transcript" >"$dir/half.zst"
	expect "half a transcript" 2 'half.zst: ' pcipass-lab compare "$dir/half.zst"
	if command -v zstd >/dev/null; then
		zstd -qdc "$transcript" | sed '0,/^= EINVAL$/s//= ENODEV/' >"$dir/other"
		zstd -q "$dir/other" -o "$dir/other.zst"
		expect "transcript of another kernel" 1 '^not ok 1 - .*other' \
			pcipass-lab compare "$dir/other.zst"
	fi
fi

if [ -e /dev/full ]; then
	status=0
	"$bin/pcipass" --help >/dev/full 2>"$dir/err" || status=$?
	: >"$dir/out"
	result $((status == 3 ? 1 : 0)) "pcipass: stdout that is full"
fi

echo "1..$count"
[ $failed = 0 ]

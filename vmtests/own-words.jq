# What Debian's packages ship is not ours to hand on: of their configuration only the settings
# stay, of their init-top scripts only the names, of their udev rules nothing.
def settings: if has("lines") then .lines |= map(select(test("^[ \t]*(#.*)?$") | not)) else . end;
def own:
  map(select(.path | test("lib/udev/rules\\.d/") | not))
  | map(if .path | test("lib/modprobe\\.d/") then settings else . end)
  | map(if .path | test("^scripts/init-top/(?!ORDER)") then .lines = ["#!/bin/sh"] else . end);
# Of a loaded module, where its sections lie and what their notes say is of no use elsewhere.
def parts:
  map(if .path | startswith("module/") then
    .nodes |= map(select(.path | test("^(sections|notes)/") | not)) else . end);
.files |= own | .kernels |= map(.initramfs.files |= own)
  | if has("opaque") then .opaque |= parts else . end

#!/usr/bin/env bash
# base.sh FOLDER PACKAGE...: the root tree of the testbed's hosts in FOLDER/root, a Debian with these
# packages beside systemd; made once, and anew when what it is made of has changed.
set -euo pipefail
folder=$1 && shift
packages=$(printf '%s\n' systemd systemd-sysv dbus init-system-helpers iproute2 libpam-systemd "$@" |
    sort -u | paste -sd,)
shopt -s nullglob
sources=()
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
    [ ! -s "$file" ] || sources+=("$file")
done
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
stamp=$(cat "$0" "${sources[@]}" <(echo "$suite $packages") | sha256sum)
[ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ] || exit 0

echo "making the hosts' root tree in $folder (about half a minute)" >&2
rm -rf --one-file-system "$folder"
mkdir -p "$folder"
apt-config dump Acquire >"$folder/apt.conf" # this machine's way to its mirror
mmdebstrap --quiet --variant=minbase --include="$packages" --aptopt="$folder/apt.conf" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$folder/root" "${sources[@]}" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2 && exit 1; }
# What a host without consoles and disks need not start.
cd "$folder/root/etc/systemd/system"
for unit in getty.target console-getty.service dev-hugepages.mount sys-kernel-config.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
    proc-sys-fs-binfmt_misc.automount systemd-remount-fs.service systemd-firstboot.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer systemd-update-utmp-runlevel.service; do
    ln -sf /dev/null "$unit"
done
ln -sf /lib/systemd/system/multi-user.target default.target
: >../../machine-id # each host gets its own
echo "$stamp" >"$folder/stamp"

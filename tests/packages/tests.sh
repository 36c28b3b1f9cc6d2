#!/usr/bin/env bash
# tests.sh PACKAGE OLDER_PACKAGE [PYTEST_OPTION...]: tries the Debian package on two hosts with
# systemd, which are made of namespaces. Where they cannot be had it says so, loudly.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
P2PD_PACKAGE=$(realpath "$1") P2PD_OLDER_PACKAGE=$(realpath "$2")
export P2PD_PACKAGE P2PD_OLDER_PACKAGE
shift 2

skip() {
    printf '\n!! NOT TESTED on booted hosts: %s\n' "$*" >&2
    exit 0
}
[ "$(id -u)" = 0 ] || skip "needs root"
command -v mmdebstrap >/dev/null || skip "needs mmdebstrap"
cgroup2=$(findmnt -nt cgroup2 -o TARGET | head -n 1)
[ -n "$cgroup2" ] || skip "no cgroup2 is mounted"
probe=$cgroup2/p2pd-testbed-probe-$$
mkdir "$probe" 2>/dev/null || skip "no cgroup can be made in $cgroup2"
rmdir "$probe"
spaces=(unshare --mount --net --pid --fork --kill-child --mount-proc)
"${spaces[@]}" unshare --cgroup mount -t tmpfs tmpfs /mnt 2>/dev/null ||
    skip "no namespaces can be made"

base=${XDG_CACHE_HOME:-/var/tmp}/p2pd-testbed
mapfile -t dependencies < <(dpkg-deb -f "$P2PD_PACKAGE" Depends |
    sed 's/([^)]*)//g; s/|[^,]*//g; s/, */\n/g' | tr -d ' ')
"$here/base.sh" "$base" "${dependencies[@]}"
export P2PD_TESTBED_ROOT=$base/root
cd "$here"
# The namespaces end with pytest, and with them all that it has started and mounted.
exec "${spaces[@]}" /usr/bin/python3 -B -m pytest -q -p no:cacheprovider --durations=0 "$@"

#!/usr/bin/env bash
# units.sh BUILD_FOLDER: installs into a folder of its own. The programs there start and take the
# configuration there; systemd judges the units: nothing to complain of, and no more exposed than
# they are said to be.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$1" --prefix "$folder" >/dev/null
"$folder/bin/p2pd" --config "$folder/etc/p2pd/p2pd.conf" --check-config
"$folder/bin/p2pctl" --version
units=$folder/lib/systemd
grep -qx "ExecStart=$folder/bin/p2pd --config $folder/etc/p2pd/p2pd.conf" \
    "$units/system/p2pd.service"
complaints=$({ systemd-analyze verify --man=no "$units"/system/* &&
    XDG_RUNTIME_DIR=$folder systemd-analyze verify --user --man=no "$units"/user/*; } 2>&1) ||
    complaints+=" (verify failed)"
[ -z "$complaints" ] || { echo "$complaints"; exit 1; }

# In tenths: what `systemd-analyze security` calls 1.1 and 0.3.
exposed() {
    systemd-analyze security --offline=true --no-pager --threshold="$2" "$units/system/$1" |
        tail -n 1
}
exposed p2pd.service 11
exposed p2pd-isolated.service 3

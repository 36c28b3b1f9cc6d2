#!/usr/bin/env bash
# reproducible.sh: builds the Debian package and the archive of the source of what is committed twice,
# in different folders, time zones and languages, without ccache and with an empty cache; ends with 0
# if each is the same, byte for byte. For before a release: it takes two whole builds. What it made
# stays.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d /var/tmp/p2pd-reproducible.XXXXXX)

# In the folder $1 with the environment of the rest.
build() {
    git clone --quiet . "$1"
    (cd "$1" && env "${@:2}" ./run deb)
}
build "$folder/one" TZ=UTC LC_ALL=C CCACHE_DISABLE=1
umask 027
build "$folder/another/of-a-longer-name" TZ=Asia/Tokyo LC_ALL=C.UTF-8 CCACHE_DIR="$folder/cache"

for one in "$folder"/one/build/release/p2pd{_*.deb,-*.tar.xz}; do
    cmp "$one" "$folder/another/of-a-longer-name/build/release/$(basename "$one")"
    sha256sum "$one"
done

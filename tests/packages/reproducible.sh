#!/usr/bin/env bash
# reproducible.sh: builds the Debian package and the archive of the source of what is committed
# twice, in different folders, time zones and languages, without ccache and with an empty cache;
# ends with 0 if each is the same, byte for byte. For before a release: it takes two whole builds.
# What it made stays.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d /var/tmp/p2pd-reproducible.XXXXXX)
one=$folder/one another=$folder/another/of-a-longer-name

# At once, as something may be committed meanwhile.
git clone --quiet . "$one"
(umask 027 && git clone --quiet . "$another")
(cd "$one" && TZ=UTC LC_ALL=C CCACHE_DISABLE=1 ./run deb)
(umask 027 && cd "$another" && TZ=Asia/Tokyo LC_ALL=C.UTF-8 CCACHE_DIR=$folder/cache ./run deb)

for file in "$one"/build/release/p2pd{_*.deb,-*.tar.xz}; do
    cmp "$file" "$another/build/release/$(basename "$file")"
    sha256sum "$file"
done

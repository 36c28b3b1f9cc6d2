#!/usr/bin/env bash
# Runs clang-tidy over the program's sources with the compile commands of the build folder $1. The
# path-sensitive analyzer, most of the time, is for the core alone; `all` as $2 runs it on all.
set -euo pipefail
cd "$(dirname "$0")/.."

tidy() {
    xargs -P 2 -n 4 clang-tidy --quiet -p "$@" 2>/dev/null
}

sources=$(git ls-files '*.cpp' | grep -E '^(common|daemon|ctl)/')
if [ "${2:-}" = all ]; then
    tidy "$1" <<<"$sources"
else
    grep '^daemon/core/' <<<"$sources" | tidy "$1"
    grep -v '^daemon/core/' <<<"$sources" | tidy "$1" --checks='-clang-analyzer-*'
fi
echo "clang-tidy: clean"

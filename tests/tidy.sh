#!/usr/bin/env bash
# Runs clang-tidy over the program's sources that the last commits changed, as the others passed when
# they changed; `all` as $1 runs all. The path-sensitive analyzer, most of the time, is for the core
# alone, or for all.
set -euo pipefail
cd "$(dirname "$0")/.."
commits=14

# The other presets compile several files at once: this one has the command for each, and is not built.
cmake --preset tidy >/dev/null
tidy() {
    xargs -r -P 2 -n 2 clang-tidy --quiet -p build/tidy "$@" 2>/dev/null
}

sources=$(git ls-files '*.cpp' | grep -E '^(common|daemon|ctl)/')
if [ "${1:-}" = all ]; then
    tidy <<<"$sources"
    echo "clang-tidy: clean"
    exit
fi
if [ "$(git rev-list --count HEAD)" -gt "$commits" ]; then
    # A header stands for the source of its name.
    changed=$(git diff --name-only "HEAD~$commits" | sed 's/\.h$/.cpp/' | sort -u)
    sources=$(comm -12 <(sort <<<"$sources") - <<<"$changed")
fi
{ grep '^daemon/core/' <<<"$sources" || true; } | tidy
{ grep -v '^daemon/core/' <<<"$sources" || true; } | tidy --checks='-clang-analyzer-*'
echo "clang-tidy: clean, $(wc -w <<<"$sources") files"

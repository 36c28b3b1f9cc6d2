#!/usr/bin/env bash
# Runs clang-tidy over the program's sources with the compile commands of the build folder $1.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files '*.cpp' | grep -E '^(common|daemon|ctl)/' |
    xargs -P 2 -n 4 clang-tidy --quiet -p "$1" 2>/dev/null
echo "clang-tidy: clean"

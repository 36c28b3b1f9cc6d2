#!/usr/bin/env python3
"""Counts the instructions that core and store, of both sides together, take for a message, and
fails above a bound: unlike a time, the count is the same on a busy machine.

usage: instructions.py PROGRAM BOUND, where PROGRAM is tests/bench/work.cpp
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile

# The difference of two runs: what starting and ending takes is in both.
FEW, MANY = 100, 500


def instructions(program: str, messages: int) -> int:
    with tempfile.TemporaryDirectory(prefix="p2pd-instructions-") as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, folder,
             str(messages)],
            # Running here is no test of what runs.
            env={**os.environ, "GCOV_PREFIX": folder}, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"exit {done.returncode}: {done.stderr}")
    return int(found[1])


def main() -> int:
    program, bound = sys.argv[1], int(sys.argv[2])
    each = (instructions(program, MANY) - instructions(program, FEW)) // (MANY - FEW)
    print(f"{each:,} instructions a message; at most {bound:,} are allowed")
    return 0 if each <= bound else 1


if __name__ == "__main__":
    sys.exit(main())

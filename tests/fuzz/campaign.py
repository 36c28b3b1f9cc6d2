#!/usr/bin/env python3
"""Runs the fuzzers of the preset `fuzz`, one after the other, from the corpus of the tree, and
prints a line for the ledger of each: executions, seconds, crashes. What crashes is kept in FOLDER.

    cmake --preset fuzz && cmake --build --preset fuzz
    tests/fuzz/campaign.py --seconds 600 build/fuzz

With --keep what is new is merged, minimised and written into the corpus. Ends with 1 if anything
crashed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import corpus

HERE = Path(__file__).resolve().parent
INPUT_BYTES_MAX = {"node": 512, "values": 256, "terminal_text": 512}  # others: 4096


def fuzz(fuzzer: Path, found: Path, crashes: Path, seconds: int) -> tuple[int, int]:
    """Executions, and crashes: after each it goes on with what time is left."""
    name = fuzzer.name.removeprefix("fuzz_")
    end = time.monotonic() + seconds
    executions = 0
    crashed = 0
    while (left := int(end - time.monotonic())) > 0:
        done = subprocess.run(
            [str(fuzzer), f"-max_total_time={left}", "-print_final_stats=1", "-timeout=20",
             "-rss_limit_mb=2048", f"-max_len={INPUT_BYTES_MAX.get(name, 4096)}",
             f"-artifact_prefix={crashes}/{name}-", str(found)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        stats = re.findall(rb"stat::number_of_executed_units:\s*(\d+)", done.stderr)
        executions += int(stats[-1]) if stats else 0
        if done.returncode == 0:
            break
        crashed += 1
        sys.stderr.buffer.write(done.stderr[-4000:])
        if crashed == 10:
            break
    return executions, crashed


def merge(fuzzer: Path, found: Path, text: Path) -> None:
    """The fewest inputs that reach all that is reached."""
    with tempfile.TemporaryDirectory() as merged:
        subprocess.run([str(fuzzer), "-set_cover_merge=1", "-use_counters=0", merged, str(found)],
                       check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        corpus.pack(Path(merged), text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="the build folder of the preset fuzz")
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("--only", help="one target")
    parser.add_argument("--keep", action="store_true", help="update the corpus")
    parser.add_argument("--crashes", type=Path, default=Path("."), metavar="FOLDER")
    options = parser.parse_args()
    options.crashes.mkdir(parents=True, exist_ok=True)
    crashed = 0
    for fuzzer in sorted((options.build / "tests" / "fuzz").glob("fuzz_*")):
        name = fuzzer.name.removeprefix("fuzz_")
        if not os.access(fuzzer, os.X_OK) or not fuzzer.is_file() or name == "replay_tests":
            continue
        if options.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            text = HERE / "corpus" / f"{name}.txt"
            corpus.unpack(text, Path(folder))
            begun = time.monotonic()
            executions, crashes = fuzz(fuzzer, Path(folder), options.crashes, options.seconds)
            seconds = time.monotonic() - begun
            if options.keep:
                merge(fuzzer, Path(folder), text)
        print(f"fuzz {name}: {executions} executions, {seconds:.0f} s, {crashes} crashes",
              flush=True)
        crashed += crashes
    return 1 if crashed else 0


if __name__ == "__main__":
    sys.exit(main())

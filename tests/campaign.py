#!/usr/bin/env python3
"""Runs the long searches for a given time and writes what they did into LEDGER.md.

usage: campaign.py [HOURS] [--only WORD] [--build ci] [--first-seed N]

HOURS are $P2P_HOURS, or 1, when they are not given; they are shared between the searches, which run
one after the other. Run two campaigns with --only for two cores. Seeds go on from where the ledger's
last line of that search ended. A search that finds something is ended, and its output kept beside
the build; the line says how to replay it.
Exit code 1: something was found.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEDGER = ROOT / "tests" / "LEDGER.md"
MARK = "<!-- campaign.py writes above this line -->\n"


@dataclass
class Search:
    """A program that searches from a seed on, as many as it is told to."""

    name: str
    program: str
    arguments: list[str]
    count: str  # environment: how many from P2P_FIRST_SEED on
    at_once: int  # a round of these takes about a minute
    faults: str  # pattern of the numbers in its output that make the number of faults


@dataclass
class Fuzzer:
    name: str
    program: str


SEARCHES = [
    Search("simulation", "tests/simulation/simulation_tests", ["--gtest_filter=*Promises*"],
           "P2P_SEEDS", 1000, r"^(\d+)\tinjected faults"),
    Search("power", "tests/power/power_tests", ["--gtest_filter=*Power.LosesNothing*"],
           "P2P_UNIVERSES", 4000,
           r"(\d+) (?:power cuts|open|read|write|sync|truncate|remove|for room)"),
]
FUZZERS = [Fuzzer(f"fuzz {name}", f"tests/fuzz/fuzz_{name}")
           for name in ("config", "control_line", "control_params", "decode", "decode_reference",
                       "node", "terminal_text", "values")]


@dataclass
class Done:
    seeds: str
    faults: int
    hours: float
    found: str = ""


def last_seed(name: str) -> int:
    """The last seed that the ledger has of this search."""
    ends = [int(end) for end in re.findall(rf"^\| [^|]*\| {name} \| \d+ to (\d+) \|",
                                           LEDGER.read_text(), re.MULTILINE)]
    return max(ends, default=0)


def run(command: list[str], environment: dict[str, str], log: Path) -> tuple[int, str]:
    done = subprocess.run(command, env={**os.environ, **environment}, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(done.stdout)
    return done.returncode, done.stdout


def what_was_found(code: int, output: str, replay: str, log: Path) -> str:
    if code == 0:
        return ""
    seed = re.search(rf"{replay}(\d+)", output)
    return f"{replay}{seed[1]}" if seed else f"exit code {code}, see {log.relative_to(ROOT)}"


def search(one: Search, build: Path, seconds: float, first: int | None) -> Done:
    begun = time.monotonic()
    start = first if first is not None else last_seed(one.name) + 1
    seed, faults, found = start, 0, ""
    log = build / "campaign" / f"{one.name}.log"
    while not found and time.monotonic() - begun < seconds:
        environment = {"P2P_FIRST_SEED": str(seed), one.count: str(one.at_once)}
        code, output = run([str(build / one.program), *one.arguments], environment, log)
        faults += sum(int(number) for number in re.findall(one.faults, output, re.MULTILINE))
        found = what_was_found(code, output, "P2P_SEED=", log)
        seed += one.at_once
    return Done(f"{start} to {seed - 1}", faults, (time.monotonic() - begun) / 3600, found)


def fuzz(one: Fuzzer, build: Path, seconds: float) -> Done:
    begun = time.monotonic()
    folder = build / "campaign" / Path(one.program).name
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.with_suffix(".log")
    code, output = run([str(build / one.program), f"-max_total_time={int(seconds)}",
                        f"-artifact_prefix={folder.parent}/", str(folder)], {}, log)
    runs = re.search(r"Done (\d+) runs", output)
    return Done(f"{runs[1] if runs else 0} executions", 0, (time.monotonic() - begun) / 3600,
                what_was_found(code, output, "Test unit written to ", log))


def note(name: str, done: Done) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, check=False).stdout.strip()
    line = (f"| {datetime.date.today()} {commit} | {name} | {done.seeds} | {done.faults:,} | "
            f"{done.hours:.2f} | {done.found or 'nothing'} | {'?' if done.found else ''} |\n")
    LEDGER.write_text(LEDGER.read_text().replace(MARK, line + MARK, 1))
    print(line, end="", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hours", type=float, nargs="?",
                        default=float(os.environ.get("P2P_HOURS", "1")))
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--build", default="ci")
    parser.add_argument("--first-seed", type=int)
    options = parser.parse_args()
    builds = ROOT / "build"
    jobs = [(one, builds / options.build) for one in SEARCHES]
    jobs += [(one, builds / "fuzz") for one in FUZZERS]
    jobs = [(one, build) for one, build in jobs
            if options.only in one.name and (build / one.program).exists()]
    if not jobs:
        raise SystemExit("nothing to run: build the tests first (presets ci, fuzz)")
    found = False
    for one, build in jobs:
        seconds = options.hours * 3600 / len(jobs)
        if isinstance(one, Search):
            done = search(one, build, seconds, options.first_seed)
        else:
            done = fuzz(one, build, seconds)
        note(one.name, done)
        found = found or bool(done.found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

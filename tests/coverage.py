#!/usr/bin/env python3
"""Reads what the tests of a coverage build have run (gcov, through gcovr), prints a table by room,
and ends with 1 if a room is below its goal. Branches that only an exception takes are not counted.

usage: coverage.py [BUILD] [--missing WORD]

--missing lists the lines and branches that no test ran, of files whose name contains WORD.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Goal:
    """Percent of the lines and branches of a room that tests must run."""

    lines: float
    branches: float


ALL = ""
GOALS = {"daemon/core/": Goal(100, 95), ALL: Goal(90, 80)}


def room_of(file: dict) -> str:
    """A room is a folder."""
    return f"{Path(file['file']).parent}/"


def measure(build: Path) -> list[dict]:
    """gcovr's account of each source file of the program."""
    command = ["gcovr", "--root", str(ROOT), "--object-directory", str(build), "-j", "2",
               "--filter", r"(common|ctl|daemon)/", "--exclude-throw-branches",
               "--exclude-unreachable-branches",
               # An assertion's other branch ends the process; a function that the compiler adds to
               # a class has the line of its name.
               "--exclude-branches-by-pattern", r"\s*assert\(",
               "--exclude-lines-by-pattern", r"(class|struct) \w+ \{", "--json", "-", str(build)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["files"]


@dataclass
class Count:
    lines: int = 0
    lines_run: int = 0
    branches: int = 0
    branches_run: int = 0

    def add(self, file: dict) -> None:
        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            self.lines += 1
            self.lines_run += line["count"] > 0
            self.branches += len(line["branches"])
            self.branches_run += sum(branch["count"] > 0 for branch in line["branches"])

    def percents(self) -> tuple[float, float]:
        return (100 * self.lines_run / max(self.lines, 1),
                100 * self.branches_run / max(self.branches, 1))


def print_missing(files: list[dict], word: str) -> None:
    for file in files:
        if word not in file["file"]:
            continue
        text = (ROOT / file["file"]).read_text().splitlines()
        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            gone = sum(branch["count"] == 0 for branch in line["branches"])
            if line["count"] == 0 or gone:
                what = "line" if line["count"] == 0 else f"{gone} of {len(line['branches'])}"
                number = line["line_number"]
                print(f"{file['file']}:{number}: {what}: {text[number - 1].strip()}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", type=Path, default=ROOT / "build" / "ci")
    parser.add_argument("--missing", metavar="WORD")
    given = parser.parse_args()

    files = measure(given.build)
    if given.missing is not None:
        print_missing(files, given.missing)
    rooms = sorted({room_of(file) for file in files})
    below = 0
    print(f"{'':14}{'lines':>16}{'branches':>20}")
    for room in [*rooms, ALL]:
        count = Count()
        for file in files:
            if room in (ALL, room_of(file)):
                count.add(file)
        lines, branches = count.percents()
        line = (f"{room or 'all':14}{lines:8.2f} % of {count.lines:5}"
                f"{branches:8.2f} % of {count.branches:5}")
        goal = GOALS.get(room, Goal(0, 0))
        if lines < goal.lines or branches < goal.branches:
            below += 1
            line += f"   below the goal: {goal.lines} %, {goal.branches} %"
        print(line)
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())

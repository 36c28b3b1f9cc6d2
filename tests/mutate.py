#!/usr/bin/env python3
"""Do the tests notice? Plants one bug at a time (mutations.py) into daemon/core, in a copy of the tree,
builds the tests of the core and the simulation, runs them, and says who caught it.

usage: mutate.py [--folder DIR] [--seeds N] [--only PATTERN]

The copy is made in DIR (a temporary folder by default; give one to use its build again). Takes an
hour, so it is no part of CI. Exit code 1: fewer than 85 % were caught.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mutations import MUTATIONS

SOURCE = Path(__file__).resolve().parents[1]
CORE = "daemon/core"
CORE_TESTS = "tests/core/core_tests"
SIMULATION = "tests/simulation/simulation_tests"
CAUGHT_MIN = 0.85
CPU_SECONDS_MAX = 120  # of a test; what takes longer hangs, however busy the machine is


class Copy:
    """A copy of the tree with a build of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.build = folder / "build" / "ci"
        names = subprocess.run(["git", "ls-files"], cwd=SOURCE, check=True, text=True,
                               stdout=subprocess.PIPE).stdout.split()
        for name in names:
            self.put(name, (SOURCE / name).read_text(errors="surrogateescape"))
        launcher = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={ccache}"
                    for ccache in ("ccache",) if shutil.which(ccache)]
        self.run(["cmake", "--preset", "ci", *launcher])

    def put(self, name: str, text: str) -> None:
        """Only what differs, so that nothing else is built again."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.read_text(errors="surrogateescape") == text:
            return
        path.write_text(text, errors="surrogateescape")

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.folder, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def make(self, program: str) -> None:
        self.run(["cmake", "--build", "--preset", "ci", "--target", Path(program).name])

    def test(self, program: str, arguments: list[str], environment: dict[str, str]) -> str | None:
        """Who failed, in a few words; None if nobody did."""
        self.make(program)
        done = subprocess.run([self.build / program, *arguments], text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, **environment}, preexec_fn=limit_cpu)
        if done.returncode == -signal.SIGXCPU:
            return "it hangs"
        if done.returncode == 0:
            return None
        return what_failed(done.stdout)


def limit_cpu() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX + 1))


def what_failed(output: str) -> str:
    violation = re.search(r'Which is: "([a-zA-Z][^"\\]*)', output)
    asserted = re.search(r"Assertion `(.*)' failed", output)
    failed = re.search(r"\[  FAILED  \] (\S+)", output)
    if violation and "violation()" in output:
        return violation[1][:60]
    if asserted:
        return f"assert({asserted[1][:50]})"
    return failed[1][:60] if failed else "it died"


def plant(copy: Copy, mutation: tuple[str, str, str, str, str], seeds: int) -> str | None:
    """Who caught it; None: nobody."""
    _, file, old, new, _ = mutation
    name = f"{CORE}/{file}"
    text = (SOURCE / name).read_text()
    if text.count(old) != 1:
        raise SystemExit(f"{name} has {text.count(old)} times: {old}")
    copy.put(name, text.replace(old, new))
    try:
        found = copy.test(CORE_TESTS, ["--gtest_fail_fast"], {})
        if found:
            return f"core: {found}"
        found = copy.test(SIMULATION, ["--gtest_filter=*Promises*"], {"P2P_SEEDS": str(seeds)})
        return f"simulation: {found}" if found else None
    except subprocess.CalledProcessError as error:
        print(error.stdout[-2000:])
        return "DOES NOT BUILD"
    finally:
        copy.put(name, text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--only", default="", metavar="PATTERN",
                        help="of a file and a mutation, as in 'session.cpp|full disk'")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="p2pd-mutate."))
    if folder.resolve() == SOURCE:
        raise SystemExit("the tree itself is left alone; give another folder")
    copy = Copy(folder)
    for program in (CORE_TESTS, SIMULATION):
        copy.make(program)
    caught, survived = 0, []
    for mutation in MUTATIONS:
        if not re.search(options.only, f"{mutation[1]} {mutation[0]}"):
            continue
        begun = time.monotonic()
        by = plant(copy, mutation, options.seeds)
        reason = mutation[4]
        if by == "DOES NOT BUILD":
            pass
        elif by:
            caught += 1
        elif not reason:
            survived.append(mutation[0])
        verdict = by or ("cannot be seen: " + reason if reason else "SURVIVED")
        print(f"{mutation[1]:20} {mutation[0]:50} {verdict}  ({time.monotonic() - begun:.0f} s)",
              flush=True)
    total = caught + len(survived)
    print(f"{caught} of {total} caught; survived: {', '.join(survived) or 'none'}")
    if not options.folder:
        shutil.rmtree(folder)
    return 0 if total and caught >= CAUGHT_MIN * total else 1


if __name__ == "__main__":
    sys.exit(main())

"""The two programs under test, and how they are run to their end."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from control import TIME_FACTOR

ROOT = Path(__file__).resolve().parents[2]  # of the source
BUILD = ROOT / "build" / "release"
P2PD = os.environ.get("P2PD", str(BUILD / "daemon" / "p2pd"))
P2PCTL = os.environ.get("P2PCTL", str(BUILD / "ctl" / "p2pctl"))

SANITIZER_REPORT = re.compile(
    rb"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:|Assertion .* failed"
)


def clean_environment(home: Path) -> dict[str, str]:
    """What a child sees: nothing of the user who runs the tests."""
    kept = {key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")}
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        **kept,
    }


@dataclass
class Finished:
    """A process that has ended."""

    exit: int
    out: str
    err: str

    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    def line(self) -> dict[str, Any]:
        lines = self.lines()
        assert len(lines) == 1, f"one line of JSON expected: {self}"
        return lines[0]

    def error(self) -> dict[str, Any]:
        """The error that `--json` prints on standard error."""
        error = json.loads(self.err.splitlines()[-1])
        assert error["type"] == "error" and error["exit"] == self.exit, self
        return error


def run_ctl(home: Path, *arguments: str, stdin: str | bytes = "", seconds: float = 30,
            environment: dict[str, str] | None = None) -> Finished:
    done = subprocess.run(
        [P2PCTL, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env={**clean_environment(home), **(environment or {})},
        timeout=seconds * TIME_FACTOR,
        check=False,
    )
    assert not SANITIZER_REPORT.search(done.stderr), done.stderr.decode(errors="replace")
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())

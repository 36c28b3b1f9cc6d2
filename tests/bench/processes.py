"""tests/bench: child processes of the benchmarks: where programs are, free ports, brokers that are
started with a folder of their own and always ended, load generators and what they print."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))

GENERATORS = Path(os.environ.get("P2P_BENCH", ROOT / "build" / "release" / "tests" / "bench"))
# On the disk, also where /tmp is memory.
FOLDERS = Path("/var/tmp")
READY_SECONDS = 60


class GeneratorFailed(Exception):
    """A load generator has ended without a result; says how."""


class Unavailable(Exception):
    """Something to compare with is not installed or does not start; says why."""


@dataclass(frozen=True)
class Load:
    """As in load.h."""

    bytes: int = 100
    window: int = 1
    connections: int = 1
    seconds: float = 1.0
    rate: float = 0.0
    messages: int = 0
    cut: bool = False
    mode: str = ""
    host: str = "127.0.0.1"

    def with_(self, **changes: object) -> Load:
        return replace(self, **changes)


@dataclass(frozen=True)
class Result:
    """What a generator has printed."""

    messages: int
    seconds: float
    p50_us: float
    p99_us: float

    @property
    def rate(self) -> float:
        return self.messages / self.seconds if self.seconds else 0.0


def find(program: str) -> str:
    """Servers are in /usr/sbin, which is not on every PATH."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise Unavailable(f"{program} is not installed")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connectable(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A process that is ready when `ready` says so, and is ended with its group."""

    def __init__(self, command: list[str], folder: Path, ready: Callable[[], bool],
                 environment: dict[str, str] | None = None) -> None:
        self.command = command
        self.log = folder / "log"
        self.ready = ready
        self.environment = environment

    def __enter__(self) -> Server:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=self.environment)
        deadline = time.monotonic() + READY_SECONDS
        while not self.ready():  # TCP tells nobody when somebody begins to listen
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise Unavailable(f"{self.command[0]} did not start: {self.last_words()}")
            time.sleep(0.001)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_words(self) -> str:
        return self.log.read_text(errors="replace").strip()[-300:] or "it said nothing"


def built(name: str) -> Path:
    program = GENERATORS / name
    if not program.exists():
        raise Unavailable(f"{name} is not built: its library is missing, or the target bench")
    return program


def generate(generator: str, target: str, to: str, load: Load) -> Result:
    """Runs a load generator to its end."""
    options = {"target": target, "host": load.host, "to": to, "mode": load.mode, "bytes": load.bytes,
               "window": load.window, "connections": load.connections, "seconds": load.seconds,
               "rate": load.rate, "messages": load.messages, "cut": int(load.cut)}
    command = [str(built(generator))]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        raise GeneratorFailed(
            f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode()}")
    return Result(**json.loads(done.stdout))

"""tests/bench: what a daemon costs that has nothing to do, and how soon it is ready."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

import harness
from report import Section, Table, duration, median, median_ratio, size, times
from rounds import Settings, in_turn
from systems import Mosquitto, Nats, Redis, System

ROUNDS_MIN = 5


@dataclass(frozen=True)
class Idle:
    ready_us: float
    resident_bytes: float


class OneP2pd(System):
    name = "p2pd"
    confirmed = ""

    def start(self) -> None:
        hosts = harness.Hosts(self.folder / "hosts")
        self.stack.callback(hosts.close)
        self.daemon = hosts.daemon("alice")
        self.launch()

    def launch(self) -> None:
        begun = time.perf_counter()
        self.daemon.launch()
        self.daemon.wait_notified("READY=1")
        self.ready_us = (time.perf_counter() - begun) * 1_000_000
        self.pid = self.daemon.pid


class AgainP2pd(OneP2pd):
    """The first start has made the store."""

    name = "p2pd again"

    def start(self) -> None:
        super().start()
        self.daemon.stop()
        self.launch()


def idle(settings: Settings) -> list[Section]:
    rounds = settings if settings.quick else Settings(rounds=max(ROUNDS_MIN, settings.rounds))
    turns = in_turn((OneP2pd, AgainP2pd, Mosquitto, Redis, Nats), rounds, measure)
    section = Section("Idle", f"{rounds.rounds_of} a start without any messages; the first one of "
                      "each in its folder, and for p2pd again the second. Ready: for p2pd from "
                      "its start to READY=1, for others until their port can be connected to, "
                      "asked every ms. Memory: resident, shared libraries included.")
    table = Table(("daemon", "memory", "p2pd's is", "start to ready", "p2pd's is"))
    ours = turns.results[OneP2pd.name]
    for name, results in turns.results.items():
        table.rows.append((
            name.split(",")[0], size(median(each.resident_bytes for each in results)),
            times(median_ratio([each.resident_bytes for each in ours],
                               [each.resident_bytes for each in results])),
            duration(median(each.ready_us for each in results)),
            times(median_ratio([each.ready_us for each in ours],
                               [each.ready_us for each in results]))))
    section.tables.append(table)
    section.remarks += ["p2pd's is: its figure divided by theirs; less is better",
                        *turns.remarks()]
    return [section]


def measure(system: System) -> Idle:
    return Idle(system.ready_us, resident_bytes(system.pid))


def resident_bytes(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024

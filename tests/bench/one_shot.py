"""tests/bench: how long one command that sends one message takes, whole process, confirmed."""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import programs
from processes import FOLDERS, Unavailable, find
from report import Section, Table, duration, median, median_ratio, times
from rounds import Settings
from systems import Mosquitto, P2pd, Redis

PER_ROUND = 40
RATIO_MAX = 3.0  # what was promised
TEXT = "hello, this is a message"


def one_shot(settings: Settings) -> list[Section]:
    per_round = 5 if settings.quick else PER_ROUND
    section = Section("One command",
                      f"{settings.rounds_of} {per_round} runs of each, in turn; from its "
                      "start to its end, which comes with the confirmation.")
    with tempfile.TemporaryDirectory(prefix="p2p-bench-", dir=FOLDERS) as folder, \
            ExitStack() as stack:
        commands = start_all(Path(folder), stack, section)
        taken = measure(commands, settings.rounds, per_round)
    table = Table(("command", "median", "p99", "p2pctl is"))
    ours = [median(each) for each in taken["p2pctl send"]]
    for name, rounds in taken.items():
        table.rows.append((name, duration(median(median(each) for each in rounds)),
                           duration(sorted(sum(rounds, []))[int(0.99 * len(sum(rounds, [])))]),
                           times(median_ratio(ours, [median(each) for each in rounds]))))
    section.tables.append(table)
    section.remarks.append(f"p2pctl is: its time divided by theirs; less is better. Promised: at "
                           f"most {RATIO_MAX:g} × mosquitto_pub")
    return [section]


def start_all(folder: Path, stack: ExitStack, section: Section) -> dict[str, list[str]]:
    """Commands of whatever is there, by name; ours first."""
    p2pd = stack.enter_context(P2pd(folder / "p2pd"))
    commands = {"p2pctl send": [programs.P2PCTL, "--socket", str(p2pd.alice.socket), "send",
                                p2pd.bob.address, TEXT]}
    try:
        broker = stack.enter_context(Mosquitto(folder / "mosquitto"))
        commands["mosquitto_pub -q 1"] = [find("mosquitto_pub"), "-h", "127.0.0.1", "-p",
                                          str(broker.port), "-t", "bench", "-q", "1", "-m", TEXT]
    except Unavailable as reason:
        section.remarks.append(f"mosquitto_pub: left out, {reason}")
    try:
        server = stack.enter_context(Redis(folder / "redis"))
        commands["redis-cli XADD"] = [find("redis-cli"), "-p", str(server.port), "XADD", "bench",
                                      "*", "m", TEXT]
    except Unavailable as reason:
        section.remarks.append(f"redis-cli: left out, {reason}")
    return commands


def measure(commands: dict[str, list[str]], rounds: int,
            per_round: int) -> dict[str, list[list[float]]]:
    """Microseconds of each command in each round; they alternate."""
    taken: dict[str, list[list[float]]] = {name: [] for name in commands}
    for command in commands.values():
        timed_us(command)  # the first one loads the program
    for _ in range(rounds):
        for each in taken.values():
            each.append([])
        for _ in range(per_round):
            for name, command in commands.items():
                taken[name][-1].append(timed_us(command))
    return taken


def timed_us(command: list[str]) -> float:
    begun = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    taken = (time.perf_counter() - begun) * 1_000_000
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode()}")
    return taken

#!/usr/bin/env python3
"""How long does one message take, whole process, confirmed? `p2pctl send` to a p2pd on this
machine against `mosquitto_pub -q 1` to a mosquitto on this machine, alternating in one run.

Confirmed means: for p2pctl, that the other p2pd has the message synced to its disk, as the own one
has; for mosquitto_pub, that the broker has it (its default keeps it in memory).

usage: one_shot.py [--rounds N] [--per-round N] [--p2pd PATH] [--p2pctl PATH]
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))

import harness  # noqa: E402
import programs  # noqa: E402

RATIO_MAX = 3.0  # what was promised
TEXT = "hello, this is a message"
READY_SECONDS = 10


class Mosquitto:
    """A broker with a folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()

    def __enter__(self) -> Mosquitto:
        self.folder.mkdir()
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
                          f"pid_file {self.folder}/pid\nlog_dest none\n"
                          + ("user root\n" if os.geteuid() == 0 else ""))
        # It prints what it thinks of its options; that is no part of the table.
        self.process = subprocess.Popen([find("mosquitto"), "-c", str(config)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_connectable(self.port, self.process)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)


def find(program: str) -> str:
    """mosquitto is in /usr/sbin, which is not on every PATH."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        sys.exit(f"{program} is not installed: sudo apt-get install mosquitto mosquitto-clients")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_connectable(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)  # TCP tells nobody when somebody begins to listen
    sys.exit("mosquitto did not start; see what it says: mosquitto -v")


def timed_ms(command: list[str]) -> float:
    begun = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    taken = (time.perf_counter() - begun) * 1000
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode()}")
    return taken


def measure(programs: dict[str, Callable[[], list[str]]], rounds: int,
            per_round: int) -> dict[str, list[list[float]]]:
    """Milliseconds of each program in each round. They take turns, so that whatever else the
    machine does meets all of them."""
    times: dict[str, list[list[float]]] = {name: [] for name in programs}
    for command in programs.values():
        timed_ms(command())  # the first one loads the program
    for _ in range(rounds):
        for name in programs:
            times[name].append([])
        for _ in range(per_round):
            for name, command in programs.items():
                times[name][-1].append(timed_ms(command()))
    return times


def print_table(times: dict[str, list[list[float]]]) -> float:
    """One line a round and one for all; the ratio of all."""
    (ours, our_rounds), (theirs, their_rounds) = times.items()
    print(f"| round | {ours} median ms | {theirs} median ms | ratio |")
    print("| --- | --- | --- | --- |")
    for number, (mine, their) in enumerate(zip(our_rounds, their_rounds), 1):
        print_row(str(number), mine, their)
    return print_row("all", sum(our_rounds, []), sum(their_rounds, []))


def print_row(name: str, mine: list[float], their: list[float]) -> float:
    ratio = statistics.median(mine) / statistics.median(their)
    print(f"| {name} | {statistics.median(mine):.2f} | {statistics.median(their):.2f} "
          f"| {ratio:.2f} |")
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description="One message, whole process, confirmed.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--per-round", type=int, default=40)
    parser.add_argument("--p2pd", default=programs.P2PD)
    parser.add_argument("--p2pctl", default=programs.P2PCTL)
    arguments = parser.parse_args()
    programs.P2PD, programs.P2PCTL = arguments.p2pd, arguments.p2pctl
    publisher = find("mosquitto_pub")
    find("mosquitto")
    for program in (arguments.p2pd, arguments.p2pctl):
        if not os.access(program, os.X_OK):
            sys.exit(f"{program} is not there: build first, ./run test does")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="p2p-", dir="/tmp")))
        broker = stack.enter_context(Mosquitto(folder / "mosquitto"))
        hosts = harness.Hosts(folder / "p2pd")
        stack.callback(hosts.close)
        alice, bob = hosts.start("alice"), hosts.start("bob")
        times = measure({
            "p2pctl send": lambda: [arguments.p2pctl, "--socket", str(alice.socket), "send",
                                    bob.address, TEXT],
            "mosquitto_pub -q 1": lambda: [publisher, "-h", "127.0.0.1", "-p", str(broker.port),
                                           "-t", "bench", "-q", "1", "-m", TEXT],
        }, arguments.rounds, arguments.per_round)
        ratio = print_table(times)
        sent = arguments.rounds * arguments.per_round + 1
        assert len(bob.inbox()) == sent, "every message that was confirmed is there"
    print(f"\nPromised: a ratio of at most {RATIO_MAX:g}. It is {ratio:.2f}.")
    return 0 if ratio <= RATIO_MAX else 1


if __name__ == "__main__":
    sys.exit(main())

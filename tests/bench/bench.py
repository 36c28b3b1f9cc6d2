#!/usr/bin/env python3
"""Measures p2pd beside others in one run, prints tables, and writes them as Markdown.

usage: bench.py [--quick | --long] [--rounds N] [--out FILE] [PART…]
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from processes import ROOT
from report import Section, write
from rounds import Settings, say

from growth import peers, stored
from idle import idle
from network import network
from one_shot import one_shot
from stored import store_bytes
from throughput import latency, throughput

# In this order, unless some are chosen.
PARTS: dict[str, tuple[Callable[[Settings], list[Section]], str]] = {
    "throughput": (throughput, "durable messages a second, 100 B and 1,000 B, many in flight"),
    "latency": (latency, "one message in flight"),
    "network": (network, "loss and round trips, beside ENet"),
    "one-shot": (one_shot, "the whole process of one command that sends"),
    "idle": (idle, "memory and start of a daemon without work"),
    "store": (store_bytes, "bytes on the disk for a message"),
    "peers": (peers, "cost of a message with 1 to 1,000 peers"),
    "stored": (stored, "cost of everything with 1,000 to 1,000,000 stored messages"),
}


def arguments() -> argparse.Namespace:
    parts = "\n".join(f"  {name:<12}{what}" for name, (_, what) in PARTS.items())
    parser = argparse.ArgumentParser(description=f"parts:\n{parts}", prog="./run bench",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="all of them unless given")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes: to try")
    parser.add_argument("--long", action="store_true", help="ten million stored messages, too")
    parser.add_argument("--rounds", type=int, help="turns of each (3; with --quick 1)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.md", metavar="FILE")
    given = parser.parse_args()
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part {unknown[0]!r}; there are: {', '.join(PARTS)}")
    return given


def main() -> int:
    given = arguments()
    # So that what was started is ended in that case, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    settings = Settings(rounds=given.rounds or (1 if given.quick else 3), quick=given.quick,
                        long=given.long)
    sections: list[Section] = []
    for part in given.parts or PARTS:
        say(f"== {part}")
        for section in PARTS[part][0](settings):
            print(section.text(), flush=True)
            sections.append(section)
    write(given.out, " ".join(["./run bench", *sys.argv[1:]]), sections)
    say(f"written to {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""tests/bench: what a message costs when there are many peers, and when much is stored."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from control import Control
from harness import Daemon
from idle import OneP2pd, resident_bytes
from processes import Load, built, generate
from report import Section, Table, duration, median, median_ratio, rate, size, times
from rounds import Settings, in_turn, once, say
from systems import P2pd, P2pdSingle

PEERS = (1, 10, 100, 1000)
PEERS_SECONDS = 2.0
TRICKLE_SECONDS = 4.0
TRICKLES = (1_000, 4_000)  # messages a second, of all peers
STORED = (1_000, 10_000, 100_000, 1_000_000)
STORED_LONG = (*STORED, 10_000_000)
STORED_QUICK = (1_000, 5_000)
WORD = "n77"  # of the generators' texts, one in 1,024 has it
REPEATS = 21
INDEX_SECONDS_MAX = 60.0  # unless --long


@contextmanager
def receivers() -> Iterator[int]:
    """The port at which any address of 127/8 confirms messages; no daemon, nothing is kept."""
    with subprocess.Popen([str(built("acks"))], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


class WithPeers(OneP2pd):
    """Sends to many peers."""

    count = 1

    @classmethod
    def of(cls, count: int, name: str) -> type[WithPeers]:
        return type(cls.__name__, (cls,), {"count": count, "name": name})

    def spend(self, load: Load) -> tuple[float, float, float]:
        """Messages a second, microseconds of processor time of each, memory at the end."""
        with receivers() as port:
            addresses = ",".join(f"127.1.{number // 200}.{number % 200 + 1}:{port}"
                                 for number in range(self.count))
            before = processor_us(self.pid)
            result = generate("load_p2pd", str(self.daemon.socket), addresses,
                              load.with_(mode=P2pdSingle.mode))
            spent = processor_us(self.pid) - before
            return result.rate, spent / result.messages, resident_bytes(self.pid)


def peers(settings: Settings) -> list[Section]:
    return [as_many_as_go(settings), trickling(settings)]


def as_many_as_go(settings: Settings) -> Section:
    load = Load(bytes=100, window=4096, seconds=settings.seconds(PEERS_SECONDS))
    section = Section("Cost against the number of peers",
                      f"{settings.rounds_of} {load.seconds:g} s, {load.bytes} B, at most "
                      f"{load.window:,} in flight; one p2pd sends to each peer in turn. The peers "
                      "are one process that confirms at once from many addresses of 127/8.")
    table = Table(("peers", "messages/s", "processor time a message", "memory"))
    for count in PEERS:
        system = WithPeers.of(count, f"p2pd, peers: {count}")
        results = in_turn((system,), settings, lambda each: each.spend(load)).results[system.name]
        table.rows.append((f"{count:,}", rate(median(each[0] for each in results)),
                           duration(median(each[1] for each in results)),
                           size(median(each[2] for each in results))))
    section.tables.append(table)
    return section


def trickling(settings: Settings) -> Section:
    """Each peer's share of the same rate: what the number of peers alone costs."""
    load = Load(bytes=100, window=4096, seconds=settings.seconds(TRICKLE_SECONDS))
    section = Section("Cost against the number of peers, at the same rate",
                      f"{settings.rounds_of} {load.seconds:g} s; the rest as above.")
    table = Table(("messages/s", "with one peer", f"with {PEERS[-1]:,}", "ratio"))
    for wanted in TRICKLES:
        paced = load.with_(rate=float(wanted))
        systems = [WithPeers.of(count, f"p2pd, peers: {count}, {wanted}/s")
                   for count in (1, PEERS[-1])]
        found = in_turn(systems, settings, lambda each: each.spend(paced))
        one, many = ([spent for _, spent, _ in found.results[each.name]] for each in systems)
        table.rows.append((f"{wanted:,}", duration(median(one)), duration(median(many)),
                           times(median_ratio(many, one))))
    section.tables.append(table)
    return section


def processor_us(pid: int) -> float:
    """Of all its threads."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in Path(f"/proc/{pid}/task").iterdir()) / 1_000


def stored(settings: Settings) -> list[Section]:
    counts = STORED_QUICK if settings.quick else STORED_LONG if settings.long else STORED
    section = Section("Cost against the number of stored messages",
                      f"One pair of p2pd, filled through the control socket with texts of 100 B; "
                      f"medians of {REPEATS}. Send: one in flight, confirmed. Page: the newest 50 "
                      "of the inbox. Search: one word, 50 of its messages. Start: to READY=1, of "
                      "the receiver. Index: until the spare time's work, which makes messages "
                      "searchable, is done; all else is measured after it.")
    table = Table(("messages", "filled at", "index", "send", "page", "search", "start", "memory"))
    patience = float("inf") if settings.long else INDEX_SECONDS_MAX
    once(P2pd, lambda system: grow(system, counts, patience, table))
    section.tables.append(table)
    return [section]


def grow(system: P2pd, counts: tuple[int, ...], patience: float, table: Table) -> None:
    there = 0
    for count in counts:
        filled = system.load(Load(bytes=100, window=4096, messages=count - there))
        there = count
        index = idle_after((system.alice, system.bob), patience)
        sent = system.load(Load(bytes=100, window=1, messages=REPEATS))
        with system.bob.control() as control:
            page = timed_us(lambda: control.call("list", {"limit": 50}))
            found = timed_us(lambda: search(control))
        system.bob.stop()
        started = start_us(system.bob)
        table.rows.append((f"{count:,}", rate(filled.rate), index, duration(sent.p50_us),
                           duration(page), duration(found), duration(started),
                           size(resident_bytes(system.bob.pid))))
        say(f"  {count:,} messages")


def search(control: Control) -> None:
    assert control.call("search", {"words": WORD, "limit": 50})["messages"], "the index is behind"


def idle_after(daemons: tuple[Daemon, ...], patience: float) -> str:
    """How long all of them were busy still, on work for which nobody waits."""
    begun = time.monotonic()
    before: list[float] = []
    while before != (now := [processor_us(daemon.pid) for daemon in daemons]):
        before = now
        if time.monotonic() - begun > patience:
            return f"> {patience:g} s"
        time.sleep(0.5)
    return f"{time.monotonic() - begun - 0.5:.1f} s"


def timed_us(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begun) * 1_000_000)
    return median(taken)


def start_us(daemon: Daemon) -> float:
    begun = time.perf_counter()
    daemon.launch()
    daemon.wait_notified("READY=1", seconds=120)
    return (time.perf_counter() - begun) * 1_000_000

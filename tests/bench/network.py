"""tests/bench: loss, round trips and a narrow path, through a relay of user space: not every kernel
has netem. The path is an interface in a network namespace of its own, so that TCP goes there too."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from processes import GeneratorFailed, Load, Result, Unavailable, built, free_port, generate
from report import Section, Table, duration, median, median_ratio, rate, times
from rounds import Settings, in_turn, say
from systems import P2pd, System

import harness  # of tests/system, whose path processes.py sets

HERE, NEIGHBOUR = "10.99.0.1", "10.99.0.2"  # who does not exist: what is sent there comes back
INTERFACE = "p2pbench"
WINDOW = 1024
SECONDS = 2.0
LOSSES = (0.0, 0.01, 0.1, 0.3)
LOSSY_ROUND_TRIP_MS = 10.0
ROUND_TRIPS_MS = (0.1, 10.0, 100.0)
# Bytes a second, and a queue that is long enough to be seen, or hardly.
NARROW = ((6_250_000, 25.0), (1_250_000, 25.0), (1_250_000, 5.0))
CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Path:
    loss: float = 0.0
    round_trip_ms: float = 0.0
    bytes_a_second: int = 0
    queue_ms: float = 0.0  # of a narrow path


@contextmanager
def own_network() -> Iterator[None]:
    """What is started meanwhile has no other network."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", "rb") as before:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise Unavailable(f"no network namespace: {os.strerror(ctypes.get_errno())}")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            libc.setns(before.fileno(), CLONE_NEWNET)


class Carried:
    """Bytes that went over the path, known at its end."""

    udp = 0
    tcp = 0


@contextmanager
def relay(path: Path, seed: int) -> Iterator[Carried]:
    command = [str(built("tun_relay")), INTERFACE, str(path.loss),
               str(int(path.round_trip_ms * 500)), str(seed), str(path.bytes_a_second),
               str(int(path.queue_ms * 1000))]
    carried = Carried()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            if process.stdout.readline() != b"ready\n":
                raise Unavailable("no interface can be made: is this root, with /dev/net/tun?")
            for words in (["addr", "add", f"{HERE}/24", "dev", INTERFACE],
                          ["link", "set", INTERFACE, "up", "txqueuelen", "10000"]):
                subprocess.run(["ip", *words], check=True)
            yield carried
            said = process.communicate(b"\n")[0]
            carried.udp, carried.tcp = map(int, said.split())
        finally:
            process.kill()


class Relayed(System):
    """Takes loads through a relay."""

    path = Path()

    @classmethod
    def at(cls, path: Path) -> type[Relayed]:
        return type(cls.__name__, (cls,), {"path": path})

    def load(self, load: Load) -> Result:
        with relay(self.path, self.round):
            return self.carry(load)

    def carry(self, load: Load) -> Result:
        """Over the path that is there."""
        raise NotImplementedError


class RelayedP2pd(Relayed):
    name = "p2pd"
    confirmed = P2pd.confirmed

    def start(self) -> None:
        pass  # the path must be there first

    def carry(self, load: Load) -> Result:
        hosts = harness.Hosts(self.folder / "hosts")
        try:
            alice, bob = (hosts.start(name, listen=(f"{HERE}:0",)) for name in ("alice", "bob"))
            # As they see each other.
            address = {host: f"{NEIGHBOUR}:{host.endpoint[1]}" for host in (alice, bob)}
            bob.call("peers.add", {"name": "alice", "address": address[alice]})
            to = str(alice.socket), address[bob]
            # As ENet connects before it is measured: the first message tells both who they are.
            generate("load_p2pd", *to, Load(messages=1, mode="events"))
            return generate("load_p2pd", *to, load.with_(mode="events"))
        finally:
            hosts.close()


class RelayedEnet(Relayed):
    name = "ENet"
    confirmed = "in the receiving program's memory"
    generator = "load_enet"

    def start(self) -> None:
        built(self.generator)

    mode = ""

    def carry(self, load: Load) -> Result:
        load = load.with_(host=NEIGHBOUR, mode=self.mode)
        return generate(self.generator, str(free_port()), "", load)


class RelayedTcp(RelayedEnet):
    name = "TCP"
    generator = "load_tcp"
    mode = "cubic"  # as p2pd's own, whatever the kernel's default is


def network(settings: Settings) -> list[Section]:
    # Without the end, where the slowest of many in flight would be all that is measured.
    load = Load(bytes=100, window=WINDOW, seconds=settings.seconds(SECONDS), cut=True)
    section = Section("A worse network",
                      f"{settings.rounds_of} {load.seconds:g} s, {load.bytes} B, at most "
                      f"{WINDOW:,} in flight; over an interface of this machine with an MTU of "
                      "1,500 that loses a share of all packets, both ways, by a seed (the number "
                      "of the round), and delays.")
    by_loss = [(f"loss {loss:.0%}, {LOSSY_ROUND_TRIP_MS:g} ms", Path(loss, LOSSY_ROUND_TRIP_MS))
               for loss in LOSSES]
    by_delay = [(f"round trip {delay:g} ms", Path(0.0, delay)) for delay in ROUND_TRIPS_MS]
    with own_network():
        section.tables += [compare(rows, settings, load) for rows in (by_loss, by_delay)]
        section.tables.append(share(settings))
    section.remarks += [
        "p2pd / ENet, p2pd / TCP: messages a second divided by theirs; more is better",
        f"p2pd: confirmed from subscribe; {RelayedP2pd.confirmed}",
        f"ENet, TCP ({RelayedTcp.mode}): confirmed by an answer; {RelayedEnet.confirmed}, "
        "on no disk"]
    return [section]


def compare(rows: Sequence[tuple[str, Path]], settings: Settings, load: Load) -> Table:
    table = Table(("network", "p2pd", "p50", "ENet", "p50", "TCP", "p50", "p2pd / ENet",
                   "p2pd / TCP"))
    for name, path in rows:
        systems = [system.at(path) for system in (RelayedP2pd, RelayedEnet, RelayedTcp)]
        turns = in_turn(systems, settings, lambda system: attempt(system, load))
        ours, *theirs = (turns.results.get(system.name, []) for system in systems)
        table.rows.append((name, *cells(ours), *cells(theirs[0]), *cells(theirs[1]),
                           *(times(median_ratio([each.rate for each in ours],
                                                [each.rate for each in other]))
                             for other in theirs)))
    return table


def attempt(system: System, load: Load) -> Result:
    """One that gives up has confirmed nothing."""
    try:
        return system.load(load)
    except GeneratorFailed as reason:
        say(f"  {reason}")
        return Result(0, load.seconds, 0, 0)


def cells(results: list[Result]) -> tuple[str, str]:
    if not results:
        return "left out", ""
    found = median(each.rate for each in results)
    return (rate(found) if found else "none",
            duration(median(each.p50_us for each in results)) if found else "")


class Both(RelayedP2pd):
    """p2pd and TCP at once over one narrow path."""

    name = "p2pd beside TCP"

    def shares(self, load: Load) -> float:
        tcp = RelayedTcp(self.folder)
        with relay(self.path, self.round) as carried, ThreadPoolExecutor() as both:
            for done in [both.submit(each.carry, load) for each in (self, tcp)]:
                done.result()
        return carried.udp / carried.tcp


def share(settings: Settings) -> Table:
    load = Load(bytes=100, window=16384, seconds=settings.seconds(10 * SECONDS), cut=True)
    table = Table(("a narrow path for both", "bytes of p2pd / of TCP"))
    for bytes_a_second, queue_ms in NARROW:
        path = Path(0.0, LOSSY_ROUND_TRIP_MS, bytes_a_second, queue_ms)
        found = in_turn((Both.at(path),), settings, lambda both: both.shares(load)).results
        name = (f"{bytes_a_second * 8 / 1e6:g} Mbit/s, {LOSSY_ROUND_TRIP_MS:g} ms, "
                f"a queue of {queue_ms:g} ms, {load.seconds:g} s")
        table.rows.append((name, times(median(found[Both.name]))))
    return table

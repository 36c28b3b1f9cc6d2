"""tests/bench: loss and round trips, through a relay of user space that loses by a seed and delays:
not every kernel has netem. TCP ends in the kernel and cannot go through it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from processes import GeneratorFailed, Load, Result, built, free_port, generate
from report import Section, Table, duration, median, median_ratio, rate, times
from rounds import Settings, in_turn, say
from systems import P2pd, System

WINDOW = 1024
SECONDS = 2.0
LOSSES = (0.0, 0.01, 0.1, 0.3)
ROUND_TRIPS_MS = (0.1, 10.0, 100.0)


@contextmanager
def relay(port: int, loss: float, round_trip_ms: float, seed: int) -> Iterator[tuple[int, int]]:
    """Ports: where to send what is for `port`, and where that host sees it come from."""
    command = [str(built("udp_relay")), str(port), str(loss), str(int(round_trip_ms * 500)),
               str(seed)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            near, far = process.stdout.readline().split()
            yield int(near), int(far)
        finally:
            process.kill()


class Relayed(System):
    """Takes loads through a relay."""

    loss = 0.0
    round_trip_ms = 0.0

    @classmethod
    def at(cls, loss: float, round_trip_ms: float) -> type[Relayed]:
        return type(cls.__name__, (cls,), {"loss": loss, "round_trip_ms": round_trip_ms})


class RelayedP2pd(Relayed, P2pd):
    name = "p2pd"
    confirmed = P2pd.confirmed

    def load(self, load: Load) -> Result:
        with relay(self.bob.endpoint[1], self.loss, self.round_trip_ms,
                   self.round) as (near, far):
            self.bob.call("peers.add", {"name": "relay", "address": f"127.0.0.1:{far}"})
            to = str(self.alice.socket), f"127.0.0.1:{near}"
            # As ENet connects before it is measured: the first message tells both who they are.
            generate("load_p2pd", *to, Load(messages=1, mode="events"))
            return generate("load_p2pd", *to, load.with_(mode="events"))


class RelayedEnet(Relayed):
    name = "ENet"
    confirmed = "in the receiving program's memory"

    def start(self) -> None:
        built("load_enet")

    def load(self, load: Load) -> Result:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with relay(port, self.loss, self.round_trip_ms, self.round) as (near, _):
            return generate("load_enet", str(near), str(port), load)


class Tcp(System):
    name = "TCP"
    confirmed = RelayedEnet.confirmed

    def start(self) -> None:
        pass

    def load(self, load: Load) -> Result:
        return generate("load_tcp", str(free_port()), "", load)


def network(settings: Settings) -> list[Section]:
    # Without the end, where the slowest of many in flight would be all that is measured.
    load = Load(bytes=100, window=WINDOW, seconds=settings.seconds(SECONDS), cut=True)
    section = Section("A worse network",
                      f"{settings.rounds_of} {load.seconds:g} s, {load.bytes} B, at most "
                      f"{WINDOW:,} in flight; through a relay on this machine that loses a share "
                      "of all datagrams, both ways, by a seed (the number of the round), and "
                      "delays.")
    by_loss = [(f"loss {loss:.0%}", loss, 0.0) for loss in LOSSES]
    by_delay = [(f"round trip {delay:g} ms", 0.0, delay) for delay in ROUND_TRIPS_MS]
    section.tables += [compare(rows, settings, load) for rows in (by_loss, by_delay)]
    tcp = in_turn((Tcp,), settings, lambda system: system.load(load)).results[Tcp.name]
    section.remarks += [
        "p2pd is: its messages a second divided by theirs; more is better",
        f"p2pd: confirmed from subscribe; {RelayedP2pd.confirmed}",
        f"ENet, TCP: confirmed by an answer; {RelayedEnet.confirmed}, on no disk",
        f"TCP cannot go through the relay. Without one, without loss and delay, it confirms "
        f"{rate(median(each.rate for each in tcp))} here"]
    return [section]


def compare(rows: Sequence[tuple[str, float, float]], settings: Settings, load: Load) -> Table:
    table = Table(("network", "p2pd", "p50", "ENet", "p50", "p2pd is"))
    for name, loss, round_trip_ms in rows:
        systems = (RelayedP2pd.at(loss, round_trip_ms), RelayedEnet.at(loss, round_trip_ms))
        turns = in_turn(systems, settings, lambda system: attempt(system, load))
        ours, theirs = (turns.results.get(system.name, []) for system in systems)
        table.rows.append((name, *cells(ours), *cells(theirs),
                           times(median_ratio([each.rate for each in ours],
                                              [each.rate for each in theirs]))))
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

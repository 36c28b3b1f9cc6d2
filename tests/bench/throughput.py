"""tests/bench: confirmed messages a second with many in flight, and the time of one alone."""

from __future__ import annotations

from collections.abc import Container

from processes import Load, Result
from report import Section, Table, duration, median, median_ratio, rate, times
from rounds import Settings, in_turn
from systems import (Lines, Mosquitto, Nats, P2pd, P2pdEvents, P2pdSingle, RabbitMq, RawLog, Redis,
                     Redis16, System)

# Each size with as many in flight as keep all of them busy.
LOADS = (Load(bytes=100, window=4096), Load(bytes=1000, window=1024))
SECONDS = 2.0
ONE_SECONDS = 1.0

MANY = (P2pd, P2pdSingle, P2pdEvents, Lines, RawLog, Redis, Redis16, Mosquitto, Nats, RabbitMq)
ONE = (P2pd, RawLog, Redis, Mosquitto, Nats, RabbitMq)


def throughput(settings: Settings) -> list[Section]:
    seconds = settings.seconds(SECONDS)
    loads = [load.with_(seconds=seconds) for load in LOADS]
    turns = in_turn(MANY, settings, lambda system: [system.load(load) for load in loads])
    section = Section(
        "Durable messages a second",
        f"{settings.rounds_of} {seconds:g} s; in flight: " + ", ".join(
            f"{load.window:,} of {load.bytes:,} B" for load in loads) + ". p2pd: from a program "
        "at the sender's control socket to `delivered`, two daemons. Data on one disk.")
    for number, load in enumerate(loads):
        section.tables.append(rates(load, {name: [each[number] for each in results]
                                           for name, results in turns.results.items()}))
    section.remarks += ["p2pd is: its messages a second divided by theirs; more is better"]
    section.remarks += [*meanings(MANY, turns.results), *turns.remarks()]
    return [section]


def rates(load: Load, results: dict[str, list[Result]]) -> Table:
    table = Table(("system", f"{load.bytes:,} B", "p2pd is", "p50", "p99"))
    ours = [each.rate for each in results[P2pd.name]]
    for name, theirs in results.items():
        table.rows.append((name, rate(median(each.rate for each in theirs)),
                           times(median_ratio(ours, [each.rate for each in theirs])),
                           *latencies(theirs)))
    return table


def latency(settings: Settings) -> list[Section]:
    load = Load(bytes=100, window=1, seconds=settings.seconds(ONE_SECONDS))
    turns = in_turn(ONE, settings, lambda system: system.load(load))
    section = Section("One message in flight",
                      f"{settings.rounds_of} {load.seconds:g} s, {load.bytes} B; from the "
                      "request to its confirmation, over an open connection.")
    table = Table(("system", "p50", "p99", "p2pd's p50 is", "p2pd's p99 is"))
    ours = turns.results[P2pd.name]
    for name, results in turns.results.items():
        table.rows.append((name, *latencies(results),
                           times(median_ratio([each.p50_us for each in ours],
                                              [each.p50_us for each in results])),
                           times(median_ratio([each.p99_us for each in ours],
                                              [each.p99_us for each in results]))))
    section.tables.append(table)
    section.remarks += ["p2pd's is: its time divided by theirs; less is better"]
    section.remarks += [*meanings(ONE, turns.results), *turns.remarks()]
    return [section]


def latencies(results: list[Result]) -> tuple[str, str]:
    if not results[0].p50_us:
        return "", ""
    return (duration(median(each.p50_us for each in results)),
            duration(median(each.p99_us for each in results)))


def meanings(systems: tuple[type[System], ...], there: Container[str]) -> list[str]:
    """What a confirmation of each says: rates of different promises are not the same thing."""
    return [f"{system.name}: {system.settings}. Confirmed: {system.confirmed}"
            for system in systems if system.name in there]

"""tests/bench: what a stored message takes on the disk."""

from __future__ import annotations

from pathlib import Path

from processes import Load
from report import Section, Table, size
from rounds import Settings, in_turn
from systems import Mosquitto, Nats, P2pd, Redis, System

MESSAGES = 100_000
MESSAGES_QUICK = 5_000
BYTES = 100


def store_bytes(settings: Settings) -> list[Section]:
    many = MESSAGES_QUICK if settings.quick else MESSAGES
    one_round = Settings(rounds=1, quick=settings.quick)  # nothing here depends on the moment
    section = Section("Bytes on the disk",
                      f"{BYTES} B a message; all files of the daemon's folder after it has ended, "
                      f"with one message and with {many:,}. A message: the difference, by "
                      f"{many - 1:,}.")
    table = Table(("store", "with 1", f"with {many:,}", "a message"))
    after = {count: in_turn((P2pd, Redis, Mosquitto, Nats), one_round,
                            lambda system: sizes(system, count)) for count in (1, many)}
    for name, results in after[many].results.items():
        for store, total in results[0].items():
            first = after[1].results[name][0][store]
            table.rows.append((f"{name.split(',')[0]}{store}", size(first), size(total),
                               f"{(total - first) / (many - 1):,.0f} B"))
    section.tables.append(table)
    section.remarks += after[many].remarks()
    return [section]


def sizes(system: System, count: int) -> dict[str, int]:
    """Of each store, once its daemon has ended."""
    system.load(Load(bytes=BYTES, window=min(count, 1024), messages=count))
    if isinstance(system, P2pd):
        system.alice.stop()
        system.bob.stop()
        return {", sender": folder_bytes(system.alice.state),
                ", receiver": folder_bytes(system.bob.state)}
    system.stack.close()
    return {"": folder_bytes(system.folder)}


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*")
               if path.is_file() and path.name not in ("log", "mosquitto.conf"))

"""tests/bench: systems take turns: in each round every one is started anew, measured, and ended.
Whatever else the machine does meets all of them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from processes import FOLDERS, Unavailable
from systems import System

Measured = TypeVar("Measured")
Running = TypeVar("Running", bound=System)


@dataclass(frozen=True)
class Settings:
    """How thorough the measurements are."""

    rounds: int = 3
    quick: bool = False
    long: bool = False

    @property
    def rounds_of(self) -> str:
        return "1 round of" if self.rounds == 1 else f"{self.rounds} rounds of"

    def seconds(self, usual: float) -> float:
        return min(usual, 0.4) if self.quick else usual


@dataclass
class Turns(Generic[Measured]):
    results: dict[str, list[Measured]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)  # why

    def remarks(self) -> list[str]:
        return [f"{name}: left out, {reason}" for name, reason in self.skipped.items()]


def say(text: str) -> None:
    """Progress is no part of the tables."""
    print(text, file=sys.stderr, flush=True)


def in_turn(systems: Sequence[type[Running]], settings: Settings,
            measure: Callable[[Running], Measured]) -> Turns[Measured]:
    """One result a round of each system that is there."""
    turns: Turns[Measured] = Turns()
    for number in range(settings.rounds):
        for system in systems:
            if system.name in turns.skipped:
                continue
            try:
                result = once(system, measure, number + 1)
            except Unavailable as reason:
                turns.skipped[system.name] = str(reason)
                turns.results.pop(system.name, None)
                say(f"  {system.name}: left out, {reason}")
                continue
            turns.results.setdefault(system.name, []).append(result)
            say(f"  round {number + 1}: {system.name}")
    return turns


def once(system: type[Running], measure: Callable[[Running], Measured],
         number: int = 1) -> Measured:
    with tempfile.TemporaryDirectory(prefix="p2p-bench-", dir=FOLDERS) as folder:
        with system(Path(folder) / "s", number) as running:
            return measure(running)

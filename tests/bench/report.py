"""tests/bench: tables of medians and ratios, on the terminal and as Markdown."""

from __future__ import annotations

import math
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Table:
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """A Markdown table that is aligned for the eye as well."""
        widths = [max(len(row[i]) for row in [self.head, *self.rows])
                  for i in range(len(self.head))]
        rule = ["-" * width for width in widths]
        return ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
                for row in [self.head, rule, *self.rows]]


@dataclass
class Section:
    """What one part has found: its settings in words, tables, remarks."""

    title: str
    settings: str
    tables: list[Table] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def text(self) -> str:
        parts = [f"## {self.title}", self.settings]
        parts += ["\n".join(table.lines()) for table in self.tables]
        parts += ["\n".join(f"- {remark}" for remark in self.remarks)] if self.remarks else []
        return "\n\n".join(parts) + "\n"


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the rounds' ratios ours / theirs: what the machine did in a round met both."""
    ratios = [mine / other for mine, other in zip(ours, theirs) if other]
    return statistics.median(ratios) if ratios else float("nan")


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def times(ratio: float) -> str:
    if math.isnan(ratio):
        return ""
    return f"{ratio:.2f} ×" if ratio < 100 else f"{ratio:.0f} ×"


def rate(value: float) -> str:
    return f"{value:,.0f}/s"


def duration(microseconds: float) -> str:
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:.2f} ms"
    return f"{microseconds / 1_000_000:.2f} s"


def size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 10_000:
            return f"{count:,.0f} {unit}"
        count /= 1024
    return f"{count:,.0f} GiB"


def header(command: str) -> str:
    """What has to be known of the machine; the load says whether others were at work."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    listed = Path(__file__).with_name("packages").read_text().splitlines()
    names = [name for name in listed if name and not name.startswith("#")]
    versions = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *names],
                              capture_output=True, text=True, check=False).stdout
    return "\n".join([
        "# p2pd beside others", "",
        f"`{command}`, {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC. "
        f"{os.cpu_count()} cores, Linux {platform.release()}, load average {load} at the end.",
        "Medians of rounds in which everybody takes a turn; ratios are of the same round. Compare "
        "figures within one table only.", "",
        f"Compared with: {versions.rstrip(', ')}.", ""])


def write(path: Path, command: str, sections: list[Section]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header(command), *(section.text() for section in sections)]))

"""Reads the sources of the manual, which are scdoc: what each page defines, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass

from programs import ROOT

PAGES = {page: ROOT / folder / f"{page}.scd" for page, folder in {
    "p2pctl.1": "ctl", "p2pd.8": "daemon", "p2pd.conf.5": "config", "p2pd-protocol.7": "common",
    "p2pd-dbus.7": "common"}.items()}


@dataclass(frozen=True)
class Term:
    """A line that begins a definition, and the indented lines under it."""

    bold: tuple[str, ...]  # what is in bold in the line: `--file`, `-f`
    rest: str  # the line without its marks
    text: str


def plain(text: str) -> str:
    """Without marks and escapes: `*log\\_level*` is log_level."""
    without = re.sub(r"(?<!\\)\*|(?<![\\\w])_|(?<!\\)_(?!\w)", "", text)
    return without.replace("\\", "")


def sections(page: str) -> dict[str, str]:
    """By heading; those of `## ` too, without the `## `."""
    found: dict[str, str] = {}
    heading = ""
    for line in PAGES[page].read_text().splitlines():
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
            found[heading] = ""
        elif heading:
            found[heading] += line + "\n"
    return found


def terms(section: str) -> list[Term]:
    """The definitions of a section, in their order."""
    found: list[Term] = []
    lines = section.splitlines()
    for number, line in enumerate(lines):
        indented = number + 1 < len(lines) and lines[number + 1].startswith("\t")
        if not line.startswith("*") or not indented:
            continue
        text: list[str] = []
        for under in lines[number + 1:]:
            if under and not under.startswith("\t"):
                break
            text.append(under.strip())
        bold = tuple(plain(each) for each in re.findall(r"\*((?:\\.|[^*\\])+)\*", line))
        found.append(Term(bold, plain(line), plain("\n".join(text))))
    return found


def bold_terms(section: str) -> list[str]:
    return [each for term in terms(section) for each in term.bold]


def one_line(text: str) -> str:
    return " ".join(text.split())

#!/usr/bin/env python3
"""The pictures of the README: real programs, on an emulated terminal, drawn as SVG.

usage: P2PD=build/release/daemon/p2pd P2PCTL=build/release/ctl/p2pctl tests/system/pictures.py

Makes those of ctl/pictures anew. test_pictures.py holds that they show what p2pctl says today.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape, unescape

import pyte

import programs
from chat_screen import ENTER, Chat
from control import Deadline, wait_readable
from harness import Daemon, Hosts, make_hosts
from programs import clean_environment

FOLDER = Path(__file__).resolve().parents[2] / "ctl" / "pictures"
COLUMNS, ROWS = 92, 24
CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 12
BACKGROUND = "#1d1f21"
COLOURS = {"default": "#d0d0d0", "black": "#707070", "red": "#e06c75", "green": "#98c379",
           "brown": "#e5c07b", "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2",
           "white": "#ffffff"}


class Terminal:
    """Commands of several hosts, one below the other."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)

    def run(self, host: Daemon, words: str, *arguments: str, exit_code: int = 0) -> None:
        """Shows `words` behind a prompt, and what p2pctl with these arguments says."""
        self.stream.feed(f"\x1b[1m{host.folder.name}$\x1b[m {words}\r\n".encode())
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        with subprocess.Popen(
                [programs.P2PCTL, "--socket", str(host.socket), *arguments], stdin=its, stdout=its,
                stderr=its, start_new_session=True,
                env={**clean_environment(host.folder), "TERM": "xterm-256color"}) as process:
            os.close(its)
            deadline = Deadline(30, f"the end of {words}")
            while wait_readable(ours, deadline):
                deadline.check()
                try:
                    self.stream.feed(os.read(ours, 1 << 16))
                except OSError:  # EIO: the program has ended
                    break
        os.close(ours)
        assert process.returncode == exit_code, (words, process.returncode)


def send_and_reply(hosts: dict[str, Daemon]) -> pyte.Screen:
    alice, bob = hosts["alice"], hosts["bob"]
    terminal = Terminal()
    terminal.run(alice, 'p2pctl send bob "The backup of db1 is done"',
                 "send", "bob", "The backup of db1 is done")
    terminal.run(bob, "p2pctl inbox", "inbox")
    terminal.run(bob, 'p2pctl reply 1 "thanks"', "reply", "1", "thanks")
    terminal.run(alice, "p2pctl thread bob", "thread", "bob")
    terminal.run(alice, 'p2pctl send carol "and you?" --timeout 1s',
                 "send", "carol", "and you?", "--timeout", "1s", exit_code=75)
    terminal.run(alice, "p2pctl sent", "sent")
    return terminal.screen


def chat(hosts: dict[str, Daemon]) -> pyte.Screen:
    alice, bob = hosts["alice"], hosts["bob"]
    with Chat(alice, "bob", "--hold", "now", columns=COLUMNS, rows=12) as terminal:
        terminal.wait_typed("bob»")
        terminal.keys("are you there?" + ENTER)
        terminal.wait_line("delivered")
        terminal.keys("we could meet at")
        terminal.wait_typed("we could meet at")
        bob.send(alice.address, "Yes, since eight. Lunch at noon?")
        terminal.wait_line("Lunch at noon?")
        terminal.wait_typed("we could meet at")
        return terminal.screen


PICTURES: dict[str, Callable[[dict[str, Daemon]], pyte.Screen]] = {
    "send": send_and_reply, "chat": chat}


def take(hosts: Hosts, name: str) -> pyte.Screen:
    """carol is away."""
    town = {each: hosts.start(each) for each in ("alice", "bob", "carol")}
    for daemon in town.values():
        for other in town.values():
            if other is not daemon:
                daemon.call("peers.add", {"name": other.folder.name, "address": other.address})
    town["carol"].stop()
    return PICTURES[name](town)


def rows_of(screen: pyte.Screen) -> list[list[pyte.screens.Char]]:
    """Without the empty ones at the end."""
    rows = [[screen.buffer[row][column] for column in range(screen.columns)]
            for row in range(screen.lines)]
    while rows and not "".join(char.data for char in rows[-1]).strip():
        rows.pop()
    return rows


def pieces(row: list[pyte.screens.Char]) -> Iterator[tuple[int, str, str, bool]]:
    """Runs of one look: column, text, colour, bold."""
    column = 0
    for look, run in groupby(row, key=lambda char: (char.fg, char.bold)):
        text = "".join(char.data for char in run)
        if text.strip():
            colour = COLOURS.get(look[0].replace("bright", ""), "#" + look[0])
            yield column, text.rstrip(), colour, look[1]
        column += len(text)


def draw(screen: pyte.Screen) -> str:
    rows = rows_of(screen)
    width = round(COLUMNS * CELL_WIDTH + 2 * MARGIN)
    height = len(rows) * CELL_HEIGHT + 2 * MARGIN
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'font-family="monospace" font-size="14">',
             f'<rect width="{width}" height="{height}" rx="6" fill="{BACKGROUND}"/>']
    for number, row in enumerate(rows):
        y = MARGIN + (number + 1) * CELL_HEIGHT - 5
        for column, text, colour, bold in pieces(row):
            x = MARGIN + column * CELL_WIDTH
            weight = ' font-weight="bold"' if bold else ""
            lines.append(f'<text x="{x:.1f}" y="{y}" textLength="{len(text) * CELL_WIDTH:.1f}" '
                         f'fill="{colour}"{weight} xml:space="preserve">{escape(text)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def words_of(picture: str) -> list[str]:
    """What a picture says; numbers, times and addresses are of the one run, and so are widths."""
    of_the_run = r"\d+([.:-]\d+)*( (us|µs|ms|s)\b)?"
    texts = re.findall(r'y="(\d+)".*?>([^<]*)</text>', picture)
    lines = [" ".join(unescape(text) for _, text in line)
             for _, line in groupby(texts, key=lambda each: each[0])]
    return [" ".join(re.sub(of_the_run, "0", line).split()) for line in lines]


def main() -> None:
    for name in PICTURES:
        hosts = make_hosts()
        try:
            (FOLDER / f"{name}.svg").write_text(draw(take(hosts, name)))
        finally:
            hosts.close()


if __name__ == "__main__":
    main()

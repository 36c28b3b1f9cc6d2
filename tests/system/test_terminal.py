"""What peers write, printed by the real p2pctl on a terminal: a terminal emulator must find the
cursor, the title, the colours and the modes as they were, and nothing but visible characters."""

from __future__ import annotations

import collections
import json
import os
import random
import re
import socket
import unicodedata
from typing import Any

import pyte
import pytest
import wcwidth

from control import TIME_FACTOR, Deadline, wait_readable
from harness import Daemon, Hosts
from terminal import COLUMNS, on_a_terminal

TEXTS = int(10_000 / TIME_FACTOR)
SOME = int(2_000 / TIME_FACTOR)  # of these, where it takes longer
PIECES = [
    "\x1b[2J", "\x1b[31;1m", "\x1b]0;title\x07", "\x1b[?1049h", "\x1b[999;999H", "\x1bc", "\x1b[6n",
    "\x1b(0", "\x1b[1;1r", "\x9b31m", "\x9d0;t\x9c", "\x90q\x1b\\", "\x1b", "\x9b", "\r", "\n",
    "\t",
    "\b\b\b", "\x07", "\x0e", "\x0f", "\x0b", "\x0c", "\x7f", "\x85", "\u2028", "\u2029", "\u202e",
    "\u2066", "\u200b", "\u200d", "\ufe0f", "\ufeff", "\u0301", "e\u0301\u0301", "世界", "👩\u200d🚀",
    "❤️", "مرحبا", "שלום", "नमस्ते", "\U000e0041", "\u00ad", "\uffff", "ﷺ", "\u0e33", "\\x1b[0m",
    "%s%n", "🇩🇪", " ",
    "plain", "text", "of", "words",
]


def hostile_text(dice: random.Random) -> str:
    pieces = [dice.choice(PIECES) if dice.random() < 0.8 else any_character(dice)
              for _ in range(dice.randint(1, 14))]
    return "".join(pieces)


def any_character(dice: random.Random) -> str:
    code = dice.choice([dice.randrange(0x300), dice.randrange(0x3000), dice.randrange(0x110000)])
    if 0xD800 <= code < 0xE000:
        return "?"
    # The emulator does not know that newer marks combine, and Korean vowels and finals with them.
    is_mark = unicodedata.category(chr(code)) in ("Mn", "Me") or 0x1160 <= code < 0x1200 or (
        0xD7B0 <= code < 0xD800)
    return "?" if is_mark and wcwidth.wcwidth(chr(code)) != 0 else chr(code)


@pytest.fixture(scope="module")
def daemon(module_hosts: Hosts) -> Daemon:
    """With TEXTS hostile messages of a peer that lies about its address, too."""
    daemon = module_hosts.start("daemon")
    seed = int(os.environ.get("P2P_SEED") or random.SystemRandom().randrange(10**9))
    print(f"P2P_SEED={seed}")
    dice = random.Random(seed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        for first in range(0, TEXTS, 100):
            unconfirmed = set(range(first, min(first + 100, TEXTS)))
            for number in unconfirmed:
                peer.sendto(json.dumps({
                    "Ip_origem": hostile_text(dice)[:40], "Ip_destino": "x", "Porta_origem": 1,
                    "Porta_destino": 2, "Timestamp da mensagem": number,
                    "Mensagem": hostile_text(dice)}).encode(), daemon.endpoint)
            deadline = Deadline(30, "the ACKs")
            while unconfirmed:
                deadline.check()
                assert wait_readable(peer, deadline)
                unconfirmed.discard(json.loads(peer.recv(65536))["Timestamp da mensagem original"])
    return daemon


def on_terminal(daemon: Daemon, *arguments: str, columns: int = COLUMNS) -> bytes:
    return on_a_terminal(daemon.folder, "--socket", str(daemon.socket), *arguments,
                         columns=columns)


class Recorder:
    """A terminal that does nothing and notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: collections.Counter[str] = collections.Counter()
        self.drawn: list[str] = []

    def draw(self, text: str) -> None:
        self.drawn.append(text)

    def __getattr__(self, name: str) -> Any:
        def ask(*arguments: object, **more: object) -> None:
            self.asked[f"{name}{arguments}"] += 1
        return ask


def record(written: bytes) -> Recorder:
    recorder = Recorder()
    pyte.ByteStream(recorder, strict=False).feed(written)
    return recorder


def is_visible(character: str) -> bool:
    # The joiners and selectors of emoji and scripts stay where they join and select something.
    return (unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
            or character in "\u200c\u200d")


def check_only_lines(written: bytes) -> None:
    recorder = record(written)
    assert set(recorder.asked) <= {"linefeed()", "carriage_return()"}, recorder.asked
    strange = {c for text in recorder.drawn for c in text if not is_visible(c)}
    assert not strange, [hex(ord(c)) for c in strange]


def test_lists_and_messages_are_lines_and_nothing_else(daemon: Daemon) -> None:
    ids = [str(message["id"]) for message in daemon.inbox()]
    assert len(ids) == TEXTS
    for arguments in (("inbox", "-n", str(TEXTS)), ("show", *ids[:SOME]),
                      ("watch", "--since", "0", "--count", str(SOME)),
                      ("search", "plain"), ("peer", "list"), ("status",)):
        written = on_terminal(daemon, *arguments, "--no-pager", "--color=never")
        assert written.count(b"\n") >= 1
        check_only_lines(written)


def test_colours_are_p2pctls_own_and_end(daemon: Daemon) -> None:
    written = on_terminal(daemon, "inbox", "-n", str(TEXTS), "--no-pager", "--color=always")
    asked = record(written).asked
    kinds = {call.partition("(")[0] for call in asked}
    assert kinds <= {"linefeed", "carriage_return", "select_graphic_rendition"}, asked
    # Whatever is switched on is switched off before the line ends.
    for line in written.split(b"\r\n"):
        switches = re.findall(rb"\x1b\[([0-9;]*)m", line)
        assert not switches or switches[-1] == b"0", line


def test_on_a_screen_each_row_is_where_it_belongs(daemon: Daemon) -> None:
    written = on_terminal(daemon, "inbox", "-n", str(SOME), "--no-pager", "--color=never", "-q")
    lines = written.split(b"\r\n")
    assert lines.pop() == b"" and len(lines) == SOME
    screen = pyte.Screen(COLUMNS + 10, 4)
    stream = pyte.ByteStream(screen)
    modes, title = set(screen.mode), screen.title
    for line in lines:
        stream.feed(line)
        assert (screen.cursor.x <= COLUMNS, screen.cursor.y) == (True, 0), line.decode()
        stream.feed(b"\r\n")
        assert (screen.cursor.x, screen.cursor.y) == (0, 1), line
        assert "".join(screen.display[1:]).strip() == "", line
        screen.cursor_position(1, 1)
        screen.erase_in_display(2)
    assert (screen.mode, screen.title, screen.icon_name) == (modes, title, "")
    assert screen.cursor.attrs == screen.default_char and not screen.cursor.hidden


@pytest.mark.parametrize("arguments", [
    ["send", "{}", "x"], ["show", "{}"], ["peer", "add", "{}", "10.0.0.5"],
        ["peer", "add", "a", "{}"],
    ["{}"], ["--{}"], ["inbox", "--from", "{}"], ["inbox", "--since", "{}"],
        ["config", "check", "{}"],
    ["rpc", "{}"], ["rpc", "send", "{}"], ["help", "{}"], ["completion", "{}"],
        ["log-level", "{}"]])
def test_errors_are_lines_and_nothing_else(daemon: Daemon, arguments: list[str]) -> None:
    dice = random.Random(1)
    for _ in range(2):
        text = hostile_text(dice).replace("\0", "") + "\x1b[31m\x1b]0;t\x07\u202e\x9b2J"
        written = on_terminal(daemon, *(each.replace("{}", text) for each in arguments))
        assert written
        check_only_lines(written)


WORDS = ("the quick brown fox " * 8).strip()
WIDE = {
    "words": WORDS, "a long word": "x" * 200, "no spaces, wide": "世界" * 60,
    "wide": "世界 " * 40 + "end", "combining": "e\u0301" * 90 + " a\u0308o\u0308 " * 20 + "end",
    "an address": f"see https://example.org/{'path/' * 30} and {WORDS}",
    "lines": f"first\n\n  indented {WORDS}\nlast"}


@pytest.fixture(scope="module")
def pair(module_hosts: Hosts) -> tuple[Daemon, Daemon]:
    """bob has what is wide from alice, and has sent it to nobody, too."""
    alice, bob = module_hosts.start("alice"), module_hosts.start("bob")
    for text in WIDE.values():
        assert alice.ctl("send", bob.address, "-", stdin=text).exit == 0
        bob.send("[fe80::1234:5678:9abc:def0%lo]:65000", text)
    return alice, bob


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("words", [("inbox",), ("sent",), ("search", "fox"), ("thread", "1"),
                                   ("thread", "2"), ("inbox", "--relative")],
                         ids="-".join)
def test_lists_fit_whatever_is_in_them(pair: tuple[Daemon, Daemon], words: tuple[str, ...],
                                       columns: int) -> None:
    written = on_terminal(pair[1], *words, "--no-pager", columns=columns).split(b"\r\n")
    assert written.pop() == b"" and len(written) >= 5, words
    screen = pyte.Screen(columns, 4)
    stream = pyte.ByteStream(screen)
    rows = []
    for line in written:
        stream.feed(line)
        assert screen.cursor.y == 0, line.decode()
        rows.append(screen.display[0].rstrip())
        screen.reset()
    # Each message has its id where the others have it, and its text on the same line or the next.
    heads = [row for row in rows if re.match(r"[* ] +\d+  \S", row)]
    assert len({re.match(r"[* ] +\d+", row).end() for row in heads}) == 1, rows  # type: ignore
    assert len(rows) in (len(heads), 2 * len(heads)), rows


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("kind", WIDE)
def test_a_message_is_shown_whole_and_its_words_are_not_broken(
        pair: tuple[Daemon, Daemon], kind: str, columns: int) -> None:
    record = next(each for each in pair[1].inbox() if each["text"] == WIDE[kind])
    written = on_terminal(pair[1], "show", str(record["id"]), "--no-pager", columns=columns)
    body = written.decode().partition("\r\n\r\n")[2].removesuffix("\r\n")
    lines = body.split("\r\n")
    assert body.split() == WIDE[kind].split()
    for line in lines:
        assert wcwidth.wcswidth(line) <= columns or " " not in line, line
    if kind == "lines":
        assert lines[:2] == ["first", ""] and lines[2].startswith("  indented the")

"""A terminal emulator with `p2pctl chat` in it: keys go in, and its screen is awaited."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import TracebackType

import pyte

import programs
from control import TIME_FACTOR, Deadline
from harness import Daemon
from programs import SANITIZER_REPORT, clean_environment
from shell_screen import Shell

ENTER, TAB, UP, LEFT, HOME = "\r", "\t", "\x1b[A", "\x1b[D", "\x01"
CTRL_C, CTRL_D, CTRL_R, CTRL_Z = "\x03", "\x04", "\x12", "\x1a"


class Screen(pyte.HistoryScreen):
    """Answers what it is asked, as terminals do."""

    answer: Callable[[str], None] | None = None

    def write_process_input(self, data: str) -> None:
        if self.answer:
            self.answer(data)


class Chat(Shell):
    """What is above the screen is kept too: lines() is all that was ever shown."""

    screen: Screen

    def __init__(self, daemon: Daemon, *arguments: str, columns: int = 60, rows: int = 20,
                 terminal: str = "xterm-256color", answers: bool = True,
                 environment: dict[str, str] | None = None) -> None:
        screen = Screen(columns, rows, history=5000)
        screen.answer = self.keys if answers else None
        super().__init__(
            [programs.P2PCTL, "--socket", str(daemon.socket), "chat", *arguments],
            {**clean_environment(daemon.folder), "TERM": terminal, **(environment or {})}, screen)

    def __enter__(self) -> Chat:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        super().__exit__(kind, error, trace)
        # Interrupted by the hangup or failing to write, unless the test has ended it.
        assert self.process.returncode in (0, 64, 74, 75, 130), self.process.returncode
        assert not SANITIZER_REPORT.search(bytes(self.written)), self.written.decode()

    # Keys.
    def paste(self, text: str) -> None:
        """As a terminal in the mode of bracketed paste does."""
        assert 2004 << 5 in self.screen.mode, "bracketed paste is off"
        self.keys("\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        self.set_size(columns, rows)

    def resize_and_wrap(self, columns: int) -> None:
        """As by a terminal that wraps anew what it shows, and takes the cursor along."""
        old, (x, y) = self.screen, self.cursor()
        lines: list[str] = [""]
        offset = 0
        for row, line in enumerate(self.screen.display[:y + 1] + self.display()[y + 1:]):
            if row == y:
                at, offset = len(lines) - 1, len(lines[-1]) + x
            lines[-1] += line.rstrip()
            if len(line.rstrip()) < old.columns:
                lines.append("")
        self.screen = Screen(columns, old.lines, history=5000)
        self.screen.answer, self.screen.mode = old.answer, old.mode
        self.stream = pyte.ByteStream(self.screen)
        above = sum(max(1, -(-len(line) // columns)) for line in lines[:at])
        self.stream.feed("\r\n".join(lines).rstrip().encode())
        self.screen.cursor_position(1 + above + offset // columns, 1 + offset % columns)
        self.set_size(columns, old.lines)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    # The screen.
    def id_of(self, text: str) -> int:
        """Awaits a line about a message, `… #42 bob: text…`; the message's id."""
        found = re.search(r"#(\d+)", self.wait_line(text))
        assert found
        return int(found[1])

    def wait_typed(self, text: str, seconds: float = 20) -> None:
        """Awaits that the last lines of the screen, joined, are the prompt and what is typed."""
        self.until(lambda: self.typed().endswith(text), f"{text!r} at the end", seconds)

    def end(self, seconds: float = 20) -> int:
        """Awaits the end of the program; its exit code."""
        deadline = Deadline(seconds, "the end of chat")
        while self.read(deadline):
            pass
        return self.process.wait(20 * TIME_FACTOR)

    def lines(self) -> list[str]:
        columns = range(self.screen.columns)
        above = ["".join(row[column].data for column in columns).rstrip()
                 for row in self.screen.history.top]
        return above + self.display()

    def text(self) -> str:
        return "\n".join(self.lines())

    def typed(self) -> str:
        """All rows of the screen down to the last that is not empty, without line breaks."""
        return "".join(line.ljust(self.screen.columns) for line in self.screen.display).rstrip()

    def cursor(self) -> tuple[int, int]:
        return self.screen.cursor.x, self.screen.cursor.y



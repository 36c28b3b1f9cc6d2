"""A program in a terminal emulator: keys go in, and its screen is awaited."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Callable
from types import TracebackType

import pyte

from control import TIME_FACTOR, Deadline, wait_readable


class Shell:
    """On a terminal of its own, which it has until the end of the block."""

    def __init__(self, command: list[str], environment: dict[str, str],
                 screen: pyte.Screen | None = None) -> None:
        self.screen = screen or pyte.Screen(100, 30)
        self.stream = pyte.ByteStream(self.screen)
        self.written = bytearray()
        self.ours, its = pty.openpty()
        self.set_size(self.screen.columns, self.screen.lines)
        self.process = subprocess.Popen(
            command, stdin=its, stdout=its, stderr=its, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), env=environment)
        os.close(its)

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        # As a window that is closed; whoever does not end by that is stuck.
        os.close(self.ours)
        try:
            self.process.wait(20 * TIME_FACTOR)
        finally:
            self.process.kill()
        if kind is not None:
            print("\n".join(self.lines()))

    def keys(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self.ours, data):]

    def set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, deadline: Deadline) -> bool:
        """False at the end of the program."""
        deadline.check()
        if not wait_readable(self.ours, deadline):
            return True
        try:
            data = os.read(self.ours, 1 << 16)
        except OSError:  # EIO: the other side is closed
            return False
        self.written += data
        self.stream.feed(data)
        return True

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
        deadline = Deadline(seconds, "")
        while not condition():
            deadline.what = f"{what}; the screen:\n" + "\n".join(self.display())
            assert self.read(deadline), f"the end, without {what}:\n" + "\n".join(self.lines())

    def wait_line(self, text: str, seconds: float = 20) -> str:
        """Awaits a line that holds the text."""
        self.until(lambda: any(text in line for line in self.lines()), f"a line with {text!r}",
                   seconds)
        return next(line for line in self.lines() if text in line)

    def display(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    def lines(self) -> list[str]:
        """All that can be looked at."""
        return self.display()

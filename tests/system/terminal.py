"""What p2pctl writes to a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path

import programs
from control import TIME_FACTOR, Deadline, wait_readable
from programs import clean_environment

COLUMNS, LINES = 100, 40


def on_a_terminal(home: Path, *arguments: str, seconds: float = 60, typed: str = "",
                  environment: dict[str, str] | None = None, columns: int = COLUMNS) -> bytes:
    """All of it, to its end; `typed` waits in the terminal from the beginning."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
    process = subprocess.Popen(
        [programs.P2PCTL, *arguments], stdin=its, stdout=its, stderr=its,
        env={**clean_environment(home), "TERM": "xterm-256color", **(environment or {})})
    os.write(ours, typed.encode())
    os.close(its)
    written = bytearray()
    deadline = Deadline(seconds, "p2pctl to end")
    try:
        while True:
            deadline.check()
            assert wait_readable(ours, deadline)
            written += os.read(ours, 1 << 16)
    except OSError:  # EIO: the other side is closed
        process.wait(20 * TIME_FACTOR)
    finally:
        os.close(ours)
        process.kill()
    return bytes(written)

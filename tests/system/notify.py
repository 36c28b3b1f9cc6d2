"""The service manager's side of sd_notify(3)."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import threading
from collections.abc import Collection
from pathlib import Path

from control import TIME_FACTOR

ENDED = "the process has ended"


class NotifySocket:
    """The service manager's side of sd_notify. Like the real one it always reads, so that the
    daemon never waits for it, and remembers all that the daemon says of itself."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self.seen: list[str] = []
        self.kept: dict[str, socket.socket] = {}  # by name: what it was told to keep
        self.changed = threading.Condition()
        self._hears = threading.Event()
        self._hears.set()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def listen(self, process: subprocess.Popen[bytes]) -> None:
        """Reads until the process has ended, which is noted like what it said."""
        pidfd = os.pidfd_open(process.pid)
        self._listener = threading.Thread(target=self._listen, args=(pidfd,), daemon=True)
        self._listener.start()

    def end(self, still_kept: Collection[socket.socket]) -> None:
        """Of a process that has ended: what was kept for it is closed, but for these."""
        self._hears.set()
        self._listener.join()
        for each in self.kept.values():
            if each not in still_kept:
                each.close()

    def _listen(self, pidfd: int) -> None:
        ended = False
        while not ended:
            readable = select.select([self._socket, pidfd], [], [])[0]
            self._hears.wait()
            ended = self._socket not in readable
            lines = [ENDED] if ended else self._hear()
            with self.changed:
                self.seen += lines
                self.changed.notify_all()
        os.close(pidfd)
        self._socket.close()

    def _hear(self) -> list[str]:
        """One message: keeps and closes descriptors as systemd does."""
        data, descriptors, _, _ = socket.recv_fds(self._socket, 65536, 8)
        lines = data.decode().splitlines()
        names = [line.removeprefix("FDNAME=") for line in lines if line.startswith("FDNAME=")]
        if "FDSTORE=1" in lines:
            self.kept[names[0]] = socket.socket(fileno=descriptors.pop())
        if "FDSTOREREMOVE=1" in lines and names[0] in self.kept:
            self.kept.pop(names[0]).close()
        for descriptor in descriptors:  # of a barrier: closed once all before it is done
            os.close(descriptor)
        return lines

    def stop_hearing(self) -> None:
        """From the next line on nothing is read, as by a manager that hangs."""
        self._hears.clear()

    def hear_again(self) -> None:
        self._hears.set()

    def is_full(self) -> bool:
        """Whoever would say something now would wait."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            try:
                other.sendto(b"", str(self.path))
            except BlockingIOError:
                return True
            return False

    def forget(self) -> None:
        with self.changed:
            self.seen.clear()

    def wait(self, wanted: str, times: int, seconds: float) -> str:
        """Awaits lines that begin with `wanted`; the last of them."""

        def found() -> list[str]:
            return [line for line in self.seen if line.startswith(wanted)]

        with self.changed:
            self.changed.wait_for(
                lambda: len(found()) >= times or ENDED in self.seen,
                seconds * TIME_FACTOR)
            assert len(found()) >= times, f"{wanted} {times} times, but there was {self.seen}"
            return found()[times - 1]

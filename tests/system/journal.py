"""A journal of the test's own: what a daemon in a mount namespace sends to /run/systemd/journal."""

from __future__ import annotations

import socket
from pathlib import Path
from types import TracebackType

from control import Deadline, wait_readable
from harness import Daemon


class Journal:
    """Takes journald's place; its protocol: https://systemd.io/JOURNAL_NATIVE_PROTOCOL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder / "socket"))
        self.entries: list[dict[str, str]] = []

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, _type: type[BaseException] | None, _value: BaseException | None,
                 _traceback: TracebackType | None) -> None:
        self.socket.close()

    def connect(self, daemon: Daemon) -> None:
        """Before it is launched: its standard error is said to be the journal's stream."""
        script = ('mount -t tmpfs none /run && mkdir -p /run/systemd/journal && '
                  f'mount --bind "{self.folder}" /run/systemd/journal && exec "$@"')
        daemon.prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
        daemon.log_path.touch()
        stream = daemon.log_path.stat()
        daemon.environment["JOURNAL_STREAM"] = f"{stream.st_dev}:{stream.st_ino}"

    def wait(self, fields: dict[str, str], seconds: float = 20) -> dict[str, str]:
        """The first entry with these fields."""
        deadline = Deadline(seconds, f"{fields} in the journal")
        looked = 0
        while True:
            for entry in self.entries[looked:]:
                if fields.items() <= entry.items():
                    return entry
            looked = len(self.entries)
            deadline.check()
            if wait_readable(self.socket, deadline):
                self.entries.append(parse(self.socket.recv(1 << 20)))


def parse(datagram: bytes) -> dict[str, str]:
    entry = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:  # the value has line breaks: its length comes first
            length = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + length], rest[9 + length :]
        entry[name.decode()] = value.decode()
        datagram = rest
    return entry

"""A small client of p2pd's control socket: JSON-RPC 2.0, one object a line, pipelined."""

from __future__ import annotations

import collections
import json
import os
import select
import socket
import time
from typing import Any

LINE_BYTES_MAX = 1024 * 1024

# Slow builds (sanitizers) take longer for everything; CMake says how much.
TIME_FACTOR = float(os.environ.get("P2P_TIME_FACTOR", "1"))


class Deadline:
    """A moment until which events are awaited; what did not come by then, fails the test."""

    def __init__(self, seconds: float, what: str = "") -> None:
        self.what = what
        self.seconds = seconds * TIME_FACTOR
        self._end = time.monotonic() + self.seconds

    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def passed(self) -> bool:
        return time.monotonic() >= self._end

    def check(self) -> None:
        if self.passed():
            raise AssertionError(f"waited {self.seconds:g} s in vain for {self.what}")


def wait_readable(fd: Any, deadline: Deadline) -> bool:
    return bool(select.select([fd], [], [], deadline.left())[0])


class ControlFailure(Exception):
    """The daemon answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(json.dumps(error))
        self.number: int = error["code"]
        self.message: str = error["message"]
        data: dict[str, Any] = error.get("data") or {}
        self.code: str = data.get("code", "")
        self.hint: str = data.get("hint", "")
        self.exit: int = data.get("exit", 0)


class ConnectionEnded(Exception):
    """The daemon closed the connection."""


class Control:
    """One connection. `post` and `answer` pipeline; `call` does both."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self._input = bytearray()
        self._looked = 0
        self._ended = False
        self._last_id = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self.notifications: collections.deque[dict[str, Any]] = collections.deque()
        self.loose: list[dict[str, Any]] = []  # answers without an id

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    # Whole messages.
    def post(self, method: str, params: dict[str, Any] | None = None) -> int:
        self._last_id += 1
        self.send_line(self.request(self._last_id, method, params))
        return self._last_id

    @staticmethod
    def request(number: int, method: str, params: dict[str, Any] | None = None) -> str:
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
        return json.dumps(request, ensure_ascii=False)

    def answer(self, number: int, seconds: float = 20) -> Any:
        deadline = Deadline(seconds, f"the answer to request {number}")
        while number not in self._answers:
            self._sort(self.read_object(deadline))
        answer = self._answers.pop(number)
        if "error" in answer:
            raise ControlFailure(answer["error"])
        return answer["result"]

    def call(self, method: str, params: dict[str, Any] | None = None, seconds: float = 20) -> Any:
        return self.answer(self.post(method, params), seconds)

    def failure(self, method: str, params: dict[str, Any] | None = None) -> ControlFailure:
        try:
            result = self.call(method, params)
        except ControlFailure as failure:
            return failure
        raise AssertionError(f"{method} {params} should have failed, but gave {result}")

    def notification(self, seconds: float = 20) -> dict[str, Any]:
        deadline = Deadline(seconds, "a notification")
        while not self.notifications:
            self._sort(self.read_object(deadline))
        return self.notifications.popleft()

    def next_message(self, seconds: float = 20) -> dict[str, Any]:
        """The next message of a subscription."""
        notification = self.notification(seconds)
        assert notification["method"] == "message", notification
        return notification["params"]

    def _sort(self, line: dict[str, Any]) -> None:
        if "method" in line:
            self.notifications.append(line)
        elif isinstance(line.get("id"), int):
            self._answers[line["id"]] = line
        else:
            self.loose.append(line)

    # Lines and bytes.
    def send_line(self, line: str | bytes) -> None:
        self.send_bytes((line.encode() if isinstance(line, str) else line) + b"\n")

    def send_bytes(self, data: bytes) -> None:
        """Writes all, reading meanwhile: the daemon may stop to read while its answers wait."""
        view = memoryview(data)
        deadline = Deadline(60, "the daemon to read")
        while view:
            readable, writable, _ = select.select(
                [] if self._ended else [self.socket], [self.socket], [], deadline.left()
            )
            if readable:
                self._read_some()
            if writable:
                try:
                    view = view[self.socket.send(view, socket.MSG_DONTWAIT) :]
                except BlockingIOError:
                    pass
                except (BrokenPipeError, ConnectionResetError) as error:
                    raise ConnectionEnded from error
            deadline.check()

    def _read_some(self) -> None:
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        self._ended = not data
        self._input += data

    def read_line(self, deadline: Deadline) -> bytes:
        while True:
            end = self._input.find(b"\n", self._looked)
            if end >= 0:
                line = bytes(self._input[:end])
                del self._input[: end + 1]
                self._looked = 0
                return line
            self._looked = len(self._input)
            if self._ended:
                raise ConnectionEnded
            if not wait_readable(self.socket, deadline):
                deadline.check()
                continue
            self._read_some()

    def read_object(self, deadline: Deadline | None = None) -> dict[str, Any]:
        line = self.read_line(deadline or Deadline(20, "a line from the daemon"))
        assert len(line) < LINE_BYTES_MAX, "a line over the limit from the daemon"
        value = json.loads(line)
        assert isinstance(value, dict) and value.get("jsonrpc") == "2.0", line
        return value

    def read_to_end(self, seconds: float = 20) -> list[dict[str, Any]]:
        """Every line until the daemon closes the connection."""
        lines: list[dict[str, Any]] = []
        deadline = Deadline(seconds, "the daemon to close the connection")
        while True:
            try:
                lines.append(self.read_object(deadline))
            except ConnectionEnded:
                return lines

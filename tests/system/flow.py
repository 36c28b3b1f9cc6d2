"""Messages that flow from one daemon to another while daemons end and start again, and what must be
true of them afterwards."""

from __future__ import annotations

import collections
import threading

from control import ConnectionEnded, Control, ControlFailure, Deadline
from harness import Daemon

WINDOW = 200
REPLACED = {"stopping", "queue_full"}


class Flow:
    """Sends `count` texts through one daemon, again and again under the same request ids until
    each is accepted, over as many connections as it takes."""

    def __init__(self, daemon: Daemon, to: str, count: int, progress: threading.Condition) -> None:
        self.daemon = daemon
        self.to = to
        self.texts = [f"{daemon.folder.name} {i}" for i in range(count)]
        self.accepted: dict[str, int] = {}
        self.failure: BaseException | None = None
        self.up = threading.Event()
        self.up.set()
        self._progress = progress
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            while len(self.accepted) < len(self.texts):
                assert self.up.wait(60), "the daemon did not come back"
                try:
                    with self.daemon.control() as client:
                        self._send_over(client)
                except (ConnectionEnded, OSError):
                    continue  # it was killed: its place is taken in a moment
        except BaseException as failure:
            self.failure = failure
        with self._progress:
            self._progress.notify_all()

    def _send_over(self, client: Control) -> None:
        waiting: collections.deque[tuple[str, int]] = collections.deque()
        for text in [text for text in self.texts if text not in self.accepted]:
            request = {"peer": self.to, "text": text, "request_id": text}
            waiting.append((text, client.post("send", request)))
            if len(waiting) >= WINDOW:
                self._take(client, *waiting.popleft())
        while waiting:
            self._take(client, *waiting.popleft())

    def _take(self, client: Control, text: str, number: int) -> None:
        try:
            accepted = client.answer(number)["id"]
        except ControlFailure as failure:
            if failure.code not in REPLACED:
                raise
            return
        with self._progress:
            self.accepted[text] = accepted
            self._progress.notify_all()


def check_all_there_once(sender: Flow, receiver: Daemon, others: str = "\0") -> None:
    """All of `sender`, and nothing else but texts that begin with `others`."""
    received = collections.Counter(message["text"] for message in receiver.inbox()
                                   if not message["text"].startswith(others))
    twice = [text for text, count in received.items() if count > 1]
    lost = [text for text in sender.texts if text not in received]
    assert not twice and not lost, f"{len(lost)} lost {lost[:5]}, {len(twice)} twice {twice[:5]}"
    assert sum(received.values()) == len(sender.texts)
    assert len(set(sender.accepted.values())) == len(sender.texts), "an id was given twice"
    assert {message["state"] for message in sender.daemon.sent()} == {"delivered"}


def wait_all_delivered(flow: Flow, seconds: float) -> None:
    deadline = Deadline(seconds, "all messages to be delivered")
    ids = sorted(flow.accepted.values())
    with flow.daemon.control() as client:
        for first in range(0, len(ids), 1000):
            left = max(1, int(deadline.left() * 1000))
            request = {"ids": ids[first : first + 1000], "timeout_ms": left}
            states = [each["state"] for each in client.call("wait", request, seconds)["messages"]]
            assert set(states) == {"delivered"}, collections.Counter(states)

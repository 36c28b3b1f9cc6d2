"""kill -9 of either side at random moments while 10,000 messages flow both ways: nothing that was
accepted is lost, nothing is stored twice.

P2P_SEED=… replays the choices of a run, P2P_KILL_CYCLES=… kills that often, `--long` 1000 times.
"""

from __future__ import annotations

import collections
import os
import random
import threading

import pytest

from control import ConnectionEnded, Control, ControlFailure, Deadline
from harness import Daemon, Hosts

CYCLES = 30
CYCLES_LONG = 1000
MESSAGES = 10_000
MESSAGES_PER_CYCLE = 250
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


def kill_and_start(flow: Flow) -> None:
    flow.up.clear()
    flow.daemon.kill()
    flow.daemon.start()
    flow.up.set()


def check_all_there_once(sender: Flow, receiver: Daemon) -> None:
    received = collections.Counter(message["text"] for message in receiver.inbox())
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


def test_nothing_is_lost_and_nothing_twice(hosts: Hosts, request: pytest.FixtureRequest) -> None:
    seed = int(os.environ.get("P2P_SEED") or random.SystemRandom().randrange(10**9))
    default = CYCLES_LONG if request.config.getoption("--long") else CYCLES
    cycles = int(os.environ.get("P2P_KILL_CYCLES") or default)
    count = max(MESSAGES, cycles * MESSAGES_PER_CYCLE) // 2
    print(f"P2P_SEED={seed} P2P_KILL_CYCLES={cycles}, {count} messages each way")
    dice = random.Random(seed)
    alice, bob = hosts.start("alice"), hosts.start("bob")
    progress = threading.Condition()
    flows = (Flow(alice, bob.address, count, progress), Flow(bob, alice.address, count, progress))
    for flow in flows:
        flow.thread.start()

    def accepted() -> int:
        return sum(len(flow.accepted) for flow in flows)

    # Two thirds of the kills while messages are accepted, the rest while they are delivered.
    moments = sorted(dice.randrange(2 * count) for _ in range(cycles * 2 // 3))
    for moment in moments:
        with progress:
            progress.wait_for(lambda: accepted() >= moment or any(f.failure for f in flows), 60)
        assert not any(flow.failure for flow in flows), [flow.failure for flow in flows]
        kill_and_start(dice.choice(flows))
    for _ in range(cycles - len(moments)):
        threading.Event().wait(dice.uniform(0, 0.3))
        kill_and_start(dice.choice(flows))
    for flow in flows:
        flow.thread.join(120)
        assert not flow.thread.is_alive() and flow.failure is None, flow.failure
    for flow in flows:
        wait_all_delivered(flow, 120)
    check_all_there_once(flows[0], bob)
    check_all_there_once(flows[1], alice)

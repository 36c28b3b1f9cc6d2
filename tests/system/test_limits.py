"""What strangers can do: the limits of the configuration, and floods from many source addresses.

P2P_FLOOD_SECONDS=… floods longer, and then the known peer's share in time is asserted as well: it
needs a machine that does nothing else. The flood is as fast as one core can send.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from control import TIME_FACTOR, ConnectionEnded
from harness import Daemon, Hosts

FLOOD = os.environ.get("P2P_FLOOD", "")
SECONDS = int(os.environ.get("P2P_FLOOD_SECONDS", "3"))
MEASURED = "P2P_FLOOD_SECONDS" in os.environ
MEMORY_KIB_MAX = 64 * 1024
DEFAULT_RATES = ("--set=stranger_rate=1000", "--set=strangers_rate=5000")
RATE = 200  # messages a second that the known peer sends


def message(text: str, stamp: int) -> bytes:
    """A datagram of the dialect base."""
    return json.dumps({"Ip_origem": "127.7.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 5000,
                       "Porta_destino": 5000, "Timestamp da mensagem": stamp,
                       "Mensagem": text}).encode()


class Flood:
    """Runs as long as the block; `sent` is how many datagrams it sent."""

    def __init__(self, target: Daemon, kind: str, seconds: int) -> None:
        host, port = target.endpoint
        self.command = [FLOOD, host, str(port), str(seconds), kind]
        self.seconds = seconds
        self.sent = 0

    def __enter__(self) -> Flood:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_: object) -> None:
        out, _ = self.process.communicate(timeout=60)
        self.sent = int(out)


class Confirmations:
    """When each sent message was reported as delivered."""

    def __init__(self, sender: Daemon) -> None:
        self.times: dict[int, float] = {}
        self._changed = threading.Condition()
        self._watcher = sender.control()
        self._watcher.call("subscribe", {})
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        try:
            while True:
                message = self._watcher.next_message(60)
                if message["dir"] != "out" or message["state"] != "delivered":
                    continue
                with self._changed:
                    self.times.setdefault(message["id"], time.monotonic())
                    self._changed.notify_all()
        except (ConnectionEnded, OSError):
            return  # close()

    def wait(self, ids: set[int]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: ids <= self.times.keys(), 60 * TIME_FACTOR)

    def close(self) -> None:
        self._watcher.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._watcher.socket.close()


def steadily_sent(sender: Daemon, to: Daemon, count: int) -> float:
    """Offers RATE messages a second; the share that was confirmed within a second of its offer."""
    confirmations = Confirmations(sender)
    offered: dict[int, float] = {}
    with sender.control() as client:
        begin = time.monotonic()
        for number in range(count):
            pause = threading.Event()  # an offered rate is the one thing that needs the clock
            pause.wait(max(0.0, begin + number / RATE - time.monotonic()))
            asked = time.monotonic()
            request = {"peer": to.address, "text": f"known {number}"}
            offered[client.call("send", request)["id"]] = asked
    confirmations.wait(set(offered))
    confirmations.close()
    in_time = [each for each in offered if confirmations.times[each] - offered[each] <= 1.0]
    return len(in_time) / count


def peak_memory_kib(daemon: Daemon) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{daemon.pid}/status").read_text())
    assert found
    return int(found[1])


@pytest.mark.parametrize("kind", ["valid", "garbage", "acks"])
def test_a_flood_leaves_known_peers_alone(hosts: Hosts, kind: str) -> None:
    victim = hosts.start("victim", *DEFAULT_RATES)
    friend = hosts.start("friend")
    victim.call("peers.add", {"name": "friend", "address": friend.address})
    quiet = steadily_sent(friend, victim, RATE)
    idle_kib = victim.memory_kib()
    count = RATE * max(1, SECONDS - 1)
    with Flood(victim, kind, SECONDS) as flood:
        in_time = steadily_sent(friend, victim, count)
    texts = [each["text"] for each in victim.inbox() if each["text"].startswith("known")]
    grown_kib = peak_memory_kib(victim) - idle_kib
    print(f"{kind}: {flood.sent / SECONDS:.0f} datagrams/s, {in_time:.1%} of the known peer's "
          f"messages confirmed within 1 s ({quiet:.1%} without it), memory {grown_kib / 1024:.1f} MiB above idle, "
          f"{victim.counters()['kernel_dropped']} dropped by the kernel")
    assert sorted(texts) == sorted([f"known {i}" for i in range(RATE)] +
                                   [f"known {i}" for i in range(count)])
    assert flood.sent > 1000
    if MEASURED:
        assert in_time >= 0.9 * quiet
    if TIME_FACTOR == 1:  # a sanitizer has a memory of its own
        assert grown_kib < MEMORY_KIB_MAX


@pytest.fixture
def stranger() -> socket.socket:
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("127.7.0.1", 0))
    peer.settimeout(20 * TIME_FACTOR)
    return peer


def answer_to(peer: socket.socket, daemon: Daemon, text: str, stamp: int) -> bool | None:
    """True or False as the ACK says; None if there is silence until the answer to another."""
    peer.sendto(message(text, stamp), daemon.endpoint)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((f"127.8.0.{stamp}", 0))
        other.settimeout(20 * TIME_FACTOR)
        other.sendto(message("after it", stamp), daemon.endpoint)
        other.recv(2048)
    peer.setblocking(False)
    try:
        return json.loads(peer.recv(2048))["ACK"]
    except BlockingIOError:
        return None


def test_strangers_are_refused_where_only_the_known_are_accepted(
        hosts: Hosts, stranger: socket.socket) -> None:
    alice = hosts.start("alice", "--set", "accept=known")
    stranger.sendto(message("hello", 1), alice.endpoint)
    assert json.loads(stranger.recv(2048))["ACK"] is False
    assert alice.dropped()["not_known"] == 1
    address = f"127.7.0.1:{stranger.getsockname()[1]}"
    alice.call("peers.add", {"name": "friend", "address": address})
    stranger.sendto(message("hello again", 2), alice.endpoint)
    assert json.loads(stranger.recv(2048))["ACK"] is True
    alice.restart()
    stranger.sendto(message("and again", 3), alice.endpoint)
    assert json.loads(stranger.recv(2048))["ACK"] is True
    alice.call("peers.remove", {"peer": "friend"})
    stranger.sendto(message("and now", 4), alice.endpoint)
    assert json.loads(stranger.recv(2048))["ACK"] is False
    assert [each["text"] for each in alice.inbox()] == ["hello again", "and again"]


def test_the_block_list_is_silence_and_applies_at_reload(
        hosts: Hosts, stranger: socket.socket) -> None:
    alice = hosts.start("alice")
    assert answer_to(stranger, alice, "hello", 1) is True
    alice.config.write_text("block = 127.7.0.0/16 2001:db8::/32\n")
    assert alice.call("reload")["changed"] == ["block"]
    assert answer_to(stranger, alice, "hello", 2) is None
    assert alice.dropped()["blocked"] == 1
    alice.config.write_text("")
    alice.call("reload")
    assert answer_to(stranger, alice, "hello", 2) is True


def test_a_stranger_above_its_quota_gets_silence_until_there_is_room(
        hosts: Hosts, stranger: socket.socket) -> None:
    alice = hosts.start("alice", "--set", "stranger_messages_max=2")
    assert [answer_to(stranger, alice, "hello", stamp) for stamp in (1, 2, 3)] == [True, True, None]
    assert answer_to(stranger, alice, "hello", 1) is True, "a copy of what is kept"
    assert alice.dropped()["over_quota"] == 1
    limits = {each["name"]: each for each in alice.status()["limits"]}
    assert limits["strangers_messages_max"]["used"] >= 2
    first = alice.inbox()[0]
    alice.call("delete", {"ids": [first["id"]]})
    assert answer_to(stranger, alice, "hello", 3) is True


def test_a_stranger_has_a_rate(hosts: Hosts, stranger: socket.socket) -> None:
    alice = hosts.start("alice", "--set", "stranger_rate=5")
    for stamp in range(1, 101):
        stranger.sendto(message("hello", stamp), alice.endpoint)
    assert answer_to(stranger, alice, "the last", 200) in (True, None)
    assert 5 <= len([each for each in alice.inbox() if each["text"] == "hello"]) <= 50
    assert alice.dropped()["stranger_rate"] >= 50


def test_status_shows_the_limits(alice: Daemon) -> None:
    shown = alice.ctl("status").out
    assert "limits" in shown and "peers_max 0 of 16384" in shown, shown

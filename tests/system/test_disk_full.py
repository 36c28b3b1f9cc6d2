"""A full disk is no crash: nothing is accepted and nothing is confirmed while it lasts, what is
stored can still be read, and all goes on by itself when there is room."""

from __future__ import annotations

import collections
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from control import TIME_FACTOR, Control, ControlFailure, Deadline
from harness import Daemon, Hosts

CYCLES = int(os.environ.get("P2P_FILLS") or (20 if TIME_FACTOR == 1 else 5))
NAMESPACE = ["unshare", "--mount", "--map-root-user"]


def can_mount() -> bool:
    done = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                          capture_output=True, check=False)
    return done.returncode == 0


pytestmark = pytest.mark.skipif(not can_mount(), reason="may not mount a small disk here")


class SmallDisk:
    """A daemon whose state is on a disk of 48 MiB, which another file fills."""

    def __init__(self, hosts: Hosts) -> None:
        self.daemon = hosts.daemon("daemon")
        self.daemon.state.mkdir(mode=0o700)
        script = 'mount -t tmpfs -o size=48m,mode=700 tmpfs "$0" && exec "$@"'
        self.daemon.prefix = [*NAMESPACE, "sh", "-c", script, str(self.daemon.state)]
        self.daemon.start()
        # The mount is the daemon's alone; this is the way in from outside.
        self.filler = Path(f"/proc/{self.daemon.pid}/root{self.daemon.state}/filler")

    def fill(self) -> None:
        with self.filler.open("ab", buffering=0) as filler:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    pass

    def make_room(self) -> None:
        self.filler.unlink()


@pytest.fixture
def disk(hosts: Hosts) -> Iterator[SmallDisk]:
    yield SmallDisk(hosts)


def text_of(number: int) -> str:
    return f"{number} ".ljust(700, "x")


def write_to(daemon: Daemon, field: socket.socket, number: int) -> None:
    packet = {"Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 1,
              "Porta_destino": 2, "Timestamp da mensagem": number, "Mensagem": text_of(number)}
    field.sendto(json.dumps(packet).encode(), daemon.endpoint)


def confirms(daemon: Daemon, field: socket.socket, number: int) -> bool:
    """Writes message `number` until it is confirmed; False if the disk is full by then."""
    while True:
        write_to(daemon, field, number)
        field.settimeout(0.1)
        try:
            while json.loads(field.recv(65536))["Timestamp da mensagem original"] != number:
                pass
            return True
        except TimeoutError:
            if daemon.status()["disk_full"]:
                return False


def test_a_full_disk_stops_what_needs_it_and_nothing_else(
    disk: SmallDisk, field: socket.socket
) -> None:
    daemon = disk.daemon
    write_to(daemon, field, 1)
    assert json.loads(field.recv(65536))["ACK"] is True
    disk.fill()
    with daemon.control() as client:
        # What is left inside the files is used up first.
        for i in range(5000):
            number = client.post("send", {"peer": "127.0.0.1:9", "text": f"{i} " + "y" * 4000})
            answer = client.read_object()
            if "error" in answer:
                break
        assert answer["id"] == number and answer["error"]["data"]["code"] == "disk_full"
        assert answer["error"]["data"]["exit"] == 74 and answer["error"]["data"]["hint"]
        assert client.call("status")["disk_full"] is True
        write_to(daemon, field, 2)  # nothing comes back for this one
        assert len(client.call("list")["messages"]) >= 1
        failure = client.failure("send", {"peer": "127.0.0.1:9", "text": "z" * 4000})
        assert failure.code == "disk_full"
        disk.make_room()
        deadline = Deadline(20, "the daemon to notice the room")
        while client.call("status")["disk_full"]:
            deadline.check()
            write_to(daemon, field, 2)
            client.call("list")
        assert client.call("send", {"peer": "127.0.0.1:9", "text": "again"})["id"] > 0
    write_to(daemon, field, 2)
    while (ack := json.loads(field.recv(65536)))["Timestamp da mensagem original"] != 2:
        pass
    assert ack["ACK"] is True
    assert [message["text"] for message in daemon.inbox()] == [text_of(1), text_of(2)]


def test_of_one_request_either_all_are_accepted_or_none(disk: SmallDisk) -> None:
    ask = {"peer": "127.0.0.1:5999", "texts": [text_of(n) for n in range(1000)]}
    disk.fill()
    with disk.daemon.control() as client:
        assert client.failure("send_many", ask).code == "disk_full"
        assert client.call("list", {"box": "sent"})["messages"] == []
        disk.make_room()
        deadline = Deadline(20, "the daemon to notice the room")
        while (failure := refusal(client, ask)) is not None:
            assert failure.code == "disk_full"
            deadline.check()
        assert len(client.call("list", {"box": "sent", "limit": 500})["messages"]) == 500


def refusal(client: Control, ask: dict[str, object]) -> ControlFailure | None:
    try:
        client.call("send_many", ask)
    except ControlFailure as failure:
        return failure
    return None


def test_all_that_was_confirmed_before_is_there_afterwards(
    disk: SmallDisk, field: socket.socket
) -> None:
    disk.fill()
    kept = 1
    while confirms(disk.daemon, field, kept):
        kept += 1
        assert kept < 5000, "the disk was never full"
    assert len(disk.daemon.inbox()) == kept - 1
    disk.make_room()
    deadline = Deadline(20, "the daemon to notice the room")
    while not confirms(disk.daemon, field, kept):
        deadline.check()
    assert all(confirms(disk.daemon, field, number) for number in range(kept + 1, kept + 51))
    assert len(disk.daemon.inbox()) == kept + 50


def fill_until_silent(disk: SmallDisk, field: socket.socket, number: int) -> int:
    """Fills the disk and what is left inside the files; the first message not confirmed."""
    disk.fill()
    while confirms(disk.daemon, field, number):
        number += 1
    return number


def refuses_to_send(daemon: Daemon) -> bool:
    with daemon.control() as client:
        try:
            client.call("send", {"peer": "127.0.0.1:9", "text": "z" * 4000})
        except ControlFailure as failure:
            assert failure.code == "disk_full" and failure.exit == 74 and failure.hint
            return True
        return False


def read_and_delete(daemon: Daemon, stored: int) -> int:
    """What a full disk leaves possible; the number of the message that is deleted."""
    with daemon.control() as client:
        page = client.call("list", {"limit": 500})["messages"]
        assert len(page) == min(stored, 500)
        assert client.call("delete", {"ids": [page[0]["id"]]})["count"] == 1
        return int(page[0]["text"].split()[0])


def test_filled_again_and_again_it_keeps_its_word(disk: SmallDisk, field: socket.socket) -> None:
    daemon = disk.daemon
    deleted: set[int] = set()
    number = 1 + CYCLES  # so many messages, that one can be deleted each time
    assert all(confirms(daemon, field, first) for first in range(1, number))
    for cycle in range(CYCLES):
        number = fill_until_silent(disk, field, number)
        # That takes a second: a client is told at the next attempt to store.
        while cycle % 5 == 0 and not refuses_to_send(daemon):
            number = fill_until_silent(disk, field, number)
        deleted.add(read_and_delete(daemon, number - 1 - len(deleted)))
        disk.make_room()
        deadline = Deadline(20, "the daemon to notice the room")
        while not confirms(daemon, field, number):
            deadline.check()
        number += 1
    kept = collections.Counter(int(message["text"].split()[0]) for message in daemon.inbox())
    assert set(kept.values()) == {1}
    assert set(kept) == set(range(1, number)) - deleted
    assert len(deleted) == CYCLES

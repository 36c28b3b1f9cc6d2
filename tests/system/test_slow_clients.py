"""Control clients that are stopped, slow or too many: others are served as before, memory stays in
bounds, and when descriptors run out the daemon goes on and recovers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

import programs
from control import TIME_FACTOR, Control, Deadline, wait_readable
from harness import Daemon, Hosts
from programs import clean_environment

GROWTH_KIB_MAX = 48 * 1024
SERVED_SECONDS_MAX = 2


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        yield peer


def confirmed(daemon: Daemon, peer: socket.socket, numbers: range, size: int = 10) -> None:
    """Writes these messages until each is confirmed."""
    left = set(numbers)
    deadline = Deadline(60, "the ACKs")
    while left:
        deadline.check()
        for number in list(left)[:100]:
            peer.sendto(json.dumps({
                "Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 1,
                "Porta_destino": 2, "Timestamp da mensagem": number,
                "Mensagem": "x" * size}).encode(), daemon.endpoint)
        while left and wait_readable(peer, Deadline(0.3)):
            left.discard(json.loads(peer.recv(65536))["Timestamp da mensagem original"])


def check_served(daemon: Daemon) -> None:
    begun = time.monotonic()
    with daemon.control() as client:
        client.call("list", {"limit": 10})
        client.call("send", {"peer": "127.0.0.1:9", "text": "served"})
    assert time.monotonic() - begun < SERVED_SECONDS_MAX * TIME_FACTOR


def watcher(daemon: Daemon) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [programs.P2PCTL, "--socket", str(daemon.socket), "--json", "watch", "--since", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environment(daemon.folder))
    assert process.stdout and process.stdout.readline()  # it is subscribed
    return process


def test_stopped_watchers_make_nobody_wait(hosts: Hosts, peer: socket.socket) -> None:
    daemon = hosts.start("daemon", "--set", "write_timeout=1h")
    confirmed(daemon, peer, range(1))
    watchers = [watcher(daemon) for _ in range(8)]
    try:
        for process in watchers:
            process.send_signal(signal.SIGSTOP)
        before = daemon.memory_kib()
        confirmed(daemon, peer, range(1, 1501), size=10_000)  # 15 MB for each of them
        check_served(daemon)
        assert daemon.memory_kib() - before < GROWTH_KIB_MAX or TIME_FACTOR > 1
        late = watchers[0]
        late.send_signal(signal.SIGCONT)
        assert late.stdout
        ids = {json.loads(late.stdout.readline())["id"] for _ in range(1500)}
        assert len(ids) == 1500  # it lagged, and lost nothing
    finally:
        for process in watchers:
            process.kill()
            process.communicate()


def test_slow_and_idle_clients_make_nobody_wait(hosts: Hosts, peer: socket.socket) -> None:
    daemon = hosts.start("daemon", "--set", "line_timeout=1h", "--set", "write_timeout=1h")
    confirmed(daemon, peer, range(1000), size=10_000)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(daemon.control()) for _ in range(60)]
        deaf, half, slow = clients[:10], clients[10:20], clients[20:30]  # the rest is idle
        before = daemon.memory_kib()
        for client in deaf:
            with contextlib.suppress(BlockingIOError):
                for i in range(10_000):  # as many as go: it reads on only while it can write
                    line = Control.request(i, "list", {"limit": 500}) + "\n"
                    client.socket.send(line.encode(), socket.MSG_DONTWAIT)
        for client in half:
            client.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"status","params":{"x":"')
            with contextlib.suppress(BlockingIOError):
                client.socket.send(b"y" * 500_000, socket.MSG_DONTWAIT)
        line = (Control.request(1, "status") + "\n").encode()
        for i in range(len(line)):  # a byte at a time, all of them in turn with others
            for client in slow:
                client.socket.send(line[i : i + 1])
            if i % 10 == 0:
                check_served(daemon)
        for client in slow:
            assert client.read_object(Deadline(20))["result"]["pid"] == daemon.pid
        assert daemon.memory_kib() - before < GROWTH_KIB_MAX or TIME_FACTOR > 1
        confirmed(daemon, peer, range(1000, 1010))


def descriptors(daemon: Daemon) -> int:
    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


def test_when_descriptors_run_out_it_goes_on_and_recovers(
    hosts: Hosts, peer: socket.socket
) -> None:
    daemon = hosts.daemon("daemon", "--set", "clients_max=1000")
    daemon.prefix = ["prlimit", "--nofile=64:64"]
    daemon.start()
    with daemon.control() as early:
        clients = [daemon.control() for _ in range(100)]  # more than can be accepted
        try:
            deadline = Deadline(20, "the descriptors to run out")
            while descriptors(daemon) < 64:
                deadline.check()
            confirmed(daemon, peer, range(500), size=1000)
            early.call("list", {"limit": 10})
            early.call("search", {"words": "xxx"})
            unknown = [early.call("send", {"peer": f"127.0.0.{i}:9", "text": "x"})["id"]
                       for i in range(2, 20)]
            assert early.call("cancel", {"ids": unknown})
            assert cpu_seconds_of(daemon, 1.0) < 0.5, "it spins"
        finally:
            for client in clients:
                client.close()
        deadline = Deadline(20, "its descriptors to come free")
        while descriptors(daemon) > 40:
            deadline.check()
    check_served(daemon)
    confirmed(daemon, peer, range(500, 510))
    daemon.restart()
    assert len(daemon.inbox()) == 510


def cpu_seconds_of(daemon: Daemon, seconds: float) -> float:
    """What it computes while nothing is asked of it for a time."""

    def spent() -> int:
        stat = open(f"/proc/{daemon.pid}/stat").read().rpartition(")")[2].split()
        return int(stat[11]) + int(stat[12])

    before = spent()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert not wait_readable(nobody, Deadline(seconds / TIME_FACTOR))
    return (spent() - before) / 100

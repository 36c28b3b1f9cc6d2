"""How long peers wait for a daemon that was killed: from its start to its first ACK, with 100,000
messages in the store. Printed as measured; asserted with room for a machine that is busy."""

from __future__ import annotations

import json
import os
import socket
import statistics
import time

from control import TIME_FACTOR, Deadline, wait_readable
from harness import Daemon, Hosts

STORED = int(int(os.environ.get("P2P_STORED") or 100_000) / TIME_FACTOR)
BURST = 150  # their ACKs fit the socket's buffer
RESTARTS = 5
GOAL_SECONDS = 0.15  # of an idle machine
BUSY = 10  # times slower, others building and testing beside it


def packet(number: int) -> bytes:
    return json.dumps({
        "Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 1, "Porta_destino": 2,
        "Timestamp da mensagem": number, "Mensagem": f"message {number}"}).encode()


def fill(daemon: Daemon, peer: socket.socket) -> None:
    """Stores STORED messages, a burst at a time; what is lost is sent again."""
    deadline = Deadline(120, f"{STORED} messages to be stored")
    for first in range(1, STORED + 1, BURST):
        unconfirmed = set(range(first, min(first + BURST, STORED + 1)))
        while unconfirmed:
            deadline.check()
            for number in unconfirmed:
                peer.sendto(packet(number), daemon.endpoint)
            while unconfirmed and wait_readable(peer, Deadline(0.5)):
                ack = json.loads(peer.recv(65536))
                unconfirmed.discard(ack["Timestamp da mensagem original"])


def seconds_to_first_ack(daemon: Daemon, peer: socket.socket, number: int) -> float:
    daemon.kill()
    begun = time.monotonic()
    daemon.launch()
    deadline = Deadline(60, "the first ACK")
    peer.settimeout(0.002)
    while True:
        deadline.check()
        try:
            peer.sendto(packet(number), daemon.endpoint)
            if json.loads(peer.recv(65536))["Timestamp da mensagem original"] == number:
                break
        except (TimeoutError, ConnectionRefusedError):
            pass
    peer.settimeout(None)
    seconds = time.monotonic() - begun
    daemon.wait_notified("READY=1")
    return seconds


def test_a_killed_daemon_confirms_again_soon(hosts: Hosts) -> None:
    daemon = hosts.start("daemon", "--set=stranger_messages_max=1000000")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        fill(daemon, peer)
        times = [seconds_to_first_ack(daemon, peer, STORED + 1 + i) for i in range(RESTARTS)]
    median = statistics.median(times)
    print(f"restart to first ACK: {median * 1000:.0f} ms at {STORED} messages, median of "
          f"{RESTARTS}, worst {max(times) * 1000:.0f} ms, goal {GOAL_SECONDS * 1000:.0f} ms")
    assert median < GOAL_SECONDS * BUSY * TIME_FACTOR

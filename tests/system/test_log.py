"""The log under fire: what peers and clients can cause at will fills no disk and forges no line."""

from __future__ import annotations

import json
import os
import random
import re
import socket
import time

from control import TIME_FACTOR, ConnectionEnded, Control, Deadline
from harness import Daemon, Hosts

DATAGRAMS = int(int(os.environ.get("P2P_DATAGRAMS") or 120_000) / TIME_FACTOR)
SECRET = "confidential"
LINE = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] \[(debug|info|warning|error)\] \S.*")
FORGED = "\n[2026-01-01 00:00:00.000] [error] forged\x1b[31m\r"


def hostile(dice: random.Random, number: int) -> bytes:
    good = {"Ip_origem": FORGED, "Ip_destino": "127.0.0.1", "Porta_origem": 5000,
            "Porta_destino": 5000, "Timestamp da mensagem": number, "Mensagem": SECRET + FORGED}
    data = json.dumps(good).encode()
    kind = dice.randrange(8)
    if kind == 0:  # an ACK of nothing
        return data.replace(b'"Mensagem"', b'"ACK":true,"Timestamp da mensagem original"')
    if kind == 1:
        return FORGED.encode() + SECRET.encode()
    if kind == 2:
        return dice.randbytes(60) + SECRET.encode()
    if kind == 3:
        return data.replace(b": 5000", b": 70000")
    place = dice.randrange(len(data))
    return data[:place] + dice.randbytes(1) + data[place + 1 :] if kind < 7 else data


def flood(daemon: Daemon, count: int) -> None:
    """From many ports, each a peer of its own; in step with the daemon, so that none is lost."""
    dice = random.Random(1)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(50)]
    before = daemon.counters()["datagrams_received"]
    with daemon.control() as client:
        for sent in range(0, count, 500):
            for number in range(sent, sent + 500):
                sockets[number % 50].sendto(hostile(dice, number), daemon.endpoint)
            client.call("hello")
    deadline = Deadline(60, "the daemon to read it all")
    while daemon.counters()["datagrams_received"] - before < count * 0.9:
        deadline.check()
    for each in sockets:
        each.close()


def trouble_clients(daemon: Daemon) -> None:
    """More than may connect, and lines that are none."""
    clients: list[Control] = []
    for _ in range(200):
        clients.append(daemon.control())
        try:
            clients[-1].send_line(SECRET + FORGED.replace("\n", "") + '{"method":1}')
            clients[-1].send_line('{"jsonrpc":"2.0","id":1,"method":"' + SECRET + '"}')
        except (OSError, ConnectionEnded):
            pass  # it was refused, and closed
    for client in clients:
        client.close()


def test_a_flood_makes_few_lines_each_whole_and_without_text(hosts: Hosts) -> None:
    begin = time.monotonic()
    daemon = hosts.start("daemon", "--set", "log_level=debug")
    daemon.send("127.0.0.1:9", SECRET)
    daemon.call("send", {"peer": "[::1]:9", "text": SECRET})  # cannot be sent from here
    flood(daemon, DATAGRAMS)
    trouble_clients(daemon)
    daemon.stop()
    lines = daemon.log_path.read_text(errors="strict").split("\n")
    assert lines.pop() == ""
    # Of what is stored ten lines a second, and one that counts the rest.
    seconds = int(time.monotonic() - begin) + 1
    assert 3 <= len(lines) <= 100 + 11 * seconds, len(lines)
    assert any("no socket of the address family" in line for line in lines)
    for line in lines:
        assert LINE.fullmatch(line), line
        assert SECRET not in line and "forged" not in line and line.isprintable(), line

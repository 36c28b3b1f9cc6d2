"""SIGTERM and SIGHUP at random moments under traffic: each end is clean and soon, nothing is lost
or doubled, and whatever was confirmed to a program of the field is there afterwards.

P2P_SEED=… replays the choices of a run, P2P_SIGNALS=5000 makes it a campaign.
"""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import socket
import threading
import time

from control import TIME_FACTOR
from flow import Flow, check_all_there_once, wait_all_delivered
from harness import Daemon, Hosts

SIGNALS = int(os.environ.get("P2P_SIGNALS") or (100 if TIME_FACTOR == 1 else 20))
MESSAGES = max(4_000, 40 * SIGNALS)
END_SECONDS_MAX = 2


class Field(threading.Thread):
    """A program that writes without pause, each text until it is confirmed."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self.daemon_of_p2p = daemon
        self.confirmed: set[str] = set()
        self.ended = threading.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)

    def run(self) -> None:
        number = 1
        while not self.ended.is_set():
            packet = {"Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 1,
                      "Porta_destino": 2, "Timestamp da mensagem": number,
                      "Mensagem": f"field {number}"}
            self.socket.sendto(json.dumps(packet).encode(), self.daemon_of_p2p.endpoint)
            try:
                ack = json.loads(self.socket.recv(65536))
            except (TimeoutError, ConnectionRefusedError):
                continue
            self.confirmed.add(f"field {ack['Timestamp da mensagem original']}")
            number += ack["Timestamp da mensagem original"] == number
        self.socket.close()


def stop_and_start(flow: Flow) -> None:
    flow.up.clear()
    flow.daemon.terminate()
    begun = time.monotonic()
    assert flow.daemon.wait_end() == 0
    assert time.monotonic() - begun < END_SECONDS_MAX * TIME_FACTOR
    flow.daemon.start()
    flow.up.set()


def reload(flow: Flow, dice: random.Random) -> None:
    daemon = flow.daemon
    bad = dice.random() < 0.2  # then the old configuration stays
    daemon.config.write_text("nonsense" if bad else f"expires = {dice.randint(1, 14)}d\n")
    daemon.process.send_signal(signal.SIGHUP)  # type: ignore[union-attr]


def test_signals_at_any_moment_lose_nothing(hosts: Hosts) -> None:
    seed = int(os.environ.get("P2P_SEED") or random.SystemRandom().randrange(10**9))
    print(f"P2P_SEED={seed} P2P_SIGNALS={SIGNALS}")
    dice = random.Random(seed)
    begun = time.monotonic()
    alice, bob = hosts.start("alice"), hosts.start("bob")
    progress = threading.Condition()
    count = MESSAGES // 2
    flows = (Flow(alice, bob.address, count, progress), Flow(bob, alice.address, count, progress))
    field = Field(alice)
    for thread in (field, flows[0].thread, flows[1].thread):
        thread.start()
    try:
        for _ in range(SIGNALS):
            threading.Event().wait(dice.uniform(0, 0.05))
            assert not any(flow.failure for flow in flows), [flow.failure for flow in flows]
            if dice.random() < 0.5:
                reload(dice.choice(flows), dice)
            else:
                for flow in flows:  # one that starts reads its configuration, which must be good
                    flow.daemon.config.write_text("")
                stop_and_start(dice.choice(flows))
        for flow in flows:
            flow.thread.join(120 + SIGNALS)
            assert not flow.thread.is_alive() and flow.failure is None, flow.failure
    finally:
        field.ended.set()
        field.join()
    for flow in flows:
        wait_all_delivered(flow, 120 + SIGNALS)
    kept = collections.Counter(message["text"] for message in alice.inbox()
                               if message["text"].startswith("field "))
    assert field.confirmed and field.confirmed <= set(kept) and set(kept.values()) == {1}
    check_all_there_once(flows[0], bob)
    check_all_there_once(flows[1], alice, others="field ")
    print(f"signals: {SIGNALS} signals, {2 * count + len(kept)} messages, "
          f"{time.monotonic() - begun:.0f} s, seed {seed}: 0 lost, 0 twice")

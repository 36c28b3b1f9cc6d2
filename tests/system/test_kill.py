"""kill -9 of either side at random moments while 10,000 messages flow both ways: nothing that was
accepted is lost, nothing is stored twice.

P2P_SEED=… replays the choices of a run, P2P_KILLS=10000 makes it a campaign.
"""

from __future__ import annotations

import os
import random
import threading
import time

from control import TIME_FACTOR
from flow import Flow, check_all_there_once, wait_all_delivered
from harness import Hosts

KILLS = int(os.environ.get("P2P_KILLS") or (200 if TIME_FACTOR == 1 else 20))
MESSAGES = max(10_000, 50 * KILLS)


def kill_and_start(flow: Flow) -> None:
    flow.up.clear()
    flow.daemon.kill()
    flow.daemon.start()
    flow.up.set()


def test_nothing_is_lost_and_nothing_twice(hosts: Hosts) -> None:
    seed = int(os.environ.get("P2P_SEED") or random.SystemRandom().randrange(10**9))
    print(f"P2P_SEED={seed} P2P_KILLS={KILLS}")
    dice = random.Random(seed)
    begun = time.monotonic()
    count = MESSAGES // 2
    alice, bob = hosts.start("alice"), hosts.start("bob")
    progress = threading.Condition()
    flows = (Flow(alice, bob.address, count, progress), Flow(bob, alice.address, count, progress))
    for flow in flows:
        flow.thread.start()

    def accepted() -> int:
        return sum(len(flow.accepted) for flow in flows)

    # Two thirds of the kills while messages are accepted, the rest while they are delivered.
    moments = sorted(dice.randrange(2 * count) for _ in range(KILLS * 2 // 3))
    for moment in moments:
        with progress:
            progress.wait_for(lambda: accepted() >= moment or any(f.failure for f in flows), 60)
        assert not any(flow.failure for flow in flows), [flow.failure for flow in flows]
        kill_and_start(dice.choice(flows))
    for _ in range(KILLS - len(moments)):
        threading.Event().wait(dice.uniform(0, 0.1))
        kill_and_start(dice.choice(flows))
    for flow in flows:
        flow.thread.join(120 + KILLS)
        assert not flow.thread.is_alive() and flow.failure is None, flow.failure
    for flow in flows:
        wait_all_delivered(flow, 120 + KILLS)
    check_all_there_once(flows[0], bob)
    check_all_there_once(flows[1], alice)
    print(f"kill -9: {KILLS} kills, {2 * count} messages, {time.monotonic() - begun:.0f} s, "
          f"seed {seed}: 0 lost, 0 twice")

"""A daemon that starts before the network has its address, as a service does before DHCP: it comes
up, says what it waits for, and serves as soon as an interface has the address."""

from __future__ import annotations

import subprocess

import pytest

from control import ControlFailure
from harness import Daemon, Hosts

NAMESPACE = ["unshare", "--net", "--map-root-user",
             "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def can_make_a_network() -> bool:
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_make_a_network(),
                                reason="may not make a network namespace here")


def inside(daemon: Daemon) -> list[str]:
    return ["nsenter", f"--target={daemon.pid}", "--user", "--net", "--preserve-credentials"]


def ip(daemon: Daemon, *arguments: str) -> None:
    subprocess.run([*inside(daemon), "ip", *arguments], check=True, capture_output=True)


def try_again(daemon: Daemon, number: int) -> None:
    """At once, unless it has just arrived by itself."""
    try:
        daemon.call("retry", {"ids": [number]})
    except ControlFailure as failure:
        assert failure.code == "wrong_state" and "delivered already" in failure.message, failure


@pytest.mark.parametrize(("address", "option"), [("10.77.0.1", []), ("fd77::1", ["nodad"])])
def test_an_address_that_comes_later_is_served(
    hosts: Hosts, address: str, option: list[str]
) -> None:
    listen = f"[{address}]:5000" if ":" in address else f"{address}:5000"
    alice = hosts.daemon("alice", listen=(listen,))
    alice.prefix = NAMESPACE
    alice.start()
    assert f"[warning] no interface has the address of {listen} yet" in alice.log()
    assert alice.status()["listening"] == [listen]
    bob = hosts.daemon("bob", listen=("[::]:6000", "0.0.0.0:6000"))
    bob.prefix = inside(alice)
    bob.start()
    early = [bob.send(listen, "too early"), alice.send("127.0.0.1:6000", "from nowhere")]
    ip(alice, "address", "add", address, *option, "dev", "lo")
    late = bob.send(listen, "now")
    try_again(bob, early[0])
    assert bob.wait_state([early[0], late]) == ["delivered"] * 2
    assert sorted(message["text"] for message in alice.inbox()) == ["now", "too early"]
    if ":" not in address:
        try_again(alice, early[1])
        assert alice.wait_state([early[1]]) == ["delivered"]


def test_an_address_that_is_there_is_not_waited_for(hosts: Hosts) -> None:
    assert "no interface" not in hosts.start("daemon").log()

"""What the system bus and the journal of a booted host have of p2pd, and who may see it."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import await_delivered, inbox
from testbed import ENVIRONMENT, Host, Testbed

SECRET = "confidential"
TO_FIRST = "10.77.0.1:5000"
TO_SECOND = "10.77.0.2:5000"
OBJECT = ("org.p2pd1", "/org/p2pd1")
INTERFACE = "org.p2pd1.Manager"
MEMBER, STRANGER = "member", "nobody"


@pytest.fixture(scope="module")
def hosts(testbed: Testbed, package: Path) -> list[Host]:
    for host in testbed.hosts:
        host.install(package)
    testbed.hosts[0].run("useradd", "--groups", "p2pd", MEMBER)
    return testbed.hosts


def as_user(name: str, *command: str) -> tuple[str, ...]:
    return ("runuser", "-u", name, "--", *command)


def call(*arguments: str) -> tuple[str, ...]:
    return ("busctl", "call", *OBJECT, INTERFACE, *arguments)


def number(answer: str) -> int:
    kind, value = answer.split()
    assert kind == "t"
    return int(value)


class Listener:
    """`dbus-monitor` of a user: it asks for everything, and is given what its rights allow."""

    def __init__(self, host: Host, user: str) -> None:
        self.process = subprocess.Popen(
            host.command(*as_user(
                user, "sh", "-c", "dbus-monitor --system & read _; kill $!; wait")),
            env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.seen = ""
        self.wait("NameAcquired")

    def wait(self, text: str) -> None:
        assert self.process.stdout
        while text not in self.seen:
            assert select.select([self.process.stdout], [], [], 20)[0], (text, self.seen)
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            assert data, self.seen
            self.seen += data.decode()

    def close(self) -> None:
        self.process.communicate(timeout=20)  # the end of its input ends it


@pytest.fixture
def stranger(hosts: list[Host]) -> Iterator[Listener]:
    listener = Listener(hosts[0], STRANGER)
    try:
        yield listener
    finally:
        listener.close()


@pytest.mark.parametrize("user", ["root", MEMBER])
def test_root_and_the_group_may_call(hosts: list[Host], user: str) -> None:
    first, second = hosts
    described = first.run(*as_user(user, "busctl", "introspect", *OBJECT, INTERFACE))
    for member in ".Send", ".ListMessages", ".MessageReceived", ".Queued":
        assert member in described.split()
    sent = first.run(*as_user(user, *call("Send", "ssa{sv}", TO_SECOND, f"by {user}", "0")))
    await_delivered(first)
    assert inbox(second)[-1]["text"] == f"by {user}"
    got = first.run(*as_user(user, *call("GetMessage", "t", str(number(sent)))))
    assert '"state" s "delivered"' in got


def test_another_user_may_call_nothing(hosts: list[Host]) -> None:
    first = hosts[0]
    before = first.run("p2pctl", "--json", "sent")
    for arguments in (("Send", "ssa{sv}", TO_SECOND, "x", "0"), ("ListMessages", "a{sv}", "0"),
                      ("Subscribe",), ("Reload",)):
        assert "denied" in first.failure(*as_user(STRANGER, *call(*arguments)))
    asked = ("busctl", "get-property", *OBJECT, INTERFACE, "Unread")
    assert "denied" in first.failure(*as_user(STRANGER, *asked))
    assert "denied" in first.failure(*as_user(STRANGER, "busctl", "monitor", "org.p2pd1"))
    assert first.run("p2pctl", "--json", "sent") == before


def test_another_user_hears_ids_and_never_a_text(hosts: list[Host], stranger: Listener) -> None:
    first, second = hosts
    first.run(*call("Send", "ssa{sv}", TO_SECOND, SECRET, "0"))
    stranger.wait('string "delivered"')
    second.run("p2pctl", "send", TO_FIRST, SECRET)
    received = inbox(first)[-1]
    assert received["text"] == SECRET
    first.run(*call("GetMessage", "t", str(received["id"])))
    stranger.wait(f"member=MessageReceived\n   uint64 {received['id']}\n")
    assert SECRET not in stranger.seen


def test_a_call_starts_the_service_and_one_that_is_denied_does_not(hosts: list[Host]) -> None:
    first = hosts[0]
    first.run("systemctl", "stop", "p2pd")
    assert "denied" in first.failure(*as_user(STRANGER, *call("ListPeers")))
    assert first.exit_code("systemctl", "is-active", "--quiet", "p2pd") != 0
    listed = first.run(*as_user(MEMBER, *call("ListMessages", "a{sv}", "2", "limit", "u", "1",
                                              "box", "s", "sent")))
    assert f'"text" s "{SECRET}"' in listed
    assert first.run("systemctl", "is-active", "p2pd") == "active\n"


def test_a_call_starts_nothing_that_the_administrator_has_disabled(hosts: list[Host]) -> None:
    first = hosts[0]
    first.run("systemctl", "disable", "--now", "p2pd")
    assert "dbus-org.p2pd1.service not found" in first.failure(*call("ListPeers"))
    assert first.exit_code("systemctl", "is-active", "--quiet", "p2pd") != 0
    first.run("systemctl", "enable", "--now", "p2pd")


def test_the_journal_finds_a_peers_history_and_explains_it(hosts: list[Host]) -> None:
    first, second = hosts
    first.run("p2pctl", "peer", "add", "other", "10.77.0.77")
    first.run("p2pctl", "send", "--no-wait", "other", SECRET)
    first.run("p2pctl", "peer", "add", "second", TO_SECOND)
    first.run("p2pctl", "send", "second", SECRET)
    second.run("p2pctl", "send", TO_FIRST, SECRET)
    sent, received = (json.loads(first.run("p2pctl", "--json", box, "-n", "1"))["id"]
                      for box in ("sent", "inbox"))
    history = first.run("journalctl", "-b", "-u", "p2pd", "-o", "cat", f"P2P_PEER={TO_SECOND}")
    assert history.splitlines()[-3:] == [
        f"{TO_SECOND} is named second", f"message {sent} to {TO_SECOND} is delivered",
        f"message {received} from {TO_SECOND} is stored"]
    assert all(TO_SECOND in line for line in history.splitlines())
    explained = first.run("journalctl", "-b", "-u", "p2pd", "-x", f"P2P_PEER={TO_SECOND}")
    for line in ("Subject: A peer was named", "Subject: A message was delivered",
                 "Its peer has confirmed it", "Subject: A message was received"):
        assert line in explained
    assert "@" not in explained


def test_the_journal_has_no_text(hosts: list[Host]) -> None:
    """Of all that was sent before: nothing in any field of any entry."""
    for host in hosts:
        assert any(message["text"] == SECRET for message in inbox(host))
        exported = host.run("journalctl", "-b", "-o", "export")
        assert "P2P_MESSAGE=" in exported
        assert SECRET not in exported


def test_the_status_says_what_systemd_knows_of_the_service(hosts: list[Host]) -> None:
    first = hosts[0]

    def shown(restarts: str) -> bool:
        entered = first.run("systemctl", "show", "--value", "--property", "ActiveEnterTimestamp",
                            "p2pd").strip()
        since = first.run("date", "--utc", "--date", entered, "+%F %T").strip()
        status = first.run("p2pctl", "--utc", "status")
        return f"p2pd.service, active since {since}" in status and f" {restarts}\n" in status

    first.run("systemctl", "restart", "p2pd")
    assert shown("0 restarts")
    first.run("systemctl", "kill", "--signal=KILL", "p2pd")
    first.run("timeout", "20", "sh", "-c", "until systemctl show p2pd | grep -qx NRestarts=1 && "
              "p2pctl status; do sleep 0.1; done")
    assert shown("1 restart")

"""`p2pctl watch --notify` on a session bus of the test's own, with a stand-in for the desktop."""

from __future__ import annotations

import queue
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jeepney
import pytest

from bus import Bus
from bus_service import BusService
from control import TIME_FACTOR
from harness import Daemon, Hosts
from programs import P2PCTL, Finished, clean_environment, run_ctl

DESKTOP = "org.freedesktop.Notifications"
ALLOW = (f'<policy context="default"><allow own="{DESKTOP}"/>'
         f'<allow send_destination="{DESKTOP}"/></policy></busconfig>')
SECONDS = 20 * TIME_FACTOR


class Desktop(BusService):
    """Owns the name of the notification service, and keeps what it is told to show; while it is
    broken, it answers with an error."""

    def __init__(self, bus: Bus, *capabilities: str) -> None:
        super().__init__(bus, DESKTOP)
        self.capabilities = list(capabilities)
        self.broken = False
        self.shown: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.begin()

    def answer(self, message: jeepney.Message, member: str) -> jeepney.Message:
        if member == "GetCapabilities":
            return jeepney.new_method_return(message, "as", (self.capabilities,))
        assert member == "Notify"
        assert message.header.fields[jeepney.HeaderFields.signature] == "susssasa{sv}i"
        self.shown.put(message.body)
        if self.broken:
            return jeepney.new_error(message, DESKTOP + ".Error.Failed")
        return jeepney.new_method_return(message, "u", (1,))

    def next(self) -> tuple[str, str]:
        """The summary and the body of the next notification."""
        _, _, _, summary, body, *_ = self.shown.get(timeout=SECONDS)
        return summary, body


class Watch:
    """`p2pctl watch --notify` that runs beside the test."""

    def __init__(self, daemon: Daemon, bus: Bus, *options: str) -> None:
        self.process = subprocess.Popen(
            [P2PCTL, "--socket", str(daemon.socket), "watch", "--notify", "--since", "0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=clean_environment(daemon.folder) | {"DBUS_SESSION_BUS_ADDRESS": bus.address})

    def remark(self) -> str:
        assert self.process.stderr
        return self.process.stderr.readline()

    def end(self) -> Finished:
        out, err = self.process.communicate(timeout=SECONDS)
        return Finished(self.process.returncode, out, err)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def bus() -> Iterator[Bus]:
    bus = Bus()
    config = bus.folder / "bus.conf"
    config.write_text(config.read_text().replace("</busconfig>", ALLOW))
    bus.start()
    try:
        yield bus
    finally:
        bus.close()


@pytest.fixture
def alice(hosts: Hosts) -> Daemon:
    return hosts.start("alice")


@pytest.fixture
def bob(hosts: Hosts, alice: Daemon) -> Daemon:
    bob = hosts.start("bob")
    assert bob.ctl("peer", "add", "alice", alice.address).exit == 0
    return bob


def send(alice: Daemon, bob: Daemon, text: str) -> None:
    assert alice.ctl("send", bob.address, text).exit == 0


def refused(daemon: Daemon, address: str) -> dict[str, Any]:
    done = run_ctl(daemon.folder, "--json", "--socket", str(daemon.socket), "watch", "--notify",
                   environment={"DBUS_SESSION_BUS_ADDRESS": address})
    assert (done.exit, done.out) == (74, "")
    return done.error()


def test_a_message_is_shown_with_its_sender_and_not_printed(alice: Daemon, bob: Daemon,
                                                            bus: Bus) -> None:
    desktop = Desktop(bus, "body", "body-markup")
    try:
        send(alice, bob, "<b>tea</b> & \x1b[31mcake")
        done = Watch(bob, bus, "--count", "1").end()
        assert (done.exit, done.out, done.err) == (0, "", "")
        assert desktop.next() == ("alice", "&lt;b&gt;tea&lt;/b&gt; &amp; \\x1b[31mcake")
    finally:
        desktop.close()


def test_where_the_desktop_reads_no_markup_nothing_is_escaped(alice: Daemon, bob: Daemon,
                                                              bus: Bus) -> None:
    desktop = Desktop(bus, "body")
    try:
        send(alice, bob, "1 < 2 & 3")
        assert Watch(bob, bus, "--count", "1").end().exit == 0
        assert desktop.next() == ("alice", "1 < 2 & 3")
    finally:
        desktop.close()


def test_a_named_reader_shows_each_message_once(alice: Daemon, bob: Daemon, bus: Bus) -> None:
    desktop = Desktop(bus)
    try:
        send(alice, bob, "one")
        assert Watch(bob, bus, "--cursor", "notify", "--count", "1").end().exit == 0
        send(alice, bob, "two")
        done = run_ctl(bob.folder, "--socket", str(bob.socket), "watch", "--notify", "--cursor",
                       "notify", "--count", "1",
                       environment={"DBUS_SESSION_BUS_ADDRESS": bus.address})
        assert done.exit == 0
        assert [desktop.next()[1], desktop.next()[1]] == ["one", "two"]
        assert desktop.shown.empty()
    finally:
        desktop.close()


def test_without_a_bus_it_ends_at_once_and_says_why(alice: Daemon, tmp_path: Path) -> None:
    error = refused(alice, f"unix:path={tmp_path}/none")
    assert error["message"].startswith("no session bus") and "desktop session" in error["hint"]


def test_without_a_service_it_ends_at_once_and_says_why(alice: Daemon, bus: Bus) -> None:
    assert refused(alice, bus.address)["message"] == (
        "nobody on the session bus shows notifications")


def test_a_desktop_that_fails_is_told_once_and_tried_at_each_message(alice: Daemon, bob: Daemon,
                                                                     bus: Bus) -> None:
    desktop = Desktop(bus)
    watch = Watch(bob, bus)
    try:
        desktop.broken = True
        for text in ("missed", "missed too"):
            send(alice, bob, text)
            assert desktop.next()[1] == text
        assert watch.remark().startswith("#1 is not shown: ")
        desktop.broken = False
        send(alice, bob, "after")
        assert desktop.next()[1] == "after"
        assert watch.remark() == "messages are shown again; not shown: 2\n"
    finally:
        desktop.close()
        watch.close()


def test_a_bus_that_comes_back_is_found(alice: Daemon, bob: Daemon, bus: Bus) -> None:
    desktop = Desktop(bus)
    watch = Watch(bob, bus)
    try:
        send(alice, bob, "before")
        assert desktop.next()[1] == "before"
        desktop.close()
        bus.stop()
        send(alice, bob, "missed")
        assert "#2 is not shown: no session bus" in watch.remark()
        bus.start()
        desktop = Desktop(bus)
        send(alice, bob, "after")
        assert desktop.next()[1] == "after"
    finally:
        desktop.close()
        watch.close()


def test_a_program_and_the_desktop_cannot_both_take_messages(alice: Daemon, bus: Bus) -> None:
    done = alice.ctl("watch", "--notify", "--exec", "true")
    assert done.exit == 64 and "--exec" in done.err

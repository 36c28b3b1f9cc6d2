"""`p2pctl status` says what systemd knows of the daemon's unit, where there is a systemd to ask."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import jeepney
import pytest

from bus import Bus
from bus_service import BusService
from control import TIME_FACTOR
from harness import Daemon, Hosts
from programs import P2PCTL, run_ctl

MANAGER = "org.freedesktop.systemd1"
UNIT_PATH = "/org/freedesktop/systemd1/unit/some"
SINCE_US = 1_700_000_000_123_456
ALLOW = (f'<policy context="default"><allow own="{MANAGER}"/>'
         f'<allow send_destination="{MANAGER}"/></policy></busconfig>')


class Systemd(BusService):
    """In the place of systemd on a bus: knows one process, which belongs to `unit`."""

    def __init__(self, bus: Bus, pid: int, unit: str) -> None:
        super().__init__(bus, MANAGER)
        self.pid = pid
        self.properties = {"Id": ("s", unit), "ActiveState": ("s", "active"),
                           "ActiveEnterTimestamp": ("t", SINCE_US), "NRestarts": ("u", 3),
                           "ExecMainStatus": ("i", 0)}
        self.asked: list[str] = []
        self.begin()

    def answer(self, message: jeepney.Message, member: str) -> jeepney.Message:
        self.asked.append(member)
        if member == "GetUnitByPID" and message.body == (self.pid,):
            return jeepney.new_method_return(message, "o", (UNIT_PATH,))
        if member == "GetUnit" and message.body == (self.properties["Id"][1],):
            return jeepney.new_method_return(message, "o", (UNIT_PATH,))
        if member == "Get" and message.body[1] in self.properties:
            return jeepney.new_method_return(message, "v", (self.properties[message.body[1]],))
        return jeepney.new_error(message, MANAGER + ".NoSuchUnit")


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


def status(daemon: Daemon, bus: Bus, *options: str, user: bool = False) -> str:
    variable = "DBUS_SESSION_BUS_ADDRESS" if user else "DBUS_SYSTEM_BUS_ADDRESS"
    done = run_ctl(daemon.folder, "--socket", str(daemon.socket), "--utc", *options, "status",
                   environment={variable: bus.address})
    assert (done.exit, done.err) == (0, "")
    return done.out


@pytest.mark.parametrize("user", [False, True])
def test_the_state_of_the_unit_is_shown(alice: Daemon, bus: Bus, user: bool) -> None:
    systemd = Systemd(bus, alice.pid, "p2pd.service")
    try:
        shown = status(alice, bus, user=user)
        as_json = status(alice, bus, "--json", user=user)
    finally:
        systemd.close()
    assert "p2pd.service, active since 2023-11-14 22:13:20" in shown and "3 restarts" in shown
    assert ('"service":{"unit":"p2pd.service","state":"active",'
            '"since":"2023-11-14T22:13:20.123456Z","restarts":3}') in as_json


@pytest.mark.parametrize("unit", ["user@1000.service", "session-1.scope"])
def test_of_what_is_no_service_nothing_is_said(alice: Daemon, bus: Bus, unit: str) -> None:
    systemd = Systemd(bus, alice.pid, unit)
    try:
        shown = status(alice, bus)
    finally:
        systemd.close()
    assert unit not in shown and "service" not in shown
    assert "GetUnitByPID" in systemd.asked


def test_a_process_that_systemd_does_not_know_is_no_service(alice: Daemon, bus: Bus) -> None:
    systemd = Systemd(bus, alice.pid + 1, "p2pd.service")
    try:
        assert "service" not in status(alice, bus)
    finally:
        systemd.close()


def test_what_systemd_does_not_say_is_not_made_up(alice: Daemon, bus: Bus) -> None:
    systemd = Systemd(bus, alice.pid, "p2pd.service")
    for missing in "NRestarts", "ActiveState":
        del systemd.properties[missing]
        shown = status(alice, bus)
        assert "service" not in shown, missing
    systemd.close()


def doctor(hosts: Hosts, bus: Bus) -> str:
    """Of a daemon that is down: the line about it."""
    down = hosts.daemon("down")
    environment = {f"DBUS_{kind}_BUS_ADDRESS": bus.address for kind in ("SYSTEM", "SESSION")}
    done = run_ctl(down.folder, "--socket", str(down.socket), "doctor", environment=environment)
    assert done.exit == 1
    return done.out.splitlines()[0]


def test_the_doctor_says_how_the_service_ended(hosts: Hosts, bus: Bus) -> None:
    systemd = Systemd(bus, 1, "p2pd.service")
    systemd.properties["ActiveState"] = ("s", "failed")
    systemd.properties["ExecMainStatus"] = ("i", 78)
    try:
        assert doctor(hosts, bus).endswith("; p2pd.service is failed, it ended with 78")
    finally:
        systemd.close()


def test_of_a_unit_that_is_not_loaded_the_doctor_says_nothing(hosts: Hosts, bus: Bus) -> None:
    systemd = Systemd(bus, 1, "another.service")
    try:
        assert doctor(hosts, bus).endswith("does not exist")
    finally:
        systemd.close()


def test_without_systemd_or_a_bus_nothing_is_said(alice: Daemon, bus: Bus) -> None:
    assert "service" not in status(alice, bus)
    bus.stop()
    assert "service" not in status(alice, bus)


@pytest.mark.skipif(TIME_FACTOR != 1, reason="a sanitizer's build is linked in another way")
def test_no_command_is_linked_with_libsystemd(hosts: Hosts) -> None:
    """It would cost every `p2pctl send` of a script its start."""
    linked = subprocess.run(["ldd", P2PCTL], capture_output=True, text=True, check=True).stdout
    assert "libc.so" in linked and "systemd" not in linked

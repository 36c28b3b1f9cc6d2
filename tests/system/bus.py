"""A message bus of the test's own, with the system bus's policy and the one that p2pd ships, and
clients of it."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import jeepney
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from control import TIME_FACTOR, Deadline

SHIPPED = Path(__file__).resolve().parents[2] / "systemd"
NAME = "org.p2pd1"
PATH = "/org/p2pd1"
INTERFACE = "org.p2pd1.Manager"
MANAGER = jeepney.DBusAddress(PATH, NAME, INTERFACE)
PROPERTIES = jeepney.DBusAddress(PATH, NAME, "org.freedesktop.DBus.Properties")
THE_BUS = jeepney.DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus",
                              "org.freedesktop.DBus")
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

# What Debian's /usr/share/dbus-1/system.conf says.
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <auth>EXTERNAL</auth>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Monitoring"/>
  </policy>
  <include>{policy}</include>
</busconfig>
"""


class BusError(Exception):
    """A call ended in an error: its name and text."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class Bus:
    """One dbus-daemon; it keeps its address when it is started again."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="p2p-bus-", dir="/tmp"))
        self.folder.chmod(0o755)  # for the clients of another user
        self.address = f"unix:path={self.folder}/bus"
        self.process: subprocess.Popen[bytes] | None = None
        (self.folder / "bus.conf").write_text(
            CONFIG.format(socket=self.folder / "bus", policy=SHIPPED / "org.p2pd1.conf"))

    def start(self) -> Bus:
        self.process = subprocess.Popen(
            ["dbus-daemon", "--nofork", f"--config-file={self.folder}/bus.conf", "--print-address"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout
        assert self.process.stdout.readline(), "the bus did not start"
        return self

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()
        self.process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def environment(self) -> dict[str, str]:
        return {"DBUS_SYSTEM_BUS_ADDRESS": self.address}

    def busctl(self, *arguments: str,
               before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*before, "busctl", f"--address={self.address}", *arguments],
                              capture_output=True, text=True, timeout=20 * TIME_FACTOR, check=False)


class BusClient:
    """One connection to the bus."""

    def __init__(self, bus: Bus) -> None:
        self.connection: DBusConnection = open_dbus_connection(bus=bus.address)
        self.unique_name = self.connection.unique_name
        self.signals: list[jeepney.Message] = []

    def __enter__(self) -> BusClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def post(self, member: str, signature: str = "", *body: Any,
             to: jeepney.DBusAddress = MANAGER) -> int:
        serial = next(self.connection.outgoing_serial)
        message = jeepney.new_method_call(to, member, signature or None, body)
        self.connection.send(message, serial=serial)
        return serial

    def call(self, member: str, signature: str = "", *body: Any,
             to: jeepney.DBusAddress = MANAGER) -> Any:
        """The values of the reply: None, the only one, or all."""
        serial = self.post(member, signature, *body, to=to)
        deadline = Deadline(20, f"the reply to {member}")
        while True:
            message = self.connection.receive(timeout=deadline.left())
            fields = message.header.fields
            if message.header.message_type == jeepney.MessageType.signal:
                self.signals.append(message)
            elif fields.get(jeepney.HeaderFields.reply_serial) == serial:
                break
        if message.header.message_type == jeepney.MessageType.error:
            raise BusError(fields[jeepney.HeaderFields.error_name], " ".join(message.body))
        return message.body[0] if len(message.body) == 1 else message.body or None

    def error(self, member: str, signature: str = "", *body: Any) -> BusError:
        try:
            result = self.call(member, signature, *body)
        except BusError as error:
            return error
        raise AssertionError(f"{member} {body} should have failed, but gave {result}")

    def property(self, name: str) -> Any:
        return self.call("Get", "ss", INTERFACE, name, to=PROPERTIES)[1]

    def listen(self) -> None:
        """To all signals of the daemon."""
        self.call("AddMatch", "s", f"type='signal',path='{PATH}'",
                  to=THE_BUS)

    def signal(self, member: str, seconds: float = 20) -> tuple[Any, ...]:
        """The next signal of that name; others are passed over."""
        deadline = Deadline(seconds, f"the signal {member}")
        while True:
            while self.signals:
                message = self.signals.pop(0)
                if message.header.fields[jeepney.HeaderFields.member] == member:
                    return message.body
            deadline.check()
            message = self.connection.receive(timeout=deadline.left())
            if message.header.message_type == jeepney.MessageType.signal:
                self.signals.append(message)


def plain(dictionary: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    """`a{sv}` without the types."""
    return {name: value for name, (_, value) in dictionary.items()}


class Monitor:
    """`dbus-monitor` of a user without rights: what everybody can see."""

    def __init__(self, bus: Bus) -> None:
        self.process = subprocess.Popen(
            [*AS_NOBODY, "dbus-monitor", "--address", bus.address, "interface='" + INTERFACE + "'"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.seen = ""
        self.wait("NameAcquired")

    def wait(self, text: str) -> None:
        assert self.process.stdout
        deadline = Deadline(20, f"{text!r} in what can be seen")
        while text not in self.seen:
            deadline.check()
            if select.select([self.process.stdout], [], [], deadline.left())[0]:
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                assert data, self.seen
                self.seen += data.decode()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()

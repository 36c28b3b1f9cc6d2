"""The daemon on the message bus: the same rules as at the control socket, ids for everybody, texts
for subscribers alone, and a bus that may come and go."""

from __future__ import annotations

import os
import signal
import socket
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import jeepney
import pytest

from bus import (AS_NOBODY, INTERFACE, NAME, PATH, SHIPPED, THE_BUS, Bus, BusClient, BusError,
                 Monitor, plain)
from control import TIME_FACTOR, ControlFailure, Deadline
from harness import Daemon, Hosts

ON = "on the message bus as org.p2pd1"
OFF = "the message bus cannot be used"
NOBODY_LISTENS = "127.0.0.1:9"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def bus() -> Iterator[Bus]:
    bus = Bus()
    try:
        yield bus
    finally:
        bus.close()


def on_bus(hosts: Hosts, bus: Bus, name: str = "daemon", config: str = "") -> Daemon:
    daemon = hosts.daemon(name, "--set", "dbus=system", config=config)
    daemon.environment = bus.environment()
    return daemon


@pytest.fixture
def daemon(hosts: Hosts, bus: Bus) -> Daemon:
    bus.start()
    daemon = on_bus(hosts, bus).start()
    daemon.wait_log(ON)
    return daemon


@pytest.fixture
def client(daemon: Daemon, bus: Bus) -> Iterator[BusClient]:
    with BusClient(bus) as client:
        yield client


def receive(daemon: Daemon, alice: Daemon, text: str) -> int:
    """A message from another host; its id here."""
    before = len(daemon.inbox())
    alice.wait_state([alice.send(daemon.listen[0], text)])
    return daemon.wait_inbox(before + 1)[-1]["id"]


# What it offers.
def test_introspection_is_the_interface_that_is_shipped(client: BusClient) -> None:
    def described(xml: str) -> list[str]:
        interface = ElementTree.fromstring(xml).find(f"interface[@name='{INTERFACE}']")
        assert interface is not None
        return [f"{'.' * depth}{each.tag} {sorted(each.attrib.items())}"
                for depth, each in walk(interface)]

    def walk(element: ElementTree.Element,
             depth: int = 0) -> Iterator[tuple[int, ElementTree.Element]]:
        yield depth, element
        for each in element:
            yield from walk(each, depth + 1)

    introspectable = jeepney.DBusAddress(PATH, NAME, "org.freedesktop.DBus.Introspectable")
    shipped = described((SHIPPED / "org.p2pd1.Manager.xml").read_text())
    assert described(client.call("Introspect", to=introspectable)) == shipped
    assert len(shipped) > 40


def test_busctl_can_send_and_read(daemon: Daemon, bus: Bus) -> None:
    sent = bus.busctl("call", NAME, PATH, INTERFACE, "Send", "ssa{sv}", NOBODY_LISTENS, "hi", "1",
                      "expires_s", "u", "60")
    assert (sent.stdout, sent.stderr) == ("t 1\n", "")
    got = bus.busctl("call", NAME, PATH, INTERFACE, "GetMessage", "t", "1")
    assert '"text" s "hi"' in got.stdout
    assert daemon.sent()[0]["text"] == "hi"
    queued = bus.busctl("get-property", NAME, PATH, INTERFACE, "ProtocolVersion")
    assert queued.stdout == "u 1\n"


def test_a_sent_message_arrives_and_its_end_is_told(hosts: Hosts, client: BusClient) -> None:
    alice = hosts.start("alice")
    client.listen()
    number = client.call("Send", "ssa{sv}", alice.listen[0], "hello", {})
    states = []
    while states[-1:] != ["delivered"]:
        changed, state = client.signal("MessageStateChanged")
        assert changed == number
        states.append(state)
    assert alice.inbox()[0]["text"] == "hello"


def test_a_message_can_be_read_answered_and_marked(hosts: Hosts, daemon: Daemon,
                                                   client: BusClient) -> None:
    alice = hosts.start("alice")
    client.listen()
    number = receive(daemon, alice, "question")
    assert client.signal("MessageReceived") == (number,)
    message = plain(client.call("GetMessage", "t", number))
    assert message == {name: value for name, value in daemon.inbox()[0].items()
                       if value is not None}
    answer = client.call("Reply", "tsa{sv}", number, "answer", {})
    assert plain(client.call("GetMessage", "t", answer))["reply_to"] == number
    client.call("MarkRead", "atb", [number], True)
    assert daemon.inbox()[0]["read"]
    client.call("MarkRead", "atb", [number], False)
    assert not daemon.inbox()[0]["read"]


def test_messages_are_listed_as_the_options_say(daemon: Daemon, client: BusClient) -> None:
    for number in range(5):
        client.call("Send", "ssa{sv}", NOBODY_LISTENS, str(number), {})
    listed = client.call("ListMessages", "a{sv}", {"box": ("s", "sent"), "limit": ("i", 2)})
    assert [plain(message)["text"] for message in listed] == ["3", "4"]
    listed = client.call("ListMessages", "a{sv}",
                         {"box": ("s", "sent"), "after": ("t", 1), "limit": ("q", 2)})
    assert [plain(message)["text"] for message in listed] == ["1", "2"]
    assert client.call("ListMessages", "a{sv}", {"unread": ("b", True)}) == []


def test_a_message_can_be_cancelled_and_tried_again(client: BusClient) -> None:
    number = client.call("Send", "ssa{sv}", NOBODY_LISTENS, "x", {})
    client.call("Cancel", "t", number)
    assert plain(client.call("GetMessage", "t", number))["state"] == "cancelled"
    client.call("Retry", "t", number)
    assert plain(client.call("GetMessage", "t", number))["state"] in ("queued", "sending")


def test_a_request_id_makes_sending_safe_to_repeat(client: BusClient) -> None:
    first, again = (client.call("Send", "ssa{sv}", NOBODY_LISTENS, "x", {"request_id": ("s", "r")})
                    for _ in range(2))
    assert first == again


def test_all_peers_are_listed_however_many(daemon: Daemon, client: BusClient) -> None:
    with daemon.control() as control:
        records = [{"type": "peer", "address": f"10.0.{number >> 8}.{number & 255}:5000",
                    "name": f"p{number}", "dialect": 0, "dialect_by_hand": False, "p2pd": False,
                    "last_heard_us": None} for number in range(501)]  # a page has 500
        for some in records[:300], records[300:]:
            control.call("import", {"records": some})
    peers = [plain(peer) for peer in client.call("ListPeers")]
    assert {peer["name"] for peer in peers} == {f"p{number}" for number in range(501)}
    assert len(peers) == 501


def test_reload_applies_the_configuration(daemon: Daemon, client: BusClient) -> None:
    daemon.config.write_text("text_bytes_max = 3\n")
    client.call("Reload")
    error = client.error("Send", "ssa{sv}", NOBODY_LISTENS, "four", {})
    assert error.name == "org.p2pd1.Error.TextTooLong"


def test_properties_are_true_and_their_changes_are_told(hosts: Hosts, daemon: Daemon,
                                                        client: BusClient) -> None:
    assert client.property("Version") == daemon.status()["version"]
    assert client.property("ProtocolVersion") == 1
    assert client.property("Listening") == list(daemon.listen)
    assert (client.property("Unread"), client.property("Queued")) == (0, 0)
    client.listen()

    def until(name: str, value: int) -> None:
        while True:
            _, changed, _ = client.signal("PropertiesChanged")
            if plain(changed).get(name) == value:
                break
        assert client.property(name) == value

    number = receive(daemon, hosts.start("alice"), "x")
    until("Unread", 1)
    daemon.call("mark", {"ids": [number]})  # no message changes by it, the number does
    until("Unread", 0)
    client.call("Send", "ssa{sv}", NOBODY_LISTENS, "x", {})
    until("Queued", 1)


# Errors.
REFUSED = [
    ("GetMessage", ("t", 7), "get", {"ids": [7]}),
    ("Reply", ("tsa{sv}", 7, "x", {}), "reply", {"id": 7, "text": "x"}),
    ("Retry", ("t", 7), "retry", {"ids": [7]}),
    ("Cancel", ("t", 7), "cancel", {"ids": [7]}),
    ("MarkRead", ("atb", [], True), "mark", {"ids": [], "read": True}),
    ("MarkRead", ("atb", list(range(2000)), True), "mark", {"ids": list(range(2000))}),
    ("Send", ("ssa{sv}", "carol", "x", {}), "send", {"peer": "carol", "text": "x"}),
    ("Send", ("ssa{sv}", NOBODY_LISTENS, "", {}), "send", {"peer": NOBODY_LISTENS, "text": ""}),
    ("Send", ("ssa{sv}", NOBODY_LISTENS, "x" * 65537, {}), "send",
     {"peer": NOBODY_LISTENS, "text": "x" * 65537}),
    ("Send", ("ssa{sv}", NOBODY_LISTENS, "x", {"expires_s": ("u", 0)}), "send",
     {"peer": NOBODY_LISTENS, "text": "x", "expires_s": 0}),
    ("Send", ("ssa{sv}", NOBODY_LISTENS, "x", {"colour": ("s", "red")}), "send",
     {"peer": NOBODY_LISTENS, "text": "x", "colour": "red"}),
    ("ListMessages", ("a{sv}", {"limit": ("x", -1)}), "list", {"limit": -1}),
]


def test_errors_are_those_of_the_control_socket(daemon: Daemon, client: BusClient) -> None:
    for method, arguments, control, params in REFUSED:
        with daemon.control() as connection:
            expected: ControlFailure = connection.failure(control, params)
        error = client.error(method, *arguments)
        words = "".join(word.capitalize() for word in expected.code.split("_"))
        assert error.name == f"org.p2pd1.Error.{words}"
        assert error.text == "; ".join(each for each in (expected.message, expected.hint) if each)


def test_an_option_of_a_type_that_none_has_is_refused(client: BusClient) -> None:
    for value in ("d", 1.5), ("as", ["a"]), ("v", ("s", "x")), ("o", "/"):
        error = client.error("ListMessages", "a{sv}", {"limit": value})
        assert error.name == "org.p2pd1.Error.InvalidParams" and '"limit"' in error.text


def test_an_argument_cannot_be_given_again_as_an_option(client: BusClient) -> None:
    error = client.error("Send", "ssa{sv}", NOBODY_LISTENS, "x", {"text": ("s", "y")})
    assert error.name == "org.p2pd1.Error.InvalidParams"


def test_arguments_of_other_types_are_refused(client: BusClient) -> None:
    invalid = "org.freedesktop.DBus.Error.InvalidArgs"
    assert client.error("Send", "s", "bob").name == invalid
    assert client.error("GetMessage", "s", "1").name == invalid
    assert client.error("Reload", "b", True).name == invalid
    assert client.error("Nothing").name == "org.freedesktop.DBus.Error.UnknownMethod"
    assert client.property("Queued") == 0


def test_a_text_longer_than_a_line_of_the_control_socket_is_refused(client: BusClient) -> None:
    error = client.error("Send", "ssa{sv}", NOBODY_LISTENS, "x" * 2_000_000, {})
    assert error.name == "org.p2pd1.Error.LineTooLong"


def test_characters_that_the_bus_does_not_take_spoil_no_list(hosts: Hosts, daemon: Daemon,
                                                             client: BusClient) -> None:
    barred = "\0", "\ufdd0", "\ufdef", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff"
    kept = "\ufdcf", "\ufdf0", "\ufffd", "\U0001fffd", "ﷺ", "😀"
    for character in barred + kept:
        client.call("Send", "ssa{sv}", NOBODY_LISTENS, "plain", {})
        daemon.send(NOBODY_LISTENS, f"a{character}b")
    texts = [plain(message)["text"] for message in
             client.call("ListMessages", "a{sv}", {"box": ("s", "sent")})]
    assert texts[1::2] == ["a\ufffdb"] * len(barred) + [f"a{character}b" for character in kept]


# Rights.
@as_root
def test_a_user_without_rights_can_call_nothing(daemon: Daemon, bus: Bus) -> None:
    for call in (("Send", "ssa{sv}", NOBODY_LISTENS, "x", "0"), ("ListMessages", "a{sv}", "0"),
                 ("Subscribe",), ("Reload",)):
        denied = bus.busctl("call", NAME, PATH, INTERFACE, *call, before=tuple(AS_NOBODY))
        assert denied.returncode != 0 and "denied" in denied.stderr, denied
    denied = bus.busctl("get-property", NAME, PATH, INTERFACE, "Unread", before=tuple(AS_NOBODY))
    assert denied.returncode != 0 and "denied" in denied.stderr, denied
    assert daemon.sent() == []


@as_root
def test_who_may_call_but_is_no_administrator_cannot_reload(hosts: Hosts, bus: Bus) -> None:
    """A policy of the administrator's own lets another user in."""
    config = bus.folder / "bus.conf"
    allowed = '<policy user="nobody"><allow send_destination="org.p2pd1"/></policy></busconfig>'
    config.write_text(config.read_text().replace("</busconfig>", allowed))
    bus.start()
    daemon = on_bus(hosts, bus).start()
    daemon.wait_log(ON)

    def as_nobody(*call: str) -> str:
        return bus.busctl("call", NAME, PATH, INTERFACE, *call, before=tuple(AS_NOBODY)).stderr

    assert as_nobody("ListPeers") == ""
    assert "administrators only" in as_nobody("Reload")
    daemon.config.write_text("admins = nobody\n")
    daemon.call("reload")
    assert as_nobody("Reload") == ""


@as_root
def test_everybody_sees_ids_and_only_a_subscriber_texts(hosts: Hosts, daemon: Daemon,
                                                        bus: Bus, client: BusClient) -> None:
    alice = hosts.start("alice")
    monitor = Monitor(bus)
    try:
        client.call("Subscribe")
        number = receive(daemon, alice, "confidential")
        received = plain(client.signal("Message")[0])
        assert (received["id"], received["text"]) == (number, "confidential")
        client.call("Send", "ssa{sv}", alice.listen[0], "secret", {})
        monitor.wait("member=MessageReceived")
        monitor.wait('string "delivered"')
    finally:
        monitor.close()
    assert f"uint64 {number}\n" in monitor.seen
    assert "confidential" not in monitor.seen and "secret" not in monitor.seen


def test_who_no_longer_subscribes_gets_no_texts(hosts: Hosts, daemon: Daemon,
                                                client: BusClient) -> None:
    alice = hosts.start("alice")
    client.listen()
    client.call("Subscribe")
    receive(daemon, alice, "one")
    assert plain(client.signal("Message")[0])["text"] == "one"
    client.call("Unsubscribe")
    number = receive(daemon, alice, "two")
    while client.signal("MessageReceived") != (number,):
        pass
    client.call("ListPeers")  # whatever was sent before has come
    seen = [each.header.fields[jeepney.HeaderFields.member] for each in client.signals]
    assert "Message" not in seen


def test_subscribers_are_bounded_and_forgotten_when_they_leave(bus: Bus, daemon: Daemon) -> None:
    clients = [BusClient(bus) for _ in range(65)]
    try:
        for client in clients[:64]:
            client.call("Subscribe")
        clients[0].call("Subscribe")  # again changes nothing
        error = clients[64].error("Subscribe")
        assert error.name == "org.p2pd1.Error.TooManyClients"
        clients[0].connection.close()
        deadline = Deadline(20, "the one that left to be forgotten")
        while True:
            deadline.check()
            try:
                clients[64].call("Subscribe")
                break
            except BusError as refused:
                assert refused.name == "org.p2pd1.Error.TooManyClients"
    finally:
        for client in clients[1:]:
            client.connection.close()


# The bus itself.
def test_without_a_bus_everything_else_works_until_one_comes(hosts: Hosts, bus: Bus) -> None:
    daemon = on_bus(hosts, bus).start()
    daemon.wait_log(OFF)
    daemon.send(NOBODY_LISTENS, "x")
    bus.start()
    daemon.wait_log(ON)
    with BusClient(bus) as client:
        assert client.property("Queued") == 1
    assert daemon.log().count(OFF) == 1


def test_a_bus_that_goes_is_joined_again_when_it_is_back(bus: Bus, daemon: Daemon) -> None:
    with BusClient(bus) as client:
        client.call("Subscribe")
    bus.stop()
    daemon.wait_log(OFF)
    number = daemon.send(NOBODY_LISTENS, "x")
    bus.start()
    daemon.wait_log(ON, times=2)
    with BusClient(bus) as client:
        assert plain(client.call("GetMessage", "t", number))["text"] == "x"


def test_a_second_daemon_waits_for_the_name(hosts: Hosts, daemon: Daemon, bus: Bus) -> None:
    second = on_bus(hosts, bus, "second").start()
    second.wait_log("another program is org.p2pd1")
    second.send(NOBODY_LISTENS, "x")
    daemon.stop()
    second.wait_log(ON)


def test_a_bus_that_never_answers_blocks_nothing(hosts: Hosts, bus: Bus) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute:
        mute.bind(str(bus.folder / "bus"))
        mute.listen()
        daemon = on_bus(hosts, bus).start()
        daemon.send(NOBODY_LISTENS, "x")
        daemon.stop()


def test_a_bus_that_stops_to_read_blocks_nothing(bus: Bus, daemon: Daemon) -> None:
    assert bus.process
    bus.process.send_signal(signal.SIGSTOP)
    try:
        ids = []
        with daemon.control() as control:
            posted = [control.post("send", {"peer": NOBODY_LISTENS, "text": "x" * 1000})
                      for _ in range(3000)]
            ids = [control.answer(number)["id"] for number in posted]
        assert len(ids) == 3000
        daemon.stop()
    finally:
        bus.process.send_signal(signal.SIGCONT)


def test_a_bus_that_stops_to_read_is_left_and_joined_again(bus: Bus, daemon: Daemon) -> None:
    """What is to be told does not gather without end."""
    clients = [BusClient(bus) for _ in range(64)]
    for client in clients:
        client.call("Subscribe")
    assert bus.process
    bus.process.send_signal(signal.SIGSTOP)
    try:
        with daemon.control() as control:
            for posted in [control.post("send", {"peer": NOBODY_LISTENS, "text": "x" * 2000})
                           for _ in range(200)]:
                control.answer(posted)
        daemon.wait_log(OFF + ": it does not read")
    finally:
        bus.process.send_signal(signal.SIGCONT)
    daemon.wait_log(ON, times=2)
    for client in clients:
        client.connection.close()


def test_a_caller_that_has_gone_disturbs_nobody(bus: Bus, daemon: Daemon) -> None:
    assert daemon.process
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        with BusClient(bus) as gone:
            for _ in range(20):
                gone.post("Send", "ssa{sv}", NOBODY_LISTENS, "x", {})
            gone.call("GetId", to=THE_BUS)  # it has them all
        with BusClient(bus) as client:
            client.call("GetId", to=THE_BUS)
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    with BusClient(bus) as client:
        assert client.call("ListPeers") is not None


def test_a_client_that_never_reads_delays_no_other(hosts: Hosts, bus: Bus,
                                                   client: BusClient) -> None:
    with BusClient(bus) as mute:
        mute.call("Subscribe")
        text = "x" * 60_000
        for _ in range(10):  # 3 MB in all: more than a socket holds
            mute.post("Send", "ssa{sv}", NOBODY_LISTENS, text, {})
            mute.post("ListMessages", "a{sv}", {"box": ("s", "sent")})
        assert client.call("ListPeers") is not None
        assert client.call("Send", "ssa{sv}", NOBODY_LISTENS, "x", {}) > 0


def test_more_calls_than_may_wait_are_refused(bus: Bus, daemon: Daemon) -> None:
    assert daemon.process
    clients = [BusClient(bus) for _ in range(10)]
    names: list[str | None] = []
    daemon.process.send_signal(signal.SIGSTOP)  # they gather
    try:
        for client in clients:
            for _ in range(120):  # a bus lets a client have 128 under way
                client.post("ListPeers")
            client.call("GetId", to=THE_BUS)  # it has them all
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    for client in clients:
        for _ in range(120):
            fields = client.connection.receive(timeout=20 * TIME_FACTOR).header.fields
            names.append(fields.get(jeepney.HeaderFields.error_name))
        client.connection.close()
    refused = "org.p2pd1.Error.TooManyClients"
    assert set(names) == {None, refused}
    assert names.count(None) >= 1024


def test_it_stops_at_once_whatever_is_under_way(bus: Bus, daemon: Daemon) -> None:
    with BusClient(bus) as client:
        for _ in range(50):
            client.post("Send", "ssa{sv}", NOBODY_LISTENS, "x", {})
        client.call("ListPeers")
        for _ in range(50):
            client.post("ListMessages", "a{sv}", {"box": ("s", "sent")})
        daemon.stop()


def test_switched_off_it_is_on_no_bus(hosts: Hosts, bus: Bus) -> None:
    bus.start()
    daemon = hosts.daemon("daemon")  # the tests' daemons have dbus = off
    daemon.environment = bus.environment()
    daemon.start()
    with BusClient(bus) as client:
        assert client.error("ListPeers").name == "org.freedesktop.DBus.Error.ServiceUnknown"
    assert "message bus" not in daemon.log()

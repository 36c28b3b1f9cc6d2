"""What happened to a message, attempt by attempt: `trace ID`; and what `peer show` says."""

from __future__ import annotations

import json
import socket

import pytest

from harness import Daemon

Event = dict[str, object]


def trace(daemon: Daemon, message: object) -> tuple[bool, list[Event]]:
    line = daemon.ctl_json("trace", str(message))[0]
    return bool(line["complete"]), line["events"]


def acknowledge(field: socket.socket, data: bytes, sender: tuple[str, int],
                accepted: bool = True) -> None:
    message = json.loads(data)
    stamp = message["Timestamp da mensagem"]
    field.sendto(json.dumps({
        "Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 1,
        "Porta_destino": 1, "ACK": accepted, "Timestamp da mensagem original": stamp,
        "Timestamp da mensagem de resposta": stamp}).encode(), sender)


def test_a_delivery_has_its_attempt_and_the_round_trip(alice: Daemon, bob: Daemon) -> None:
    sent = alice.ctl_json("send", bob.address, "hello")[0]
    complete, events = trace(alice, sent["id"])
    assert complete and [each["event"] for each in events] == ["sent", "confirmed"]
    assert events[0]["attempt"] == 1 and events[0]["text_bytes"] == 5
    assert events[0]["datagram_bytes"] > 100 and events[0]["objects"] == 1
    assert events[1]["rtt_ms"] == sent["rtt_ms"]


def test_it_is_shown_a_line_each(alice: Daemon, bob: Daemon) -> None:
    alice.ctl("send", bob.address, "hello")
    lines = alice.ctl("trace", "1").out.splitlines()
    assert lines[0].startswith("→ #1 to ") and "delivered in" in lines[0]
    assert lines[1].endswith("accepted    5 bytes of text")
    assert "sent        attempt 1, in a datagram of " in lines[2]
    assert "confirmed   after " in lines[3] and len(lines) == 4


def test_each_attempt_is_there_and_a_late_ack_has_no_round_trip(
        alice: Daemon, field: socket.socket) -> None:
    address = f"127.0.0.1:{field.getsockname()[1]}"
    sent = alice.ctl_json("send", address, "hi", "--no-wait")[0]
    field.recvfrom(2048)
    data, sender = field.recvfrom(2048)
    acknowledge(field, data, sender)
    assert alice.ctl("wait", str(sent["id"])).exit == 0
    complete, events = trace(alice, sent["id"])
    assert complete
    assert [(each["event"], each["attempt"]) for each in events] == [
        ("sent", 1), ("sent", 2), ("confirmed", 2)]
    assert events[2]["rtt_ms"] is None
    assert "which of 2 attempts it answers nobody knows" in alice.ctl("trace", "1").out


def test_a_refusal_is_there(alice: Daemon, field: socket.socket) -> None:
    address = f"127.0.0.1:{field.getsockname()[1]}"
    sent = alice.ctl_json("send", address, "hi", "--no-wait")[0]
    data, sender = field.recvfrom(2048)
    acknowledge(field, data, sender, accepted=False)
    assert alice.ctl("wait", str(sent["id"])).exit == 1
    assert [each["event"] for each in trace(alice, sent["id"])[1]] == ["sent", "refused"]


def test_what_the_network_says_is_there(alice: Daemon) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    sent = alice.ctl_json("send", address, "hi", "--no-wait")[0]
    alice.ctl("wait", str(sent["id"]), "--timeout", "5s")  # a second attempt comes after 3 s
    complete, events = trace(alice, sent["id"])
    assert complete and [each["event"] for each in events][:2] == ["sent", "trouble"]
    assert events[1]["trouble"] == "port_unreachable"
    assert "trouble     its host says that nobody listens" in alice.ctl("trace", "1").out


def test_after_a_restart_it_says_what_is_not_known(alice: Daemon, bob: Daemon) -> None:
    alice.ctl("send", bob.address, "hello")
    alice.restart()
    assert trace(alice, 1) == (False, [])
    lines = alice.ctl("trace", "1").out.splitlines()
    assert "delivered in" in lines[0] and lines[2].strip().startswith("What happened before")


def test_what_was_never_tried_has_nothing_to_show(alice: Daemon, field: socket.socket) -> None:
    address = f"127.0.0.1:{field.getsockname()[1]}"
    for text in ("one", "two"):
        alice.ctl("send", address, text, "--no-wait")
    assert trace(alice, 2) == (True, [])


@pytest.mark.parametrize(("words", "exit_code"), [(("trace", "420"), 66), (("trace", "x"), 64)])
def test_an_id_that_there_is_not_is_said(alice: Daemon, words: tuple[str, ...],
                                         exit_code: int) -> None:
    assert alice.ctl(*words).exit == exit_code


def test_a_received_message_is_not_traced(alice: Daemon, bob: Daemon) -> None:
    bob.ctl("send", alice.address, "hello")
    done = alice.ctl("trace", "1")
    assert done.exit == 1 and "only sent messages can be traced" in done.err


def test_peer_show_says_how_the_path_is(alice: Daemon, bob: Daemon,
                                        field: socket.socket) -> None:
    alice.ctl("send", bob.address, "hello")
    peer = alice.ctl_json("peer", "show", bob.address)[0]
    assert peer["transmitted"] == 1 and peer["retransmitted"] == 0
    assert peer["rtt_variation_ms"] > 0 and peer["window_bytes"] >= 12000
    assert peer["in_flight_bytes"] == 0 and peer["datagram_bytes"] == 1200
    address = f"127.0.0.1:{field.getsockname()[1]}"
    alice.ctl("send", address, "hi", "--no-wait")
    for _ in range(2):
        field.recvfrom(2048)
    shown = alice.ctl("peer", "show", address).out
    assert "transmitted  2, 1 of them again (50 %)" in shown
    assert "in flight    1 of 1, " in shown

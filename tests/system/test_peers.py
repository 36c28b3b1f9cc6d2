"""The small peers of the field are what wire.md says of them: above all, `base` has every weakness
that p2pd must be gentle with. No daemon is needed here."""

from __future__ import annotations

import json
import socket
import time

import pytest

from field import FieldPeer, Sent, Switch
from peers import BasePeer, QuotedPeer, ShortPeer, UpperPeer

GOOD = {"Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 9, "Porta_destino": 9,
        "Timestamp da mensagem": 1732260000.5, "Mensagem": "hi"}
STRAY_ACK = {**GOOD, "Timestamp da mensagem original": 1, "Timestamp da mensagem de resposta": 2,
             "ACK": True}


def throw(peer: FieldPeer, data: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrower:
        thrower.sendto(data, (peer.ip, peer.port))


def message(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


@pytest.mark.parametrize("killer", [
    pytest.param(b"", id="an empty datagram"),
    pytest.param(b"hello", id="bytes that are no JSON"),
    pytest.param(b"\xff\xfe\x00", id="bytes that are no text"),
    pytest.param(message(Mensagem="x" * 1024), id="over 1024 bytes"),
    pytest.param(b"[" + message() + b"]", id="an array"),
    pytest.param(without("Timestamp da mensagem"), id="a missing timestamp"),
    pytest.param(message(Ip_origem="::1"), id="an IPv6 Ip_origem"),
    pytest.param(message(Porta_origem="5000"), id="a port given as text"),
    pytest.param(json.dumps(json.dumps(GOOD)).encode(), id="a wrapped object"),
])
def test_base_dies_for_ever_of(killer: bytes) -> None:
    with BasePeer() as peer:
        throw(peer, message())
        peer.wait_text("hi")
        throw(peer, killer)
        peer.wait_death()
        throw(peer, message(Mensagem="are you there?"))
        assert peer.texts() == ["hi"]


def test_base_survives_exactly_1024_bytes() -> None:
    with BasePeer() as peer:
        size = len(message(Mensagem=""))
        throw(peer, message(Mensagem="x" * (1024 - size)))
        peer.wait_text("x" * (1024 - size))


def test_base_skips_its_next_message_after_a_stray_ack() -> None:
    with BasePeer() as alice, BasePeer() as bob:
        throw(alice, json.dumps(STRAY_ACK).encode())
        alice.wait_for(lambda: alice.confirmed)
        assert alice.send((bob.ip, bob.port), "never sent") == Sent(0, confirmed=True)
        assert alice.send((bob.ip, bob.port), "sent again") == Sent(1, confirmed=True)
        assert bob.texts() == ["sent again"]


def test_base_sends_five_copies_at_its_interval_and_gives_up() -> None:
    with BasePeer(interval=0.05) as alice, BasePeer() as bob:
        bob.switch.loss = 1.0
        begun = time.monotonic()
        assert alice.send((bob.ip, bob.port), "anybody?") == Sent(5, confirmed=False)
        assert time.monotonic() - begun >= 5 * 0.05


def test_base_shows_every_copy() -> None:
    with BasePeer() as alice, BasePeer() as bob:
        alice.switch.lose_in = 2
        assert alice.send((bob.ip, bob.port), "hi") == Sent(3, confirmed=True)
        bob.wait_for(lambda: len(bob.shown) == 3)
        assert [packet["Mensagem"] for packet in bob.shown] == ["hi"] * 3


def test_base_talks_to_base_and_confirms_replies_too() -> None:
    with BasePeer() as alice, BasePeer() as bob:
        assert alice.send((bob.ip, bob.port), "lunch?").confirmed
        assert bob.reply(bob.wait_text("lunch?"), "yes").confirmed
        reply = alice.wait_text("yes")
        assert reply["Mensagem original"] == "lunch?"


def test_base_confirms_to_the_claimed_address() -> None:
    with BasePeer() as peer, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claimed:
        claimed.bind(("127.0.0.1", 0))
        claimed.settimeout(5)
        throw(peer, message(Porta_origem=claimed.getsockname()[1]))
        assert json.loads(claimed.recv(1024))["ACK"] is True


def test_base_gets_all_across_a_network_that_loses_a_third() -> None:
    with BasePeer(Switch(0.3, seed=1)) as alice, BasePeer() as bob:
        sent = [alice.send((bob.ip, bob.port), f"message {i}") for i in range(50)]
        arrived = set(bob.texts())
        assert all(f"message {i}" in arrived for i in range(50) if sent[i].confirmed)
        assert alice.switch.lost > 10
        assert alice.alive and bob.alive


@pytest.mark.parametrize("dialect", [UpperPeer, QuotedPeer, ShortPeer])
def test_the_others_talk_to_their_own_kind(dialect: type[UpperPeer]) -> None:
    with dialect() as alice, dialect() as bob:
        sent = alice.send((bob.ip, bob.port), "olá 👋")
        assert sent == Sent(1, confirmed=True)
        assert bob.wait_text("olá 👋")["Porta_origem"] == alice.port
        alice.check_alive()


def test_upper_waits_for_the_reply_where_it_sent_from() -> None:
    with UpperPeer() as alice, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bob:
        bob.bind(("127.0.0.1", 0))
        bob.settimeout(5)
        alice.interval = 0.01
        alice.send(bob.getsockname(), "hi")
        packet, source = bob.recvfrom(1024)
        assert source[1] == alice.port + 1 and json.loads(packet)["IP_origem"] == alice.ip
        reply = {"IP_origem": "127.0.0.1", "Mensagem Original": "hi", "Mensagem de resposta": "ok"}
        bob.sendto(json.dumps(reply).encode(), source)
        assert alice.wait_reply()["Mensagem de resposta"] == "ok"


@pytest.mark.parametrize("dialect", [QuotedPeer, ShortPeer])
def test_quoted_and_short_wrap_the_object_in_a_text(dialect: type[QuotedPeer]) -> None:
    with dialect(interval=0.01) as alice, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bob:
        bob.bind(("127.0.0.1", 0))
        bob.settimeout(5)
        alice.send(bob.getsockname(), "hi")
        packet, source = bob.recvfrom(1024)
        inner = json.loads(json.loads(packet))
        assert isinstance(inner[dialect.stamp_name], str) and inner["Porta_origem"] == alice.port
        assert source[1] not in (alice.port, alice.port + 1)

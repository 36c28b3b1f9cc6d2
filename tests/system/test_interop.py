"""p2pd and the programs in the field understand each other, both ways, in all four dialects."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from field import Packet, Sent, Switch
from harness import Daemon, Hosts, endpoint_of
from peers import AskingPeer, BasePeer, QuotedPeer, ShortPeer, UpperPeer

DIALECTS = {"upper": UpperPeer, "quoted": QuotedPeer, "short": ShortPeer}
MESSAGE = {"Ip_origem", "Ip_destino", "Porta_origem", "Porta_destino", "Timestamp da mensagem",
           "Mensagem"}
REPLY = (MESSAGE - {"Timestamp da mensagem", "Mensagem"}) | {
    "Timestamp da mensagem original", "Timestamp da mensagem de resposta", "Mensagem original",
    "Mensagem de resposta"}


@pytest.fixture
def base() -> Iterator[BasePeer]:
    with BasePeer() as peer:
        yield peer
        peer.check_alive()


@pytest.fixture(params=DIALECTS)
def other(request: pytest.FixtureRequest) -> Iterator[AskingPeer]:
    with DIALECTS[request.param]() as peer:
        yield peer
        peer.check_alive()


def dialect_of(peer: AskingPeer) -> str:
    return next(name for name, kind in DIALECTS.items() if type(peer) is kind)


def inbox_entry(daemon: Daemon, text: str) -> dict[str, object]:
    found = [message for message in daemon.inbox() if message["text"] == text]
    assert len(found) == 1, f"{len(found)} messages {text!r} in the inbox"
    return found[0]


def deliver(daemon: Daemon, to: str, text: str, seconds: float = 20) -> int:
    number = daemon.send(to, text)
    assert daemon.wait_state([number], seconds) == ["delivered"]
    return number


# The dialect base.

def test_base_is_confirmed_by_p2pd(alice: Daemon, base: BasePeer) -> None:
    assert base.send(alice.endpoint, "olá, 世界 👋") == Sent(1, confirmed=True)
    assert inbox_entry(alice, "olá, 世界 👋")["peer"] == base.address


def test_p2pd_sends_base_what_the_format_says(alice: Daemon, base: BasePeer) -> None:
    deliver(alice, base.address, 'line one\nline "two" \\ \t é 👋')
    packet = base.wait_text('line one\nline "two" \\ \t é 👋')
    assert set(packet) - {"p2pd"} == MESSAGE
    assert (packet["Ip_origem"], packet["Porta_origem"]) == alice.endpoint
    assert (packet["Ip_destino"], packet["Porta_destino"]) == (base.ip, base.port)
    assert type(packet["Timestamp da mensagem"]) in (int, float)
    assert len(base.datagrams) == 1


def test_p2pd_replies_to_base_by_id_alone(alice: Daemon, base: BasePeer) -> None:
    base.send(alice.endpoint, "lunch?")
    asked = inbox_entry(alice, "lunch?")
    reply = alice.call("reply", {"id": asked["id"], "text": "yes"})
    assert alice.wait_state([reply["id"]]) == ["delivered"]
    packet = base.wait_text("yes")
    assert set(packet) - {"p2pd"} == REPLY
    assert packet["Mensagem original"] == "lunch?"


def test_base_replies_and_p2pd_knows_to_what(alice: Daemon, base: BasePeer) -> None:
    asked = deliver(alice, base.address, "lunch?")
    assert base.reply(base.wait_text("lunch?"), "no") == Sent(1, confirmed=True)
    assert inbox_entry(alice, "no")["reply_to"] == asked


def test_each_copy_is_confirmed_and_one_is_kept(alice: Daemon, base: BasePeer) -> None:
    base.switch.lose_in = 3
    assert base.send(alice.endpoint, "again and again") == Sent(4, confirmed=True)
    assert base.send(alice.endpoint, "not skipped") == Sent(1, confirmed=True)
    assert [message["text"] for message in alice.inbox()] == ["again and again", "not skipped"]


def test_the_first_retransmission_comes_after_3_seconds(alice: Daemon, base: BasePeer) -> None:
    base.switch.lose_in = 1
    begun = time.monotonic()
    number = deliver(alice, base.address, "patience")
    assert time.monotonic() - begun >= 2.9
    assert alice.call("get", {"ids": [number]})["messages"][0]["attempts"] == 2
    assert len(base.shown) == 1


def test_a_lost_ack_brings_one_more_copy_and_no_more(alice: Daemon, base: BasePeer) -> None:
    base.switch.lose_out = 1
    deliver(alice, base.address, "shown twice")
    assert [packet["Mensagem"] for packet in base.shown] == ["shown twice"] * 2
    assert base.send(alice.endpoint, "not skipped") == Sent(1, confirmed=True)


def test_base_gets_nothing_that_it_did_not_ask_for(alice: Daemon, base: BasePeer) -> None:
    for i in range(20):
        assert base.send(alice.endpoint, f"to p2pd {i}") == Sent(1, confirmed=True)
        deliver(alice, base.address, f"to base {i}")
    assert len(base.datagrams) == 40, "20 messages and 20 ACKs"
    assert not any(b'"p2pd"' in data for data in base.datagrams if b'"ACK"' in data)


def test_a_long_text_reaches_base_in_order_and_in_small_datagrams(
    alice: Daemon, base: BasePeer
) -> None:
    text = "".join(f"line {i}: 世界 \\ \"ação\" 👋🏽\n" for i in range(200))[:5000]
    deliver(alice, base.address, text)
    base.wait_for(lambda: "".join(base.texts()) == text)
    assert len(base.shown) == len(base.texts()) > 5
    assert max(map(len, base.datagrams)) <= 1024
    assert base.send(alice.endpoint, "not skipped") == Sent(1, confirmed=True)


def test_a_long_reply_to_a_long_message_fits_base(alice: Daemon, base: BasePeer) -> None:
    base.send(alice.endpoint, "ö" * 400)
    asked = inbox_entry(alice, "ö" * 400)
    text = "".join(f"answer {i} 👋\n" for i in range(150))
    reply = alice.call("reply", {"id": asked["id"], "text": text})
    assert alice.wait_state([reply["id"]]) == ["delivered"]
    assert "".join(base.texts()) == text
    assert max(map(len, base.datagrams)) <= 1024
    for packet in base.shown:
        assert ("ö" * 400).startswith(packet["Mensagem original"])


def test_all_get_across_both_ways_at_a_tenth_of_loss(alice: Daemon) -> None:
    """240 messages each way, to and from 12 programs at once. Nobody dies, nothing is skipped.
    The seeds are some that lose no message three times: the back-off would take too long here."""
    peers = [BasePeer(Switch(0.1, seed))
             for seed in (0, 1, 3, 10, 11, 13, 14, 16, 17, 20, 21, 23)]
    to_base = [f"to base {i}" for i in range(20)]

    def send_all(peer: BasePeer) -> list[Sent]:
        return [peer.send(alice.endpoint, f"from {peer.port}, {i}") for i in range(20)]

    with ThreadPoolExecutor(len(peers)) as pool, alice.control() as control:
        sending = [pool.submit(send_all, peer) for peer in peers]
        posted = [control.post("send", {"peer": peer.address, "text": text})
                  for text in to_base for peer in peers]
        ids = [control.answer(number)["id"] for number in posted]
        sent = [each for result in sending for each in result.result()]
    assert alice.wait_state(ids, 60) == ["delivered"] * len(ids)
    for peer in peers:
        peer.check_alive()
        assert peer.texts() == to_base
        peer.close()
    assert all(each.confirmed and each.copies > 0 for each in sent)
    assert sum(peer.switch.lost for peer in peers) > 100
    received = [message["text"] for message in alice.inbox()]
    assert sorted(received) == sorted(
        f"from {peer.port}, {i}" for peer in peers for i in range(20))


def test_a_daemon_on_all_addresses_claims_the_one_that_base_can_answer(
    hosts: Hosts, base: BasePeer
) -> None:
    alice = hosts.start("alice", listen=("0.0.0.0:0",))
    port = endpoint_of(alice.address)[1]
    deliver(alice, base.address, "who am I?")
    packet = base.wait_text("who am I?")
    assert (packet["Ip_origem"], packet["Porta_origem"]) == ("127.0.0.1", port)
    assert base.send(("127.0.0.1", port), "you are").confirmed


# The other dialects.

def test_the_others_are_confirmed_in_kind(alice: Daemon, other: AskingPeer) -> None:
    assert other.send(alice.endpoint, "olá 👋") == Sent(1, confirmed=True)
    entry = inbox_entry(alice, "olá 👋")
    assert entry["claims"] == other.address, "they send from another port than they listen on"


def test_the_others_are_answered_by_id_in_kind(alice: Daemon, other: AskingPeer) -> None:
    other.send(alice.endpoint, "lunch?")
    alice.call("reply", {"id": inbox_entry(alice, "lunch?")["id"], "text": "at noon 👋"})
    reply = other.wait_reply()
    assert reply["Mensagem de resposta"] == "at noon 👋"
    assert reply[other.original_text] == "lunch?"


@pytest.mark.parametrize("dialect", ["quoted", "short"])
def test_a_confirmed_reply_is_delivered(alice: Daemon, dialect: str) -> None:
    with DIALECTS[dialect]() as peer:
        peer.send(alice.endpoint, "lunch?")
        asked = inbox_entry(alice, "lunch?")["id"]
        number = alice.call("reply", {"id": asked, "text": "yes"})["id"]
        peer.confirm_reply(peer.wait_reply())
        assert alice.wait_state([number]) == ["delivered"]


def test_a_reply_to_upper_that_is_never_confirmed_is_said_to_be_sent(alice: Daemon) -> None:
    with UpperPeer() as upper:
        upper.send(alice.endpoint, "lunch?")
        asked = inbox_entry(alice, "lunch?")["id"]
        number = alice.call("reply", {"id": asked, "text": "yes"})["id"]
        upper.wait_reply()
        assert alice.wait_state([number], 0.1) == ["sending"]


def test_the_dialect_set_by_hand_serves_a_peer_that_never_wrote(
    alice: Daemon, other: AskingPeer
) -> None:
    done = alice.ctl("peer", "add", "carol", other.address, "--dialect", dialect_of(other))
    assert done.exit == 0, done
    done = alice.ctl("send", "carol", "first contact 👋")
    assert done.exit == 0 and "delivered" in done.out, done
    other.wait_text("first contact 👋")


def test_the_others_reply_and_p2pd_knows_to_what(alice: Daemon, other: AskingPeer) -> None:
    alice.ctl("peer", "add", "carol", other.address, "--dialect", dialect_of(other))
    asked = deliver(alice, other.address, "lunch?")
    other.reply(other.wait_text("lunch?"), "gladly")
    alice.wait_inbox(1)
    assert inbox_entry(alice, "gladly")["reply_to"] == asked


def test_the_others_send_again_until_they_are_confirmed(alice: Daemon, other: AskingPeer) -> None:
    other.interval = 0.3
    other.switch.lose_in = 2
    assert other.send(alice.endpoint, "hi") == Sent(3, confirmed=True)
    inbox_entry(alice, "hi")


def test_p2pd_sends_again_to_the_others(alice: Daemon, other: AskingPeer) -> None:
    alice.ctl("peer", "add", "carol", other.address, "--dialect", dialect_of(other))
    other.switch.lose_in = 1
    deliver(alice, other.address, "hi")
    assert other.texts() == ["hi"]


def test_a_learnt_dialect_survives_a_restart(alice: Daemon, other: AskingPeer) -> None:
    other.send(alice.endpoint, "lunch?")
    alice.restart()
    alice.call("reply", {"id": inbox_entry(alice, "lunch?")["id"], "text": "yes"})
    assert other.wait_reply()["Mensagem de resposta"] == "yes"


def test_long_texts_reach_the_others_in_order(alice: Daemon, other: AskingPeer) -> None:
    alice.ctl("peer", "add", "carol", other.address, "--dialect", dialect_of(other))
    text = "".join(f"line {i}: 世界 \\ \"ação\" 👋🏽\n" for i in range(200))[:5000]
    deliver(alice, other.address, text)
    assert "".join(other.texts()) == text
    assert max(map(len, other.datagrams)) <= 1024


@pytest.mark.parametrize("dialect", ["base", *DIALECTS])
def test_the_text_with_the_longest_escapes_fits_too(alice: Daemon, dialect: str) -> None:
    text = "\x01" * 65536
    with DIALECTS.get(dialect, BasePeer)() as peer:
        alice.ctl("peer", "add", "carol", peer.address, "--dialect", dialect)
        deliver(alice, peer.address, text, 60)
        assert max(map(len, peer.datagrams)) <= 1024
        assert "".join(peer.text_of(packet) for packet in peer.shown) == text


# Timestamps and addresses.

@pytest.mark.parametrize("stamp", [
    "1732260000", "1732260000.5", "1732260000.123456", "1732260000.12345678901234567890", "0",
    "1.732260000123456e9", "1732260000.10", "4294967295.999999", '"1732260000.12"', '"1732260000"',
])
def test_timestamps_are_echoed_byte_for_byte(alice: Daemon, stamp: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(20)
        port = peer.getsockname()[1]
        message = (f'{{"Ip_origem":"127.0.0.1","Ip_destino":"127.0.0.1","Porta_origem":{port},'
                   f'"Porta_destino":5000,"Timestamp da mensagem":{stamp},"Mensagem":"hi"}}')
        peer.sendto(message.encode(), alice.endpoint)
        assert echoed(peer.recv(65536)) == stamp
        alice.call("reply", {"id": inbox_entry(alice, "hi")["id"], "text": "ok"})
        assert echoed(peer.recv(65536)) == stamp


def echoed(datagram: bytes) -> str:
    found = re.search(rb'"Timestamp da mensagem original"\s*:\s*("[^"]*"|[^,}\s]+)', datagram)
    assert found, datagram
    return found[1].decode()


def test_a_false_sender_address_is_shown_and_never_answered(alice: Daemon) -> None:
    with (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer,
          socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim):
        peer.bind(("127.0.0.1", 0))
        victim.bind(("127.0.0.9", 0))
        peer.settimeout(20)
        claim = victim.getsockname()
        packet: Packet = {
            "Ip_origem": claim[0], "Ip_destino": "127.0.0.1", "Porta_origem": claim[1],
            "Porta_destino": 5000, "Timestamp da mensagem": time.time(), "Mensagem": "it was me"}
        peer.sendto(json.dumps(packet).encode(), alice.endpoint)
        assert json.loads(peer.recv(1024))["ACK"] is True
        entry = inbox_entry(alice, "it was me")
        assert entry["peer"] == "127.0.0.1:%d" % peer.getsockname()[1]
        assert entry["claims"] == "%s:%d" % claim
        alice.call("reply", {"id": entry["id"], "text": "was it?"})
        assert json.loads(peer.recv(1024))["Mensagem de resposta"] == "was it?"
        victim.setblocking(False)
        with pytest.raises(BlockingIOError):
            victim.recv(1024)


def test_one_timestamp_with_two_texts_is_two_messages(alice: Daemon) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(20)
        for text in ("one", "two", "one", "two", "one"):
            packet = {"Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 1,
                      "Porta_destino": 2, "Timestamp da mensagem": 1732260000.12, "Mensagem": text}
            peer.sendto(json.dumps(packet).encode(), alice.endpoint)
            assert json.loads(peer.recv(1024))["ACK"] is True
        assert [message["text"] for message in alice.inbox()] == ["one", "two"]

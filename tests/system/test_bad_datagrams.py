"""Datagrams that are none of the three kinds: no answer at all, counted by cause, nothing stored,
and the daemon serves on."""

from __future__ import annotations

import itertools
import json
import random
import socket
from collections.abc import Iterator

import pytest

from harness import Daemon, Hosts

GOOD = {"Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 5000,
        "Porta_destino": 5000, "Timestamp da mensagem": 1732260000.5, "Mensagem": "hi"}
ADDRESSES = {key: GOOD[key] for key in
             ("Ip_origem", "Ip_destino", "Porta_origem", "Porta_destino")}
ACK = {**ADDRESSES, "Timestamp da mensagem original": 1732260000.5,
       "Timestamp da mensagem de resposta": 1732260000.6, "ACK": True}
REPLY = {**ADDRESSES, "Timestamp da mensagem original": 1732260000.5,
         "Timestamp da mensagem de resposta": 1732260000.6, "Mensagem original": "hi",
         "Mensagem de resposta": "ok"}
TEXT = json.dumps(GOOD)
STAMPS = itertools.count(1732260001)  # no two messages alike


def but(good: dict[str, object] = GOOD, **changes: object) -> str:
    names = {"stamp": "Timestamp da mensagem", "original": "Timestamp da mensagem original",
             "response": "Timestamp da mensagem de resposta"}
    return json.dumps({**good, **{names.get(key, key): value for key, value in changes.items()}})


def without(name: str, good: dict[str, object] = GOOD) -> str:
    return json.dumps({key: value for key, value in good.items() if key != name})


def stamped(lexeme: str) -> str:
    return TEXT.replace("1732260000.5", lexeme)


def texted(raw: bytes) -> bytes:
    return TEXT.encode().replace(b'"hi"', b'"' + raw + b'"')


HOSTILE: list[tuple[str, str | bytes, str]] = [
    ("nothing", b"", "empty"),
    ("a word", b"hello", "not_json"),
    ("blanks", b"   \n", "not_json"),
    ("half an object", TEXT[: len(TEXT) // 2], "not_json"),
    ("all but the last brace", TEXT[:-1], "not_json"),
    ("an object and more", TEXT + "x", "not_json"),
    ("two objects on two lines", TEXT + "\n" + TEXT, "not_json"),
    ("a trailing comma", TEXT[:-1] + ",}", "not_json"),
    ("a comment", TEXT[:-1] + "/**/}", "not_json"),
    ("single quotes", TEXT.replace('"', "'"), "not_json"),
    ("NaN", stamped("NaN"), "not_json"),
    ("Infinity", stamped("Infinity"), "not_json"),
    ("a hexadecimal number", stamped("0x10"), "not_json"),
    ("a plus sign", stamped("+1732260000.5"), "not_json"),
    ("a leading zero", stamped("01732260000.5"), "not_json"),
    ("a bare escape", texted(b"\\x41"), "not_json"),
    ("a raw newline in a text", texted(b"a\nb"), "not_json"),
    ("a raw NUL in a text", texted(b"a\x00b"), "not_json"),
    ("a lone surrogate", texted(b"\\udc80"), "not_json"),
    ("half a surrogate pair", texted(b"\\ud83d"), "not_json"),
    ("bytes that are no UTF-8", b"\xff\xfe\xfd", "not_utf8"),
    ("Latin-1", texted(b"ol\xe1"), "not_utf8"),
    ("an overlong slash", texted(b"\xc0\xaf"), "not_utf8"),
    ("a surrogate in UTF-8", texted(b"\xed\xa0\x80"), "not_utf8"),
    ("a code point above U+10FFFF", texted(b"\xf4\x90\x80\x80"), "not_utf8"),
    ("UTF-8 cut short", texted(b"\xf0\x9f\x91"), "not_utf8"),
    ("UTF-16", TEXT.encode("utf-16"), "not_utf8"),
    ("a sealed datagram of a later version", b"\xb5\x01" + bytes(200), "not_utf8"),
    ("an array", f"[{TEXT}]", "not_object"),
    ("an empty array", "[]", "not_object"),
    ("a number", "1732260000", "not_object"),
    ("true", "true", "not_object"),
    ("null", "null", "not_object"),
    ("an object wrapped twice", json.dumps(json.dumps(TEXT)), "not_object"),
    ("a wrapped array", json.dumps("[]"), "not_object"),
    ("a wrapped nothing", json.dumps(""), "not_json"),
    ("a deep member", but(x=json.loads("[" * 40 + "]" * 40)), "too_deep"),
    ("fifty thousand brackets", '{"x":' + "[" * 50000, "too_deep"),
    ("fifty thousand brackets without an object", "[" * 50000, "not_object"),
    ("a thousand members", but(**{f"x{i}": i for i in range(1000)}), "too_many_members"),
    ("a member twice", TEXT[:-1] + ', "Mensagem": "ho"}', "duplicate_member"),
    ("a member in two spellings", TEXT[:-1] + ', "IP_origem": "127.0.0.1"}', "duplicate_member"),
    ("an empty object", "{}", "unknown_kind"),
    ("another protocol", '{"jsonrpc":"2.0","id":1,"method":"status"}', "unknown_kind"),
    ("no text", without("Mensagem"), "unknown_kind"),
    ("no timestamp", without("Timestamp da mensagem"), "missing_member"),
    ("no source address", without("Ip_origem"), "missing_member"),
    ("no destination address", without("Ip_destino"), "missing_member"),
    ("no source port", without("Porta_origem"), "missing_member"),
    ("no destination port", without("Porta_destino"), "missing_member"),
    ("a reply without its original", without("Mensagem original", REPLY), "missing_member"),
    ("a reply without a timestamp",
     without("Timestamp da mensagem de resposta", REPLY), "missing_member"),
    ("an ACK of nothing", without("Timestamp da mensagem original", ACK), "missing_member"),
    ("a text that is a number", but(Mensagem=5), "wrong_type"),
    ("a text that is null", but(Mensagem=None), "wrong_type"),
    ("a text that is an object", but(Mensagem={"a": 1}), "wrong_type"),
    ("a timestamp that is true", but(stamp=True), "wrong_type"),
    ("a timestamp that is a word", but(stamp="yesterday"), "wrong_type"),
    ("an address that is a number", but(Ip_origem=2130706433), "wrong_type"),
    ("a port that is an array", but(Porta_origem=[5000]), "wrong_type"),
    ("an ACK that is a word", but(ACK, ACK="yes"), "wrong_type"),
    ("an ACK that is a number", but(ACK, ACK=1), "wrong_type"),
    ("a negative timestamp", stamped("-1"), "out_of_range"),
    ("a timestamp of the year 2106", stamped("4294967296"), "out_of_range"),
    ("a timestamp without end", stamped("1" + "0" * 400), "out_of_range"),
    ("a timestamp with an exponent without end", stamped("1e999999999"), "out_of_range"),
    ("a timestamp of 100 digits", stamped("1732260000." + "5" * 100), "out_of_range"),
    ("a port over 65535", but(Porta_origem=70000), "out_of_range"),
    ("a negative port", but(Porta_origem=-1), "out_of_range"),
    ("half a port", but(Porta_origem=80.5), "out_of_range"),
    ("an address without end", but(Ip_origem="1" * 2000), "out_of_range"),
]


@pytest.fixture(scope="module")
def victim(module_hosts: Hosts) -> Daemon:
    return module_hosts.start("victim")


@pytest.fixture
def sender(victim: Daemon) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        sender.connect(victim.endpoint)
        sender.settimeout(20)
        yield sender


def check_serves_and_said_nothing(victim: Daemon, sender: socket.socket) -> None:
    """The next answer is the ACK of a good message: none was given to what came before."""
    stamp = next(STAMPS)
    sender.send(but(stamp=stamp).encode())
    ack = json.loads(sender.recv(65536))
    assert ack["ACK"] is True and ack["Timestamp da mensagem original"] == stamp
    assert victim.running()


@pytest.mark.parametrize("data, cause", [pytest.param(data, cause, id=name)
                                         for name, data, cause in HOSTILE])
def test_it_is_dropped_in_silence_and_counted(
    victim: Daemon, sender: socket.socket, data: str | bytes, cause: str
) -> None:
    before = victim.dropped()
    stored = victim.status()["messages"]
    sender.send(data if isinstance(data, bytes) else data.encode())
    check_serves_and_said_nothing(victim, sender)
    after = victim.dropped()
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert changed == {cause: 1}
    assert victim.status()["messages"] == stored + 1


def test_acks_that_nobody_waits_for_are_counted_and_ignored(
    victim: Daemon, sender: socket.socket
) -> None:
    before = victim.counters()["acks_unmatched"]
    for accepted in (True, False):
        sender.send(but(ACK, ACK=accepted).encode())
    check_serves_and_said_nothing(victim, sender)
    assert victim.counters()["acks_unmatched"] == before + 2


def test_an_ack_from_another_host_confirms_nothing(hosts: Hosts, sender: socket.socket) -> None:
    alice = hosts.start("alice")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(20)
        number = alice.send("127.0.0.1:%d" % peer.getsockname()[1], "secret")
        stamp = json.loads(peer.recv(1024))["Timestamp da mensagem"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
            forger.bind(("127.0.0.9", 0))
            forger.sendto(but(ACK, original=stamp).encode(), alice.endpoint)
            for offset in (-1e-6, 1e-6, 1, -1):
                peer.sendto(but(ACK, original=round(stamp + offset, 6)).encode(), alice.endpoint)
        assert alice.wait_state([number], 0.2) == ["sending"]
        assert alice.counters()["acks_unmatched"] == 5
        peer.sendto(but(ACK, original=stamp).encode(), alice.endpoint)
        assert alice.wait_state([number]) == ["delivered"]


def test_a_text_over_the_limit_is_refused_for_good(hosts: Hosts) -> None:
    alice = hosts.start("alice", "--set", "text_bytes_max=100")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(20)
        for size, accepted in ((100, True), (101, False)):
            peer.sendto(but(Mensagem="x" * size, stamp=size).encode(), alice.endpoint)
            ack = json.loads(peer.recv(1024))
            assert (ack["ACK"], ack["Timestamp da mensagem original"]) == (accepted, size)
        assert [len(message["text"]) for message in alice.inbox()] == [100]


def test_noise_by_the_thousand_changes_nothing(victim: Daemon, sender: socket.socket) -> None:
    noise = random.Random(7)
    good = TEXT.encode()
    for _ in range(3000):
        data = bytearray(good) if noise.random() < 0.7 else bytearray(noise.randbytes(200))
        for _ in range(noise.randrange(1, 4)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        # What happens to be a message still would be answered, and rightly.
        if b'"Mensagem"' not in data:
            sender.send(bytes(data))
    check_serves_and_said_nothing(victim, sender)
    log = victim.log()
    assert len(log.splitlines()) < 1000, "the log is limited"


def test_texts_of_messages_are_never_logged(hosts: Hosts) -> None:
    alice = hosts.start("alice", "--log-level", "debug")
    bob = hosts.start("bob", "--log-level", "debug")
    number = alice.send(bob.address, "the-secret-word")
    assert alice.wait_state([number]) == ["delivered"]
    assert "the-secret-word" not in alice.log() + bob.log()

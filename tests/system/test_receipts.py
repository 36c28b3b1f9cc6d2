"""Whether a message was read, or handled: `send --wait read|handled`, `wait ID --until ...`."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import Daemon, Hosts
from programs import Finished

TELLS = ("--set", "read_receipts=on")


@pytest.fixture
def teller(hosts: Hosts) -> Daemon:
    return hosts.start("bob", *TELLS)


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def received(daemon: Daemon, text: str) -> str:
    """The id of the message, once it is there."""
    found = daemon.ctl_json("watch", "--since", "0", "--grep", text, "--count", "1",
                            "--timeout", "20s")
    return str(found[0]["id"])


def lines(done: Finished) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.out.splitlines()]


def test_send_ends_when_the_message_is_read(alice: Daemon, teller: Daemon,
                                            aside: ThreadPoolExecutor) -> None:
    sent = aside.submit(alice.ctl, "send", teller.address, "lunch?", "--wait", "read")
    assert teller.ctl("read", received(teller, "lunch?")).exit == 0
    done = sent.result()
    assert done.exit == 0 and done.out.endswith(": read\n"), done
    assert "delivered" in done.err


def test_what_is_read_already_is_known_at_once(alice: Daemon, teller: Daemon) -> None:
    sent = alice.ctl_json("send", teller.address, "hi")[0]
    assert teller.ctl("show", received(teller, "hi"), "--mark-read").exit == 0
    done = alice.ctl("wait", str(sent["id"]), "--until", "read", "--json")
    assert done.exit == 0, done
    assert [line["type"] for line in lines(done)] == ["message", "receipt"]
    assert lines(done)[1]["receipt"] == "read" and lines(done)[1]["reached"] is True


def test_a_hook_that_succeeds_handles_what_it_gets(alice: Daemon, teller: Daemon,
                                                   aside: ThreadPoolExecutor) -> None:
    hook = aside.submit(teller.ctl, "watch", "--since", "0", "--count", "2", "--attempts", "1",
                        "--exec", "grep", "--", "-q", "good")
    bad = aside.submit(alice.ctl, "send", teller.address, "bad", "--wait", "handled",
                       "--timeout", "3s")
    received(teller, "bad")
    good = alice.ctl("send", teller.address, "good", "--wait", "handled")
    assert good.exit == 0 and good.out.endswith(": handled\n"), good
    assert hook.result().exit == 0
    assert bad.result().exit == 75 and "not read yet" in bad.result().out, bad.result()
    assert teller.ctl("inbox", "--unread", "--json").out.count('"type":"message"') == 2


def test_what_is_marked_by_hand_as_handled_is_so(alice: Daemon, teller: Daemon) -> None:
    sent = alice.ctl_json("send", teller.address, "hi")[0]
    assert teller.ctl("read", "--handled", received(teller, "hi")).out == \
        "1 message marked as handled\n"
    assert alice.ctl("wait", str(sent["id"]), "--until", "handled").exit == 0
    done = alice.ctl("wait", str(sent["id"]), "--until", "read", "--timeout", "300ms")
    assert done.exit == 75, done


def test_receipts_are_off_unless_the_configuration_has_them(alice: Daemon, bob: Daemon) -> None:
    done = alice.ctl("send", bob.address, "hi", "--wait", "read")
    assert done.exit == 1 and "read_receipts = off" in done.out, done


def test_a_program_of_the_field_gets_the_plain_message(alice: Daemon, field: socket.socket,
                                                       aside: ThreadPoolExecutor) -> None:
    address = f"127.0.0.1:{field.getsockname()[1]}"
    sent = aside.submit(alice.ctl, "send", address, "hi", "--wait", "read")
    data, sender = field.recvfrom(2048)
    message = json.loads(data)
    assert message["Mensagem"] == "hi"
    ack = {"Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 1,
           "Porta_destino": 1, "ACK": True,
           "Timestamp da mensagem original": message["Timestamp da mensagem"],
           "Timestamp da mensagem de resposta": message["Timestamp da mensagem"]}
    field.sendto(json.dumps(ack).encode(), sender)
    done = sent.result()
    assert done.exit == 1 and "is no p2pd" in done.out, done
    field.settimeout(0.5)
    with pytest.raises(TimeoutError):
        field.recvfrom(2048)


def test_what_is_deleted_is_not_there_to_be_read(alice: Daemon, teller: Daemon) -> None:
    sent = alice.ctl_json("send", teller.address, "hi")[0]
    assert teller.ctl("delete", received(teller, "hi")).exit == 0
    done = alice.ctl("wait", str(sent["id"]), "--until", "read")
    assert done.exit == 1 and "does not have it any more" in done.out, done


def test_either_daemon_may_restart_meanwhile(alice: Daemon, teller: Daemon,
                                             aside: ThreadPoolExecutor) -> None:
    sent = aside.submit(alice.ctl, "send", teller.address, "hi", "--wait", "read")
    message = received(teller, "hi")
    alice.ctl("wait", "1")
    teller.kill()
    teller.start()
    alice.kill()
    alice.start()
    assert teller.ctl("read", message).exit == 0
    done = sent.result(timeout=60)
    assert done.exit == 0 and done.out.endswith(": read\n"), done


def test_what_cannot_be_asked_is_refused(alice: Daemon, teller: Daemon) -> None:
    assert alice.ctl("send", teller.address, "hi", "--wait", "soon").exit == 64
    assert alice.ctl("wait", "1", "--until", "never").exit == 64
    assert alice.ctl("rpc", "receipt", '{"id": 420}').exit == 66
    assert alice.ctl("rpc", "receipt", '{"id": 1, "timeout_ms": 60001}').exit == 64
    assert alice.ctl("send", teller.address, "hi").exit == 0
    assert teller.ctl("rpc", "receipt", f'{{"id": {received(teller, "hi")}}}').exit == 1
    assert alice.ctl("send", "127.0.0.1:9", "hi", "--timeout", "100ms").exit == 75
    done = alice.ctl("rpc", "receipt", '{"id": 2}')
    assert done.exit == 1 and "nobody can have read it" in done.err, done

"""Several messages with one request: all are accepted or none, and one answer tells what became of
each."""

from __future__ import annotations

from typing import Any

import pytest

from control import ControlFailure
from harness import Daemon, Hosts

WAIT_MS = 20_000


def send_many(daemon: Daemon, to: str, texts: list[str], **more: Any) -> dict[str, Any]:
    return daemon.call("send_many", {"peer": to, "texts": texts, **more})


def states(answer: dict[str, Any]) -> list[str]:
    """Of each message, in the order of ids, which must have no gap."""
    found: list[str] = []
    for run in answer["runs"]:
        assert run["first_id"] == answer["runs"][0]["first_id"] + len(found)
        found += [run["state"]] * run["count"]
    return found


def numbered(count: int) -> list[str]:
    return [f"number {n}" for n in range(count)]


def test_all_arrive_in_their_order_and_one_answer_confirms_them(alice: Daemon, bob: Daemon) -> None:
    answer = send_many(alice, bob.address, numbered(1000), timeout_ms=WAIT_MS)
    assert states(answer) == ["delivered"] * 1000
    assert answer["peer"] == bob.address and answer["repeated"] is False
    assert [message["text"] for message in bob.inbox()] == numbered(1000)
    sent = {message["id"]: message for message in alice.sent()}
    for run in answer["runs"]:
        stored = sent[run["first_id"]]
        for member in ("state", "attempts", "acked_at", "rtt_ms"):
            assert run[member] == stored[member], member


def test_without_a_time_the_answer_comes_once_they_are_durable(hosts: Hosts, alice: Daemon) -> None:
    bob = hosts.start("bob")
    bob.stop()
    answer = send_many(alice, bob.address, numbered(20))
    assert set(states(answer)) <= {"queued", "sending"}
    alice.restart()
    bob.start()
    assert alice.wait_state([each["id"] for each in alice.sent()]) == ["delivered"] * 20


def test_when_the_time_is_over_it_is_said_how_far_they_are(hosts: Hosts, alice: Daemon) -> None:
    bob = hosts.start("bob")
    bob.stop()
    answer = send_many(alice, bob.address, numbered(5), timeout_ms=50)
    assert len(states(answer)) == 5 and set(states(answer)) <= {"queued", "sending"}


def test_what_is_cancelled_meanwhile_is_told_apart(hosts: Hosts, alice: Daemon) -> None:
    bob = hosts.start("bob")
    bob.stop()
    with alice.control() as waiting, alice.control() as other:
        asked = waiting.post("send_many", {"peer": bob.address, "texts": numbered(5),
                                           "timeout_ms": WAIT_MS})
        other.call("subscribe", {"since": 0})
        other.next_message(20)  # all are stored, then, with the ids 1 to 5
        other.call("cancel", {"ids": [3]})
        bob.start()
        other.call("retry", {"ids": [1]})
        answer = waiting.answer(asked)
    assert states(answer) == ["delivered", "delivered", "cancelled", "delivered", "delivered"]


@pytest.mark.parametrize("restarted", [False, True])
def test_asked_again_it_is_the_same_messages(alice: Daemon, bob: Daemon, restarted: bool) -> None:
    first = send_many(alice, bob.address, numbered(10), request_id="r", timeout_ms=WAIT_MS)
    if restarted:
        alice.restart()
    alice.call("delete", {"ids": [first["runs"][0]["first_id"] + 3]})
    again = send_many(alice, bob.address, numbered(10), request_id="r", timeout_ms=WAIT_MS)
    assert again["repeated"] is True and again["created_at"] == first["created_at"]
    assert states(again) == ["delivered"] * 3 + ["cancelled"] + ["delivered"] * 6
    assert [run["reason"] for run in again["runs"] if run["reason"]] == ["deleted since"]
    others = send_many(alice, bob.address, numbered(11), request_id="r", timeout_ms=WAIT_MS)
    assert others["repeated"] is False
    assert len(bob.inbox()) == 21


def test_one_bad_text_and_none_is_accepted(alice: Daemon, bob: Daemon) -> None:
    for texts, code, words in (
            (["a", "", "b"], "bad_text", '"texts[1]": must not be empty'),
            (["a", "b" * 65_537], "text_too_long", '"texts[1]": is 1 bytes too long'),
            ([], "invalid_params", '"texts": must be 1 to 1000 texts'),
            (["a"] * 1001, "invalid_params", '"texts": must be 1 to 1000 texts'),
    ):
        with pytest.raises(ControlFailure) as failure:
            send_many(alice, bob.address, texts)
        assert failure.value.code == code and words in failure.value.message
    assert alice.sent() == []


def test_a_queue_that_has_no_room_for_all_takes_none(hosts: Hosts) -> None:
    alice = hosts.start("alice", "--set", "queue_messages_max=10")
    peer = "127.0.0.1:1"  # nobody is there
    send_many(alice, peer, numbered(6))
    with pytest.raises(ControlFailure) as failure:
        send_many(alice, peer, numbered(6))
    assert failure.value.code == "queue_full"
    assert len(alice.sent()) == 6
    send_many(alice, peer, numbered(4))

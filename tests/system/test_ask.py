"""Waiting until somebody has answered: `send --wait reply`, and `ask`, which prints the answer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from harness import Daemon, Hosts
from programs import Finished


@pytest.fixture(scope="module")
def pair(module_hosts: Hosts) -> tuple[Daemon, Daemon]:
    return module_hosts.start("alice"), module_hosts.start("bob")


@pytest.fixture
def alice(pair: tuple[Daemon, Daemon]) -> Daemon:
    return pair[0]


@pytest.fixture
def bob(pair: tuple[Daemon, Daemon]) -> Daemon:
    return pair[1]


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def received(daemon: Daemon, text: str) -> int:
    """The id of the message, once it is there."""
    found = daemon.ctl_json("watch", "--since", "0", "--grep", text, "--count", "1",
                            "--timeout", "20s")
    assert found[0]["text"] == text
    return int(found[0]["id"])


def asking(aside: ThreadPoolExecutor, alice: Daemon, *words: str) -> Future[Finished]:
    return aside.submit(alice.ctl, *words)


def test_send_waits_for_the_reply_if_told_to(alice: Daemon, bob: Daemon,
                                             aside: ThreadPoolExecutor) -> None:
    sent = asking(aside, alice, "send", bob.address, "dinner?", "--wait", "reply")
    assert bob.ctl("reply", str(received(bob, "dinner?")), "at eight").exit == 0
    done = sent.result()
    assert done.exit == 0 and "at eight" in done.out and "delivered" in done.err, done


def test_other_messages_of_the_peer_are_no_reply(alice: Daemon, bob: Daemon,
                                                 aside: ThreadPoolExecutor) -> None:
    sent = asking(aside, alice, "send", bob.address, "tea?", "--wait", "reply", "--json")
    question = received(bob, "tea?")
    assert bob.ctl("send", alice.address, "something else").exit == 0
    assert bob.ctl("reply", str(question), "yes").exit == 0
    assert [line["text"] for line in sent.result().lines()] == ["yes"]


def test_no_reply_in_time_is_75_and_says_so(alice: Daemon, bob: Daemon) -> None:
    done = alice.ctl("send", bob.address, "silence?", "--wait", "reply", "--timeout", "300ms")
    assert done.exit == 75 and "no reply yet" in done.err, done


def test_who_can_never_answer_is_not_waited_for(alice: Daemon, aside: ThreadPoolExecutor) -> None:
    sent = asking(aside, alice, "send", "127.0.0.1:9", "nobody?", "--wait", "reply")
    found = alice.ctl_json("watch", "--all", "--since", "0", "--grep", "nobody", "--count", "1",
                           "--timeout", "20s")
    alice.ctl("cancel", str(found[0]["id"]))
    done = sent.result()
    assert done.exit == 1 and "cancelled" in done.err, done


def test_the_answer_is_what_ask_prints(alice: Daemon, bob: Daemon,
                                       aside: ThreadPoolExecutor) -> None:
    asked = asking(aside, alice, "ask", bob.address, "How are you?")
    assert bob.ctl("reply", str(received(bob, "How are you?")), "fine").exit == 0
    done = asked.result()
    assert (done.exit, done.out) == (0, "fine\n")


def test_a_choice_is_printed_as_the_asker_spelled_it(alice: Daemon, bob: Daemon,
                                                     aside: ThreadPoolExecutor) -> None:
    asked = asking(aside, alice, "ask", bob.address, "Reboot?", "--choices", "Yes,no")
    assert bob.ctl("reply", str(received(bob, "Reboot? (Yes/no)")), " YES ").exit == 0
    done = asked.result()
    assert (done.exit, done.out) == (0, "Yes\n")


def test_who_answers_something_else_is_asked_again(alice: Daemon, bob: Daemon,
                                                   aside: ThreadPoolExecutor) -> None:
    asked = asking(aside, alice, "ask", bob.address, "Halt?", "--choices", "yes,no")
    assert bob.ctl("reply", str(received(bob, "Halt? (yes/no)")), "maybe").exit == 0
    again = received(bob, "Please answer yes or no")
    assert bob.ctl("reply", str(again), "no").exit == 0
    done = asked.result()
    assert (done.exit, done.out) == (0, "no\n")
    assert "not one of the choices: maybe" in done.err


def test_an_answer_cannot_harm_the_terminal(alice: Daemon, bob: Daemon,
                                            aside: ThreadPoolExecutor) -> None:
    asked = asking(aside, alice, "ask", bob.address, "Colour?")
    bob.call("reply", {"id": received(bob, "Colour?"), "text": "\x1b[31mred"})
    assert asked.result().out == "\\x1b[31mred\n"


def test_a_question_that_nobody_waits_for_is_given_up(alice: Daemon) -> None:
    done = alice.ctl("ask", "127.0.0.1:9", "Anybody?", "--timeout", "1s")
    assert done.exit in (1, 75) and done.out == "", done
    last = alice.ctl_json("sent", "-n", "1")[0]
    assert alice.ctl("wait", str(last["id"]), "--timeout", "10s").exit == 1
    assert alice.ctl_json("show", str(last["id"]))[0]["state"] == "expired"


@pytest.mark.parametrize("words", [
    ("send", "127.0.0.1:9", "x", "--wait", "later"),
    ("send", "127.0.0.1:9", "x", "--wait", "reply", "-n"),
    ("send", "127.0.0.1:9", "--lines", "--wait", "reply"),
    ("ask", "127.0.0.1:9", "x", "--choices", "yes,,no"),
])
def test_what_makes_no_sense_is_refused(alice: Daemon, words: tuple[str, ...]) -> None:
    assert alice.ctl(*words).exit == 64

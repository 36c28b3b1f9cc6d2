"""Groups of the address book: a message of its own to each member, and what became of each."""

from __future__ import annotations

import pytest

from harness import Daemon, Hosts

NOBODY = "127.0.0.1:9"
SHORTLY = ("--timeout", "200ms")


@pytest.fixture
def alice(hosts: Hosts) -> Daemon:
    return hosts.start("alice")


@pytest.fixture
def others(hosts: Hosts, alice: Daemon) -> list[Daemon]:
    """In the group @ops: one by its name, one by its address, one by its host's name."""
    others = [hosts.start(name) for name in ("bob", "carol", "dave")]
    port = others[2].address.rpartition(":")[2]
    assert alice.ctl("peer", "add", "bob", others[0].address).exit == 0
    done = alice.ctl("group", "add", "ops", "bob", others[1].address, f"localhost:{port}")
    assert (done.exit, done.out) == (0, f"@ops: bob, {others[1].address}, localhost:{port}\n")
    return others


def texts(daemon: Daemon) -> list[str]:
    return [message["text"] for message in daemon.inbox()]


def test_each_member_gets_a_message_of_its_own(alice: Daemon, others: list[Daemon]) -> None:
    done = alice.ctl("send", "@ops", "down for ten minutes")
    assert (done.exit, done.out, done.err) == (0, "@ops: 3 of 3 delivered\n", "")
    assert [texts(each) for each in others] == [["down for ten minutes"]] * 3
    sent = alice.ctl_json("sent")
    assert len({message["id"] for message in sent}) == 3


def test_who_is_missing_is_named_and_keeps_it_from_nobody(alice: Daemon,
                                                          others: list[Daemon]) -> None:
    assert alice.ctl("group", "add", "ops", NOBODY).exit == 0
    done = alice.ctl("send", "@ops", "hi", *SHORTLY)
    assert done.exit == 75
    missing, summary = done.out.splitlines()
    assert NOBODY in missing and summary == "@ops: 3 of 4 delivered"
    assert [texts(each) for each in others] == [["hi"]] * 3


def test_a_member_that_is_no_peer_any_more_is_told_with_its_cause(alice: Daemon,
                                                                  others: list[Daemon]) -> None:
    assert alice.ctl("peer", "remove", "bob").exit == 0
    *_, summary = alice.ctl("--json", "send", "@ops", "hi").lines()
    assert (summary["type"], summary["delivered"], summary["members"]) == ("group_delivery", 2, 3)
    (missing,) = summary["missing"]
    assert missing["member"] == "bob" and missing["id"] is None and "bob" in missing["message"]
    assert alice.ctl("send", "@ops", "hi").exit == 67
    assert texts(others[0]) == [] and texts(others[1]) == ["hi", "hi"]


def test_a_retry_goes_to_those_missing_alone(alice: Daemon, others: list[Daemon]) -> None:
    assert alice.ctl("group", "add", "ops", NOBODY).exit == 0
    *_, summary = alice.ctl("--json", "send", "@ops", "hi", *SHORTLY).lines()
    missing = str(summary["missing"][0]["id"])
    assert alice.ctl("cancel", missing).exit == 0
    assert alice.ctl("retry", missing).exit == 0
    assert [texts(each) for each in others] == [["hi"]] * 3
    assert len(alice.ctl_json("sent")) == 4


def test_a_peer_that_is_two_members_gets_one_message(alice: Daemon, others: list[Daemon]) -> None:
    assert alice.ctl("group", "add", "ops", others[0].address).exit == 0
    assert alice.ctl("send", "@ops", "once").out == "@ops: 3 of 3 delivered\n"
    assert texts(others[0]) == ["once"]


def test_without_waiting_it_is_said_how_many_are_queued(alice: Daemon,
                                                        others: list[Daemon]) -> None:
    done = alice.ctl("send", "-n", "@ops", "hi")
    assert (done.exit, done.out) == (0, "@ops: 3 of 3 queued\n")
    for each in others:
        each.wait_inbox(1)


def test_groups_and_renamed_members_survive_a_restart(alice: Daemon, others: list[Daemon]) -> None:
    before = others[1].address
    assert alice.ctl("peer", "rename", "bob", "robert").exit == 0
    alice.stop()
    alice.start()
    (group,) = alice.ctl_json("group", "list")
    assert group["name"] == "ops" and group["members"][:2] == ["robert", before]
    assert alice.ctl("send", "@ops", "hi").exit == 0


def test_a_group_that_there_is_not_is_an_unknown_peer(alice: Daemon) -> None:
    done = alice.ctl("send", "@nobody", "hi")
    assert done.exit == 67 and "group list" in done.err
    assert alice.ctl("group", "remove", "nobody").exit == 67
    assert alice.ctl("group", "list").exit == 1


def test_what_is_no_peer_does_not_become_a_member(alice: Daemon) -> None:
    assert alice.ctl("group", "add", "ops", "nobody-of-this-name").exit == 67
    assert alice.ctl("group", "add", "no good", NOBODY).exit == 64
    assert alice.ctl("group", "list").exit == 1


def test_what_its_members_wrote_and_got_is_found_by_its_name(hosts: Hosts, alice: Daemon,
                                                             others: list[Daemon]) -> None:
    stranger = hosts.start("stranger")
    for each in (others[0], stranger, others[2]):
        assert each.ctl("send", alice.address, f"hi from {each.folder.name}").exit == 0
    assert alice.ctl("send", stranger.address, "hi stranger").exit == 0
    assert alice.ctl("send", "@ops", "hi all").exit == 0
    said = ["hi from bob", "hi from dave"]
    for words, wanted in (
            (["inbox", "--from", "@ops"], said), (["search", "hi", "--from", "@ops"], said),
            (["sent", "--to", "@ops"], ["hi all"] * 3), (["thread", "@ops"], said + ["hi all"] * 3),
            (["thread", "@ops", "--from", "bob"], said[:1]),
            (["thread", "@ops", "--grep", "DAVE"], said[1:]),
            (["watch", "--from", "@ops", "--since", "0", "--count", "2"], said)):
        assert [each["text"] for each in alice.ctl_json(*words)] == wanted, words
    assert alice.ctl("thread", "@ops", "--from", stranger.address).exit == 1


def test_a_member_that_is_no_peer_any_more_is_told_in_lists(alice: Daemon,
                                                            others: list[Daemon]) -> None:
    assert others[1].ctl("send", alice.address, "hi").exit == 0
    assert alice.ctl("peer", "remove", "bob").exit == 0
    done = alice.ctl("inbox", "--from", "@ops")
    assert (done.exit, len(done.out.splitlines())) == (0, 1) and '"bob"' in done.err, done
    assert alice.ctl("inbox", "--from", "@nobody").exit == 67
    assert alice.ctl("thread", "@nobody").exit == 67


@pytest.mark.parametrize("words", [("ask", "@ops", "hi"), ("peer", "show", "@ops"),
                                   ("doctor", "@ops"), ("group", "add", "more", "@ops")])
def test_where_one_peer_is_meant_a_group_is_refused(alice: Daemon, others: list[Daemon],
                                                    words: tuple[str, ...]) -> None:
    done = alice.ctl(*words)
    assert done.exit == 64 and "@ops" in done.err and "group" in done.err, done


@pytest.mark.parametrize("options", [("--lines",), ("--wait", "reply", "hi")])
def test_what_is_for_one_peer_is_not_for_a_group(alice: Daemon, options: tuple[str, ...]) -> None:
    assert alice.ctl("send", "@ops", *options).exit == 64

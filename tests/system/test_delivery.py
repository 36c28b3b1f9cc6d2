"""Between two p2pd: what is accepted arrives, once, whatever the network and restarts do."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from harness import Daemon, Hosts
from relay import Relay


def deliver(sender: Daemon, to: str, text: str, seconds: float = 20) -> int:
    number = sender.send(to, text)
    assert sender.wait_state([number], seconds) == ["delivered"]
    return number


def texts(messages: list[dict[str, object]]) -> list[object]:
    return [message["text"] for message in messages]


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def test_a_message_is_confirmed_and_in_the_inbox(alice: Daemon, bob: Daemon) -> None:
    number = deliver(alice, bob.address, "hi, 世界 👋\n\ttwo lines")
    sent = alice.call("get", {"ids": [number]})["messages"][0]
    assert (sent["state"], sent["attempts"], sent["dir"]) == ("delivered", 1, "out")
    assert 0 < sent["rtt_ms"] < 10_000 and sent["acked_at"] > sent["created_at"]
    received = bob.inbox()
    assert texts(received) == ["hi, 世界 👋\n\ttwo lines"]
    assert received[0]["peer"] == alice.address and received[0]["read"] is False


def test_a_reply_by_id_is_confirmed_and_names_its_message(alice: Daemon, bob: Daemon) -> None:
    asked = deliver(alice, bob.address, "lunch?")
    reply = bob.call("reply", {"id": bob.inbox()[0]["id"], "text": "yes"})["id"]
    assert bob.wait_state([reply]) == ["delivered"]
    answer = alice.inbox()[0]
    assert (answer["text"], answer["reply_to"]) == ("yes", asked)
    again = alice.call("reply", {"id": answer["id"], "text": "great"})["id"]
    assert alice.wait_state([again]) == ["delivered"]
    assert bob.inbox()[-1]["reply_to"] == reply


def test_a_peer_that_is_down_gets_it_when_it_starts(hosts: Hosts, alice: Daemon) -> None:
    bob = hosts.start("bob")
    bob.stop()
    done = alice.ctl("send", bob.address, "wake up", "--timeout", "300ms")
    assert done.exit == 75 and "still trying" in done.out, done
    number = alice.sent()[0]["id"]
    assert f"p2pctl wait {number}" in done.out
    bob.start()
    done = alice.ctl("wait", str(number), "--timeout", "30s", seconds=60)
    assert done.exit == 0 and "delivered" in done.out, done
    assert texts(bob.inbox()) == ["wake up"]


def test_everything_goes_at_once_when_a_peer_is_heard_again(hosts: Hosts, alice: Daemon) -> None:
    """No waiting for the back-off: a message of the returned peer opens the gate."""
    bob = hosts.start("bob")
    bob.stop()
    ids = [alice.send(bob.address, f"for later {i}") for i in range(50)]
    alice.wait_state(ids, 4)  # time for some misses: the back-off is long by now
    bob.start()
    deliver(bob, alice.address, "I am back")
    assert alice.wait_state(ids, 20) == ["delivered"] * 50
    assert texts(bob.inbox()) == [f"for later {i}" for i in range(50)]


def test_restarts_of_both_sides_keep_everything(hosts: Hosts, alice: Daemon, bob: Daemon) -> None:
    delivered = deliver(alice, bob.address, "before")
    bob.stop()
    waiting = alice.send(bob.address, "while bob was down", expires_s=1000)
    before = alice.call("get", {"ids": [delivered, waiting]})["messages"]
    alice.stop()
    bob.start()
    alice.start()
    after = alice.call("get", {"ids": [delivered, waiting]})["messages"]
    assert after[0] == before[0]
    assert (after[1]["text"], after[1]["expires_at"]) == (before[1]["text"],
                                                         before[1]["expires_at"])
    assert alice.wait_state([waiting], 30) == ["delivered"]
    assert texts(bob.inbox()) == ["before", "while bob was down"]


def test_ids_and_cursors_rise_over_restarts(alice: Daemon, bob: Daemon) -> None:
    ids, cursors = [], []
    for i in range(4):
        sent = alice.call("send", {"peer": bob.address, "text": f"{i}"})
        ids.append(sent["id"])
        cursors.append(alice.call("subscribe")["cursor"])
        alice.kill() if i % 2 else alice.stop()
        alice.start()
    assert ids == sorted(set(ids)) and cursors == sorted(cursors)
    assert len(bob.wait_inbox(4, 30)) == 4


def test_a_request_id_is_accepted_once_also_after_a_restart(alice: Daemon, bob: Daemon) -> None:
    request = {"peer": bob.address, "text": "only once", "request_id": "5f3759df"}
    with alice.control() as client:
        answers = [client.answer(number)
                   for number in [client.post("send", request) for _ in range(10)]]
    alice.restart()
    answers.append(alice.call("send", request))
    assert len({answer["id"] for answer in answers}) == 1
    assert [answer["repeated"] for answer in answers] == [False] + [True] * 10
    assert alice.wait_state([answers[0]["id"]]) == ["delivered"]
    assert texts(bob.inbox()) == ["only once"]


def test_a_subscription_has_no_gap_while_messages_flow(alice: Daemon, bob: Daemon) -> None:
    """History, then live; ended and resumed at any cursor: each message once, in order."""
    count = 2000
    accepted: list[int] = []

    def send_all() -> None:
        with alice.control() as client:
            numbers = [client.post("send", {"peer": bob.address, "text": f"{i}"})
                       for i in range(count)]
            accepted.extend(client.answer(number, 60)["id"] for number in numbers)

    sending = threading.Thread(target=send_all)
    sending.start()
    received: list[str] = []
    cursor = 0
    while len(received) < count:
        with bob.control() as client:
            client.call("subscribe", {"since": cursor})
            for _ in range(min(97, count - len(received))):
                message = client.next_message(60)
                assert message["cursor"] > cursor
                cursor = message["cursor"]
                received.append(message["text"])
    sending.join()
    assert len(accepted) == count
    assert sorted(received, key=int) == [f"{i}" for i in range(count)]


def test_changes_of_state_are_told_to_subscribers(alice: Daemon, bob: Daemon) -> None:
    with alice.control() as client:
        client.call("subscribe")
        number = client.call("send", {"peer": bob.address, "text": "watched"})["id"]
        states = []
        while not states or states[-1] != "delivered":
            message = client.next_message()
            assert message["id"] == number
            states.append(message["state"])
        order = ["queued", "sending", "delivered"]
        assert states == [state for state in order if state in states]
        client.call("unsubscribe")
        client.call("send", {"peer": bob.address, "text": "unwatched"})
        client.call("status")
        assert not client.notifications


@pytest.mark.parametrize("known", [False, True], ids=["at first contact", "when known"])
def test_a_long_text_is_joined_again(alice: Daemon, bob: Daemon, known: bool) -> None:
    if known:
        deliver(alice, bob.address, "short")
    text = "".join(f"line {i}: 世界 \\ \"ação\" 👋🏽\n" for i in range(200))[:5000]
    number = deliver(alice, bob.address, text)
    received = bob.inbox()[known:]
    assert texts(received) == [text]
    assert received[0]["parts"] == alice.call("get", {"ids": [number]})["messages"][0]["parts"] > 1
    deliver(alice, bob.address, "next")
    assert texts(bob.inbox())[known:] == [text, "next"]


def test_the_longest_text_arrives_whole(alice: Daemon, bob: Daemon) -> None:
    text = ("👋" * 16384)
    assert len(text.encode()) == 65536
    deliver(alice, bob.address, text, 60)
    assert texts(bob.inbox()) == [text]


def test_a_long_reply_is_joined_again(alice: Daemon, bob: Daemon) -> None:
    deliver(alice, bob.address, "tell me more " * 300)
    asked = bob.inbox()[0]
    assert asked["text"] == "tell me more " * 300
    number = bob.call("reply", {"id": asked["id"], "text": "so it was " * 300})["id"]
    assert bob.wait_state([number]) == ["delivered"]
    assert texts(alice.inbox()) == ["so it was " * 300]


def test_a_network_that_loses_doubles_and_overtakes_changes_nothing(
    alice: Daemon, bob: Daemon
) -> None:
    with Relay(alice.endpoint, bob.endpoint, seed=3) as relay:
        ids = {daemon: [daemon.send(to, f"hello {name}")] for daemon, to, name in
               ((alice, relay.b_for_a, "bob"), (bob, relay.a_for_b, "alice"))}
        relay.loss, relay.duplication, relay.overtaking = 0.1, 0.1, 0.1
        relay.largest = 1472  # as Ethernet, so that there are many
        for daemon, to in ((alice, relay.b_for_a), (bob, relay.a_for_b)):
            with daemon.control() as client:
                numbers = [client.post("send", {"peer": to, "text": f"{i} " + "x" * (i * 7)})
                           for i in range(300)]
                ids[daemon] += [client.answer(number)["id"] for number in numbers]
        for daemon in (alice, bob):
            assert set(daemon.wait_state(ids[daemon], 120)) == {"delivered"}
        assert relay.lost > 50
        assert max(map(len, relay.datagrams)) <= 65507
    for daemon, name in ((alice, "alice"), (bob, "bob")):
        expected = [f"hello {name}"] + [f"{i} " + "x" * (i * 7) for i in range(300)]
        assert sorted(texts(daemon.inbox())) == sorted(expected)


def test_nothing_is_probed_with_what_is_no_ordinary_message(alice: Daemon) -> None:
    """All that an unknown address ever gets are valid messages of the given format."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.settimeout(20)
        alice.send("127.0.0.1:%d" % stranger.getsockname()[1], "hello " * 500)
        for _ in range(2):  # the first transmission and its copy
            data = stranger.recv(65536)
            packet = json.loads(data)
            assert len(data) <= 1024 and isinstance(packet["Mensagem"], str)
            assert packet["Ip_origem"] == "127.0.0.1"
            assert set(packet) - {"p2pd"} == {
                "Ip_origem", "Ip_destino", "Porta_origem", "Porta_destino",
                "Timestamp da mensagem", "Mensagem"}


def test_an_expired_message_is_said_to_be(alice: Daemon) -> None:
    done = alice.ctl("send", "127.0.0.1:9", "too late", "--expires", "1s", "--timeout", "20s")
    assert done.exit == 1 and "expired" in done.out, done


def test_a_message_to_oneself_arrives(alice: Daemon) -> None:
    deliver(alice, alice.address, "note to self")
    assert texts(alice.inbox()) == ["note to self"]


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
def test_ipv6_serves_as_well(hosts: Hosts) -> None:
    alice = hosts.start("alice", listen=("[::1]:0",))
    bob = hosts.start("bob", listen=("[::1]:0", "127.0.0.1:0"))
    assert bob.address.startswith("[::1]:")
    deliver(alice, bob.address, "six")
    asked = bob.inbox()[0]
    assert asked["peer"] == alice.address and asked["claims"] is None
    number = bob.call("reply", {"id": asked["id"], "text": "yes, six"})["id"]
    assert bob.wait_state([number]) == ["delivered"]
    assert texts(alice.inbox()) == ["yes, six"]


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
def test_all_addresses_of_both_families_at_once(hosts: Hosts) -> None:
    alice = hosts.start("alice", listen=("0.0.0.0:0", "[::]:0"))
    bob = hosts.start("bob", listen=("127.0.0.1:0", "[::1]:0"))
    for address in bob.listen:
        deliver(alice, address, f"to {address}")
    received = bob.inbox()
    assert sorted(texts(received)) == sorted(f"to {address}" for address in bob.listen)
    assert all(message["claims"] is None for message in received)


def test_every_listening_address_answers_from_itself(hosts: Hosts, alice: Daemon) -> None:
    bob = hosts.start("bob", listen=("127.0.0.1:0", "127.0.0.2:0", "127.0.0.1:0"))
    for address in bob.listen:
        deliver(alice, address, f"to {address}")
        message = bob.inbox()[-1]
        number = bob.call("reply", {"id": message["id"], "text": f"re: {message['text']}"})["id"]
        assert bob.wait_state([number]) == ["delivered"]
    for message in alice.inbox():
        assert message["text"] == f"re: to {message['peer']}"
        assert message["claims"] is None


def test_an_ack_comes_from_the_address_that_was_written_to(hosts: Hosts) -> None:
    bob = hosts.start("bob", listen=("0.0.0.0:0", "127.0.0.1:0"))
    ports = [int(address.rpartition(":")[2]) for address in bob.listen]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(20)
        for number, to in enumerate([("127.0.0.1", ports[0]), ("127.0.0.3", ports[0]),
                                     ("127.0.0.1", ports[1])]):
            packet = {"Ip_origem": "127.0.0.1", "Ip_destino": to[0], "Porta_origem": 1,
                      "Porta_destino": to[1], "Timestamp da mensagem": number, "Mensagem": "hi"}
            peer.sendto(json.dumps(packet).encode(), to)
            ack, source = peer.recvfrom(1024)
            assert source == to
            assert (json.loads(ack)["Ip_origem"], json.loads(ack)["Porta_origem"]) == to

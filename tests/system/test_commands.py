"""p2pctl against a real daemon: each command, its exit codes, `--json` parsed, and texts of peers
that cannot harm the terminal."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from harness import Daemon, Hosts
from programs import run_ctl

NOBODY = "127.0.0.1:9"  # nobody answers at the port of `discard`


@pytest.fixture(scope="module")
def pair(module_hosts: Hosts) -> tuple[Daemon, Daemon]:
    return module_hosts.start("alice"), module_hosts.start("bob")


@pytest.fixture
def alice(pair: tuple[Daemon, Daemon]) -> Daemon:
    return pair[0]


@pytest.fixture
def bob(pair: tuple[Daemon, Daemon]) -> Daemon:
    return pair[1]


def send(sender: Daemon, to: Daemon, text: str) -> tuple[int, int]:
    """The ids of one delivered message, at the sender and at the receiver."""
    line = sender.ctl_json("send", to.address, text)[0]
    assert (line["type"], line["state"], line["text"]) == ("message", "delivered", text)
    return line["id"], to.inbox()[-1]["id"]


def test_send_prints_one_line_that_says_what_became_of_it(alice: Daemon, bob: Daemon) -> None:
    done = alice.ctl("send", bob.address, "hello", "there")
    assert done.exit == 0 and done.err == ""
    assert re.fullmatch(rf"→ #\d+ to {bob.address}: delivered in [\d.]+ (µs|us|ms|s)\n", done.out)
    assert bob.inbox()[-1]["text"] == "hello there"


def test_the_fields_of_json_are_as_documented(alice: Daemon, bob: Daemon) -> None:
    sent = alice.ctl_json("send", bob.address, "fields")[0]
    assert {"v", "type", "id", "dir", "peer", "name", "text", "state", "attempts", "created_at",
            "acked_at", "rtt_ms", "reply_to", "cursor"} <= set(sent)
    received = bob.ctl_json("inbox", "-n", "1")[0]
    assert {"v", "type", "id", "dir", "peer", "name", "text", "sent_at", "received_at", "read",
            "reply_to", "cursor"} <= set(received)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", received["sent_at"])


def test_a_text_comes_from_a_file_or_a_pipe(alice: Daemon, bob: Daemon, tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("from a file\nof two lines\n")
    assert alice.ctl("send", bob.address, "-f", str(file)).exit == 0
    assert bob.inbox()[-1]["text"] == "from a file\nof two lines"
    assert alice.ctl("send", bob.address, stdin="from a pipe\n").exit == 0
    assert bob.inbox()[-1]["text"] == "from a pipe"
    assert alice.ctl("send", bob.address, "-", stdin="from -\n").exit == 0
    assert bob.inbox()[-1]["text"] == "from -"


def test_a_host_name_is_looked_up(alice: Daemon, bob: Daemon) -> None:
    done = alice.ctl("send", f"localhost:{bob.endpoint[1]}", "by host name")
    assert done.exit == 0 and bob.address in done.out, done


def test_no_wait_returns_once_it_is_on_disk(alice: Daemon) -> None:
    done = alice.ctl("send", NOBODY, "-n", "later")
    assert done.exit == 0 and "queued" in done.out, done


def test_a_reply_needs_no_address(alice: Daemon, bob: Daemon) -> None:
    asked, received = send(alice, bob, "lunch?")
    done = bob.ctl("reply", str(received), "yes,", "gladly")
    assert done.exit == 0 and "delivered" in done.out, done
    assert alice.ctl_json("inbox", "-n", "1")[0]["reply_to"] == asked
    assert bob.ctl("reply", f"#{received}", "again").exit == 0


def test_a_text_over_64_kib_is_refused_with_the_excess(alice: Daemon, bob: Daemon) -> None:
    assert alice.ctl("send", bob.address, stdin="x" * 65536, seconds=60).exit == 0
    done = alice.ctl("--json", "send", bob.address, stdin="x" * 65546)
    assert done.exit == 65 and done.out == ""
    error = done.error()
    assert error["code"] == "text_too_long" and "10 bytes" in error["message"]
    assert alice.ctl("send", bob.address, stdin=b"no UTF-8: \xff").exit == 65
    assert alice.ctl("send", bob.address, "").exit == 65


def test_from_is_what_a_peer_wrote_and_not_what_it_got(alice: Daemon, bob: Daemon) -> None:
    send(alice, bob, "halibut for dinner")
    send(bob, alice, "halibut it is")
    for command in (("thread", alice.address), ("search", "halibut")):
        assert bob.ctl_json(*command)[-1]["text"] == "halibut it is"
        assert bob.ctl_json(*command, "--from", alice.address)[-1]["text"] == "halibut for dinner"
        assert bob.ctl("--json", *command, "--from", NOBODY).exit == 1
    assert bob.ctl("thread", alice.address, "--from", "nobody-of-this-name").exit == 67


def test_what_is_unread_is_counted_for_each_peer(alice: Daemon, bob: Daemon) -> None:
    bob.ctl("read", "--all")
    send(alice, bob, "one")
    send(alice, bob, "two")
    assert bob.ctl_json("peer", "show", alice.address)[0]["unread"] == 2
    listed = next(line for line in bob.ctl("peer", "list").out.splitlines()
                  if alice.address in line)
    assert listed.endswith(", 2 unread")
    bob.ctl("read", "--all")
    assert bob.ctl_json("peer", "show", alice.address)[0]["unread"] == 0


def test_inbox_narrows_and_marks(alice: Daemon, bob: Daemon) -> None:
    bob.ctl("read", "--all")
    _, first = send(alice, bob, "one")
    _, second = send(alice, bob, "two")
    assert [line["id"] for line in bob.ctl_json("inbox", "--unread")] == [first, second]
    assert [line["id"] for line in bob.ctl_json("inbox", "-n", "1")] == [second]
    assert bob.ctl_json("inbox", "--from", alice.address, "--since", "1h")[-1]["id"] == second
    assert bob.ctl("--json", "inbox", "--until", "1h").exit == 1
    assert bob.ctl("--json", "inbox", "--from", NOBODY).exit in (1, 67)
    assert bob.ctl_json("inbox", "--unread", "--mark-read")[-1]["id"] == second
    assert bob.ctl("inbox", "--unread").exit == 1
    assert bob.ctl_json("unread", str(first), str(second))[0] == {"v": 1, "type": "count",
                                                                  "count": 2}
    assert bob.status()["unread"] == 2
    assert bob.ctl_json("read", str(first))[0]["count"] == 1
    assert bob.ctl_json("read", "--all")[0]["count"] == 1
    assert bob.status()["unread"] == 0


def test_sent_show_and_thread(alice: Daemon, bob: Daemon) -> None:
    number, received = send(alice, bob, "look at this")
    assert alice.ctl_json("sent", "-n", "1")[0]["id"] == number
    assert alice.ctl_json("sent", "--to", bob.address)[-1]["id"] == number
    shown = alice.ctl("show", str(number))
    assert "look at this" in shown.out and bob.address in shown.out
    bob.ctl("reply", str(received), "looking")
    thread = [line["text"] for line in alice.ctl_json("thread", bob.address)]
    assert thread[-2:] == ["look at this", "looking"]
    assert [line["text"] for line in alice.ctl_json("thread", str(number))] == thread
    nothing = alice.ctl("thread", str(number), "--until", "2001-01-01")
    assert nothing.exit == 1 and "no such messages" in nothing.err, nothing


def test_wait_retry_and_cancel(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    number = str(daemon.ctl_json("send", NOBODY, "-n", "nobody home")[0]["id"])
    assert daemon.ctl("wait", number, "--timeout", "200ms").exit == 75
    assert daemon.ctl("retry", number).exit == 0
    done = daemon.ctl("cancel", number)
    assert done.exit == 0, done
    assert daemon.sent()[0]["state"] == "cancelled"
    assert daemon.ctl("wait", number).exit == 1
    assert daemon.ctl("retry", number).exit == 0
    assert daemon.sent()[0]["state"] in ("queued", "sending")


def test_what_is_delivered_can_be_neither_cancelled_nor_tried_again(
    alice: Daemon, bob: Daemon
) -> None:
    number = str(send(alice, bob, "done")[0])
    assert alice.ctl("cancel", number).exit == 1
    assert alice.ctl("retry", number).exit == 1
    assert alice.ctl("wait", number).exit == 0


def test_search_finds_words_of_any_script(alice: Daemon, bob: Daemon) -> None:
    send(alice, bob, "the quick brown fox: ação")
    send(alice, bob, "the lazy dog")
    found = [line["text"] for line in bob.ctl_json("search", "quick", "fox")]
    assert found == ["the quick brown fox: ação"]
    assert bob.ctl_json("search", "ação")[0]["text"] == "the quick brown fox: ação"
    assert bob.ctl_json("search", "laz*")[0]["text"] == "the lazy dog"
    assert bob.ctl("search", "elephant").exit == 1
    for odd in ('"', "*", "AND", "a OR", "(", "NEAR(", "text:fox", "'; DROP", "-", "^fox"):
        assert bob.ctl("search", "--", odd).exit in (0, 1, 64), odd


def test_delete_and_purge(hosts: Hosts, bob: Daemon) -> None:
    daemon = hosts.start("daemon")
    ids = [str(send(daemon, bob, f"gone {i}")[0]) for i in range(3)]
    pending = str(daemon.ctl_json("send", NOBODY, "-n", "stays")[0]["id"])
    assert daemon.ctl_json("delete", ids[0])[0]["count"] == 1
    assert daemon.ctl("show", ids[0]).exit == 66
    assert daemon.ctl("delete", pending).exit == 1, "what is being sent is not deleted"
    assert daemon.ctl_json("purge", "--older-than", "1h", "--yes")[0]["count"] == 0
    assert daemon.ctl_json("purge", "--yes")[0]["count"] == 2
    assert [str(message["id"]) for message in daemon.sent()] == [pending]


def test_a_deleted_message_is_not_stored_again_by_a_late_copy(hosts: Hosts) -> None:
    import json
    import socket

    daemon = hosts.start("daemon")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(20)
        packet = {"Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 1,
                  "Porta_destino": 2, "Timestamp da mensagem": 1732260000.5, "Mensagem": "hi"}
        for _ in range(2):
            peer.sendto(json.dumps(packet).encode(), daemon.endpoint)
            assert json.loads(peer.recv(1024))["ACK"] is True
            if daemon.status()["messages"]:
                daemon.ctl("delete", str(daemon.inbox()[0]["id"]))
        assert daemon.status()["messages"] == 0


def test_the_address_book(hosts: Hosts, bob: Daemon) -> None:
    daemon = hosts.start("daemon")
    assert daemon.ctl("peer", "list").exit == 1, "nobody yet"
    added = daemon.ctl_json("peer", "add", "bob", bob.address)[0]
    assert (added["type"], added["name"], added["address"]) == ("peer", "bob", bob.address)
    done = daemon.ctl("send", "bob", "by name")
    assert done.exit == 0 and f"to bob ({bob.address}): delivered" in done.out
    shown = daemon.ctl_json("peer", "show", "bob")[0]
    assert shown["p2pd"] is True and shown["last_heard"] and shown["rtt_ms"] > 0
    assert daemon.ctl("peer", "add", "bob", NOBODY).exit == 1, "the name is taken"
    assert daemon.ctl("peer", "rename", "bob", "robert").exit == 0
    done = daemon.ctl("--json", "send", "rober", "typo")
    assert done.exit == 67 and "robert" in done.error()["hint"]
    assert daemon.restart().ctl("peer", "show", "robert").exit == 0
    assert daemon.ctl("peer", "remove", "robert").exit == 0
    assert daemon.ctl("send", "robert", "gone").exit == 67
    assert daemon.sent()[0]["text"] == "by name"


def test_no_name_from_the_network_gets_into_the_address_book(
    hosts: Hosts, field: socket.socket
) -> None:
    daemon = hosts.start("daemon")
    packet = {"Ip_origem": "boss", "Ip_destino": "x", "Porta_origem": 5000, "Porta_destino": 1,
              "Timestamp da mensagem": 1.5, "Mensagem": "I am the boss", "Nome": "boss",
              "name": "boss"}
    field.sendto(json.dumps(packet).encode(), daemon.endpoint)
    daemon.wait_inbox(1)
    address = f"127.0.0.1:{field.getsockname()[1]}"
    assert daemon.ctl("send", "-n", f"localhost:{field.getsockname()[1]}", "who?").exit == 0
    (peer,) = daemon.ctl_json("peer", "list")
    assert (peer["name"], peer["address"]) == (None, address)
    (message,) = daemon.ctl_json("inbox")
    assert (message["name"], message["peer"]) == (None, address)
    assert all(daemon.ctl("send", name, "hi").exit == 67 for name in ("boss", "@boss"))


def test_status_config_log_level_and_reload(hosts: Hosts) -> None:
    daemon = hosts.start("daemon", config="clients_max = 11\n")
    status = daemon.ctl_json("status")[0]
    assert status["type"] == "status" and status["pid"] == daemon.pid
    assert daemon.address in daemon.ctl("status").out
    entries = {each["key"]: each for each in daemon.ctl_json("config", "show")[0]["entries"]}
    assert entries["clients_max"] == {"key": "clients_max", "value": "11",
                                      "source": f"{daemon.config}:1"}
    assert daemon.ctl("log-level").out == "info\n"
    assert daemon.ctl_json("log-level", "debug")[0]["level"] == "debug"
    assert daemon.ctl("log-level", "lout").exit == 64
    daemon.config.write_text("clients_max = 22\npeers_max = 100\n")
    reloaded = daemon.ctl_json("reload")[0]
    assert set(reloaded["changed"]) >= {"clients_max", "peers_max"}
    assert reloaded["needs_restart"] == ["peers_max"]
    daemon.config.write_text("clients_max = 33\nexpires = never\n")
    done = daemon.ctl("--json", "reload")
    assert done.exit == 78 and f"{daemon.config}:2: " in done.error()["message"]
    entries = {each["key"]: each for each in daemon.ctl_json("config", "show")[0]["entries"]}
    assert entries["clients_max"]["value"] == "22"
    assert daemon.ctl("config", "check", str(daemon.config)).exit == 78


def test_watch_shows_history_then_live_then_ends(alice: Daemon, bob: Daemon) -> None:
    _, received = send(alice, bob, "seen")
    cursor = bob.call("get", {"ids": [received]})["messages"][0]["cursor"]
    line = bob.ctl_json("watch", "--since", str(cursor - 1), "--count", "1")[0]
    assert line["text"] == "seen"
    assert bob.ctl("watch", "--timeout", "200ms").exit == 1
    assert bob.ctl("--json", "watch", "--since", "0", "--timeout", "500ms").out


def test_rpc_help_version_and_completion(alice: Daemon) -> None:
    result = alice.ctl_json("rpc", "list", '{"box":"all","limit":1}')[0]
    assert len(result["result"]["messages"]) == 1
    assert alice.ctl("rpc", "list", "{").exit == 64
    assert alice.ctl("rpc", "nonsense").exit == 64
    help_text = alice.ctl("help").out
    for command in ("send", "reply", "inbox", "watch", "peer", "status", "completion"):
        assert command in help_text
        assert alice.ctl("help", command).exit == 0 or command == "peer"
    assert alice.ctl("send", "--help").exit == 0
    assert alice.ctl("--version").out.startswith("p2pctl ")
    assert alice.ctl_json("version")[0]["p2pd"]
    for shell in ("bash", "zsh", "fish"):
        assert "p2pctl" in alice.ctl("completion", shell).out


@pytest.mark.parametrize("arguments, exit_code, says", [
    (["sned", "x"], 64, "p2pctl send"),
    (["inbox", "--unraed"], 64, "--unread"),
    (["inbox", "-n", "0"], 64, "number"),
    (["inbox", "--since", "whenever"], 64, "--since"),
    (["peer"], 64, "list"),
    (["peer", "ad"], 64, "add"),
    (["reply"], 64, "usage"),
    (["reply", "abc", "x"], 64, "abc"),
    (["reply", "99999999", "x"], 66, "newest"),
    (["show", "99999999"], 66, "newest"),
    (["cancel", "99999999"], 66, "newest"),
    (["send", "nobody", "x"], 67, "peer add"),
    (["send", "host.invalid", "x"], 68, "host.invalid"),
    (["send", "127.0.0.1:9", "x", "--timeout", "soon"], 64, "--timeout"),
    (["--color", "green", "inbox"], 64, "color"),
])
def test_what_is_wrong_and_what_to_do_is_said(
    alice: Daemon, arguments: list[str], exit_code: int, says: str
) -> None:
    done = alice.ctl(*arguments)
    assert done.exit == exit_code and done.out == "", done
    assert says in done.err
    done = alice.ctl("--json", *arguments)
    assert done.exit == exit_code and done.out == ""
    assert set(done.error()) == {"v", "type", "code", "message", "hint", "exit"}


def test_a_daemon_that_is_down_is_said_to_be(tmp_path: Path) -> None:
    done = run_ctl(tmp_path, "--socket", str(tmp_path / "none"), "inbox")
    assert done.exit == 69 and "systemctl" in done.err and "journalctl" in done.err


def test_the_socket_is_found_by_environment(alice: Daemon, tmp_path: Path) -> None:
    done = run_ctl(tmp_path, "status", environment={"P2PD_SOCKET": str(alice.socket)})
    assert done.exit == 0
    (tmp_path / "run" / "p2pd").mkdir(parents=True)
    (tmp_path / "run" / "p2pd" / "control.sock").symlink_to(alice.socket)
    assert run_ctl(tmp_path, "status").exit == 0


def test_texts_cannot_move_the_cursor_or_colour_the_screen(alice: Daemon, bob: Daemon) -> None:
    evil = "a\x1b[2J\x1b]0;title\x07\r\x08\x9bb\u202eevil\u2066\u200b\x7fz"
    number, received = send(alice, bob, evil)
    for daemon, command in ((bob, ["inbox"]), (bob, ["show", str(received)]), (alice, ["sent"]),
                            (bob, ["thread", alice.address]), (bob, ["search", "title"]),
                            (bob, ["watch", "--since", "0", "--timeout", "300ms"])):
        done = daemon.ctl(*command)
        assert done.exit == 0, (command, done)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]",
                             done.out), command
        assert "\\x1b" in done.out and "\\u202e" in done.out, command
    assert bob.ctl_json("show", str(received))[0]["text"] == evil
    assert bob.ctl("--json", "show", str(received)).out.isascii()


def test_a_text_of_many_lines_stays_one_row_of_the_table(alice: Daemon, bob: Daemon) -> None:
    send(alice, bob, "one\ntwo\n* 99  2026-01-01 00:00:00  root  forged")
    table = bob.ctl("inbox", "-n", "1").out
    assert len(table.splitlines()) == 1


def test_5000_lines_are_5000_messages(hosts: Hosts) -> None:
    sender, receiver = hosts.start("sender"), hosts.start("receiver")
    lines = [f"line {i}: 👋" for i in range(5000)]
    done = sender.ctl("--json", "send", receiver.address, "--lines", "--timeout", "60s",
                      stdin="\n".join(lines) + "\n", seconds=120)
    assert done.exit == 0, done.err[-2000:]
    results = done.lines()
    assert len(results) == 5000 and {line["state"] for line in results} == {"delivered"}
    received = receiver.inbox()
    assert sorted(message["text"] for message in received) == sorted(lines)


def test_lines_to_a_peer_that_is_down_are_queued_in_order(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    done = daemon.ctl("send", NOBODY, "--lines", "-n", stdin="one\n\ntwo\nthree")
    assert done.exit == 0 and len(done.out.splitlines()) == 3, done
    assert [message["text"] for message in daemon.sent()] == ["one", "two", "three"]


def test_peer_list_has_all_when_there_are_more_than_a_page_has(alice: Daemon) -> None:
    with alice.control() as client:
        numbers = [client.post("peers.add", {"name": f"host{i}",
                                             "address": f"10.1.{i // 250}.{i % 250 + 1}"})
                   for i in range(502)]
        for number in numbers:
            client.answer(number)
    names = {line["name"] for line in alice.ctl_json("peer", "list")}
    assert {f"host{i}" for i in range(502)} <= names

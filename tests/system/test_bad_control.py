"""Bad clients of the control socket: an error that names what is wrong and what is allowed, and
never harm to the daemon or to other clients."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator

import pytest

from control import TIME_FACTOR, ConnectionEnded, Control, Deadline
from harness import Daemon, Hosts

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def daemon(module_hosts: Hosts) -> Daemon:
    return module_hosts.start("daemon")


@pytest.fixture
def client(daemon: Daemon) -> Iterator[Control]:
    with daemon.control() as client:
        yield client


def check_serves(client: Control) -> None:
    assert client.call("hello")["name"] == "p2pd"


def check_serves_others(daemon: Daemon) -> None:
    with daemon.control() as another:
        check_serves(another)


@pytest.mark.parametrize("line", [
    pytest.param(b"hello", id="a word"),
    pytest.param(b"{", id="half an object"),
    pytest.param(b'{"jsonrpc":"2.0","id":1,"method":"hello"}}', id="a brace too many"),
    pytest.param(b'{"jsonrpc":"2.0","id":1,"method":"send","params":{"text":"\xff"}}',
                 id="no UTF-8"),
    pytest.param(b"\x00\x01\x02\xfe\xff" * 100, id="binary garbage"),
    pytest.param(b"[" * 100_000, id="a hundred thousand brackets"),
    pytest.param(b'{"x":' * 50_000 + b"1" + b"}" * 50_000, id="too deep"),
    pytest.param(b'{"x":' * 33 + b"1" + b"}" * 33, id="33 deep"),
    pytest.param(b'{"id":18446744073709551616,"method":"hello"}', id="a number of 65 bits"),
])
def test_what_is_no_json_is_a_parse_error(client: Control, line: bytes) -> None:
    client.send_line(line)
    error = client.read_object()
    assert error["id"] is None and error["error"]["code"] == -32700
    assert error["error"]["data"]["code"] == "parse_error"
    check_serves(client)


@pytest.mark.parametrize("line", ["[]", "5", "null", '"status"', "{}", '{"id":1}',
                                  '{"id":1,"method":5}', '{"id":{},"method":"status"}',
                                  '{"id":[1],"method":"status"}', '{"id":1.5,"method":"status"}'])
def test_what_is_no_request_is_an_invalid_request(client: Control, line: str) -> None:
    client.send_line(line)
    error = client.read_object()
    assert error["error"]["code"] == -32600
    assert error["error"]["data"]["code"] == "invalid_request"
    check_serves(client)


def test_an_unknown_method_is_named(client: Control) -> None:
    failure = client.failure("sned", {})
    assert (failure.number, failure.code, failure.exit) == (-32601, "unknown_method", 64)
    assert "sned" in failure.message
    check_serves(client)


@pytest.mark.parametrize("method, params, named", [
    ("send", {}, "peer"),
    ("send", {"peer": "127.0.0.1"}, "text"),
    ("send", {"peer": "127.0.0.1", "text": 5}, "text"),
    ("send", {"peer": 127, "text": "hi"}, "peer"),
    ("send", {"peer": "127.0.0.1", "text": "hi", "colour": "red"}, "colour"),
    ("send", {"peer": "127.0.0.1", "text": "hi", "expires_s": -1}, "expires_s"),
    ("send", {"peer": "127.0.0.1", "text": "hi", "expires_s": 0}, "expires_s"),
    ("send", {"peer": "127.0.0.1", "text": "hi", "expires_s": 1209601}, "expires_s"),
    ("send", {"peer": "127.0.0.1", "text": "hi", "expires_s": 1.5}, "expires_s"),
    ("send", {"peer": "127.0.0.1", "text": "hi", "expires_s": True}, "expires_s"),
    ("send", {"peer": "127.0.0.1", "text": "hi", "request_id": "x" * 129}, "request_id"),
    ("send", {"peer": "127.0.0.1:0", "text": "hi"}, "peer"),
    ("send", {"peer": "0.0.0.0", "text": "hi"}, "peer"),
    ("send", {"peer": "224.0.0.1", "text": "hi"}, "peer"),
    ("reply", {"id": -1, "text": "hi"}, "id"),
    ("reply", {"id": "1", "text": "hi"}, "id"),
    ("list", {"box": "outbox"}, "box"),
    ("list", {"limit": 0}, "limit"),
    ("list", {"limit": 501}, "limit"),
    ("list", {"limit": 2**40}, "limit"),
    ("list", {"since": "yesterday"}, "since"),
    ("list", {"unread": "yes"}, "unread"),
    ("get", {"ids": []}, "ids"),
    ("get", {"ids": [1] * 1001}, "ids"),
    ("get", {"ids": 1}, "ids"),
    ("wait", {"ids": [1], "timeout_ms": 86400001}, "timeout_ms"),
    ("mark", {}, "ids"),
    ("mark", {"all": True, "ids": [1]}, "ids"),
    ("thread", {}, "peer"),
    ("search", {}, "words"),
    ("search", {"words": ""}, "words"),
    ("peers.add", {"name": "two words", "address": "127.0.0.1"}, "name"),
    ("peers.add", {"name": "bob", "address": "127.0.0.1", "dialect": "klingon"}, "dialect"),
    ("peers.add", {"name": "x" * 64, "address": "127.0.0.1"}, "name"),
    ("log_level", {"level": "loud"}, "level"),
    ("status", {"verbose": True}, "verbose"),
    ("subscribe", {"since": -1}, "since"),
    ("subscribe", {"from": 0}, "from"),
])
def test_a_bad_parameter_is_named(
    client: Control, method: str, params: dict[str, object], named: str
) -> None:
    failure = client.failure(method, params)
    assert (failure.number, failure.code, failure.exit) == (-32602, "invalid_params", 64)
    assert f'"{named}"' in failure.message, failure
    check_serves(client)


def test_params_that_are_no_object_are_refused(client: Control) -> None:
    client.send_line('{"jsonrpc":"2.0","id":1,"method":"send","params":["127.0.0.1","hi"]}')
    assert client.read_object()["error"]["code"] == -32602
    check_serves(client)


@pytest.mark.parametrize("method, params, code, exit_code", [
    ("reply", {"id": 999, "text": "hi"}, "unknown_message", 66),
    ("get", {"ids": [999]}, "unknown_message", 66),
    ("cancel", {"ids": [999]}, "unknown_message", 66),
    ("send", {"peer": "nobody", "text": "hi"}, "unknown_peer", 67),
    ("send", {"peer": "127.0.0.1", "text": ""}, "bad_text", 65),
    ("send", {"peer": "127.0.0.1", "text": "x" * 65537}, "text_too_long", 65),
    ("peers.remove", {"peer": "nobody"}, "unknown_peer", 67),
])
def test_a_request_that_cannot_be_done_says_why(
    client: Control, method: str, params: dict[str, object], code: str, exit_code: int
) -> None:
    failure = client.failure(method, params)
    assert (failure.code, failure.exit) == (code, exit_code)
    check_serves(client)


def test_the_excess_of_a_text_is_given(client: Control) -> None:
    failure = client.failure("send", {"peer": "127.0.0.1", "text": "é" * 32768 + "abc"})
    assert "3 bytes" in failure.message and "65536" in failure.message


def test_a_line_over_1_mib_is_an_error_and_ends_the_connection(daemon: Daemon) -> None:
    with daemon.control() as client:
        with pytest.raises(ConnectionEnded):
            client.send_bytes(b"x" * (3 * MIB))
            client.read_line(Deadline(0.1))  # it may have been faster than our writing
            client.read_line(Deadline(10, "the end of the connection"))
    with daemon.control() as client:
        client.socket.sendall(b"x" * (MIB + 1), 0)
        lines = client.read_to_end()
        assert [line["error"]["data"]["code"] for line in lines] == ["line_too_long"]
    check_serves_others(daemon)


def test_a_line_of_just_under_1_mib_is_read(client: Control) -> None:
    request = Control.request(7, "hello", {"client": ""})
    client.send_line(request.replace('""', '"' + "x" * (MIB - len(request) - 1) + '"'))
    assert client.read_object()["id"] == 7


def test_half_a_request_and_goodbye_harms_nobody(daemon: Daemon) -> None:
    for _ in range(50):
        with daemon.control() as client:
            client.send_bytes(b'{"jsonrpc":"2.0","id":1,"met')
    check_serves_others(daemon)


def test_a_line_that_is_never_finished_ends_the_connection(hosts: Hosts) -> None:
    daemon = hosts.start("impatient", "--set", "line_timeout=200ms")
    with daemon.control() as idle, daemon.control() as slow:
        slow.send_bytes(b'{"jsonrpc"')
        slow.read_to_end(10)
        check_serves(idle)


def test_answers_are_still_written_after_a_half_close(daemon: Daemon) -> None:
    with daemon.control() as client:
        sends = [client.request(i, "send", {"peer": "127.0.0.1:9", "text": f"half {i}"})
                 for i in range(1, 101)]
        wait = client.request(101, "wait", {"ids": [1], "timeout_ms": 300})
        client.send_bytes("\n".join([*sends, wait, ""]).encode())
        client.socket.shutdown(socket.SHUT_WR)
        lines = client.read_to_end()
    assert sorted(line["id"] for line in lines) == list(range(1, 102))
    assert all("result" in line for line in lines)


def test_a_client_that_leaves_before_its_answers_harms_nobody(daemon: Daemon) -> None:
    before = daemon.status()["messages"]
    for i in range(20):
        with daemon.control() as client:
            for j in range(20):
                client.post("send", {"peer": "127.0.0.1:9", "text": f"gone {i} {j}"})
            client.post("wait", {"ids": [1], "timeout_ms": 60000})
            client.call("hello")
    assert daemon.status()["messages"] == before + 400


def test_more_clients_than_the_limit_are_told_so(hosts: Hosts) -> None:
    daemon = hosts.start("crowded")
    clients: list[Control] = []
    try:
        for _ in range(64):
            clients.append(daemon.control())
            check_serves(clients[-1])
        for _ in range(100):
            with daemon.control() as refused:
                lines = refused.read_to_end()
            assert [line["error"]["data"]["code"] for line in lines] == ["too_many_clients"]
            assert lines[0]["error"]["data"]["exit"] == 75
        done = daemon.ctl("status")
        assert done.exit == 75 and "64" in done.err, done
        for client in clients:
            check_serves(client)
        clients.pop().close()
        # The place is free once the daemon has seen the close.
        clients[0].call("status")
        with daemon.control() as late:
            check_serves(late)
    finally:
        for client in clients:
            client.close()


def test_a_slow_reader_of_a_subscription_makes_nobody_wait_and_loses_nothing(
    hosts: Hosts,
) -> None:
    daemon = hosts.start("daemon", "--set", "write_timeout=1h")
    count, text = 4000, "x" * 4000
    with daemon.control() as slow, daemon.control() as busy:
        slow.call("subscribe", {"since": 0})
        before = daemon.memory_kib()
        posted = [busy.post("send", {"peer": "127.0.0.1:9", "text": f"{i} {text}"})
                  for i in range(count)]
        ids = {busy.answer(number, 60)["id"] for number in posted}
        assert len(ids) == count
        # The messages that wait for the peer may take memory, but not the subscriber's lag.
        # (A sanitizer keeps what is freed for a while.)
        assert daemon.memory_kib() - before < 64 * 1024 or TIME_FACTOR > 1
        check_serves(busy)
        seen: set[int] = set()
        since = 0
        while seen != ids:
            notification = slow.notification()
            if notification["method"] == "overrun":
                slow.call("subscribe", {"since": notification["params"]["cursor"]})
                continue
            assert notification["params"]["cursor"] > since
            since = notification["params"]["cursor"]
            seen.add(notification["params"]["id"])


def test_a_client_that_never_reads_is_dropped_in_time(hosts: Hosts) -> None:
    daemon = hosts.start("daemon", "--set", "write_timeout=300ms")
    with daemon.control() as busy:
        numbers = [busy.post("send", {"peer": "127.0.0.1:9", "text": "x" * 60000})
                   for _ in range(20)]
        for number in numbers:
            busy.answer(number)
        with daemon.control() as deaf:
            with contextlib.suppress(ConnectionError):  # it may be dropped before we are done
                for i in range(100):
                    deaf.socket.send((Control.request(i, "list", {"box": "sent"}) + "\n").encode())
            deadline = Deadline(20, "the daemon to drop the client")
            while busy.call("status")["clients"] > 1:
                deadline.check()


def test_pipelined_requests_are_all_answered(client: Control) -> None:
    numbers = [client.post("status" if i % 3 else "hello") for i in range(3000)]
    for number in numbers:
        client.answer(number)


def test_a_notification_gets_no_answer(client: Control) -> None:
    client.send_line('{"jsonrpc":"2.0","method":"status"}')
    client.send_line('{"jsonrpc":"2.0","id":"text","method":"hello"}')
    assert client.read_object()["id"] == "text"


def test_blank_lines_and_carriage_returns_are_taken(client: Control) -> None:
    client.send_bytes(b'\n\r\n{"jsonrpc":"2.0","id":1,"method":"hello"}\r\n')
    assert client.read_object()["id"] == 1


def test_the_socket_is_for_its_user_and_group_alone(daemon: Daemon) -> None:
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o660


def test_every_method_describes_itself(client: Control) -> None:
    methods = {method["name"] for method in client.call("rpc.discover")["methods"]}
    promised = set("hello send send_many reply list get thread search wait mark retry cancel delete purge "
                   "peers.list peers.names peers.add peers.rename peers.remove status config.get reload "
                   "log_level subscribe unsubscribe".split())
    assert promised - methods == set()


def test_any_language_will_do(daemon: Daemon) -> None:
    """netcat or socat is a client: one line in, one line out."""
    clients = {"nc": ["-N", "-U", str(daemon.socket)], "socat": ["-", f"UNIX:{daemon.socket}"]}
    installed = [name for name in clients if shutil.which(name)]
    if not installed:
        pytest.skip("neither nc nor socat is installed")
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "status"}) + "\n"
    for name in installed:
        done = subprocess.run([name, *clients[name]], input=request.encode(), capture_output=True,
                              timeout=20, check=False)
        assert json.loads(done.stdout)["result"]["pid"] == daemon.pid

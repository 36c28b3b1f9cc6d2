"""p2pd as a service: what it tells the service manager, and how it stops."""

from __future__ import annotations

import select
import signal
import time
from pathlib import Path

from control import TIME_FACTOR, Control, Deadline
from harness import Hosts


def test_ready_comes_with_a_status_and_only_when_it_answers(hosts: Hosts) -> None:
    daemon = hosts.daemon("daemon")
    daemon.launch()
    daemon.wait_notified("READY=1")
    # start() has not tried before: the first try must do.
    daemon.listen = tuple(daemon.call("status")["listening"])
    assert daemon.address in daemon.wait_notified("STATUS=")


def test_the_watchdog_is_fed(hosts: Hosts) -> None:
    daemon = hosts.start("daemon", watchdog_us=400_000)
    daemon.wait_notified("WATCHDOG=1", 3, 5)


def test_without_a_watchdog_there_is_no_such_notice(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    assert daemon.notify
    assert not any(line.startswith("WATCHDOG") for line in daemon.notify.seen)


def test_libsystemd_is_not_loaded_where_there_is_no_bus(hosts: Hosts) -> None:
    """It draws in more libraries than all else, and is for the message bus alone."""
    daemon = hosts.start("daemon", watchdog_us=400_000)
    mapped = Path(f"/proc/{daemon.pid}/maps").read_text()
    assert "libsqlite3" in mapped and "libsystemd" not in mapped


def test_sigterm_is_announced_and_ends_it_cleanly(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    daemon.terminate()
    daemon.wait_notified("STOPPING=1")
    assert daemon.wait_end() == 0
    assert not daemon.socket.exists()


def test_sigint_does_the_same(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    assert daemon.process
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.wait_end() == 0


def test_it_stops_within_a_second_whatever_clients_do(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    clients: list[Control] = [daemon.control() for _ in range(20)]
    try:
        for client in clients:
            client.call("hello")
        half, deaf, waiting, subscribed, flooding = clients[:5]
        half.send_bytes(b'{"jsonrpc":"2.0",')
        number = flooding.call("send", {"peer": "127.0.0.1:9", "text": "x" * 60000})["id"]
        for i in range(200):
            deaf.socket.send((Control.request(i, "get", {"ids": [number]}) + "\n").encode())
        waiting.post("wait", {"ids": [number], "timeout_ms": 86400000})
        subscribed.call("subscribe", {"since": 0})
        for i in range(500):
            flooding.post("send", {"peer": "127.0.0.1:9", "text": f"{i}"})
        begun = time.monotonic()
        daemon.terminate()
        assert daemon.wait_end() == 0
        assert time.monotonic() - begun < 1.0 * TIME_FACTOR
    finally:
        for client in clients:
            client.close()


def test_what_was_answered_before_the_stop_is_kept(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    with daemon.control() as client:
        numbers = [client.post("send", {"peer": "127.0.0.1:9", "text": f"{i}"})
                   for i in range(2000)]
        accepted = {client.answer(numbers[0])["id"]}
        daemon.terminate()
        accepted |= {line["result"]["id"] for line in client.read_to_end() if "result" in line}
    assert daemon.wait_end() == 0
    daemon.start()
    assert accepted <= {message["id"] for message in daemon.sent()}


def test_a_second_sigterm_does_no_harm(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    daemon.terminate()
    daemon.terminate()
    assert daemon.wait_end() == 0


def test_it_lives_on_without_a_service_manager(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    assert daemon.notify
    daemon.notify.path.unlink()  # the manager has gone
    assert daemon.status()["pid"] == daemon.pid
    assert daemon.stop() == 0


def test_a_manager_that_hangs_is_not_waited_for(hosts: Hosts) -> None:
    daemon = hosts.start("daemon", watchdog_us=20_000)
    assert daemon.notify and daemon.process
    daemon.notify.stop_hearing()
    deadline = Deadline(20, "the manager's queue to be full")
    while not daemon.notify.is_full():
        deadline.check()
    daemon.wait_log("is ready", 1)
    begun = time.monotonic()
    for _ in range(20):  # more than one watchdog interval each
        assert daemon.status()["pid"] == daemon.pid
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_log("configuration reloaded", 1)
    assert time.monotonic() - begun < 5 * TIME_FACTOR
    daemon.notify.forget()
    daemon.notify.hear_again()
    daemon.wait_notified("READY=1", seconds=10)  # of the reload: that is said again


def test_an_idle_daemon_does_nothing(hosts: Hosts) -> None:
    """No timer that wakes up often: the CPU time of two idle seconds is next to nothing."""
    daemon = hosts.start("daemon")
    daemon.status()

    def cpu_ticks() -> int:
        fields = open(f"/proc/{daemon.pid}/stat").read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    before = cpu_ticks()
    assert daemon.process
    with daemon.control() as client:
        client.call("subscribe")
        assert not _readable_within(client, 2)
    assert cpu_ticks() - before <= 5, "in hundredths of a second"


def _readable_within(client: Control, seconds: float) -> bool:
    return bool(select.select([client.socket], [], [], seconds)[0])

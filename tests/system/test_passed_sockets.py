"""Sockets that the service manager passes: those that it has kept over a restart, with what came
meanwhile, and those of a socket unit."""

from __future__ import annotations

import json
import socket

import pytest

from harness import Daemon, Hosts, endpoint_of


def bound(address: str = "127.0.0.1", family: int = socket.AF_INET) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind((address, 0))
    return made


def port_of(passed: socket.socket) -> int:
    return passed.getsockname()[1]


def message(number: int, to: tuple[str, int]) -> bytes:
    """As a program of the field writes it."""
    return json.dumps({
        "Ip_origem": "127.0.0.1", "Porta_origem": 5000, "Ip_destino": to[0],
        "Porta_destino": to[1], "Timestamp da mensagem": 1732260000 + number / 1000,
        "Mensagem": f"text {number}"}).encode()


def kept_daemon(hosts: Hosts) -> Daemon:
    """A daemon on a port of the configuration, whose socket the manager keeps."""
    with bound() as free:
        port = port_of(free)
    return hosts.start("daemon", listen=(f"127.0.0.1:{port}",))


def pass_what_is_kept(daemon: Daemon) -> None:
    assert daemon.notify
    daemon.passed = dict(daemon.notify.kept)


def test_the_manager_is_given_each_socket_by_its_address(hosts: Hosts) -> None:
    daemon = kept_daemon(hosts)
    assert daemon.notify
    assert list(daemon.notify.kept) == ["p2pd-udp-" + daemon.address.replace(":", "_")]
    kept = next(iter(daemon.notify.kept.values()))
    assert kept.getsockname() == daemon.endpoint
    seen = daemon.notify.seen
    assert seen.index("FDSTORE=1") < seen.index("READY=1")
    assert "FDPOLL=0" in seen


def test_a_killed_daemon_has_its_port_again_when_its_manager_lags(hosts: Hosts) -> None:
    """What is kept and passed to nobody is closed before the next start."""
    daemon = kept_daemon(hosts)
    assert daemon.notify and daemon.notify.kept
    daemon.notify.stop_hearing()
    daemon.kill()
    daemon.start()


def test_what_comes_while_no_daemon_runs_is_received_by_the_next(hosts: Hosts) -> None:
    daemon = kept_daemon(hosts)
    pass_what_is_kept(daemon)
    daemon.stop()
    with bound() as sender:
        for number in range(100):
            sender.sendto(message(number, daemon.endpoint), daemon.endpoint)
        daemon.start()
        texts = {each["text"] for each in daemon.wait_inbox(100)}
        assert texts == {f"text {number}" for number in range(100)}
        sender.settimeout(20)
        assert json.loads(sender.recv(1024))["ACK"] is True
    assert daemon.notify and "FDSTORE=1" not in daemon.notify.seen, "it has it already"


def test_none_of_a_stream_is_lost_by_restarts(hosts: Hosts) -> None:
    """Each datagram is sent once: what the old daemon has read it stores before it ends."""
    daemon = kept_daemon(hosts)
    pass_what_is_kept(daemon)
    sent = 0
    with bound() as sender:

        def send(count: int) -> None:  # no more than the smallest buffer takes
            nonlocal sent
            for sent in range(sent + 1, sent + count + 1):
                sender.sendto(message(sent, daemon.endpoint), daemon.endpoint)

        for _ in range(10):
            send(50)
            daemon.terminate()
            send(70)
            daemon.wait_end()
            send(20)
            daemon.start()
        assert len(daemon.wait_inbox(sent)) == sent


def test_a_kept_socket_has_the_options_of_a_new_one(hosts: Hosts) -> None:
    plain = bound()
    name = f"p2pd-udp-127.0.0.1_{port_of(plain)}"
    daemon = hosts.daemon("daemon", listen=(f"127.0.0.1:{port_of(plain)}",))
    daemon.passed = {name: plain}
    daemon.start()
    ip_pktinfo, ip_mtu_discover, so_rxq_ovfl = 8, 10, 40
    assert plain.getsockopt(socket.IPPROTO_IP, ip_pktinfo) == 1
    assert plain.getsockopt(socket.IPPROTO_IP, ip_mtu_discover) == 3
    assert plain.getsockopt(socket.SOL_SOCKET, so_rxq_ovfl) == 1
    plain.close()


def test_a_kept_socket_that_the_configuration_no_longer_names_is_closed(hosts: Hosts) -> None:
    daemon = kept_daemon(hosts)
    old = daemon.address
    pass_what_is_kept(daemon)
    daemon.stop()
    with bound() as free:
        new = f"127.0.0.1:{port_of(free)}"
    daemon.listen = (new,)
    daemon.start()
    name = "p2pd-udp-" + old.replace(":", "_")
    assert f"closing the passed descriptor {name}: {old} is not listened on" in daemon.log()
    assert daemon.notify and f"FDNAME={name}" in daemon.notify.seen
    assert "FDSTOREREMOVE=1" in daemon.notify.seen
    assert daemon.status()["listening"] == [new]


def test_the_port_of_a_kept_socket_can_be_taken_by_another_address(hosts: Hosts) -> None:
    """The manager's copy holds the port until it is gone, which is waited for."""
    daemon = kept_daemon(hosts)
    pass_what_is_kept(daemon)
    daemon.stop()
    port = endpoint_of(daemon.address)[1]
    daemon.listen = (f"0.0.0.0:{port}",)
    daemon.start()
    assert daemon.status()["listening"] == [f"0.0.0.0:{port}"]


def test_sockets_of_a_socket_unit_say_what_is_listened_on(hosts: Hosts) -> None:
    daemon = hosts.daemon("daemon", listen=("127.0.0.1:0",))
    v6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    v6.bind(("::1", 0))
    with bound() as v4, v6, bound() as sender:
        daemon.passed = {"one.socket": v4, "two.socket": v6}
        daemon.start()
        listening = [f"127.0.0.1:{port_of(v4)}", f"[::1]:{port_of(v6)}"]
        assert daemon.status()["listening"] == listening
        sender.sendto(message(1, v4.getsockname()), v4.getsockname())
        assert daemon.wait_inbox(1)[0]["text"] == "text 1"
        assert daemon.notify and "FDSTORE=1" not in daemon.notify.seen, "the unit holds them"
        other = hosts.start("other")
        assert other.wait_state([other.send(listening[0], "hi")]) == ["delivered"]


def test_a_socket_for_both_families_is_refused(hosts: Hosts) -> None:
    both = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    both.bind(("::", 0))
    daemon = hosts.daemon("daemon")
    daemon.expected_exits = {74}
    with both:
        daemon.passed = {"both": both}
        daemon.launch()
    assert daemon.wait_end() == 74
    assert "BindIPv6Only=ipv6-only is missing" in daemon.log()


@pytest.mark.parametrize("kind", [socket.AF_INET, socket.AF_UNIX])
def test_what_is_no_udp_socket_is_closed(hosts: Hosts, kind: int) -> None:
    daemon = hosts.daemon("daemon")
    with socket.socket(kind, socket.SOCK_STREAM) as stream:
        daemon.passed = {"stream": stream}
        daemon.start()
    assert "closing the passed descriptor stream: it is no UDP socket" in daemon.log()
    assert len(daemon.status()["listening"]) == 1

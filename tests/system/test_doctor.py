"""`p2pctl doctor` finds what is wrong: each test makes one thing wrong, and really."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import programs
from control import ControlFailure, Deadline
from harness import Daemon, Hosts
from peers import QuotedPeer
from programs import P2PCTL, Finished, clean_environment, run_ctl

NOBODY_UID = 65534
Finding = dict[str, Any]


def can(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
needs_mount = pytest.mark.skipif(
    not can("unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", "/mnt"),
    reason="may not mount a small disk here")
needs_network = pytest.mark.skipif(not can("unshare", "--net", "--map-root-user", "true"),
                                   reason="may not make a network namespace here")


def findings(done: Finished) -> dict[str, Finding]:
    """By check; the exit code fits to them."""
    lines = done.lines()
    assert all((line["v"], line["type"]) == (1, "finding") for line in lines), done
    assert done.exit == (1 if any(line["level"] == "problem" for line in lines) else 0), done
    assert all(line["level"] == "ok" or line["hint"] for line in lines), done
    found = {line["check"]: line for line in lines}
    assert len(found) == len(lines), done
    return found


def doctor(daemon: Daemon, *words: str) -> dict[str, Finding]:
    return findings(daemon.ctl("--json", "doctor", *words))


def bad(found: dict[str, Finding]) -> set[str]:
    return {check for check, finding in found.items() if finding["level"] != "ok"}


def address_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def write_to(daemon: Daemon, field: socket.socket, text: str, stamp: float) -> None:
    """And takes the ACK."""
    port = field.getsockname()[1]
    packet = {"Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": port,
              "Porta_destino": 1, "Timestamp da mensagem": stamp, "Mensagem": text}
    field.sendto(json.dumps(packet).encode(), daemon.endpoint)
    while b'"ACK"' not in field.recv(65536):
        pass


def send_twice(daemon: Daemon, to: str) -> int:
    """A message that is not confirmed, and was tried a second time."""
    number = daemon.send(to, "is anybody there?")
    await_attempts(daemon, number, 1)
    daemon.call("retry", {"ids": [number]})
    await_attempts(daemon, number, 2)
    return number


def await_attempts(daemon: Daemon, number: int, attempts: int) -> None:
    poll(lambda: daemon.call("get", {"ids": [number]})["messages"][0]["attempts"] >= attempts,
         f"attempt {attempts}")


def poll(condition: Callable[[], bool], what: str) -> None:
    """No event tells of these; each look is a call of the daemon."""
    deadline = Deadline(20, what)
    while not condition():
        deadline.check()


# This host.

def test_a_healthy_host_has_no_finding_but_good_ones(alice: Daemon) -> None:
    found = doctor(alice)
    assert set(found) == {"daemon", "version", "address", "disk", "limits", "receive", "config"}
    assert bad(found) == set()
    text = alice.ctl("doctor").out
    assert text.startswith(f"ok      daemon     p2pd is running, process {alice.pid}\n")


def test_a_daemon_that_is_down_is_a_finding(hosts: Hosts) -> None:
    alice = hosts.daemon("alice")
    found = doctor(alice, "--config", str(alice.config), "127.0.0.1")
    assert found["daemon"]["level"] == "problem" and "does not exist" in found["daemon"]["message"]
    assert "systemctl start p2pd" in found["daemon"]["hint"]
    assert bad(found) == {"daemon"} and {"config", "port", "disk"} <= set(found)
    text = alice.ctl("doctor", "--config", str(alice.config)).out.splitlines()
    assert text[0].startswith("problem daemon     ") and text[1].startswith("        start it")


def test_a_socket_that_nobody_listens_on_is_told_from_none(hosts: Hosts) -> None:
    alice = hosts.daemon("alice")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(str(alice.socket))
    assert "nobody listens on" in doctor(alice)["daemon"]["message"]


def test_a_socket_that_is_elsewhere_is_found(hosts: Hosts) -> None:
    alice = hosts.daemon("alice")
    found = doctor(alice)
    assert found["socket"]["level"] == "warning"
    assert "p2pctl --socket" in found["socket"]["hint"]


def as_nobody(daemon: Daemon, *prefix: str) -> Finding:
    """What the doctor says of the permission to somebody who has no group but his own."""
    ctl = daemon.folder / "p2pctl"
    shutil.copy(P2PCTL, ctl)
    daemon.folder.parent.chmod(0o755)
    command = [*prefix, "setpriv", f"--reuid={NOBODY_UID}", f"--regid={NOBODY_UID}",
               "--clear-groups", str(ctl), "--json", "--socket", str(daemon.socket), "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=clean_environment(daemon.folder))
    found = findings(Finished(done.returncode, done.stdout, done.stderr))
    assert set(found) == {"permission"}
    return found["permission"]


@needs_root
def test_who_is_not_in_the_group_is_told_how_to_join(alice: Daemon) -> None:
    finding = as_nobody(alice)
    assert finding["level"] == "problem" and "no member of the group root" in finding["message"]
    assert "adduser nobody root, then log in again" in finding["hint"]


@needs_root
def test_a_group_that_is_not_yet_active_needs_a_new_login(alice: Daemon) -> None:
    groups = alice.folder / "group"
    groups.write_text("root:x:0:nobody\nnogroup:x:65534:\n")
    finding = as_nobody(alice, "unshare", "--mount", "sh", "-c",
                        'mount --bind "$0" /etc/group && exec "$@"', str(groups))
    assert "a member of the group root, but not in this login" in finding["message"]
    assert "newgrp root" in finding["hint"] and "adduser" not in finding["hint"]


def test_a_port_that_is_taken_is_named(hosts: Hosts, field: socket.socket) -> None:
    alice = hosts.daemon("alice", config=f"listen = {address_of(field)}\n")
    found = doctor(alice, "--config", str(alice.config))
    assert bad(found) == {"daemon", "port"}
    assert f"UDP {address_of(field)} is taken" in found["port"]["message"]
    assert "ss -lunp" in found["port"]["hint"]


def test_a_bad_configuration_is_found_with_and_without_a_daemon(hosts: Hosts) -> None:
    alice = hosts.daemon("alice")
    alice.config.write_text("log_level = info\nlisten = nowhere:x\n")
    found = doctor(alice, "--config", str(alice.config))
    assert bad(found) == {"daemon", "config"} and "p2pd.conf:2: " in found["config"]["message"]
    alice.config.write_text("")
    alice.start()
    alice.config.write_text("log_levle = info\n")
    found = doctor(alice, "--config", str(alice.config))
    assert found["config"]["level"] == "warning" and bad(found) == {"config"}
    assert "p2pd.conf:1: " in found["config"]["message"]


def test_an_address_that_no_interface_has_is_found(hosts: Hosts) -> None:
    alice = hosts.start("alice", listen=("127.0.0.1:0", "203.0.113.77:0"))
    found = doctor(alice)
    assert bad(found) == {"address"} and "has 203.0.113.77" in found["address"]["message"]


@needs_mount
def test_a_disk_that_is_nearly_full_is_told_from_one_that_is_full(
    hosts: Hosts, field: socket.socket
) -> None:
    alice = hosts.daemon("alice")
    alice.state.mkdir(mode=0o700)
    alice.prefix = ["unshare", "--mount", "--map-root-user", "sh", "-c",
                    'mount -t tmpfs -o size=48m,mode=700 tmpfs "$0" && exec "$@"', str(alice.state)]
    alice.start()
    found = doctor(alice)
    assert bad(found) == {"disk"} and found["disk"]["level"] == "warning"
    assert f"free for {alice.state}" in found["disk"]["message"]
    # The mount is the daemon's alone; this is the way in from outside.
    filler = Path(f"/proc/{alice.pid}/root{alice.state}/filler")
    fill(filler)
    # There may be room in the files that it has: each message takes some.
    poll(lambda: not can_send(alice, address_of(field)), "the full disk")
    found = doctor(alice)
    assert bad(found) == {"disk"} and found["disk"]["level"] == "problem"
    assert "is full: nothing is taken or confirmed" in found["disk"]["message"]
    filler.unlink()
    poll(lambda: can_send(alice, address_of(field)), "room again")
    assert doctor(alice)["disk"]["level"] == "warning"


def fill(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


def can_send(daemon: Daemon, to: str) -> bool:
    try:
        daemon.send(to, "x" * 1000)
    except ControlFailure as failure:
        assert failure.code == "disk_full", failure
        return False
    return True


def test_datagrams_that_the_kernel_drops_are_found(alice: Daemon, field: socket.socket) -> None:
    os.kill(alice.pid, signal.SIGSTOP)
    try:
        for _ in range(1000):  # far more than its buffer holds
            field.sendto(b"x" * 60_000, alice.endpoint)
    finally:
        os.kill(alice.pid, signal.SIGCONT)

    def dropped() -> bool:
        write_to(alice, field, "how many?", time.time())  # the kernel tells with what comes next
        return alice.counters()["kernel_dropped"] > 0

    poll(dropped, "the number of drops")
    found = doctor(alice)
    assert bad(found) == {"receive"} and found["receive"]["level"] == "warning"
    assert "the kernel has dropped" in found["receive"]["message"]
    assert "net.core.rmem_max" in found["receive"]["hint"]


def test_a_p2pd_of_another_version_is_found(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade without a restart: the programs differ in nothing else."""
    version = run_ctl(tmp_path, "--version").out.split()[1]
    other = version[:-1] + ("8" if version[-1] == "9" else "9")
    old = tmp_path / "p2pd"
    # Alone or at the end of another text, but not in the middle of an address.
    changed, times = re.subn(rb"(?<![\d.])" + re.escape(version.encode()) + rb"(?![\d.])",
                             other.encode(), Path(programs.P2PD).read_bytes())
    assert times > 0
    old.write_bytes(changed)
    old.chmod(0o755)
    monkeypatch.setattr(programs, "P2PD", str(old))
    found = doctor(hosts.start("alice"))
    assert bad(found) == {"version"} and found["version"]["level"] == "warning"
    assert found["version"]["message"] == f"p2pd is {other}, p2pctl {version}"
    assert "systemctl restart p2pd" in found["version"]["hint"]


def test_a_queue_that_is_full_is_found(hosts: Hosts, field: socket.socket) -> None:
    alice = hosts.start("alice", "--set", "queue_messages_max=2")
    for text in "one", "two":
        alice.send(address_of(field), text)
    found = doctor(alice)
    assert bad(found) == {"limits"}
    assert "queue_messages_max: 2 of 2" in found["limits"]["message"]


# The way to a peer.

def test_a_peer_that_confirms_is_well(alice: Daemon, bob: Daemon) -> None:
    alice.ctl_json("peer", "add", "bob", bob.address)
    assert alice.wait_state([alice.send("bob", "hello")]) == ["delivered"]
    found = doctor(alice, "bob")
    assert bad(found) == set() and "confirmed a message" in found["reach"]["message"]
    assert (found["reach"]["peer"], found["reach"]["name"]) == (bob.address, "bob")
    assert bad(doctor(bob, alice.address)) == {"reach"}  # it has not written yet


def test_of_an_unknown_peer_nothing_is_made_up(alice: Daemon) -> None:
    found = doctor(alice, "127.0.0.1:9")
    assert found["peer"]["level"] == "warning" and "p2pctl send" in found["peer"]["hint"]
    found = doctor(alice, "bbo")
    assert found["peer"]["level"] == "problem" and '"bbo"' in found["peer"]["message"]


def trouble_of(daemon: Daemon, peer: str) -> str | None:
    return next((each["trouble"] for each in daemon.call("peers.list")["peers"]
                 if each["address"] == peer), None)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_where_no_program_is_comes_back_by_icmp(hosts: Hosts, host: str) -> None:
    family, listen = ((socket.AF_INET6, "[::1]:0") if ":" in host
                      else (socket.AF_INET, "127.0.0.1:0"))
    alice, bob = (hosts.start(name, listen=(listen,)) for name in ("alice", "bob"))
    with socket.socket(family, socket.SOCK_DGRAM) as gone:
        gone.bind((host, 0))
        closed = address_of(gone)
    alice.send(closed, "is anybody there?")
    poll(lambda: trouble_of(alice, closed) is not None, "the ICMP message")
    found = doctor(alice, closed)
    assert bad(found) == {"reach"} and found["reach"]["level"] == "problem"
    assert "no program on UDP port" in found["reach"]["message"]
    assert "ICMP port unreachable" in found["reach"]["message"]
    assert alice.wait_state([alice.send(bob.address, "hello")]) == ["delivered"]
    assert trouble_of(alice, bob.address) is None


def test_what_comes_back_for_one_peer_costs_no_other_its_datagrams(
    alice: Daemon, bob: Daemon
) -> None:
    """The kernel tells such an error to whoever uses the socket next."""
    with contextlib.ExitStack() as sockets, alice.control() as client:
        closed = []
        for _ in range(20):
            gone = sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            gone.bind(("127.0.0.1", 0))
            closed.append(address_of(gone))
        sockets.close()
        delivered = []
        for address in closed:
            client.post("send", {"peer": address, "text": "is anybody there?"})
            client.read_object()
            delivered.append(client.call("send", {"peer": bob.address, "text": "hello"})["id"])
        assert alice.wait_state(delivered) == ["delivered"] * 20
    poll(lambda: all(trouble_of(alice, each) for each in closed), "the ICMP messages")
    assert alice.counters()["send_errors"] == 0 and trouble_of(alice, bob.address) is None


def test_what_the_network_said_is_over_once_the_peer_is_heard(alice: Daemon) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
        first.bind(("127.0.0.1", 0))
        address = first.getsockname()
    name = "%s:%d" % address
    alice.send(name, "is anybody there?")
    poll(lambda: trouble_of(alice, name) is not None, "the ICMP message")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(address)
        again.settimeout(20)
        write_to(alice, again, "now I am", time.time())
        assert trouble_of(alice, name) is None


@needs_network
@pytest.mark.parametrize(("setup", "text", "says"), [
    ("true", "hello", "there is no way to this host"),
    ("ip route add prohibit 10.9.9.9", "hello", "a firewall forbids"),
    ("ip address add 10.9.9.1/24 dev lo && ip link set lo mtu 700", "x" * 800,
     "takes no datagram as large"),
], ids=["no route", "prohibited", "too large"])
def test_what_the_network_refuses_is_told_apart(
    hosts: Hosts, setup: str, text: str, says: str
) -> None:
    alice = hosts.daemon("alice", listen=("0.0.0.0:0",))
    alice.prefix = ["unshare", "--net", "--map-root-user", "sh", "-c",
                    f'ip link set lo up && {setup} && exec "$@"', "sh"]
    alice.start()
    alice.send("10.9.9.9:5000", text)
    poll(lambda: trouble_of(alice, "10.9.9.9:5000") is not None, "what the network says")
    found = doctor(alice, "10.9.9.9:5000")
    assert bad(found) == {"reach"} and says in found["reach"]["message"]


def test_a_host_that_is_blocked_is_found_known_or_not(hosts: Hosts) -> None:
    alice = hosts.start("alice", config="block = 127.0.0.2/31\n")
    bob = hosts.start("bob", listen=("127.0.0.3:0",))
    number = alice.send(bob.address, "do you hear me?")
    bob.wait_inbox(1)  # it has confirmed it, and alice does not look
    for peer in (bob.address, "127.0.0.2"):
        found = doctor(alice, peer)
        assert bad(found) == {"block"} and found["block"]["level"] == "problem"
        assert "block = 127.0.0.2/31" in found["block"]["message"]
    assert "block" not in doctor(alice, "127.0.0.4")
    alice.config.write_text("")
    assert alice.ctl("reload").exit == 0
    assert alice.ctl("wait", str(number)).exit == 0
    assert bad(doctor(alice, bob.address)) == set()


def test_a_peer_of_a_family_without_a_socket_is_found(alice: Daemon) -> None:
    alice.send("[::1]:9", "is anybody there?")
    found = doctor(alice, "[::1]:9")
    assert bad(found) == {"reach"} and "listens on no IPv6 address" in found["reach"]["message"]


def test_a_peer_that_never_answers_is_silent(alice: Daemon, field: socket.socket) -> None:
    number = send_twice(alice, address_of(field))
    found = doctor(alice, address_of(field))
    assert bad(found) == {"reach"} and found["reach"]["level"] == "problem"
    assert f"silence: #{number} was sent 2 times" in found["reach"]["message"]
    assert "nothing has ever come from it" in found["reach"]["message"]
    assert "firewall" in found["reach"]["hint"]


def test_a_way_that_is_open_back_only_is_found(alice: Daemon, field: socket.socket) -> None:
    send_twice(alice, address_of(field))
    write_to(alice, field, "I hear nothing", time.time())
    found = doctor(alice, address_of(field))
    assert bad(found) == {"reach"}
    assert "the way there is blocked, the way back is not" in found["reach"]["message"]


def test_acks_that_do_not_arrive_are_found(alice: Daemon, field: socket.socket) -> None:
    stamp = time.time()
    for _ in range(4):
        write_to(alice, field, "do you hear me?", stamp)
    assert "came 4 times" in doctor(alice, address_of(field))["acks"]["message"]
    write_to(alice, field, "now I hear you", time.time())
    assert "acks" not in bad(doctor(alice, address_of(field)))


@pytest.mark.parametrize(("offset_s", "says"), [(3600, "ahead of ours by"),
                                                (-3600, "behind ours by")])
def test_a_clock_that_is_apart_is_found(
    alice: Daemon, field: socket.socket, offset_s: int, says: str
) -> None:
    write_to(alice, field, "what time is it?", time.time() + offset_s)
    found = doctor(alice, address_of(field))
    assert found["clock"]["level"] == "warning" and says in found["clock"]["message"]


def test_a_dialect_that_was_set_wrongly_is_found(alice: Daemon) -> None:
    with QuotedPeer() as carol:
        alice.ctl_json("peer", "add", "carol", carol.address, "--dialect", "base")
        assert carol.send(alice.endpoint, "olá").confirmed
        send_twice(alice, "carol")
        found = doctor(alice, "carol")
        carol.wait_death()
    assert "dialect" in bad(found) and "set by hand" in found["dialect"]["message"]
    assert found["dialect"]["hint"].endswith("--dialect quoted")

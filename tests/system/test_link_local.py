"""Hosts that have nothing but link-local addresses, on two ends of a cable; and names of hosts that
have several addresses."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from harness import Daemon, Hosts
from programs import P2PCTL, Finished, clean_environment

MOUNT = ["unshare", "--mount", "--map-root-user"]


def works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_network = pytest.mark.skipif(os.geteuid() != 0 or not works("unshare", "--net", "true"),
                                   reason="may not make networks here")
needs_mount = pytest.mark.skipif(
    not works(*MOUNT, "mount", "--bind", "/etc/hosts", "/etc/hosts"), reason="may not mount here")


@contextmanager
def network() -> Iterator[int]:
    """A process that is alone in its network."""
    with subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec cat"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin and holder.stdout
        assert holder.stdout.readline() == b"\n"
        yield holder.pid
        holder.stdin.close()


def inside(pid: int) -> list[str]:
    return ["nsenter", f"--net=/proc/{pid}/ns/net"]


def ip(pid: int, *words: str) -> None:
    subprocess.run([*inside(pid), "ip", *words], check=True)


class Host:
    """A daemon in a network of its own, and p2pctl beside it."""

    def __init__(self, hosts: Hosts, name: str, pid: int, device: str, address: str) -> None:
        ip(pid, "link", "set", "lo", "up")
        ip(pid, "link", "set", device, "addrgenmode", "none", "up")
        ip(pid, "address", "add", f"{address}/64", "dev", device, "nodad")
        self.pid = pid
        self.daemon = hosts.daemon(name, listen=("[::]:5000", "0.0.0.0:5000"))
        self.daemon.prefix = inside(pid)
        self.daemon.start()

    def ctl(self, *words: str) -> Finished:
        done = subprocess.run(
            [*inside(self.pid), P2PCTL, "--socket", str(self.daemon.socket), *words],
            capture_output=True, check=False, stdin=subprocess.DEVNULL,
            env=clean_environment(self.daemon.folder))
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def cable(module_hosts: Hosts) -> Iterator[tuple[Host, Host]]:
    """alice with fe80::1 at `left`, bob with fe80::2 at `right`."""
    with ExitStack() as stack:
        left, right = (stack.enter_context(network()) for _ in range(2))
        ip(left, "link", "add", "left", "type", "veth", "peer", "name", "right",
           "netns", str(right))
        yield (Host(module_hosts, "alice", left, "left", "fe80::1"),
               Host(module_hosts, "bob", right, "right", "fe80::2"))
        for daemon in module_hosts.daemons:
            if daemon.process is not None:
                daemon.stop()


@needs_network
@pytest.mark.parametrize("peer", ["[fe80::2%left]:5000", "[fe80::2%left]", "fe80::2%left",
                                  "FE80:0::2%left"])
def test_both_ways_and_without_an_address(cable: tuple[Host, Host], peer: str) -> None:
    alice, bob = cable
    assert alice.ctl("send", peer, "hi").exit == 0
    received = bob.daemon.inbox()[-1]
    assert received["text"] == "hi" and received["peer"].startswith("[fe80::1%")
    assert bob.ctl("reply", str(received["id"]), "hi yourself").exit == 0
    answer = alice.daemon.inbox()[-1]
    assert answer["text"] == "hi yourself" and answer["reply_to"] is not None
    # However it is written, it is the same peer.
    for words in (["inbox", "--from", peer], ["thread", peer, "--from", peer],
                  ["watch", "--from", peer, "--since", "0", "--count", "1"]):
        assert "hi yourself" in alice.ctl(*words).out, words


@needs_network
def test_the_address_book_and_groups_know_it(cable: tuple[Host, Host]) -> None:
    alice, bob = cable
    assert alice.ctl("peer", "add", "carol", "fe80::2%left").exit == 0
    assert alice.ctl("group", "add", "ops", "carol", "[fe80::2%left]:5000").exit == 0
    assert alice.ctl("send", "carol", "by name").exit == 0
    assert alice.ctl("send", "@ops", "once").exit == 0
    assert [message["text"] for message in bob.daemon.inbox()][-2:] == ["by name", "once"]


@needs_network
@pytest.mark.parametrize(("peer", "told"), [
    ("fe80::2", "fe80::2%eth0"), ("[fe80::2]:5000", "fe80::2%eth0"),
    ("fe80::2%nowhere", "no network interface nowhere")])
def test_what_is_missing_of_an_address_is_told(cable: tuple[Host, Host], peer: str,
                                               told: str) -> None:
    for words in (["send", peer, "hi"], ["peer", "add", "dave", peer]):
        done = cable[0].ctl(*words)
        assert done.exit == 64 and told in done.err, done


@needs_network
def test_an_interface_is_no_part_of_other_addresses(cable: tuple[Host, Host]) -> None:
    alice, bob = cable
    for host, device, address in ((alice, "left", "fd77::1"), (bob, "right", "fd77::2")):
        ip(host.pid, "address", "add", f"{address}/64", "dev", device, "nodad")
    assert alice.ctl("send", "fd77::2%left", "by another").exit == 0
    assert bob.ctl("reply", str(bob.daemon.inbox()[-1]["id"]), "to another").exit == 0
    assert alice.daemon.inbox()[-1]["peer"] == "[fd77::2]:5000"
    assert "to another" in alice.ctl("thread", "fd77::2%left").out


@needs_mount
def test_of_several_addresses_the_one_that_was_heard_last_counts(hosts: Hosts,
                                                                 tmp_path: Path) -> None:
    alice, bob = hosts.start("alice"), hosts.start("bob", listen=("127.0.0.2:0",))
    port = bob.endpoint[1]
    carol = hosts.start("carol", listen=(f"127.0.0.3:{port}",))
    (tmp_path / "hosts").write_text("127.0.0.3 several\n127.0.0.2 several\n")
    for heard in (bob, carol, bob):
        assert heard.ctl("send", alice.address, "here I am").exit == 0
        done = subprocess.run(
            [*MOUNT, "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"',
             str(tmp_path / "hosts"), P2PCTL, "--socket", str(alice.socket), "send",
             f"several:{port}", "hello"], check=False, env=clean_environment(alice.folder))
        assert done.returncode == 0
    assert [len(each.inbox()) for each in (bob, carol)] == [2, 1]

"""Tab in real shells: what is offered, and that nobody waits for a daemon that does not answer."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import programs
from chat_screen import TAB
from control import TIME_FACTOR, Deadline
from harness import Daemon, Hosts
from programs import clean_environment, run_ctl
from shell_screen import Shell

CLEAR = "\x01\x0b"  # to the beginning of the line, and all behind it
SOON = 5 * TIME_FACTOR  # seconds: far less than p2pctl otherwise waits for an answer


@pytest.fixture(scope="module")
def alice(module_hosts: Hosts) -> Daemon:
    """With bob in her book and in @ops, two messages of his, and one that waits for somebody."""
    alice, bob = module_hosts.start("alice"), module_hosts.start("bob")
    assert alice.ctl("peer", "add", "bob", bob.address).exit == 0
    assert alice.ctl("group", "add", "ops", "bob").exit == 0
    for text in ("one", "two"):
        assert bob.ctl("send", alice.address, text).exit == 0
    alice.send("127.0.0.1:9", "to nobody")
    return alice


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where the shells find p2pctl."""
    (tmp_path / "p2pctl").symlink_to(programs.P2PCTL)
    return f"{tmp_path}:/usr/bin:/bin"


@pytest.fixture
def bash(alice: Daemon, path: str) -> Iterator[Shell]:
    environment = clean_environment(alice.folder)
    environment |= {"PATH": path, "P2PD_SOCKET": str(alice.socket), "PS1": "> ", "TERM": "xterm"}
    with Shell(["bash", "--norc", "--noprofile", "-i"], environment) as shell:
        shell.keys("source <(p2pctl completion bash); bind 'set bell-style none'; echo re''ady\r")
        shell.wait_line("ready")
        yield shell


def wait_completed(shell: Shell, typed: str, becomes: str) -> None:
    """On a busy machine a daemon may be late, and then nothing is put in: Tab is pressed again."""
    deadline = Deadline(20, f"{becomes!r} by Tab")
    for attempt in itertools.count():
        deadline.check()
        end = f"|{attempt}|"
        shell.keys(f"{CLEAR}{typed}{TAB}{end}")
        if shell.wait_line(end).endswith(becomes + end):
            return


@pytest.mark.parametrize(("typed", "becomes"), [
    ("send b", "send bob "), ("send @", "send @ops "), ("inbox --from=b", "inbox --from=bob "),
    ("--socket x pe", "--socket x peer "), ("cancel ", "cancel 3 "),
    ("send -f /etc/hostn", "send -f /etc/hostname ")])
def test_bash_puts_in_the_only_one_that_fits(bash: Shell, typed: str, becomes: str) -> None:
    wait_completed(bash, f"p2pctl {typed}", f"p2pctl {becomes}")


def test_bash_has_ids_the_newest_first(alice: Daemon, path: str) -> None:
    ask = ("source <(p2pctl completion bash); COMP_LINE='p2pctl reply '; COMP_POINT=${#COMP_LINE};"
           " _p2pctl; echo ${COMPREPLY[@]}")
    wait_printed(["bash", "-c", ask], alice, path, "2 1\n")


def wait_printed(command: list[str], alice: Daemon, path: str, wanted: str) -> None:
    """Asks again as long as nothing is offered."""
    deadline = Deadline(20, repr(wanted))
    printed = ""
    while not printed.strip():
        deadline.check()
        environment = {"PATH": path, "P2PD_SOCKET": str(alice.socket)}
        printed = subprocess.run(command, capture_output=True, check=True,
                                 env=clean_environment(alice.folder) | environment,
                                 timeout=30 * TIME_FACTOR).stdout.decode()
    assert printed == wanted


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_offers_the_same_with_remarks(alice: Daemon, path: str) -> None:
    ask = "p2pctl completion fish | source; complete -C 'p2pctl reply '"
    wait_printed(["fish", "--no-config", "-c", ask], alice, path,
                 "2\t← bob: two\n1\t← bob: one\n")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@pytest.mark.parametrize("setup", [
    "source <(p2pctl completion zsh)",
    "p2pctl completion zsh > _p2pctl; fpath=($PWD $fpath); autoload -U compinit; compinit -D"],
    ids=["sourced", "installed"])
def test_zsh_offers_the_same(alice: Daemon, path: str, setup: str) -> None:
    environment = clean_environment(alice.folder)
    environment |= {"PATH": path, "P2PD_SOCKET": str(alice.socket), "TERM": "xterm"}
    with Shell(["zsh", "-f", "-i"], environment) as shell:
        shell.keys(f"cd; PS1='> '; {setup}; echo re''ady\r")
        shell.wait_line("ready")
        wait_completed(shell, "p2pctl inbox --from=b", "p2pctl inbox --from=bob")
        wait_completed(shell, "p2pctl cancel ", "p2pctl cancel 3")


def offered(folder: Path, path: Path, *typed: str) -> str:
    """What is printed; it ends well, with no complaint, and before anybody is annoyed."""
    begin = time.monotonic()
    done = run_ctl(folder, "completion", "words", "--", "--socket", str(path), *typed)
    assert (done.exit, done.err) == (0, ""), done
    assert time.monotonic() - begin < SOON
    return done.out


def test_a_long_address_book_is_offered_whole(hosts: Hosts) -> None:
    """Of more than a page of names, though there are strangers without one, too."""
    daemon = hosts.start("daemon")
    with daemon.control() as control:
        for number in range(600):
            name = {"name": f"host{number:03}"} if number % 300 else {"name": f"other{number}"}
            control.post("peers.add", name | {"address": f"10.1.{number // 250}.{number % 250 + 1}"})
            control.read_object()
        assert len(control.call("peers.names", {"limit": 7, "after": "host598"})["names"]) == 3
        for limit in (0, 501):
            assert control.failure("peers.names", {"limit": limit}).exit == 64
    words: list[str] = []
    deadline = Deadline(20, "the names")
    while not words:
        deadline.check()
        words = [line.split("\t")[0] for line in
                 offered(daemon.folder, daemon.socket, "send", "").splitlines()]
    assert offered(daemon.folder, daemon.socket, "send", "host59").count("\n") == 10
    assert offered(daemon.folder, daemon.socket, "inbox", "--from=oth").count("\n") == 2
    assert words == [*(f"host{number:03}" for number in range(600) if number % 300), "other0",
                     "other300"]


def test_without_a_daemon_there_are_no_names_and_none_is_started(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    assert offered(tmp_path, path, "send", "") == ""
    assert list(tmp_path.iterdir()) == []
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
        assert offered(tmp_path, path, "reply", "") == ""
    assert "inbox" in offered(tmp_path, path, "in"), "what needs no daemon is offered"


def test_a_daemon_that_hangs_is_not_waited_for(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        for typed in (("send", ""), ("reply", ""), ("thread", ""), ("group", "remove", "")):
            assert offered(daemon.folder, daemon.socket, *typed) == ""
    finally:
        os.kill(daemon.pid, signal.SIGCONT)


def test_a_socket_that_nobody_accepts_on_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        try:
            waiting[0].connect(str(path))  # there is no room for another
            waiting[1].setblocking(False)
            with pytest.raises(BlockingIOError):
                waiting[1].connect(str(path))
            assert offered(tmp_path, path, "send", "") == ""
        finally:
            for each in waiting:
                each.close()

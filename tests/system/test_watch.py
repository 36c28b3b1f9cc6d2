"""`p2pctl watch` as scripts use it: it goes on where it was, chooses, and runs a program for each
message."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from control import Deadline
from harness import Daemon, Hosts
from programs import P2PCTL, clean_environment

NOBODY = "127.0.0.1:9"


@pytest.fixture(scope="module")
def pair(module_hosts: Hosts) -> tuple[Daemon, Daemon]:
    return (module_hosts.start("alice"),
            module_hosts.start("bob", "--set", "read_receipts=on"))


@pytest.fixture
def alice(pair: tuple[Daemon, Daemon]) -> Daemon:
    return pair[0]


@pytest.fixture
def bob(pair: tuple[Daemon, Daemon]) -> Daemon:
    return pair[1]


def send(alice: Daemon, bob: Daemon, *texts: str) -> None:
    for text in texts:
        assert alice.ctl("send", bob.address, text).exit == 0


def seen(bob: Daemon, *options: str) -> list[str]:
    """What is there already."""
    done = bob.ctl("watch", "--json", "--timeout", "300ms", *options)
    return [line["text"] for line in done.lines()]


def hook(tmp_path: Path, script: str) -> str:
    program = tmp_path / "hook"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_a_named_reader_goes_on_where_it_was(alice: Daemon, bob: Daemon) -> None:
    send(alice, bob, "one", "two")
    options = ("--cursor", "reader", "--grep", "o")
    assert seen(bob, *options, "--since", "0") == ["one", "two"]
    send(alice, bob, "four")
    assert seen(bob, *options) == ["four"]
    assert seen(bob, *options) == []


def test_a_named_reader_is_alone(bob: Daemon, alice: Daemon, tmp_path: Path) -> None:
    send(alice, bob, "alone")
    inner = hook(tmp_path,
                 f"{P2PCTL} --socket {bob.socket} watch --cursor same; echo $? > {tmp_path}/x")
    assert bob.ctl("watch", "--cursor", "same", "--since", "0", "--grep", "alone", "--count", "1",
                   "--exec", inner).exit == 0
    assert (tmp_path / "x").read_text() == "75\n"


def test_grep_finds_capitals_too(alice: Daemon, bob: Daemon) -> None:
    send(alice, bob, "The Printer burns")
    assert seen(bob, "--since", "0", "--grep", "printER") == ["The Printer burns"]


def test_types_choose_states_of_what_was_sent(alice: Daemon) -> None:
    cancelled = alice.ctl_json("send", NOBODY, "-n", "never mind")[0]["id"]
    alice.ctl("cancel", str(cancelled))
    assert seen(alice, "--since", "0", "--types", "cancelled,expired") == ["never mind"]
    done = alice.ctl("watch", "--types", "nonsense")
    assert done.exit == 64 and "cancelled" in done.err


def test_a_program_gets_each_message_as_json(alice: Daemon, bob: Daemon, tmp_path: Path) -> None:
    send(alice, bob, "job 1", "job 2")
    program = hook(tmp_path, f'echo "$P2P_PEER $1" >> {tmp_path}/peers; cat >> {tmp_path}/got')
    done = bob.ctl("watch", "--since", "0", "--grep", "job", "--count", "2", "--exec", program,
                   "--", "-x; rm *")
    assert done.exit == 0, done
    got = [json.loads(line) for line in (tmp_path / "got").read_text().splitlines()]
    assert [line["text"] for line in got] == ["job 1", "job 2"]
    assert (tmp_path / "peers").read_text() == f"{alice.address} -x; rm *\n" * 2


def test_after_success_it_never_comes_again(alice: Daemon, bob: Daemon, tmp_path: Path) -> None:
    ids = [str(alice.ctl_json("send", bob.address, text)[0]["id"]) for text in ("once", "once more")]
    os.mkfifo(tmp_path / "go")
    # It ends well, but p2pctl was killed long before.
    program = hook(tmp_path, f"echo $P2P_ID >> {tmp_path}/ids; kill -9 $(cut -d' ' -f4 "
                   f"/proc/$PPID/stat); read line < {tmp_path}/go")
    options = ("--cursor", "hook", "--grep", "once", "--exec", program)
    assert ended(bob, *options, "--since", "0") == -signal.SIGKILL
    busy = bob.ctl("watch", *options, "--timeout", "300ms")
    assert busy.exit == 75 and "another p2pctl uses the cursor hook" in busy.err
    (tmp_path / "go").write_text("\n")
    assert alice.ctl("wait", ids[0], "--until", "handled", "--timeout", "20s").exit == 0
    program = hook(tmp_path, f"echo $P2P_ID >> {tmp_path}/ids")
    when_free(bob, *options, "--count", "1")
    assert bob.ctl("watch", *options, "--timeout", "300ms").exit == 1
    first, second = (tmp_path / "ids").read_text().split()
    assert first != second
    assert alice.ctl("wait", ids[1], "--until", "handled", "--timeout", "20s").exit == 0


def ended(bob: Daemon, *options: str) -> int:
    """Only p2pctl's end is awaited, not that of what it leaves behind."""
    return subprocess.run([P2PCTL, "--socket", str(bob.socket), "watch", *options],
                          env=clean_environment(bob.folder), check=False, start_new_session=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def when_free(bob: Daemon, *options: str) -> None:
    """As soon as nobody uses the cursor any more."""
    deadline = Deadline(20, "the cursor")
    while (done := bob.ctl("watch", *options)).exit == 75:
        deadline.check()
    assert done.exit == 0, done


def test_whose_end_nobody_knows_may_come_again(alice: Daemon, bob: Daemon, tmp_path: Path) -> None:
    send(alice, bob, "perhaps")
    program = hook(tmp_path, f"echo $P2P_ID >> {tmp_path}/ids; kill -9 $PPID")
    options = ("--cursor", "perhaps", "--grep", "perhaps", "--exec", program)
    done = bob.ctl("watch", *options, "--since", "0")
    assert done.exit == 74 and f"nobody knows how {program} has ended" in done.err, done
    hook(tmp_path, f"echo $P2P_ID >> {tmp_path}/ids")
    assert bob.ctl("watch", *options, "--since", "0", "--count", "1").exit == 0
    first, again = (tmp_path / "ids").read_text().split()
    assert first == again


def test_a_program_may_be_interrupted_and_the_message_comes_again(alice: Daemon, bob: Daemon,
                                                                 tmp_path: Path) -> None:
    """Ctrl-C goes to the program as well, whatever waits for it."""
    send(alice, bob, "long work")
    program = hook(tmp_path, f"echo $P2P_ID >> {tmp_path}/ids; kill -INT 0; sleep 60")
    options = ("--cursor", "interrupted", "--grep", "long work", "--exec", program)
    assert ended(bob, *options, "--since", "0") == 130
    hook(tmp_path, f"echo $P2P_ID >> {tmp_path}/ids")
    when_free(bob, *options, "--since", "0", "--count", "1")
    first, again = (tmp_path / "ids").read_text().split()
    assert first == again


def test_a_failure_is_tried_again(alice: Daemon, bob: Daemon, tmp_path: Path) -> None:
    send(alice, bob, "flaky")
    failed = tmp_path / "failed"
    program = hook(tmp_path, f"test -e {failed} && exit 0; touch {failed}; exit 3")
    done = bob.ctl("watch", "--since", "0", "--grep", "flaky", "--count", "1", "--exec", program)
    assert done.exit == 0 and "exit code 3" in done.err and "set aside" not in done.err, done


def test_what_fails_for_good_is_set_aside_and_listed(alice: Daemon, bob: Daemon,
                                                     tmp_path: Path) -> None:
    send(alice, bob, "bad", "bad but later")
    options = ("--cursor", "aside", "--grep", "bad")
    program = hook(tmp_path, "grep -q later")
    done = bob.ctl("watch", "--since", "0", *options, "--count", "2", "--attempts", "1", "--exec",
                   program)
    assert done.exit == 0 and "is set aside" in done.err, done
    failed = bob.ctl_json("watch", "--failed", "--cursor", "aside")
    assert [line["reason"] for line in failed] == ["exit code 1"]
    assert bob.ctl_json("show", str(failed[0]["id"]))[0]["text"] == "bad"


def test_a_program_that_is_not_there_ends_it(alice: Daemon, bob: Daemon) -> None:
    send(alice, bob, "for nobody")
    done = bob.ctl("watch", "--since", "0", "--count", "1", "--cursor", "none", "--exec",
                   "/no/such/program")
    assert done.exit == 64 and "/no/such/program" in done.err
    assert seen(bob, "--cursor", "none", "--since", "0", "--grep", "for nobody") == ["for nobody"]


@pytest.mark.parametrize("words", [
    ("watch", "word"), ("watch", "--failed"), ("watch", "--cursor", "../x"),
    ("watch", "--attempts", "0")])
def test_what_makes_no_sense_is_refused(bob: Daemon, words: tuple[str, ...]) -> None:
    assert bob.ctl(*words).exit == 64

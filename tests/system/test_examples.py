"""Each use that `p2pctl help examples` prints, run by bash to the letter: this host is
alice's; bob and carol are peers by name."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import programs
from control import TIME_FACTOR, Deadline, wait_readable
from harness import Daemon, Hosts
from programs import Finished, clean_environment, run_ctl


@dataclass
class Place:
    """A folder with what the examples find in it, and the daemons of the three."""

    folder: Path
    alice: Daemon
    bob: Daemon
    carol: Daemon

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """The example begins; it is a process group of its own."""
        programs_of_it = self.folder / "bin"
        programs_of_it.mkdir(exist_ok=True)
        if not (programs_of_it / "p2pctl").exists():
            (programs_of_it / "p2pctl").symlink_to(programs.P2PCTL)
        environment = clean_environment(self.alice.folder)
        environment["PATH"] = f"{programs_of_it}:{environment['PATH']}"
        environment["P2PD_SOCKET"] = str(self.alice.socket)
        return subprocess.Popen(
            ["bash", "-c", example(name)["script"]], cwd=self.folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)

    def run(self, name: str) -> Finished:
        process = self.start(name)
        out, err = process.communicate(timeout=30 * TIME_FACTOR)
        return Finished(process.returncode, out.decode(), err.decode())

    @contextmanager
    def running(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """One that goes on for ever, until the block is over."""
        process = self.start(name)
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.communicate(timeout=20 * TIME_FACTOR)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def program(self, name: str, script: str) -> None:
        (self.folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.folder / name).chmod(0o755)

    def came_before(self, cursor: str, text: str) -> None:
        """What the reader of that name has done already: it goes on from there."""
        self.say("a message before")
        assert self.alice.ctl("watch", "--cursor", cursor, "--since", "0", "--count", "1").exit == 0
        self.say(text)

    def say(self, text: str) -> None:
        assert self.bob.ctl("send", self.alice.address, text).exit == 0

    def texts_of_bob(self) -> list[str]:
        return [message["text"] for message in self.bob.inbox()]


@pytest.fixture
def place(hosts: Hosts, tmp_path: Path) -> Place:
    alice, bob, carol = (hosts.start(name) for name in ("alice", "bob", "carol"))
    for name, peer in (("bob", bob), ("carol", carol)):
        assert alice.ctl("peer", "add", name, peer.address).exit == 0
    return Place(tmp_path, alice, bob, carol)


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def example(name: str) -> dict[str, Any]:
    found = run_ctl(Path("/tmp"), "--json", "help", "examples").lines()
    return next(each for each in found if each["name"] == name)


def test_each_example_is_run_by_a_test() -> None:
    here = set(re.findall(r'(?:run|running|start)(?:, |\()"(\w+)"\)', Path(__file__).read_text()))
    shown = run_ctl(Path("/tmp"), "--json", "help", "examples").lines()
    assert here == {each["name"] for each in shown} and len(shown) > 10


def test_people_are_shown_the_same(tmp_path: Path) -> None:
    text = run_ctl(tmp_path, "help", "examples").out
    for each in run_ctl(tmp_path, "--json", "help", "examples").lines():
        lines = "".join(f"    {line}\n" for line in each["script"].splitlines())
        assert f"{each['summary']}\n\n{lines}" in text
        assert max(map(len, lines.splitlines())) <= 100
    assert "p2pctl help examples" in run_ctl(tmp_path, "help").out


def test_a_message_and_its_exit_code(place: Place) -> None:
    done = place.run("send")
    assert done.exit == 0 and done.out.endswith("bob has it on disk\n"), done
    assert place.texts_of_bob() == ["hi"]


def test_a_name(place: Place) -> None:
    done = place.run("name")
    assert done.exit == 0 and "10.0.0.5:5000" in done.out, done


def test_what_a_program_prints(place: Place) -> None:
    assert place.run("output").exit == 0
    (text,) = place.texts_of_bob()
    assert len(text.splitlines()) == 2 and text.endswith(" /"), "df's line of the root"


def test_the_end_of_a_backup_good_or_bad(place: Place) -> None:
    assert place.run("backup").exit == 0
    (place.folder / "docs").mkdir()
    (place.folder / "docs" / "letter").write_text("dear\n")
    assert place.run("backup").exit == 0
    failed, done = place.texts_of_bob()
    assert failed.startswith("backup failed (2): tar: docs: ") and "No such file" in failed
    assert re.fullmatch(r"backup done: [\d.,]+K?", done)


def test_an_alarm_only_if_there_is_a_reason(place: Place) -> None:
    (place.folder / "docs.tar.gz").touch()
    assert place.run("alarm").exit == 0
    os.utime(place.folder / "docs.tar.gz", (0, 0))
    assert place.run("alarm").exit == 0
    place.bob.wait_inbox(1)
    assert place.texts_of_bob() == ["no backup since yesterday"]


def test_the_lines_of_a_log_as_they_are_written(place: Place) -> None:
    log = place.folder / "build.log"
    log.write_text("compiling\n")
    with place.running("log"):
        place.bob.wait_inbox(1)  # so the log is being followed
        with log.open("a") as file:
            file.write("linking\n")
        place.bob.wait_inbox(2)
    assert place.texts_of_bob() == ["compiling", "linking"]


def test_an_answer_without_an_address(place: Place) -> None:
    lines = "".join(f"line {number}\n" for number in range(1, 43))
    assert place.bob.ctl("send", place.alice.address, "--lines", stdin=lines).exit == 0
    done = place.run("reply")
    assert done.exit == 0 and "line 42" in done.out, done
    (answer,) = place.bob.inbox()
    assert answer["text"] == "on my way"
    assert place.bob.ctl_json("show", str(answer["reply_to"]))[0]["text"] == "line 42"


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_an_operator_decides(place: Place, aside: ThreadPoolExecutor, answer: str) -> None:
    place.program("deploy", "touch deployed")
    asked: Future[Finished] = aside.submit(place.run, "ask")
    (question,) = place.bob.wait_inbox(1)
    assert question["text"].startswith("Deploy now?")
    assert place.bob.ctl("reply", str(question["id"]), answer).exit == 0
    assert asked.result().exit == 0
    assert (place.folder / "deployed").exists() == (answer == "yes")


def test_a_group(place: Place) -> None:
    done = place.run("group")
    assert done.exit == 0 and done.out.endswith("@ops: 2 of 2 delivered\n"), done
    for each in (place.bob, place.carol):
        assert [message["text"] for message in each.inbox()] == ["down for ten minutes"]


def test_what_was_waited_for_is_said(place: Place) -> None:
    place.program("deploy", "touch deployed")
    place.came_before("release", "nothing of that kind")
    place.say("all tests have PASSED")
    assert place.run("wait").exit == 0
    assert (place.folder / "deployed").exists()


def test_a_program_for_each_message(place: Place) -> None:
    path = place.folder / "alarms.jsonl"
    os.mkfifo(path)  # it says when it is written to, which a file does not
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    place.came_before("alarms", "it burns")
    try:
        with place.running("hook"):
            deadline = Deadline(20, "the message in alarms.jsonl")
            got = b""
            while not got.endswith(b"\n"):
                deadline.check()
                assert wait_readable(pipe, deadline)
                got += os.read(pipe, 65536)
    finally:
        os.close(pipe)
    assert b'"text":"it burns"' in got and got.count(b"\n") == 1


def test_a_program_answers(place: Place) -> None:
    place.came_before("disk", "how is the disk?")
    with place.running("answer"):
        (answer,) = place.bob.wait_inbox(1)
    assert answer["text"].startswith("Filesystem")
    assert place.bob.ctl_json("show", str(answer["reply_to"]))[0]["text"] == "how is the disk?"


def test_what_became_of_it_is_looked_up_later(place: Place) -> None:
    done = place.run("later")
    assert done.exit == 0 and "delivered" in done.out and "not got it" not in done.out, done
    assert place.texts_of_bob() == ["the figures"]


def test_messages_for_other_programs(place: Place) -> None:
    place.say("the backup is done")
    place.say("lunch?")
    done = place.run("json")
    assert done.exit == 0, done
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z\tthe backup is done\n", done.out), done

"""A damaged store is never served as if it were whole: the daemon ends with exit code 74 and says
what to do; p2pd --check-store and --salvage do it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import programs
from harness import Daemon, Hosts
from programs import Finished, clean_environment


def run_on_store(daemon: Daemon, *options: str) -> Finished:
    done = subprocess.run(
        [programs.P2PD, "--config", str(daemon.config), "--state-dir", str(daemon.state), *options],
        stdin=subprocess.DEVNULL, capture_output=True, env=clean_environment(daemon.folder),
        timeout=60, check=False)
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(name="daemon")
def with_messages(hosts: Hosts) -> Daemon:
    daemon = hosts.start("alice")
    with daemon.control() as control:
        control.call("peers.add", {"name": "bob", "address": "127.0.0.1:9"})
        for number in range(300):
            control.call("send", {"peer": "bob", "text": f"message {number} " + "x" * 200})
    daemon.stop()
    return daemon


def damage(daemon: Daemon, page: int) -> None:
    with (daemon.state / "p2pd.db").open("r+b") as file:
        file.seek((page - 1) * 4096 + 1000)
        file.write(b"damage!")


def find_page(daemon: Daemon, text: bytes) -> int:
    return (daemon.state / "p2pd.db").read_bytes().index(text) // 4096 + 1


def test_a_sound_store_is_said_to_be_sound(daemon: Daemon) -> None:
    done = run_on_store(daemon, "--check-store")
    assert done.exit == 0 and done.out.endswith("the store is sound\n"), done


def test_a_damaged_store_is_checked_and_salvaged(daemon: Daemon, tmp_path: Path) -> None:
    page = find_page(daemon, b"message 150 ")
    damage(daemon, page)
    done = run_on_store(daemon, "--check-store")
    assert done.exit == 65, done
    assert f"page {page} is not as it was written\n" in done.out
    done = run_on_store(daemon, "--salvage", str(tmp_path / "new"))
    assert done.exit == 65 and "missing: " in done.out, done
    daemon.state = tmp_path / "new"
    daemon.start()
    with daemon.control() as control:
        status = control.call("status")
        assert 250 < status["messages"] < 300
        assert control.call("peers.show", {"peer": "bob"})["address"] == "127.0.0.1:9"
    assert run_on_store(daemon, "--check-store").exit == 74  # it is in use


def test_nothing_is_made_where_there_is_no_store(daemon: Daemon, tmp_path: Path) -> None:
    daemon.state = tmp_path / "none"
    done = run_on_store(daemon, "--check-store")
    assert done.exit == 74 and "there is no store in" in done.err
    assert not daemon.state.exists()


def test_an_emptied_store_does_not_start(daemon: Daemon) -> None:
    (daemon.state / "p2pd.db").write_bytes(b"")
    done = daemon.run_to_end()
    assert done.exit == 74 and "is empty, but had" in done.err, done

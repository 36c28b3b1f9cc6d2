"""The journal: events with fields to search by, each kind explained by the catalogue, and never a
message's text."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Daemon, Hosts
from journal import Journal

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "systemd" / "p2pd.catalog"
SECRET = "confidential"
NOBODY_LISTENS = "127.0.0.1:9"


def can_mount() -> bool:
    return subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/run"],
                          capture_output=True, check=False).returncode == 0


needs_mount = pytest.mark.skipif(not can_mount(), reason="may not make a mount namespace here")


def log_ids() -> dict[str, str]:
    source = (ROOT / "common" / "log_ids.h").read_text()
    return dict(re.findall(r'string_view (\w+) =\s*"(\w+)";', source))


def entries() -> dict[str, str]:
    """Of the catalogue, by id."""
    blocks = re.split(r"^-- ", CATALOG.read_text(), flags=re.M)[1:]
    return {block.split("\n", 1)[0]: block.split("\n", 1)[1] for block in blocks}


@pytest.fixture
def journal(hosts: Hosts) -> Iterator[Journal]:
    with Journal(hosts.folder / "journal") as journal:
        yield journal


@pytest.fixture
def daemon(hosts: Hosts, journal: Journal) -> Daemon:
    daemon = hosts.daemon("daemon", "--set", "log_level=debug")
    journal.connect(daemon)
    return daemon.start()


@pytest.fixture
def usual(hosts: Hosts, journal: Journal) -> Daemon:
    """At the usual level."""
    usual = hosts.daemon("daemon")
    journal.connect(usual)
    return usual.start()


# The catalogue.
def test_every_kind_of_event_is_explained_and_used() -> None:
    ids = log_ids()
    assert len(ids) > 15 and len(set(ids.values())) == len(ids)
    assert set(entries()) == set(ids.values())
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids.values())
    sources = [path for room in ("common", "daemon") for path in (ROOT / room).rglob("*.cpp")]
    text = "".join(path.read_text() for path in sources)
    assert {name for name in ids if f"log_id::{name}" not in text} == set()


def test_every_event_in_the_source_has_a_kind() -> None:
    """An event without one could not be explained."""
    found = 0
    for path in (ROOT / "daemon").rglob("*.cpp"):
        call_of = r"\blog(?:_|\(\))?\.(?:debug|info|warning|error|limited|write)\(.*?\);\n"
        for call in re.findall(call_of, path.read_text(), re.S):
            found += 1
            assert "message_id = " in call or ", failed)" in call, f"{path.name}: {call}"
    assert found > 20


def test_systemd_takes_the_catalogue(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/systemd/catalog"
    folder.mkdir(parents=True)
    (folder / "p2pd.catalog").write_text(CATALOG.read_text())
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    made = subprocess.run(["journalctl", f"--root={tmp_path}", "--update-catalog"],
                          capture_output=True, text=True, check=False)
    assert (made.returncode, made.stderr) == (0, "")
    for each in log_ids().values():
        shown = subprocess.run(["journalctl", f"--root={tmp_path}", "--dump-catalog", each],
                               capture_output=True, text=True, check=False)
        assert shown.returncode == 0, shown
        for line in entries()[each].strip().split("\n"):
            assert line in shown.stdout
        assert "@" not in shown.stdout, "journalctl would show it as it is, for names with digits"


# Events.
@needs_mount
def test_events_of_the_daemon_have_level_and_kind(daemon: Daemon, journal: Journal) -> None:
    ids = log_ids()
    ready = journal.wait({"MESSAGE_ID": ids["ready"]})
    assert ready["PRIORITY"] == "6" and ready["SYSLOG_IDENTIFIER"] == "p2pd"
    assert "is ready, listening on" in ready["MESSAGE"]
    daemon.config.write_text("nonsense\n")
    assert daemon.process
    daemon.process.send_signal(signal.SIGHUP)
    assert journal.wait({"MESSAGE_ID": ids["not_reloaded"]})["PRIORITY"] == "3"
    daemon.config.write_text("admins = nobody-of-that-name\n")
    daemon.call("reload")
    assert journal.wait({"MESSAGE_ID": ids["admin_unknown"]})["PRIORITY"] == "4"
    journal.wait({"MESSAGE_ID": ids["reloaded"]})
    daemon.terminate()
    journal.wait({"MESSAGE_ID": ids["stopping"]})
    journal.wait({"MESSAGE_ID": ids["stopped"]})
    daemon.wait_end()
    assert daemon.log() == "", "nothing is said twice"


def history(hosts: Hosts, daemon: Daemon, journal: Journal) -> list[dict[str, str]]:
    """What the journal has of a peer that was named, sent to and heard of."""
    alice = hosts.start("alice")
    peer = alice.listen[0]
    daemon.call("peers.add", {"name": "alice", "address": peer})
    assert daemon.wait_state([daemon.send("alice", SECRET)]) == ["delivered"]
    alice.wait_state([alice.send(daemon.listen[0], SECRET)])
    journal.wait({"MESSAGE_ID": log_ids()["message_received"], "P2P_PEER": peer})
    assert not any(SECRET in value for entry in journal.entries for value in entry.values())
    return [entry for entry in journal.entries if entry.get("P2P_PEER") == peer]


@needs_mount
def test_a_peers_history_is_found_by_its_address(hosts: Hosts, usual: Daemon,
                                                 journal: Journal) -> None:
    ids = log_ids()
    found = history(hosts, usual, journal)
    assert [(entry["MESSAGE_ID"], entry.get("P2P_MESSAGE"), entry["P2P_CLASS"])
            for entry in found] == [(ids["peer_named"], None, "named"),
                                    (ids["message_delivered"], "1", "delivered"),
                                    (ids["message_received"], "2", "received")]
    assert {entry["PRIORITY"] for entry in found} == {"6"}


@needs_mount
def test_at_debug_the_history_begins_with_what_was_accepted(hosts: Hosts, daemon: Daemon,
                                                            journal: Journal) -> None:
    entry = history(hosts, daemon, journal)[1]
    assert entry["MESSAGE_ID"] == log_ids()["message_accepted"]
    assert (entry["P2P_MESSAGE"], entry["P2P_CLASS"], entry["PRIORITY"]) == ("1", "accepted", "7")


@needs_mount
def test_a_long_text_is_one_message_in_the_journal(hosts: Hosts, usual: Daemon,
                                                   journal: Journal) -> None:
    alice = hosts.start("alice")
    alice.wait_state([alice.send(usual.listen[0], SECRET * 300)])
    usual.terminate()
    journal.wait({"MESSAGE_ID": log_ids()["stopped"]})
    usual.wait_end()
    received = [entry["P2P_MESSAGE"] for entry in journal.entries
                if entry["MESSAGE_ID"] == log_ids()["message_received"]]
    assert received == ["1"]


@needs_mount
def test_what_is_not_delivered_is_told_at_the_usual_level(usual: Daemon, journal: Journal) -> None:
    ids = log_ids()
    cancelled = usual.send(NOBODY_LISTENS, SECRET)
    usual.call("cancel", {"ids": [cancelled]})
    expired = usual.send(NOBODY_LISTENS, SECRET, expires_s=1)
    for number, word in (cancelled, "was cancelled"), (expired, "has expired"):
        entry = journal.wait({"MESSAGE_ID": ids["message_undelivered"],
                              "P2P_MESSAGE": str(number), "P2P_PEER": NOBODY_LISTENS})
        assert entry["MESSAGE"].endswith(word) and entry["PRIORITY"] == "6"
    with usual.control() as control:
        numbers = [control.call("send", {"peer": NOBODY_LISTENS, "text": SECRET})["id"]
                   for _ in range(30)]
        control.call("cancel", {"ids": numbers})
    usual.terminate()  # it says at the end what it has not said yet
    entry = journal.wait({"MESSAGE_ID": ids["suppressed"], "P2P_CLASS": "undelivered"})
    usual.wait_end()
    assert re.fullmatch(r"undelivered: suppressed \d+", entry["MESSAGE"])
    kinds = {entry["MESSAGE_ID"] for entry in journal.entries}
    assert kinds <= {ids[name] for name in ("ready", "message_undelivered", "suppressed",
                                           "stopping", "stopped")}
    assert not any(SECRET in value for entry in journal.entries for value in entry.values())


@needs_mount
def test_where_the_journal_does_not_take_it_standard_error_does(hosts: Hosts,
                                                                journal: Journal) -> None:
    daemon = hosts.daemon("daemon")
    journal.connect(daemon)
    journal.socket.close()
    daemon.start()
    assert re.match(r"<6>p2pd \S+ is ready", daemon.log())


@needs_mount
def test_a_journal_that_does_not_read_keeps_the_daemon_from_nothing(usual: Daemon,
                                                                    journal: Journal) -> None:
    queue_max = int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text())
    for _ in range(queue_max + 10):
        usual.call("reload")  # an entry each
    journal.wait({"MESSAGE_ID": log_ids()["reloaded"]})
    usual.call("reload")
    entry = journal.wait({"MESSAGE_ID": log_ids()["suppressed"], "P2P_CLASS": "journal"})
    lost = re.fullmatch(r"journal: suppressed (\d+)", entry["MESSAGE"])
    assert lost and int(lost[1]) >= 5
    usual.call("reload")
    assert usual.log() == ""

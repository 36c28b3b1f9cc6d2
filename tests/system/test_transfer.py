"""p2pctl export, import and backup between real daemons."""

from __future__ import annotations

import json
import shutil

from harness import Hosts


def test_an_export_comes_in_whole_and_once(hosts: Hosts) -> None:
    alice, bob = hosts.start("alice"), hosts.start("bob")
    ids = [alice.send(bob.address, f"text {number} \n \u202e {'x' * 3000}") for number in range(40)]
    assert alice.wait_state(ids) == ["delivered"] * 40
    bob.call("peers.add", {"name": "alice", "address": alice.address})
    exported = bob.ctl("export").out
    assert len([line for line in exported.splitlines() if json.loads(line)["type"] == "received"]) == 40
    carol = hosts.start("carol")
    assert carol.ctl("import", "-", stdin=exported).exit == 0
    assert carol.ctl("export").out == exported
    assert [message["text"] for message in carol.inbox()] == [
        message["text"] for message in bob.inbox()]
    assert carol.call("peers.show", {"peer": "alice"})["address"] == alice.address
    [result] = carol.ctl_json("import", stdin=exported)
    assert result["added"] == 0 and result["known"] == len(exported.splitlines())
    assert carol.ctl("export").out == exported


def test_a_bad_line_is_named(hosts: Hosts) -> None:
    alice = hosts.start("alice")
    done = alice.ctl("import", stdin="nonsense\n")
    assert done.exit == 65 and "line 1" in done.err
    done = alice.ctl("import", stdin='{"type":"peer","address":"nowhere"}\n')
    assert done.exit == 64 and "record 1" in done.err
    assert alice.ctl("import", "/nowhere/file").exit == 74


def test_a_backup_is_a_store(hosts: Hosts) -> None:
    alice, bob = hosts.start("alice"), hosts.start("bob")
    ids = [alice.send(bob.address, f"text {number}") for number in range(20)]
    assert alice.wait_state(ids) == ["delivered"] * 20
    path = bob.ctl("backup").out.strip()
    carol = hosts.daemon("carol")
    carol.state.mkdir(mode=0o700)
    shutil.copy(path, carol.state / "p2pd.db")
    carol.start()
    assert [each["text"] for each in carol.inbox()] == [each["text"] for each in bob.inbox()]

"""What p2pctl prints with --json is as the installed schemas say, of every command and type."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from control import Deadline, wait_readable
from harness import Daemon, Hosts
from programs import ROOT, Finished, run_ctl

FOLDER = ROOT / "common" / "schemas"
SCHEMAS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text())
                                      for path in FOLDER.glob("*.json")}
NOBODY = "127.0.0.1:9"


def printable_types() -> set[str]:
    """Every type that the source of p2pctl can print."""
    sources = "".join(path.read_text() for path in (ROOT / "ctl").glob("*.cpp"))
    return set(re.findall(r'(?:print_json|json_line)\(\s*"(\w+)"', sources))


def check(line: str, schema: str | None = None) -> str:
    """Validates a line by the schema of its type; the type."""
    members = json.loads(line)
    name = schema or members["type"]
    problems = list(Draft202012Validator(SCHEMAS[name]).iter_errors(members))
    assert not problems, f"{line}\n{problems[0]}"
    return str(members["type"])


def check_all(done: Finished, schema: str | None = None) -> set[str]:
    lines = done.out.splitlines() + [line for line in done.err.splitlines() if line]
    assert lines, done
    return {check(line, schema) for line in lines}


def receive_a_part(daemon: Daemon) -> None:
    """One of two parts of a long text; the other never comes."""
    part = {"Ip_origem": "127.0.0.1", "Ip_destino": "127.0.0.1", "Porta_origem": 5000,
            "Porta_destino": 5000, "Timestamp da mensagem": 1732260000.123456,
            "Mensagem": "the first half", "p2pd": {"v": 1, "part": 1, "parts": 2}}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(json.dumps(part).encode(), daemon.endpoint)
        assert wait_readable(peer, Deadline(20, "the ACK"))
        assert json.loads(peer.recv(2048))["ACK"] is True


@pytest.fixture(scope="module")
def pair(module_hosts: Hosts) -> tuple[Daemon, Daemon]:
    """Two daemons with messages of every kind: answered, delivered, waiting, cancelled, a part."""
    alice, bob = module_hosts.start("alice"), module_hosts.start("bob")
    alice.ctl_json("peer", "add", "bob", bob.address)
    alice.ctl_json("group", "add", "ops", "bob")
    alice.ctl_json("send", "bob", "hello")
    for text in ("hello yourself", "and once more"):
        bob.ctl_json("reply", str(bob.inbox()[0]["id"]), text)
    alice.send(NOBODY, "nobody is there")
    alice.call("cancel", {"ids": [alice.send(NOBODY, "nor here")]})
    receive_a_part(alice)
    return alice, bob


def asked(alice: Daemon, bob: Daemon) -> Finished:
    with ThreadPoolExecutor() as pool:
        done = pool.submit(alice.ctl, "--json", "ask", "bob", "well?")
        question = bob.ctl_json("watch", "--since", "0", "--grep", "well?", "--count", "1")[0]
        bob.ctl("reply", str(question["id"]), "well")
        return done.result()


def commands(alice: Daemon, bob: Daemon) -> dict[str, Callable[[], Finished]]:
    """One way to run each command, by its name; the order is that of running them."""
    exported = alice.ctl("export").out
    received = str(alice.inbox()[0]["id"])
    waiting = next(str(each["id"]) for each in alice.sent() if "nobody" in each["text"])

    def run(*words: str, stdin: str = "", on: Daemon = alice) -> Callable[[], Finished]:
        return lambda: on.ctl("--json", *words, stdin=stdin)

    return {
        "send": run("send", "@ops", "again"),
        "reply": run("reply", received, "answer", "--wait", "read"),
        "ask": lambda: asked(alice, bob),
        "inbox": run("inbox"),
        "sent": run("sent"),
        "show": run("show", received),
        "thread": run("thread", "bob"),
        "watch": run("watch", "--since", "0", "--all", "--count", "2"),
        "wait": run("wait", waiting, "--timeout", "1ms"),
        "trace": run("trace", waiting),
        "retry": run("retry", waiting),
        "cancel": run("cancel", waiting),
        "read": run("read", "--all"),
        "unread": run("unread", received),
        "search": run("search", "hello"),
        "delete": run("delete", received),
        "purge": run("purge", "--yes", on=bob),
        "peer list": run("peer", "list"),
        "peer show": run("peer", "show", "bob"),
        "peer add": run("peer", "add", "carol", NOBODY, "--dialect", "short"),
        "peer rename": run("peer", "rename", "carol", "dave"),
        "peer remove": run("peer", "remove", "dave"),
        "group list": run("group", "list"),
        "group add": run("group", "add", "others", "bob"),
        "group remove": run("group", "remove", "others"),
        "status": run("status"),
        "doctor": run("doctor", "bob"),
        "metrics": run("metrics"),
        "config show": run("config", "show"),
        "config check": run("config", "check", str(alice.config)),
        "backup": run("backup"),
        "export": run("export"),
        "import": run("import", stdin=exported),
        "reload": run("reload"),
        "log-level": run("log-level"),
        "rpc": run("rpc", "rpc.discover"),
        "completion": run("completion", "fish"),
        "help": run("help"),
        "version": run("version"),
    }


def test_each_schema_is_one_and_is_open_to_new_members() -> None:
    for name, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert '"additionalProperties"' not in json.dumps(schema), name


def test_every_type_that_can_be_printed_has_a_schema() -> None:
    types = printable_types()
    assert len(types) > 10
    assert set(SCHEMAS) == types | {"export"}


def test_every_command_prints_what_its_schema_says(pair: tuple[Daemon, Daemon],
                                                   tmp_path: Path) -> None:
    alice, bob = pair
    runs = commands(alice, bob)
    known = {line["name"] for line in run_ctl(tmp_path, "--json", "help").lines()}
    assert set(runs) == known - {"chat"}, "which is for people alone"
    printed = {name: check_all(run(), "export" if name == "export" else None)
               for name, run in runs.items()}
    seen = set().union(*(types for name, types in printed.items() if name != "export"))
    assert printed["export"] == {"store", "peer", "group", "received", "sent", "part", "identity"}
    assert seen == printable_types() - {"error", "example", "summary", "set_aside"}


def test_examples_are_as_their_schema_says(tmp_path: Path) -> None:
    assert check_all(run_ctl(tmp_path, "--json", "help", "examples")) == {"example"}


def test_lines_of_standard_input_end_with_a_summary(pair: tuple[Daemon, Daemon]) -> None:
    done = pair[0].ctl("--json", "send", "bob", "--lines", stdin="one\ntwo\n")
    assert done.exit == 0 and check_all(done) == {"message", "summary"}


def test_what_is_set_aside_is_as_its_schema_says(pair: tuple[Daemon, Daemon]) -> None:
    cursor = ("watch", "--cursor", "aside")
    pair[0].ctl(*cursor, "--since", "0", "--count", "1", "--attempts", "1", "--exec", "false")
    assert check_all(pair[0].ctl("--json", *cursor, "--failed")) == {"set_aside"}


def test_errors_are_as_their_schema_says(pair: tuple[Daemon, Daemon], tmp_path: Path) -> None:
    alice, _ = pair
    for words, code in ((["show", "999"], 66), (["peer", "show", "nobody"], 67), (["sned"], 64),
                        (["send", NOBODY, ""], 65), (["rpc", "no.method"], 64)):
        done = alice.ctl("--json", *words)
        assert done.exit == code and check_all(done) == {"error"}, done
    done = run_ctl(tmp_path, "--json", "--socket", str(tmp_path / "none"), "status")
    assert done.exit == 69 and check_all(done) == {"error"}


def test_a_line_that_lacks_a_member_is_found(pair: tuple[Daemon, Daemon]) -> None:
    line = json.loads(pair[0].ctl("--json", "status").out)
    del line["counters"]
    assert not Draft202012Validator(SCHEMAS["status"]).is_valid(line)

"""What p2pd is for, on two booted hosts with the package: in this order, each on what was before."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from testbed import Host, Testbed

TO_SECOND = "10.77.0.2:5000"
TO_FIRST = "10.77.0.1:5000"


@pytest.fixture(autouse=True)
def a_good_line(testbed: Testbed) -> None:
    testbed.line()


def inbox(host: Host) -> list[dict[str, Any]]:
    lines = host.run("p2pctl", "--json", "inbox", "--number", "5000").splitlines()
    return [json.loads(line) for line in lines]


def texts(host: Host) -> list[str]:
    return [message["text"] for message in inbox(host)]


def await_delivered(host: Host) -> None:
    listed = host.run("p2pctl", "--json", "sent", "--number", "5000").splitlines()
    ids = [str(json.loads(line)["id"]) for line in listed]
    host.run("p2pctl", "-q", "wait", "--timeout", "60s", *ids, timeout_s=70)


def talk(first: Host, second: Host, question: str, answer: str, timeout: str) -> None:
    """The four commands, as a person would type them."""
    first.run("systemctl", "start", "p2pd")
    second.run("systemctl", "start", "p2pd")
    sent = first.run("p2pctl", "send", "--timeout", timeout, TO_SECOND, question)
    assert "delivered" in sent
    line = second.run("p2pctl", "inbox").splitlines()[-1]
    found = re.fullmatch(rf"\* (\d+)  .*  {re.escape(TO_FIRST)}  {re.escape(question)}", line)
    assert found, line
    assert "delivered" in second.run("p2pctl", "reply", "--timeout", timeout, found[1], answer)
    assert texts(first)[-1] == answer


def test_the_package_is_installed_and_the_service_runs(testbed: Testbed, package: Path) -> None:
    for host in testbed.hosts:
        host.install(package)
        assert host.run("systemctl", "is-active", "p2pd").strip() == "active"
        assert host.run("systemctl", "is-enabled", "p2pd").strip() == "enabled"


def test_it_keeps_its_status_and_watchdog_at_systemd(testbed: Testbed) -> None:
    shown = testbed.hosts[0].run("systemctl", "show", "p2pd")
    assert "StatusText=listening on 0.0.0.0:5000 [::]:5000, 0 messages on their way" in shown
    assert "WatchdogUSec=30s" in shown
    assert "NRestarts=0" in shown


def test_a_message_and_a_reply(testbed: Testbed) -> None:
    talk(*testbed.hosts, "hi", "ok", "5s")


def test_with_a_third_lost_and_a_long_way(testbed: Testbed) -> None:
    testbed.line(loss=0.3, delay_s=0.1)
    talk(*testbed.hosts, "hi through the storm", "ok, hardly", "60s")


def test_the_receiver_is_cut_off_power_in_the_middle(testbed: Testbed) -> None:
    first, second = testbed.hosts
    testbed.line(delay_s=0.02)
    sent = [f"line {i}" for i in range(2000)]
    lines = "\n".join(sent)
    first.run("sh", "-c", f"p2pctl -q send --lines --no-wait {TO_SECOND} <<'END'\n{lines}\nEND\n")
    second.power_cut()
    assert re.search(r"[1-9]\d* not confirmed yet", first.run("p2pctl", "status"))
    testbed.boot()
    await_delivered(first)
    received = [text for text in texts(second) if text.startswith("line ")]
    assert sorted(received) == sorted(sent)  # none is missing, none is there twice


def test_after_a_reboot_of_both(testbed: Testbed) -> None:
    before = [inbox(host) for host in testbed.hosts]
    for host in testbed.hosts:
        host.shut_down()
    testbed.boot()
    assert [inbox(host) for host in testbed.hosts] == before
    assert all(before)
    talk(*testbed.hosts, "hi again", "ok again", "5s")


def test_reload_and_a_wrong_configuration(testbed: Testbed) -> None:
    host = testbed.hosts[0]
    host.run("systemctl", "reload", "p2pd")
    host.run("sh", "-c", "mkdir -p /etc/p2pd/conf.d; echo nonsense=1 >/etc/p2pd/conf.d/x.conf")
    try:
        assert host.exit_code("systemctl", "reload", "p2pd") != 0
        assert host.run("systemctl", "is-active", "p2pd").strip() == "active"
        assert host.exit_code("systemctl", "restart", "p2pd") != 0
        shown = host.run("systemctl", "show", "p2pd")
        assert "ExecMainStatus=78" in shown
        assert "NRestarts=0" in shown
    finally:
        host.run("rm", "-r", "/etc/p2pd/conf.d")
        host.run("systemctl", "restart", "p2pd")


def test_the_package_is_removed_and_purged(testbed: Testbed) -> None:
    host = testbed.hosts[1]
    host.run("dpkg", "--remove", "p2pd")
    assert host.exit_code("systemctl", "is-active", "p2pd") != 0
    assert host.run("ls", "/var/lib/p2pd") != "", "the messages stay"
    host.run("dpkg", "--purge", "p2pd")
    for gone in ("/var/lib/p2pd", "/etc/p2pd",
                 "/etc/systemd/system/multi-user.target.wants/p2pd.service"):
        assert host.exit_code("test", "-e", gone) != 0, gone
    host.run("systemctl", "daemon-reload")
    assert host.run("systemctl", "is-system-running").strip() == "running"

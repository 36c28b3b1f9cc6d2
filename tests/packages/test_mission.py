"""What p2pd is for, on two booted hosts with the package: in this order, each on what was before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import await_delivered, inbox, texts
from testbed import Host, Testbed

TO_SECOND = "10.77.0.2:5000"
TO_FIRST = "10.77.0.1:5000"


@pytest.fixture(autouse=True)
def a_good_line(testbed: Testbed) -> None:
    testbed.line()


def talk(testbed: Testbed, question: str, answer: str, timeout: str) -> None:
    """The four commands, as a person would type them."""
    first, second = testbed.hosts
    first.run("systemctl", "start", "p2pd")
    second.run("systemctl", "start", "p2pd")
    sent = first.run("p2pctl", "send", "--timeout", timeout, TO_SECOND, question)
    assert "delivered" in sent
    line = second.run("p2pctl", "inbox").splitlines()[-1]
    found = re.fullmatch(rf"\* (\d+)  .*  {re.escape(TO_FIRST)}  {re.escape(question)}", line)
    assert found, line
    assert "delivered" in second.run("p2pctl", "reply", "--timeout", timeout, found[1], answer)
    assert texts(first)[-1] == answer


def accept(host: Host, messages: list[str]) -> None:
    """To the second host, without waiting for it."""
    lines = "\n".join(messages)
    host.run("sh", "-c", f"p2pctl -q send --lines --no-wait {TO_SECOND} <<'END'\n{lines}\nEND\n")


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
    talk(testbed, "hi", "ok", "5s")


def test_with_a_third_lost_and_a_long_way(testbed: Testbed) -> None:
    testbed.line(loss=0.3, delay_s=0.1)
    talk(testbed, "hi through the storm", "ok, hardly", "60s")


def test_the_receiver_is_cut_off_power_in_the_middle(testbed: Testbed) -> None:
    first, second = testbed.hosts
    testbed.line(delay_s=0.02)
    sent = [f"line {i}" for i in range(2000)]
    accept(first, sent[:1000])  # some of these are under way,
    testbed.cut()
    accept(first, sent[1000:])  # and none of these has come, however slow this machine is
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
    talk(testbed, "hi again", "ok again", "5s")

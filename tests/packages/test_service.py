"""The package and its services as an administrator meets them, in this order. The older package has
the same program under a lower version: what it tries is the upgrade of a package, that of a store
written by an older program is for tests/store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from commands import await_delivered, inbox, texts
from testbed import ENVIRONMENT, HERE, Host, Testbed

TO_FIRST = "10.77.0.1:5000"
TO_SECOND = "10.77.0.2:5000"


def show(host: Host, unit: str, name: str) -> str:
    return host.run("systemctl", "show", "--value", "--property", name, unit).strip()


def stream(host: Host, word: str, count: int, per_second: int) -> subprocess.Popen[bytes]:
    """A program on the first host that sends each text to the second once."""
    return subprocess.Popen(
        ["nsenter", "--target", str(host.pid), "--net", sys.executable, "-B",
         str(HERE / "send_once.py"), "10.77.0.2", "5000", str(count), str(per_second), word],
        env=ENVIRONMENT)


def received(host: Host, word: str, count: int) -> int:
    """How many of a stream are there; it waits a while for all, as the last may be under way."""
    list_all = "p2pctl --json inbox -n 99999"
    host.run("timeout", "20", "sh", "-c",
             f"until [ $({list_all} | grep -c '\"{word} ') -ge {count} ]; do sleep 0.1; done",
             check=False)
    return len({text for text in texts(host) if text.startswith(f"{word} ")})


def test_an_older_package_serves(testbed: Testbed, older_package: Path) -> None:
    for host in testbed.hosts:
        host.install(older_package)
    assert "0.0.1" in testbed.hosts[1].run("dpkg-query", "-W", "p2pd")
    testbed.hosts[0].run("p2pctl", "send", TO_SECOND, "before the upgrade")
    testbed.hosts[0].run("systemctl", "stop", "p2pd")
    testbed.hosts[1].run("p2pctl", "send", "--no-wait", TO_FIRST, "sent before, delivered after")
    testbed.hosts[1].run("sh", "-c", "mkdir /etc/p2pd/conf.d; "
                         "echo log_level=debug >/etc/p2pd/conf.d/mine.conf")


def test_an_upgrade_keeps_messages_and_configuration_and_loses_no_datagram(
    testbed: Testbed, package: Path
) -> None:
    first, second = testbed.hosts
    before = show(second, "p2pd", "MainPID")
    with stream(first, "upgrade", 2000, 1000) as sender:
        second.install(package)
        assert sender.wait() == 0
    assert show(second, "p2pd", "MainPID") != before, "the new program runs"
    assert received(second, "upgrade", 2000) == 2000
    assert "before the upgrade" in texts(second)
    assert "debug" in second.run("p2pctl", "config", "show")
    first.install(package)
    await_delivered(second)
    assert texts(first)[-1] == "sent before, delivered after"


def test_restarts_under_traffic_lose_no_datagram(testbed: Testbed) -> None:
    first, second = testbed.hosts
    with stream(first, "restart", 10_000, 2000) as sender:
        restarts = 0
        while sender.poll() is None:
            second.run("systemctl", "reset-failed", "p2pd")  # their number is limited
            second.run("systemctl", "restart", "p2pd")
            restarts += 1
    assert restarts >= 3
    assert received(second, "restart", 10_000) == 10_000
    assert show(second, "p2pd", "NFileDescriptorStore") == "2"


def test_a_stop_gives_the_port_back(testbed: Testbed) -> None:
    host = testbed.hosts[1]
    host.run("systemctl", "stop", "p2pd")
    assert ":5000" not in host.run("ss", "-Hlun")
    host.run("systemctl", "start", "p2pd")


def test_reload_and_a_wrong_configuration(testbed: Testbed) -> None:
    host = testbed.hosts[0]
    host.run("systemctl", "reload", "p2pd")
    host.run("sh", "-c", "mkdir -p /etc/p2pd/conf.d; echo nonsense=1 >/etc/p2pd/conf.d/x.conf")
    try:
        assert host.exit_code("systemctl", "reload", "p2pd") != 0
        assert show(host, "p2pd", "ActiveState") == "active"
        assert host.exit_code("systemctl", "restart", "p2pd") != 0
        assert show(host, "p2pd", "ExecMainStatus") == "78"
        assert show(host, "p2pd", "NRestarts") == "0", "it does not mend itself"
    finally:
        host.run("rm", "-r", "/etc/p2pd/conf.d")
        host.run("systemctl", "restart", "p2pd")


def test_a_killed_daemon_is_restarted(testbed: Testbed) -> None:
    host = testbed.hosts[0]
    host.run("systemctl", "kill", "--signal=KILL", "p2pd")
    host.run("sh", "-c", "timeout 20 sh -c 'until p2pctl status; do sleep 0.1; done'")
    assert show(host, "p2pd", "NRestarts") == "1"


def test_a_daemon_that_hangs_is_restarted_by_the_watchdog(testbed: Testbed) -> None:
    host = testbed.hosts[0]
    drop_in = "/run/systemd/system/p2pd.service.d"
    host.run("sh", "-c", f"mkdir -p {drop_in}; "
             f"printf '[Service]\\nWatchdogSec=1s\\n' >{drop_in}/quick.conf; "
             "systemctl daemon-reload; systemctl restart p2pd")
    before = show(host, "p2pd", "MainPID")
    host.run("systemctl", "kill", "--signal=STOP", "p2pd")
    host.run("sh", "-c", "timeout 20 sh -c 'until journalctl -b -u p2pd | "
             "grep -q \"Watchdog timeout\"; do sleep 0.1; done'")
    host.run("sh", "-c", "timeout 20 sh -c 'until p2pctl status; do sleep 0.1; done'")
    assert show(host, "p2pd", "MainPID") != before
    host.run("sh", "-c", "rm -r /run/systemd/system/p2pd.service.d; systemctl daemon-reload; "
             "systemctl reset-failed p2pd; systemctl restart p2pd")


def test_without_a_network_of_its_own_it_serves_by_passed_sockets(testbed: Testbed) -> None:
    first, second = testbed.hosts
    second.run("systemctl", "disable", "--now", "p2pd")
    second.run("systemctl", "enable", "--now", "p2pd-isolated.socket")
    assert show(second, "p2pd-isolated.service", "ActiveState") == "inactive"
    sent = first.run("p2pctl", "send", "--timeout", "20s", TO_SECOND, "to the isolated")
    assert "delivered" in sent
    pid = show(second, "p2pd-isolated", "MainPID")
    interfaces = second.run("cat", f"/proc/{pid}/net/dev").splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    line = second.run("p2pctl", "inbox").splitlines()[-1]
    answered = second.run("p2pctl", "reply", "--timeout", "20s", line.split()[1], "from inside")
    assert "delivered" in answered
    assert inbox(first)[-1]["text"] == "from inside"
    assert inbox(first)[-1]["peer"] == TO_SECOND
    second.run("systemctl", "restart", "p2pd-isolated")
    second.run("systemctl", "reload", "p2pd-isolated")
    assert "to the isolated" in texts(second)
    second.run("systemctl", "disable", "--now", "p2pd-isolated.socket", "p2pd-isolated.service")
    second.run("systemctl", "enable", "--now", "p2pd")


def test_a_user_can_have_one_too(testbed: Testbed) -> None:
    host = testbed.hosts[0]
    host.run("useradd", "--create-home", "--uid", "1000", "ana")
    host.run("systemctl", "start", "user@1000")
    try:
        as_ana = ["setpriv", "--reuid=1000", "--regid=1000", "--init-groups", "env",
                  "HOME=/home/ana", "XDG_RUNTIME_DIR=/run/user/1000"]
        host.run(*as_ana, "sh", "-c", "mkdir -p ~/.config/p2pd; "
                 "echo listen=0.0.0.0:6000 >~/.config/p2pd/p2pd.conf; "
                 "systemctl --user start p2pd && p2pctl send 10.77.0.2 from-ana")
        assert texts(testbed.hosts[1])[-1] == "from-ana"
        assert inbox(testbed.hosts[1])[-1]["peer"] == "10.77.0.1:6000"
        host.run(*as_ana, "systemctl", "--user", "reload", "p2pd")
        assert host.exit_code("test", "-d", "/home/ana/.local/state/p2pd") == 0
    finally:
        host.run("systemctl", "stop", "user@1000")


def test_removed_it_leaves_the_messages_and_purged_nothing(
    testbed: Testbed, package: Path
) -> None:
    host = testbed.hosts[1]
    before = inbox(host)
    assert before
    host.run("dpkg", "--remove", "p2pd")
    assert show(host, "p2pd", "ActiveState") == "inactive"
    assert host.run("ls", "/var/lib/p2pd") != ""
    host.install(package)
    assert inbox(host) == before, "installed again, it has them"
    host.run("dpkg", "--purge", "p2pd")
    for gone in ("/var/lib/p2pd", "/etc/p2pd", "/usr/bin/p2pd",
                 "/etc/systemd/system/multi-user.target.wants/p2pd.service",
                 "/etc/systemd/system/dbus-org.p2pd1.service",
                 "/etc/systemd/system/p2pd.service"):
        assert host.exit_code("test", "-e", gone) != 0, gone
    host.run("systemctl", "daemon-reload")
    assert host.run("systemctl", "is-system-running").strip() == "running"

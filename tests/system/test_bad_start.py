"""Bad command lines and configurations: what is wrong and where, what is allowed, exit 78 (or 64),
and nothing is started. Two daemons never share a folder, a port or a socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from harness import Daemon, Hosts
from programs import P2PD, Finished, clean_environment


def run_p2pd(folder: Path, *arguments: str, **environment: str) -> Finished:
    folder.mkdir(exist_ok=True)
    done = subprocess.run([P2PD, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          env={**clean_environment(folder), **environment}, timeout=20,
                          check=False)
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def check_config(folder: Path, config: str, **environment: str) -> Finished:
    folder.mkdir(exist_ok=True)
    file = folder / "p2pd.conf"
    file.write_text(config)
    return run_p2pd(folder, "--config", str(file), "--check-config", **environment)


@pytest.mark.parametrize("config, line, says", [
    ("listen = 10.0.0.300", 1, "10.0.0.300"),
    ("\n# a comment\nlog_level = loud", 3, "debug, info, warning or error"),
    ("log_levle = info", 1, "log_level"),
    ("nonsense", 1, "key = value"),
    ("listen = 127.0.0.1:80", 1, "1024"),
    ("listen = 127.0.0.1:70000", 1, "65535"),
    ("expires = soon", 1, "duration"),
    ("expires = 15d", 1, "14d"),
    ("clients_max = 0", 1, "1"),
    ("clients_max = many", 1, "whole number"),
    ("memory_max = 1", 1, "size"),
    ("state_dir = relative/path", 1, "absolute"),
    ("socket = /" + "x" * 200, 1, "107"),
    ("log_level = info\nsocket_group = no such group!", 2, "group"),
    ("log_level = \x1b[31mred", 1, "\\x1b"),
])
def test_a_bad_file_is_named_with_line_and_cure(
    tmp_path: Path, config: str, line: int, says: str
) -> None:
    done = check_config(tmp_path, config)
    assert done.exit == 78, done
    assert f"{tmp_path}/p2pd.conf:{line}: " in done.err
    assert says in done.err and "\x1b" not in done.err
    assert len(done.err.splitlines()) == 1


def test_a_good_file_is_only_checked(tmp_path: Path) -> None:
    done = check_config(tmp_path, f"listen = 127.0.0.1:5000 [::1]:5000\nstate_dir = {tmp_path}/x\n")
    assert (done.exit, done.err) == (0, "")
    assert not (tmp_path / "x").exists()


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = run_p2pd(tmp_path, "--config", str(tmp_path / "missing.conf"), "--check-config")
    assert done.exit == 78 and "missing.conf" in done.err


def test_a_bad_drop_in_is_named(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "10-bad.conf").write_text("\nexpires = never\n")
    done = check_config(tmp_path, "expires = 1d")
    assert done.exit == 78 and "conf.d/10-bad.conf:2: " in done.err


def test_options_win_over_environment_over_drop_ins_over_the_file(hosts: Hosts) -> None:
    daemon = hosts.daemon("daemon", "--set", "client_pending_max=44",
                          config="client_pending_max = 11\nclients_max = 11\npeers_max = 16\n")
    (daemon.folder / "conf.d").mkdir()
    (daemon.folder / "conf.d" / "a.conf").write_text("clients_max = 22\npeers_max = 22\n")
    daemon.start()
    entries = {entry["key"]: entry for entry in daemon.call("config.get")["entries"]}
    assert entries["client_pending_max"]["value"] == "44"
    assert entries["client_pending_max"]["source"] == "--set"
    assert entries["clients_max"]["value"] == "22"
    assert entries["clients_max"]["source"].endswith("conf.d/a.conf:1")
    assert entries["expires"]["source"] == "default"


def test_the_environment_is_checked_too(tmp_path: Path) -> None:
    done = check_config(tmp_path, "", P2PD_LOG_LEVEL="loud")
    assert done.exit == 78 and "P2PD_LOG_LEVEL" in done.err


@pytest.mark.parametrize("arguments, exit_code, says", [
    (["--lisen", "127.0.0.1"], 64, "--listen"),
    (["--listen"], 64, "listen"),
    (["surplus"], 64, ""),
    (["--listen", "127.0.0.1:80"], 78, "1024"),
    (["--listen", "::1:80:x"], 78, "--listen"),
    (["--log-level", "loud"], 78, "debug, info, warning or error"),
    (["--set", "clients_max"], 78, "key = value"),
    (["--set", "clients=5"], 78, "clients_max"),
    (["--set", "clients_max=-5"], 78, "1 to 1024"),
    (["--listen", "127.0.0.1:5000", "--listen", "127.0.0.1:5000"], 78, "each once"),
])
def test_a_bad_command_line_says_what_is_allowed(
    tmp_path: Path, arguments: list[str], exit_code: int, says: str
) -> None:
    done = run_p2pd(tmp_path, "--config", "/dev/null", "--state-dir", str(tmp_path / "state"),
                    "--socket", str(tmp_path / "socket"), *arguments)
    assert done.exit == exit_code, done
    assert says in done.err and done.out == ""
    assert not (tmp_path / "state").exists()


def test_version_and_help_go_to_standard_output(tmp_path: Path) -> None:
    version = run_p2pd(tmp_path, "--version")
    assert version.exit == 0 and version.out.startswith("p2pd ") and version.err == ""
    help_text = run_p2pd(tmp_path, "--help")
    assert help_text.exit == 0 and help_text.err == ""
    for option in ("--config", "--listen", "--state-dir", "--socket", "--set", "--check-config",
                   "--log-level", "--version", "--help"):
        assert option in help_text.out


def test_a_second_daemon_on_one_state_folder_ends_with_a_clear_error(hosts: Hosts) -> None:
    first = hosts.start("first")
    second = hosts.daemon("second")
    second.state = first.state
    done = second.run_to_end()
    assert done.exit not in (0, 70) and done.exit < 128, done
    assert str(first.state) in done.err
    assert first.status()["pid"] == first.pid


def test_a_taken_port_is_named(hosts: Hosts) -> None:
    first = hosts.start("first")
    done = hosts.daemon("second", listen=(first.address,)).run_to_end()
    assert done.exit == 74 and first.address in done.err, done


def test_a_socket_in_use_is_left_alone(hosts: Hosts) -> None:
    first = hosts.start("first")
    second = hosts.daemon("second")
    second.socket = first.socket
    done = second.run_to_end()
    assert done.exit == 74 and str(first.socket) in done.err, done
    assert first.status()["pid"] == first.pid


def test_a_stale_socket_of_a_killed_daemon_is_replaced(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    daemon.kill()
    assert daemon.socket.exists()
    daemon.start()


def test_something_else_at_the_place_of_the_socket_is_not_removed(hosts: Hosts) -> None:
    daemon = hosts.daemon("daemon")
    daemon.socket.write_text("precious")
    done = daemon.run_to_end()
    assert done.exit == 74 and str(daemon.socket) in done.err
    assert daemon.socket.read_text() == "precious"


def test_a_state_folder_that_cannot_be_made_is_named(hosts: Hosts) -> None:
    daemon = hosts.daemon("daemon")
    daemon.state = daemon.config / "state"  # below a file
    done = daemon.run_to_end()
    assert done.exit not in (0, 70) and done.exit < 128 and str(daemon.state) in done.err


def test_a_store_that_is_none_is_not_overwritten(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    daemon.stop()
    databases = list(daemon.state.glob("*.db"))
    assert len(databases) == 1
    databases[0].write_bytes(b"this is not a database" * 1000)
    done = daemon.run_to_end()
    assert done.exit not in (0, 70) and done.exit < 128, done
    assert databases[0].name in done.err
    assert databases[0].read_bytes() == b"this is not a database" * 1000


def test_the_folder_of_the_messages_is_for_its_user_alone(hosts: Hosts) -> None:
    daemon = hosts.start("daemon")
    assert daemon.state.stat().st_mode & 0o077 == 0
    for file in daemon.state.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_reload_by_sighup_is_all_or_nothing(hosts: Hosts) -> None:
    daemon = hosts.start("daemon", config="clients_max = 11\nexpires = 1d\n")

    def values() -> tuple[str, str]:
        entries = {entry["key"]: entry["value"] for entry in daemon.call("config.get")["entries"]}
        return entries["clients_max"], entries["expires"]

    def reload() -> None:
        assert daemon.notify and daemon.process
        daemon.notify.forget()
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_notified("RELOADING=1")
        daemon.wait_notified("READY=1")

    daemon.config.write_text("clients_max = 22\nexpires = 2d\n")
    reload()
    assert values() == ("22", "2d")
    daemon.config.write_text("clients_max = 33\nexpires = never\n")
    reload()
    assert values() == ("22", "2d")
    assert f"{daemon.config}:2: " in daemon.log()


def test_it_runs_without_standard_streams(hosts: Hosts) -> None:
    """Closed descriptors 0 to 2 must not become the daemon's sockets or files."""
    daemon = hosts.daemon("daemon")
    command = ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *daemon.command()]
    notify = daemon.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(notify))
        manager.settimeout(20)
        environment = {**clean_environment(daemon.folder), "NOTIFY_SOCKET": str(notify)}
        process = subprocess.Popen(command, env=environment)
        try:
            while b"READY=1" not in manager.recv(4096):
                pass
            daemon.listen = tuple(daemon.call("status")["listening"])
            assert Daemon.status(daemon)["pid"] == process.pid
        finally:
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(20) == 0

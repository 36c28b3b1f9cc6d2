"""Starts real p2pd daemons as children, in folders of their own, and runs p2pctl against them.

Nothing sleeps: readiness, ends and answers are events that are awaited up to a deadline. A daemon
that prints a sanitizer's report, or ends in a way that the test did not ask for, fails the test
and shows its log.
"""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import programs
from control import TIME_FACTOR, ConnectionEnded, Control, Deadline
from notify import NotifySocket
from programs import SANITIZER_REPORT, Finished, clean_environment, run_ctl


class Daemon:
    """One p2pd with a folder of its own. It keeps its ports over restarts."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        listen: tuple[str, ...] = ("127.0.0.1:0",),
        config: str = "",
        watchdog_us: int | None = None,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.state = folder / "state"
        self.socket = folder / "control.sock"
        self.config = folder / "p2pd.conf"
        self.config.write_text(config)
        self.log_path = folder / "log"
        self.listen = listen
        self.options = list(options)
        self.watchdog_us = watchdog_us
        self.environment: dict[str, str] = {}  # beside the clean one
        self.prefix: list[str] = []  # a program that executes the daemon in its place
        self.passed: dict[str, socket.socket] = {}  # by name: what systemd would pass to it
        self.process: subprocess.Popen[bytes] | None = None
        self.notify: NotifySocket | None = None
        self.expected_exits = {0}

    # Life.
    def passing(self) -> list[str]:
        """What puts the passed sockets at descriptors 3, 4, … and names them, as systemd does."""
        if not self.passed:
            return []
        numbers = [each.fileno() for each in self.passed.values()]
        # By way of high numbers, so that none is in the way of another.
        moves = "".join(f" {100 + i}<&{number} {number}<&-" for i, number in enumerate(numbers))
        moves += "".join(f" {3 + i}<&{100 + i} {100 + i}<&-" for i in range(len(numbers)))
        return ["bash", "-c", f"export LISTEN_PID=$$ LISTEN_FDS={len(numbers)} "
                f"LISTEN_FDNAMES={':'.join(self.passed)}; exec \"$@\"{moves}", "bash"]

    def command(self) -> list[str]:
        command = [programs.P2PD, "--config", str(self.config), "--state-dir", str(self.state)]
        command += ["--socket", str(self.socket), "--set", "socket_group=", "--set", "dbus=off"]
        # Peers of tests write faster than strangers may; test_limits.py is about those.
        command += [f"--set={key}_rate=1000000" for key in ("stranger", "strangers")]
        for address in self.listen:
            command += ["--listen", address]
        return command + self.options

    def launch(self) -> None:
        """Starts the process and returns at once."""
        assert self.process is None
        if self.notify:  # or its port may still be taken, by what was kept of it
            self.notify.end(self.passed.values())
        self.notify = NotifySocket(self.folder / "notify")
        self.notify.kept.update(self.passed)  # what is passed stays the manager's too
        environment = clean_environment(self.folder) | self.environment
        environment["NOTIFY_SOCKET"] = str(self.notify.path)
        if self.watchdog_us:
            environment["WATCHDOG_USEC"] = str(self.watchdog_us)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.prefix + self.passing() + self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
                pass_fds=[each.fileno() for each in self.passed.values()],
            )
        self.notify.listen(self.process)

    def start(self) -> Daemon:
        self.launch()
        self.wait_notified("READY=1")
        with self.control() as control:
            self.listen = tuple(control.call("status")["listening"])
        return self

    def wait_notified(self, wanted: str, times: int = 1, seconds: float = 20) -> str:
        """Awaits lines on the notify socket that begin with `wanted`; the last of them."""
        assert self.notify
        try:
            return self.notify.wait(wanted, times, seconds)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.log()}") from None

    def terminate(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGTERM)

    def wait_end(self, seconds: float = 20) -> int:
        """Awaits the end and checks that it was a good one."""
        assert self.process
        try:
            code = self.process.wait(seconds * TIME_FACTOR)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.process = None
            raise AssertionError(f"p2pd did not end within {seconds} s:\n{self.log()}") from None
        self.process = None
        self.check_log()
        assert code in self.expected_exits, f"p2pd ended with {code}:\n{self.log()}"
        return code

    def stop(self) -> int:
        self.terminate()
        return self.wait_end()

    def kill(self) -> None:
        """kill -9: no chance to tidy up."""
        assert self.process
        self.process.kill()
        self.process.wait()
        self.process = None
        self.check_log()

    def restart(self) -> Daemon:
        self.stop()
        return self.start()

    def run_to_end(self, seconds: float = 20) -> Finished:
        """For a daemon that is expected not to start."""
        with self.log_path.open("ab"):
            done = subprocess.run(
                self.command(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=clean_environment(self.folder),
                timeout=seconds * TIME_FACTOR,
                check=False,
            )
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr.decode()
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())

    # Facts.
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")[-20000:] if self.log_path.exists() else ""

    def wait_log(self, text: str, times: int = 1, seconds: float = 20) -> None:
        """Awaits a text in the log; a file tells nobody that it has grown, so it is asked."""
        deadline = Deadline(seconds, f"{text!r} in the log")
        while self.log_path.read_text(errors="replace").count(text) < times:
            deadline.check()
            time.sleep(0.01)

    def check_log(self) -> None:
        found = SANITIZER_REPORT.search(self.log_path.read_bytes())
        assert not found, f"p2pd's log holds a report:\n{self.log()}"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def address(self) -> str:
        return self.listen[0]

    @property
    def endpoint(self) -> tuple[str, int]:
        return endpoint_of(self.address)

    def memory_kib(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1])

    # Clients.
    def control(self) -> Control:
        return Control(str(self.socket))

    def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        with self.control() as control:
            return control.call(method, params)

    def status(self) -> dict[str, Any]:
        return self.call("status")

    def dropped(self) -> dict[str, int]:
        return {each["name"]: each["count"] for each in self.status()["dropped"]}

    def counters(self) -> dict[str, int]:
        return {each["name"]: each["count"] for each in self.status()["counters"]}

    def inbox(self) -> list[dict[str, Any]]:
        return self.all_messages("inbox")

    def sent(self) -> list[dict[str, Any]]:
        return self.all_messages("sent")

    def all_messages(self, box: str) -> list[dict[str, Any]]:
        """Page after page, oldest first."""
        messages: list[dict[str, Any]] = []
        with self.control() as control:
            after = 0
            while True:
                page = control.call("list", {"box": box, "after": after, "limit": 500})
                messages += page["messages"]
                if not page["more"] or not page["messages"]:
                    return messages
                after = page["messages"][-1]["id"]

    def wait_inbox(self, count: int, seconds: float = 20) -> list[dict[str, Any]]:
        """Awaits that many received messages, by a subscription from the beginning."""
        deadline = Deadline(seconds, f"{count} messages in the inbox")
        received: list[dict[str, Any]] = []
        with self.control() as control:
            control.call("subscribe", {"since": 0})
            while len({message["id"] for message in received}) < count:
                deadline.check()
                message = control.next_message(deadline.left() / TIME_FACTOR + 0.001)
                if message["dir"] == "in":
                    received.append(message)
        return list({message["id"]: message for message in received}.values())

    def send(self, to: str, text: str, **more: Any) -> int:
        """Accepted, not yet confirmed; its id."""
        return self.call("send", {"peer": to, "text": text, **more})["id"]

    def wait_state(self, ids: list[int], seconds: float = 20) -> list[str]:
        """The states of sent messages, once all are final or the time is up."""
        with self.control() as control:
            timeout_ms = int(seconds * TIME_FACTOR * 1000)
            done = control.call("wait", {"ids": ids, "timeout_ms": timeout_ms}, seconds + 10)
        return [message["state"] for message in done["messages"]]

    def ctl(self, *arguments: str, stdin: str | bytes = "", seconds: float = 30) -> Finished:
        return run_ctl(self.folder, "--socket", str(self.socket), *arguments, stdin=stdin,
                       seconds=seconds)

    def ctl_json(self, *arguments: str, stdin: str | bytes = "") -> list[dict[str, Any]]:
        """`p2pctl --json …` that succeeds: its lines."""
        done = self.ctl("--json", *arguments, stdin=stdin)
        assert done.exit == 0, done
        lines = done.lines()
        assert all(line["v"] == 1 and isinstance(line["type"], str) for line in lines), done
        return lines


def endpoint_of(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


@dataclass
class Hosts:
    """The daemons of one test; all are stopped, and their ends checked, when it is over."""

    folder: Path
    daemons: list[Daemon] = field(default_factory=list)

    def daemon(self, name: str, *options: str, **more: Any) -> Daemon:
        """A daemon that is not started yet."""
        daemon = Daemon(self.folder / name, *options, **more)
        self.daemons.append(daemon)
        return daemon

    def start(self, name: str, *options: str, **more: Any) -> Daemon:
        return self.daemon(name, *options, **more).start()

    def close(self) -> None:
        problems: list[str] = []
        for daemon in self.daemons:
            try:
                if daemon.process is not None:
                    daemon.stop()
            except (AssertionError, ConnectionEnded) as problem:
                problems.append(str(problem))
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not problems, "\n".join(problems)


def make_hosts() -> Hosts:
    # In /tmp, and short: the path of a Unix socket has 107 bytes at most.
    return Hosts(Path(tempfile.mkdtemp(prefix="p2p-", dir="/tmp")))

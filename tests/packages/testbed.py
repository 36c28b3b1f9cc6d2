"""Two hosts, each with systemd as PID 1, a journal and a bus, a disk and a network card of its own,
on a line that can lose and delay. All is in namespaces of the process that runs the tests (tests.sh
makes them), so nothing is left when that has ended, but for the root tree, which is kept.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {
    "HOME": "/root",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def cgroup2() -> Path:
    for line in Path("/proc/mounts").read_text().splitlines():
        _, folder, kind = line.split()[:3]
        if kind == "cgroup2":
            return Path(folder)
    raise RuntimeError("no cgroup2 is mounted")


class Host:
    def __init__(self, number: int, folder: Path, base: Path, cgroup: Path) -> None:
        self.number, self.folder, self.cgroup = number, folder, cgroup
        self.address = f"10.77.0.{number}"
        self.card = f"card{number}"
        self.process: subprocess.Popen[bytes] | None = None
        self.pid = 0
        for name in ("upper", "work", "root"):
            (folder / name).mkdir(parents=True)
        self.disk = folder / "root"
        layers = f"lowerdir={base},upperdir={folder}/upper,workdir={folder}/work"
        run("mount", "-t", "overlay", "-o", layers, "overlay", str(self.disk))
        (self.disk / "etc/hostname").write_text(f"h{number}\n")
        (self.disk / "etc/hosts").write_text("127.0.0.1 localhost\n10.77.0.1 h1\n10.77.0.2 h2\n")

    def boot(self) -> None:
        """Returns when it has booted."""
        self.remove_cgroups()
        self.cgroup.mkdir()
        pid_file = self.folder / "pid"
        pid_file.unlink(missing_ok=True)
        os.mkfifo(pid_file)
        with (self.folder / "console").open("ab") as console:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child",
                 str(HERE / "host.sh"), "boot", str(self.number), str(self.disk),
                 str(self.cgroup), str(pid_file)],
                stdin=subprocess.PIPE, stdout=console, stderr=console)
        self.pid = int(pid_file.read_text())
        # The same hardware address at each boot, as the neighbour remembers it.
        run("ip", "link", "add", self.card, "type", "veth", "peer", "name", "eth0", "address",
            f"02:00:00:00:00:0{self.number}", "netns", str(self.pid))
        run("ip", "link", "set", self.card, "up")
        assert self.process.stdin
        self.process.stdin.write(b"\n")
        self.process.stdin.close()
        self.wait_booted()

    def wait_booted(self) -> None:
        deadline = time.monotonic() + 60
        state = ""
        while state not in ("running", "degraded"):
            assert time.monotonic() < deadline, f"{state}\n{self.console()}"
            time.sleep(0.05)  # before there is a bus nothing can be awaited
            state = self.run("systemctl", "is-system-running", "--wait", check=False).strip()
        assert state == "running", self.run("systemctl", "--failed", "--no-pager")

    def console(self) -> str:
        return (self.folder / "console").read_text(errors="replace")[-5000:]

    def command(self, *words: str) -> list[str]:
        return ["nsenter", "--target", str(self.pid), "--mount", "--uts", "--ipc", "--pid",
                "--cgroup", "--net", *words]

    def run(self, *words: str, check: bool = True, timeout_s: float = 60) -> str:
        """Runs a command as root in the host; its standard output."""
        done = subprocess.run(self.command(*words), env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout_s, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"h{self.number}: {' '.join(words)}: {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout

    def exit_code(self, *words: str) -> int:
        return subprocess.run(self.command(*words), env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60, check=False).returncode

    def failure(self, *words: str) -> str:
        """Of a command that must fail: what it says on standard error."""
        done = subprocess.run(self.command(*words), env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0, f"h{self.number}: {' '.join(words)}: {done.stdout}"
        return done.stderr

    def install(self, package: Path) -> None:
        inside = self.disk / "var/tmp" / package.name
        # By way of the host: what is below a mounted overlay must not be changed.
        subprocess.run(self.command("sh", "-c", 'cat >"$1"', "-", f"/var/tmp/{package.name}"),
                       input=package.read_bytes(), env=ENVIRONMENT, check=True)
        self.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "-i",
                 f"/{inside.relative_to(self.disk)}")

    def power_cut(self) -> None:
        """Nothing in the host hears of it; what it has written stays."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait_off()

    def shut_down(self) -> None:
        self.run("systemctl", "poweroff", check=False)  # which may end this very command
        self.wait_off()

    def wait_off(self) -> None:
        assert self.process
        self.process.wait(60)
        self.process = None
        # It goes with the host's end of it, but some time later.
        subprocess.run(["ip", "link", "delete", self.card], stderr=subprocess.DEVNULL, check=False)

    def remove_cgroups(self) -> None:
        if self.cgroup.exists():
            for folder, _, _ in os.walk(self.cgroup, topdown=False):
                os.rmdir(folder)


class Testbed:
    """Hosts 1 and 2 at 10.77.0.1 and 10.77.0.2."""

    __test__ = False  # pytest would take it for tests by its name

    def __init__(self, folder: Path, base: Path) -> None:
        # Disks in memory: quick, and gone with the namespace.
        folder.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "tmpfs", str(folder))
        self.cgroup = cgroup2() / f"p2pd-testbed-{os.getpid()}-{time.time_ns()}"
        self.cgroup.mkdir()
        self.hosts = [Host(n, folder / f"h{n}", base, self.cgroup / f"h{n}") for n in (1, 2)]
        self.wire: subprocess.Popen[bytes] | None = None
        self.worse = (0.0, 0.0)

    def boot(self) -> None:
        for host in self.hosts:
            if host.process is None:
                host.boot()
        self.line(*self.worse)

    def line(self, loss: float = 0.0, delay_s: float = 0.0) -> None:
        """How many of the frames are lost, and how long the others are on their way, each way."""
        self.cut()
        self.worse = (loss, delay_s)
        self.wire = subprocess.Popen(
            [sys.executable, "-B", str(HERE / "wire.py"), *(host.card for host in self.hosts),
             str(loss), str(delay_s)], stdout=subprocess.PIPE)
        assert self.wire.stdout
        assert self.wire.stdout.readline() == b"ready\n"

    def cut(self) -> None:
        if self.wire:
            self.wire.kill()
            self.wire.communicate()
            self.wire = None

    def close(self) -> None:
        self.cut()
        for host in self.hosts:
            if host.process is not None:
                host.power_cut()
            host.remove_cgroups()
        self.cgroup.rmdir()

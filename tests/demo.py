"""What ./run shows: two p2pd on this machine, a message, a reply, and a peer that is away.

Runs in a folder that holds p2pd and p2pctl; ends what it started and keeps nothing.
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path.cwd()
READY_SECONDS = 20.0


def step(text: str) -> None:
    print(f"\n-- {text}", flush=True)


class Host:
    """One p2pd; ready is an event: what it tells its service manager."""

    def __init__(self, folder: Path, name: str, port: int) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.name = name
        self.address = f"127.0.0.1:{port}"
        self.socket = self.folder / "control.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--listen", self.address, "--state-dir", str(self.folder / "state"),
                   "--socket", str(self.socket), "--set", "socket_group="]
        print(f"$ p2pd {shlex.join(options)} &", flush=True)
        notify = self.folder / "notify"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(notify))
            environment = {**os.environ, "NOTIFY_SOCKET": str(notify), "HOME": str(self.folder)}
            self.process = subprocess.Popen([HERE / "p2pd", "--config", "/dev/null", *options],
                                            env=environment)
            ended = os.pidfd_open(self.process.pid)
            try:
                while True:
                    ready = select.select([manager, ended], [], [], READY_SECONDS)[0]
                    if manager not in ready:
                        sys.exit(f"p2pd on {self.address} did not start; is the port in use?")
                    if b"READY=1" in manager.recv(65536):
                        return
            finally:
                os.close(ended)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(READY_SECONDS) != 0:
            sys.exit(f"p2pd on {self.address} ended with {self.process.returncode}")
        self.process = None

    def ctl(self, *arguments: str, expect: int = 0) -> str:
        print(f"{self.name}$ p2pctl {shlex.join(arguments)}", flush=True)
        done = subprocess.run([HERE / "p2pctl", "--socket", str(self.socket), *arguments],
                              stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout, end="")
        print(f"(exit {done.returncode})", flush=True)
        if done.returncode != expect:
            sys.exit(f"exit {expect} was expected")
        return done.stdout



def number_of(line: str) -> str:
    """The id in `→ #57 to …`."""
    return line.split("#", 1)[1].split()[0]


def show(alice: Host, bob: Host) -> None:
    step("Two hosts: alice on UDP port 5000, bob on 5001, as an ordinary user.")
    alice.start()
    bob.start()
    step("Alice sends. Exit 0 says: bob has it on his disk.")
    alice.ctl("send", bob.address, "hi")
    step("Bob's inbox, and his reply. No address: the sender is known.")
    inbox = bob.ctl("inbox")
    bob.ctl("reply", inbox.replace("*", " ").split()[0], "ok")
    step("The reply is in alice's inbox, and bob has her ACK for it.")
    alice.ctl("inbox")
    bob.ctl("sent")
    step("Bob goes down. Alice's message is accepted, but nobody answers: still trying, exit 75.")
    bob.stop()
    sent = alice.ctl("send", "--timeout", "1s", bob.address, "are you there?", expect=75)
    step("Bob comes back. Alice waits until it is delivered.")
    bob.start()
    alice.ctl("wait", "--timeout", "60s", number_of(sent))
    bob.ctl("inbox")


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="p2pd-state.", dir="/tmp"))
    alice, bob = Host(folder, "alice", 5000), Host(folder, "bob", 5001)
    try:
        show(alice, bob)
        step("That was it: both daemons are stopped, nothing is kept.")
    finally:
        alice.stop()
        bob.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

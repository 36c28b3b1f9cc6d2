"""tests/bench: what is measured: p2pd, and what it is compared with. Each is started with a folder
of its own, takes loads, and is gone at the end. `confirmed` says what its confirmation promises."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from processes import (Load, Result, Server, Unavailable, built, connectable, find, free_port,
                       generate)

import harness  # of tests/system, whose path processes.py sets
import programs


class System:
    """Between `with`, it runs."""

    name = ""
    settings = ""
    confirmed = ""

    def __init__(self, folder: Path, number: int = 1) -> None:
        self.folder = folder
        self.round = number
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        try:
            self.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def start(self) -> None:
        raise NotImplementedError

    def serve(self, command: list[str], port: int,
              environment: dict[str, str] | None = None) -> None:
        """Starts a server; it is ready when its port can be connected to."""
        begun = time.perf_counter()
        server = self.stack.enter_context(
            Server(command, self.folder, lambda: connectable(port), environment))
        self.ready_us = (time.perf_counter() - begun) * 1_000_000
        self.pid = server.process.pid

    def load(self, load: Load) -> Result:
        raise NotImplementedError


class P2pd(System):
    name = "p2pd"
    settings = ("as installed; the sender is in the receiver's address book; send_many, up to 256 texts a "
                "request, as p2pctl send --lines does")
    confirmed = "on the receiver's disk, synced, and on the sender's"
    mode = "many"

    def start(self) -> None:
        hosts = harness.Hosts(self.folder / "hosts")
        self.stack.callback(hosts.close)
        self.alice, self.bob = hosts.start("alice"), hosts.start("bob")
        self.bob.call("peers.add", {"name": "alice", "address": self.alice.address})

    def load(self, load: Load) -> Result:
        return generate("load_p2pd", str(self.alice.socket), self.bob.address,
                        load.with_(mode=load.mode or self.mode))


class P2pdSingle(P2pd):
    name = "p2pd, a request each"
    settings = "send for each message, wait for up to 256 of them"
    mode = "wait"


class P2pdEvents(P2pd):
    name = "p2pd, by subscription"
    settings = "send for each message, and confirmations from subscribe instead of wait"
    mode = "events"


class Lines(P2pd):
    """The text of each message is a line of standard input."""

    name = "p2pctl send --lines"
    settings = "start and end of the process included"

    def load(self, load: Load) -> Result:
        count = load.messages or int(20_000 * load.seconds)
        lines = b"".join(f"{number:08} ".ljust(load.bytes, "x").encode()[:load.bytes - 1]
                         + b"x\n" for number in range(count))
        command = [programs.P2PCTL, "--socket", str(self.alice.socket), "-q", "send", "--lines",
                   self.bob.address]
        begun = time.perf_counter()
        subprocess.run(command, input=lines, stdout=subprocess.DEVNULL, check=True)
        return Result(count, time.perf_counter() - begun, 0, 0)


class RawLog(System):
    name = "raw log"
    settings = ("two processes: Unix socket, append and fdatasync, UDP by GSO and GRO, append and "
                "fdatasync, ACK; nothing else. The bound for any design with a disk")
    confirmed = P2pd.confirmed

    def start(self) -> None:
        pass  # it takes frames of one size, so each load has one of its own

    def load(self, load: Load) -> Result:
        socket = self.folder / f"{load.bytes}x{load.window}"
        command = [str(built("raw_log")), "--target", str(socket), "--to", str(self.folder),
                   "--bytes", str(load.bytes)]
        with Server(command, self.folder, socket.exists):
            return generate("load_raw", str(socket), "", load)


class Redis(System):
    name = "Redis, 1 connection"
    settings = "XADD; appendonly yes, appendfsync always, no save"
    confirmed = "on the server's disk, synced"
    connections = 1

    def start(self) -> None:
        self.port = free_port()
        command = [find("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port), "--dir",
                   str(self.folder), "--appendonly", "yes", "--appendfsync", "always", "--save",
                   ""]
        self.serve(command, self.port)

    def load(self, load: Load) -> Result:
        connections = min(self.connections, load.window)
        return generate("load_redis", str(self.port), "bench",
                        load.with_(connections=connections))


class Redis16(Redis):
    name = "Redis, 16 connections"
    connections = 16


class Mosquitto(System):
    name = "mosquitto, QoS 1"
    settings = ("persistence true, no limits of queue and flight; a session that is away is to "
                "have the messages")
    confirmed = "in the broker's memory; its file is written every 30 min"

    def start(self) -> None:
        self.port = free_port()
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
                          f"persistence true\npersistence_location {self.folder}/\n"
                          f"max_queued_messages 0\nmax_inflight_messages 0\nlog_dest none\n"
                          "set_tcp_nodelay true\n" + ("user root\n" if os.geteuid() == 0 else ""))
        command = [find("mosquitto"), "-c", str(config)]
        self.serve(command, self.port)

    def load(self, load: Load) -> Result:
        return generate("load_mosquitto", str(self.port), "bench", load)


class Nats(System):
    name = "NATS JetStream, file"
    settings = "one stream with storage file"
    confirmed = "written to a file by the server, which is synced every 2 min"

    def start(self) -> None:
        self.port = free_port()
        command = [find("nats-server"), "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd",
                   str(self.folder)]
        self.serve(command, self.port)

    def load(self, load: Load) -> Result:
        return generate("load_nats", str(self.port), f"bench{load.bytes}x{load.window}", load)


class RabbitMq(System):
    name = "RabbitMQ, quorum queue"
    settings = "one node; persistent messages, publisher confirms"
    confirmed = "in the write-ahead log of its one node, synced"

    def start(self) -> None:
        self.port, epmd_port, peer_port = free_port(), free_port(), free_port()
        # Erlang starts a process of its own for names, which would outlive us: this is ours.
        names = self.folder / "names"
        names.mkdir()
        self.stack.enter_context(Server([find("epmd"), "-port", str(epmd_port)], names,
                                        lambda: connectable(epmd_port)))
        environment = {
            "PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(epmd_port), "RABBITMQ_NODENAME": "bench@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(peer_port), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
        }
        # The script of /usr/sbin would become another user, who cannot write here.
        server = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        if not server.exists():
            raise Unavailable("rabbitmq-server is not installed")
        self.serve([str(server)], self.port, environment)

    def load(self, load: Load) -> Result:
        return generate("load_rabbitmq", str(self.port), f"bench{load.bytes}", load)

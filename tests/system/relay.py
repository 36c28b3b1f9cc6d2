"""A bad network between two p2pd: a relay on loopback that loses, doubles and overtakes."""

from __future__ import annotations

import random
import select
import socket
import threading

Address = tuple[str, int]


class Relay:
    """Each of the two hosts sees the other at an address of the relay."""

    def __init__(self, a: Address, b: Address, seed: int = 0) -> None:
        self.loss = 0.0
        self.duplication = 0.0
        self.overtaking = 0.0
        self.largest = 65507  # what is larger is lost
        self.lose_next = 0
        self.lost = 0
        self.datagrams: list[bytes] = []
        self._random = random.Random(seed)
        self._hosts = (a, b)
        self._sockets = tuple(self._bind() for _ in range(2))  # [0]: what a sees as b
        self._held: list[tuple[int, bytes]] = []
        self._stop_read, self._stop_write = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @staticmethod
    def _bind() -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind(("127.0.0.1", 0))
        return bound

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_write.close()
        self._thread.join()
        for each in (*self._sockets, self._stop_read):
            each.close()

    @property
    def b_for_a(self) -> str:
        """Where `a` sends what is for `b`."""
        return "127.0.0.1:%d" % self._sockets[0].getsockname()[1]

    @property
    def a_for_b(self) -> str:
        return "127.0.0.1:%d" % self._sockets[1].getsockname()[1]

    def _run(self) -> None:
        while True:
            # What was held back is overtaken by the next datagram, or goes after a moment.
            timeout = 0.005 if self._held else None
            readable = select.select([*self._sockets, self._stop_read], [], [], timeout)[0]
            if self._stop_read in readable:
                return
            for side, each in enumerate(self._sockets):
                if each in readable:
                    self._forward(side, each.recv(65536))
            if not readable:
                self._release()

    def _forward(self, side: int, data: bytes) -> None:
        self.datagrams.append(data)
        if len(data) > self.largest:
            return
        if self.lose_next > 0 or self._random.random() < self.loss:
            self.lose_next = max(0, self.lose_next - 1)
            self.lost += 1
            return
        if self._random.random() < self.overtaking:
            self._held.append((side, data))
            return
        for _ in range(1 + (self._random.random() < self.duplication)):
            self._send(side, data)
        self._release()

    def _release(self) -> None:
        for side, data in self._held:
            self._send(side, data)
        self._held.clear()

    def _send(self, side: int, data: bytes) -> None:
        self._sockets[1 - side].sendto(data, self._hosts[1 - side])

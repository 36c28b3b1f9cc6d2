"""What the small peers of the field share: a thread that receives, a switch that loses datagrams,
and events that tests can wait for."""

from __future__ import annotations

import json
import random
import select
import socket
import threading
from dataclasses import dataclass
from typing import Any, Callable

from control import TIME_FACTOR

Address = tuple[str, int]
Packet = dict[str, Any]

DATAGRAM_BYTES_MAX = 1024
COPIES_MAX = 5


class Switch:
    """Between a peer and the network: loses a share of the datagrams, or the next few.

    Texts and ACKs, in and out, have a sequence of chances each, so what happens to the n-th
    transmission of one way is the seed's choice alone, whatever goes the other way meanwhile.
    """

    def __init__(self, loss: float = 0.0, seed: int = 0) -> None:
        self.loss = loss
        self.lose_in = 0
        self.lose_out = 0
        self.lost = 0
        self._chances = {key: random.Random(f"{seed} {key}")
                         for key in ("text in", "text out", "ACK in", "ACK out")}

    def lets_in(self, data: bytes) -> bool:
        if self.lose_in > 0:
            self.lose_in -= 1
            return self._count(False)
        return self._count(self._chance(data, "in"))

    def lets_out(self, data: bytes) -> bool:
        if self.lose_out > 0:
            self.lose_out -= 1
            return self._count(False)
        return self._count(self._chance(data, "out"))

    def _chance(self, data: bytes, way: str) -> bool:
        kind = "ACK" if b"ACK" in data else "text"
        return self._chances[f"{kind} {way}"].random() >= self.loss

    def _count(self, passed: bool) -> bool:
        self.lost += not passed
        return passed


@dataclass(frozen=True)
class Sent:
    """What became of one text that a peer was told to send."""

    copies: int  # 0: it was silently not sent at all
    confirmed: bool
    accepted: bool = True  # the ACK said true


class FieldPeer:
    """One program of the field. Its receiving thread ends for ever at the first exception."""

    def __init__(self, switch: Switch | None = None, interval: float = 5.0,
                 ip: str = "127.0.0.1", port: int = 0) -> None:
        self.switch = switch or Switch()
        self.interval = interval
        self.ip = ip
        self.socket = self._bind(port)
        self.port: int = self.socket.getsockname()[1]
        self.datagrams: list[bytes] = []  # all that got through to the receiving thread
        self.shown: list[Packet] = []  # what its user has seen, every copy of it
        self.death: Exception | None = None
        self.changed = threading.Condition()
        self._stop_read, self._stop_write = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> FieldPeer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stop_write.close()
        self._thread.join()
        self._stop_read.close()
        self.socket.close()

    @property
    def address(self) -> str:
        return f"{self.ip}:{self.port}"

    @property
    def alive(self) -> bool:
        return self.death is None

    def check_alive(self) -> None:
        assert self.alive, f"its receiver died of {self.death!r}: {self.datagrams[-1]!r}"

    def texts(self) -> list[str]:
        """What was shown, each text once, in the order of the first copies."""
        return list(dict.fromkeys(self.text_of(packet) for packet in self.shown))

    @staticmethod
    def text_of(packet: Packet) -> str:
        text = packet.get("Mensagem de resposta", packet.get("Mensagem"))
        assert isinstance(text, str), packet
        return text

    def wait_for(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        with self.changed:
            held = self.changed.wait_for(lambda: condition() or not self.alive,
                                         seconds * TIME_FACTOR)
        self.check_alive()
        assert held, f"waited in vain; shown so far: {[self.text_of(p) for p in self.shown]}"

    def wait_text(self, text: str, seconds: float = 20) -> Packet:
        """The first packet that showed `text`."""
        self.wait_for(lambda: text in self.texts(), seconds)
        return next(packet for packet in self.shown if self.text_of(packet) == text)

    def wait_death(self, seconds: float = 10) -> Exception:
        with self.changed:
            assert self.changed.wait_for(lambda: not self.alive, seconds), "it lives on"
        assert self.death
        return self.death

    # For the dialects.
    def take(self, data: bytes, source: Address) -> None:
        raise NotImplementedError

    def lost(self, data: bytes) -> None:
        """The switch has lost this datagram on its way in."""

    def transmit(self, from_socket: socket.socket, data: bytes, to: Address) -> bool:
        """False if the switch has lost it: then no answer need be waited for."""
        if not self.switch.lets_out(data):
            return False
        from_socket.sendto(data, to)
        return True

    def show(self, packet: Packet) -> None:
        with self.changed:
            self.shown.append(packet)
            self.changed.notify_all()

    def _bind(self, port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind((self.ip, port))
        return bound

    def _run(self) -> None:
        try:
            while self.socket in select.select([self.socket, self._stop_read], [], [])[0]:
                data, source = self.socket.recvfrom(DATAGRAM_BYTES_MAX)
                if not self.switch.lets_in(data):
                    self.lost(data)
                    continue
                self.datagrams.append(data)
                self.take(data, source)
        except Exception as death:  # whatever it is: such a program's thread does not come back
            with self.changed:
                self.death = death
                self.changed.notify_all()


def dump(packet: Packet) -> bytes:
    return json.dumps(packet, ensure_ascii=False).encode()

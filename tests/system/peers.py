"""Small peers of the four dialects in the field, written from wire.md and nothing else."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import time
from typing import Any

from control import TIME_FACTOR, Deadline, wait_readable
from field import (COPIES_MAX, DATAGRAM_BYTES_MAX, Address, FieldPeer, Packet, Sent, Switch, dump)


class BasePeer(FieldPeer):
    """The dialect `base`, to the letter: one socket, one flag.

    Any ACK object marks the current send as confirmed. One that comes late or unasked marks the
    next: the loop that sends it finds the flag raised and sends nothing. The wait between two
    copies is cut short where the switch has lost the datagram or its ACK, as nothing will come.
    """

    def __init__(self, switch: Switch | None = None, interval: float = 5.0,
                 ip: str = "127.0.0.1", port: int = 0) -> None:
        self.confirmed = False
        self._ack_lost = False
        super().__init__(switch, interval, ip, port)

    def send(self, to: Address, text: str) -> Sent:
        return self._send_until_confirmed(
            {**self._addresses(to), "Timestamp da mensagem": time.time(), "Mensagem": text}, to)

    def reply(self, shown: Packet, text: str) -> Sent:
        """Answers a message that it was shown, to the address that the message claims."""
        to = (shown["Ip_origem"], shown["Porta_origem"])
        return self._send_until_confirmed(
            {**self._addresses(to),
             "Timestamp da mensagem original": shown["Timestamp da mensagem"],
             "Timestamp da mensagem de resposta": time.time(),
             "Mensagem original": shown["Mensagem"],
             "Mensagem de resposta": text}, to)

    def _addresses(self, to: Address) -> Packet:
        return {"Ip_origem": self.ip, "Ip_destino": to[0],
                "Porta_origem": self.port, "Porta_destino": to[1]}

    def _send_until_confirmed(self, packet: Packet, to: Address) -> Sent:
        copies = 0
        with self.changed:
            while not self.confirmed and copies < COPIES_MAX:
                copies += 1
                if self.transmit(self.socket, dump(packet), to):
                    self.changed.wait_for(lambda: self.confirmed or self._ack_lost, self.interval)
                self._ack_lost = False
            sent = Sent(copies, confirmed=self.confirmed)
            self.confirmed = False
            return sent

    def take(self, data: bytes, source: Address) -> None:
        packet = json.loads(data.decode())
        if "ACK" in packet:
            packet["Timestamp da mensagem original"]
            with self.changed:
                self.confirmed = True
                self.changed.notify_all()
            return
        is_reply = "Mensagem de resposta" in packet
        stamp = packet["Timestamp da mensagem de resposta" if is_reply else "Timestamp da mensagem"]
        to = (packet["Ip_origem"], packet["Porta_origem"])
        ack = {**self._addresses(to), "Timestamp da mensagem original": stamp,
               "Timestamp da mensagem de resposta": time.time(), "ACK": True}
        self.show(packet)
        self.transmit(self.socket, dump(ack), to)

    def lost(self, data: bytes) -> None:
        if b'"ACK"' in data:
            with self.changed:
                self._ack_lost = True
                self.changed.notify_all()


class AskingPeer(FieldPeer):
    """What `upper`, `quoted` and `short` share: they send from another socket than they receive
    on, and wait there, first for the ACK of what they sent and then for a reply."""

    stamp_name = "Timestamp da mensagem"
    source_ip, destination_ip, original_text = "Ip_origem", "Ip_destino", "Mensagem original"

    def __init__(self, switch: Switch | None = None, interval: float = 5.0,
                 ip: str = "127.0.0.1", port: int = 0) -> None:
        self.asked: socket.socket | None = None  # where the last message was sent from
        self.answers: list[bytes] = []  # datagrams that came there
        self.early: list[Packet] = []  # replies that came before the ACK
        self.came_from: dict[str, Address] = {}  # by the text
        super().__init__(switch, interval, ip, port)

    def now(self) -> Any:
        return time.time()

    def encode(self, packet: Packet) -> bytes:
        return dump(packet)

    def decode(self, data: bytes) -> Packet:
        packet = json.loads(data.decode())
        assert isinstance(packet, dict)
        return packet

    def addresses(self, to: Address) -> Packet:
        return {self.source_ip: self.ip, self.destination_ip: to[0],
                "Porta_origem": self.port, "Porta_destino": to[1]}

    def asking_socket(self) -> socket.socket:
        raise NotImplementedError

    def answering_socket(self) -> socket.socket:
        raise NotImplementedError

    def send(self, to: Address, text: str) -> Sent:
        stamp = self.now()
        self.asked = self.asking_socket()
        return self._send_until_confirmed(
            self.asked, {**self.addresses(to), self.stamp_name: stamp, "Mensagem": text}, to, stamp)

    def wait_reply(self, seconds: float = 20) -> Packet:
        """The reply to the last message, awaited where that was sent from."""
        assert self.asked
        if self.early:
            return self.early.pop(0)
        deadline = Deadline(seconds, "a reply")
        while True:
            packet = self._receive(self.asked, deadline)
            assert packet is not None, "no reply came"
            if "Mensagem de resposta" in packet:
                self._check_reply(packet)
                return packet

    def take(self, data: bytes, source: Address) -> None:
        packet = self.decode(data)
        stamp = packet[self.stamp_name]
        packet[self.source_ip], packet["Porta_origem"]
        ack = {**self.addresses(source), "Timestamp da mensagem original": stamp,
               "Timestamp da mensagem de resposta": self.now(), "ACK": True}
        self.came_from[self.text_of(packet)] = source
        self.show(packet)
        self.transmit(self.answering_socket(), self.encode(ack), source)

    def _check_reply(self, packet: Packet) -> None:
        packet[self.source_ip], packet[self.original_text]

    def _reply_packet(self, shown: Packet, to: Address, stamp: Any, text: str) -> Packet:
        return {**self.addresses(to),
                "Timestamp da mensagem original": shown[self.stamp_name],
                "Timestamp da mensagem de resposta": stamp,
                self.original_text: shown["Mensagem"], "Mensagem de resposta": text}

    def _send_until_confirmed(self, from_socket: socket.socket, packet: Packet, to: Address,
                              stamp: Any) -> Sent:
        for copies in range(1, COPIES_MAX + 1):
            if not self.transmit(from_socket, self.encode(packet), to):
                continue
            deadline = Deadline(self.interval / TIME_FACTOR, "an ACK")
            while answer := self._receive(from_socket, deadline):
                if answer.get("Timestamp da mensagem original") == stamp and "ACK" in answer:
                    return Sent(copies, confirmed=True, accepted=answer["ACK"])
                if "Mensagem de resposta" in answer:
                    self._check_reply(answer)
                    self.early.append(answer)
        return Sent(COPIES_MAX, confirmed=False)

    def _receive(self, at: socket.socket, deadline: Deadline) -> Packet | None:
        while wait_readable(at, deadline):
            data, _ = at.recvfrom(DATAGRAM_BYTES_MAX)
            if self.switch.lets_in(data):
                self.answers.append(data)
                return self.decode(data)
        return None


class UpperPeer(AskingPeer):
    """The dialect `upper`: other spelling; sends from its port + 1 and waits there for ACK and
    reply; answers from its port - 1; never confirms a reply."""

    source_ip, destination_ip, original_text = "IP_origem", "IP_destino", "Mensagem Original"

    def __init__(self, switch: Switch | None = None, interval: float = 5.0) -> None:
        while True:
            port = random.randrange(20001, 30000)
            with contextlib.ExitStack() as sockets:
                try:
                    self.ip = "127.0.0.1"
                    self.asking = sockets.enter_context(self._bind(port + 1))
                    self.answering = sockets.enter_context(self._bind(port - 1))
                    super().__init__(switch, interval, port=port)
                except OSError:
                    continue
                sockets.pop_all()
                return

    def asking_socket(self) -> socket.socket:
        return self.asking

    def answering_socket(self) -> socket.socket:
        return self.answering

    def reply(self, shown: Packet, text: str) -> None:
        """Once, from its port - 1; nothing is awaited."""
        to = self.came_from[self.text_of(shown)]
        packet = self._reply_packet(shown, to, self.now(), text)
        self.transmit(self.answering, self.encode(packet), to)

    def close(self) -> None:
        super().close()
        self.asking.close()
        self.answering.close()


class QuotedPeer(AskingPeer):
    """The dialect `quoted`: a JSON text that holds the object; timestamps are texts; sends from an
    ephemeral port and waits there; `Porta_origem` is fixed."""

    def now(self) -> Any:
        return f"{time.time():.6f}"

    def encode(self, packet: Packet) -> bytes:
        return json.dumps(json.dumps(packet, ensure_ascii=False), ensure_ascii=False).encode()

    def decode(self, data: bytes) -> Packet:
        text = json.loads(data.decode())
        assert isinstance(text, str), "it only reads a JSON text that holds the object"
        packet = json.loads(text)
        for name, value in packet.items():
            assert not name.startswith("Timestamp") or isinstance(value, str), packet
        return packet

    def asking_socket(self) -> socket.socket:
        if self.asked:
            self.asked.close()
        self.early.clear()
        return self._bind(0)

    def answering_socket(self) -> socket.socket:
        return self.socket

    def reply(self, shown: Packet, text: str) -> Sent:
        to = self.came_from[self.text_of(shown)]
        stamp = self.now()
        with self._bind(0) as from_socket:
            packet = self._reply_packet(shown, to, stamp, text)
            return self._send_until_confirmed(from_socket, packet, to, stamp)

    def confirm_reply(self, packet: Packet) -> None:
        """Confirms a reply that wait_reply() gave, from where it came."""
        assert self.asked
        to = (packet[self.source_ip], packet["Porta_origem"])
        ack = {**self.addresses(to),
               "Timestamp da mensagem original": packet["Timestamp da mensagem de resposta"],
               "Timestamp da mensagem de resposta": self.now(), "ACK": True}
        self.transmit(self.asked, self.encode(ack), to)

    def close(self) -> None:
        super().close()
        if self.asked:
            self.asked.close()


class ShortPeer(QuotedPeer):
    """The dialect `short`: as `quoted`, with `Timestamp` in place of `Timestamp da mensagem`."""

    stamp_name = "Timestamp"

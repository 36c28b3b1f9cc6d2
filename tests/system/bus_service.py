"""A stand-in for a service on a message bus."""

from __future__ import annotations

import threading

import jeepney
from jeepney.io.blocking import open_dbus_connection

from bus import THE_BUS, Bus


class BusService:
    """Owns `name` and answers calls on a thread of its own until it is closed; begin() last, as
    calls may come from then on."""

    def __init__(self, bus: Bus, name: str) -> None:
        self.bus = bus
        self.name = name
        self.connection = open_dbus_connection(bus=bus.address)
        self.connection.send_and_get_reply(
            jeepney.new_method_call(THE_BUS, "RequestName", "su", (name, 4)))
        self.thread = threading.Thread(target=self._serve)

    def begin(self) -> None:
        self.thread.start()

    def answer(self, message: jeepney.Message, member: str) -> jeepney.Message:
        raise NotImplementedError

    def close(self) -> None:
        self.bus.busctl("call", "--expect-reply=no", self.name, "/", self.name, "Exit")
        self.thread.join()
        self.connection.close()

    def _serve(self) -> None:
        while True:
            message = self.connection.receive()
            if message.header.message_type != jeepney.MessageType.method_call:
                continue
            member = message.header.fields[jeepney.HeaderFields.member]
            if member == "Exit":
                return
            self.connection.send(self.answer(message, member))

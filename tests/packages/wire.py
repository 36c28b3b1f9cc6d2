"""The line between two hosts: copies frames between two network interfaces, some late, some never.

usage: wire.py INTERFACE INTERFACE LOSS DELAY_S     prints `ready` once it does
"""

from __future__ import annotations

import heapq
import random
import select
import socket
import sys
import time

SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING, SO_RCVBUFFORCE = 263, 15, 23, 33
ALL_PROTOCOLS = 3
FRAME_BYTES_MAX = 70_000


def open_end(interface: str) -> socket.socket:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)  # a frame's checksum may not be filled in yet
    end.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    end.setblocking(False)
    end.bind((interface, ALL_PROTOCOLS))
    return end


def copy(ends: list[socket.socket], loss: float, delay_s: float) -> None:
    waiting: list[tuple[float, int, int, bytes]] = []  # when due, order, to which end, frame
    number = 0
    while True:
        patience = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for end in select.select(ends, [], [], patience)[0]:
            try:
                frame = end.recv(FRAME_BYTES_MAX)
            except OSError:
                return  # a host is off: the testbed lays a new line when it is on again
            if random.random() < loss:
                continue
            number += 1
            target = 1 - ends.index(end)
            heapq.heappush(waiting, (time.monotonic() + delay_s, number, target, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, target, frame = heapq.heappop(waiting)
            try:
                ends[target].send(frame)
            except OSError:
                pass  # the host is down, or its queue is full: lost, as on a line


def main() -> None:
    ends = [open_end(interface) for interface in sys.argv[1:3]]
    print("ready", flush=True)
    copy(ends, float(sys.argv[3]), float(sys.argv[4]))


main()

"""Sends messages as a program of the field does, each once, whatever is answered.

usage: send_once.py ADDRESS PORT COUNT PER_SECOND WORD
"""

from __future__ import annotations

import json
import socket
import sys
import time


def main() -> None:
    to = (sys.argv[1], int(sys.argv[2]))
    count, per_second = int(sys.argv[3]), int(sys.argv[4])
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    begun = time.monotonic()
    for number in range(count):
        # A rate is a matter of time: there is no event to await.
        time.sleep(max(0.0, begun + number / per_second - time.monotonic()))
        sender.sendto(json.dumps({
            "Ip_origem": "10.77.0.1", "Porta_origem": 5000, "Ip_destino": to[0],
            "Porta_destino": to[1], "Timestamp da mensagem": 1732260000 + number / 1000,
            "Mensagem": f"{sys.argv[5]} {number}"}).encode(), to)


main()

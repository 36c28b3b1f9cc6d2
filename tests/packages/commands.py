"""What the tests ask p2pctl on a host."""

from __future__ import annotations

import json
from typing import Any

from testbed import Host


def inbox(host: Host) -> list[dict[str, Any]]:
    lines = host.run("p2pctl", "--json", "inbox", "--number", "99999").splitlines()
    return [json.loads(line) for line in lines]


def texts(host: Host) -> list[str]:
    return [message["text"] for message in inbox(host)]


def await_delivered(host: Host) -> None:
    listed = host.run("p2pctl", "--json", "sent", "--number", "99999").splitlines()
    ids = [str(json.loads(line)["id"]) for line in listed]
    host.run("p2pctl", "-q", "wait", "--timeout", "60s", *ids, timeout_s=70)

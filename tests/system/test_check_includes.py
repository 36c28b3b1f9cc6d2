"""The check of the include rules notices each kind of breach, so its silence means something."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from check_includes import check_text  # noqa: E402


@pytest.mark.parametrize("path, include", [
    ("daemon/core/node.cpp", "<boost/asio.hpp>"),
    ("daemon/core/node.cpp", "<sys/socket.h>"),
    ("daemon/core/node.cpp", "<nlohmann/json.hpp>"),
    ("daemon/core/node.cpp", "<arpa/inet.h>"),
    ("daemon/core/node.cpp", '"daemon/store.h"'),
    ("daemon/core/node.cpp", '"common/config.h"'),
    ("daemon/core/node.cpp", '"node.h"'),
    ("ctl/context.cpp", '"daemon/core/node.h"'),
    ("common/config.cpp", '"daemon/store.h"'),
    ("common/config.cpp", '"ctl/context.h"'),
    ("daemon/daemon.cpp", '"ctl/context.h"'),
    ("daemon/store.cpp", '"daemon/control_server.h"'),
    ("daemon/store_pages.cpp", '"daemon/daemon.h"'),
    ("daemon/control_server.cpp", '"daemon/peer_socket.h"'),
    ("daemon/peer_socket.cpp", '"daemon/store.h"'),
    ("daemon/service_notifier.cpp", '"daemon/store.h"'),
    ("daemon/daemon.cpp", "<sqlite3.h>"),
    ("daemon/core/decoder.cpp", "<simdjson.h>"),
    ("daemon/core/decoder.cpp", "<nlohmann/json.hpp>"),
    ("ctl/context.cpp", "<sqlite3.h>"),
])
def test_a_breach_is_noticed(path: str, include: str) -> None:
    room = path.split("/")[1] if "/core/" in path else path.split("/")[0]
    found = check_text(path, f"// {room}: something.\n\n#include {include}\n")
    assert len(found) == 1 and found[0].startswith(f"{path}:3: ")


@pytest.mark.parametrize("path, include", [
    ("daemon/core/node.cpp", "<vector>"),
    ("daemon/core/node.cpp", '"daemon/core/session.h"'),
    ("daemon/core/json_tokens.cpp", "<simdjson.h>"),
    ("daemon/core/endpoint.cpp", "<arpa/inet.h>"),
    ("daemon/store_pages.cpp", '"daemon/sqlite.h"'),
    ("daemon/store_pages.cpp", "<sqlite3.h>"),
    ("daemon/daemon.cpp", '"daemon/store.h"'),
    ("daemon/main.cpp", '"daemon/daemon.h"'),
    ("daemon/control_server.cpp", '"common/control_protocol.h"'),
    ("ctl/context.cpp", '"common/config.h"'),
])
def test_what_is_allowed_passes(path: str, include: str) -> None:
    room = path.split("/")[1] if "/core/" in path else path.split("/")[0]
    assert check_text(path, f"// {room}: something.\n\n#include {include}\n") == []


def test_a_file_without_a_room_in_its_first_line_is_noticed() -> None:
    assert check_text("ctl/context.cpp", "#include <vector>\n")
    assert check_text("daemon/surprise.cpp", "// daemon: a file that nobody expects.\n")

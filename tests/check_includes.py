#!/usr/bin/env python3
"""Reads every include of the product and checks the rules of architecture.md:

- core: std and "daemon/core/" only; simdjson in json_tokens.cpp, <arpa/inet.h> in endpoint.cpp alone;
- common never includes daemon or ctl, ctl never daemon, daemon never ctl;
- the daemon's shells (rooms below) include themselves, core and common, never each other;
- simdjson besides in control_request alone;
- libedit in ctl/edit_library alone, gettext in ctl/language alone;
- SQLite in the store's room alone, sd-bus in the places that load it;
- every .h and .cpp begins with a comment that names its room.

usage: check_includes.py [ROOT]
"""

from __future__ import annotations

import fnmatch
import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STD = re.compile(r"[a-z_0-9]+")

# Files of daemon/ by name. `daemon` knows all the others; those know no other room.
ROOMS = {
    "store": ("store*", "sqlite*"),
    "control_server": ("control_server*", "control_client_session*", "control_request*"),
    "peer_socket": ("peer_socket*", "udp_socket*", "udp_ancillary*", "socket_address*"),
    "service_notifier": ("service_notifier*",),
    "bus_server": ("bus_*",),
    "daemon": ("daemon.*", "daemon_service*", "config_limits*", "main.*", "options.*",
               "control_methods*", "control_continuation*", "control_checks*", "address_book*", "message_log*",
               "metrics*", "waits*", "span_waits*", "recent_ends*", "receipt_waits*"),
}

# Headers of one library that only these places may include; fnmatch on the file's path.
CONFINED = {
    "nlohmann/*": ("common/*", "ctl/*"),
    "simdjson.h": ("daemon/core/json_tokens.cpp", "daemon/control_request*"),
    "sqlite3.h": ("daemon/store*", "daemon/sqlite*"),
    "xxhash.h": ("daemon/store*",),
    "sodium*": ("daemon/store*", "daemon/core/identity*"),
    "spdlog/*": ("common/logging*",),
    "systemd/*": ("daemon/bus_*", "ctl/bus_library*"),
    "histedit.h": ("ctl/edit_library*",),
    "libintl.h": ("ctl/language*",),
}


def room_of(path: str) -> str | None:
    """The room of a file of the product; None if it belongs to no room."""
    if path.startswith("daemon/core/"):
        return "core"
    if not path.startswith("daemon/"):
        return path.split("/")[0]
    name = path.removeprefix("daemon/")
    for room, patterns in ROOMS.items():
        if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            return room
    return None


def may_include(room: str, included: str) -> bool:
    """Whether a file of `room` may include the file `included` of the tree."""
    other = room_of(included)
    if room in ("common", "core"):
        return other == room
    if room == "ctl":
        return other in ("ctl", "common")
    if room == "daemon":
        return other is not None and other != "ctl"
    return other in (room, "core", "common")


def check_system_header(path: str, room: str, header: str) -> str | None:
    if room == "core" and not STD.fullmatch(header):
        alone = {"simdjson.h": "daemon/core/json_tokens.cpp",
                 "arpa/inet.h": "daemon/core/endpoint.cpp"}
        if alone.get(header) != path:
            return f"core includes std alone, not <{header}>"
    for pattern, places in CONFINED.items():
        if fnmatch.fnmatch(header, pattern) and not any(
            fnmatch.fnmatch(path, place) for place in places
        ):
            return f"<{header}> is for {', '.join(places)} alone"
    return None


def check_first_line(path: str, room: str, line: str) -> str | None:
    """`// core: what it is.`; files of daemon/ may name the folder or the room itself."""
    names = {"core": ("core",), "common": ("common",), "ctl": ("ctl",)}.get(room, ("daemon", room))
    if any(line.startswith(f"// {name}:") for name in names):
        return None
    return f"the first line must be a comment that names its room: // {names[0]}: …"


def check_text(path: str, text: str) -> list[str]:
    """What is wrong with one file, as `path:line: what`."""
    room = room_of(path)
    if room is None:
        return [f"{path}:1: belongs to no room; give it one in {Path(__file__).name}"]
    lines = text.splitlines()
    problems: list[tuple[int, str | None]] = [
        (1, check_first_line(path, room, lines[0] if lines else ""))]
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        if found[1] == "<":
            problems.append((number, check_system_header(path, room, found[2])))
        elif "/" not in found[2]:
            problems.append((number, f'"{found[2]}": includes are given from the root'))
        elif not may_include(room, found[2]):
            problems.append((number, f'{room} may not include "{found[2]}"'))
    return [f"{path}:{number}: {problem}" for number, problem in problems if problem]


def check_tree(root: Path) -> tuple[int, list[str]]:
    files = [path for folder in ("common", "daemon", "ctl")
             for path in sorted((root / folder).rglob("*")) if path.suffix in (".h", ".cpp")]
    problems: list[str] = []
    for path in files:
        problems += check_text(str(path.relative_to(root)), path.read_text())
    return len(files), problems


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    count, problems = check_tree(root)
    for problem in problems:
        print(problem)
    print(f"{count} files, {len(problems)} problems")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

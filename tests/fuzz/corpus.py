#!/usr/bin/env python3
r"""The corpus of a fuzzer as text, one input a line, and as libFuzzer's folder, one input a file.

Printable ASCII stands for itself, every other byte (and `\`) is written `\xNN`; lines that begin
with `#` are comments. What stands above `# found by the fuzzer` is written by hand and stays.

usage: corpus.py unpack FILE.txt FOLDER
       corpus.py pack FOLDER FILE.txt     at most 300 inputs and 60 KB
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

INPUTS_MAX = 300
FILE_BYTES_MAX = 60_000
LINE_BYTES_MAX = 2_000
FOUND = "# found by the fuzzer\n"


def escape(data: bytes) -> str:
    line = "".join(chr(c) if 0x20 < c < 0x7F and c != 0x5C or c == 0x20 else f"\\x{c:02x}"
                   for c in data)
    # Editors take blanks from the ends of lines.
    line = re.sub(r"^[ #]|[ ]$", lambda found: f"\\x{ord(found[0]):02x}", line)
    return line


def unescape(line: str) -> bytes:
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), line.encode())


def read(path: Path) -> list[bytes]:
    lines = path.read_text("ascii").splitlines() if path.exists() else []
    return [unescape(line) for line in lines if line and not line.startswith("#")]


def unpack(path: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for data in read(path):
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def pack(folder: Path, path: Path) -> None:
    """Keeps what is written by hand; below it all inputs that are not too long, or of all sizes as
    many as fit."""
    by_hand = path.read_text("ascii").partition(FOUND)[0] if path.exists() else ""
    inputs = sorted({file.read_bytes() for file in folder.iterdir()}, key=lambda d: (len(d), d))
    known = set(by_hand.splitlines())
    lines = [line for line in map(escape, inputs)
             if 0 < len(line) <= LINE_BYTES_MAX and line not in known]
    share = max(len(lines) / INPUTS_MAX, sum(map(len, lines)) * 1.1 / FILE_BYTES_MAX, 1.0)
    kept = [lines[int(i * share)] for i in range(int(len(lines) / share))]
    path.write_text(by_hand + FOUND + "".join(f"{line}\n" for line in sorted(kept)), "ascii")


def main(arguments: list[str]) -> int:
    if len(arguments) != 3 or arguments[0] not in ("pack", "unpack"):
        print(__doc__, file=sys.stderr)
        return 64
    command = pack if arguments[0] == "pack" else unpack
    command(Path(arguments[1]), Path(arguments[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

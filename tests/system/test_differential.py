"""p2pd's reading of datagrams beside Python's json: named cases, and the same spoilt at random,
must be dropped by both or say the same to both. wire_reference.py lists the differences that are
meant."""

from __future__ import annotations

import json
import os
import random
import subprocess
from typing import Any

import pytest

import wire_reference
from datagram_cases import CASES, MESSAGE, and_also, having

SPOILT = int(os.environ.get("P2P_SPOILT") or 20_000)

# An example of each deliberate difference.
DIFFERENT = {
    "other encodings": having('"hi"').encode("utf-16"),
    "surrogates": having(r'"\udc80"').encode(),
    "constants": and_also('"x":NaN').encode(),
    "duplicates": and_also('"Mensagem":"ho"').encode(),
    "depth": and_also('"x":' + "[" * 16 + "]" * 16).encode(),
    "members": and_also(*(f'"x{i}":1' for i in range(65 - len(MESSAGE)))).encode(),
}


def p2pd_reads(datagrams: list[bytes]) -> list[dict[str, Any]]:
    lines = "".join(data.hex() + "\n" for data in datagrams)
    done = subprocess.run([os.environ["DECODE_LINES"]], input=lines, capture_output=True, text=True,
                          check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def reference_reads(data: bytes) -> dict[str, Any] | None:
    try:
        return wire_reference.read(data)
    except (ValueError, RecursionError, wire_reference.Dropped):
        return None


def test_each_case_has_a_name_of_its_own() -> None:
    names = [name for name, _, _ in CASES]
    assert len(set(names)) == len(names), {name for name in names if names.count(name) > 1}
    assert len(names) >= 300


def test_named_cases_come_out_as_they_should() -> None:
    read = p2pd_reads([data for _, data, _ in CASES])
    wrong = [(name, outcome, result) for (name, _, outcome), result in zip(CASES, read, strict=True)
             if result.get("dropped", result.get("kind")) != outcome]
    assert not wrong


def test_pythons_json_says_the_same_of_the_named_cases() -> None:
    check_same([data for _, data, _ in CASES])


def test_and_of_what_is_spoilt_at_random() -> None:
    seed = int(os.environ.get("P2P_SEED") or random.SystemRandom().randrange(10**9))
    print(f"P2P_SEED={seed}")
    dice = random.Random(seed)
    short = [data for _, data, _ in CASES if 0 < len(data) < 2000]
    for left in range(SPOILT, 0, -20_000):
        check_same([spoilt(dice.choice(short), dice) for _ in range(min(left, 20_000))])


def check_same(datagrams: list[bytes]) -> None:
    different = []
    for data, result in zip(datagrams, p2pd_reads(datagrams), strict=True):
        reference = reference_reads(data)
        if (None if "dropped" in result else result) != reference:
            different.append((data[:300], result, reference))
    assert not different, different[:5]


def spoilt(data: bytes, dice: random.Random) -> bytes:
    pieces = [b'"', b"{", b"}", b"[", b",", b":", b"\\", b"0", b"9", b"-", b".", b"e9", b"\0",
        b"\xff",
              b"\\ud800", b"null", b"1e999", b" ", "á".encode(), bytes([dice.randrange(256)])]
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(data) + 1)
        cut = dice.choice([0, 0, 1, 1, 1, 8])
        data = data[:place] + dice.choice(pieces) * dice.randint(0, 1) + data[place + cut :]
    return data


@pytest.mark.parametrize("difference", wire_reference.DIFFERENCES)
def test_where_it_differs_it_is_meant(difference: str) -> None:
    """json.loads takes these; p2pd does not."""
    datagram = DIFFERENT[difference]
    assert json.loads(datagram)["Mensagem"]
    assert "dropped" in p2pd_reads([datagram])[0]

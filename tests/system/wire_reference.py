"""A second reading of the wire, by common/WIRE.md and Python's json alone, to hold p2pd's against.

Where p2pd differs from json.loads on purpose, `DIFFERENCES` says so, one name and reason each;
everything else must be the same, values included."""

from __future__ import annotations

import json
import re
from typing import Any

DIFFERENCES = {
    "other encodings": "json.loads guesses UTF-16 and UTF-32; the wire is UTF-8",
    "surrogates": "a lone \\udc80 is no character; json.loads keeps it",
    "constants": "NaN and Infinity are no JSON",
    "duplicates": "a member that is given twice contradicts itself; json.loads takes the last",
    "depth": "at most 16 levels",
    "members": "at most 64 members",
}
DEPTH_MAX, MEMBERS_MAX, PARTS_MAX = 16, 64, 1000
CLAIM_BYTES_MAX, LEXEME_BYTES_MAX = 255, 64
SPELLINGS = {
    "Ip_origem": "source_ip", "IP_origem": "source_ip",
    "Ip_destino": "destination_ip", "IP_destino": "destination_ip",
    "Porta_origem": "source_port", "Porta_destino": "destination_port",
    "Timestamp da mensagem": "stamp", "Timestamp": "stamp",
    "Timestamp da mensagem original": "original",
    "Timestamp da mensagem de resposta": "response",
    "Mensagem": "text", "Mensagem original": "original_text",
    "Mensagem Original": "original_text", "Mensagem de resposta": "response_text",
    "ACK": "ack", "p2pd": "p2pd",
}
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Dropped(Exception):
    """It is no datagram of the format."""


class Number(str):
    """A number as it was written."""


class Members(list):  # type: ignore[type-arg]
    """An object, with its members in order and twice if they were."""


def refuse(constant: str) -> Any:
    raise Dropped(f"the constant {constant}")


def read_json(document: str | bytes) -> Any:
    """json.loads, but that it forgets nothing of what was written."""
    return json.loads(document, object_pairs_hook=Members, parse_float=Number, parse_int=Number,
                      parse_constant=refuse)


def check_depth(value: Any, depth: int = 1) -> None:
    if not isinstance(value, list):
        return
    if depth > DEPTH_MAX:
        raise Dropped("too deep")
    for each in value:
        check_depth(each[1] if isinstance(value, Members) else each, depth + 1)


def has_surrogate(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(has_surrogate(each) for each in value)
    return isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value)


def read_document(text: str) -> Any:
    document = read_json(text)
    if has_surrogate(document):
        raise Dropped("half a character")
    return document


def read(data: bytes) -> dict[str, Any]:
    """What decode_lines prints of a datagram that is one; else an exception."""
    document = read_document(data.decode("utf-8-sig"))
    wrapped = isinstance(document, str) and not isinstance(document, Number)
    if wrapped:
        document = read_document(document.removeprefix("\ufeff"))
    if not isinstance(document, Members):
        raise Dropped("no object")
    check_depth(document)
    return read_object(document, wrapped)


def read_object(document: Members, wrapped: bool) -> dict[str, Any]:
    names = [name for name, _ in document]
    if len(names) > MEMBERS_MAX:
        raise Dropped("too many members")
    known = [SPELLINGS[name] for name in names if name in SPELLINGS]
    if len(set(names)) < len(names) or len(set(known)) < len(known):
        raise Dropped("a member twice")
    members = {SPELLINGS[name]: value for name, value in document if name in SPELLINGS}
    result = read_kind(members)
    result["claimed"] = [read_claim(members, "source_ip"), read_claim(members, "destination_ip"),
                         read_port(members, "source_port"), read_port(members, "destination_port")]
    if wrapped:
        result["dialect"] = "short" if "Timestamp" in names else "quoted"
    else:
        result["dialect"] = "upper" if "IP_origem" in names else "base"
    result["from_p2pd"] = "p2pd" in members
    return result


def read_kind(members: dict[str, Any]) -> dict[str, Any]:
    if "ack" in members:
        if not isinstance(members["ack"], bool):
            raise Dropped("an ACK that is neither true nor false")
        return {"kind": "ack", "original": read_stamp(members, "original"),
                "stamp": read_stamp(members, "response"), "accepted": members["ack"]}
    if "response_text" in members:
        stamp = read_stamp(members, "response")
        return {"kind": "reply", "original": read_stamp(members, "original"), "stamp": stamp,
                "original_text": read_text(members, "original_text"),
                "text": read_text(members, "response_text"), "part": read_part(members, stamp)}
    if "text" in members:
        stamp = read_stamp(members, "stamp")
        return {"kind": "message", "stamp": stamp, "text": read_text(members, "text"),
                "part": read_part(members, stamp)}
    raise Dropped("none of the kinds")


def read_text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or isinstance(value, Number):
        raise Dropped(f"{name} is no text")
    return value


def read_claim(members: dict[str, Any], name: str) -> str:
    value = read_text(members, name)
    if len(value.encode()) > CLAIM_BYTES_MAX:
        raise Dropped(f"{name} is too long")
    return value


def read_port(members: dict[str, Any], name: str) -> int:
    value = members.get(name)
    # "-0" is a number but no port.
    if not isinstance(value, str) or not re.fullmatch("[0-9]{1,100}", value):
        raise Dropped(f"{name} is no port")
    if int(value) > 65535:
        raise Dropped(f"{name} is too large")
    return int(value)


def read_stamp(members: dict[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    if not isinstance(value, str) or not NUMBER.fullmatch(value):
        raise Dropped(f"{name} is no number")
    seconds = float(value)
    if not 0 <= seconds or seconds * 1e6 >= 2**32 * 1e6 - 0.5 or len(value) > LEXEME_BYTES_MAX:
        raise Dropped(f"{name} is out of range")
    if seconds == 0 and re.search("[1-9]", re.split("[eE]", value)[0]):
        raise Dropped(f"{name} is nearer to 0 than a number can be")
    us = int(seconds * 1e6 + 0.5)
    return {"lexeme": str(value), "is_text": not isinstance(value, Number), "us": us}


def read_part(members: dict[str, Any], stamp: dict[str, Any]) -> list[int] | None:
    """Only marks that are of one piece; whatever else is there, is ignored."""
    marks = members.get("p2pd")
    if not isinstance(marks, Members):
        return None
    given = [(name, value) for name, value in marks
             if name in ("part", "parts") and isinstance(value, Number)
             and re.fullmatch("[0-9]{1,20}", value) and 0 < int(value) < 2**64]
    found = {name: int(value) for name, value in given}
    if len(given) != 2 or len(found) != 2:
        return None
    number, count = found["part"], found["parts"]
    consistent = 2 <= count <= PARTS_MAX and number <= count and stamp["us"] >= number - 1
    return [number, count] if consistent else None

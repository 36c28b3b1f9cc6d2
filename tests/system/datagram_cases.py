"""Named datagrams: what is good, and what is wrong with the rest. Each is (name, bytes, outcome):
`message`, `reply`, `ack`, or the cause for which p2pd drops it."""

from __future__ import annotations

import json

Case = tuple[str, bytes, str]

ADDRESSES = {"Ip_origem": '"10.0.0.4"', "Ip_destino": '"10.0.0.5"', "Porta_origem": "5000",
             "Porta_destino": "5001"}
STAMP, ORIGINAL, RESPONSE = ("Timestamp da mensagem", "Timestamp da mensagem original",
                             "Timestamp da mensagem de resposta")
MESSAGE = {**ADDRESSES, STAMP: "1732260000.123456", "Mensagem": '"hi"'}
ACK = {**ADDRESSES, ORIGINAL: "1732260000.123456", RESPONSE: "1732260000.125001", "ACK": "true"}
REPLY = {**ADDRESSES, ORIGINAL: "1732260000.123456", RESPONSE: "1732260031.5",
         "Mensagem original": '"hi"', "Mensagem de resposta": '"ok"'}
KINDS = {"message": MESSAGE, "ack": ACK, "reply": REPLY}


def text(members: dict[str, str]) -> str:
    """Of names and raw values; so a test can spoil exactly one."""
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"


def having(value: str, name: str = "Mensagem", members: dict[str, str] = MESSAGE) -> str:
    return text({**members, name: value})


def lacking(name: str, members: dict[str, str]) -> str:
    return text({each: value for each, value in members.items() if each != name})


def and_also(*more: str) -> str:
    """A message with further members, as raw text."""
    return text(MESSAGE)[:-1] + "".join("," + each for each in more) + "}"


def wrapped(inner: str) -> str:
    return json.dumps(inner, ensure_ascii=False)


def cases_of(outcome: str, *named: tuple[str, str | bytes]) -> list[Case]:
    return [(name, data if isinstance(data, bytes) else data.encode(), outcome)
            for name, data in named]


def raw(content: bytes) -> bytes:
    """A message whose text is these bytes."""
    return having('"@"').encode().replace(b"@", content)


GOOD = text(MESSAGE)
UPPER = {"Ip_origem": "IP_origem", "Ip_destino": "IP_destino",
         "Mensagem original": "Mensagem Original"}
STAMP_TEXTS = {STAMP: '"1732260000.12"', ORIGINAL: '"1732260000.12"', RESPONSE: '"1732260000.13"'}


def kinds() -> list[Case]:
    cases: list[Case] = []
    for kind, members in KINDS.items():
        upper = {UPPER.get(name, name): value for name, value in members.items()}
        texts = {name: STAMP_TEXTS.get(name, value) for name, value in members.items()}
        short = {"Timestamp" if name == STAMP else name: value for name, value in texts.items()}
        backwards = dict(reversed(members.items()))
        cases += cases_of(
            kind, (f"{kind}", text(members)), (f"{kind}, upper", text(upper)),
            (f"{kind}, quoted", wrapped(text(texts))), (f"{kind}, short", wrapped(text(short))),
            (f"{kind}, members backwards", text(backwards)),
            (f"{kind}, blanks everywhere",
            text(members).replace(":", " :\t").replace(",", "\r,\n")),
            (f"{kind}, wrapped with every quote escaped by number",
             '"' + text(members).replace('"', "\\u0022") + '"'),
            (f"{kind} of a p2pd", text({**members, "p2pd": '{"v":1}'})))
    return cases


def no_json() -> list[Case]:
    return cases_of("empty", ("nothing", "")) + cases_of(
        "not_json", ("a blank", " "), ("a newline", "\n"), ("a word", "hello"), ("a brace", "{"),
        ("a quote", '"'), ("a closing brace", "}"), ("a minus", "-"),
        ("a backslash", "\\"), ("a colon", ":"), ("tru", "tru"), ("nul", "nul"),
        ("cut at the end", GOOD[:-1]), ("cut in the middle", GOOD[: len(GOOD) // 2]),
        ("cut in a name", GOOD[:5]), ("cut behind a colon", GOOD[:13]),
        ("a brace behind it", GOOD + "}"), ("a word behind it", GOOD + "x"),
        ("a comma behind it", GOOD + ","), ("two objects", GOOD + GOOD),
        ("two lines", GOOD + "\n" + GOOD), ("a trailing comma", GOOD[:-1] + ",}"),
        ("a leading comma", "{," + GOOD[1:]), ("two commas", GOOD.replace(",", ",,", 1)),
        ("no comma", GOOD.replace(",", " ", 1)), ("no colon", GOOD.replace(":", " ", 1)),
        ("a name without quotes", GOOD.replace('"Mensagem"', "Mensagem")),
        ("a name that is a number", GOOD.replace('"Mensagem"', "1")),
        ("a name alone", GOOD[:-1] + ',"x"}'), ("single quotes", GOOD.replace('"', "'")),
        ("a comment behind it", GOOD + "//"), ("a comment in it", having('"hi"/**/')),
        ("a NUL behind it", GOOD + "\0"), ("a NUL and a brace", GOOD + "\0{"),
        ("a NUL before it", "\0" + GOOD), ("a NUL between", GOOD.replace(",", ",\0", 1)),
        ("a raw NUL in a text", raw(b"a\0b")), ("a raw newline in a text", raw(b"a\nb")),
        ("a raw tab in a text", raw(b"a\tb")), ("a raw escape in a text", raw(b"\x1b[31m")),
        ("a raw unit separator in a text", raw(b"\x1f")), ("a form feed between", "\f" + GOOD),
        ("a no-break space between", "\u00a0" + GOOD), ("True", having("True", "ACK", ACK)),
        ("None", having("None")), ("undefined", having("undefined")), ("TRUE", "TRUE"),
        ("an escape by \\x", having(r'"\x41"')), ("an escape by \\0", having(r'"\0"')),
        ("an escaped quote by '", having(r'"\'"')), ("an escape of 2 digits", having(r'"\u12"')),
        ("an escape of no digits", having(r'"\u"')), ("an escape with a sign", having(r'"\u+041"')),
        ("a capital \\U", having(r'"\U00000041"')), ("an escape at the end", having('"\\"')),
        ("two byte order marks", "\ufeff\ufeff" + GOOD),
        ("a byte order mark behind", GOOD + "\ufeff"),
        ("a byte order mark alone", "\ufeff"), ("a wrapped word", '"hello"'),
        ("a wrapped nothing", '""'),
        ("a wrapped half", wrapped(GOOD[:-1])), ("a wrapped object and more", wrapped(GOOD) + " 1"),
        ("a wrapped object and a word inside", wrapped(GOOD + " x")),
        ("a wrapped NUL behind the object", wrapped(GOOD + "\0")),
        ("two wrapped objects", wrapped(GOOD) + wrapped(GOOD)),
        ("1e999 and a comma behind", and_also('"x":1e999', "")),
        ("1e999-1", and_also('"x":1e999-1')),
        ("a lone high surrogate", having(r'"\ud800"')),
        ("a lone low surrogate", having(r'"\udc80"')),
        ("surrogates the wrong way round", having(r'"\udc00\ud800"')),
        ("a surrogate before a letter", having(r'"\ud800A"')),
        ("a surrogate before another escape", having(r'"\ud800\n"')),
        ("two high surrogates", having(r'"\ud800\ud800"')),
        ("a lone surrogate in a name", and_also(r'"\udc80":1')),
        ("NaN", having("NaN", STAMP)), ("-NaN", having("-NaN", STAMP)),
        ("Infinity", having("Infinity", STAMP)), ("-Infinity", having("-Infinity", STAMP)),
        ("NaN in a member that nobody reads", and_also('"x":NaN')),
        *((f"the number {number}", having(number, STAMP))
          for number in ("+1.5", "01.5", "-01", ".5", "5.", "1.e5", "1e", "1e+", "0x10", "1_000",
                         "--1", "1.2.3", "1e5.5", "1f", "٣", "００")))


def no_utf8() -> list[Case]:
    return cases_of(
        "not_utf8", ("a continuation alone", raw(b"\x80")), ("0xff", raw(b"\xff")),
        ("0xfe", raw(b"\xfe")), ("Latin-1", raw(b"ol\xe1")),
        ("an overlong slash", raw(b"\xc0\xaf")),
        ("an overlong NUL", raw(b"\xc0\x80")), ("an overlong letter", raw(b"\xc1\x81")),
        ("overlong in three bytes", raw(b"\xe0\x80\xaf")),
        ("overlong in four", raw(b"\xf0\x80\x80\xaf")),
        ("an overlong quote", raw(b"\xc0\xa2")), ("a surrogate", raw(b"\xed\xa0\x80")),
        ("a pair of surrogates", raw(b"\xed\xa0\xbd\xed\xb8\x80")),
        ("above U+10FFFF", raw(b"\xf4\x90\x80\x80")), ("five bytes", raw(b"\xf8\x88\x80\x80\x80")),
        ("six bytes", raw(b"\xfc\x84\x80\x80\x80\x80")), ("cut short by a quote", raw(b"\xe2\x82")),
        ("cut short by a letter", raw(b"\xf0\x9f\x91a")),
        ("cut short at the end", GOOD.encode() + b"\xe2\x82"),
        ("in a name", and_also('"@":1').encode().replace(b"@", b"\xff")),
        ("between the members", GOOD.encode().replace(b",", b",\xa0", 1)),
        ("UTF-16 with a byte order mark", GOOD.encode("utf-16")),
        ("a sealed envelope", b"\xb5\x01 and so on"), ("gzip", b"\x1f\x8b\x08\0"),
        ("CBOR", b"\xa1\x61a\x01")) + cases_of(
        "not_json", ("UTF-16 without a mark", GOOD.encode("utf-16-le")),
        ("UTF-16, big end first", GOOD.encode("utf-16-be")), ("UTF-32", GOOD.encode("utf-32-le")),
        ("UTF-7", GOOD.replace("{", "+AHs-").encode())) + cases_of(
        "message", ("U+10FFFF", raw(b"\xf4\x8f\xbf\xbf")), ("U+0080", raw(b"\xc2\x80")),
        ("U+D7FF", raw(b"\xed\x9f\xbf")), ("U+E000", raw(b"\xee\x80\x80")), ("DEL", raw(b"\x7f")),
        ("a noncharacter", raw(b"\xef\xbf\xbf")), ("a byte order mark before", "\ufeff" + GOOD),
        ("a byte order mark in a text", raw("\ufeff".encode())),
        ("every script", raw("olá мир 世界 مرحبا 👩‍🚀".encode())),
        ("an escaped NUL", having(r'"a\u0000b"')), ("an escaped emoji", having(r'"\ud83d\ude80"')),
        ("an escaped U+10FFFF", having(r'"\udbff\udfff"')),
        ("escapes in capitals", having(r'"\u00E1\uD83D\uDE80"')),
        ("all short escapes", having(r'"\"\\\/\b\f\n\r\t"')), ("an empty text", having('""')),
        ("an escaped name", GOOD.replace("Mensagem", r"Mensage\u006d")))


def no_object() -> list[Case]:
    return cases_of(
        "not_object", ("an array", "[]"), ("a bracket", "["),
        ("an object in an array", f"[{GOOD}]"), ("a number", "1"),
        ("a fraction", "1.5"), ("1e999 alone", "1e999"), ("-0", "-0"), ("null", "null"),
        ("true", "true"),
        ("false", "false"), ("a wrapped array", '"[]"'), ("a wrapped number", '"1"'),
        ("a wrapped null", '"null"'),
        ("a text wrapped twice", wrapped(wrapped(GOOD)))) + cases_of(
        "unknown_kind", ("an empty object", "{}"), ("a wrapped empty object", '"{}"'),
        ("no text", lacking("Mensagem", MESSAGE)),
        ("another case", GOOD.replace("Mensagem", "mensagem")),
        ("only an original", lacking("Mensagem de resposta", REPLY)),
        ("only p2pd", '{"p2pd":{"v":1}}'),
        ("JSON-RPC", '{"jsonrpc":"2.0","id":1,"method":"status"}'),
        ("another's message", '{"text":"hi"}'),
        ("a name with a blank behind", GOOD.replace('"Mensagem"', '"Mensagem "')),
        ("a name with a NUL behind", GOOD.replace('"Mensagem"', r'"Mensagem\u0000"')))


def too_much() -> list[Case]:
    def members(count: int) -> list[str]:
        return [f'"x{i}":{i}' for i in range(count - len(MESSAGE))]

    def nested(depth: int) -> str:
        return '"x":' + "[" * depth + "]" * depth

    return cases_of(
        "message", ("64 members", and_also(*members(64))),
        ("64 members, wrapped", wrapped(and_also(*members(64)))),
        ("a member 15 deep", and_also(nested(15))),
        ("objects 15 deep", and_also('"x":' + '{"a":' * 15 + "1" + "}" * 15)),
        ("200 members inside of one", and_also('"x":' + text({f"y{i}": "1" for i in range(200)}))),
        ("an address of 255 bytes", having(f'"{"a" * 255}"', "Ip_origem")),
        ("an address of nothing", having('""', "Ip_origem")),
        ("a host name", having('"bob.example"', "Ip_destino")),
        ("a name of 60,000 bytes", and_also(f'"{"n" * 60_000}":1')),
        ("a text of 60,000 bytes", having(f'"{"n" * 60_000}"')),
        ("10,000 empty arrays in one",
        and_also('"x":[' + ",".join(["[]"] * 10_000) + "]"))) + cases_of(
        "too_many_members", ("65 members", and_also(*members(65))),
        ("10,000 members", and_also(*members(10_000))),
        ("65 members, wrapped", wrapped(and_also(*members(65))))) + cases_of(
        "too_deep", ("a member 16 deep", and_also(nested(16))),
        ("a member 17 deep, wrapped", wrapped(and_also(nested(17)))),
        ("10,000 brackets in a member", and_also('"x":' + "[" * 10_000)),
        ("10,000 objects", '{"a":' * 10_000),
        ("10,000 arrays, all closed", and_also(nested(10_000)))) + cases_of(
        "not_object", ("60,000 brackets", "[" * 60_000)) + cases_of(
        "out_of_range", ("an address of 256 bytes", having(f'"{"a" * 256}"', "Ip_origem")),
        ("a destination of 60,000 bytes", having(f'"{"a" * 60_000}"', "Ip_destino")),
        ("an address of 256 bytes in 128 letters", having(f'"{"á" * 128}"', "Ip_origem")))


def twice() -> list[Case]:
    return cases_of(
        "duplicate_member",
        *((f"{kind} with {name} twice", text(KINDS[kind])[:-1] + f',"{name}":{value}}}')
          for kind in ("message", "ack") for name, value in KINDS[kind].items()),
        ("an unknown one twice", and_also('"x":1', '"x":1')),
        ("a name of nothing twice", and_also('"":1', '"":2')),
        ("twice by an escape", and_also(r'"Mensage\u006d":"hi"')),
        ("twice, wrapped", wrapped(and_also('"Mensagem":"hi"'))),
        ("both spellings of the source", and_also('"IP_origem":"10.0.0.4"')),
        ("both spellings of the destination", and_also('"IP_destino":"10.0.0.4"')),
        ("both spellings of the timestamp", and_also('"Timestamp":1')),
        ("a second spelling that is null", and_also('"IP_origem":null'))) + cases_of(
        "message", ("twice inside of another", and_also('"x":{"a":1,"a":1}')),
        ("once outside and once inside", and_also('"x":{"Mensagem":1}')),
        ("names that differ in case", and_also('"MENSAGEM":1', '"mensagem":2')))


def missing() -> list[Case]:
    essential = {"Mensagem", "ACK", "Mensagem de resposta"}
    return cases_of("missing_member", ("an ACK alone", '{"ACK":true}'), *(
        (f"{kind} without {name}", lacking(name, members))
        for kind, members in KINDS.items() for name in members if name not in essential))


def wrong_types() -> list[Case]:
    texts = [("message", MESSAGE, name) for name in ("Mensagem", "Ip_origem", "Ip_destino")]
    texts += [("reply", REPLY, name) for name in ("Mensagem de resposta", "Mensagem original")]
    named = [(f"{name} {value}", having(value, name, members)) for _, members, name in texts
             for value in ("1", "null", "true", "[]", '{"a":"b"}', "1e999")]
    named += [(f"ACK {value}", having(value, "ACK", ACK)) for value in ("0", "1", "null", "[]",
        "{}", '"true"')]
    named += [(f"{name} {value}", having(value, name)) for name in ("Porta_origem", STAMP)
              for value in ("true", "null", "[]", "{}", "[5000]")]
    named += [(f"timestamp {value}", having(value, STAMP)) for value in (
        '""', '"now"', '"nan"', '"inf"', '"Infinity"', '"+1.5"', '"1.5 "', '" 1.5"', '"1,5"',
            '"0x10"', '"01"',
        '"1."', '".5"', '"1e"', r'"1.5\u0000"', '"2024-11-22T10:00:00Z"', '"１"')]
    return cases_of("wrong_type", *named)


def numbers() -> list[Case]:
    digits_64 = "1732260000." + "1" * 53
    far = ["4294967296", "4294967295.9999999", "4294967295.9999996", "1732260000123",
        "18446744073709551616", "-1",
           "-0.000001", "-1e-9", "1e10", "1e999", "-1e999", "1" + "0" * 400, "1e-400",
           digits_64 + "1",
           "1." + "1" * 1000, "1e99999999999999999999"]
    near = ["0", "-0", "-0.0", "0e999", "1e0", "1E+9", "1732260000", "4294967295.999999",
        "0.0000001",
            "1732260000.1234567890", "17322600000e-1", digits_64]
    ports = ["65536", "70000", "-1", "-0", "80.9", "80.0", "5e3", "18446744073709551616", "1e999",
        "9" * 100, '"http"',
             '""', '" 80"', '"80 "', '"+80"', '"-1"', '"65536"', '"0x50"', r'"80\u0000"', '"８０"']
    return cases_of("message", *((f"timestamp {value}", having(value, STAMP)) for value in near),
                    ("timestamp in a text", having('"1732260000.12"', STAMP)),
                    *((f"port {value}", having(value, "Porta_origem"))
                      for value in ("0", "1", "65535", '"5000"', '"0"', '"00080"')),
                    ("a bad timestamp that nobody reads", and_also(f'"{ORIGINAL}":-1'))) + cases_of(
        "out_of_range", *((f"timestamp {value[:30]}", having(value, STAMP)) for value in far),
        *((f"timestamp in a text, {value}", having(f'"{value}"', STAMP)) for value in ("-1",
        "1e999", "4294967296")),
        *((f"port {value[:30]}", having(value, "Porta_destino")) for value in ports),
        ("an ACK of a timestamp below 0", having("-1", ORIGINAL, ACK)),
        ("an ACK with a timestamp below 0", having("-1", RESPONSE, ACK)))


def unknown_members() -> list[Case]:
    values = ["null", "1e999", "-1e999", "[1e999,{\"y\":1e999}]", "1" + "0" * 400,
        "0." + "1" * 400, "1e-999", "-0",
              '{"y":{"z":[1,2,{}]}}', r'"\u0000"', '"1e999"', r'"\"1e999"', '"\\\\"']
    marks = ["1", "null", "true", '"part"', "[]", "{}", '{"part":1}', '{"part":0,"parts":2}',
        '{"part":3,"parts":2}',
             '{"part":1,"parts":1}', '{"part":1,"parts":1001}', '{"part":-1,"parts":2}',
                 '{"part":1.0,"parts":2}',
             '{"part":"1","parts":"2"}', '{"part":1,"parts":18446744073709551617}',
                 '{"part":[1],"parts":[2]}',
             '{"x":{"part":1,"parts":2}}', '{"part":1,"part":2,"parts":3}', '{"part":1,"parts":2}',
             '{"part":1000,"parts":1000}', '{"parts":3,"x":1e999,"part":2}']
    return cases_of("message",
        *((f"an unknown {value[:30]}", and_also(f'"x":{value}')) for value in values),
                    *((f"p2pd {value}", and_also(f'"p2pd":{value}')) for value in marks),
                    ("a name of nothing", and_also('"":1')),
                    ("an unknown one first", '{"x":[1],' + GOOD[1:]),
                    ("members of another kind", and_also('"Mensagem original":1')))


CASES: list[Case] = [*kinds(), *no_json(), *no_utf8(), *no_object(), *too_much(), *twice(),
    *missing(), *wrong_types(),
                     *numbers(), *unknown_members()]

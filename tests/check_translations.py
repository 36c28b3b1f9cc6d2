#!/usr/bin/env python3
"""Holds ctl/po/*.po against the texts in the sources:

- every literal of p2pctl with words is looked up, but for commands and what is listed here;
- every text of p2pctl has a translation, none of them fuzzy, and there are no others;
- a translation has the values `{1}`, `{2}` … of the text, and the spaces and breaks at its ends;
- names of details and of the doctor's checks are no wider than their column;
- what p2pctl translates of p2pd's English is in p2pd's sources.

usage: check_translations.py [ROOT]
       check_translations.py --template [ROOT]   (the texts, for a new language)
"""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

# Functions whose literal text is looked up; the numbers are gettext's, of the parameters.
LABELS = {"detail_line": "detail_line:1", "add_time": "add_time:2"}
CHECKS = {name: f"{name}:1" for name in ("fine", "warning", "problem")}
TEXTS = {"tr": "tr:1", "tr_count": "tr_count:1,2", "marked": "marked:1"}
LABEL_COLUMNS = 12
CHECK_COLUMNS = 10

FORMS = "ctl/english_texts.cpp"

# Not looked up: the completion, which is for shells; what goes to a peer, and details of what a
# program must have got wrong. And what is typed: a command with its arguments, or its name.
UNMARKED_FILES = ("ctl/completion.cpp", "ctl/completion_names.cpp", "ctl/completion_words.cpp",
                  "ctl/help_examples.cpp")
UNMARKED = {"Please answer ", "must be an object", '": must be an array'}
TYPED = re.compile(r"\s*(p2pctl|apt install|sudo|source) .*|(peer|group|config) [a-z]+", re.DOTALL)
WORDS = re.compile(r"[a-z]{2,}[,:;]? [a-z]{2,}")
COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)

VALUE = re.compile(r"\{[1-9]\}")
PARTS = re.compile(r"(?:; |: |\{[1-9]\})+")  # between them: what is one literal in p2pd
LINE = re.compile(r'(msgid|msgid_plural|msgstr)(?:\[\d\])? "(.*)"')
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
LITERALS = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+')
CHARACTER = re.compile(r"'(?:[^'\\]|\\.)'")
ESCAPES = {"n": "\n", "t": "\t"}


@dataclass
class Entry:
    """One text and what it is in another language, a text for each plural."""

    ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    fuzzy: bool = False


Entries = dict[str, Entry]


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text)


def read_entries(text: str) -> Entries:
    """The entries of a .po or .pot, by their English text, without the header."""
    entries: Entries = {}
    for block in re.split(r"\n{2,}", text.strip()):
        entry = Entry()
        into = entry.ids
        for line in block.splitlines():
            found = LINE.fullmatch(line)
            if line.startswith("#,"):
                entry.fuzzy = "fuzzy" in line
            elif found:
                into = entry.texts if found[1] == "msgstr" else entry.ids
                into.append(unescaped(found[2]))
            elif line.startswith('"'):
                into[-1] += unescaped(line[1:-1])
        if entry.ids and entry.ids[0]:
            entries[entry.ids[0]] = entry
    return entries


def columns(text: str) -> int:
    return sum(0 if unicodedata.combining(each) else
               2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def edges(text: str) -> tuple[str, str]:
    """The blanks at both ends, which the program joins texts by."""
    return text[:len(text) - len(text.lstrip())], text[len(text.rstrip()):]


def problems_of_entry(entry: Entry) -> list[str]:
    if entry.fuzzy:
        return ["is fuzzy"]
    if not entry.texts or not all(entry.texts):
        return ["is not translated"]
    problems = []
    for text in entry.texts:
        if set(VALUE.findall(text)) != set(VALUE.findall(entry.ids[-1])):
            problems.append(f"has other values: {text!r}")
        if edges(text) != edges(entry.ids[0]):
            problems.append(f"has other blanks at its ends: {text!r}")
    return problems


def check_catalog(text: str, template: Entries, widths: dict[str, int]) -> list[str]:
    """What is wrong with a .po; `widths` are the columns that some texts may take."""
    entries = read_entries(text)
    problems = [f"{each!r} is missing" for each in template if each not in entries]
    problems += [f"{each!r} is not in the sources" for each in entries if each not in template]
    if "\n#~" in text:
        problems.append("has obsolete entries (#~)")
    for each, entry in entries.items():
        problems += [f"{each!r} {problem}" for problem in problems_of_entry(entry)]
        problems += [f"{each!r} is wider than {widths[each]} columns: {text!r}"
                     for text in entry.texts if columns(text) > widths.get(each, sys.maxsize)]
    return problems


def extracted(files: list[Path], keywords: list[str], root: Path) -> str:
    """The texts that are marked with these keywords, as a .pot."""
    marks = [f"--keyword={each}" for each in keywords]
    return subprocess.run(
        ["xgettext", "--output=-", "--language=C++", "--from-code=UTF-8", "--keyword", *marks,
         "--add-comments=Translators:", "--add-location=file", "--sort-by-file",
         "--package-name=p2pd", *(str(each.relative_to(root)) for each in files)],
        cwd=root, capture_output=True, text=True, check=True).stdout


def sources(root: Path, *folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((root / folder).rglob("*"))
            if path.suffix in (".h", ".cpp")]


def template_of(root: Path) -> str:
    keywords = [*TEXTS.values(), *LABELS.values(), *CHECKS.values()]
    return extracted(sources(root, "ctl"), keywords, root)


def widths_of(root: Path) -> dict[str, int]:
    files = sources(root, "ctl")
    widths = dict.fromkeys(read_entries(extracted(files, [*CHECKS.values()], root)), CHECK_COLUMNS)
    return widths | dict.fromkeys(read_entries(extracted(files, [*LABELS.values()], root)),
                                  LABEL_COLUMNS)


def check_forms(forms: list[str], said: str) -> list[str]:
    """Which forms of English texts have a part that `said`, all the literals, does not hold."""
    return [f"{form!r}: nobody says {part!r}" for form in forms for part in PARTS.split(form)
            if part not in said]


def literals(code: str) -> list[str]:
    """The texts in a source, those beside each other as the one that they are."""
    code = CHARACTER.sub("", COMMENT.sub("", code))
    return ["".join(unescaped(each) for each in LITERAL.findall(run))
            for run in LITERALS.findall(code)]


def literals_of(root: Path) -> str:
    return "\n".join(text for path in sources(root, "common", "daemon", "ctl")
                     if path != root / FORMS for text in literals(path.read_text()))


def check_marked(code: str, known: set[str], forms: list[str]) -> list[str]:
    """Texts with words in a source that are neither looked up nor a part of a form that is."""
    parts = {part for form in forms for part in PARTS.split(form)} | UNMARKED
    return [f"{text!r} is not looked up" for text in literals(code)
            if WORDS.search(text) and text not in known | parts and not TYPED.fullmatch(text)
            and not set(PARTS.split(text)) <= parts]


def check_tree(root: Path) -> tuple[int, list[str]]:
    template = read_entries(template_of(root))
    widths = widths_of(root)
    catalogs = sorted((root / "ctl" / "po").glob("*.po"))
    problems = []
    for path in catalogs:
        done = subprocess.run(["msgfmt", "--check", "--output-file=/dev/null", str(path)],
                              capture_output=True, text=True, check=False)
        found = done.stderr.splitlines() + check_catalog(path.read_text(), template, widths)
        problems += [f"{path.relative_to(root)}: {each}" for each in found]
    forms = list(read_entries(extracted([root / FORMS], ["marked:1"], root)))
    problems += [f"{FORMS}: {each}" for each in check_forms(forms, literals_of(root))]
    known = {text for entry in template.values() for text in entry.ids}
    for path in sources(root, "ctl"):
        if (name := str(path.relative_to(root))) not in UNMARKED_FILES:
            problems += [f"{name}: {each}" for each in check_marked(path.read_text(), known, forms)]
    return len(catalogs), problems


def main() -> int:
    arguments = [each for each in sys.argv[1:] if each != "--template"]
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[1]
    if "--template" in sys.argv:
        print(template_of(root), end="")
        return 0
    count, problems = check_tree(root)
    for problem in problems:
        print(problem)
    print(f"{count} languages, {len(problems)} problems")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

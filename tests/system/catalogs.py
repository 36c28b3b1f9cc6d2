"""Catalogs of translations that a test makes, and a p2pctl that reads them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import programs

sys.path.insert(0, str(programs.ROOT / "tests"))

from check_translations import Entry, read_entries, template_of  # noqa: E402

HEADER = ('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
          '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n')
# The language of the catalog, in a locale that every host has.
CHOSEN = {"LANG": "C.UTF-8", "LANGUAGE": "pt_BR"}


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def po_entry(entry: Entry, translate: Callable[[str], str]) -> str:
    if len(entry.ids) == 1:
        return f"msgid {quoted(entry.ids[0])}\nmsgstr {quoted(translate(entry.ids[0]))}\n"
    return (f"msgid {quoted(entry.ids[0])}\nmsgid_plural {quoted(entry.ids[1])}\n" + "".join(
        f"msgstr[{i}] {quoted(translate(each))}\n" for i, each in enumerate(entry.ids)))


def texts() -> list[Entry]:
    return list(read_entries(template_of(programs.ROOT)).values())


def program_with_catalog(folder: Path, translate: Callable[[str], str]) -> str:
    """A copy of p2pctl for which every text is what `translate` makes of it."""
    written = HEADER + "\n" + "\n".join(po_entry(each, translate) for each in texts())
    program = program_with_file(folder, b"")
    subprocess.run(["msgfmt", "-", "--output-file", str(catalog_of(folder))],
                   input=written.encode(), check=True)
    return program


def program_with_file(folder: Path, catalog: bytes) -> str:
    """The same with a catalog of these bytes."""
    catalog_of(folder).parent.mkdir(parents=True)
    catalog_of(folder).write_bytes(catalog)
    (folder / "bin").mkdir()
    return shutil.copy2(programs.P2PCTL, folder / "bin" / "p2pctl")


def catalog_of(folder: Path) -> Path:
    return folder / "share/locale/pt_BR/LC_MESSAGES/p2pctl.mo"

"""The pictures of the README show what p2pctl says today; pictures.py makes them anew."""

from __future__ import annotations

import pytest

from harness import Hosts
from pictures import FOLDER, PICTURES, draw, take, words_of


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_the_program_shows(hosts: Hosts, name: str) -> None:
    now = words_of(draw(take(hosts, name)))
    assert now == words_of((FOLDER / f"{name}.svg").read_text())
    assert len(now) > 3


def test_every_picture_is_in_the_readme() -> None:
    readme = (FOLDER.parents[1] / "README.md").read_text()
    kept = {path.name for path in FOLDER.iterdir()}
    assert kept == {f"{name}.svg" for name in PICTURES}
    assert all(f"(ctl/pictures/{name})" in readme for name in kept)

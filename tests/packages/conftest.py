"""The testbed with the package installed; what tests.sh has made of it is in the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from testbed import Testbed

PACKAGE = Path(os.environ["P2PD_PACKAGE"])
OLDER_PACKAGE = Path(os.environ["P2PD_OLDER_PACKAGE"])


@pytest.fixture(scope="module")
def testbed() -> Iterator[Testbed]:
    made = Testbed(Path("/tmp/p2pd-hosts"), Path(os.environ["P2PD_TESTBED_ROOT"]))
    try:
        made.boot()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def package() -> Path:
    return PACKAGE


@pytest.fixture(scope="session")
def older_package() -> Path:
    return OLDER_PACKAGE

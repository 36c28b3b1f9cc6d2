"""Fixtures that all system tests share; see harness.py."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from harness import Daemon, Hosts, make_hosts


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A test that fails shows the logs of its daemons."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if not report.failed:
        return
    for fixture in getattr(item, "funcargs", {}).values():
        for daemon in fixture.daemons if isinstance(fixture, Hosts) else []:
            report.sections.append((f"log of {daemon.folder.name}", daemon.log()))


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    hosts = make_hosts()
    try:
        yield hosts
    finally:
        hosts.close()


@pytest.fixture(scope="module")
def module_hosts() -> Iterator[Hosts]:
    hosts = make_hosts()
    try:
        yield hosts
    finally:
        hosts.close()


@pytest.fixture
def alice(hosts: Hosts) -> Daemon:
    return hosts.start("alice")


@pytest.fixture
def bob(hosts: Hosts) -> Daemon:
    return hosts.start("bob")


@pytest.fixture
def field() -> Iterator[socket.socket]:
    """A program of the field that answers nothing by itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as field:
        field.bind(("127.0.0.1", 0))
        field.settimeout(20)
        yield field

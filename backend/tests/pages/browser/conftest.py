"""A server with the demo company, and a headless Chromium that looks at its pages.

Each worker of the tests starts one server to read from. Chromium runs for a module, since the loop
of playwright's interface would disturb tests that run a loop of their own.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.testing import FOLDER, done_once
from tests.helpers.api_server import api_server
from tests.helpers.chromium import chromium, find_chromium, make_context
from tests.helpers.demo_company import COMPANY, add_demo, correct_demo

TOKEN = "the-token-of-the-tests-of-pages"
"""The WRITE_TOKEN of the servers; this machine may write without it."""
FROM_ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
"""What a proxy adds: such a person may read, and has to sign in to change something."""
_TEMPLATE = "demo_template"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that open a tab as slow, and skip them where there is no Chromium."""
    skip = pytest.mark.skip(reason="there is no Chromium")
    for item in items:
        if isinstance(item, pytest.Function) and "open_tab" in item.fixturenames:
            item.add_marker(pytest.mark.slow)
            if find_chromium() is None:
                item.add_marker(skip)


@dataclass(frozen=True, slots=True)
class Filled:
    """A database and a storage, of which each server gets a copy."""

    template: str
    storage: Path


@dataclass(frozen=True, slots=True)
class Site:
    """A server, and what is in its database.

    Attributes:
        origin: Scheme, host and port.
        company: The number of the demo company.
    """

    origin: str
    company: int = COMPANY


class OpenTab(Protocol):
    """Opens a tab in a context of its own; any problem in it fails the test at its end."""

    def __call__(self, site: Site, *, expected: tuple[int, ...] = (), **options: Any) -> Page:
        """Open one.

        Args:
            site: Whose pages it shows; addresses are relative to it.
            expected: Statuses of answers that are no problem.
            options: `size`, and those of `Browser.new_context`.
        """
        ...


@pytest.fixture(scope="session")
def demo(migration_server: URL, migrated_template: str) -> Filled:
    """Return the demo company with a correction, made once for all workers."""
    folder = Path(os.environ[FOLDER]) / "demo"
    storage = folder / "storage"
    with done_once(_TEMPLATE) as is_done:
        if not is_done:
            _copy(migration_server, migrated_template, _TEMPLATE)
            database = migration_server.set(database=_TEMPLATE)
            add_demo(database, storage, folder / "reports")
            correct_demo(database, storage)
    return Filled(_TEMPLATE, storage)


@pytest.fixture(scope="session")
def site(
    demo: Filled, migration_server: URL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Return a server with the demo company, which no test changes."""
    with _served(migration_server, demo, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="session")
def empty_site(
    migrated_template: str, migration_server: URL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Return a server whose database has no company."""
    folder = tmp_path_factory.mktemp("empty-site")
    nothing = Filled(migrated_template, folder / "nothing")
    with _served(migration_server, nothing, folder, "TRUNCATE companies CASCADE") as site:
        yield site


@pytest.fixture
def writable_site(demo: Filled, migration_server: URL, tmp_path: Path) -> Iterator[Site]:
    """Return a server of the test's own with the demo company."""
    with _served(migration_server, demo, tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[OpenTab]:
    """Return a function that opens a tab; what goes wrong in one fails the test."""
    opened = []

    def open_one(site: Site, *, expected: tuple[int, ...] = (), **options: Any) -> Page:
        context, watch = make_context(browser, site.origin, **options)
        watch.expected.update(expected)
        opened.append((context, watch))
        return context.new_page()

    yield open_one
    problems = []
    for context, watch in opened:
        context.close()
        problems += watch.problems
    assert not problems, "\n".join(problems)


@contextmanager
def _served(server: URL, filled: Filled, folder: Path, *statements: str) -> Iterator[Site]:
    """Run the application on a copy of a database, in which statements are executed before."""
    name = f"pages_{uuid4().hex[:12]}"
    if filled.storage.exists():
        shutil.copytree(filled.storage, folder / "storage")
    _copy(server, filled.template, name)
    try:
        with _connected(server.set(database=name)) as connection:
            for each in statements:
                connection.exec_driver_sql(each)
        with api_server(server.set(database=name), folder, WRITE_TOKEN=TOKEN) as running:
            yield Site(f"http://127.0.0.1:{running.port}")
    finally:
        with _connected(server) as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _copy(server: URL, template: str, name: str) -> None:
    with _connected(server) as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(
            f'CREATE DATABASE {name} TEMPLATE "{template}" STRATEGY FILE_COPY'
        )


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()

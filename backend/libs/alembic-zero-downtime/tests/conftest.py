"""Run the tests on the test project; the plugin of the library brings servers and databases."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.config import main as alembic_main
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.__main__ import main
from alembic_zero_downtime.testing import build_template
from support.bare import BareTemplates, CopyBare
from support.databases import drop_database, new_database
from support.network import HAS_NAMESPACES, MISSING, Cable, server_behind_a_cable
from support.project import INI, ProjectCopy
from support.servers import EACH_SERVER, SERVERS, find_system_postgres, system_server
from support.shell import Done, as_text

SLOW = Path(__file__).parent / "acceptance"


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    # A shell's background job ignores Ctrl-C, and so would every command that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the acceptance tests as slow, and start with them: none is left to one worker alone."""
    for item in items:
        if item.path.is_relative_to(SLOW):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the environment's database out of every test."""
    for name in list(os.environ):
        if name.startswith(("DATABASE_URL", "DB_", "PG", "MIGRATION_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def migration_project() -> Path:
    return INI


@pytest.fixture(scope="session")
def migrated_template(
    _migration_admin: Engine, migration_server: URL, migration_project: Path
) -> str:
    # A session that also runs the tests of an application has another project.
    return build_template(_migration_admin, migration_server, migration_project)


@pytest.fixture(scope="session")
def system_url() -> Iterator[URL]:
    """Return the address of the system's own PostgreSQL, an older one than the embedded."""
    programs = find_system_postgres()
    if programs is None:
        pytest.skip("the system has no PostgreSQL")
    with system_server(programs) as url:
        yield url


@pytest.fixture(scope="module")
def cabled() -> Iterator[tuple[URL, Cable]]:
    """Return the local address of a server, and the cable to it that a test cuts."""
    if not HAS_NAMESPACES:
        pytest.skip(MISSING)
    with server_behind_a_cable() as server:
        yield server


@pytest.fixture(params=EACH_SERVER)
def each_server(request: pytest.FixtureRequest) -> URL:
    """Return the administrative database of each server."""
    url: URL = request.getfixturevalue(SERVERS[request.param])
    return url


@pytest.fixture
def each_url(each_server: URL) -> Iterator[URL]:
    """Return the address of a new, empty database on each server."""
    with new_database(each_server) as url:
        yield url


@pytest.fixture(scope="session")
def _bare_templates(
    tmp_path_factory: pytest.TempPathFactory, migration_server: URL
) -> Iterator[BareTemplates]:
    templates = BareTemplates(tmp_path_factory.mktemp("bare"))
    yield templates
    templates.drop(migration_server)  # the system's server is removed as a whole


@pytest.fixture
def copy_bare(each_server: URL, _bare_templates: BareTemplates) -> Iterator[CopyBare]:
    """Return a function that creates a database at the head of the bare project."""
    copies: list[URL] = []

    def copy() -> URL:
        copies.append(_bare_templates.copy(each_server))
        return copies[-1]

    yield copy
    for url in copies:
        drop_database(each_server, url)


@pytest.fixture
def bare_url(copy_bare: CopyBare) -> URL:
    """Return the address of a new database at the head of the bare project."""
    return copy_bare()


@pytest.fixture
def empty(empty_database: URL) -> Iterator[Engine]:
    engine = create_engine(empty_database, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def migrated(migrated_database: URL) -> Iterator[Engine]:
    engine = create_engine(migrated_database, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def alembic(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return the `alembic` command line as a function: the database, then the arguments."""

    def run(url: URL | str, *arguments: str, ini: Path | str = INI) -> int:
        monkeypatch.setenv("DATABASE_URL", as_text(url) if isinstance(url, URL) else url)
        try:
            alembic_main(argv=["-c", str(ini), *arguments], prog="alembic")
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else 1
        return 0

    return run


@pytest.fixture
def manage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Return `alembic-zero-downtime` as a function: the database, then arguments."""

    def call(url: URL | str, *arguments: str, ini: Path | str = INI) -> Done:
        monkeypatch.setenv("DATABASE_URL", as_text(url) if isinstance(url, URL) else url)
        try:
            code = main(["-c", str(ini), *arguments])
        except SystemExit as error:
            code = int(error.code or 0)
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def project(tmp_path: Path) -> ProjectCopy:
    """Return a copy of the test project, to which a test adds revisions."""
    (tmp_path / "project").mkdir()
    return ProjectCopy(tmp_path / "project")

"""Databases of this application; the plugin of alembic-zero-downtime brings the server."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.config import main as alembic_main
from fastapi.testclient import TestClient
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from app.db import base, migrations
from scripts import db_manager
from tests.helpers.http import local_client
from tests.helpers.shelf import Shelf
from tests.helpers.shell import BACKEND, Done, as_text
from tests.helpers.upload_desk import UploadDesk

SETTINGS = (
    *("DATABASE_URL", "DB_", "FDE_", "PG", "MIGRATION_", "STORAGE_URL"),
    *("WRITE_TOKEN", "ALLOWED_HOSTS", "API_"),
)


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    # A shell's background job ignores Ctrl-C, and so would every command that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the environment's database and limits out of every test."""
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def migration_project() -> Path:
    return BACKEND / "alembic.ini"


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

    def run(url: URL | str, *arguments: str) -> int:
        monkeypatch.setenv("DATABASE_URL", as_text(url) if isinstance(url, URL) else url)
        try:
            alembic_main(argv=["-c", str(BACKEND / "alembic.ini"), *arguments], prog="alembic")
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else 1
        return 0

    return run


@pytest.fixture
def manage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Done]:
    """Return `db_manager.py` as a function: the database, then arguments."""
    project = replace(migrations.PROJECT, backups=tmp_path / ".backups")
    monkeypatch.setattr(migrations, "PROJECT", project)

    def call(url: URL, *arguments: str) -> Done:
        monkeypatch.setenv("DATABASE_URL", as_text(url))
        try:
            code = db_manager.main(arguments)
        except SystemExit as error:
            code = int(error.code or 0)
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return backend/ of a copy of this tree, in an awkward path, with the same packages."""
    copy = tmp_path / "a check out & ünïcode" / "backend"
    shutil.copytree(BACKEND, copy, ignore=shutil.ignore_patterns(".*", "tests"))
    shutil.copy2(BACKEND / ".env.example", copy)
    (copy / ".venv").symlink_to(Path(sys.prefix).resolve())
    return copy


@pytest.fixture
def fresh_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the application make its engine in this test, and close it at the end."""
    for name in ("engine", "SessionLocal"):
        monkeypatch.delitem(vars(base), name, raising=False)
    yield
    if "engine" in vars(base):
        base.engine.dispose()
    for name in ("engine", "SessionLocal"):
        vars(base).pop(name, None)


@pytest.fixture
def client(fresh_engine: None) -> Iterator[TestClient]:  # noqa: ARG001 before the client
    """Return a client of a new application, which reads its settings at the first request."""
    with local_client() as client:
        yield client


@pytest.fixture
def on_migrated(monkeypatch: pytest.MonkeyPatch, migrated_database: URL) -> None:
    monkeypatch.setenv("DATABASE_URL", as_text(migrated_database))


@pytest.fixture
def filled(
    migrated: Engine, on_migrated: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shelf:
    """Return a shelf whose filings are those of the application's database and storage."""
    del on_migrated
    shelf = Shelf(migrated, tmp_path, monkeypatch)
    monkeypatch.setenv("STORAGE_URL", shelf.storage.name)
    return shelf


@pytest.fixture
def desk(
    client: TestClient,
    on_migrated: None,  # noqa: ARG001 before the first request
    migrated: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[UploadDesk]:
    """Return a desk to which files are sent, with a company that has none."""
    with migrated.connect() as connection:
        desk = UploadDesk(client, connection, tmp_path, monkeypatch)
        desk.company()
        connection.commit()
        yield desk

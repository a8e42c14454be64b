"""Give each test a database of its own, as a copy of one that the real migrations built."""

import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.config import main as alembic_main
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from app.commands import reset
from app.db.embedded.disposable import FAST, fast_folder
from app.db.embedded.server import EmbeddedServer
from scripts import db_manager
from tests.chaos import harness
from tests.project import Project
from tests.servers import find_system_postgres, system_server
from tests.shell import BACKEND, Done, as_text

SERVER_DIRECTORY = "TESTS_SERVER_DIRECTORY"
TEMPLATE = "fde_tests_template"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name the folder of all that the tests write and of the server that all workers share.

    The first connection starts the server.
    """
    # A shell's background job ignores Ctrl-C, and so would every command that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        directory = tempfile.mkdtemp(prefix="fde-tests-", dir=fast_folder())
        os.environ[SERVER_DIRECTORY] = directory
        config.option.basetemp = config.option.basetemp or f"{directory}/work"


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        directory = Path(os.environ.pop(SERVER_DIRECTORY))
        EmbeddedServer(directory / "server").stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the environment's database out of every test."""
    for name in list(os.environ):
        if name.startswith(("DATABASE_URL", "DB_", "PG", "MIGRATION_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def admin_url() -> URL:
    """Return the address of a server on which databases can be made."""
    if "TEST_DATABASE_URL" in os.environ:
        return make_url(os.environ["TEST_DATABASE_URL"]).set(drivername="postgresql+psycopg2")
    server = EmbeddedServer(Path(os.environ[SERVER_DIRECTORY]) / "server", FAST)
    return URL.create(
        "postgresql+psycopg2",
        username="postgres",
        database="postgres",
        query={"host": str(server.ensure_running())},
    )


@pytest.fixture(scope="session")
def admin(admin_url: URL) -> Iterator[Engine]:
    engine = create_engine(admin_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template(admin: Engine, admin_url: URL) -> str:
    """Build the template once for all workers, with `alembic upgrade head`."""
    with (Path(os.environ[SERVER_DIRECTORY]) / "template.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not lock.read():
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE IF EXISTS {TEMPLATE}"))
                connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DATABASE_URL", as_text(admin_url.set(database=TEMPLATE)))
                alembic_main(argv=["-c", "alembic.ini", "upgrade", "head"])
            lock.write("done")
    return TEMPLATE


@pytest.fixture
def new_database(admin: Engine, admin_url: URL) -> Iterator[Callable[[str], URL]]:
    """Return a function that makes a database out of a template, until the test ends."""
    names: list[str] = []

    def create(template: str) -> URL:
        name = f"fde_test_{uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.execute(
                text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
            )
        names.append(name)
        return admin_url.set(database=name)

    yield create
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def system_url() -> Iterator[URL]:
    """Return the address of the system's own PostgreSQL, an older one than the embedded."""
    programs = find_system_postgres()
    if programs is None:
        pytest.skip("the system has no PostgreSQL")
    with system_server(programs) as url:
        yield url


@pytest.fixture(params=["embedded", "system"])
def each_url(request: pytest.FixtureRequest) -> Iterator[URL]:
    """Return the address of a new, empty database: once on each version of PostgreSQL."""
    name = "admin_url" if request.param == "embedded" else "system_url"
    with harness.new_database(request.getfixturevalue(name)) as url:
        yield url


@pytest.fixture
def empty_url(new_database: Callable[[str], URL]) -> URL:
    """Return the address of a new, empty database."""
    return new_database("template0")


@pytest.fixture
def migrated_url(new_database: Callable[[str], URL], template: str) -> URL:
    """Return the address of a new database at head, with the seeds."""
    return new_database(template)


@pytest.fixture
def empty(empty_url: URL) -> Iterator[Engine]:
    engine = create_engine(empty_url, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def migrated(migrated_url: URL) -> Iterator[Engine]:
    engine = create_engine(migrated_url, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def alembic(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return the `alembic` command line as a function: the database, then the arguments."""

    def run(url: URL | str, *arguments: str, ini: str = "alembic.ini") -> int:
        monkeypatch.setenv("DATABASE_URL", as_text(url) if isinstance(url, URL) else url)
        try:
            alembic_main(argv=["-c", ini, *arguments], prog="alembic")
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else 1
        return 0

    return run


@pytest.fixture
def manage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Done]:
    """Return `db_manager.py` as a function: the database, then arguments."""
    monkeypatch.setattr(reset, "BACKUPS", tmp_path / ".backups")

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
def project(tmp_path: Path) -> Project:
    """Return a copy of the migrations, to which a test adds its own."""
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project")

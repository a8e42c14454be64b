"""Fixtures for the tests of a project with migrations: a pytest plugin (entry point `pytest11`).

The databases are on the server that TEST_DATABASE_URL names, or else on an embedded one that all
xdist workers share; it needs the extra [embedded] and stops at the end of the run. Each test gets
its own database. A project whose alembic.ini is not in pytest's root directory overrides the
fixture `migration_project`.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

# Imports of this library and of SQLAlchemy are in the fixtures: a pytest run that uses none of
# them loads the plugin too.

FOLDER = "ALEMBIC_ZERO_DOWNTIME_TESTS"
"""The variable that names the folder of the shared server; it is created by the first use."""
TEMPLATE = "migrated_template"

CreateDatabase = Callable[[str], "URL"]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the folder of the server for all workers."""
    if not hasattr(config, "workerinput"):
        from alembic_zero_downtime.embedded.disposable import fast_folder  # noqa: PLC0415

        folder = Path(fast_folder() or "/tmp")  # noqa: S108 the name is unique
        os.environ[FOLDER] = str(folder / f"migration-tests-{uuid4().hex[:12]}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server and remove its folder, if a test has used it."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop(FOLDER))
    if folder.exists():
        from alembic_zero_downtime.embedded.server import EmbeddedServer  # noqa: PLC0415

        EmbeddedServer(folder / "server").stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migration_project(pytestconfig: pytest.Config) -> Path:
    """Return the path of the project's alembic.ini."""
    return pytestconfig.rootpath / "alembic.ini"


@pytest.fixture(scope="session")
def migration_server() -> "URL":
    """Return the address of the administrative database of the server of all tests."""
    from sqlalchemy import URL  # noqa: PLC0415

    from alembic_zero_downtime.database.url import parse_url  # noqa: PLC0415

    if address := os.environ.get("TEST_DATABASE_URL"):
        try:
            return parse_url(address, "TEST_DATABASE_URL")
        except ValueError as error:
            pytest.fail(str(error), pytrace=False)  # a traceback shows arguments
    from alembic_zero_downtime.embedded.disposable import FAST  # noqa: PLC0415
    from alembic_zero_downtime.embedded.server import EmbeddedServer  # noqa: PLC0415

    server = EmbeddedServer(Path(os.environ[FOLDER]) / "server", FAST)
    return URL.create(
        "postgresql+psycopg2",
        username="postgres",
        database="postgres",
        query={"host": str(server.ensure_running())},
    )


@pytest.fixture(scope="session")
def _migration_admin(migration_server: "URL") -> "Iterator[Engine]":
    """Return an engine in autocommit on the administrative database."""
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_engine(migration_server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_template(
    _migration_admin: "Engine", migration_server: "URL", migration_project: Path
) -> str:
    """Return the name of a template at head."""
    return build_template(_migration_admin, migration_server, migration_project)


def build_template(admin: "Engine", server: "URL", ini_file: Path) -> str:
    """Build a database at head with Alembic, once for all workers; return its name.

    A suite with several projects overrides `migrated_template` for each of them.

    Args:
        admin: an engine in autocommit on the server.
        server: the address of its administrative database.
        ini_file: the project's alembic.ini.
    """
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    name = f"{TEMPLATE}_{sha256(bytes(ini_file.resolve())).hexdigest()[:12]}"
    with done_once(name) as is_done:
        if not is_done:
            with admin.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}"')
                connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
            config = Config(ini_file)
            engine = create_engine(server.set(database=name), poolclass=NullPool)
            config.attributes["connection"] = engine
            command.upgrade(config, "heads")
            engine.dispose()
    return name


@contextmanager
def done_once(name: str) -> Iterator[bool]:
    """Yield whether another worker has done it; the others wait meanwhile."""
    folder = Path(os.environ[FOLDER])
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / f"{name}.lock").open("a+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        is_done = lock.read() == "done"
        yield is_done
        if not is_done:
            lock.write("done")


@pytest.fixture
def create_database(
    _migration_admin: "Engine", migration_server: "URL"
) -> Iterator[CreateDatabase]:
    """Return a function that copies a template; the copies are dropped after the test."""
    names: list[str] = []

    def create(template: str) -> "URL":
        name = f"test_{uuid4().hex[:12]}"
        with _migration_admin.connect() as connection:
            connection.exec_driver_sql(
                f'CREATE DATABASE {name} TEMPLATE "{template}" STRATEGY FILE_COPY'
            )
        names.append(name)
        return migration_server.set(database=name)

    yield create
    with _migration_admin.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(create_database: CreateDatabase) -> "URL":
    """Return the address of a new, empty database."""
    return create_database("template0")


@pytest.fixture
def migrated_database(create_database: CreateDatabase, migrated_template: str) -> "URL":
    """Return the address of a new database at head."""
    return create_database(migrated_template)


@pytest.fixture(scope="session")
def _shadow_server() -> "Iterator[URL]":
    from alembic_zero_downtime.embedded.disposable import lasting_server  # noqa: PLC0415

    with lasting_server() as url:
        yield url


@pytest.fixture
def shadow_server(_shadow_server: "URL", monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `check` and `plan` use one disposable server for all tests of a worker.

    Without it each of them starts a server, which takes about a second. After each use the server
    is as it was: databases and roles are dropped.
    """
    from alembic_zero_downtime.embedded import disposable  # noqa: PLC0415

    start = disposable.disposable_server

    def reuse(programs: Path | None = None) -> "AbstractContextManager[URL]":
        return reused_server(_shadow_server) if programs is None else start(programs)

    monkeypatch.setattr(disposable, "disposable_server", reuse)


@contextmanager
def reused_server(server: "URL") -> "Iterator[URL]":
    """Yield a new database of a server; in the end the server is as it was.

    Args:
        server: the address of its administrative database.
    """
    name = f"shadow_{uuid4().hex[:12]}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server.set(database=name)
    finally:
        _empty_server(server)


def _empty_server(url: "URL") -> None:
    """Drop every database, role and setting that a run has left."""
    left = """
        SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
         WHERE datname NOT IN ('postgres', 'template0', 'template1')
        UNION ALL
        SELECT format('DROP OWNED BY %I', rolname) FROM pg_roles
         WHERE rolname !~ '^pg_' AND oid <> 10
        UNION ALL
        SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname !~ '^pg_' AND oid <> 10
        UNION ALL SELECT 'ALTER ROLE CURRENT_USER RESET ALL'
    """
    for statement in _execute(url, left):
        _execute(url, statement)


def _execute(url: "URL", statement: str) -> list[str]:
    """Run a statement outside of a transaction; return the first column of its rows."""
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        result = connection.exec_driver_sql(statement.replace("%", "%%"))
        return list(result.scalars()) if result.returns_rows else []

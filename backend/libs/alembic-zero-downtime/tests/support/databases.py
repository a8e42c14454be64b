"""Databases on a server: create them, drop them, and run statements in them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import URL, Connection, Engine, TextClause, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.database.reset import drop_objects, list_objects
from alembic_zero_downtime.embedded.server import EmbeddedServer

OTHER_SESSIONS = text("""
    SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
""")


def address_of(server: EmbeddedServer) -> URL:
    """Start the server unless it runs; return the address of its administrative database."""
    return URL.create(
        "postgresql+psycopg2",
        username="postgres",
        database="postgres",
        query={"host": str(server.ensure_running())},
    )


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    """Connect; each statement is its own transaction."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def create_database(admin_url: URL, template: str = "template0") -> URL:
    """Create a copy of a template, by default an empty database; return its address."""
    name = f"test_{uuid4().hex[:12]}"
    with connected(admin_url) as admin:
        admin.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    return admin_url.set(database=name)


def drop_database(admin_url: URL, url: URL) -> None:
    """Drop the database of `url` and terminate its sessions."""
    with connected(admin_url) as admin:
        admin.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))


@contextmanager
def new_database(admin_url: URL, template: str = "template0") -> Iterator[URL]:
    """Create a copy of a template, by default an empty database, until the block ends."""
    url = create_database(admin_url, template)
    try:
        yield url
    finally:
        drop_database(admin_url, url)


def execute(engine: Engine, statements: str) -> None:
    """Execute the statements in one transaction."""
    with engine.begin() as connection:
        connection.exec_driver_sql(statements.replace("%", "%%"))


@contextmanager
def new_role(engine: Engine) -> Iterator[str]:
    """Create a role that may create tables; drop it, and what it owns, when the block ends."""
    role = f"test_{uuid4().hex[:12]}"
    execute(engine, f"CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}")
    try:
        yield role
    finally:
        execute(engine, f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def as_role(url: URL, role: str) -> URL:
    """Return the address whose sessions have the rights of a role."""
    return url.update_query_dict({"options": f"-c role={role}"})


def scalar(engine: Engine, query: str) -> Any:
    """Return the first value of the query's result."""
    with engine.connect() as connection:
        return connection.exec_driver_sql(query.replace("%", "%%")).scalar()


def drop_everything(connection: Connection) -> None:
    """Drop all objects of the current schema, as a reset does."""
    drop_objects(connection, list_objects(connection))


def exists(engine: Engine, name: str) -> bool:
    """Whether the database has a table, an index or a view of that name."""
    return bool(scalar(engine, f"SELECT to_regclass('{name}') IS NOT NULL"))


def read_version(engine: Engine) -> str | None:
    """Return the revision in Alembic's version table; None if it has no row."""
    version: str | None = scalar(engine, "SELECT max(version_num) FROM alembic_version")
    return version


@contextmanager
def stopped_sessions(url: URL, sessions: TextClause = OTHER_SESSIONS) -> Iterator[None]:
    """Stop the server processes of a database's sessions: they acknowledge, and answer nothing.

    Args:
        url: of the database.
        sessions: a query of the processes.
    """
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("the processes of that server may be on another machine")
    with connected(url) as connection:
        processes = list(connection.scalars(sessions))
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)

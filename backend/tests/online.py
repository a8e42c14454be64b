"""Run online operations as a revision does, beside sessions that stand in their way."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, MetaData, create_engine, text
from sqlalchemy.pool import NullPool

import app.db.migrations.operations  # noqa: F401 adds to what `op` can do
from tests.chaos.harness import connected

Revision = Callable[[], object]
PARTS = """
    SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE conrelid <> 0 AND connamespace::regnamespace::text !~ '^pg_|^inf'
    UNION ALL
    SELECT indrelid::regclass::text, c.relname, indisvalid, pg_get_indexdef(indexrelid)
      FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid
     WHERE relnamespace::regnamespace::text !~ '^pg_'
    UNION ALL
    SELECT attrelid::regclass::text, attname, attnotnull, format_type(atttypid, atttypmod)
      FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
     WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
       AND relnamespace::regnamespace::text !~ '^pg_|^inf' AND relname <> 'migration_backfill'
"""


@contextmanager
def migrating(url: URL, metadata: MetaData | None = None, **settings: str) -> Iterator[Connection]:
    """Let `op` work on a database, in a transaction; `settings` are the session's."""
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = create_engine(url, poolclass=NullPool, connect_args={"options": options})
    with engine.connect() as connection:
        configured: dict[str, Any] = {
            "transaction_per_migration": True,
            "target_metadata": metadata,
        }
        context = MigrationContext.configure(connection, opts=configured)
        with Operations.context(context), context.begin_transaction(_per_migration=True):
            yield connection


def apply(url: URL, revision: Revision, metadata: MetaData | None = None, **settings: str) -> None:
    """Run a revision and commit it."""
    with migrating(url, metadata, **settings):
        revision()


@contextmanager
def applying(url: URL, revision: Revision, **settings: str) -> Iterator[Future[None]]:
    """Run a revision beside the block."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(apply, url, revision, **settings)


@contextmanager
def holding(url: URL, statement: str) -> Iterator[int]:
    """Hold what a statement has locked, until the block ends; yields the pid."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql(statement)
        yield connection.scalar(text("SELECT pg_backend_pid()")) or 0


def execute(url: URL, statements: str) -> None:
    """Run statements in one transaction."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql(statements.replace("%", "%%"))


def ask(url: URL, question: str) -> Any:
    """Return the one value of the answer."""
    with connected(url) as connection:
        return connection.scalar(text(question))


def parts(url: URL) -> list[str]:
    """Return what tables are made of, in all schemas: columns, constraints and indexes."""
    with connected(url) as connection:
        return sorted(str(row) for row in connection.execute(text(PARTS)))


def parts_after(url: URL, plain: Revision, metadata: MetaData | None = None) -> list[str]:
    """Return what tables are made of after a revision, and take it back."""
    with migrating(url, metadata) as connection:
        plain()
        found = sorted(str(row) for row in connection.execute(text(PARTS)))
        connection.rollback()
    return found

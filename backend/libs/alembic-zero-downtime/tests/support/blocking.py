"""Run online operations as a revision does, beside sessions that block them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, MetaData, create_engine, text
from sqlalchemy.pool import NullPool

import alembic_zero_downtime.operations  # noqa: F401 registers the operations on `op`
from support.databases import connected
from support.project import wait_for

Revision = Callable[[], object]


class Transaction(NamedTuple):
    """An open transaction of another session."""

    pid: int
    release: Callable[[], None]


END_OTHERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
DEFINITIONS = """
    SELECT c.oid::regclass::text, found.* FROM pg_class AS c CROSS JOIN LATERAL (
        SELECT conname, convalidated, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE conrelid = c.oid
        UNION ALL
        SELECT indexrelid::regclass::text, indisvalid, pg_get_indexdef(indexrelid)
          FROM pg_index WHERE indrelid = c.oid
        UNION ALL
        SELECT attname, attnotnull, format_type(atttypid, atttypmod)
          FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    ) AS found
     WHERE relkind IN ('r', 'p') AND relname <> 'migration_backfill'
       AND relnamespace::regnamespace::text !~ '^pg_|^information_schema'
"""
IS_WAITING = """
    SELECT count(*) > 0 FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE NOT granted AND datname = current_database()
"""


@contextmanager
def migrating(
    url: URL, metadata: MetaData | None = None, *, is_nested: bool = False, **settings: str
) -> Iterator[Connection]:
    """Let `op` use a database, in a transaction, of the calling program if `is_nested`.

    The `settings` are those of the session.
    """
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = create_engine(url, poolclass=NullPool, connect_args={"options": options})
    with engine.connect() as connection:
        configured: dict[str, Any] = {
            "transaction_per_migration": True,
            "target_metadata": metadata,
        }
        transaction = connection.begin() if is_nested else nullcontext()
        context = MigrationContext.configure(connection, opts=configured)
        with (
            transaction,
            Operations.context(context),
            context.begin_transaction(_per_migration=True),
        ):
            yield connection


def apply(url: URL, revision: Revision, metadata: MetaData | None = None, **settings: str) -> None:
    """Run a revision and commit it."""
    with migrating(url, metadata, is_nested=False, **settings):
        revision()


@contextmanager
def applying(url: URL, revision: Revision, *, lock_timeout: str = "5s") -> Iterator[Future[None]]:
    """Run a revision in another thread while the block runs."""
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(lambda: apply(url, revision, lock_timeout=lock_timeout))
        except BaseException:
            fetch(url, END_OTHERS)  # so that a failing test does not wait forever
            raise


@contextmanager
def holding(url: URL, statement: str) -> Iterator[Transaction]:
    """Hold the locks of a statement, at the longest until the block ends."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql(statement)
        pid = connection.scalar(text("SELECT pg_backend_pid()")) or 0
        yield Transaction(pid, connection.rollback)


def wait_until(url: URL, query: str) -> None:
    """Wait until the query returns true."""
    with connected(url) as connection:
        wait_for(connection, query)


def execute(url: URL, statements: str) -> None:
    """Execute the statements in one transaction."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql(statements.replace("%", "%%"))


def fetch(url: URL, query: str) -> Any:
    """Return the first value of the query's result."""
    with connected(url) as connection:
        return connection.exec_driver_sql(query.replace("%", "%%")).scalar()


def definitions(url: URL) -> list[str]:
    """Return the columns, constraints and indexes of all tables in all schemas."""
    with connected(url) as connection:
        return _read_definitions(connection)


def definitions_after(url: URL, plain: Revision, metadata: MetaData | None = None) -> list[str]:
    """Return the definitions after a revision, and roll it back."""
    with migrating(url, metadata) as connection:
        plain()
        found = _read_definitions(connection)
        connection.rollback()
    return found


def _read_definitions(connection: Connection) -> list[str]:
    return sorted(str(row) for row in connection.execute(text(DEFINITIONS)))

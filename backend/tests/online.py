"""Run online operations as a revision does, beside sessions that stand in their way."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, MetaData, create_engine, text
from sqlalchemy.pool import NullPool

import app.db.migrations.operations  # noqa: F401 adds to what `op` can do
from tests.chaos.harness import connected
from tests.operation_cases import ROWS
from tests.project import REVISION, Project

Revision = Callable[[], object]


class Holder(NamedTuple):
    """A session in an open transaction."""

    pid: int
    release: Callable[[], None]


END_OTHERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
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


def bare(project: Project) -> Project:
    """Put one revision that makes tables with rows in the place of the real ones."""
    for path in project.versions.glob("*.py"):
        path.unlink()
    code = REVISION.format(
        revision="001",
        previous="",
        declarations="down_revision = None",
        upgrade=f"op.execute({ROWS!r})",
        downgrade="pass",
    )
    (project.versions / "001_of_a_test.py").write_text(code, encoding="utf-8")
    project.ids.append("001")
    return project


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
def applying(url: URL, revision: Revision, *, lock_timeout: str = "5s") -> Iterator[Future[None]]:
    """Run a revision beside the block."""
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(lambda: apply(url, revision, lock_timeout=lock_timeout))
        except BaseException:
            ask(url, END_OTHERS)  # so that a test which fails does not wait for ever
            raise


@contextmanager
def holding(url: URL, statement: str) -> Iterator[Holder]:
    """Hold what a statement has locked until the block ends, at the latest."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql(statement)
        pid = connection.scalar(text("SELECT pg_backend_pid()")) or 0
        yield Holder(pid, connection.rollback)


def execute(url: URL, statements: str) -> None:
    """Run statements in one transaction."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql(statements.replace("%", "%%"))


def ask(url: URL, question: str) -> Any:
    """Return the one value of the answer."""
    with connected(url) as connection:
        return connection.exec_driver_sql(question.replace("%", "%%")).scalar()


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

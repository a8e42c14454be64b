"""Run steps in a transaction that is always rolled back, and see what they do to the tables."""

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from math import ceil
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import ColumnElement, Connection, Engine, Select, event
from sqlalchemy.exc import DBAPIError

from app.db.migrations import BOOKKEEPING
from app.db.migrations.failure import describe_failure, sqlstate
from app.db.migrations.operations.steps import REHEARSAL
from app.db.migrations.plan import Work

IDLE, GOING_ON = 0, 2  # libpq's PQTRANS_IDLE: there is no transaction; PQTRANS_INTRANS
IN_THE_WAY = {
    "55P03": "lock_not_available",
    "57014": "query_canceled",
    "40001": "serialization_failure",
    "40P01": "deadlock_detected",
}

# What is no statement of its own: bodies of functions, strings, names, comments.
QUOTED = re.compile(
    r"""\$(\w*)\$.*?\$\1\$|\bBEGIN\s+ATOMIC\b.*\bEND\b|'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/""",
    re.DOTALL | re.IGNORECASE,
)
ENDS_TRANSACTION = re.compile(
    r"(?:\A|;)\s*(?:COMMIT|END|ABORT|PREPARE\s+TRANSACTION|ROLLBACK(?!(?:\s+\w+)?\s+TO))\b",
    re.IGNORECASE,
)
# What no transaction may hold, and what would lift the limits of this one. No data goes with it.
LEFT_OUT = re.compile(
    r"""\s* (?: (?:CREATE|DROP) \s+ (?:UNIQUE\s+)? INDEX \s+ CONCURRENTLY
              | REINDEX | VACUUM
              | ALTER \s+ TABLE \b [^;]* \b DETACH \s+ PARTITION \b [^;]* \b CONCURRENTLY
              | SET \s+ (?:LOCAL\s+|SESSION\s+)? (?:lock|statement|transaction)_timeout
            ) \b [^;]* ;? \s*""",
    re.IGNORECASE | re.VERBOSE,
)
NOTHING = "SELECT"
BEGINNING = "beginning_of_the_rehearsal"

# The server "gives" what nobody has to write: keys, generated columns, and defaults that differ
# from call to call, which the functions in the stored expression tell.
TABLES = sa.text(r"""
    SELECT c.oid, n.nspname, c.relname,
           n.nspname = current_schema() AND c.relname <> ALL (:bookkeeping)
               AND NOT EXISTS (SELECT FROM pg_depend AS d
                                WHERE d.classid = c.tableoid AND d.objid = c.oid
                                  AND d.deptype = 'e'),
           c.relkind = 'p',
           (SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid AND c.relispartition),
           pg_relation_filenode(c.oid),
           pg_stat_get_xact_tuples_inserted(c.oid), pg_stat_get_xact_tuples_deleted(c.oid),
           (SELECT coalesce(jsonb_agg(jsonb_build_array(
                       a.attnum, a.attname, a.attgenerated <> '',
                       a.attgenerated <> '' OR a.attidentity <> ''
                           OR coalesce(d.adbin::text LIKE '%SQLVALUEFUNCTION%', false)
                           OR EXISTS (
                              SELECT FROM regexp_matches(d.adbin::text, 'funcid (\d+)', 'g')
                                       AS called (ids)
                                JOIN pg_proc AS p ON p.oid = called.ids[1]::oid
                               WHERE p.provolatile <> 'i'))), '[]')
              FROM pg_attribute AS a
              LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
     ORDER BY c.relname
""")


class RehearsalError(CommandError):
    """Steps cannot be rehearsed, so that nobody knows what they would destroy."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"what would be lost cannot be worked out: {reason}")


class Column(NamedTuple):
    """A column at a moment; `is_given` where the server gives what a row does not bring."""

    number: int
    name: str
    is_generated: bool
    is_given: bool


class Table(NamedTuple):
    """A table at a moment of a transaction.

    Attributes:
        is_ours: whether it is in the current schema, and of no extension or bookkeeping.
        parent: the oid of the partitioned table that it is a part of.
        file: changes when the table is truncated or rewritten.
        inserted: rows that the session counts, also those that a savepoint took back.
        deleted: the same.
    """

    oid: int
    schema: str
    name: str
    is_ours: bool
    is_partitioned: bool
    parent: int | None
    file: int | None
    inserted: int
    deleted: int
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> set[str]:
        """The names of all columns."""
        return {each.name for each in self.columns}


def read_tables(connection: Connection) -> list[Table]:
    """Return the tables of all schemas but the system's, by name."""
    rows = connection.execute(TABLES, {"bookkeeping": list(BOOKKEEPING)})
    return [Table._make((*row[:-1], tuple(Column(*each) for each in row[-1]))) for row in rows]


def select_from(table: Table, *what: ColumnElement[Any]) -> Select[Any]:
    """Select from a table, with all of its partitions and none of those that inherit from it."""
    source = sa.table(table.name, schema=table.schema)
    statement = sa.select(*what).select_from(source)
    return statement if table.is_partitioned else statement.with_hint(source, "ONLY", "postgresql")


def count_rows(connection: Connection, table: Table, *where: ColumnElement[bool]) -> int:
    """Count the rows of a table, or those that fulfil all conditions."""
    return connection.scalar(select_from(table, sa.func.count()).where(*where)) or 0


@contextmanager
def rolled_back(
    connection: Connection, *, lock_timeout: float, statement_timeout: float
) -> Iterator[None]:
    """Begin a transaction that sees one state of the database, and roll it back at the end.

    Raises:
        RehearsalError: Others were in the way for too long, or a statement took too long.
    """
    connection.begin()
    try:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{lock_timeout:.3f}s'")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{statement_timeout:.3f}s'")
        yield
    except DBAPIError as error:
        if sqlstate(error) not in IN_THE_WAY:
            raise
        raise RehearsalError(
            f"{describe_failure(error)}. Try again when nothing else works with these tables"
        ) from error
    finally:
        connection.rollback()
        if not connection.invalidated:  # after a refused commit SQLAlchemy knows no transaction
            connection.connection.rollback()


@contextmanager
def taken_back(connection: Connection, time_limit: float) -> Iterator[None]:
    """Go back to the beginning of the block at its end, in the transaction that goes on.

    What would outlive the transaction is refused, what PostgreSQL runs in none is left out. All
    statements of the block together get `time_limit` seconds. After it a statement may take its
    time: no lock of the block is held any more.
    """
    deadline = time.monotonic() + time_limit

    def look(_: Connection, cursor: Any, statement: str, parameters: Any, *__: Any) -> Any:
        left = deadline - time.monotonic()
        if left <= 0:
            raise RehearsalError(f"it takes longer than {time_limit:g} s")
        bare = QUOTED.sub(" ", statement)
        status = cursor.connection.info.transaction_status
        if ENDS_TRANSACTION.search(bare) or status == IDLE:
            refuse_end()
        if status == GOING_ON:
            with cursor.connection.cursor() as another:
                another.execute(f"SET LOCAL statement_timeout = {ceil(left * 1000)}")
        return (NOTHING, {}) if LEFT_OUT.fullmatch(bare) else (statement, parameters)

    def refuse_end(*_: object) -> None:
        raise RehearsalError("a revision commits or rolls back by itself")

    def refuse_connection(*_: object) -> None:
        raise RehearsalError("a revision opens a connection of its own")

    connection.exec_driver_sql(f"SAVEPOINT {BEGINNING}")
    listeners: list[tuple[object, str, Callable[..., Any]]] = [
        (connection, "before_cursor_execute", look),
        (connection, "commit", refuse_end),
        (connection, "rollback", refuse_end),
        (Engine, "do_connect", refuse_connection),
    ]
    for target, name, listener in listeners:
        event.listen(target, name, listener, retval=listener is look)
    try:
        yield
    finally:
        for listening in listeners:
            event.remove(*listening)
    transaction = connection.get_transaction()
    if transaction and not transaction.is_active:  # SQLAlchemy tried to commit: let it forget that
        transaction.rollback()
    connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {BEGINNING}")
    connection.exec_driver_sql("SET LOCAL statement_timeout TO DEFAULT")


class _RehearsalContext(MigrationContext):
    """Alembic's context, with autocommit blocks that stay in the transaction."""

    def autocommit_block(self) -> Any:
        return nullcontext()


def run_steps(connection: Connection, scripts: ScriptDirectory, work: Work) -> None:
    """Run the steps that `work` makes of the current heads, silently, in the transaction there is.

    Raises:
        Exception: Whatever a revision raises.
    """
    logger = logging.getLogger("alembic.runtime.migration")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        options = {"script": scripts, "fn": work, REHEARSAL: True}
        context = _RehearsalContext(connection.dialect, connection, options)
        with Operations.context(context):
            context.run_migrations()
    finally:
        logger.disabled = was_disabled


def upgrades(scripts: ScriptDirectory, heads: Sequence[str]) -> Work:
    """Return the work of upgrading to `heads`."""
    # There is no public way to make these steps, and Alembic declares its tuples as strings.
    make_steps: Callable[[Any, Any], list[RevisionStep]] = scripts._upgrade_revs  # noqa: SLF001
    return lambda current, _: make_steps(tuple(heads), current)

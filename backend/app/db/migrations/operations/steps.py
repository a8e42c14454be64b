"""Take the steps of an online operation: each a transaction of its own, each safe to repeat."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from alembic.operations import Operations
from alembic.util import CommandError
from sqlalchemy import (
    BindParameter,
    ClauseElement,
    Column,
    Connection,
    Constraint,
    Index,
    Row,
    text,
)
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import NullType

from app.db.migrations.failure import describe_failure, sqlstate

# psycopg2's own dialect doubles percent signs, for parameters that no DDL has.
PLAIN: Any = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
GENTLY = "LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE; "
"""What a statement begins with that waits for VACUUM first."""
UNDERWAY = "online operation"
"""The key in `Connection.info` that is there while an operation takes its steps."""
REHEARSAL = "is_rehearsal"
"""The option of a migration context in which everything has to stay in one transaction."""
VIOLATED = "23"  # SQLSTATE class: the rows that are there do not bear the new rule
LOCK_TIMEOUT = "5s"  # where the session has none: everybody queues behind a step that waits

# A row's command number within the transaction that wrote it (PostgreSQL manual, "System Columns").
LAST_STAMP = """
    SELECT max(cmin::text::bigint) FROM {}
     WHERE xmin::text = pg_current_xact_id_if_assigned()::xid::text
"""
NEXT_COMMAND = "UPDATE {} SET version_num = version_num RETURNING cmin::text::bigint"

logger = logging.getLogger(__name__)


class OnlineOperationError(CommandError):
    """An operation cannot be done; the message says why and what to do."""


class Replacing:
    """An operation that may put what it makes in the place of something of the same name."""

    def __init__(self, *arguments: Any, replace: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.replace = replace


class Steps:
    """Where an operation runs its statements and looks at the catalog.

    Attributes:
        is_offline: whether a script is written (`--sql`): there is no catalog to look at.
        is_rehearsal: whether all of it has to stay in the transaction that there is.
    """

    def __init__(self, operations: Operations) -> None:
        self.context = operations.migration_context
        self.is_offline = self.context.as_sql
        self.is_rehearsal = bool(self.context.opts.get(REHEARSAL))
        self._prepare = PLAIN.identifier_preparer

    @property
    def connection(self) -> Connection:
        """The connection that migrates."""
        if self.context.connection is None:
            raise OnlineOperationError("there is no connection: this needs a database")
        return self.context.connection

    def run(self, statement: str) -> None:
        """Run a statement as it is written: a colon or a percent sign means nothing else."""
        if self.is_offline:
            self.context.impl.static_output(statement + self.context.impl.command_terminator)
        else:
            self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def run_gently(self, table: str, statement: str) -> None:
        """Run a statement that keeps others out of `table` for a moment.

        VACUUM gets along with everybody but with that: an automatic one gives way after a second
        (`deadlock_timeout`), and whoever waits for it keeps all others waiting that long. So a lock
        that readers and writers do not feel comes first and does the waiting.
        """
        self.run(statement if self.is_offline else GENTLY.format(table) + statement)

    def compile(self, element: ClauseElement, *expressions: ClauseElement | str | None) -> str:
        """Return the SQL of a construct, with nothing in it that a driver would replace.

        Args:
            element: the construct.
            expressions: those in it that somebody has written.

        Raises:
            OnlineOperationError: There is a parameter in them, of which NULL would become.
        """
        for each in expressions:
            for part in iterate(each) if isinstance(each, ClauseElement) else ():
                if isinstance(part, BindParameter) and part.required:
                    raise OnlineOperationError(
                        f":{part.key} means a parameter in SQL as text: write \\:{part.key}"
                    )
        return str(element.compile(dialect=PLAIN))

    def ask(self, question: str, **values: object) -> Row[Any] | None:
        """Return the first row of the answer."""
        return self.connection.execute(text(question), values).first()

    def quote(self, *names: str) -> str:
        """Return names as SQL writes them, with commas between."""
        return ", ".join(self._prepare.quote(name) for name in names)

    def literal(self, words: str) -> str:
        """Return a text as SQL writes it."""
        return "'" + words.replace("'", "''") + "'"

    def table(self, name: str, schema: str | None) -> str:
        """Return a table's name as SQL writes it, with its schema if it was said."""
        return f"{self.quote(schema)}.{self.quote(name)}" if schema else self.quote(name)

    def name_of(self, item: Constraint | Index) -> str:
        """Return the name that a constraint or an index has in the database, not quoted.

        Raises:
            OnlineOperationError: It has none.
        """
        name = self._prepare.format_constraint(item, _alembic_quote=False)
        if not name:
            raise OnlineOperationError("what is made in steps needs a name to be found again")
        return str(name)

    def table_of(self, item: Constraint | Index) -> str:
        """Return the table of a constraint or an index, as SQL writes it."""
        assert item.table is not None  # noqa: S101 what Alembic makes has one
        return self.table(item.table.name, item.table.schema)

    def know_included(self, item: Constraint | Index) -> None:
        """Add the columns of INCLUDE to the stub of a table that Alembic makes of names."""
        assert item.table is not None  # noqa: S101 what Alembic makes has one
        for name in item.dialect_options["postgresql"]["include"] or ():
            if name not in item.table.c:
                item.table.append_column(Column(name, NullType))

    @contextmanager
    def setting(self, name: str, value: str) -> Iterator[None]:
        """Change a parameter of the session for some statements."""
        if self.is_offline:
            self.run(f"SET {name} = {value}")
            yield
            self.run(f"RESET {name}")
            return
        before = self.ask(
            "SELECT current_setting(:name), set_config(:name, :value, false)",
            name=name,
            value=value,
        )
        try:
            yield
        finally:
            if before and not self.connection.invalidated:
                self.ask("SELECT set_config(:name, :value, false)", name=name, value=before[0])


@contextmanager
def taking_steps(operations: Operations) -> Iterator[Steps]:
    """Yield where to take steps, outside of the revision's transaction.

    Raises:
        OnlineOperationError: The revision has already changed something, which would be committed
            here and could not be done a second time.
    """
    steps = Steps(operations)
    if steps.is_rehearsal:
        yield steps
        return
    if steps.is_offline:
        with steps.context.autocommit_block():
            yield steps
        return
    if _has_written(steps):
        raise OnlineOperationError(
            "an online operation commits, and this revision has already changed something else: "
            "give the operation a revision of its own"
        )
    info = steps.connection.info
    info[UNDERWAY] = True
    try:
        with steps.context.autocommit_block(), _bounded_waits(steps):
            yield steps
    finally:
        info.pop(UNDERWAY, None)


def _has_written(steps: Steps) -> bool:
    """Whether the revision has changed something before its online operation.

    Where all revisions share one transaction (Alembic's default), the ones before have written
    too. That is no harm: each ends by stamping the version, so the stamp is the last command then.
    """
    written = steps.ask("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
    if not (written and written[0]):
        return False
    if steps.context.opts.get("transaction_per_migration"):
        return True
    versions = steps.table(steps.context.version_table, steps.context.version_table_schema)
    stamp = steps.ask(LAST_STAMP.format(versions))
    now = steps.ask(NEXT_COMMAND.format(versions))
    return stamp is None or now is None or now[0] - 1 != stamp[0]


@contextmanager
def _bounded_waits(steps: Steps) -> Iterator[None]:
    """Let no step queue for a lock without end, where nothing else is set."""
    row = steps.ask("SELECT current_setting('lock_timeout')")
    with steps.setting("lock_timeout", LOCK_TIMEOUT) if row and row[0] == "0" else nullcontext():
        yield


@contextmanager
def taken_back_if_violated(steps: Steps, undo: str) -> Iterator[None]:
    """Run the statement `undo` where the rows that are there break the new rule.

    Otherwise the rule would bind everybody who writes, of a revision that is not applied.
    """
    try:
        yield
    except DBAPIError as error:
        if (sqlstate(error) or "").startswith(VIOLATED) and not steps.is_rehearsal:
            attempt(steps, undo)
        raise


def attempt(steps: Steps, undo: str) -> None:
    """Run a statement that clears away after a failure, which counts more than this one's."""
    try:
        steps.run(undo)
    except DBAPIError as error:
        logger.warning("Not cleared away (%s). By hand: %s", describe_failure(error), undo)


def helper_of(purpose: str, *names: str) -> str:
    """Return a name, short and always the same, for what is there for a while only."""
    digest = hashlib.sha256(".".join(names).encode()).hexdigest()[:16]
    return f"online_{purpose}_{digest}"


def is_underway(connection: Connection) -> bool:
    """Whether what the connection commits now is a step that is safe to repeat."""
    return bool(connection.info.get(UNDERWAY))

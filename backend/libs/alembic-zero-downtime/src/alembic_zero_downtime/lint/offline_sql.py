"""Render a revision's SQL without a database, each statement with the line that issues it.

The SQL is that of `alembic upgrade --sql` (Alembic manual, "Generating SQL Scripts"), without the
version table and the ledger.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from sqlalchemy import MetaData

from alembic_zero_downtime import operations
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.lint.dynamic_sql import statements_in_do_block
from alembic_zero_downtime.lint.effects import effects_allowed
from alembic_zero_downtime.lint.failure import Failure, Unseen
from alembic_zero_downtime.lint.stand_in import StandIn, current_loops
from alembic_zero_downtime.lint.stand_in_database import (
    Names,
    StandInDialect,
    StandInEngine,
    write_statement,
)
from alembic_zero_downtime.migration_environment import MetadataOnDemand, MigrationEnvironment
from alembic_zero_downtime.sql import Statement, split_statements

UNNAMED_TABLE = "no_table"
"""Alembic's name for the table of an index that is dropped without naming it."""
ONLINE_OPERATIONS = f"{operations.__name__}."


StatementKey = tuple[int, str, bool]


@dataclass(frozen=True)
class RenderedStatement:
    """A statement, and where the revision issues it.

    Attributes:
        statement: the statement.
        line: the line of the revision's file.
        autocommit_block: the number of the block, from 1; None in the revision's transaction.
        is_online: whether an online operation issues it.
        do_block: the DO block that runs it.
        table: the table of an index that it drops, if the revision names it.
        row_query: the query for each of whose rows it runs.
    """

    statement: Statement
    line: int
    autocommit_block: int | None = None
    is_online: bool = False
    do_block: Statement | None = None
    table: str | None = None
    row_query: Statement | None = None

    @property
    def key(self) -> StatementKey:
        """The same statement in another path has the same key."""
        return self.line, self.statement.text, self.autocommit_block is None


def expand_do_blocks(rendered: Sequence[RenderedStatement]) -> list[RenderedStatement]:
    """Return the statements, each DO block followed by the statements that it runs."""
    return [
        each
        for outer in rendered
        for each in (
            outer,
            *(
                replace(outer, statement=inner.without_control(), do_block=outer.statement)
                for inner in statements_in_do_block(outer.statement)
            ),
        )
    ]


@dataclass(frozen=True)
class Rendering:
    """The SQL of a function of a revision.

    A condition on a value that is read is true in some paths and false in others.

    Attributes:
        statements: of all paths, in their order.
        autocommit_lines: the lines of the autocommit blocks that the revision itself opens.
        paths: the statements of each path.
        failures: the errors of the function, after which the lint went on.
        refusal: the error that the revision itself raises, in each path.
        unseen: the code that was not looked at.
    """

    statements: tuple[RenderedStatement, ...]
    autocommit_lines: tuple[int, ...] = ()
    paths: tuple[tuple[RenderedStatement, ...], ...] = ()
    failures: tuple[Failure, ...] = ()
    refusal: Failure | None = None
    unseen: tuple[Unseen, ...] = ()


@dataclass
class StatementRecorder:
    """Records the SQL that Alembic writes, with the line of the revision that issues it."""

    path: Path
    statements: list[RenderedStatement] = field(default_factory=list)
    autocommit_lines: list[int] = field(default_factory=list)
    blocks: int = 0
    depth: int = 0
    table: str | None = None

    def write(self, sql: str) -> None:
        """Record the SQL of one call of `op`, which may be several statements."""
        line, is_online = self._find_caller()
        block = self.blocks if self.depth else None
        rows = current_loops().current
        self.statements += [
            RenderedStatement(
                statement,
                line,
                block,
                is_online,
                table=self.table,
                row_query=rows.query if rows else None,
            )
            for statement in split_statements(sql)
        ]

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        """Record an autocommit block; a nested block belongs to the outer one."""
        line, is_online = self._find_caller()
        if not is_online:
            self.autocommit_lines.append(line)
        self.blocks += not self.depth
        self.depth += 1
        yield
        self.depth -= 1

    def _find_caller(self) -> tuple[int, bool]:
        """Return the current line of the revision, and whether it calls an online operation."""
        is_online, file = False, str(self.path)
        frame: Any = sys._getframe(1)  # noqa: SLF001 the only way to see the callers
        while frame and frame.f_code.co_filename != file:
            module = frame.f_globals.get("__name__", "")
            is_online = is_online or module.startswith(ONLINE_OPERATIONS)
            frame = frame.f_back
        return (frame.f_lineno if frame else 1), is_online


class OfflineDatabase:
    """The target of `op` and `alembic.context`, without a database.

    Attributes:
        recorder: records the SQL of the revision that runs.
        run_arguments: the project's arguments for `upgrade` and `downgrade`.
    """

    def __init__(self, run_arguments: Mapping[str, Any]) -> None:
        self.recorder = StatementRecorder(Path())
        self.run_arguments = run_arguments
        self._dialect = StandInDialect()
        self._migrations: Any = None

    def write(self, sql: str) -> None:
        """Record SQL that Alembic writes."""
        self.recorder.write(sql)

    def record(self, statement: Any, values: Any = None) -> None:
        """Record a statement that a revision passes to something unknown."""
        self.recorder.write(write_statement(statement, self._dialect, values))

    def flush(self) -> None:
        """Do nothing: Alembic calls it after each statement."""

    def autocommit_block(self) -> AbstractContextManager[None]:
        """Record an autocommit block."""
        return self.recorder.autocommit_block()

    def attach(self, environment: Any) -> None:
        """Let an environment answer with stand-ins where a database would."""
        given = environment.get_x_argument
        environment.is_offline_mode = StandIn
        environment.get_x_argument = lambda as_dictionary=False: given(as_dictionary) or StandIn()
        self._migrations = environment.get_context()
        self._migrations.as_sql = StandIn()  # to Alembic, a stand-in is true
        implementation = self._migrations.impl
        implementation.literal_binds = True
        self._migrations.dialect = implementation.dialect = self._dialect
        implementation.drop_index = partial(self._drop_index, implementation.drop_index)

    def _drop_index(self, drop: Callable[..., None], index: Any, **options: Any) -> None:
        """Record the table of an index, which is not part of the SQL that drops it."""
        table = index.table
        name = f"{table.schema}.{table.name}" if table.schema else table.name
        words = re.sub(r"[^\w$.]", "_", name.lower())  # as in the words of a statement
        self.recorder.table = None if name == UNNAMED_TABLE else words.removeprefix("public.")
        try:
            drop(index, **options)
        finally:
            self.recorder.table = None

    def start(self, path: Path, names: Names) -> StatementRecorder:
        """Return a recorder for the next run of a function, on a new connection.

        Args:
            path: the file of the revision.
            names: the tables and columns that it may reflect.
        """
        self.recorder = StatementRecorder(path)
        engine = StandInEngine(self._dialect, self.write, self.autocommit_block, names)
        connection = engine.connect()
        connection.begin()  # as in a run: a session's commit does not end it
        self._migrations.connection = self._migrations.impl.connection = connection
        return self.recorder


@contextmanager
def offline_database(environment: MigrationEnvironment) -> Iterator[OfflineDatabase]:
    """Let `op` write to a recorder, with the names that the models' convention gives.

    Args:
        environment: of the revisions.

    Yields:
        The database that stands in for one.
    """

    def load_models() -> MetaData:
        with effects_allowed():
            try:
                return environment.metadata
            except MigrationError:  # the revisions can be checked without their names
                return MetaData()

    offline = OfflineDatabase(environment.project.run_arguments)
    with environment.open(
        output=offline,
        metadata=MetadataOnDemand(cache(load_models)),
        autocommit_block=offline.autocommit_block,
    ) as opened:
        offline.attach(opened)
        with Operations.context(opened.get_context()):
            yield offline

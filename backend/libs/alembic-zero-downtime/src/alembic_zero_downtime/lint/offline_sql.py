"""Render a revision's SQL without a database, each statement with the line that issues it.

The SQL is that of `alembic upgrade --sql` (Alembic manual, "Generating SQL Scripts"), without the
version table and the ledger.
"""

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType, ModuleType

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from alembic_zero_downtime import operations
from alembic_zero_downtime.lint.dynamic_sql import statements_in_do_block
from alembic_zero_downtime.lint.effects import EffectError, without_effects
from alembic_zero_downtime.sql import Statement, split_statements

ONLINE_OPERATIONS = f"{operations.__name__}."


@dataclass(frozen=True)
class RenderedStatement:
    """A statement, and where the revision issues it.

    Attributes:
        statement: the statement.
        line: the line of the revision's file.
        autocommit_block: the number of the block, from 1; None in the revision's transaction.
        is_online: whether an online operation issues it.
        do_block: the DO block that runs it.
    """

    statement: Statement
    line: int
    autocommit_block: int | None = None
    is_online: bool = False
    do_block: Statement | None = None


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

    Attributes:
        statements: in their order, up to the one that fails.
        autocommit_lines: the lines of the autocommit blocks that the revision itself opens.
        error: raised by the function.
        error_line: the line of the revision's file that raised it.
        is_refusal: whether the revision itself raises it, and not a function that it calls.
    """

    statements: tuple[RenderedStatement, ...]
    autocommit_lines: tuple[int, ...] = ()
    error: Exception | None = None
    error_line: int = 1
    is_refusal: bool = False


@dataclass
class StatementRecorder:
    """Records the SQL that Alembic writes, with the line of the revision that issues it."""

    path: Path
    statements: list[RenderedStatement] = field(default_factory=list)
    autocommit_lines: list[int] = field(default_factory=list)
    blocks: int = 0
    depth: int = 0

    def write(self, sql: str) -> None:
        """Record the SQL of one call of `op`, which may be several statements."""
        line, is_online = self._find_caller()
        block = self.blocks if self.depth else None
        self.statements += [
            RenderedStatement(statement, line, block, is_online)
            for statement in split_statements(sql)
        ]

    def flush(self) -> None:
        """Do nothing: Alembic calls it after each statement."""

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
        is_online = False
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 the only way to see the callers
        while frame and Path(frame.f_code.co_filename) != self.path:
            module = frame.f_globals.get("__name__", "")
            is_online = is_online or module.startswith(ONLINE_OPERATIONS)
            frame = frame.f_back
        return (frame.f_lineno if frame else 1), is_online


class OfflineContext(MigrationContext):
    """A context without a database, which records autocommit blocks instead of committing."""

    def __init__(self, recorder: StatementRecorder) -> None:
        self._recorder = recorder
        options = {
            "as_sql": True,
            "literal_binds": True,
            "transactional_ddl": True,
            "output_buffer": recorder,
        }
        # Only a dialect with named parameters keeps a percent sign, as in `alembic --sql`.
        engine = create_engine("postgresql+psycopg2://", paramstyle="named")  # never connects
        super().__init__(engine.dialect, None, options)

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        """Record that the block's statements run outside the revision's transaction."""
        with self._recorder.autocommit_block():
            yield


def render(path: Path, module: ModuleType, function: str) -> Rendering:
    """Run `upgrade` or `downgrade` of the revision in `path` without a database.

    An effect outside of its SQL, such as a file that it writes, is refused, and is the error.

    Args:
        path: the file of `module`.
        module: the revision.
        function: the name of the function; a missing one renders nothing.
    """
    recorder = StatementRecorder(path)
    error: Exception | None = None
    with Operations.context(OfflineContext(recorder)), without_effects() as guard:
        try:
            getattr(module, function, _do_nothing)()
        except Exception as caught:  # noqa: BLE001 a revision's own code raises anything
            error = caught
    recorded = tuple(recorder.statements), tuple(recorder.autocommit_lines)
    cause = next(iter(guard.refused), error)
    if cause is None:
        return Rendering(*recorded)
    if isinstance(cause, EffectError):
        frames = cause.frames
    else:
        frames = traceback.extract_tb(cause.__traceback__)
    own = [frame for frame in frames if Path(frame.filename) == path]
    line = (own[-1].lineno if own else None) or 1
    return Rendering(*recorded, cause, line, bool(own) and own[-1] is frames[-1])


def _do_nothing() -> None:
    """Stand in for a function that the revision does not define."""

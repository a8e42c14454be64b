"""Write a revision's SQL without a database, each statement with the line that it comes from.

It is what `alembic upgrade --sql` writes (Alembic manual, "Generating SQL Scripts"), without the
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

from app.db.lint.sql import Statement, split
from app.db.migrations import operations

ONLINE = f"{operations.__name__}."


@dataclass(frozen=True)
class Call:
    """A statement, and how the revision came to it.

    Attributes:
        statement: the statement.
        line: of the revision's file.
        step: the number of the autocommit block, from 1 on; None in the revision's transaction.
        is_online: whether an online operation has written it.
        block: the DO block that it stands in.
    """

    statement: Statement
    line: int
    step: int | None = None
    is_online: bool = False
    block: Statement | None = None


def unfold(calls: Sequence[Call]) -> list[Call]:
    """Return the calls with what their DO blocks run, each statement behind its block."""
    return [
        each
        for call in calls
        for each in (
            call,
            *(replace(call, statement=s, block=call.statement) for s in call.statement.inner),
        )
    ]


@dataclass(frozen=True)
class Rendering:
    """What a function of a revision does.

    Attributes:
        calls: its statements, up to where it failed.
        own_steps: the lines of the autocommit blocks that it opens itself.
        error: what it raised.
        error_line: where in the revision's file it was when that was raised.
        is_refusal: whether the revision itself has raised it, and nobody whom it called.
    """

    calls: tuple[Call, ...]
    own_steps: tuple[int, ...] = ()
    error: Exception | None = None
    error_line: int = 1
    is_refusal: bool = False


@dataclass
class Recording:
    """Receives what Alembic writes, and looks who has let it do so."""

    path: Path
    calls: list[Call] = field(default_factory=list)
    own_steps: list[int] = field(default_factory=list)
    steps: int = 0
    depth: int = 0

    def write(self, sql: str) -> None:
        """Note what a call of `op` has written: one statement, or several."""
        line, is_online = self._find_caller()
        step = self.steps if self.depth else None
        self.calls += [Call(statement, line, step, is_online) for statement in split(sql)]

    def flush(self) -> None:
        """Do nothing: Alembic asks for it after each statement."""

    @contextmanager
    def block(self) -> Iterator[None]:
        """Note an autocommit block; one within another is no step of its own."""
        line, is_online = self._find_caller()
        if not is_online:
            self.own_steps.append(line)
        self.steps += not self.depth
        self.depth += 1
        yield
        self.depth -= 1

    def _find_caller(self) -> tuple[int, bool]:
        """Return the line of the revision that runs, and whether an online operation is called."""
        is_online = False
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 no other way sees the callers
        while frame and Path(frame.f_code.co_filename) != self.path:
            is_online = is_online or frame.f_globals.get("__name__", "").startswith(ONLINE)
            frame = frame.f_back
        return (frame.f_lineno if frame else 1), is_online


class Context(MigrationContext):
    """A context without a database, which notes autocommit blocks in place of their COMMIT."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        options = {
            "as_sql": True,
            "literal_binds": True,
            "transactional_ddl": True,
            "output_buffer": recording,
        }
        # A percent sign stays as it is only where parameters are named, as in `alembic --sql`.
        engine = create_engine("postgresql+psycopg2://", paramstyle="named")  # connects to nothing
        super().__init__(engine.dialect, None, options)

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        """Note what runs outside of the revision's transaction."""
        with self._recording.block():
            yield


def render(path: Path, module: ModuleType, function: str) -> Rendering:
    """Run `upgrade` or `downgrade` of the revision in `path` without a database.

    Args:
        path: the file that `module` was loaded from.
        module: the revision.
        function: the name of its function; one that is not there does nothing.
    """
    recording = Recording(path)
    error: Exception | None = None
    with Operations.context(Context(recording)):
        try:
            getattr(module, function, _do_nothing)()
        except Exception as caught:  # noqa: BLE001 whatever a revision's own code raises
            error = caught
    done = tuple(recording.calls), tuple(recording.own_steps)
    if error is None:
        return Rendering(*done)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename) == path]
    line = (own[-1].lineno if own else None) or 1
    return Rendering(*done, error, line, bool(own) and own[-1] is frames[-1])


def _do_nothing() -> None:
    """Stand in for a function that a revision does not have."""

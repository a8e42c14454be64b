"""The operations that one change of the models requires, their downgrade, and their description."""

from dataclasses import dataclass
from enum import IntEnum

from alembic.operations.ops import ExecuteSQLOp, MigrateOperation

from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.verbatim import escape

LEFT_OUT = "left_out"
"""The key in the options of a migration context with the models that were not compared."""
# Titles of pages in the documentation.
ADD_A_COLUMN = "Add a column"
CHANGE_A_TYPE = "Change a type"
CHANGE_AN_ENUM = "Change an enum"
WRITE_MANUALLY = "Write a revision manually"


class Stage(IntEnum):
    """The order of changes: dependencies first, destructive changes last."""

    EXPAND = 0
    COLUMN = 1
    INDEX = 2
    CONSTRAINT = 3
    FOREIGN_KEY = 4
    RELAX = 5  # drop indexes and constraints
    CONTRACT = 6  # drop columns and tables


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        stage: its position in the order of changes.
        upgrade: the operations.
        downgrade: the operations that revert them, in the order in which they run.
        description: its effect and its locks, for the docstring of the revision.
        needs_own_revision: whether it commits and so needs a separate revision.
    """

    stage: Stage
    upgrade: tuple[MigrateOperation, ...]
    downgrade: tuple[MigrateOperation, ...]
    description: str
    needs_own_revision: bool = False


class Comment(MigrateOperation):
    """A comment in a revision."""

    def __init__(self, text: str) -> None:
        self.text = text


class StatementsOp(ExecuteSQLOp):
    """Statements on a table in use, which lock it briefly, and those that revert them."""

    def __init__(
        self, statements: str, undo: str, stage: Stage, description: str, *, is_alone: bool = False
    ) -> None:
        super().__init__(escape(statements))
        self.undo = undo
        self.stage = stage
        self.description = description
        self.needs_own_revision = is_alone

    def reverse(self) -> ExecuteSQLOp:
        """Return the operation that reverts it."""
        return ExecuteSQLOp(escape(self.undo))


class CannotWriteError(MigrationError):
    """Autogenerate cannot write a safe revision for a change; the message gives the alternative."""

    def __init__(self, reason: str, remedy: str, page: str) -> None:
        super().__init__(
            f'no revision written: {reason}. {remedy}. See "{page}" in the documentation of '
            "alembic-zero-downtime"
        )

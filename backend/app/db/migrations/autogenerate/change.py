"""What one change of the models becomes: operations, their way back, and what there is to say."""

from dataclasses import dataclass
from enum import IntEnum

from alembic.operations.ops import MigrateOperation
from alembic.util import CommandError

RECIPES = "docs/database/zero-downtime.md"
BY_HAND = "docs/database/revisions.md#a-blank-revision"


class Stage(IntEnum):
    """When a change has its turn: what others need comes first, what destroys comes last."""

    EXPAND = 0
    COLUMN = 1
    INDEX = 2
    CONSTRAINT = 3
    REFERENCE = 4
    RELEASE = 5
    CONTRACT = 6


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        stage: when it has its turn.
        upgrade: the operations.
        downgrade: those that take them back, in the order in which they run.
        words: what it does and what it locks, for the revision's docstring.
        is_alone: whether it needs a revision of its own, since it commits by itself.
    """

    stage: Stage
    upgrade: tuple[MigrateOperation, ...]
    downgrade: tuple[MigrateOperation, ...]
    words: str
    is_alone: bool = False


class Remark(MigrateOperation):
    """A comment in a revision."""

    def __init__(self, text: str) -> None:
        self.text = text


class CannotWriteError(CommandError):
    """A change that no revision makes safely by itself; the message says how it is done."""

    def __init__(self, what: str, recipe: str, page: str) -> None:
        super().__init__(f"no revision written: {what}. {recipe}. See {page}")

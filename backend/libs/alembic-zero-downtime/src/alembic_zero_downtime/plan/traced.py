"""What was traced of the pending revisions."""

from dataclasses import dataclass, field

from alembic.script import Script

from alembic_zero_downtime.plan.effect import Effect


@dataclass(frozen=True)
class TracedStatement:
    """A statement of a revision, and its effects on tables of the target.

    Attributes:
        sql: with its values.
        transaction: the virtual id of its transaction.
        effects: one per table.
        cost: of all that it reads, in the units of PostgreSQL's planner; None if it cannot be
            estimated.
        seconds: how long it took on the copy, if that does not depend on rows of the target and is
            long.
        unknown: why the effects, or further ones, are not known; None if they are.
    """

    sql: str
    transaction: str
    effects: tuple[Effect, ...] = ()
    cost: float | None = None
    seconds: float = 0.0
    unknown: str | None = None


@dataclass
class TracedRevision:
    """A revision, and the statements that it issued."""

    script: Script
    statements: list[TracedStatement] = field(default_factory=list)

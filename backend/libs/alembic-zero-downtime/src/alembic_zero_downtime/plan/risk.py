"""Assess the risk of a statement: what it blocks, for how long, and the safe alternative."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alembic_zero_downtime.plan.durations import estimate_seconds, row_seconds
from alembic_zero_downtime.plan.effect import DefinitionChange, Effect, WorkKind
from alembic_zero_downtime.plan.lock_modes import Lock
from alembic_zero_downtime.plan.throughput import Throughput
from alembic_zero_downtime.plan.traced import TracedRevision, TracedStatement

ACCEPTABLE_WAIT = 0.1  # seconds that a table may be blocked
ACCEPTABLE_ROW_LOCK = 1.0  # seconds that rows may stay locked

LONG_WORK = (WorkKind.REWRITE, WorkKind.INDEX, WorkKind.SCAN)

NEW_COLUMN = "a new column of that type, op.batched_backfill, and the switch in a later release"
OUTSIDE_MIGRATIONS = "outside of migrations, at a time of low traffic"
COLUMN_WITHOUT_REWRITE = (
    "op.add_column_online for a default; for an identity or a generated column, a plain column and "
    "op.batched_backfill"
)
SEPARATE_REVISION = "a separate revision for the long work, with the short locks in another one"
BATCHES = "op.batched_backfill"
INSTEAD_OF_INDEX: Mapping[DefinitionChange, str] = {
    DefinitionChange.PRIMARY_KEY: (
        "op.create_index_online(…, unique=True), then ADD CONSTRAINT … PRIMARY KEY USING INDEX"
    ),
    DefinitionChange.UNIQUE: "op.create_unique_constraint_online",
    DefinitionChange.EXCLUSION: (
        "op.create_unique_constraint_online if it only compares with =; PostgreSQL cannot build "
        "another one concurrently"
    ),
    DefinitionChange.REINDEX: "REINDEX INDEX CONCURRENTLY in an autocommit_block()",
}
INSTEAD_OF_SCAN: Mapping[DefinitionChange, str] = {
    DefinitionChange.FOREIGN_KEY: "op.create_foreign_key_online",
    DefinitionChange.CHECK: "op.create_check_constraint_online",
    DefinitionChange.NOT_NULL: "op.set_not_null_online",
}


class Risk(StrEnum):
    """The risk of a statement, a revision or a plan."""

    SAFE = "safe"
    SHORT_LOCK = "short lock"
    UNKNOWN = "not known"
    DANGEROUS = "DANGEROUS"

    @property
    def rank(self) -> int:
        """The position in the order of severity; the highest is the most dangerous."""
        return list(Risk).index(self)


@dataclass(frozen=True)
class Hazard:
    """Why a statement is dangerous, and the safe alternative."""

    reason: str
    instead: str


@dataclass(frozen=True)
class Assessment:
    """A statement and its risk.

    Attributes:
        statement: the traced statement.
        seconds: the estimated duration, as far as it is known.
        risk: of this statement.
        hazards: the reasons why it is dangerous.
    """

    statement: TracedStatement
    seconds: float
    risk: Risk
    hazards: tuple[Hazard, ...]

    @property
    def known_seconds(self) -> float | None:
        """The estimated duration; None if it is not known."""
        return None if self.risk is Risk.UNKNOWN else self.seconds


def assess(traced: TracedRevision, throughput: Throughput) -> list[Assessment]:
    """Return the assessment of each statement of a revision."""
    statements = traced.statements
    seconds = [estimate_seconds(each, throughput) for each in statements]
    return [
        _assess(each, seconds[n], _rest(statements, seconds, n), throughput)
        for n, each in enumerate(statements)
    ]


def highest(risks: Iterator[Risk]) -> Risk:
    """Return the highest risk; without any, it is safe."""
    return max(risks, key=lambda each: each.rank, default=Risk.SAFE)


def _rest(statements: Sequence[TracedStatement], seconds: Sequence[float], number: int) -> float:
    """Return the duration of the statements that follow in the same transaction."""
    transaction = statements[number].transaction
    return sum(
        seconds[n]
        for n in range(number + 1, len(statements))
        if statements[n].transaction == transaction
    )


def _assess(
    statement: TracedStatement, seconds: float, rest: float, throughput: Throughput
) -> Assessment:
    hazards = (
        *_find_long_locks(statement, seconds),
        *_find_kept_locks(statement, rest),
        *_find_long_row_locks(statement, throughput),
    )
    blocks_dml = any(effect.held_lock.blocks_dml for effect in statement.effects)
    risk = Risk.SHORT_LOCK if blocks_dml else Risk.SAFE
    if hazards:
        risk = Risk.DANGEROUS
    elif statement.unknown:
        risk = Risk.UNKNOWN
    return Assessment(statement, seconds, risk, hazards)


def _find_long_locks(statement: TracedStatement, seconds: float) -> Iterator[Hazard]:
    """Yield the tables that are blocked while the statement runs."""
    if seconds < ACCEPTABLE_WAIT:
        return
    locks = [(_lock_at_work(effect), effect.table.name) for effect in statement.effects]
    for lock, names in _group(locks):
        yield Hazard(
            f"{lock.blocks} of {names} wait {format_duration(seconds)} ({lock})",
            _alternative(statement),
        )


def _find_kept_locks(statement: TracedStatement, rest: float) -> Iterator[Hazard]:
    """Yield the tables that stay blocked while later statements run."""
    if rest < ACCEPTABLE_WAIT:
        return
    locks = [(effect.lock, effect.table.name) for effect in statement.effects]
    for lock, names in _group(locks):
        yield Hazard(
            f"{lock.blocks} of {names} wait {format_duration(rest)} more: {lock} is held while the "
            "next statements run",
            SEPARATE_REVISION,
        )


def _find_long_row_locks(statement: TracedStatement, throughput: Throughput) -> Iterator[Hazard]:
    """Yield the tables in which too many rows are changed at once."""
    for effect in (each for each in statement.effects if not each.table.is_new):
        works = [
            work
            for work in effect.work
            if work.kind is WorkKind.CHANGE and not (work.is_limit and statement.unknown)
        ]
        rows = sum(work.rows for work in works)
        seconds = sum(work.rows * row_seconds(work, effect, throughput) for work in works)
        if seconds >= ACCEPTABLE_ROW_LOCK:
            limit = "up to " if any(work.is_limit for work in works) else ""
            yield Hazard(
                f"{limit}{rows:,} rows of {effect.table.name} stay locked for "
                f"{format_duration(seconds)}, and as many dead rows are left",
                BATCHES,
            )


def _lock_at_work(effect: Effect) -> Lock | None:
    """Return the lock that is held during the work on a table, also of an earlier statement."""
    return effect.held_lock if any(work.kind in LONG_WORK for work in effect.work) else effect.lock


def _group(locks: Sequence[tuple[Lock | None, str]]) -> Iterator[tuple[Lock, str]]:
    """Yield each lock that blocks reads or writes, with the names of its tables."""
    for lock in sorted({lock for lock, _ in locks if lock and lock.blocks_dml}, reverse=True):
        yield lock, " and ".join(name for each, name in locks if each is lock)


def _alternative(statement: TracedStatement) -> str:
    """Return the way to make the same change while other transactions use the table."""
    kinds = {work.kind for effect in statement.effects for work in effect.work}
    changes = {change for effect in statement.effects for change in effect.changes}
    if WorkKind.REWRITE in kinds:
        if DefinitionChange.COLUMN_TYPE in changes:
            return NEW_COLUMN
        return (
            COLUMN_WITHOUT_REWRITE
            if DefinitionChange.COLUMN_ADDED in changes
            else OUTSIDE_MIGRATIONS
        )
    choices = INSTEAD_OF_INDEX if WorkKind.INDEX in kinds else INSTEAD_OF_SCAN
    found = [alternative for change, alternative in choices.items() if change in changes]
    return "; ".join(found) or (
        "op.create_index_online" if WorkKind.INDEX in kinds else SEPARATE_REVISION
    )


def format_duration(seconds: float) -> str:
    """Return an estimated duration, rounded, with its unit."""
    if seconds < ACCEPTABLE_WAIT:
        return "< 0.1 s"
    if seconds < 10:  # noqa: PLR2004 only below 10 s, the first decimal is significant
        return f"~{seconds:.1f} s"
    for unit, length in (("s", 1), ("min", 60), ("h", 3600)):
        if seconds < 120 * length or unit == "h":
            return f"~{seconds / length:,.0f} {unit}"
    raise AssertionError(seconds)

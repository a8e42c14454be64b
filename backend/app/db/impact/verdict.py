"""Decide who would have to wait for a statement, how long, and how it is done without that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.db.impact.effect import Change, Effect, Kind, Work
from app.db.impact.locks import Lock
from app.db.impact.observe import Observation, Statement
from app.db.impact.rates import Rates

BRIEF = 0.1  # seconds that nobody minds to wait for a table
LONG_ROW_LOCKS = 1.0  # seconds that rows may be kept from others
PAGE = "docs/database/zero-downtime.md"

LONG_WORK = (Kind.REWRITE, Kind.INDEX, Kind.SCAN)

A_NEW_COLUMN = "a new column of that type, op.batched_backfill, and the switch in a later release"
OUTSIDE = "outside of migrations, when nobody works with the table"
WITHOUT_DEFAULT = (
    "op.add_column_online for a default; for an identity or a generated column a plain one, and "
    "op.batched_backfill"
)
APART = "a revision of its own for what takes long, with the short locks in another one"
BATCHES = "op.batched_backfill"
INSTEAD_OF_INDEX: Mapping[Change, str] = {
    Change.PRIMARY_KEY: (
        "op.create_index_online(…, unique=True), then ADD CONSTRAINT … PRIMARY KEY USING INDEX"
    ),
    Change.UNIQUE: "op.create_unique_constraint_online",
    Change.EXCLUSION: (
        "op.create_unique_constraint_online where it only compares with =; PostgreSQL builds no "
        "other one concurrently"
    ),
    Change.REINDEX: "REINDEX INDEX CONCURRENTLY in an autocommit_block()",
}
INSTEAD_OF_SCAN: Mapping[Change, str] = {
    Change.FOREIGN_KEY: "op.create_foreign_key_online",
    Change.CHECK: "op.create_check_constraint_online",
    Change.NOT_NULL: "op.set_not_null_online",
}


class Verdict(StrEnum):
    """How a statement, a revision or a plan is to be judged."""

    SAFE = "safe"
    SHORT_LOCK = "short lock"
    DANGEROUS = "DANGEROUS"

    @property
    def rank(self) -> int:
        """The greater, the worse."""
        return list(Verdict).index(self)


@dataclass(frozen=True)
class Finding:
    """Why a statement is dangerous, and what to do instead."""

    reason: str
    instead: str


@dataclass(frozen=True)
class Judgement:
    """A statement, judged: see `judge`.

    Attributes:
        statement: what was seen.
        seconds: an estimate of how long it takes.
        verdict: on it alone.
        findings: what is dangerous about it.
    """

    statement: Statement
    seconds: float
    verdict: Verdict
    findings: tuple[Finding, ...]


def judge(observation: Observation, rates: Rates) -> list[Judgement]:
    """Return the verdict on each statement of a revision."""
    statements = observation.statements
    seconds = [estimate_seconds(each, rates) for each in statements]
    return [
        _judge(each, seconds[n], _rest(statements, seconds, n), rates)
        for n, each in enumerate(statements)
    ]


def worst(verdicts: Iterator[Verdict]) -> Verdict:
    """Return the worst of the verdicts; where there is none, it is safe."""
    return max(verdicts, key=lambda each: each.rank, default=Verdict.SAFE)


def estimate_seconds(statement: Statement, rates: Rates) -> float:
    """Return how long the work of a statement takes at these rates."""
    works = ((work, effect) for effect in statement.effects for work in effect.work)
    return sum((_seconds(work, effect, rates) for work, effect in works), 0.0)


def _seconds(work: Work, effect: Effect, rates: Rates) -> float:
    size = effect.table.size * work.count
    match work.kind:
        case Kind.REWRITE:
            return size / rates.rewrite
        case Kind.INDEX:
            return size / rates.index
        case Kind.SCAN:
            return size / rates.scan
        case Kind.CHANGE | Kind.ADD:
            return work.rows / rates.write
        case _:
            return 0.0


def _rest(statements: Sequence[Statement], seconds: Sequence[float], number: int) -> float:
    """Return how long the statements after one take in the same transaction."""
    transaction = statements[number].transaction
    return sum(
        seconds[n]
        for n in range(number + 1, len(statements))
        if statements[n].transaction == transaction
    )


def _judge(statement: Statement, seconds: float, rest: float, rates: Rates) -> Judgement:
    findings = (
        *_find_long_locks(statement, seconds),
        *_find_kept_locks(statement, rest),
        *_find_long_row_locks(statement, rates),
    )
    felt = any(effect.held.is_felt for effect in statement.effects)
    verdict = Verdict.SHORT_LOCK if felt else Verdict.SAFE
    return Judgement(statement, seconds, Verdict.DANGEROUS if findings else verdict, findings)


def _find_long_locks(statement: Statement, seconds: float) -> Iterator[Finding]:
    """Yield who waits while the statement itself works."""
    if seconds < BRIEF:
        return
    locks = [(_lock_at_work(effect), effect.table.name) for effect in statement.effects]
    for lock, names in _group(locks):
        yield Finding(
            f"{lock.blocks} of {names} wait {in_words(seconds)} ({lock})", _instead(statement)
        )


def _find_kept_locks(statement: Statement, rest: float) -> Iterator[Finding]:
    """Yield who waits on while the transaction does something else."""
    if rest < BRIEF:
        return
    locks = [(effect.lock, effect.table.name) for effect in statement.effects]
    for lock, names in _group(locks):
        yield Finding(
            f"{lock.blocks} of {names} wait {in_words(rest)} more: {lock} is held while the next "
            "statements run",
            APART,
        )


def _find_long_row_locks(statement: Statement, rates: Rates) -> Iterator[Finding]:
    """Yield the tables of which too many rows are changed at once."""
    for effect in statement.effects:
        works = [work for work in effect.work if work.kind is Kind.CHANGE]
        rows = sum(work.rows for work in works)
        if rows / rates.write >= LONG_ROW_LOCKS:
            limit = "up to " if any(work.is_limit for work in works) else ""
            yield Finding(
                f"{limit}{rows:,} rows of {effect.table.name} stay locked for "
                f"{in_words(rows / rates.write)}, and as many dead ones are left for VACUUM",
                BATCHES,
            )


def _lock_at_work(effect: Effect) -> Lock | None:
    """Return the lock under which a table is worked on, whichever statement has taken it."""
    return effect.held if any(work.kind in LONG_WORK for work in effect.work) else effect.lock


def _group(locks: Sequence[tuple[Lock | None, str]]) -> Iterator[tuple[Lock, str]]:
    """Yield each lock that people feel, with the names of all tables that have it."""
    for lock in sorted({lock for lock, _ in locks if lock and lock.is_felt}, reverse=True):
        yield lock, " and ".join(name for each, name in locks if each is lock)


def _instead(statement: Statement) -> str:
    """Say how the same is done while others work with the table."""
    kinds = {work.kind for effect in statement.effects for work in effect.work}
    changes = {change for effect in statement.effects for change in effect.changes}
    if Kind.REWRITE in kinds:
        if Change.COLUMN_TYPE in changes:
            return A_NEW_COLUMN
        return WITHOUT_DEFAULT if Change.COLUMN_ADDED in changes else OUTSIDE
    choices = INSTEAD_OF_INDEX if Kind.INDEX in kinds else INSTEAD_OF_SCAN
    found = [words for change, words in choices.items() if change in changes]
    return "; ".join(found) or ("op.create_index_online" if Kind.INDEX in kinds else APART)


def in_words(seconds: float) -> str:
    """Return an estimated duration as people say it."""
    if seconds < BRIEF:
        return "< 0.1 s"
    if seconds < 10:  # noqa: PLR2004 below it the first decimal tells something
        return f"~{seconds:.1f} s"
    for unit, length in (("s", 1), ("min", 60), ("h", 3600)):
        if seconds < 120 * length or unit == "h":
            return f"~{seconds / length:,.0f} {unit}"
    raise AssertionError(seconds)

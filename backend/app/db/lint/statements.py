"""Look at a revision's statements for what squawk does not know."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from app.db.lint.finding import Finding
from app.db.lint.render import Call, Rendering, unfold
from app.db.lint.rules import RULES
from app.db.lint.sql import ALTER_TABLE, IF, TABLE, Kind, Statement

ENDS_TRANSACTION = r"^(?:ABORT|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|START TRANSACTION)\b"
OUTSIDE_ONLY = r"^(?!REFRESH\b).*\bCONCURRENTLY\b|^VACUUM\b"
REWRITES = (
    r"^(?:CLUSTER|VACUUM FULL|VACUUM \([^)]*\bFULL\b)|^REFRESH MATERIALIZED VIEW (?!CONCURRENTLY)"
    rf"|{ALTER_TABLE} .*?\bSET (?:ACCESS METHOD|EXPRESSION|LOGGED|TABLESPACE|UNLOGGED)\b"
)
ADDS_CHECK = rf"{ALTER_TABLE} ADD (?:COLUMN )?(?!CONSTRAINT|CHECK).*?\bCHECK ?\("
CREATES_CONCURRENTLY = r"^CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?(?P<name>[\w$]+)"
DROPS_CONCURRENTLY = r"^DROP INDEX CONCURRENTLY IF EXISTS (?:[\w$]+\.)*(?P<name>[\w$]+)"
LOCKS_TABLE = (
    ALTER_TABLE,
    rf"^DROP TABLE {IF}{TABLE}",
    rf"^CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).*?\bON (?:ONLY )?{TABLE}",
    rf"^(?:CREATE|DROP) (?:CONSTRAINT |OR REPLACE )*(?:TRIGGER|RULE|POLICY) .*?\bON {TABLE}",
)
WRITES = r"(?<!FOR )(?<!KEY )\b(?:UPDATE|DELETE FROM|MERGE INTO)\b (?!SET\b)"
# The models' own primary key: whoever names its values means as many rows.
BY_KEY = r"\bWHERE (?:[\w$]+\.)?id ?(?:= ?(?:\d+|'')|IN ?\([\d, ']*\))$"
NO_LIMIT = r"\block_timeout ?(?:=|TO) ?(?:0|'')"

# What a statement must not be, in a DO block neither.
FORBIDDEN = {
    "lock-table": r"^LOCK\b",
    "table-rewrite": REWRITES,
    "truncate": r"^TRUNCATE\b",
    "constraint-missing-not-valid": ADDS_CHECK,
}


def inspect(path: Path, upgrade: Rendering, *, is_declared: bool) -> Iterator[Finding]:
    """Yield what is found in the statements that the revision itself has written.

    Args:
        path: the revision's file.
        upgrade: what its `upgrade` does.
        is_declared: whether it says if it may run twice.
    """
    new_tables = {call.statement.new_table for call in upgrade.calls} - {None}
    own = [call for call in unfold(upgrade.calls) if not call.is_online]
    others = [call for call in own if call.statement.table not in new_tables]
    for call in others:
        for name in _find_forbidden(call):
            yield _finding(path, call, name)
    yield from _inspect_builds(path, own)
    yield from _inspect_kinds(path, others)
    yield from _inspect_tables(path, others)
    yield from _inspect_steps(path, upgrade)
    if upgrade.own_steps and not is_declared:
        what = "an autocommit block, and the revision does not say whether it is repeatable"
        yield Finding(path, upgrade.own_steps[0], RULES["not-repeatable"], what)


def _find_forbidden(call: Call) -> Iterator[str]:
    """Yield the names of the rules that a statement breaks by itself."""
    statement = call.statement
    for name, pattern in FORBIDDEN.items():
        if statement.matches(pattern):
            yield name
    if call.block is None and statement.matches(ENDS_TRANSACTION):
        yield "own-transaction"
    if call.step is None and statement.matches(OUTSIDE_ONLY):
        yield "concurrently-in-transaction"
    if statement.matches(r"^SET\b") and _lifts_limit(statement):
        yield "no-lock-timeout"
    is_batch = call.block is not None and any(each.matches("^COMMIT$") for each in call.block.inner)
    if not is_batch and _writes_many(statement):
        yield "unbatched-write"


def _lifts_limit(statement: Statement) -> bool:
    return statement.matches(NO_LIMIT) and not any(digit in statement.text for digit in "123456789")


def _writes_many(statement: Statement) -> bool:
    """Whether it changes rows that are there and does not name them one by one."""
    return (
        statement.kind is Kind.DATA
        and statement.matches(WRITES)
        and not statement.matches(r"^INSERT\b|^COPY\b")
        and not statement.matches(BY_KEY)
    )


def _inspect_builds(path: Path, calls: Sequence[Call]) -> Iterator[Finding]:
    """Yield concurrent builds that do not remove first what an earlier one may have left."""
    dropped: set[str] = set()
    for call in calls:
        if match := call.statement.find(DROPS_CONCURRENTLY):
            dropped.add(match["name"])
        match = call.statement.find(CREATES_CONCURRENTLY)
        if match and match["name"] not in dropped:
            yield _finding(path, call, "invalid-index")


def _inspect_kinds(path: Path, calls: Sequence[Call]) -> Iterator[Finding]:
    """Yield the first statement that changes data where another one changes the schema."""
    first = {kind: call for call in reversed(calls) for kind in [call.statement.kind]}
    if Kind.SCHEMA in first and Kind.DATA in first:
        yield _finding(path, first[Kind.DATA], "schema-and-data")


def _inspect_tables(path: Path, calls: Sequence[Call]) -> Iterator[Finding]:
    """Yield the first statement that locks another table than the one that is locked already."""
    within = [call for call in calls if call.step is None]
    locking = [(call, table) for call in within if (table := _locked_table(call.statement))]
    for call, table in locking:
        if table != locking[0][1]:
            yield _finding(path, call, "one-table")
            return


def _locked_table(statement: Statement) -> str | None:
    """Return the table that a statement keeps others out of, until its transaction ends."""
    found = (statement.find(pattern) for pattern in LOCKS_TABLE)
    return next((match["table"].lower() for match in found if match), None)


def _inspect_steps(path: Path, upgrade: Rendering) -> Iterator[Finding]:
    """Yield the second autocommit step, or what changes something beside the only one."""
    steps = [call for call in upgrade.calls if call.step]
    beside = [call for call in upgrade.calls if not call.step]
    changes = [call for call in beside if call.statement.kind is not Kind.NOTHING]
    later = [call for call in steps if call.step != steps[0].step]
    for call in [*later[:1], *(changes[:1] if steps else [])]:
        yield _finding(path, call, "one-autocommit-step")


def _finding(path: Path, call: Call, name: str) -> Finding:
    return Finding(path, call.line, RULES[name], str(call.statement))

"""Check a revision's statements for hazards that squawk does not know."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from alembic_zero_downtime.lint.dynamic_sql import builds_sql, statements_in_do_block
from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.lifetimes import Lifetimes, created_tables
from alembic_zero_downtime.lint.offline_sql import RenderedStatement, Rendering, expand_do_blocks
from alembic_zero_downtime.lint.row_reads import BY_KEY, tables_of
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.sql import (
    ALTER_TABLE,
    IF,
    TABLE,
    TRIGGER_OR_RULE,
    Statement,
    StatementKind,
    table_name,
)

ENDS_TRANSACTION = r"^(?:ABORT|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|START TRANSACTION)\b"
NOT_IN_TRANSACTION = r"^(?!REFRESH\b).*\bCONCURRENTLY\b|^VACUUM\b"
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
    TRIGGER_OR_RULE,
)
WRITES = r"(?<!FOR )(?<!KEY )\b(?:UPDATE|DELETE FROM|MERGE INTO)\b (?!SET\b)"
NO_LIMIT = r"\block_timeout ?(?:=|TO) ?(?:0|'')"

# Forbidden wherever it runs, also in a DO block.
FORBIDDEN = {
    "ban-alter-domain-with-add-constraint": r"^ALTER DOMAIN\b.*\bSET NOT NULL\b",
    "disabled-trigger": r"^ALTER (?:FOREIGN )?TABLE\b.*\bDISABLE TRIGGER\b",
    "lock-table": r"^LOCK\b",
    "table-rewrite": REWRITES,
    "truncate": r"^TRUNCATE\b",
    "constraint-missing-not-valid": ADDS_CHECK,
}


def check_statements(
    path: Path, upgrade: Rendering, lifetimes: Lifetimes, *, is_declared: bool
) -> Iterator[Finding]:
    """Yield the findings in the statements that the revision itself issues.

    Args:
        path: the revision's file.
        upgrade: the rendered `upgrade`.
        lifetimes: the statements on objects that no release uses.
        is_declared: whether the revision declares if it is repeatable.
    """
    own = [each for each in expand_do_blocks(upgrade.statements) if not each.is_online]
    for rendered in own:
        for name in _find_forbidden(rendered, is_used=rendered.key not in lifetimes.on_unused):
            yield _finding(path, rendered, name)
    yield from _check_dynamic_sql(path, upgrade.statements)
    yield from _check_concurrent_builds(path, own)
    yield from _check_row_loops(path, upgrade.statements)
    combined = (each for one in upgrade.paths for each in _check_path(path, one, lifetimes))
    yield from dict.fromkeys(combined)
    if upgrade.autocommit_lines and not is_declared:
        message = "an autocommit block, and the revision does not set repeatable"
        yield Finding(path, upgrade.autocommit_lines[0], RULES["not-repeatable"], message)


def _check_path(
    path: Path, statements: Sequence[RenderedStatement], lifetimes: Lifetimes
) -> Iterator[Finding]:
    """Yield the findings in combinations of statements: in one path, and not in several."""
    expanded = expand_do_blocks(statements)
    on_existing = [
        each for each in expanded if not each.is_online and each.key not in lifetimes.on_unused
    ]
    yield from _check_kinds(path, on_existing)
    yield from _check_locked_tables(path, on_existing)
    yield from _check_autocommit_blocks(path, expanded)


def _find_forbidden(rendered: RenderedStatement, *, is_used: bool) -> Iterator[str]:
    """Yield the names of the rules that a statement violates, regardless of the others."""
    statement = rendered.statement
    if rendered.do_block is None and statement.matches(ENDS_TRANSACTION):
        yield "own-transaction"
    if rendered.autocommit_block is None and statement.matches(NOT_IN_TRANSACTION):
        yield "concurrently-in-transaction"
    if statement.matches(r"^SET\b") and _removes_limit(statement):
        yield "no-lock-timeout"
    if not is_used:
        return
    for name, pattern in FORBIDDEN.items():
        if statement.matches(pattern):
            yield name
    is_batch = rendered.do_block is not None and any(
        each.matches("^COMMIT$") for each in rendered.do_block.nested
    )
    if not is_batch and _writes_many(statement):
        yield "unbatched-write"


def _removes_limit(statement: Statement) -> bool:
    return statement.matches(NO_LIMIT) and not any(digit in statement.text for digit in "123456789")


def _writes_many(statement: Statement) -> bool:
    """Whether it changes existing rows without selecting each by its key."""
    return (
        statement.kind is StatementKind.DATA
        and statement.matches(WRITES)
        and not statement.matches(r"^INSERT\b|^COPY\b")
        and not statement.matches(BY_KEY)
    )


def _check_dynamic_sql(path: Path, statements: Sequence[RenderedStatement]) -> Iterator[Finding]:
    """Yield the statements of DO blocks that execute SQL built at run time."""
    for rendered in (each for each in statements if not each.is_online):
        for inner in statements_in_do_block(rendered.statement):
            if builds_sql(inner):
                yield Finding(path, rendered.line, RULES["dynamic-sql"], str(inner))


def _check_concurrent_builds(
    path: Path, statements: Sequence[RenderedStatement]
) -> Iterator[Finding]:
    """Yield concurrent index builds that do not drop the invalid index of a failed one first."""
    dropped: set[str] = set()
    for rendered in statements:
        if match := rendered.statement.find(DROPS_CONCURRENTLY):
            dropped.add(match["name"])
        match = rendered.statement.find(CREATES_CONCURRENTLY)
        if match and match["name"] not in dropped:
            yield _finding(path, rendered, "invalid-index")


def _check_row_loops(path: Path, statements: Sequence[RenderedStatement]) -> Iterator[Finding]:
    """Yield the statements that write once for each row of a table that was there before."""
    new: set[str] = set()
    for rendered in statements:
        for inner in (rendered.statement, *rendered.statement.nested):
            new.update(created_tables(inner))
        query = rendered.row_query
        is_writing = rendered.statement.kind is StatementKind.DATA
        is_within = rendered.autocommit_block is None and not rendered.is_online
        if query and is_writing and is_within and not tables_of(query) <= new:
            message = f"{rendered.statement}, for each row of {query}"
            yield Finding(path, rendered.line, RULES["row-by-row"], message)


def _check_kinds(path: Path, statements: Sequence[RenderedStatement]) -> Iterator[Finding]:
    """Yield the first statement that changes data, if another one changes the schema."""
    first = {kind: each for each in reversed(statements) for kind in [each.statement.kind]}
    if StatementKind.SCHEMA in first and StatementKind.DATA in first:
        yield _finding(path, first[StatementKind.DATA], "schema-and-data")


def _check_locked_tables(path: Path, statements: Sequence[RenderedStatement]) -> Iterator[Finding]:
    """Yield the first statement that locks a second table in the revision's transaction."""
    within = [each for each in statements if each.autocommit_block is None]
    locking = [(each, table) for each in within if (table := _locked_table(each.statement))]
    for rendered, table in locking:
        if table != locking[0][1]:
            yield _finding(path, rendered, "one-table")
            return


def _locked_table(statement: Statement) -> str | None:
    """Return the table that a statement locks against writes until its transaction ends."""
    found = (statement.find(pattern) for pattern in LOCKS_TABLE)
    return next((table_name(match) for match in found if match), None)


def _check_autocommit_blocks(
    path: Path, statements: Sequence[RenderedStatement]
) -> Iterator[Finding]:
    """Yield the second autocommit block, and the first change outside the only one."""
    inside = [each for each in statements if each.autocommit_block]
    outside = [each for each in statements if not each.autocommit_block]
    changes = [each for each in outside if each.statement.kind is not StatementKind.NOTHING]
    later = [each for each in inside if each.autocommit_block != inside[0].autocommit_block]
    for rendered in [*later[:1], *(changes[:1] if inside else [])]:
        yield _finding(path, rendered, "one-autocommit-step")


def _finding(path: Path, rendered: RenderedStatement, name: str) -> Finding:
    return Finding(path, rendered.line, RULES[name], str(rendered.statement))

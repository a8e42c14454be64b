"""Tell from the text of a statement whether it only reads, and whether it may branch over rows."""

import re

from alembic_zero_downtime.operations.context import WAIT_FOR_VACUUM
from alembic_zero_downtime.plan.effect import WorkKind
from alembic_zero_downtime.sql import split_statements, without_quoted

# Statements without an effect that other sessions can observe, unless they work on a table.
READ_ONLY = re.compile(
    r"""\s*(?: SELECT | SET | RESET | SHOW | VALUES | SAVEPOINT | RELEASE | ROLLBACK
             | WITH \b (?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b) )\b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
QUERY = re.compile(r"\s*(?:SELECT|WITH|VALUES)\b", re.IGNORECASE)
INTO = re.compile(r"\bINTO\b", re.IGNORECASE)
# Code on the server that may loop or branch over rows.
CODE = r"^(?:DO|CALL)\b"
CONTROL = r"\b(?:LOOP|IF|CASE|INTO|EXECUTE|PERFORM|FOUND|EXIT|RETURN|EXCEPTION|ASSERT)\b|:="
VACUUM = r"^VACUUM\b(?!.*\bFULL\b)"
ANALYZE = r"^(?:VACUUM\b.*)?\bANALYZE\b"
# It precedes the statement that is shown.
VACUUM_WAIT = re.compile(re.escape(WAIT_FOR_VACUUM).replace(r"\{\}", r"\S+"))


def pattern_of_names(*names: str) -> re.Pattern[str]:
    """Return a pattern that finds one of the names, also in quotes."""
    doubled = (name.replace('"', '""') for name in names)
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, doubled))})(?!\w)")


def is_query(bare: str) -> bool:
    """Whether a statement without its quoted parts only returns rows."""
    return bool(QUERY.match(bare) and READ_ONLY.match(bare) and not INTO.search(bare))


def may_branch(sql: str) -> bool:
    """Whether a statement runs code on the server that may loop or branch over rows."""
    for statement in split_statements(sql):
        if not statement.matches(CODE):
            continue
        if statement.matches(r"^CALL\b"):
            return True
        if any(
            re.search(CONTROL, without_quoted(body), re.IGNORECASE) for body in statement.bodies
        ):
            return True
    return False


def maintenance_of(sql: str) -> tuple[WorkKind, ...]:
    """Return what VACUUM and ANALYZE do to their tables."""
    statements = list(split_statements(sql))
    patterns = ((VACUUM, WorkKind.SCAN), (ANALYZE, WorkKind.ANALYZE))
    return tuple(
        kind for pattern, kind in patterns if any(each.matches(pattern) for each in statements)
    )

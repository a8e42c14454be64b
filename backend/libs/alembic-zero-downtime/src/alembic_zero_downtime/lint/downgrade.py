"""Check that a downgrade drops the objects of the upgrade, or raises an error with a reason."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.offline_sql import RenderedStatement, Rendering, expand_do_blocks
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.sql import ALTER_TABLE, IF, NAME, Statement

OBJECTS = (
    "DOMAIN|EXTENSION|FUNCTION|MATERIALIZED VIEW|POLICY|PROCEDURE|SCHEMA|SEQUENCE|STATISTICS"
    "|TABLE|TRIGGER|TYPE|VIEW"
)
NO_COLUMN = r"(?!CONSTRAINT\b|CHECK\b|EXCLUDE\b|FOREIGN\b|GENERATED\b|PRIMARY\b|UNIQUE\b|VALUE\b)"

CREATES_INDEX = rf"^CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?{IF}{NAME} ON\b"
CREATES_CONSTRAINT = rf"\bADD CONSTRAINT {NAME}"
CREATES_COLUMN = rf"\bADD (?:COLUMN )?{IF}{NO_COLUMN}{NAME}"
CREATES_OBJECT = rf"^CREATE (?:TEMP |UNLOGGED )?(?:{OBJECTS}) {IF}{NAME}"
DROPS = (
    rf"\bDROP (?:{OBJECTS}|INDEX(?: CONCURRENTLY)?|COLUMN|CONSTRAINT) {IF}"
    r"(?P<names>[\w$.]+(?:, ?(?!ADD |ALTER |DROP )[\w$.]+)*)"
)

# A replacement that is built beside the old object takes over its name at the end. After that, the
# replacement's own name no longer exists.
RENAMES = (rf"\bRENAME CONSTRAINT {NAME} TO\b", rf"\bALTER INDEX {IF}{NAME} RENAME TO\b")


def check_downgrade(path: Path, upgrade: Rendering, downgrade: Rendering) -> Iterator[Finding]:
    """Yield the objects that a downgrade silently keeps.

    Args:
        path: the revision's file.
        upgrade: the rendered `upgrade`.
        downgrade: the rendered `downgrade`.
    """
    rule = RULES["downgrade"]
    if downgrade.is_refusal:
        if not str(downgrade.error).strip():
            yield Finding(path, downgrade.error_line, rule, "it raises an error without a reason")
        return
    if downgrade.error:  # reported by the rule offline-sql
        return
    if upgrade.statements and not downgrade.statements:
        message = "upgrade() makes changes, and downgrade() makes none"
        yield Finding(path, upgrade.statements[0].line, rule, message)
        return
    for rendered, name in _find_kept(upgrade.statements, downgrade.statements):
        message = f"{name} is created here, and downgrade() keeps it"
        yield Finding(path, rendered.line, rule, message)


def _find_kept(
    upgrade: Sequence[RenderedStatement], downgrade: Sequence[RenderedStatement]
) -> Iterator[tuple[RenderedStatement, str]]:
    """Yield the names that exist after both, each with the statement that creates it."""
    upgrade = expand_do_blocks(upgrade)
    dropped = {
        name for each in expand_do_blocks(downgrade) for name in _dropped_names(each.statement)
    }
    for number, rendered in enumerate(upgrade):
        later = {name for each in upgrade[number:] for name in _dropped_names(each.statement)}
        for name, owners in _created_names(rendered.statement):
            if name not in dropped | later and not owners & dropped:
                yield rendered, name


def _created_names(statement: Statement) -> Iterator[tuple[str, set[str]]]:
    """Yield the names that a statement creates, each with the names that it is dropped with."""
    words = set(re.findall(r"[\w$]+", statement.words.lower()))
    for pattern in (CREATES_INDEX, CREATES_CONSTRAINT):  # dropped with any of the columns
        yield from ((match["name"].lower(), words) for match in statement.find_all(pattern))
    if statement.matches(ALTER_TABLE):
        for match in statement.find_all(CREATES_COLUMN):
            yield match["name"].lower(), {statement.table or ""}
    yield from ((match["name"].lower(), set()) for match in statement.find_all(CREATES_OBJECT))


def _dropped_names(statement: Statement) -> Iterator[str]:
    """Yield the names that no longer exist after a statement."""
    for match in statement.find_all(DROPS):
        for name in match["names"].split(","):
            yield name.strip().rpartition(".")[2].lower()
    for pattern in RENAMES:
        yield from (match["name"].lower() for match in statement.find_all(pattern))

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
CREATES_COLUMN = rf"\bADD (?:COLUMN {IF}|(?!COLUMN\b){IF}{NO_COLUMN}){NAME}"
# An extension that may have been there before is not the revision's.
CREATES_OBJECT = rf"^CREATE (?!EXTENSION IF NOT EXISTS\b)(?:UNLOGGED )?(?:{OBJECTS}) {IF}{NAME}"
DROPS = (
    rf"\bDROP (?:{OBJECTS}|INDEX(?: CONCURRENTLY)?|COLUMN|CONSTRAINT) {IF}"
    r"(?P<names>[\w$.]+(?:, ?(?!ADD |ALTER |DROP )[\w$.]+)*)"
)

# A replacement that is built beside the old object takes over its name at the end. After that, the
# replacement's own name no longer exists.
TAKES_NAME = (rf"\bRENAME CONSTRAINT {NAME} TO\b", rf"\bALTER INDEX {IF}{NAME} RENAME TO\b")
RENAMES = (
    rf"^ALTER (?:{OBJECTS}) {IF}{NAME}(?: ?\([^()]*\))? RENAME TO (?P<new>[\w$]+)",
    r"\bRENAME (?!CONSTRAINT\b|TO\b)(?:COLUMN )?(?P<name>[\w$]+) TO (?P<new>[\w$]+)",
)


def check_downgrade(path: Path, upgrade: Rendering, downgrade: Rendering) -> Iterator[Finding]:
    """Yield the objects that a downgrade silently keeps.

    Args:
        path: the revision's file.
        upgrade: the rendered `upgrade`.
        downgrade: the rendered `downgrade`.
    """
    rule = RULES["downgrade"]
    if downgrade.refusal:
        if not str(downgrade.refusal.error).strip():
            line = downgrade.refusal.line
            yield Finding(path, line, rule, "it raises an error without a reason")
        return
    if downgrade.failures or downgrade.unseen:  # reported by other rules
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
    dropped = _dropped_by(expand_do_blocks(downgrade))
    for number, rendered in enumerate(upgrade):
        later = [each.statement for each in upgrade[number:]]
        for name, owners in _created_names(rendered.statement):
            final, gone = _follow(name, later)
            is_dropped = gone or final in dropped
            if not is_dropped and not {_follow(each, later)[0] for each in owners} & dropped:
                yield rendered, name


def _dropped_by(downgrade: Sequence[RenderedStatement]) -> set[str]:
    """Return the names that no longer exist after a downgrade, also those that it renames first."""
    dropped: set[str] = set()
    for rendered in reversed(downgrade):
        dropped.update(_dropped_names(rendered.statement))
        dropped.update(old for old, new in _renamed(rendered.statement) if new in dropped)
    return dropped


def _follow(name: str, statements: Sequence[Statement]) -> tuple[str, bool]:
    """Return the last name of an object, and whether it is dropped."""
    for statement in statements:
        if name in _dropped_names(statement):
            return name, True
        name = next((new for old, new in _renamed(statement) if old == name), name)
    return name, False


def _renamed(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield the old and the new name of each object that a statement renames."""
    for pattern in RENAMES:
        for match in statement.find_all(pattern):
            yield match["name"].lower(), match["new"].lower()


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
    for pattern in TAKES_NAME:
        yield from (match["name"].lower() for match in statement.find_all(pattern))

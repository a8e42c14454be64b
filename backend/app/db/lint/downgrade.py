"""Tell whether a downgrade takes back what the upgrade makes, or says why it does not."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.db.lint.finding import Finding
from app.db.lint.render import Call, Rendering, unfold
from app.db.lint.rules import RULES
from app.db.lint.sql import ALTER_TABLE, IF, NAME, Statement

OBJECTS = (
    "DOMAIN|EXTENSION|FUNCTION|MATERIALIZED VIEW|POLICY|PROCEDURE|SCHEMA|SEQUENCE|STATISTICS"
    "|TABLE|TRIGGER|TYPE|VIEW"
)
NO_COLUMN = r"(?!CONSTRAINT\b|CHECK\b|EXCLUDE\b|FOREIGN\b|GENERATED\b|PRIMARY\b|UNIQUE\b|VALUE\b)"

MAKES_INDEX = rf"^CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?{IF}{NAME} ON\b"
MAKES_CONSTRAINT = rf"\bADD CONSTRAINT {NAME}"
MAKES_COLUMN = rf"\bADD (?:COLUMN )?{IF}{NO_COLUMN}{NAME}"
MAKES_OBJECT = rf"^CREATE (?:TEMP |UNLOGGED )?(?:{OBJECTS}) {IF}{NAME}"
REMOVES = (
    rf"\bDROP (?:{OBJECTS}|INDEX(?: CONCURRENTLY)?|COLUMN|CONSTRAINT) {IF}"
    r"(?P<names>[\w$.]+(?:, ?(?!ADD |ALTER |DROP )[\w$.]+)*)"
)

# What is built beside its predecessor takes its name in the end, and is no longer there by its own.
RENAMES = (rf"\bRENAME CONSTRAINT {NAME} TO\b", rf"\bALTER INDEX {IF}{NAME} RENAME TO\b")


def inspect(path: Path, upgrade: Rendering, downgrade: Rendering) -> Iterator[Finding]:
    """Yield what a downgrade leaves behind without a word.

    Args:
        path: the revision's file.
        upgrade: what its `upgrade` does.
        downgrade: what its `downgrade` does.
    """
    rule = RULES["downgrade"]
    if downgrade.is_refusal:
        if not str(downgrade.error).strip():
            yield Finding(path, downgrade.error_line, rule, "an error without a reason")
        return
    if downgrade.error:  # it cannot be seen; another rule says so
        return
    if upgrade.calls and not downgrade.calls:
        what = "upgrade() changes something, and downgrade() nothing"
        yield Finding(path, upgrade.calls[0].line, rule, what)
        return
    for call, name in _left_behind(upgrade.calls, downgrade.calls):
        yield Finding(path, call.line, rule, f"{name} is made here, and downgrade() keeps it")


def _left_behind(made: Sequence[Call], undone: Sequence[Call]) -> Iterator[tuple[Call, str]]:
    """Yield what is still there after both, with the call that makes it."""
    made = unfold(made)
    gone = {name for call in unfold(undone) for name in _removed(call.statement)}
    for number, call in enumerate(made):
        later = {name for other in made[number:] for name in _removed(other.statement)}
        for name, owners in _made(call.statement):
            if name not in gone | later and not owners & gone:
                yield call, name


def _made(statement: Statement) -> Iterator[tuple[str, set[str]]]:
    """Yield the names that a statement makes, each with names of what it would go with."""
    words = set(re.findall(r"[\w$]+", statement.words.lower()))
    for pattern in (MAKES_INDEX, MAKES_CONSTRAINT):  # goes with any of its columns
        yield from ((match["name"].lower(), words) for match in statement.find_all(pattern))
    if statement.matches(ALTER_TABLE):
        for match in statement.find_all(MAKES_COLUMN):
            yield match["name"].lower(), {statement.table or ""}
    yield from ((match["name"].lower(), set()) for match in statement.find_all(MAKES_OBJECT))


def _removed(statement: Statement) -> Iterator[str]:
    """Yield the names that are gone after a statement."""
    for match in statement.find_all(REMOVES):
        for name in match["names"].split(","):
            yield name.strip().rpartition(".")[2].lower()
    for pattern in RENAMES:
        yield from (match["name"].lower() for match in statement.find_all(pattern))

"""Give a revision's SQL to squawk, and say in our words what it finds.

squawk is one program without a database: it knows what PostgreSQL locks, scans and rewrites.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alembic.util import CommandError

from app.db.lint.finding import Finding, Rule
from app.db.lint.render import Call, unfold
from app.db.lint.rules import RULES
from app.db.lint.sql import Kind, Statement

OLDEST = "15"  # of the versions that the project supports

OFF = {
    "ban-concurrent-index-creation-in-transaction": "ours is concurrently-in-transaction",
    "ban-drop-constraint": "it takes a moment, and loosens what may be written",
    "ban-drop-not-null": "it takes a moment, and is the first step of removing a column",
    "ban-truncate-cascade": "ours is truncate",
    "ban-uncommitted-transaction": "ours is own-transaction",
    "prefer-bigint-over-int": "a year or a number of pages is no key, and keys are bigint",
    "prefer-bigint-over-smallint": "the same",
    "prefer-repack": "ours is table-rewrite",
    "prefer-robust-stmts": (
        "a revision runs once and as a whole; IF NOT EXISTS would hide that something else is there"
    ),
    "require-enum-value-ordering": "the order of an enum's values hurts nobody",
    "require-lock-timeout": "each run sets it (MIGRATION_LOCK_TIMEOUT)",
    "require-statement-timeout": "a long build is allowed to take long; what it locks is looked at",
    "require-table-schema": "the schema is the one in the search path",
    "transaction-nesting": "ours is own-transaction",
}
"""Rules of squawk's that are not ours, and why."""

# They are about the words and hold for a new table and an online operation too.
OF_WORDS = {
    "ban-char-field",
    "ban-create-domain-with-constraint",
    "identifier-too-long",
    "prefer-identity",
    "prefer-text-field",
    "prefer-timestamp-tz",
    "syntax-error",
}

# Of two that find one thing, this is said.
MORE_EXACT = {
    "adding-foreign-key-constraint",
    "adding-serial-primary-key-field",
    "disallowed-unique-constraint",
}


def find_squawk() -> str:
    """Return the path of the program.

    Raises:
        CommandError: It is not installed.
    """
    beside = shutil.which("squawk", path=str(Path(sys.executable).parent))
    if program := beside or shutil.which("squawk"):
        return program
    raise CommandError(
        "squawk is not installed here, as it is only for development: make install, and run "
        "make migrate-lint in the checkout"
    )


def inspect(path: Path, calls: Sequence[Call]) -> Iterator[Finding]:
    """Yield what squawk finds in a revision's statements, also in those of a DO block.

    A table that the revision itself makes is used by nobody, and online operations know what they
    do: there only the rules about words count.

    Raises:
        CommandError: squawk is not installed, or fails.
    """
    calls = [call for call in unfold(calls) if not call.block or _is_readable(call.statement)]
    lines, script = write(calls)
    new_tables = {call.statement.new_table for call in calls} - {None}
    found: dict[int, dict[str, Any]] = {}
    for each in _ask(script):
        found.setdefault(lines[each["line"]], {}).setdefault(each["rule_name"], each)
    for number, by_name in sorted(found.items()):
        call = calls[number]
        if by_name.keys() & MORE_EXACT:
            by_name.pop("constraint-missing-not-valid", None)
        is_harmless = call.is_online or call.statement.table in new_tables
        for name, each in by_name.items():
            if name not in OF_WORDS and (is_harmless or _is_mere_label(name, call)):
                continue
            rule = RULES.get(name) or Rule(name, each["message"], each["help"] or "see squawk")
            yield Finding(path, call.line, rule, str(call.statement))


def write(calls: Sequence[Call]) -> tuple[list[int], str]:
    """Return the script of a revision, and for each of its lines the number of the call."""
    lines, script = [0], "BEGIN;\n"
    step: int | None = None
    for number, call in enumerate(calls):
        # squawk has exceptions of its own, which would go past ours.
        # A comment at the end would swallow a semicolon on its line.
        text = call.statement.text.replace("squawk-ignore", "squawk_ignore") + "\n;\n"
        if (call.step is None) != (step is None):
            text = ("BEGIN;\n" if call.step is None else "COMMIT;\n") + text
        step = call.step
        script += text
        lines += [number] * text.count("\n")
    return [*lines, len(calls) - 1], script + ("COMMIT;\n" if step is None else "")


def _is_readable(statement: Statement) -> bool:
    """Whether a statement of a DO block is SQL that squawk has rules for, and no PL/pgSQL."""
    return statement.kind is Kind.SCHEMA and not statement.inner


def _is_mere_label(name: str, call: Call) -> bool:
    """Whether a new name is one that no code knows: an index's or a constraint's."""
    return name == "renaming-object" and call.statement.matches("^ALTER INDEX|RENAME CONSTRAINT")


def _ask(script: str) -> list[dict[str, Any]]:
    """Return what squawk reports.

    Raises:
        CommandError: It is not installed, or fails.
    """
    options = ["--reporter", "json", "--pg-version", OLDEST, "--exclude", ",".join(sorted(OFF))]
    done = subprocess.run(
        [find_squawk(), *options], input=script, capture_output=True, encoding="utf-8", check=False
    )
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError:
        reason = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
        raise CommandError(f"squawk cannot read the SQL of a revision: {reason}") from None
    return found

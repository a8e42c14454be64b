"""Check a revision's SQL with squawk, and report its findings with the texts of our rules.

squawk is a program without a database: it knows which statements lock, scan or rewrite a table.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.lint.finding import Finding, Rule
from alembic_zero_downtime.lint.offline_sql import RenderedStatement, expand_do_blocks
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.sql import Statement, StatementKind

OLDEST_VERSION = "15"  # of PostgreSQL that is supported

DISABLED = {
    "ban-concurrent-index-creation-in-transaction": "covered by concurrently-in-transaction",
    "ban-drop-constraint": "a brief lock, and the constraint only becomes less strict",
    "ban-drop-not-null": "a brief lock, and the first step of dropping a column",
    "ban-truncate-cascade": "covered by truncate",
    "ban-uncommitted-transaction": "covered by own-transaction",
    "prefer-bigint-over-int": "a year or a count is not a key, and keys are bigint",
    "prefer-bigint-over-smallint": "the same",
    "prefer-repack": "covered by table-rewrite",
    "prefer-robust-stmts": (
        "a revision runs once and as a whole; IF NOT EXISTS would hide that another object exists"
    ),
    "require-enum-value-ordering": "the order of enum values is harmless",
    "require-lock-timeout": "each run sets it (MIGRATION_LOCK_TIMEOUT)",
    "require-statement-timeout": "a long build may take long; other rules check its locks",
    "require-table-schema": "the search path selects the schema",
    "transaction-nesting": "covered by own-transaction",
}
"""Rules of squawk that are disabled, and why."""

# They check types, names and syntax: also in a new table and in an online operation.
ALWAYS_CHECKED = {
    "ban-char-field",
    "ban-create-domain-with-constraint",
    "identifier-too-long",
    "prefer-identity",
    "prefer-text-field",
    "prefer-timestamp-tz",
    "syntax-error",
}

# Each replaces constraint-missing-not-valid, which squawk reports for the same statement.
MORE_SPECIFIC = {
    "adding-foreign-key-constraint",
    "adding-serial-primary-key-field",
    "disallowed-unique-constraint",
}


def find_squawk() -> str:
    """Return the path of squawk: in the folder of this Python, or in PATH.

    Raises:
        CommandError: It is not installed.
    """
    local = shutil.which("squawk", path=str(Path(sys.executable).parent))
    if program := local or shutil.which("squawk"):
        return program
    raise MigrationError(
        "squawk is not installed here: run the lint in a development environment, with "
        "alembic-zero-downtime[lint] installed"
    )


def run_squawk(path: Path, statements: Sequence[RenderedStatement]) -> Iterator[Finding]:
    """Yield the findings of squawk in a revision's statements, also in those of a DO block.

    No other session uses a table that the revision itself creates, and online operations are safe:
    there, only the rules in ALWAYS_CHECKED apply.

    Raises:
        CommandError: squawk is not installed, or fails.
    """
    statements = [
        each
        for each in expand_do_blocks(statements)
        if not each.do_block or _is_checkable(each.statement)
    ]
    numbers, script = write_script(statements)
    new_tables = {each.statement.new_table for each in statements} - {None}
    found: dict[int, dict[str, Any]] = {}
    for report in _run(script):
        found.setdefault(numbers[report["line"]], {}).setdefault(report["rule_name"], report)
    for number, reports in sorted(found.items()):
        rendered = statements[number]
        if reports.keys() & MORE_SPECIFIC:
            reports.pop("constraint-missing-not-valid", None)
        is_safe = rendered.is_online or rendered.statement.table in new_tables
        for name, report in reports.items():
            if name not in ALWAYS_CHECKED and (is_safe or _is_unused_name(name, rendered)):
                continue
            rule = RULES.get(name) or Rule(name, report["message"], report["help"] or "see squawk")
            yield Finding(path, rendered.line, rule, str(rendered.statement))


def write_script(statements: Sequence[RenderedStatement]) -> tuple[list[int], str]:
    """Return the script of a revision, and for each of its lines the number of the statement."""
    numbers, script = [0], "BEGIN;\n"
    block: int | None = None
    for number, rendered in enumerate(statements):
        # squawk's own suppressions are disabled. The semicolon is on a separate line, because a
        # statement can end with a comment.
        text = rendered.statement.text.replace("squawk-ignore", "squawk_ignore") + "\n;\n"
        if (rendered.autocommit_block is None) != (block is None):
            text = ("BEGIN;\n" if rendered.autocommit_block is None else "COMMIT;\n") + text
        block = rendered.autocommit_block
        script += text
        numbers += [number] * text.count("\n")
    return [*numbers, len(statements) - 1], script + ("COMMIT;\n" if block is None else "")


def _is_checkable(statement: Statement) -> bool:
    """Whether a statement of a DO block is DDL that squawk parses, and not PL/pgSQL."""
    return statement.kind is StatementKind.SCHEMA and not statement.nested


def _is_unused_name(name: str, rendered: RenderedStatement) -> bool:
    """Whether it renames an index or a constraint, whose name no release uses."""
    is_renaming = name == "renaming-object"
    return is_renaming and rendered.statement.matches("^ALTER INDEX|RENAME CONSTRAINT")


def _run(script: str) -> list[dict[str, Any]]:
    """Return squawk's reports.

    Raises:
        CommandError: It is not installed, or fails.
    """
    options = ["--reporter", "json", "--pg-version", OLDEST_VERSION]
    options += ["--exclude", ",".join(sorted(DISABLED))]
    done = subprocess.run(
        [find_squawk(), *options], input=script, capture_output=True, encoding="utf-8", check=False
    )
    try:
        reports: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError:
        reason = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
        raise MigrationError(f"squawk cannot read the SQL of a revision: {reason}") from None
    return reports

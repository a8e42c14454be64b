"""Check a revision's SQL with squawk, and report its findings with the texts of our rules.

squawk is a program without a database: it knows which statements lock, scan or rewrite a table.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.lint.default_values import rewrites_table
from alembic_zero_downtime.lint.finding import Finding, Rule
from alembic_zero_downtime.lint.lifetimes import Lifetimes
from alembic_zero_downtime.lint.offline_sql import RenderedStatement, expand_do_blocks
from alembic_zero_downtime.lint.row_reads import UNKNOWN
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.sql import ALTER_TABLE, Statement, StatementKind

OLDEST_VERSION = "15"  # of PostgreSQL that is supported
CONFIGURATION = "empty.toml"
SERIAL, REWRITING_COLUMN = "prefer-identity", "adding-field-with-default"
SYNTAX_ERROR = "syntax-error"

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
    SYNTAX_ERROR,
}

# They break the release that uses a column or an object.
ABOUT_NAMES = {
    *("ban-alter-domain-with-add-constraint", "ban-alter-identity", "ban-drop-column"),
    *("ban-drop-default", "ban-drop-domain"),
    *("ban-drop-extension", "ban-drop-function", "ban-drop-generated-expression"),
    *("ban-drop-schema", "ban-drop-sequence", "ban-drop-type", "ban-drop-view", "ban-set-schema"),
    *("renaming-column", "renaming-object"),
}

# Each replaces constraint-missing-not-valid, which squawk reports for the same statement.
MORE_SPECIFIC = {
    "adding-foreign-key-constraint",
    "adding-serial-primary-key-field",
    "disallowed-unique-constraint",
}


@dataclass(frozen=True)
class Script:
    """The script of a revision that squawk checks.

    Attributes:
        path: the revision's file.
        statements: in their order.
        lifetimes: the statements on objects that no release uses.
        text: the script.
        numbers: for each line of the script the number of the statement.
    """

    path: Path
    statements: Sequence[RenderedStatement]
    lifetimes: Lifetimes
    text: str
    numbers: Sequence[int]

    @classmethod
    def write(
        cls, path: Path, statements: Sequence[RenderedStatement], lifetimes: Lifetimes
    ) -> Self:
        """Return the script of these statements."""
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
        script += "COMMIT;\n" if block is None else ""
        return cls(path, statements, lifetimes, script, [*numbers, len(statements) - 1])

    def read(self, report: dict[str, Any]) -> str:
        """Return the text that a report of squawk is about; squawk counts bytes."""
        lines = self.text.encode().split(b"\n")[report["line"] : report["line_end"] + 1]
        lines[-1] = lines[-1][: report["column_end"]]
        lines[0] = lines[0][report["column"] :]
        return b"\n".join(lines).decode()


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


def is_rule_of_squawk(name: str) -> bool:
    """Whether the installed squawk has a rule of this name.

    Raises:
        CommandError: squawk is not installed.
    """
    command = [find_squawk(), "--exclude", name]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    return done.returncode == 0


def run_squawk(
    revisions: Mapping[Path, Sequence[RenderedStatement]], lifetimes: Mapping[Path, Lifetimes]
) -> Iterator[Finding]:
    """Yield the findings of squawk in the statements of revisions, also in those of a DO block.

    No other session uses a table that the revision itself creates, and online operations are safe:
    there, only the rules in ALWAYS_CHECKED apply.

    Args:
        revisions: the statements of each.
        lifetimes: of each, the statements on objects that no release uses.

    Raises:
        CommandError: squawk is not installed, or fails.
    """
    checkable: dict[Path, Sequence[RenderedStatement]] = {
        path: [
            each
            for each in expand_do_blocks(statements)
            if not each.do_block or _is_checkable(each.statement)
        ]
        for path, statements in revisions.items()
    }
    # A syntax error hides every other finding in the same file.
    while checkable:
        scripts = [
            Script.write(path, statements, lifetimes[path])
            for path, statements in checkable.items()
        ]
        checkable = {}
        for script, reports in zip(scripts, _run(scripts), strict=True):
            yield from _read_reports(script, reports)
            numbers = script.numbers
            wrong = {numbers[each["line"]] for each in reports if each["rule_name"] == SYNTAX_ERROR}
            if wrong:
                kept = [each for n, each in enumerate(script.statements) if n not in wrong]
                checkable[script.path] = kept


def _read_reports(script: Script, reports: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Yield the findings in one revision."""
    statements = script.statements
    open_lines = {each.line for each in statements if UNKNOWN in each.statement.text}
    found: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for report in reports:
        by_rule = found.setdefault(script.numbers[report["line"]], {})
        by_rule.setdefault(report["rule_name"], []).append(report)
    for number, by_rule in sorted(found.items()):
        rendered = statements[number]
        if by_rule.keys() & MORE_SPECIFIC:
            by_rule.pop("constraint-missing-not-valid", None)
        if not _rewrites_table(script, rendered.statement, by_rule.get(REWRITING_COLUMN, [])):
            by_rule.pop(REWRITING_COLUMN, None)
        if SERIAL in by_rule and rendered.statement.matches(ALTER_TABLE):
            by_rule.setdefault(REWRITING_COLUMN, by_rule[SERIAL])
        for name, (report, *_) in by_rule.items():
            if _is_harmless(name, rendered, script.lifetimes):
                continue
            rule = RULES.get(name) or _unknown_rule(report)
            if name == SYNTAX_ERROR and rendered.line in open_lines:
                rule = RULES["dynamic-sql"]
                if UNKNOWN not in rendered.statement.text:  # such as IN () of an empty list
                    continue
            yield Finding(script.path, rendered.line, rule, str(rendered.statement))


def _is_harmless(name: str, rendered: RenderedStatement, lifetimes: Lifetimes) -> bool:
    """Whether a rule does not apply to a statement, since no release uses its object."""
    if name in ALWAYS_CHECKED:
        return False
    return (
        rendered.is_online
        or rendered.key in lifetimes.on_unused
        or (name in ABOUT_NAMES and rendered.key in lifetimes.of_unused_names)
        or _is_unused_name(name, rendered)
    )


def _rewrites_table(
    script: Script, statement: Statement, reports: Sequence[dict[str, Any]]
) -> bool:
    """Whether a new column of the statement that squawk reports makes PostgreSQL rewrite the table.

    A generated column that is not stored is computed in every row all the same if it is NOT NULL.
    """
    definitions = [script.read(report) for report in reports]
    is_required = statement.matches(r"\bNOT NULL\b")
    return any(
        rewrites_table(each) or (is_required and each.upper().startswith("GENERATED"))
        for each in definitions
    )


def _unknown_rule(report: dict[str, Any]) -> Rule:
    """Return a rule that only a newer squawk has, with squawk's own texts."""
    return Rule(
        report["rule_name"],
        finds=report["message"],
        why=report["message"],
        lock="not known",
        fix=report["help"] or "see squawk",
        wrong="",
        right="",
    )


def _is_checkable(statement: Statement) -> bool:
    """Whether a statement of a DO block is DDL that squawk parses, and not PL/pgSQL."""
    return statement.kind is StatementKind.SCHEMA and not statement.nested


def _is_unused_name(name: str, rendered: RenderedStatement) -> bool:
    """Whether it renames an index or a constraint, whose name no release uses."""
    is_renaming = name == "renaming-object"
    return is_renaming and rendered.statement.matches("^ALTER INDEX|RENAME CONSTRAINT")


def _run(scripts: Sequence[Script]) -> list[list[dict[str, Any]]]:
    """Return squawk's reports on each script; squawk checks all of them at once.

    Raises:
        CommandError: It is not installed, or fails.
    """
    if not scripts:
        return []
    options = ["--reporter", "json", "--pg-version", OLDEST_VERSION]
    options += ["--exclude", ",".join(sorted(DISABLED))]
    with tempfile.TemporaryDirectory(prefix="migration-lint-") as folder:
        # An empty configuration: another one, of the project, could switch rules off unseen.
        Path(folder, CONFIGURATION).touch()
        for number, script in enumerate(scripts):
            Path(folder, f"{number}.sql").write_text(script.text, encoding="utf-8")
        command = [find_squawk(), "--config", CONFIGURATION, *options, "*.sql"]
        done = subprocess.run(
            command, cwd=folder, input="", capture_output=True, encoding="utf-8", check=False
        )
    reports: list[list[dict[str, Any]]] = [[] for _ in scripts]
    try:
        for report in json.loads(done.stdout):
            reports[int(Path(report["file"]).stem)].append(report)
    except ValueError:
        reason = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
        raise MigrationError(f"squawk cannot read the SQL of a revision: {reason}") from None
    return reports

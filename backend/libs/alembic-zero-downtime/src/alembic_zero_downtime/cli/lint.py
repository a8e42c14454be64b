"""Lint new revisions for unsafe changes."""

import argparse
from pathlib import Path
from typing import Any

from rich.text import Text

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import print_json, stdout
from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.linter import Report, lint


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Lint new migrations for unsafe changes.

    Calls upgrade() and downgrade() of each of them, without a database, to write their SQL. A call
    that would change a file, run a program or connect elsewhere is refused.
    """
    report = lint(
        context.project, context.project.load_revisions(context.config), everything=arguments.all
    )
    if arguments.json:
        print_json(as_json(report))
    else:
        for finding in report.findings:
            stdout().print(render_finding(finding), soft_wrap=True)
        stdout().print(summarize(report), soft_wrap=True)
    return Exit.FLAGGED if report.findings else Exit.OK


def render_finding(finding: Finding) -> Text:
    """Return a finding as text: its place, the reason and the fix."""
    return Text.assemble(
        (f"{relative(finding.path)}:{finding.line}", "bold"),
        ": ",
        (finding.rule.name, "bold red"),
        f": {finding.message}\n    {finding.rule.why}\n    ",
        ("Fix", "cyan"),
        f": {finding.rule.fix}",
    )


def summarize(report: Report) -> str:
    """Return the numbers of checked revisions, findings and suppressions on one line."""
    if not report.checked and not report.findings:
        return f"No new revisions: the main branch has all {report.total} unchanged."
    checked = f"Checked {len(report.checked)} of {_count(report.total, 'revision')}"
    number = len(report.suppressions)
    suppressed = f", {_count(number, 'suppression')}" if number else ""
    return f"{checked}: {_count(len(report.findings), 'finding')}{suppressed}."


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def as_json(report: Report) -> dict[str, Any]:
    """Return a report for JSON."""
    return {
        "revisions": [path.stem for path in report.checked],
        "findings": [
            {
                "path": str(relative(finding.path)),
                "line": finding.line,
                "rule": finding.rule.name,
                "message": finding.message,
                "why": finding.rule.why,
                "fix": finding.rule.fix,
            }
            for finding in report.findings
        ],
        "suppressions": [
            {
                "path": str(relative(path)),
                "line": suppression.line,
                "rule": suppression.rule,
                "reason": suppression.reason,
            }
            for path, suppression in report.suppressions
        ],
    }


def relative(path: Path) -> Path:
    """Return a path relative to the current directory, if it is inside that."""
    current = Path.cwd()
    return path.relative_to(current) if path.is_relative_to(current) else path

"""Look for what hurts in revisions that are new."""

import argparse
from pathlib import Path
from typing import Any

from rich.text import Text

from app.commands import INI_FILE
from app.commands.output import Exit, add_json_option, print_json, stdout
from app.db.lint.finding import Finding
from app.db.lint.report import Report, lint
from app.db.migrations.state import load_scripts


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    parser.add_argument(
        "--all",
        action="store_true",
        help="look at every revision, and not only at those that the main branch does not have",
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look for what hurts in revisions that are new against the main branch."""
    report = lint(Path(load_scripts(INI_FILE).versions), everything=arguments.all)
    if arguments.json:
        print_json(as_json(report))
    else:
        for finding in report.findings:
            stdout().print(in_words(finding), soft_wrap=True)
        stdout().print(sum_up(report), soft_wrap=True)
    return Exit.FLAGGED if report.findings else Exit.FINE


def in_words(finding: Finding) -> Text:
    """Return a finding for people: the place, what is wrong with it, and what to do."""
    return Text.assemble(
        (f"{relative(finding.path)}:{finding.line}", "bold"),
        ": ",
        (finding.rule.name, "bold red"),
        f": {finding.what}\n    {finding.rule.why}\n    ",
        ("Fix", "cyan"),
        f": {finding.rule.fix}",
    )


def sum_up(report: Report) -> str:
    """Say in a line what was looked at, and with what result."""
    if not report.checked and not report.findings:
        return f"No new revisions: the main branch has all {report.total} as they are."
    looked_at = f"Looked at {len(report.checked)} of {_count(report.total, 'revision')}"
    allowed = f", {_count(len(report.allowed), 'exception')}" if report.allowed else ""
    return f"{looked_at}: {_count(len(report.findings), 'finding')}{allowed}."


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def as_json(report: Report) -> dict[str, Any]:
    """Return a report for scripts."""
    return {
        "revisions": [path.stem for path in report.checked],
        "findings": [
            {
                "path": str(relative(finding.path)),
                "line": finding.line,
                "rule": finding.rule.name,
                "what": finding.what,
                "why": finding.rule.why,
                "fix": finding.rule.fix,
            }
            for finding in report.findings
        ],
        "exceptions": [
            {
                "path": str(relative(path)),
                "line": allowed.line,
                "rule": allowed.rule,
                "reason": allowed.reason,
            }
            for path, allowed in report.allowed
        ],
    }


def relative(path: Path) -> Path:
    """Return a path as somebody can open it from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path

"""Write the report of a lint: as text, as JSON, or as the annotations of a GitHub workflow."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from rich.text import Text

from alembic_zero_downtime._git import run_git
from alembic_zero_downtime.cli.output import stdout
from alembic_zero_downtime.lint.finding import Finding, Severity
from alembic_zero_downtime.lint.report import Report

COLORS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}
SHORT_HASH = 12  # characters


def print_report(report: Report) -> None:
    """Print each finding with its reason and its fix, and a summary."""
    with stdout() as console:
        for finding in report.findings:
            console.print(_render(finding), soft_wrap=True)
        for line in summarize(report):
            console.print(line, soft_wrap=True)


def _render(finding: Finding) -> Text:
    rule = finding.rule
    is_warning = rule.severity is Severity.WARNING
    return Text.assemble(
        (f"{_relative(finding.path)}:{finding.line}", "bold"),
        ": ",
        (rule.name, COLORS[rule.severity]),
        f"{' (warning)' if is_warning else ''}: {finding.message}\n    {rule.why}\n    ",
        ("Fix", "cyan"),
        f": {rule.fix}",
    )


def summarize(report: Report) -> Iterator[str]:
    """Yield the rules that are off, and the numbers of revisions, findings and suppressions."""
    for each in report.off:
        hidden = f" ({_count(each.hidden, 'finding')} not shown)" if each.hidden else ""
        yield f"Off in alembic.ini: {each.setting.rule}: {each.setting.reason}{hidden}"
    if report.is_selecting and report.base is None and report.total:
        yield (
            "All revisions are checked, as git cannot tell which are new: fetch the main branch "
            "with its history (actions/checkout: fetch-depth: 0)"
        )
    yield _summarize(report)


def _summarize(report: Report) -> str:
    branch, commit = report.base or ("", "")
    base = f"{branch} at {commit[:SHORT_HASH]}"
    if not report.checked and not report.findings:
        return (
            f"No new revisions: {base} has all {report.total} unchanged."
            if branch
            else ("There are no revisions.")
        )
    checked = f"Checked {len(report.checked)} of {_count(report.total, 'revision')}"
    new = f" (new compared with {base})" if branch else ""
    warnings = [each for each in report.findings if each.rule.severity is Severity.WARNING]
    warned = f" ({_count(len(warnings), 'warning')})" if warnings else ""
    number = len(report.suppressions)
    suppressed = f", {_count(number, 'suppression')}" if number else ""
    return f"{checked}{new}: {_count(len(report.findings), 'finding')}{warned}{suppressed}."


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def as_json(report: Report) -> dict[str, Any]:
    """Return a report for JSON."""
    return {
        "revisions": [path.stem for path in report.checked],
        "total": report.total,
        "base": report.base._asdict() if report.base else None,
        "findings": [
            {
                "path": str(_relative(finding.path)),
                "line": finding.line,
                "rule": finding.rule.name,
                "severity": finding.rule.severity,
                "message": finding.message,
                "why": finding.rule.why,
                "lock": finding.rule.lock,
                "fix": finding.rule.fix,
            }
            for finding in report.findings
        ],
        "suppressions": [
            {
                "path": str(_relative(path)),
                "line": suppression.line,
                "rule": suppression.rule,
                "reason": suppression.reason,
            }
            for path, suppression in report.suppressions
        ],
        "off": [
            {"rule": each.setting.rule, "reason": each.setting.reason, "hidden": each.hidden}
            for each in report.off
        ],
    }


def as_annotations(report: Report) -> str:
    """Return a report as workflow commands, which GitHub shows at the lines of a pull request.

    See GitHub's documentation, "Workflow commands for GitHub Actions". The summary follows, for the
    log.
    """
    lines = [_annotate(finding) for finding in report.findings]
    return "".join(f"{line}\n" for line in [*lines, *summarize(report)])


def _annotate(finding: Finding) -> str:
    rule = finding.rule
    properties = {
        "file": _within_repository(finding.path).as_posix(),
        "line": str(finding.line),
        "title": rule.name,
    }
    written = ",".join(f"{name}={_escape(value, ':,')}" for name, value in properties.items())
    text = f"{finding.message}\n{rule.why}\nFix: {rule.fix}"
    return f"::{rule.severity} {written}::{_escape(text)}"


def _escape(text: str, special: str = "") -> str:
    """Return a value of a workflow command: a command is one line; `%` begins an escape."""
    for character in f"%\r\n{special}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _within_repository(path: Path) -> Path:
    """Return a path relative to the root of its repository, as GitHub expects it."""
    root = _find_root(path.parent)
    real = path.resolve()
    return real.relative_to(root) if root and real.is_relative_to(root) else _relative(path)


@cache
def _find_root(folder: Path) -> Path | None:
    answer = run_git(folder, "rev-parse", "--show-toplevel") or os.environ.get("GITHUB_WORKSPACE")
    return Path(answer.removesuffix("\n")).resolve() if answer else None


def _relative(path: Path) -> Path:
    """Return a path relative to the current directory, if it is inside that."""
    current = Path.cwd()
    return path.relative_to(current) if path.is_relative_to(current) else path

"""Check revisions against every rule, and apply the suppressions of their authors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import load_python_file

from alembic_zero_downtime._alembic import version_locations
from alembic_zero_downtime.errors import MigrationError, describe_error
from alembic_zero_downtime.lint.changed_revisions import select_changed_revisions
from alembic_zero_downtime.lint.downgrade import check_downgrade
from alembic_zero_downtime.lint.effects import EffectError
from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.offline_sql import Rendering, render
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.lint.source import check_head_file, check_numbering, check_source
from alembic_zero_downtime.lint.squawk import run_squawk
from alembic_zero_downtime.lint.statements import check_statements
from alembic_zero_downtime.lint.suppressions import (
    FORM,
    Suppression,
    find_malformed,
    read_suppressions,
)
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.revisions.files import RevisionFile, read_revision_files

TEMPLATE = "script.py.mako"


@dataclass(frozen=True)
class Report:
    """The result of a lint run.

    Attributes:
        total: the number of revisions.
        checked: the revisions that were checked.
        findings: sorted by file and line.
        suppressions: of the checked revisions, each with its file.
    """

    total: int
    checked: tuple[Path, ...]
    findings: tuple[Finding, ...]
    suppressions: tuple[tuple[Path, Suppression], ...]


def lint(project: Project, scripts: ScriptDirectory, *, everything: bool) -> Report:
    """Check the revisions that differ from the shared branch, or all of them.

    If the project numbers its revisions or has a head file, the numbering and the head file are
    always checked.

    Raises:
        CommandError: A file is not a revision, or squawk is not installed.
    """
    if len(version_locations(scripts)) > 1:
        raise MigrationError("lint does not support several version locations yet")
    versions = Path(scripts.versions)
    files = read_revision_files(versions)
    paths = [file.path for file in files]
    new = None if everything else select_changed_revisions(versions, paths)
    checked = [file for file in files if new is None or file.path in new]
    findings: list[Finding] = []
    if project.sequential_ids:
        findings += check_numbering(files)
    if project.head_file:
        findings += check_head_file(versions, files)
    template = Path(scripts.dir) / TEMPLATE
    suppressions: list[tuple[Path, Suppression]] = []
    for file in checked:
        found = read_suppressions(file.path)
        suppressions += ((file.path, each) for each in found)
        findings += _apply_suppressions(file.path, list(check_revision(file, template)), found)
    findings.sort(key=lambda finding: (finding.path, finding.line, finding.rule.name))
    return Report(
        len(files), tuple(each.path for each in checked), tuple(findings), tuple(suppressions)
    )


def check_revision(file: RevisionFile, template: Path) -> Iterator[Finding]:
    """Yield all findings of one revision, suppressed or not.

    Raises:
        CommandError: squawk is not installed.
    """
    path = file.path
    yield from check_source(file, template)
    try:
        module = load_python_file(path.parent, path.name)
    except Exception as error:  # noqa: BLE001 a revision's own code raises anything
        yield Finding(
            path, 1, RULES["offline-sql"], f"it cannot be loaded: {describe_error(error)}"
        )
        return
    upgrade, downgrade = render(path, module, "upgrade"), render(path, module, "downgrade")
    yield from _check_errors(path, upgrade, downgrade)
    yield from check_downgrade(path, upgrade, downgrade)
    is_declared = hasattr(module, "repeatable")
    yield from check_statements(path, upgrade, is_declared=is_declared)
    yield from run_squawk(path, upgrade.statements)


def _check_errors(path: Path, upgrade: Rendering, downgrade: Rendering) -> Iterator[Finding]:
    """Yield the functions of a revision that fail; a downgrade may refuse to run."""
    for rendering in [upgrade] if downgrade.is_refusal else [upgrade, downgrade]:
        if rendering.error:
            message = f"it fails: {describe_error(rendering.error)}"
            if isinstance(rendering.error, EffectError):
                message = f"not rendered, as it {rendering.error}, which lint does not run"
            yield Finding(path, rendering.error_line, RULES["offline-sql"], message)


def _apply_suppressions(
    path: Path, findings: Sequence[Finding], suppressions: Sequence[Suppression]
) -> Iterator[Finding]:
    """Yield the findings that are not suppressed, and the suppressions without a finding."""
    suppressed = {each.rule for each in suppressions}
    yield from (finding for finding in findings if finding.rule.name not in suppressed)
    rule = RULES["exception"]
    found = {finding.rule.name for finding in findings}
    for each in suppressions:
        if each.rule not in found:
            reason = "has no finding here" if each.rule in RULES else "is not a rule"
            yield Finding(path, each.line, rule, f"{each.rule} is suppressed and {reason}")
    for line in find_malformed(path):
        yield Finding(path, line, rule, f"it does not have the form {FORM}")

"""Look at revisions by every rule, and keep apart what their authors allow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.util import load_python_file

from app.db.lint import code, downgrade, squawk, statements
from app.db.lint.exceptions import FORM, Allowed, find_malformed, read_exceptions
from app.db.lint.finding import Finding
from app.db.lint.render import Rendering, render
from app.db.lint.rules import RULES
from app.db.lint.selection import select_new
from app.db.migrations.failure import describe_error
from app.db.migrations.headfile import RevisionFile, read_revision_files


@dataclass(frozen=True)
class Report:
    """What there is to say about some revisions.

    Attributes:
        total: how many revisions there are.
        checked: those that were looked at.
        findings: what is to be mended, file by file.
        allowed: what their authors allow, with the reasons.
    """

    total: int
    checked: tuple[Path, ...]
    findings: tuple[Finding, ...]
    allowed: tuple[tuple[Path, Allowed], ...]


def lint(versions: Path, *, everything: bool) -> Report:
    """Look at the revisions that the shared branch does not have, or at all of them.

    All have to be in one line, and the head file has to name the newest, whichever are looked at.

    Raises:
        CommandError: A file is no revision, or squawk is not installed.
    """
    files = read_revision_files(versions)
    paths = [file.path for file in files]
    new = None if everything else select_new(versions, paths)
    checked = [file for file in files if new is None or file.path in new]
    findings = [*code.inspect_line(files), *code.inspect_head_file(versions, files)]
    allowed: list[tuple[Path, Allowed]] = []
    for file in checked:
        exceptions = read_exceptions(file.path)
        allowed += ((file.path, each) for each in exceptions)
        findings += _weigh(file.path, list(inspect(file)), exceptions)
    findings.sort(key=lambda finding: (finding.path, finding.line, finding.rule.name))
    return Report(len(files), tuple(each.path for each in checked), tuple(findings), tuple(allowed))


def inspect(file: RevisionFile) -> Iterator[Finding]:
    """Yield what is found in one revision, whatever its author allows.

    Raises:
        CommandError: squawk is not installed.
    """
    path = file.path
    yield from code.inspect(file)
    try:
        module = load_python_file(path.parent, path.name)
    except Exception as error:  # noqa: BLE001 whatever a revision's own code raises
        yield Finding(
            path, 1, RULES["offline-sql"], f"it cannot be loaded: {describe_error(error)}"
        )
        return
    upgrade, back = render(path, module, "upgrade"), render(path, module, "downgrade")
    yield from _inspect_errors(path, upgrade, back)
    yield from downgrade.inspect(path, upgrade, back)
    is_declared = hasattr(module, "repeatable")
    yield from statements.inspect(path, upgrade, is_declared=is_declared)
    yield from squawk.inspect(path, upgrade.calls)


def _inspect_errors(path: Path, upgrade: Rendering, back: Rendering) -> Iterator[Finding]:
    """Yield that a function of the revision fails; that a downgrade refuses is its right."""
    errors = [upgrade] if back.is_refusal else [upgrade, back]
    for rendering in errors:
        if rendering.error:
            what = f"it fails: {describe_error(rendering.error)}"
            yield Finding(path, rendering.error_line, RULES["offline-sql"], what)


def _weigh(
    path: Path, findings: Sequence[Finding], exceptions: Sequence[Allowed]
) -> Iterator[Finding]:
    """Yield the findings that are not allowed, and the exceptions that allow nothing."""
    allowed = {each.rule for each in exceptions}
    yield from (finding for finding in findings if finding.rule.name not in allowed)
    rule = RULES["exception"]
    found = {finding.rule.name for finding in findings}
    for each in exceptions:
        if each.rule not in found:
            reason = "nothing here breaks it" if each.rule in RULES else "there is no such rule"
            yield Finding(path, each.line, rule, f"{each.rule} is allowed, and {reason}")
    for line in find_malformed(path):
        yield Finding(path, line, rule, f"it is not of the form {FORM}")

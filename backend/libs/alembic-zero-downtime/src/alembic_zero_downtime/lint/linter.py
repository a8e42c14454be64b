"""Check revisions against every rule, and apply suppressions and the project's settings."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from alembic_zero_downtime._alembic import revision_files, version_locations
from alembic_zero_downtime.lint.changed_revisions import Base, find_base, select_changed_revisions
from alembic_zero_downtime.lint.domains import (
    adds_column,
    check_domains,
    defines_domain,
    find_domains,
)
from alembic_zero_downtime.lint.downgrade import check_downgrade
from alembic_zero_downtime.lint.finding import Finding
from alembic_zero_downtime.lint.lifetimes import (
    Lifetimes,
    find_lifetimes,
    find_unknown_indexes,
)
from alembic_zero_downtime.lint.offline_sql import RenderedStatement, expand_do_blocks
from alembic_zero_downtime.lint.rendering import RenderedRevision, render_revisions
from alembic_zero_downtime.lint.report import Report, SwitchedOff
from alembic_zero_downtime.lint.rules import RULES
from alembic_zero_downtime.lint.settings import RuleSettings, read_rule_settings, severity_of
from alembic_zero_downtime.lint.source import (
    check_docstring,
    check_head_file,
    check_numbering,
    check_source,
)
from alembic_zero_downtime.lint.squawk import run_squawk
from alembic_zero_downtime.lint.statements import check_statements
from alembic_zero_downtime.lint.suppressions import FORM, Comments, read_comments
from alembic_zero_downtime.lint.unseen import check_rendering
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.revisions.files import read_revision, require_python

TEMPLATE = "script.py.mako"


def lint(environment: MigrationEnvironment, *, everything: bool) -> Report:
    """Check the revisions that differ from the shared branch, or all of them.

    If the project numbers its revisions or has a head file, the numbering and the head file are
    always checked.

    Args:
        environment: the project, its revisions, and its alembic.ini, which can switch rules off.
        everything: whether to check all revisions.

    Raises:
        CommandError: A file is not a revision, squawk is not installed, or a setting is wrong.
    """
    settings = read_rule_settings(environment.config, environment.project)
    scripts = environment.scripts
    paths = sorted(set(revision_files(scripts)))
    base, checked = (None, paths) if everything else _select(version_locations(scripts), paths)
    require_python(checked)
    comments = {path: read_comments(path) for path in checked}
    findings = _check_history(environment, paths)
    findings += _apply_suppressions(check_revisions(environment, checked), comments)
    shown, off = _apply_settings(list(dict.fromkeys(findings)), settings)
    return Report(
        total=len(paths),
        checked=tuple(checked),
        findings=tuple(sorted(shown, key=_order)),
        suppressions=tuple(
            (path, each) for path in checked for each in comments[path].suppressions
        ),
        off=off,
        base=base,
        is_selecting=not everything,
    )


def check_files(environment: MigrationEnvironment, paths: Sequence[Path]) -> tuple[Finding, ...]:
    """Return the findings in these files, without those about the order of all revisions.

    Args:
        environment: of the revisions.
        paths: the files, which do not have to be among them.

    Raises:
        CommandError: squawk is not installed, or a setting is wrong.
    """
    comments = {path: read_comments(path) for path in paths}
    findings = _apply_suppressions(check_revisions(environment, paths), comments)
    shown, _ = _apply_settings(
        list(findings), read_rule_settings(environment.config, environment.project)
    )
    return tuple(sorted(shown, key=_order))


def _select(folders: Sequence[Path], paths: Sequence[Path]) -> tuple[Base | None, list[Path]]:
    """Return what the revisions are compared with, and those that are new or not comparable."""
    bases: list[Base] = []
    selected: set[Path] = set()
    for folder in folders:
        within = [path for path in paths if path.is_relative_to(folder)]
        base = find_base(folder) if within else None
        new = select_changed_revisions(folder, within, base) if base else None
        if base and new is not None:
            bases.append(base)
        selected.update(within if new is None else new)
    return next(iter(bases), None), [path for path in paths if path in selected]


def _check_history(environment: MigrationEnvironment, paths: Sequence[Path]) -> list[Finding]:
    """Return the findings about the order of all revisions."""
    project = environment.project
    findings: list[Finding] = []
    if project.sequential_ids or project.head_file:
        files = [read_revision(path, path.read_bytes()) for path in paths]
        if project.sequential_ids:
            findings += check_numbering(files)
        for folder in version_locations(environment.scripts) if project.head_file else []:
            within = [file for file in files if file.path.is_relative_to(folder)]
            findings += check_head_file(folder, within)
    return findings


def check_revisions(environment: MigrationEnvironment, paths: Sequence[Path]) -> Iterator[Finding]:
    """Yield all findings in revisions, suppressed or not.

    Args:
        environment: of the revisions.
        paths: the files of those that are checked.

    Raises:
        CommandError: squawk is not installed.
    """
    template = Path(environment.scripts.dir) / TEMPLATE
    revisions = render_revisions(environment, paths)
    lifetimes = _find_lifetimes(environment, revisions)
    domains = find_domains(_find_domain_statements(environment, revisions))
    for path, rendered in revisions.items():
        yield from check_source(path)
        if environment.project.docstrings:
            yield from check_docstring(read_revision(path, path.read_bytes()), template)
        yield from check_rendering(path, rendered)
        yield from check_downgrade(path, rendered.upgrade, rendered.downgrade)
        yield from check_statements(
            path, rendered.upgrade, lifetimes[path], is_declared=rendered.is_declared
        )
        yield from check_domains(path, rendered.upgrade, lifetimes[path], domains)
    upgrades = {path: each.upgrade.statements for path, each in revisions.items()}
    yield from run_squawk(upgrades, lifetimes)


def _find_lifetimes(
    environment: MigrationEnvironment, revisions: Mapping[Path, RenderedRevision]
) -> dict[Path, Lifetimes]:
    """Return the lifetimes in revisions; others may have created an index that one drops."""
    unknown = {
        path: names
        for path, each in revisions.items()
        if (names := find_unknown_indexes(each.upgrade, each.downgrade))
    }
    creating = [
        path
        for path in set(revision_files(environment.scripts) if unknown else ())
        if any(name.encode() in path.read_bytes() for names in unknown.values() for name in names)
    ]
    others = render_revisions(environment, creating) if creating else {}
    before = [each for rendered in others.values() for each in rendered.upgrade.statements]
    return {
        path: find_lifetimes(each.upgrade, each.downgrade, before if path in unknown else ())
        for path, each in revisions.items()
    }


def _find_domain_statements(
    environment: MigrationEnvironment, revisions: Mapping[Path, RenderedRevision]
) -> list[RenderedStatement]:
    """Return the statements of the revisions that define domains, if a revision adds a column."""
    if not any(map(adds_column, (each.upgrade for each in revisions.values()))):
        return []
    paths = set(revision_files(environment.scripts)) - revisions.keys()
    others = render_revisions(environment, [each for each in sorted(paths) if defines_domain(each)])
    rendered = [*others.values(), *revisions.values()]
    return [each for one in rendered for each in expand_do_blocks(one.upgrade.statements)]


def _apply_suppressions(
    findings: Iterable[Finding], comments: Mapping[Path, Comments]
) -> Iterator[Finding]:
    """Yield the findings that are not suppressed, and the suppressions without a finding.

    Args:
        findings: in the revisions.
        comments: those of each revision.
    """
    found: dict[Path, set[str]] = {path: set() for path in comments}
    suppressed = {
        path: {each.rule for each in of_file.suppressions} for path, of_file in comments.items()
    }
    for finding in findings:
        found[finding.path].add(finding.rule.name)
        if finding.rule.name not in suppressed[finding.path]:
            yield finding
    rule = RULES["exception"]
    for path, of_file in comments.items():
        for each in of_file.suppressions:
            if each.rule not in found[path]:
                reason = "has no finding here" if each.rule in RULES else "is not a rule"
                yield Finding(path, each.line, rule, f"{each.rule} is suppressed and {reason}")
        for line in of_file.malformed:
            yield Finding(path, line, rule, f"it does not have the form {FORM}")


def _apply_settings(
    findings: Sequence[Finding], settings: RuleSettings
) -> tuple[list[Finding], tuple[SwitchedOff, ...]]:
    """Return the findings with the severities of the project, and the rules that it has off."""
    shown: list[Finding] = []
    hidden: Counter[str] = Counter()
    for finding in findings:
        severity = severity_of(finding.rule, settings)
        if severity is None:
            hidden[finding.rule.name] += 1
        else:
            shown.append(replace(finding, rule=replace(finding.rule, severity=severity)))
    off = [each for each in settings.values() if each.severity is None]
    return shown, tuple(SwitchedOff(each, hidden[each.rule]) for each in off)


def _order(finding: Finding) -> tuple[Path, int, str]:
    return finding.path, finding.line, finding.rule.name

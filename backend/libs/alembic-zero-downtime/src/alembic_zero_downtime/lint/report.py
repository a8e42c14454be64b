"""The result of a lint run."""

from dataclasses import dataclass
from pathlib import Path

from alembic_zero_downtime.lint.changed_revisions import Base
from alembic_zero_downtime.lint.finding import Finding, Severity
from alembic_zero_downtime.lint.settings import RuleSetting
from alembic_zero_downtime.lint.suppressions import Suppression


@dataclass(frozen=True)
class SwitchedOff:
    """A rule that the project has switched off.

    Attributes:
        setting: of alembic.ini.
        hidden: the number of its findings, which are not shown.
    """

    setting: RuleSetting
    hidden: int


@dataclass(frozen=True)
class Report:
    """The result of a lint run.

    Attributes:
        total: the number of revisions.
        checked: the revisions that were checked.
        findings: sorted by file and line.
        suppressions: of the checked revisions, each with its file.
        off: the rules that are switched off.
        base: the shared branch that the checked revisions are new compared with; None if all are
            checked.
        is_selecting: whether only new revisions were asked for.
    """

    total: int
    checked: tuple[Path, ...]
    findings: tuple[Finding, ...]
    suppressions: tuple[tuple[Path, Suppression], ...]
    off: tuple[SwitchedOff, ...] = ()
    base: Base | None = None
    is_selecting: bool = False

    @property
    def has_errors(self) -> bool:
        """Whether a finding fails the lint."""
        return any(finding.rule.severity is Severity.ERROR for finding in self.findings)

"""A lint rule, and a finding: a place in a revision that violates it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """Whether a finding fails the lint (its exit code) or is only shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Rule:
    """A change that a revision should not make.

    Attributes:
        name: used in suppressions.
        finds: the changes that it reports, as a sentence.
        why: what the change blocks or breaks, as a sentence.
        lock: the lock that the change takes, on what and for how long.
        fix: the safe alternative.
        wrong: lines of `upgrade()` with a finding. Assignments of the module are before them, with
            a blank line between.
        right: the safe alternative in the same form.
        severity: unless alembic.ini gives another one.
        needs_author: whether only the author of a revision knows if the change is safe, since it
            depends on the running release.
    """

    name: str
    finds: str
    why: str
    lock: str
    fix: str
    wrong: str
    right: str
    severity: Severity = Severity.ERROR
    needs_author: bool = False


@dataclass(frozen=True)
class Finding:
    """A violation of a rule.

    Attributes:
        path: the file.
        line: the line in the file.
        rule: the rule that is violated.
        message: the statement, or the defect of the file.
    """

    path: Path
    line: int
    rule: Rule
    message: str

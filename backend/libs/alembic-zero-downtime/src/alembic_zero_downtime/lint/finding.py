"""A lint rule, and a finding: a place in a revision that violates it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Rule:
    """A change that a revision should not make.

    Attributes:
        name: used in suppressions.
        why: what the change blocks or breaks, as a sentence.
        fix: the safe alternative.
    """

    name: str
    why: str
    fix: str


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

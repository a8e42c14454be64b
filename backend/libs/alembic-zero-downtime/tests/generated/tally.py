"""What became of generated examples."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from generated.outcome import FaultError, InvalidModelsError, RefusedError, outline
from generated.reduce import History

LEGITIMATE = {
    "a NOT NULL column without a default": r"is NOT NULL without a server_default",
    "a type whose change reads or rewrites every row": r"changing the type of .* (reads|rewrites)",
    "a generated column, for all rows or changed": r"is an identity or generated column",
    "an index of a partitioned table in use": r"partitioned.* concurrently",
    "a partitioned table that goes": r"is partitioned: dropping it drops its partitions",
    "a column of a domain, which PostgreSQL checks in each row": r"is of a domain with constraints",
    "a type to which PostgreSQL casts no value": r"cannot be cast automatically",
    "the type of a column that a generated one uses": r"used by a generated column",
    "a new value of an enum": r"and no downgrade removes a value of an enum",
    "an EXCLUDE constraint of a table in use": r"EXCLUDE USING .* cannot write this change",
}
"""Reasons for which a change may be refused, and what their messages have in common."""


@dataclass(frozen=True)
class Fault:
    """A property that does not hold.

    Attributes:
        details: the message, and the revisions.
        history: the first one with this fault.
        count: the number of examples with it.
    """

    details: str
    history: History
    count: int = 1


@dataclass
class Tally:
    """What became of the examples.

    Attributes:
        examples: the number of histories that were checked.
        changes: how many of them have a second release.
        passed: how many have every property.
        refused: the number of refusals by reason.
        invalid: how many SQLAlchemy cannot create, by its message.
        faults: by kind.
        seconds: for all of them.
    """

    examples: int = 0
    changes: int = 0
    passed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)
    faults: dict[str, Fault] = field(default_factory=dict)
    seconds: float = 0.0

    def note(self, history: History, end: Exception | None, seconds: float) -> None:
        """Count an example, which ends with an exception or well."""
        self.examples += 1
        self.changes += len(history) > 1
        self.seconds += seconds
        if end is None:
            self.passed += 1
        elif isinstance(end, InvalidModelsError):
            self.invalid[outline(str(end))] += 1
        elif (kind := kind_of(end)) is not None:
            self._note_fault(kind, Fault(str(end), history))
        else:
            self.refused[str(reason_of(str(end)))] += 1

    def add(self, other: "Tally") -> None:
        """Add the examples of another tally."""
        self.examples += other.examples
        self.changes += other.changes
        self.passed += other.passed
        self.refused += other.refused
        self.invalid += other.invalid
        self.seconds += other.seconds
        for kind, fault in other.faults.items():
            self._note_fault(kind, fault)

    def describe(self) -> str:
        """Return what became of the examples, in a few lines."""
        summary = (
            f"{self.examples} models, {self.changes} of them changed: {self.passed} passed, "
            f"{self.refused.total()} refused, {self.invalid.total()} not possible in SQLAlchemy, "
            f"{sum(each.count for each in self.faults.values())} with faults, {self.seconds:.0f} s"
        )
        reasons = [
            f"  refused: {count} of {reason}" for reason, count in self.refused.most_common()
        ]
        return "\n".join([summary, *reasons])

    def _note_fault(self, kind: str, fault: Fault) -> None:
        known = self.faults.get(kind, Fault(fault.details, fault.history, 0))
        self.faults[kind] = Fault(known.details, known.history, known.count + fault.count)


def kind_of(end: Exception | None) -> str | None:
    """Return the kind of fault; None if an example ends well, or with a legitimate refusal."""
    if isinstance(end, FaultError):
        return end.kind
    if isinstance(end, RefusedError) and reason_of(str(end)) is None:
        return f"refused: {outline(str(end))}"
    return None


def reason_of(message: str) -> str | None:
    """Return the legitimate reason of a refusal."""
    return next((reason for reason, text in LEGITIMATE.items() if re.search(text, message)), None)


def write_fault(folder: Path, number: int, kind: str, fault: Fault) -> Path:
    """Write a fault and its models into a file; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"models-{number}.txt"
    sources = "\n\n# Then:\n".join(each.source for each in fault.history)
    path.write_text(f"{kind}\n\n{fault.details}\n\n{sources}", encoding="utf-8")
    return path

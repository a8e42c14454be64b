"""One reading while it is compiled: with the corrections of people, and its place in time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from app.pipeline.compile.readings import Reading
from app.pipeline.compiled import Corrected
from app.pipeline.statement import Period, SourceKind, Statement, Status

KINDS: Final[tuple[SourceKind, ...]] = (
    "ixbrl",
    "xbrl",
    "xbrl_json",
    "companyfacts",
    "pdf",
    "llm",
    "manual",
)
"""Kinds of files in order of worth: what tags and prints figures before what does either."""
UNPRINTED: Final = frozenset({"xbrl_json", "companyfacts"})
"""Kinds without printed labels, order and signs."""
_STATUSES: Final[tuple[Status, ...]] = ("verified", "partly", "doubtful")
_WEEK: Final = 7
EXACT_DIGITS: Final = 3
"""Digits from which on equal figures of two reports are no chance."""


@dataclass(eq=False)
class Entry:
    """A statement of one filing, with what a person corrected in it.

    Attributes:
        statement: With the corrections, where there are any.
        corrected: The corrections by row and key of the period, figures in the row's scale.
        scale: The statement's, or the one that other reports of the company show it to have.
    """

    reading: Reading
    statement: Statement
    corrected: dict[tuple[int, str], Corrected] = field(default_factory=dict)
    scale: int | None = None

    def __post_init__(self) -> None:
        """Take the scale of the statement."""
        self.scale = self.statement.scale

    @property
    def kind(self) -> SourceKind:
        """Return the kind of the file."""
        return self.statement.source.kind

    @property
    def accession(self) -> str | None:
        """Return the SEC's number of the filing."""
        return self.statement.source.accession

    @property
    def form(self) -> str | None:
        """Return the form, such as 10-K/A, as far as it is known."""
        return self.statement.source.form or self.reading.form

    @property
    def filed(self) -> date | None:
        """Return the day of filing; that of the statement, where a file has many filings."""
        return self.statement.source.filed or self.reading.filed

    @cached_property
    def status(self) -> Status:
        """Return the status; what was never verified is doubtful."""
        checks = self.statement.checks
        return checks.status if checks else "doubtful"

    @cached_property
    def newest(self) -> Period | None:
        """Return the newest period with a known end; of several the longest."""
        dated = [each for each in self.statement.periods if each.end]
        return max(dated, key=lambda each: (each.end, each.days or 0), default=None)

    @property
    def end(self) -> date | None:
        """Return the end of the newest period."""
        return self.newest.end if self.newest else None

    @cached_property
    def amends(self) -> bool:
        """Return whether it is an amendment of an earlier filing."""
        return (
            self.reading.supersedes is not None
            or (self.form or "").upper().endswith("/A")
            or any(each.code == "amendment" for each in self.statement.issues)
        )

    @cached_property
    def age(self) -> tuple[object, ...]:
        """Return what orders filings: the larger, the newer; never the order of adding.

        An amendment is newer than what it amends, also where no day of filing is known.
        """
        return (
            self.end or date.min,
            self.amends,
            self.filed or date.min,
            -KINDS.index(self.kind),
            self.reading.sha256,
            self.accession or "",
            self.statement.source.reader,
        )

    @property
    def worth(self) -> tuple[int, int]:
        """Return what orders the kinds of one filing: the smaller, the better."""
        return _STATUSES.index(self.status), KINDS.index(self.kind)

    def scale_of(self, row_scale: int | None) -> int:
        """Return the scale of a row; unknown scales of one group are the same."""
        return row_scale if row_scale is not None else self.scale or 0

    @cached_property
    def digits(self) -> dict[date, frozenset[str]]:
        """Return the digits of the money figures by the end of their period, without any scale."""
        found: dict[date, set[str]] = {}
        ends = {each.key: each.end for each in self.statement.periods if each.end}
        for row, key, cell in self.statement.cells():
            if row.kind not in {"line", "total"} or not cell.v or key not in ends:
                continue
            digits = digits_of(cell.v)
            if len(digits) >= EXACT_DIGITS:
                found.setdefault(ends[key], set()).add(digits)
        return {end: frozenset(each) for end, each in found.items()}

    def named(self) -> str:
        """Return the name of the filing for people."""
        what = self.reading.file or self.reading.sha256[:12]
        return f"{what} ({self.accession})" if self.accession else what


def digits_of(value: Decimal) -> str:
    """Return the digits of a figure, without sign, decimal point, and zeros at either end."""
    return "".join(map(str, value.as_tuple().digits)).strip("0")


def near(one: date, other: date) -> bool:
    """Return whether two days are at most a week apart."""
    return abs((one - other).days) <= _WEEK


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Return statements with the newest first."""
    return sorted(entries, key=lambda each: each.age, reverse=True)

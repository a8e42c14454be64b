"""The form `compiled/1`: one statement of a company over years, with the origin of each figure.

Figures are exact decimals in the row's scale; in JSON they are strings. Filings are named by their
position in `inputs`, and never by an id of the database: the same filings give the same bytes, in
whatever order they were added.
"""

import hashlib
import json
from datetime import date
from typing import Any, Literal

from pydantic import ConfigDict, Field

from app.pipeline.statement import (
    CheckResult,
    Equation,
    Figure,
    Form,
    Issue,
    RowKind,
    SourceKind,
    StatementName,
    Status,
)

ALGORITHM = "1"
"""Version of the compiler: another one may place or choose figures otherwise."""
Change = Literal["none", "rounding", "restated", "split", "sign", "reclassified"]
"""How a filing states a figure otherwise than the filing before: not at all, with fewer or more
digits, with another value, per share or in shares after a split, with the other sign, or with
another value in a block whose sum is the same."""


class Input(Form):
    """One statement of one filing that was compiled."""

    sha256: str = Field(description="of the file, in hex")
    accession: str | None = Field(default=None, description="the SEC's number of the filing")
    file: str | None = Field(default=None, description="name of the file that was given")
    kind: SourceKind
    reader: str = Field(description="name/version of the reader")
    form: str | None = Field(default=None, description="such as 10-K, 10-K/A, 20-F")
    filed: date | None = None
    period_end: date | None = Field(description="end of the newest period that it states")
    fiscal_year: int | None = Field(description="of the newest period that it states")
    status: Status
    title: str | None = None
    pages: list[int] = Field(default_factory=list)
    amends: bool = Field(default=False, description="whether it amends an earlier filing")
    role: Literal["compiled", "second_reading"] = Field(
        default="compiled",
        description="second_reading: the same filing in another kind; its figures are compared "
        "with the compiled ones, and give none",
    )
    equal: int = Field(default=0, description="of a second reading: figures that agree")
    different: int = Field(default=0, description="of a second reading: figures that do not")


class CompiledPeriod(Form):
    """A column: one fiscal period."""

    key: str = Field(description="the fiscal year, such as 2023; with months if it is short")
    label: str = Field(description="such as FY2023, or 6 months to 2019-12-31")
    fiscal_year: int | None
    start: date | None = None
    end: date
    days: int | None = None
    regular: bool = Field(default=True, description="350 to 380 days, or an instant")
    input: int = Field(description="the filing whose own, newest period this is; else the newest")


class Place(Form):
    """Where a filing states a figure."""

    input: int
    row: int = Field(description="position of the row in that statement (statement/1)")
    period: str = Field(description="key of the period in that statement")
    page: int | None = None
    at: tuple[int, float, float, float, float] | str | None = None
    printed: str | None = None
    unconfirmed: Literal[True] | None = Field(
        default=None,
        description="of a reading made elsewhere: the document does not show this figure there",
    )


class Corrected(Form):
    """A person's correction of a figure."""

    was: Figure | None = Field(description="the figure that was read, in the row's scale")
    because: str
    by: str
    on: date


class Stated(Place):
    """A figure as one filing states it."""

    v: Figure | None = Field(
        description="with the sign as stated there, in the scale of the compiled row"
    )
    label: str = Field(description="the label of the row in that filing")
    change: Change = Field(description="how the next newer filing states it otherwise")
    corrected: Corrected | None = None


class CompiledCell(Place):
    """A figure: of the newest filing that states it, with all that others state."""

    v: Figure | None = Field(description="null where a figure stands that cannot be read")
    verified: bool = Field(default=False, description="whether an equation proves it")
    by: list[str] = Field(default_factory=list, description="ids of the compiled equations")
    own: list[str] = Field(
        default_factory=list,
        description="ids of the equations of its filing (statement/1) that prove it, where no "
        "compiled one does",
    )
    turned: bool = Field(
        default=False,
        description="whether the sign is that of newer filings, and not as stated",
    )
    change: Change = Field(
        default="none",
        description="the gravest change since the first filing that states it",
    )
    unadjusted: str | None = Field(
        default=None,
        description="of figures per share and numbers of shares: new shares for old ones, such as "
        "4:1, of splits since the filing, for which no later filing adjusts it",
    )
    corrected: Corrected | None = None
    history: list[Stated] = Field(
        default_factory=list, description="by other filings, the oldest first"
    )


class LabelUse(Form):
    """A label, and the filings that print it."""

    label: str
    inputs: list[int]


class CompiledRow(Form):
    """A line over the years."""

    id: str = Field(description="unique in the statement: the label in lower case, with hyphens")
    label: str = Field(description="of the newest filing that has the row")
    section: list[str] = Field(default_factory=list)
    level: int = 0
    kind: RowKind
    unit: str | None = None
    scale: int | None = Field(default=None, description="where it is not the statement's")
    concepts: list[str] = Field(default_factory=list, description="newest first")
    axes: dict[str, str] = Field(default_factory=dict)
    labels: list[LabelUse] = Field(default_factory=list, description="newest first")
    cells: dict[str, CompiledCell] = Field(default_factory=dict)
    replaced: dict[str, list[Stated]] = Field(
        default_factory=dict,
        description="by period, the oldest filing first: what only older filings state, of a sum "
        "that a newer filing breaks down without this line",
    )


class Gap(Form):
    """A fiscal year within the range that no filing states."""

    fiscal_year: int
    reason: str = Field(description="one line for people, such as: no report")


class Break(Form):
    """Two neighbouring years between which figures cannot be compared."""

    between: tuple[str, str] = Field(description="keys of periods, the older first")
    reason: str = Field(description="such as: currency EUR, then USD")


class Unplaced(Form):
    """A line of a filing that has no place among the rows."""

    input: int
    row: int
    label: str
    reason: str = Field(description="a stable name in snake_case")


class YearChecks(Form):
    """What is proved of one period."""

    cells: int
    checkable: int
    verified: int
    balance: CheckResult = "not_applicable"
    cash: CheckResult = "not_applicable"


class Compiled(Form):
    """One statement over years, in one framework and currency."""

    form: Literal["compiled/1"] = Field(default="compiled/1", alias="schema")
    statement: StatementName
    algorithm: str = ALGORITHM
    framework: str | None
    currency: str | None
    scope: Literal["consolidated", "parent"] | None
    scale: int | None
    title: str | None
    inputs: list[Input] = Field(description="newest first")
    periods: list[CompiledPeriod] = Field(description="newest first")
    rows: list[CompiledRow]
    equations: list[Equation] = Field(
        default_factory=list,
        description="between compiled rows, by position; `diff` by key of the periods in which "
        "it was tested",
    )
    gaps: list[Gap] = Field(default_factory=list)
    breaks: list[Break] = Field(default_factory=list)
    unplaced: list[Unplaced] = Field(default_factory=list)
    checks: dict[str, YearChecks] = Field(default_factory=dict)
    issues: list[Issue] = Field(
        default_factory=list, description="`row` is a position among the rows, `period` a key"
    )
    others: list["Compiled"] = Field(
        default_factory=list, description="the same statement in other frameworks or currencies"
    )

    model_config = ConfigDict(
        extra="forbid", serialize_by_alias=True, validate_by_alias=True, validate_by_name=True
    )

    def as_json(self) -> dict[str, Any]:
        """Return the statement as published and stored: absent is left out, unknown is null.

        The same statement gives the same text, also after jsonb has put keys in another order.
        """
        written = self.model_dump(mode="json", exclude_none=True, exclude={"others"})
        for name in ("framework", "currency", "scope", "scale", "title"):
            written.setdefault(name, None)
        for each in written["inputs"]:
            for name in ("period_end", "fiscal_year"):
                each.setdefault(name, None)
        for each in written["periods"]:
            each.setdefault("fiscal_year", None)
        for row in written["rows"]:
            _set_unknown_of_row(row)
            _sort_keys(row, "axes", "cells", "replaced")
        for equation in written["equations"]:
            _sort_keys(equation, "diff")
        _sort_keys(written, "checks")
        written["others"] = [each.as_json() for each in self.others]
        return written


def _set_unknown_of_row(row: dict[str, Any]) -> None:
    for cell in row["cells"].values():
        for stated in (cell, *cell["history"]):
            _set_unknown(stated)
    for replaced in row["replaced"].values():
        for stated in replaced:
            _set_unknown(stated)


def _set_unknown(stated: dict[str, Any]) -> None:
    """Write null for a figure that cannot be read."""
    stated.setdefault("v", None)
    if "corrected" in stated:
        stated["corrected"].setdefault("was", None)


def _sort_keys(part: dict[str, Any], *names: str) -> None:
    """Sort what is kept by key, such as by period."""
    for name in names:
        part[name] = dict(sorted(part[name].items()))


def as_bytes(data: dict[str, Any]) -> bytes:
    """Return the canonical JSON of a compiled statement, in UTF-8 with sorted keys."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace")


def digest_of(data: dict[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of a compiled statement, in hex."""
    return hashlib.sha256(as_bytes(data)).hexdigest()

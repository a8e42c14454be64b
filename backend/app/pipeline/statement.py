"""The form `statement/1`: one statement of one filing, with the place and the proof of each figure.

Figures are exact decimals in the printed scale; in JSON they are strings, never numbers. A figure
`v` of a row with scale `s` is worth `v * 10^s`.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

StatementName = Literal["income_statement", "balance_sheet", "cash_flow_statement"]
"""The primary statements, as the database names them."""
SourceKind = Literal["pdf", "ixbrl", "xbrl", "xbrl_json", "companyfacts", "llm", "manual"]
RowKind = Literal["heading", "line", "total", "per_share", "shares", "memo"]
"""`memo` is a figure of the statement that is a term of no sum: an "of which" line, supplemental
disclosures of the cash flow statement."""
Status = Literal["verified", "partly", "doubtful"]
CheckResult = Literal["pass", "fail", "unknown", "not_applicable"]

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,20})?")
_PATTERN = f"^{_DECIMAL.pattern}$"


def _exact(value: object) -> Decimal:
    """Return an exact decimal of a string, an integer or a Decimal; a float is an error."""
    if type(value) is Decimal and _DECIMAL.fullmatch(str(value)):
        return value  # most figures: valid, and written without an exponent
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("a figure is a string, such as '-1234.5', and never a float")  # noqa: TRY004
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if not _DECIMAL.fullmatch(text):
        raise ValueError("a figure has up to 40 digits, and no exponent")
    return Decimal(text)


Figure = Annotated[
    Decimal,
    BeforeValidator(_exact),
    PlainSerializer(lambda value: format(value, "f"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _PATTERN}),
]


class Form(BaseModel):
    """What all parts of the form have in common: no other fields, and no empty ones in JSON."""

    model_config = ConfigDict(extra="forbid")


class Source(Form):
    """Where a statement was read."""

    kind: SourceKind
    sha256: str | None = Field(default=None, description="of the file that was given, in hex")
    reader: str = Field(description="name/version of the reader, such as pdf-geometry/1")
    pages: list[int] = Field(
        default_factory=list, description="physical pages from 1, in reading order"
    )
    accession: str | None = Field(default=None, description="the SEC's number of the filing")
    form: str | None = Field(
        default=None, description="as the filing says, such as 10-K, 10-K/A, 20-F"
    )
    filed: date | None = Field(default=None, description="the day of filing, where the file says")


class Period(Form):
    """A column: one fiscal period, or the instant of a balance sheet."""

    key: str
    fiscal_year: int | None = Field(
        description="the year that the filing names, else the year of the end, "
        "minus one for ends on 1 to 7 January"
    )
    label: str
    printed: str | None = Field(default=None, description="the heading as printed")
    start: date | None = Field(default=None, description="first day; none for an instant")
    end: date | None = Field(description="last day; none where the filing does not say it")
    days: int | None = Field(default=None, description="from start to end, both included")


class Cell(Form):
    """One figure of a row."""

    v: Figure | None = Field(
        description="the figure with its printed sign, in the row's scale; '0' where a dash is "
        "printed; null where a figure stands that cannot be read"
    )
    printed: str | None = Field(default=None, description="the characters of the page")
    at: tuple[int, float, float, float, float] | str | None = Field(
        default=None,
        description="page, x0, y0, x1, y1 in points from the lower left; or the element's id",
    )
    fact: str | None = Field(default=None, description="id of the XBRL fact")
    tagged: Figure | None = Field(
        default=None, description="the fact's value, unscaled and with the sign of its concept"
    )
    by: list[str] = Field(default_factory=list, description="ids of the equations that prove it")
    unconfirmed: Literal[True] | None = Field(
        default=None,
        description="of a reading made elsewhere: the document does not show this figure in this "
        "line and period, and it proves nothing",
    )


class Row(Form):
    """A printed line: a heading, or a label with its figures by period key."""

    n: int = Field(description="position in the statement, from 0; equations name rows by it")
    label: str
    section: list[str] = Field(default_factory=list, description="headings above, outermost first")
    level: int = 0
    kind: RowKind
    note: str | None = Field(default=None, description="number of the note, as printed")
    concept: str | None = Field(default=None, description="prefix:name of the XBRL concept")
    anchor: str | None = Field(
        default=None, description="the wider concept of the taxonomy, for an extension (ESEF)"
    )
    axes: dict[str, str] = Field(default_factory=dict, description="dimensions of the facts")
    unit: str | None = Field(
        default=None, description="where it is not the statement's currency, such as USD/share"
    )
    scale: int | None = Field(default=None, description="where it is not the statement's")
    cells: dict[str, Cell] = Field(default_factory=dict)


class OtherRow(Form):
    """A row of another statement of the same filing."""

    statement: StatementName
    row: int


class Equation(Form):
    """A sum or an equality between rows that was tested in each period that states its rows."""

    id: str
    kind: Literal["sum", "equal"] = "sum"
    total: int | None = Field(default=None, description="of a sum: the row that is the total")
    terms: list[tuple[Literal[1, -1], int]] = Field(
        default_factory=list, description="of a sum: sign and row of each term"
    )
    rows: list[int] = Field(default_factory=list, description="of an equality: the equal rows")
    other: OtherRow | None = Field(default=None, description="of a tie: the row elsewhere")
    diff: dict[str, Figure] = Field(
        default_factory=dict, description="by period key: total minus terms, in the printed scale"
    )
    tolerance: Figure = Field(
        default=Decimal(0), description="the largest difference that rounding explains"
    )


class Checks(Form):
    """What was proved, and the status that follows."""

    cells: int = Field(description="figures in all")
    checkable: int = Field(
        description="money figures; not those of rows of kind per_share, shares and memo"
    )
    verified: int = Field(description="checkable figures that take part in an equation that holds")
    failed: int = Field(default=0, description="equations that must hold and do not")
    balance: CheckResult = "not_applicable"
    cash: CheckResult = "not_applicable"
    closing_cash: CheckResult = "not_applicable"
    net_income: CheckResult = "not_applicable"
    scale: CheckResult = "unknown"
    lines: CheckResult = "unknown"
    identity: CheckResult = "unknown"
    status: Status


class Issue(Form):
    """Something a reader of the statement has to know."""

    code: str = Field(description="a stable name in snake_case")
    message: str = Field(description="one line for people")
    row: int | None = None
    period: str | None = None
    page: int | None = None


class SkippedLine(Form):
    """A printed line with figures that is no row of the statement."""

    text: str
    reason: str = Field(description="a stable name in snake_case, such as page_footer")
    page: int | None = None


class Statement(Form):
    """One primary statement of one filing."""

    form: Literal["statement/1"] = Field(default="statement/1", alias="schema")
    statement: StatementName
    framework: str | None = Field(description="us-gaap, ifrs, frs-102, …; null where not known")
    scope: Literal["consolidated", "parent"] | None
    language: str | None = Field(description="ISO 639-1")
    title: str | None = Field(description="as printed")
    currency: str | None = Field(description="ISO 4217; null where not known")
    scale: int | None = Field(description="power of ten of the printed figures; null: not known")
    source: Source
    periods: list[Period]
    rows: list[Row]
    skipped: list[SkippedLine] = Field(default_factory=list)
    equations: list[Equation] = Field(default_factory=list)
    checks: Checks | None = None
    issues: list[Issue] = Field(default_factory=list)

    model_config = ConfigDict(
        extra="forbid", serialize_by_alias=True, validate_by_alias=True, validate_by_name=True
    )

    def cells(self) -> Iterator[tuple[Row, str, Cell]]:
        """Yield each figure with its row and the key of its period, in printed order."""
        for row in self.rows:
            for period, cell in row.cells.items():
                yield row, period, cell

    def as_json(self) -> dict[str, Any]:
        """Return the statement as published: unknown is null, absent is left out."""
        written = self.model_dump(mode="json", exclude_none=True)
        for name in ("framework", "scope", "language", "title", "currency", "scale"):
            written.setdefault(name, None)
        for period in written["periods"]:
            for name in ("fiscal_year", "end"):
                period.setdefault(name, None)
        for row in written["rows"]:
            for cell in row["cells"].values():
                cell.setdefault("v", None)
        return written


class Company(Form):
    """The reporting entity, as the filing names it."""

    name: str | None = None
    identifiers: dict[str, str] = Field(
        default_factory=dict, description="by scheme: cik, lei, uk_company_number, ticker, …"
    )


class Filing(Form):
    """What a reader found in one file; `verify` adds the proof to its statements."""

    kind: SourceKind
    company: Company = Field(default_factory=Company)
    statements: list[Statement] = Field(default_factory=list)
    issues: list[Issue] = Field(default_factory=list)

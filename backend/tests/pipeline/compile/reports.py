"""Reports of one company typed as text, newest first, for tests of compiling."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.pipeline.compile.lines import Line, Numbered
from app.pipeline.compile.merge import merge
from app.pipeline.statement import StatementName
from tests.helpers import reports
from tests.helpers.tables import typed_statement


@dataclass(frozen=True)
class Report:
    """A statement of the report of a year.

    Attributes:
        year: Of its first column; the others are the years before.
        text: Its rows, as `tests.helpers.tables` describes.
        concepts: By label.
        axes: By label.
    """

    year: int
    text: str
    concepts: Mapping[str, str] = field(default_factory=dict)
    axes: Mapping[str, dict[str, str]] = field(default_factory=dict)
    anchors: Mapping[str, str] = field(default_factory=dict)
    scale: int = 6
    name: StatementName = "income_statement"

    def numbered(self, number: int) -> Numbered:
        """Return the statement with its number among the reports."""
        statement = typed_statement(self.name, self.text, scale=self.scale)
        for row in statement.rows:
            row.concept = self.concepts.get(row.label)
            row.anchor = self.anchors.get(row.label)
            row.axes = self.axes.get(row.label, {})
        columns = {each.key: str(self.year - i) for i, each in enumerate(statement.periods)}
        return Numbered(number, statement, columns)


def merged(*reports: Report) -> list[Line]:
    """Return the lines of reports; each row is on one line, whatever the test is about."""
    statements = [each.numbered(number) for number, each in enumerate(reports)]
    lines = merge(statements)
    placed = sorted((number, row.n) for each in lines for number, row in each.rows.items())
    stated = sorted((each.number, row.n) for each in statements for row in each.statement.rows)
    assert placed == stated
    return lines


def shown(lines: list[Line]) -> list[str]:
    """Return each line as its labels, newest first, `-` for a report without it."""
    last = max(number for each in lines for number in each.rows)
    return [
        " | ".join(
            each.rows[number].label if number in each.rows else "-" for number in range(last + 1)
        )
        for each in lines
    ]


NEWER = Report(2023, reports.NEWER)
OLDER = Report(2022, reports.OLDER)


def changed(*changes: tuple[str, str], base: Report = OLDER) -> Report:
    """Return the older report with changes of its text."""
    text = base.text
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return replace(base, text=text)


SHEET = Report(
    2023,
    """
    # Assets
    ## Non-current assets
    Goodwill | 3,311 | 3,313
    Other | 414 | 421
    = Total non-current assets | 3,725 | 3,734
    ## Current assets
    Inventories | 612 | 633
    Other | 141 | 151
    = Total current assets | 753 | 784
    = Total assets | 4,478 | 4,518
    # Equity and liabilities
    ## Liabilities
    Trade payables | 812 | 853
    Other | 14 | 14
    = Total liabilities | 826 | 867
    Share capital | 3,652 | 3,651
    = Total equity and liabilities | 4,478 | 4,518
    """,
    name="balance_sheet",
)

"""What kind of row a printed line is: by the unit and concept of its facts, else by its words."""

import re
from collections.abc import Sequence
from typing import Final

from app.pipeline.read.concepts import is_total
from app.pipeline.read.ixbrl.columns import is_money
from app.pipeline.read.ixbrl.document import Tag
from app.pipeline.read.ixbrl.layout import Line
from app.pipeline.statement import Row, RowKind, StatementName

_PER_SHARE: Final = re.compile(r"\bper (?:\w+ ){0,3}(?:share|unit|ads|stock)\b", re.IGNORECASE)
_SHARES: Final = re.compile(
    r"\b(?:weighted|average|number)\b.*\bshares|\bshares\b.*\boutstanding", re.IGNORECASE
)
_MEMO: Final = re.compile(
    r"^(?:of which|thereof|davon|dont|waarvan|di cui|de los cuales)\b", re.IGNORECASE
)
_SUPPLEMENT: Final = re.compile(
    r"\bsupplement|\bnon-?cash (?:investing|financing|transactions?|activities)|"
    r"^cash paid (?:during|for)|\bdisclosures? of cash",
    re.IGNORECASE,
)
_TOTAL: Final = re.compile(
    r"^(?:sub-?)?total\b|\btotal$|^(?:summe|gesamt|totaal|som)\b|insgesamt|"
    r"^net (?:cash|assets|liabilities|current|income|loss|earnings|profit|increase|decrease)\b|"
    r"^gross (?:profit|loss|margin)",
    re.IGNORECASE,
)
_PROFIT: Final = re.compile(r"net (?:income|loss|earnings|profit)", re.IGNORECASE)
_LARGEST_PER_SHARE: Final = 1000


def row_kind(
    row: Row, line: Line, tags: Sequence[Tag], above: Sequence[Row], statement: StatementName
) -> RowKind:
    """Return the kind of a row with figures.

    Args:
        row: With its label, cells, unit and concept.
        line: As printed.
        tags: Of its cells.
        above: The rows printed before.
        statement: That it stands in.
    """
    by_unit = _by_unit(row) if row.unit else _by_words(row, line, above)
    if by_unit:
        return by_unit
    headings = [each.label for each in above if each.kind == "heading"]
    if any(_SUPPLEMENT.search(label) for label in (*headings, row.label)):
        return "memo"
    if _MEMO.search(row.label):
        return "memo"
    return "total" if _is_total(row, tags, statement) else "line"


def _by_unit(row: Row) -> RowKind | None:
    unit = row.unit or ""
    if "/share" in unit:
        return "per_share"
    if unit == "shares":
        return "shares"
    return None if is_money(unit) else "memo"


def _by_words(row: Row, line: Line, above: Sequence[Row]) -> RowKind | None:
    """Return the kind of a row whose figures have no unit."""
    heading = next((each.label for each in reversed(above) if each.kind == "heading"), "")
    small = all(cell.v is None or abs(cell.v) < _LARGEST_PER_SHARE for cell in row.cells.values())
    if _PER_SHARE.search(row.label) or (_PER_SHARE.search(heading) and small and not line.bold):
        return "per_share"
    return "shares" if _SHARES.search(row.label) else None


def _is_total(row: Row, tags: Sequence[Tag], statement: StatementName) -> bool:
    if statement == "cash_flow_statement":
        if _PROFIT.match(row.label):
            return False  # the profit is a total elsewhere, and here the first term
        tags = [tag for tag in tags if "Cash" in tag.concept]
    by_concept = not row.axes and any(is_total(tag.concept) for tag in tags)
    return not row.label or by_concept or bool(_TOTAL.search(row.label))

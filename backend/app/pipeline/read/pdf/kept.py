"""Which columns are periods of the statement, and which are none."""

import re
from collections import Counter
from collections.abc import Iterator

from app.pipeline.read.pdf.dates import Length
from app.pipeline.read.pdf.headings import Column, Header
from app.pipeline.read.pdf.language import fold

_ADJUSTED = re.compile(
    r"pro[- ]?forma|convenience|unaudited \(?us\$|adjustment|before|"
    r"exceptional|underlying|non-recurring|"
    r"items|adjusted|special|separately|as (?:previously|"
    r"originally) (?:reported|stated)|budget|notes? \d"
)
_YEAR = Length(months=12)  # of a column that does not say
_QUARTER = 3  # months
_TOTAL = re.compile(r"(?<![a-z])(?:total|statutory|reported|gesamt|totaal|as restated)(?![a-z])")


def leave_out(header: Header) -> list[str]:
    """Mark the columns that are no period of the group's statement; return why, for people.

    Of two columns for one period only one can be the statement's: not the one of the parent, of
    another currency (a convenience translation), or of items before the total.
    """
    said: list[str] = []
    kept = [column for column in header.columns if column.left_out is None]
    if {"consolidated", "parent"} <= {column.scope for column in kept}:
        for column in kept:
            if column.scope == "parent":
                column.left_out = "column_of_parent"
                said.append(f"column {column.printed!r} is the parent's")
    kept = [column for column in header.columns if column.left_out is None]
    years = {column.year for column in kept if not _is_short(column)} - {None}
    for column in kept:
        if _is_short(column) and column.year in years:
            column.left_out = "column_of_quarter"
            said.append(f"column {column.printed!r} is a part of the year beside it")
    kept = [column for column in header.columns if column.left_out is None]
    groups: dict[object, list[Column]] = {}
    for column in kept:
        dated = all(each.month is not None for each in kept if each.year == column.year)
        day = (column.month, column.day) if dated else None
        period = (column.year, day, column.length or _YEAR)
        groups.setdefault(period if column.year else id(column), []).append(column)
    printed = Counter(column.units.currency or column.units.sign for column in kept)
    del printed[None]
    main = printed.most_common(1)[0][0] if printed else None
    for group in groups.values():
        if len(group) > 1:
            said.extend(_leave_out_twins(group, header.units.currency or main))
    return said


def _is_short(column: Column) -> bool:
    """Whether a column says that it is of less than a year, and not of a period of its own."""
    length = column.length
    return length is not None and length.months == _QUARTER


def _leave_out_twins(group: list[Column], currency: str | None) -> Iterator[str]:
    """Mark all but one of the columns of one period, if it is clear which one to keep."""
    codes = [column.units.currency or column.units.sign or currency for column in group]
    if len(set(codes)) > 1:
        others = [column for column, code in zip(group, codes, strict=True) if code != currency]
        code, why = "convenience_translation", "a translation into another currency"
    else:
        keep, code, why = _total_of(group)
        others = [column for column in group if keep is not None and column is not keep]
    for column in others:
        column.left_out = code
        yield f"column {column.printed!r} is {why}"


def _total_of(group: list[Column]) -> tuple[Column | None, str, str]:
    """Return the column that the others of a period are parts of, None where it is not told."""
    whole = [column for column in group if column.scope == "consolidated"]
    if len(whole) == 1:
        return whole[0], "column_of_segment", "of a part of the group"
    totals = [column for column in group if _TOTAL.search(fold(column.printed))]
    plain = [column for column in group if not _ADJUSTED.search(fold(column.printed))]
    found = totals if len(totals) == 1 else plain
    keep = found[0] if len(found) == 1 else None
    return keep, "column_before_total", "a part of the column of totals"

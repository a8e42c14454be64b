"""The periods of the columns: ends and first days, as far as a document says them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from app.pipeline.read.pdf import dates
from app.pipeline.read.pdf.dates import Length
from app.pipeline.read.pdf.document import Document
from app.pipeline.read.pdf.drafts import Draft, issue
from app.pipeline.read.pdf.headings import Column, Header
from app.pipeline.statement import Issue, StatementName

_YEAR_DAYS = (350, 380)
_YEAR_MONTHS, _YEAR_WEEKS = 12, 50
_EARLY = 6  # a fiscal year may be named by the calendar year before, if it ends by June


def set_periods(
    drafts: Mapping[StatementName, Draft],
    document: Document,
    issues: Mapping[StatementName, list[Issue]],
) -> None:
    """Give each column its period: by its heading and title, the other statements, the document."""
    for name, draft in drafts.items():
        complete(draft.header, instant=name == "balance_sheet")
    for name, draft in drafts.items():
        ends = [column.end for other in drafts.values() if other is not draft
                for column in other.columns if column.end]  # fmt: skip
        instant = name == "balance_sheet"
        complete(draft.header, instant=instant, others=ends)
        for column in draft.columns:
            if column.end is None and column.year is not None:
                column.end = _end_in_text(column, ends, document)
        complete(draft.header, instant=instant, usual=document.year_end)
        _check_periods(draft, issues[name])
    named = {column.end: column.year for draft in drafts.values() for column in draft.columns
             if column.fiscal and column.end}  # fmt: skip
    for draft in drafts.values():
        for column in draft.columns:
            if column.end in named:
                column.year, column.fiscal = named[column.end], True


def _end_in_text(column: Column, ends: Sequence[date], document: Document) -> date | None:
    """Return the end of a year of 52 or 53 weeks that only the text names, near other ends."""
    if column.month is not None or column.year is None or all(map(dates.month_end, ends)):
        return None
    for days in (document.year_ends, document.balance_days):
        near = {
            day
            for day in days
            if dates.fiscal_year(day) == column.year and any(_is_near(day, end) for end in ends)
        }
        if near:
            return near.pop() if len(near) == 1 else None
    return None


def _is_near(day: date, end: date) -> bool:
    """Return whether a day can end a year of 52 or 53 weeks, if the other day ends one."""
    days = abs((day - end).days)
    years = round(days / 365.25)
    return days % 7 == 0 and abs(days - years * 365.25) <= 7  # noqa: PLR2004


def _check_periods(draft: Draft, issues: list[Issue]) -> None:
    """Say which columns have no period of their own, and leave it unknown."""
    page = draft.pages[0]
    counts = Counter((column.start, column.end) for column in draft.columns if column.end)
    twins = [
        column for column in draft.columns if column.end and counts[column.start, column.end] > 1
    ]
    for column in twins:
        message = f"more than one column is headed {column.printed!r}"
        issues.append(issue("period_twice", message, page))
        column.end = column.start = column.year = None


def complete(
    header: Header,
    *,
    instant: bool,
    others: Sequence[date] = (),
    usual: tuple[int, int] | None = None,
) -> None:
    """Fill in ends and starts of the columns from the title and from the usual year end.

    Args:
        header: Of a table; its columns are changed.
        instant: Whether the columns are the days of a balance sheet.
        others: Ends of the periods of the document's other statements.
        usual: Month and day on which the document's years end, None where it does not say.
    """
    columns = header.columns
    named = [stamp for stamp in header.stamps if stamp.month and not stamp.opens]
    if len(columns) == 1 and columns[0].year is None:
        column = columns[0]
        full = [stamp for stamp in named if stamp.year]
        if full:
            column.year, column.month, column.day = full[0].year, full[0].month, full[0].day
    open_columns = [column for column in columns if column.month is None and column.end is None]
    ends = [stamp.date for stamp in named if stamp.date]
    _match_years(open_columns, columns, [end for end in ends if end])
    days = {(stamp.month, stamp.day) for stamp in named}
    bare = {stamp.year for stamp in header.stamps if stamp.month is None}
    if len(days) == 1 and (not ends or bare & {column.year for column in columns}):
        _same_day(columns, next(iter(days)))  # "years ended December 31, 2020, 2021 and 2022"
    _match_years(open_columns, columns, others)
    if not others and not named and usual and not (usual[0] <= _EARLY and _fiscal(open_columns)):
        _same_day(columns, usual)
    for column in columns:
        column.end = column.end or dates.day_of(column.year, column.month, column.day)
    if not instant:
        _starts(header)


def _fiscal(columns: Sequence[Column]) -> bool:
    return any(column.fiscal for column in columns)


def _same_day(columns: Sequence[Column], day: tuple[int | None, int | None]) -> None:
    """Give columns that are headed by years alone the day on which each year ends.

    A year of 52 or 53 weeks ends on another day each time, so only the newest is known then.
    """
    known = dates.day_of(2021, *day)
    years = [column.year for column in columns if column.year is not None]
    every = known is not None and dates.month_end(known)
    for column in columns:
        is_open = column.end is None and column.month is None and column.year is not None
        if is_open and (every or column.year == max(years)):
            column.month, column.day = day


def _match_years(
    open_columns: Sequence[Column], columns: Sequence[Column], ends: Sequence[date]
) -> None:
    """Give columns headed by years alone the ends that are named elsewhere.

    The newest year has the newest end: fiscal 2022 may end on 28 January 2023, and then the
    28 January 2022 is the end of fiscal 2021.
    """
    years = [column.year for column in columns if column.year is not None]
    if not years or not ends:
        return
    newest = max(ends)
    shift = newest.year - max(years)
    if shift not in {0, 1} or (shift and newest.month > _EARLY):
        return
    regular = all(map(dates.month_end, ends))
    for column in open_columns:
        if column.end is not None or column.month is not None or column.year is None:
            continue
        exact = {end for end in ends if end.year == column.year + shift}
        if len(exact) == 1:
            column.end = next(iter(exact))
        elif not exact and regular and len({end.month for end in ends}) == 1:
            column.end = _end_of_month(column.year + shift, newest.month)
        else:
            continue
        column.fiscal = column.fiscal or bool(shift)


def _end_of_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _starts(header: Header) -> None:
    """Give the columns of a statement of flows their first days, where they are known."""
    columns = header.columns
    ends = sorted({column.end for column in columns if column.end})
    odd = not all(map(dates.month_end, ends))  # years of 52 or 53 weeks
    for column in columns:
        if column.end is None:
            continue
        # The weeks that a title names are those of the newest year.
        if column.length is None and not (header.length and header.length.weeks
                                          and column.end != ends[-1]):  # fmt: skip
            column.length = header.length
        if column.opens and column.opens < column.end:
            column.start = column.opens
            continue
        length = column.length
        before = [end for end in ends if end < column.end]
        whole = (
            length is None or length.months == _YEAR_MONTHS or (length.weeks or 0) >= _YEAR_WEEKS
        )
        if whole and before and _YEAR_DAYS[0] <= (column.end - before[-1]).days <= _YEAR_DAYS[1]:
            column.start = before[-1] + timedelta(days=1)
            continue
        if length is None and not odd and column.opens is None and _yearly(columns):
            length = Length(months=12)
        if length is None or (length.months == _YEAR_MONTHS and odd):
            continue
        column.start = dates.start_of(column.end, length)


def _yearly(columns: Sequence[Column]) -> bool:
    """Return whether columns are headed alike by years that follow each other."""
    ends = sorted({column.end for column in columns if column.end})
    steps = [(later - earlier).days for earlier, later in pairwise(ends)]
    return bool(steps) and all(365 <= step <= 366 for step in steps)  # noqa: PLR2004

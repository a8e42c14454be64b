"""Fiscal periods: what a heading says, and the fiscal year of a period."""

import re
from datetime import date, timedelta
from typing import Final

from app.pipeline.read.facts import Context
from app.pipeline.read.ixbrl.document import Document, days
from app.pipeline.statement import Period

_MONTHS: Final = (
    "jan|gen|ene|sty",
    "feb|fév|fev|lut",
    "mar|mär|maa|mrt",
    "apr|avr|abr|kwi",
    "may|mai|maj|mei|mag",
    "jun|juin|giu|cze",
    "jul|juil|lug|lip",
    "aug|aoû|aou|ago|sie",
    "sep|set|wrz",
    "oct|okt|ott|out|paź",
    "nov|lis",
    "dec|dez|déc|dic|gru",
)
_MONTH: Final = re.compile("|".join(f"(?P<m{n}>{each})" for n, each in enumerate(_MONTHS, 1)))
_YEAR: Final = r"(?:19|20)\d{2}"
_NUMERIC: Final = re.compile(r"\b(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})\b")
_ISO: Final = re.compile(rf"\b({_YEAR})-(\d{{2}})-(\d{{2}})\b")
_DAY_FIRST: Final = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?\s+(?:de\s+)?([^\W\d_]{{3,}})\.?,?\s+(?:de\s+)?({_YEAR})"
)
_MONTH_FIRST: Final = re.compile(rf"\b([^\W\d_]{{3,}})\.?\s+(\d{{1,2}}),?\s+({_YEAR})")
_ONLY_YEAR: Final = re.compile(rf"(?<![\d.,])({_YEAR})(?![\d.,]*\d)")
_EARLY_JANUARY: Final = 7
_YEAR_DAYS: Final = 365.25
_ANNUAL: Final = range(350, 381)


def read_end(text: str) -> tuple[date | None, int | None]:
    """Return the last day that a heading names, and the year if it names only that."""
    text = " ".join(text.split())
    found = [
        *((each.end(), _date(each[1], each[2], each[3])) for each in _ISO.finditer(text)),
        *((each.end(), _date(each[3], each[2], each[1])) for each in _NUMERIC.finditer(text)),
        *(
            (each.end(), _date(each[3], _month(each[2]), each[1]))
            for each in _DAY_FIRST.finditer(text)
        ),
        *(
            (each.end(), _date(each[3], _month(each[1]), each[2]))
            for each in _MONTH_FIRST.finditer(text)
        ),
    ]
    ends = sorted((at, each) for at, each in found if each is not None)
    if ends:
        return ends[-1][1], None
    years = {int(year) for year in _ONLY_YEAR.findall(text)}
    return None, years.pop() if len(years) == 1 else None


def _month(name: str) -> str | None:
    match = _MONTH.match(name.lower())
    return match.lastgroup[1:] if match and match.lastgroup else None


def _date(year: str, month: str | None, day: str) -> date | None:
    if month is None:
        return None
    full = int(year) + (2000 if len(year) == len("20") else 0)
    try:
        return date(full, int(month), int(day))
    except ValueError:
        return None


def known_period(text: str, document: Document, *, instant: bool) -> Context | None:
    """Return the period that a heading means.

    Args:
        text: The heading of a column, such as "31.12.20" or "2020".
        document: Whose facts say which periods there are.
        instant: Whether an instant is wanted, not a duration.
    """
    end, year = read_end(text)
    for context in document.contexts:
        if (context.start is None) is not instant or context.end is None:
            continue
        if context.end == end or (end is None and year == fiscal_year_of(context.end)):
            return context
    if end and instant:
        return Context(None, None, end)
    current = document.period
    if current is None or current.start is None or current.end is None or not (year or end):
        return None
    # No fact is of that period: the years before end on the same day if it ends a month.
    years = (year or fiscal_year_of(end or current.end)) - fiscal_year_of(current.end)
    whole = (current.end + timedelta(days=1)).day == 1 and current.start.day == 1
    if not whole or (end and end != _shifted(current.end, years)):
        return None
    start = None if instant else _shifted(current.start - timedelta(days=1), years)
    return Context(None, start and start + timedelta(days=1), _shifted(current.end, years))


def _shifted(end: date, years: int) -> date:
    """Return the end of the same month in another year."""
    after = end + timedelta(days=1)
    return after.replace(year=after.year + years) - timedelta(days=1)


def fiscal_year_of(end: date) -> int:
    """Return the year of a period's end; one that ends on 1 to 7 January is of the year before."""
    return end.year - 1 if (end.month, end.day) <= (1, _EARLY_JANUARY) else end.year


def fiscal_year(end: date | None, document: Document) -> int | None:
    """Return the fiscal year as the filing names it, for other years by their distance."""
    focus = document.strings.get("dei:DocumentFiscalYearFocus", "")
    current = document.period.end if document.period else None
    if end is None:
        return None
    if not re.fullmatch(_YEAR, focus) or current is None:
        return fiscal_year_of(end)
    return int(focus) - round((current - end).days / _YEAR_DAYS)


def make_period(key: str, context: Context, printed: str | None, document: Document) -> Period:
    """Return a column's period; its label is the fiscal year, and the months of a short one."""
    year = fiscal_year(context.end, document)
    length = days(context)
    label = str(year) if year else (printed or key)
    if length and length not in _ANNUAL:
        label += f" ({max(1, round(length / 30.44))} months)"
    return Period(
        key=key,
        fiscal_year=year,
        label=label,
        printed=printed,
        start=context.start,
        end=context.end,
        days=length or None,
    )

"""Which periods are a statement's columns, and the fiscal year that each belongs to.

A column holds one period: a fact of a quarter, or of another year, is never put in its place.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from app.pipeline.statement import Period

Span = tuple[date | None, date]
"""First and last day of a duration, both included; (None, day) for an instant."""

ANNUAL_DAYS = range(350, 381)
"""Days of a fiscal year: a calendar year, or 52 or 53 weeks."""
_YEAR_BEFORE = 7
_LAST_OF_HALF = 6
_DAY = timedelta(days=1)
_FEW_DAYS = 30


def days_of(span: Span) -> int | None:
    """Return the days from the first to the last, both included; None for an instant."""
    start, end = span
    return None if start is None else (end - start).days + 1


def is_annual(span: Span) -> bool:
    """Return whether a duration is a fiscal year."""
    return days_of(span) in ANNUAL_DAYS


def fiscal_year_of(end: date) -> int:
    """Return the year of a period's end; an end on 1 to 7 January is of the year before."""
    return end.year - (end.month == 1 and end.day <= _YEAR_BEFORE)


def choose_durations(counts: Mapping[Span, int], document: Span | None = None) -> list[Span]:
    """Return the durations that are columns, newest first.

    These are the fiscal years that at least half as many facts of the statement are of as of the
    best year, the filing's own period, and a shorter one that lies beside all of these: the
    transition period after the year's end was moved.

    Args:
        counts: Facts of the statement by duration.
        document: The period of the filing, where it says so.
    """
    own = [span for span in counts if is_annual(span) or span == document]
    if not own:
        return []
    enough = max(counts[span] for span in own) / 2
    chosen: list[Span] = []
    for span in sorted(own, key=lambda each: (each == document, counts[each]), reverse=True):
        if counts[span] >= enough and not any(_overlap(span, other) for other in chosen):
            chosen.append(span)
    for span in sorted(counts, key=lambda each: -counts[each]):
        days = days_of(span) or 0
        if (
            counts[span] >= enough
            and _FEW_DAYS <= days < ANNUAL_DAYS.stop
            and not any(_overlap(span, other, 0) for other in chosen)
            and any(_adjoin(span, other) for other in chosen)
        ):
            chosen.append(span)
    return sorted(chosen, key=lambda span: span[1], reverse=True)


def choose_instants(counts: Mapping[Span, int], totals: Collection[Span] = ()) -> list[Span]:
    """Return the instants at which at least half as many facts stand as at the best, newest first.

    Args:
        counts: Facts of the statement by instant.
        totals: Where total assets is stated; if it is anywhere, it is in each column.
    """
    instants = {span: count for span, count in counts.items() if span[0] is None}
    closed = {span: count for span, count in instants.items() if span in totals} or instants
    enough = max(closed.values(), default=0) / 2
    chosen = [span for span, count in closed.items() if count >= enough]
    return sorted(chosen, key=lambda span: span[1], reverse=True)


def opening(span: Span) -> Span:
    """Return the instant that a duration opens with: the end of the day before (XBRL 4.7.2)."""
    start, end = span
    return (None, end if start is None or start == date.min else start - _DAY)


def closing(span: Span) -> Span:
    """Return the instant that a duration closes with."""
    return (None, span[1])


def naming_shift(end: date, year: int) -> int | None:
    """Return the years between the name of a fiscal year and the year of its end.

    Returns:
        0, or -1 where a year that ends in the first half is named after its beginning, as
        retailers do; None where the filing names a year that it cannot be.
    """
    shift = year - fiscal_year_of(end)
    return shift if shift == 0 or (shift == -1 and end.month <= _LAST_OF_HALF) else None


def periods_of(spans: list[Span], named: tuple[date, int] | None = None) -> list[Period]:
    """Return the columns with their fiscal years.

    Args:
        spans: In the order of the columns.
        named: The end of a period and the fiscal year that the filing calls it; the others
            follow, since a company names all its years by one rule.
    """
    shift = naming_shift(*named) if named else None
    return [_period(f"p{number}", span, shift or 0) for number, span in enumerate(spans)]


def _period(key: str, span: Span, shift: int) -> Period:
    start, end = span
    days = days_of(span)
    year = fiscal_year_of(end) + shift
    label = str(year)
    if days is not None and days not in ANNUAL_DAYS:
        months = round(days * 12 / 365.25)
        label = f"{months} months to {end.isoformat()}" if months > 1 else f"to {end.isoformat()}"
    return Period(key=key, fiscal_year=year, label=label, start=start, end=end, days=days)


def _overlap(one: Span, other: Span, allowed: int = _FEW_DAYS) -> bool:
    """Return whether two durations share more days than allowed."""
    if one[0] is None or other[0] is None:
        return False
    return (min(one[1], other[1]) - max(one[0], other[0])).days + 1 > allowed


def _adjoin(one: Span, other: Span) -> bool:
    """Return whether one duration begins within a week after the other ends."""
    if one[0] is None or other[0] is None:
        return False
    gaps = ((one[0] - other[1]).days, (other[0] - one[1]).days)
    return any(1 <= gap <= _YEAR_BEFORE for gap in gaps)

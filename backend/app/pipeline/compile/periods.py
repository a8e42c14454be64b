"""The columns of a compiled statement: which periods of the filings are one, and their years."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from app.pipeline.compile.entry import Entry, digits_of, near
from app.pipeline.compiled import CompiledPeriod
from app.pipeline.statement import Issue, Period

REGULAR: Final = range(350, 381)
"""Days of a fiscal year, also one of 52 or 53 weeks."""
_MONTH = 365.25 / 12
_SEASON = 15
"""Days by which the ends of fiscal years of 52 or 53 weeks may differ."""
_LAST_OF_YEAR = 7
"""An end on the first seven days of January belongs to the year before."""
_HALF = 0.5
_HALF_YEAR = 6


@dataclass(slots=True, eq=False)
class Column:
    """A period that one or more filings state.

    Attributes:
        stated: The filings with their period, the newest filing first.
        regular: A fiscal year, or the instant of a balance sheet.
    """

    stated: list[tuple[Entry, Period]]
    regular: bool
    key: str = ""
    label: str = ""
    fiscal_year: int | None = None

    @property
    def own(self) -> list[tuple[Entry, Period]]:
        """Return the filings of which this is the newest period; all if there is none."""
        return [(e, p) for e, p in self.stated if p is e.newest] or self.stated

    @property
    def end(self) -> date:
        """Return the last day: of the year's own report, else as most say, else the first."""
        ends = Counter(end for _, period in self.own if (end := period.end))
        most = max(ends.values())
        return min(end for end, number in ends.items() if number == most)

    @property
    def start(self) -> date | None:
        """Return the first day, as the newest filing says that ends the period on its last day."""
        return next((p.start for _, p in self.stated if p.start and p.end == self.end), None)

    @property
    def days(self) -> int | None:
        """Return the length, both days included."""
        return (self.end - self.start).days + 1 if self.start else None

    def compiled(self, inputs: dict[Entry, int]) -> CompiledPeriod:
        """Return the column in the form of a compiled statement."""
        return CompiledPeriod(
            key=self.key,
            label=self.label,
            fiscal_year=self.fiscal_year,
            start=self.start,
            end=self.end,
            days=self.days,
            regular=self.regular,
            input=inputs[self.own[0][0]],
        )


@dataclass(slots=True)
class Columns:
    """The columns, newest first, and the key of the column of each period of each filing."""

    columns: list[Column]
    of: dict[Entry, dict[str, str]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


def find_columns(entries: Sequence[Entry]) -> Columns:
    """Return the columns of statements of one group.

    Args:
        entries: The newest first. A period without a known end belongs to its fiscal year, if one
            column has it; else it is left out, and an issue says so.
    """
    regular: dict[date, Column] = {}
    odd: dict[tuple[date, int], Column] = {}
    result = Columns([])
    for entry in entries:
        for period in _once(entry, result.issues):
            if period.end is None:
                continue
            days = _days(period)
            if days is None or days in REGULAR:
                column = regular.setdefault(period.end, Column([], regular=True))
            else:
                months = round(days / _MONTH)
                column = odd.setdefault((period.end, months), Column([], regular=False))
            column.stated.append((entry, period))
    years = _joined([regular[end] for end in sorted(regular)], entries)
    _name_years(years)
    for (end, months), column in sorted(odd.items()):
        _name_odd(column, end, months)
    result.columns = [*years, *odd.values()]
    _make_unique(result.columns)
    result.columns.sort(key=lambda each: (each.end, each.regular, each.key), reverse=True)
    for column in result.columns:
        for entry, period in column.stated:
            result.of.setdefault(entry, {})[period.key] = column.key
    for entry in entries:
        _add_undated(entry, result)
    return result


def _days(period: Period) -> int | None:
    """Return the length of a period; None of an instant, or where no start is known."""
    if period.start and period.end:
        return (period.end - period.start).days + 1
    return period.days


def _once(entry: Entry, issues: list[Issue]) -> Iterable[Period]:
    """Yield the periods of a statement, each once.

    Of two columns for one period that differ, as reported and restated, the restated one counts;
    where neither says that it is, both are left out.
    """
    by_dates: dict[tuple[object, ...], list[Period]] = {}
    for period in entry.statement.periods:
        dates = (period.start, period.end) if period.end else (period.key,)
        by_dates.setdefault(dates, []).append(period)
    for periods in by_dates.values():
        restated = [
            each
            for each in periods
            if "restated" in f"{each.label} {each.printed or ''}".casefold()
        ]
        if len(periods) == 1 or _are_equal(entry, periods):
            yield periods[0]
        elif len(restated) == 1:
            yield restated[0]
        else:
            message = f"{entry.named()} states {periods[0].label} twice, with other figures"
            issues.append(Issue(code="period_twice", message=message))


def _are_equal(entry: Entry, periods: Sequence[Period]) -> bool:
    return all(
        len({cell.v if (cell := row.cells.get(each.key)) else None for each in periods}) == 1
        for row in entry.statement.rows
    )


def _joined(columns: Sequence[Column], entries: Sequence[Entry]) -> list[Column]:
    """Return the regular columns, those of one period joined, the oldest first."""
    order = {entry: number for number, entry in enumerate(entries)}
    joined: list[Column] = []
    for column in columns:
        if joined and _is_one(joined[-1], column):
            both = [*joined[-1].stated, *column.stated]
            joined[-1].stated = sorted(both, key=lambda each: order[each[0]])
        else:
            joined.append(column)
    return joined


def _is_one(column: Column, later: Column) -> bool:
    """Return whether two ends a few days apart are of one period: where nothing speaks against it.

    One filing must not state both. Either they are a balance at the end of one day and the opening
    balance of the next, or of one fiscal year with mostly equal figures.
    """
    one, other = column.end, later.end
    if not near(one, other) or {e for e, _ in column.stated} & {e for e, _ in later.stated}:
        return False
    instants = all(period.start is None for _, period in (*column.stated, *later.stated))
    if instants and other.day == 1 and one + timedelta(days=1) == other:
        return True
    if _year(column) != _year(later):
        return False
    figures, others = _figures(column), _figures(later)
    return len(figures & others) > _HALF * min(len(figures), len(others))


def _figures(column: Column) -> set[str]:
    return {
        digits_of(cell.v)
        for entry, period in column.stated
        for row in entry.statement.rows
        if (cell := row.cells.get(period.key)) and cell.v and row.kind in {"line", "total"}
    }


def year_of(end: date) -> int:
    """Return the year of a period's end, minus one for ends on 1 to 7 January."""
    return end.year - (end.month == 1 and end.day <= _LAST_OF_YEAR)


def _year(column: Column) -> int:
    """Return the fiscal year that the filings name, most often or as the calendar has it.

    A fiscal year may be called by the calendar year before its end, or behind, but no other.
    """
    year = year_of(column.end)
    near_ = (year, year - 1, year + 1)
    named = Counter(p.fiscal_year for _, p in column.own if p.fiscal_year in near_)
    return max(near_, key=lambda each: named[each]) if named else year


def _name_years(columns: Sequence[Column]) -> None:
    """Name regular columns by their fiscal years, consistently for ends at one time of the year.

    A filing that calls the year to 3 February 2024 fiscal 2023 decides for those that do not say.
    """
    seasons: list[list[Column]] = []
    for column in reversed(columns):
        for season in seasons:
            if _apart(season[-1].end, column.end) <= _SEASON:
                season.append(column)
                break
        else:
            seasons.append([column])
    taken: dict[int, Column] = {}
    for season in seasons:
        votes = Counter(_year(each) - year_of(each.end) for each in season)
        offset = min(votes, key=lambda each: (-votes[each], abs(each), each))
        for column in season:
            column.fiscal_year = year_of(column.end) + offset
    for column in sorted(columns, key=lambda each: _rank(each, columns)):
        year = column.fiscal_year or 0
        if year in taken:
            column.regular = False
            column.key = column.label = column.end.isoformat()
            if column.days:
                column.label = f"{round(column.days / _MONTH)} months to {column.end}"
        else:
            taken[year] = column
            column.key, column.label = str(year), f"FY{year}"


def _rank(column: Column, columns: Sequence[Column]) -> tuple[bool, bool, bool, int, int]:
    """Return what orders columns of one fiscal year: the smallest keeps the year's name.

    It is the one that ends a year after another one: a year end that moved has none. The opening
    balance of a first of January is not the end of a year.
    """
    follows = any((column.end - each.end).days in REGULAR for each in columns)
    precedes = any((each.end - column.end).days in REGULAR for each in columns)
    opening = column.end.day == 1
    return not follows, not precedes, opening, -len(column.stated), -column.end.toordinal()


def _apart(one: date, other: date) -> int:
    """Return by how many days two dates differ within the year."""
    days = abs(one.timetuple().tm_yday - other.timetuple().tm_yday)
    return min(days, 366 - days)


def _name_odd(column: Column, end: date, months: int) -> None:
    """Name a short or a long period by its months."""
    column.fiscal_year = _year(column)
    days = column.days or _days(column.stated[0][1]) or 0
    length = f"{months}m" if months else f"{days}d"
    column.key = f"{column.fiscal_year}-{length}"
    column.label = f"{months} months to {end}" if months else f"{days} days to {end}"
    if months == 1:
        column.label = f"1 month to {end}"


def _make_unique(columns: Sequence[Column]) -> None:
    """Add the end to the keys that several columns have, then the first day."""
    for detail in ("end", "start"):
        keys = Counter(each.key for each in columns)
        for column in columns:
            if keys[column.key] > 1 and not column.regular:
                column.key = f"{column.key}-{getattr(column, detail)}"


def _add_undated(entry: Entry, result: Columns) -> None:
    """Place the periods without a known end by their fiscal year, where that is not ambiguous."""
    of = result.of.setdefault(entry, {})
    for period in entry.statement.periods:
        if period.end is not None:
            continue
        fitting = [
            each
            for each in result.columns
            if each.fiscal_year is not None and each.fiscal_year == period.fiscal_year
        ]
        if len(fitting) == 1 and fitting[0].regular and fitting[0].key not in of.values():
            of[period.key] = fitting[0].key
            continue
        message = f"the end of {period.label!r} in {entry.named()} is not known: it is left out"
        result.issues.append(Issue(code="period_end_unknown", message=message))


def missing_years(columns: Sequence[Column]) -> list[int]:
    """Return the fiscal years between the oldest and the newest that no filing states.

    A year that lies within a period of more than one year is stated with it.
    """
    stated = {each.fiscal_year for each in columns if each.fiscal_year is not None}
    for each in columns:
        if each.start and (each.days or 0) >= REGULAR.stop and each.fiscal_year is not None:
            first = each.start.year + (each.start.month > _HALF_YEAR)
            stated.update(range(first, each.fiscal_year))
    years = sorted(stated)
    return [year for one, other in pairwise(years) for year in range(one + 1, other)][::-1]


def moved_ends(columns: Sequence[Column]) -> list[tuple[Column, Column]]:
    """Return the neighbouring columns, the older first, between which the year end moved."""
    regular = [each for each in columns if each.regular]
    return [
        (older, newer)
        for newer, older in pairwise(regular)
        if _apart(newer.end, older.end) > _SEASON
    ]

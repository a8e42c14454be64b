"""The columns of a statement: its periods, and the fiscal years that no filing states."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from app.pages.statement.options import Order
from app.pipeline.compiled import Compiled, CompiledPeriod
from app.pipeline.plain import plain
from app.pipeline.show.headings import date_of, has_one_day, name_of


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        name: Such as FY2023, or 6 months.
        day: On which it ends, where it is not the same day of all years.
        reason: Why no filing states it; None for a period.
        period: None for a year that is missing.
        is_short: Whether the period is not a whole year.
        after_break: Whether figures cannot be compared across its left edge.
        year: What the address of a figure names it by.
    """

    name: str
    day: str | None
    reason: str | None
    period: CompiledPeriod | None
    is_short: bool = False
    after_break: bool = False
    year: str = ""

    @property
    def css(self) -> str:
        """Return the classes of its heading."""
        classes = {"g": self.reason is not None, "x": self.is_short, "b": self.after_break}
        return " ".join(name for name, applies in classes.items() if applies)


def columns_of(compiled: Compiled, order: Order) -> list[Column]:
    """Return the columns from left to right."""
    periods = compiled.periods
    dated = not has_one_day(periods)
    columns = [
        Column(
            name_of(each),
            date_of(each) if dated or not each.regular else None,
            None,
            each,
            is_short=not each.regular,
            year=quote(each.key),
        )
        for each in periods
    ]
    for gap in sorted(compiled.gaps, key=lambda each: -each.fiscal_year):
        missing = Column(f"FY{gap.fiscal_year}", None, plain(gap.reason), None)
        place = next(
            (n for n, each in enumerate(columns) if _year_of(each) < gap.fiscal_year), len(columns)
        )
        columns.insert(place, missing)
    if order == "oldest":
        columns.reverse()
    return _with_breaks(columns, compiled)


def _year_of(column: Column) -> int:
    if column.period is None:
        return int(column.name.removeprefix("FY"))
    return column.period.fiscal_year or column.period.end.year


def _with_breaks(columns: Sequence[Column], compiled: Compiled) -> list[Column]:
    """Return the columns, of which each knows whether it stands right of a break."""
    pairs = {frozenset(each.between) for each in compiled.breaks}
    found: list[Column] = []
    last: str | None = None
    for each in columns:
        key = each.period.key if each.period else None
        is_broken = bool(key and last and frozenset((key, last)) in pairs)
        found.append(replace(each, after_break=is_broken))
        last = key or last
    return found

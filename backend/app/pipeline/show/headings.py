"""What stands above the figures: the title of a statement, the names and days of its periods."""

from collections.abc import Sequence
from typing import Final

from app.pipeline.compile.view import View
from app.pipeline.compiled import Compiled, CompiledPeriod
from app.pipeline.plain import plain
from app.pipeline.wording import framework_name, unit_name

MONTHS: Final = (
    *("", "January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


def title_of(compiled: Compiled) -> str:
    """Return the title of a statement, as its newest filing has it."""
    title = plain(compiled.title or compiled.statement.replace("_", " "))
    title = title.lower() if title.isupper() else title
    return title[:1].upper() + title[1:]


def measures_of(compiled: Compiled, periods: Sequence[CompiledPeriod], view: View) -> list[str]:
    """Return what holds for all figures: unit, framework, day of the year end, filings.

    Args:
        compiled: The years that are shown.
        periods: Those that are drawn.
        view: Which filings give the figures.
    """
    reports = len(_reports(compiled))
    framework = compiled.framework
    return [
        unit_name(compiled.currency, compiled.scale),
        framework_name(framework) if framework else "framework not known",
        *(["parent company alone"] if compiled.scope == "parent" else []),
        *_year_end(compiled, periods),
        f"{reports} report{'s' * (reports != 1)}",
        *(["as first reported"] if view == "original" else []),
    ]


def _reports(compiled: Compiled) -> set[tuple[str, str | None]]:
    """Return the filings that state a figure shown."""
    used = {
        each.input
        for row in compiled.rows
        for cell in row.cells.values()
        for each in (cell, *cell.history)
    }
    inputs = (compiled.inputs[number] for number in used)
    return {(each.sha256, each.accession) for each in inputs}


def _year_end(compiled: Compiled, periods: Sequence[CompiledPeriod]) -> list[str]:
    if not has_one_day(periods):
        return []
    end = periods[0].end
    preposition = "at" if compiled.statement == "balance_sheet" else "years to"
    return [f"{preposition} {end.day} {MONTHS[end.month]}"]


def has_one_day(periods: Sequence[CompiledPeriod]) -> bool:
    """Whether all periods are whole years that end on the same day of their year."""
    return len({(each.end.month, each.end.day) for each in periods}) == 1 and all(
        each.regular and each.end.year == each.fiscal_year for each in periods
    )


def name_of(period: CompiledPeriod) -> str:
    """Return the year of a period, or the length of a short one."""
    label = plain(period.label)
    return label if period.regular else label.partition(" to ")[0]


def date_of(period: CompiledPeriod) -> str:
    """Return the day on which a period ends, with its year where the fiscal year is another."""
    day = f"{period.end.day} {MONTHS[period.end.month][:3]}"
    is_own = period.regular and period.end.year == period.fiscal_year
    return day if is_own else f"{day} {period.end.year % 100:02}"


def range_of(periods: Sequence[CompiledPeriod]) -> str:
    """Return the first and the last of some periods, which are the newest first."""
    last, first = plain(periods[0].label), plain(periods[-1].label)
    return first if len(periods) == 1 else f"{first}–{last}"  # noqa: RUF001 an en dash, as between years


def totals_of(compiled: Compiled) -> set[int]:
    """Return the rows that are totals: by their label, or as the sum of rows just above."""
    by_label = {number for number, row in enumerate(compiled.rows) if row.kind == "total"}
    by_sum = {
        each.total
        for each in compiled.equations
        if each.total is not None and (each.total - 1) in {row for _, row in each.terms}
    }
    return by_label | by_sum

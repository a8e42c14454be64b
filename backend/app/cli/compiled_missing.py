"""What is not among the figures of a table: missing and hidden years, other groups, lines."""

from collections.abc import Iterator
from itertools import groupby

from app.cli.compiled_table import Grid
from app.cli.text import plain
from app.pipeline.compiled import Compiled
from app.pipeline.show.headings import range_of
from app.pipeline.wording import framework_name


def missing_of(shown: Compiled, stored: Compiled, grid: Grid, width: int | None) -> Iterator[str]:
    """Yield what is missing or set apart, each in a sentence.

    Args:
        shown: The years that are asked for.
        stored: All years and groups.
        grid: The columns that fit.
        width: Columns of the terminal.
    """
    gaps = sorted(shown.gaps, key=lambda each: (each.reason, -each.fiscal_year))
    for reason, group in groupby(gaps, key=lambda gap: gap.reason):
        years = ", ".join(f"FY{gap.fiscal_year}" for gap in group)
        yield f"{years} missing: {plain(reason)}"
    groups = [stored, *stored.others]
    own = next((each for each in groups if _identity(each) == _identity(shown)), stored)
    labels = {each.key: plain(each.label) for each in own.periods}
    for each in shown.breaks:
        older, newer = (labels.get(key, plain(key)) for key in each.between)
        yield f"{older} and {newer} are not comparable: {plain(each.reason)}"
    if apart := [plain(each.label) for each in grid.periods if not each.regular]:
        yield f"{', '.join(apart)}: not a whole year to the usual day, and not counted as one"
    if hidden := shown.periods[len(grid.periods) :]:
        number = len([each for each in shown.periods if each.regular])
        yield (
            f"{range_of(hidden)} not shown: {width} columns; --years {number} --format csv has all"
        )
    if older_periods := own.periods[len(shown.periods) :]:
        yield f"older: {range_of(older_periods)} (--years all)"
    if number := sum(bool(row.replaced) for row in shown.rows):
        lines = f"{number} lines are" if number > 1 else "1 line is"
        yield f"{lines} broken down otherwise by newer reports: --view original"
    yield from (_other(each) for each in groups if each is not own)
    if number := len(shown.unplaced):
        lines = f"{number} lines of reports have" if number > 1 else "1 line of a report has"
        yield f"{lines} no place among these: --format json names them under unplaced"


def _lines(compiled: Compiled) -> int:
    """Return the number of lines with figures."""
    return sum(bool(row.cells) for row in compiled.rows)


def _identity(group: Compiled) -> tuple[str | None, str | None, str | None]:
    return group.framework, group.currency, group.scope


def _other(group: Compiled) -> str:
    """Return what another group has, and how it is shown."""
    framework = group.framework or "unknown"
    name = framework_name(framework)
    currency = plain(group.currency or "unknown")
    years = range_of(group.periods) if group.periods else "no year"
    parent = ", parent company" if group.scope == "parent" else ""
    return (
        f"also {name} in {currency}{parent}, {years}: "
        f"--framework {plain(framework)} --currency {currency}"
    )

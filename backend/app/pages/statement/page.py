"""A statement as a page shows it: title, switches, lines, legend, proof and notices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.pages.statement.bases import NAMES, Bases, bases_of
from app.pages.statement.columns import Column, columns_of
from app.pages.statement.comparable import Comparing
from app.pages.statement.marks import MARKS, UNREADABLE, meanings
from app.pages.statement.measures import Amounts, Growth, Measure, Share
from app.pages.statement.notices import Notice, notices_of, sorted_by_kind
from app.pages.statement.options import Options
from app.pages.statement.percentages import NOT_AVAILABLE, NOT_MEANINGFUL
from app.pages.statement.rows import Block, Drawing
from app.pages.statement.switches import (
    Download,
    Switch,
    downloads_of,
    identity_of,
    switches_of,
)
from app.pages.statement.trends import HEIGHT, WIDTH
from app.pages.statement.words import outside, say
from app.pipeline.compile.view import NoSuchGroupError, view_of
from app.pipeline.compile.years import of_periods
from app.pipeline.compiled import Compiled
from app.pipeline.plain import plain
from app.pipeline.show.headings import measures_of, range_of, title_of
from app.pipeline.show.marks import Marking
from app.pipeline.show.notes import proof_of, splits_of
from app.pipeline.wording import unit_name

_SIZES: Final = {"longest": 58, "longer": 46, "long": 34}
"""Rows of which a statement has more."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A line of the legend.

    Attributes:
        id: Of the element, which figures refer to.
        sign: The mark.
        words: What it means.
    """

    id: str
    sign: str
    words: str


@dataclass(frozen=True, slots=True)
class Table:
    """A statement on a page.

    Attributes:
        title: As its newest filing has it.
        unit: Of the figures.
        measures: What else holds for all of them.
        above: What to know before reading the figures.
        columns: From left to right.
        has_trends: Whether a row has a trend.
        width: Of a trend.
        height: Of a trend.
    """

    title: str
    unit: str
    measures: Sequence[str]
    columns: Sequence[Column]
    blocks: Sequence[Block]
    legend: Sequence[Explained]
    proof: Sequence[str]
    above: Sequence[Notice]
    notices: Sequence[Notice]
    switches: Sequence[Switch]
    downloads: Sequence[Download]
    has_trends: bool
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def size(self) -> str:
        """Return the class by which paper takes smaller letters, so that one page has all rows."""
        rows = sum(len(each.lines) + (each.heading is not None) for each in self.blocks)
        return next((name for name, most in _SIZES.items() if rows > most), "")


def table_of(
    company_id: int, stored: Compiled, options: Options, income: Compiled | None = None
) -> Table:
    """Return a statement as a page shows it.

    Args:
        company_id: Whose.
        stored: With all its years and groups.
        options: How it is shown.
        income: The income statement, which has the revenue, for shares of a cash flow statement.
    """
    above: list[Notice] = []
    try:
        shown = _view(stored, options)
    except NoSuchGroupError as error:
        above.append(Notice("warning", say(outside(_sentence(str(error))))))
        options = options.but(framework=None, currency=None)
        shown = _view(stored, options)
    drawn = of_periods(shown, shown.periods, replaced=False)
    whole = view_of(stored, years=None, view=options.view, **options.group)
    comparing = Comparing.of_statement(whole)
    measure, about = _measure(drawn, whole, options, comparing, income)
    columns = columns_of(drawn, options.order)
    drawing = Drawing(
        company_id,
        drawn,
        columns,
        options,
        measure,
        comparing,
        Marking.of_statement(shown, options.view),
    )
    blocks = drawing.blocks()
    unit = _unit(shown, options)
    notices = [
        *_unadjusted(drawing, drawn),
        *notices_of(company_id, shown, drawn, stored, options),
    ]
    return Table(
        title=title_of(shown),
        unit=unit,
        measures=[*_shown_as(options, unit), *measures_of(shown, shown.periods, options.view)],
        columns=columns,
        blocks=blocks,
        legend=list(_legend(drawing, drawn, options)),
        proof=proof_of(drawn, drawn.periods),
        above=sorted_by_kind([*above, *about]),
        notices=sorted_by_kind(notices),
        switches=list(switches_of(company_id, shown, stored, options)),
        downloads=downloads_of(company_id, shown, options),
        has_trends=any(line.trend for block in blocks for line in block.lines),
    )


def _view(stored: Compiled, options: Options) -> Compiled:
    return view_of(stored, years=options.years, view=options.view, **options.group)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _unit(shown: Compiled, options: Options) -> str:
    if options.show == "share":
        return f"% of {NAMES[shown.statement]}"
    if options.show == "growth":
        return "growth over the year before"
    return unit_name(shown.currency, shown.scale)


def _shown_as(options: Options, unit: str) -> list[str]:
    """Return the unit of figures that are no amounts; that of amounts comes first anyway."""
    return [] if options.show == "amounts" else [unit]


def _measure(
    drawn: Compiled,
    whole: Compiled,
    options: Options,
    comparing: Comparing,
    income: Compiled | None,
) -> tuple[Measure, list[Notice]]:
    """Return how figures are shown, and what there is to know of it."""
    if options.show == "growth":
        return Growth({row.id: row for row in whole.rows}, comparing), []
    if options.show == "share":
        bases = _bases(drawn, options, income)
        return Share(drawn, bases), list(_about(bases, drawn))
    return Amounts(drawn), []


def _bases(drawn: Compiled, options: Options, income: Compiled | None) -> Bases:
    """Return the lines that percentages are of, which may be those of the income statement."""
    if drawn.statement != "cash_flow_statement":
        return bases_of(drawn)
    found = _same_group(drawn, options, income)
    if found is None:
        reason = "there is no income statement in the same framework and currency"
        return Bases(drawn, {}, {each.key: reason for each in drawn.periods})
    if drawn.scale is None or found.scale is None:
        reason = "the scale is not known"
        return Bases(found, {}, {each.key: reason for each in drawn.periods})
    bases = bases_of(found)
    ends = {each.key: (each.end, each.regular) for each in found.periods}
    rows, reasons = {}, {}
    for each in drawn.periods:
        if ends.get(each.key) != (each.end, each.regular):
            reasons[each.key] = "the income statement has no such period"
        elif each.key in bases.rows:
            rows[each.key] = bases.rows[each.key]
        else:
            reasons[each.key] = bases.reasons[each.key]
    return replace(bases, rows=rows, reasons=reasons)


def _same_group(drawn: Compiled, options: Options, income: Compiled | None) -> Compiled | None:
    """Return the income statement in the framework, currency and scope of another statement."""
    if income is None:
        return None
    for each in (income, *income.others):
        if identity_of(each) == identity_of(drawn):
            alone = each.model_copy(update={"others": []})
            return view_of(alone, years=None, view=options.view)
    return None


def _about(bases: Bases, drawn: Compiled) -> Iterator[Notice]:
    """Yield what percentages are of, and why some are not there."""
    if bases.rows:
        labels = [outside(each) for each in bases.labels]
        parts = [part for each in labels for part in (", ", each)][1:]
        where = " of the income statement" if bases.compiled.statement != drawn.statement else ""
        yield Notice("note", say("Percentages are of ", *parts, f"{where}."))
    by_reason: dict[str, list[str]] = {}
    for period in drawn.periods:
        if period.key in bases.reasons:
            by_reason.setdefault(bases.reasons[period.key], []).append(plain(period.label))
    for reason, years in by_reason.items():
        every = len(years) == len(drawn.periods)
        where = "" if every else f" for {', '.join(years)}"
        yield Notice("warning", say(f"No percentages{where}: {reason}."))


def _unadjusted(drawing: Drawing, drawn: Compiled) -> Iterator[Notice]:
    """Yield which years have figures from before a split of shares."""
    periods = [each for each in drawn.periods if each.key in drawing.unadjusted]
    if periods:
        yield Notice(
            "note",
            say(
                f"Figures per share and numbers of shares of {range_of(periods)} are from before "
                "a split, and not comparable with newer years."
            ),
        )


def _legend(drawing: Drawing, drawn: Compiled, options: Options) -> Iterator[Explained]:
    """Yield the meaning of each mark that occurs."""
    splits = splits_of(drawn, drawn.periods) if "split" in drawing.used else ""
    meaning = meanings(options, splits)
    for name, mark in MARKS.items():
        if name in drawing.used:
            yield Explained(mark.id, mark.sign, meaning[name])
    if UNREADABLE in drawing.used:
        yield Explained("kq", "?", "a figure stands there, and cannot be read")
    if drawing.is_replaced:
        yield Explained(
            "ko",
            "○",
            "only older reports state it: newer ones break the sum down otherwise",
        )
    if options.show != "amounts":
        earlier = "the figure of the year before" if options.show == "growth" else "the base"
        if NOT_MEANINGFUL in drawing.used:
            yield Explained("knm", NOT_MEANINGFUL, f"not meaningful: {earlier} is not positive")
        if NOT_AVAILABLE in drawing.used:
            why = (
                "no figure of the year before is comparable"
                if options.show == "growth"
                else "no sum of money, or no base in that year"
            )
            yield Explained("kna", NOT_AVAILABLE, f"not available: {why}")

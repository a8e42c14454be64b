"""All that the page of a figure says, in words and figures that a template only has to place."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from app.pages.figure.equations import NO_LABEL, Sum, sums_of
from app.pages.figure.links import Links
from app.pages.figure.signs import MINUS
from app.pages.figure.stated import Again, Filing, Stated, filing_of, history_of, readings_of
from app.pipeline.compiled import CompiledPeriod
from app.pipeline.plain import plain
from app.pipeline.show.figures import MOST_DECIMALS, draw_figure
from app.pipeline.statement import StatementName
from app.pipeline.wording import unit_name
from app.services.figure_lines import Excerpt, excerpt_of
from app.services.origin_form import Origin
from app.services.origin_words import SIGNS
from app.services.values import write_value
from app.services.why import Traced

State = Literal["proved", "unproved", "not_checkable", "unreadable"]
STATES: Final[dict[State, tuple[str, str]]] = {
    "proved": ("Proved", "verified"),
    "unproved": ("Unproved", "partly"),
    "not_checkable": ("Not checkable", ""),
    "unreadable": ("Not legible", "doubtful"),
}
"""Name and badge."""
STATEMENTS: Final[dict[StatementName, str]] = {
    "income_statement": "Income statement",
    "balance_sheet": "Balance sheet",
    "cash_flow_statement": "Cash flow statement",
}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The same line in another year."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class FigureView:
    """The page of a figure.

    Attributes:
        label: With the headings above it in `section`.
        figure: As the statement shows it.
        exact: Its value without scale; None where that is not known.
        plain: The same for programs: digits without signs between them.
        badge: The class of whether it is proved, with a name and a sentence.
        warnings: What makes it doubtful, one sentence each.
        was: What was read, where a person has corrected it.
        tagged: The value of the fact, where there is one.
        sign_rule: How the printed figure follows from it.
        command: That tells the same in a terminal.
    """

    origin: Origin
    links: Links
    label: str
    section: tuple[str, ...]
    figure: str
    plain: str
    unit: str
    exact: str | None
    badge: str
    state_name: str
    state_words: str
    warnings: tuple[str, ...]
    older: Neighbour | None
    newer: Neighbour | None
    filing: Filing
    tagged: str | None
    sign_rule: str | None
    was: str | None
    excerpt: Excerpt | None
    excerpt_unit: str
    sums: tuple[Sum, ...]
    history: tuple[Stated, ...]
    readings: tuple[Again, ...]
    command: str

    @property
    def statement_name(self) -> str:
        """Return the name of the statement."""
        return STATEMENTS[self.origin.statement]

    @property
    def here(self) -> str:
        """Return the address of the page itself."""
        return self.links.figure(self.origin.line, self.origin.period)

    @property
    def are_days_known(self) -> bool:
        """Return whether a filing of the history says the day of its filing."""
        return any(each.filing.data.filed for each in self.history)

    @property
    def page(self) -> int | None:
        """Return the page of the document on which the figure stands, if it has pages."""
        place = self.origin.place
        return place.at[0] if isinstance(place.at, tuple) else place.page


def view_of_figure(traced: Traced, links: Links) -> FigureView:
    """Return the page of a figure."""
    origin, cell = traced.origin, traced.cell
    row = traced.shown.rows[traced.meant.found.position]
    drawn = draw_figure(cell, row, MOST_DECIMALS, "")
    kept = traced.kept.get(cell.input)
    sums = sums_of(traced, links)
    state = state_of(origin)
    older, newer = _neighbours(traced, links)
    return FigureView(
        origin=origin,
        links=links,
        label=origin.label or NO_LABEL,
        section=tuple(origin.section),
        figure=f"{drawn.digits}{drawn.fraction or ''}{drawn.after}",
        plain="" if origin.v is None else f"{origin.v:f}",
        unit=unit_name(origin.unit, origin.scale, unknown="unit not known"),
        exact=_exact(origin.value, origin.unit),
        badge=STATES[state][1],
        state_name=STATES[state][0],
        state_words=_state_words(origin, state, sums),
        warnings=tuple(_warnings(origin)),
        older=older,
        newer=newer,
        filing=filing_of(origin.filing),
        tagged=None if origin.place.tagged is None else _signed(origin.place.tagged),
        sign_rule=SIGNS[origin.place.sign] if origin.place.sign else None,
        was=write_value(origin.corrected.was) if origin.corrected else None,
        excerpt=excerpt_of(kept.statement, cell.row, cell.period) if kept else None,
        excerpt_unit=unit_name(kept.statement.currency, kept.statement.scale) if kept else "",
        sums=sums,
        history=history_of(traced, links),
        readings=readings_of(traced, links),
        command=_command(traced, links),
    )


def state_of(origin: Origin) -> State:
    """Return whether a figure is proved."""
    if origin.v is None:
        return "unreadable"
    if origin.verified:
        return "proved"
    return "unproved" if origin.checkable else "not_checkable"


def _state_words(origin: Origin, state: State, sums: tuple[Sum, ...]) -> str:
    """Return a sentence that says by which sums a figure is proved, or why it is not."""
    if state == "unreadable":
        return "A figure stands there, and cannot be read."
    if state == "not_checkable":
        kinds = {
            "per_share": "Figures per share are terms of no sum.",
            "shares": "Numbers of shares are terms of no sum.",
        }
        return kinds.get(origin.kind, "It repeats or details other lines, and is a term of no sum.")
    holding = sum(each.holds for each in sums)
    failing = len(sums) - holding
    failed = f" {failing} further did not hold." if failing and holding else ""
    if state == "proved":
        return (
            f"It stands in {holding} sums that hold.{failed}"
            if holding != 1
            else f"It stands in a sum that holds.{failed}"
        )
    if holding:
        return "It stands in a sum that holds, and yet another reading or a person says otherwise."
    if failing:
        return "No sum in which it stands holds."
    return "It stands in no sum that could be tested."


def _warnings(origin: Origin) -> Iterator[str]:
    """Yield what makes a figure doubtful."""
    if origin.filing.status == "doubtful":
        yield "The statement of this filing is doubtful as a whole: something in it does not fit."
    if origin.place.unconfirmed:
        yield "A reading made elsewhere states it, and the document does not show it there."
    if any(each.agrees is False for each in origin.second_readings):
        yield "The same filing in another form states another figure: see below."


def _neighbours(traced: Traced, links: Links) -> tuple[Neighbour | None, Neighbour | None]:
    """Return the next older and the next newer year in which the line has a figure."""
    row = traced.shown.rows[traced.meant.found.position]
    stated = [each for each in traced.shown.periods if each.key in row.cells]
    position = next(n for n, each in enumerate(stated) if each.key == traced.meant.period.key)

    def neighbour(period: CompiledPeriod) -> Neighbour:
        return Neighbour(period.label, links.figure(row.id, period.key))

    older = neighbour(stated[position + 1]) if position + 1 < len(stated) else None
    newer = neighbour(stated[position - 1]) if position else None
    return older, newer


def _exact(value: Decimal | None, unit: str | None) -> str | None:
    return None if value is None else f"{_signed(value)} {unit or ''}".rstrip()


def _signed(value: Decimal) -> str:
    """Return an exact value, such as -1,234.5 with a minus sign."""
    return f"{value:,f}".replace("-", MINUS)


def _command(traced: Traced, links: Links) -> str:
    origin, options = traced.origin, links.options
    words = [
        *("fde", "why", f"id:{links.company}", origin.statement),
        *(f"id:{plain(origin.line)}", plain(origin.period)),
    ]
    if options.view != "latest":
        words += ["--view", options.view]
    for name, value in options.group.items():
        if value is not None:
            words += [f"--{name}", plain(value)]
    return shlex.join(words)

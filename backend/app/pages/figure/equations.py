"""The equations that prove a figure, as sums that are read from top to bottom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.pages.figure.links import Links
from app.pages.figure.signs import MINUS
from app.pipeline.statement import Equation, StatementName
from app.services.origin import rows_of
from app.services.origin_form import Proof, Term
from app.services.origin_words import difference_of
from app.services.values import write_value
from app.services.why import Traced

NO_LABEL: Final = "(no label)"
PLUS, EQUALS = "+", "="


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an equation.

    Attributes:
        sign: Before its figure.
        address: Of the page of its figure; None of the one that is shown, and where there is none.
        is_shown: Whether it is the figure of the page.
        is_total: Whether a rule stands above it.
    """

    sign: str
    label: str
    figure: str
    address: str | None
    is_shown: bool
    is_total: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """An equation.

    Attributes:
        of_filing: Whether only the filing's own lines form it.
        lines: Those that print something, the total last.
        unprinted: How many terms print nothing for the year, and count as zero.
        elsewhere: The other statement in which the same figure stands.
        difference: In words.
        tolerance: The largest difference that rounding explains.
    """

    holds: bool
    of_filing: bool
    lines: tuple[Item, ...]
    unprinted: int
    elsewhere: StatementName | None
    elsewhere_address: str | None
    difference: str
    tolerance: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The figure that sums are shown of: its row by id, and its period by key."""

    line: str
    period: str
    links: Links


def sums_of(traced: Traced, links: Links) -> tuple[Sum, ...]:
    """Return the equations of a figure."""
    asked = Asked(traced.origin.line, traced.meant.period.key, links)
    return tuple(sum_of(each, _lines(each, traced), asked) for each in traced.origin.proofs)


def sum_of(proof: Proof, lines: Sequence[str | None], asked: Asked) -> Sum:
    """Return an equation.

    Args:
        proof: The equation.
        lines: Compiled rows of its total and its terms, by id.
        asked: The figure that it is shown of.
    """
    total, *terms = zip([proof.total, *proof.terms], lines, strict=True)
    printed = [(term, line) for term, line in terms if term.v is not None]
    items = []
    for number, (term, line) in enumerate(printed):
        sign = MINUS if term.sign < 0 else PLUS if number else ""
        items.append(_item(term, line, EQUALS if proof.kind == "equal" else sign, asked))
    equals = EQUALS if items and proof.kind == "sum" else ""
    items.append(_item(*total, equals, asked, is_total=True))
    return Sum(
        holds=proof.holds,
        of_filing=proof.of == "filing",
        lines=tuple(items),
        unprinted=len(terms) - len(printed),
        elsewhere=proof.elsewhere,
        elsewhere_address=asked.links.elsewhere(proof.elsewhere) if proof.elsewhere else None,
        difference=difference_of(proof).replace("-", MINUS),
        tolerance=f"{proof.tolerance:,f}",
    )


def _item(term: Term, line: str | None, sign: str, asked: Asked, *, is_total: bool = False) -> Item:
    is_shown = line == asked.line
    has_page = line is not None and term.v is not None and not is_shown
    return Item(
        sign=sign,
        label=term.label or NO_LABEL,
        figure=write_value(term.v),
        address=asked.links.figure(line, asked.period) if has_page and line is not None else None,
        is_shown=is_shown,
        is_total=is_total,
    )


def _lines(proof: Proof, traced: Traced) -> Sequence[str | None]:
    """Return the compiled rows of the total and the terms of an equation, by id."""
    terms = [proof.total, *proof.terms]
    if proof.of == "compiled":
        return [each.id for each in terms]
    equation = _of_filing(proof, traced)
    numbers = [] if equation is None else rows_of(equation)
    if len(numbers) != len(terms):
        return [None] * len(terms)
    cell = traced.cell
    found = {
        one.row: row.id
        for row in traced.shown.rows
        if (one := row.cells.get(traced.meant.period.key)) is not None
        and (one.input, one.period) == (cell.input, cell.period)
    }
    return [found.get(each) for each in numbers]


def _of_filing(proof: Proof, traced: Traced) -> Equation | None:
    """Return the equation of the reading of the figure's filing."""
    kept = traced.kept.get(traced.cell.input)
    equations: Iterator[Equation] = iter(kept.statement.equations if kept else ())
    return next((each for each in equations if each.id == proof.id), None)

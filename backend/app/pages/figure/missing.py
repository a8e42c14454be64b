"""Why there is no figure, with the pages of those that may be meant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.pages.figure.links import Links
from app.pipeline.compile.view import NoSuchGroupError, view_of
from app.pipeline.compiled import Compiled
from app.pipeline.wording import framework_name
from app.services.errors import NotFoundError
from app.services.lines import Candidate, NoSuchLineError, find_line, find_period
from app.services.statements import load_compiled
from app.services.why import Question

GROUP = "group_not_found"


@dataclass(frozen=True, slots=True)
class Choice:
    """A figure that may be meant."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A figure that does not exist.

    Attributes:
        error: As programs are told.
        reason: One line.
        choices: What may be meant, introduced by `choice`.
    """

    error: NotFoundError
    reason: str
    choice: str
    choices: tuple[Choice, ...]
    links: Links


def missing_of(session: Session, error: NotFoundError, question: Question, links: Links) -> Missing:
    """Return why there is no figure, with those that may be meant.

    Raises:
        NotFoundError: There is no such statement.
    """
    if error.code not in _CHOICES and not isinstance(error, NoSuchLineError):
        raise error
    compiled = load_compiled(session, links.company, question.statement)
    if error.code != GROUP:
        compiled = _group(compiled, question)
    if isinstance(error, NoSuchLineError):
        choice = "Lines that may be meant" if error.candidates else ""
        choices = list(_lines(error.candidates, compiled, question, links))
    else:
        choice, find = _CHOICES[error.code]
        choices = list(find(compiled, question, links))
    return Missing(error, _reason(error), choice if choices else "", tuple(choices), links)


def _reason(error: NotFoundError) -> str:
    """Return the reason as a sentence, without the next command of a terminal."""
    text = str(error)
    if error.code in {"replaced", "line_not_found", "several_lines"}:
        text = text.partition(": ")[0]
    text = text.rstrip(".:")
    return f"{text[:1].upper()}{text[1:]}."


def _group(compiled: Compiled, question: Question) -> Compiled:
    try:
        return view_of(
            compiled, years=None, framework=question.framework, currency=question.currency
        )
    except NoSuchGroupError:  # it was there a moment ago
        return compiled


def _lines(
    candidates: Sequence[Candidate], compiled: Compiled, question: Question, links: Links
) -> Iterator[Choice]:
    """Yield lines; in the year that was asked for, or the newest that states them."""
    try:
        wanted: str | None = find_period(compiled, question.year).key
    except NotFoundError:
        wanted = None
    rows = {each.id: each for each in compiled.rows}
    for each in candidates:
        row = rows[each.id]
        stated = [period.key for period in compiled.periods if period.key in row.cells]
        year = wanted if wanted in stated else next(iter(stated), None)
        if year is None:
            continue
        label = " > ".join([*each.section, each.label or "(no label)"])
        label = label if year == wanted else f"{label}, {year}"
        yield Choice(label, links.figure(each.id, year))


def _years_of_line(compiled: Compiled, question: Question, links: Links) -> Iterator[Choice]:
    """Yield the years in which the line has a figure."""
    found = find_line(compiled, question.line)
    for each in compiled.periods:
        if each.key in found.row.cells:
            yield Choice(each.label, links.figure(found.row.id, each.key))


def _first_reported(compiled: Compiled, question: Question, links: Links) -> Iterator[Choice]:
    """Yield the figure as older filings state it, and the years in which newer ones have it."""
    found, period = find_line(compiled, question.line), find_period(compiled, question.year)
    label = f"{period.label}, as first reported"
    yield Choice(label, links.original(found.row.id, period.key))
    yield from _years_of_line(compiled, question, links)


def _years(compiled: Compiled, question: Question, links: Links) -> Iterator[Choice]:
    """Yield the years of the statement in which the line, if there is one, has a figure."""
    try:
        yield from _years_of_line(compiled, question, links)
    except NotFoundError:
        return


def _groups(compiled: Compiled, question: Question, links: Links) -> Iterator[Choice]:
    """Yield the same figure in the frameworks and currencies that there are."""
    for each in [compiled, *compiled.others]:
        framework, currency = each.framework or "unknown", each.currency or "unknown"
        options = links.options.but(framework=framework, currency=currency)
        there = Links(links.company, links.statement, options)
        yield Choice(
            f"{framework_name(framework)} in {currency}",
            there.figure(question.line, question.year),
        )


_CHOICES = {
    "no_figure": ("Years in which it is stated", _years_of_line),
    "replaced": ("Where it is stated", _first_reported),
    "year_not_found": ("Years in which this line is stated", _years),
    "year_missing": ("Years in which this line is stated", _years),
    "several_years": ("Periods that may be meant", _years),
    GROUP: ("Frameworks and currencies", _groups),
}

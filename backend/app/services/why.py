"""Answer where a figure of a compiled statement comes from."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.db.models import Company
from app.pipeline.compile.view import NoSuchGroupError, View, view_of
from app.pipeline.compiled import Compiled, CompiledCell, CompiledPeriod, CompiledRow
from app.pipeline.statement import StatementName
from app.services.companies import find_company
from app.services.errors import NotFoundError
from app.services.kept import load_kept
from app.services.lines import Found, find_line, find_period
from app.services.origin import Kept, explain
from app.services.origin_form import Origin
from app.services.statements import load_compiled


@dataclass(frozen=True, slots=True)
class Question:
    """A figure, as a person names it.

    Attributes:
        company: Ticker, name, or such as `cik:320193`.
        line: Id, label, or `Section > Label`.
        year: Such as 2018 or FY2018.
    """

    company: str
    statement: StatementName
    line: str
    year: str
    framework: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Meant:
    """What a question means.

    Attributes:
        compiled: The group of the framework and currency, with all its years.
    """

    company: Company
    compiled: Compiled
    found: Found
    period: CompiledPeriod


def find_figure(session: Session, question: Question) -> Meant:
    """Return the company, statement, line and period of a question.

    Raises:
        NotFoundError: One of them does not exist, or several fit.
    """
    company = find_company(session, question.company)
    whole = load_compiled(session, company.id, question.statement)
    try:
        compiled = view_of(
            whole, years=None, framework=question.framework, currency=question.currency
        )
    except NoSuchGroupError as error:
        raise NotFoundError("group_not_found", str(error)) from None
    period = find_period(compiled, question.year)
    return Meant(company, compiled, find_line(compiled, question.line), period)


@dataclass(frozen=True, slots=True)
class Traced:
    """A figure with its origin, and what it was found in.

    Attributes:
        shown: The compiled statement with the figures of the view.
        kept: Readings by number of the input; those of the figure, of its history, and second ones.
    """

    origin: Origin
    meant: Meant
    shown: Compiled
    kept: dict[int, Kept]

    @property
    def cell(self) -> CompiledCell:
        """Return the cell of the figure."""
        return self.shown.rows[self.meant.found.position].cells[self.meant.period.key]


def why(session: Session, question: Question, view: View = "latest") -> tuple[Origin, Found]:
    """Return where a figure comes from, and the line that was meant.

    Args:
        session: An open transaction.
        question: The figure.
        view: Of the newest filing that states it, or as it was first reported.

    Raises:
        NotFoundError: There is no such figure.
    """
    traced = trace(session, question, view)
    return traced.origin, traced.meant.found


def trace(session: Session, question: Question, view: View = "latest") -> Traced:
    """Return where a figure comes from, with what it was found in; as `why` otherwise."""
    meant = find_figure(session, question)
    compiled, row, period = meant.compiled, meant.found.row, meant.period
    shown = view_of(compiled, years=None, view=view)
    cell = shown.rows[meant.found.position].cells.get(period.key)
    if cell is None:
        raise _no_figure(compiled, row, period)
    numbers = {each.input for each in (cell, *cell.history)}
    numbers |= {n for n, each in enumerate(compiled.inputs) if each.role == "second_reading"}
    kept = load_kept(session, meant.company.id, compiled, numbers)
    origin = explain(compiled, shown, row, period, company=meant.company.name, kept=kept, view=view)
    return Traced(origin, meant, shown, kept)


def _no_figure(compiled: Compiled, row: CompiledRow, period: CompiledPeriod) -> NotFoundError:
    """Return that a line has no figure in a period, and where it has some."""
    if row.replaced.get(period.key):
        return NotFoundError(
            "replaced",
            f"newer filings break the sum of {row.label!r} for {period.label} down without it: "
            "see --view original",
        )
    stated = [each.key for each in compiled.periods if each.key in row.cells]
    return NotFoundError(
        "no_figure",
        f"no filing states {row.label!r} for {period.label}: it is stated for "
        f"{', '.join(stated) or 'no year'}",
    )

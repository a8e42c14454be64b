"""The printed cell that a correction is of."""

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.db.models import Correction
from app.pipeline.compile.correction_key import find_cell
from app.pipeline.compiled import CompiledRow
from app.pipeline.statement import Row, Statement
from app.services.corrections import as_input, kept_corrections
from app.services.errors import RefusedError
from app.services.kept import load_kept
from app.services.transactions import lock_company
from app.services.why import Meant, Question, find_figure


@dataclass(frozen=True, slots=True)
class Target:
    """The printed cell that is meant, or the place in a row where none was read.

    Attributes:
        number: Of the input that states it.
        key: Of the period in the statement.
    """

    meant: Meant
    number: int
    statement: Statement
    row: Row
    key: str

    @property
    def line(self) -> CompiledRow:
        """Return the row of the compiled statement."""
        return self.meant.found.row


def lock_and_find(session: Session, question: Question) -> Target:
    """Return the printed cell of a question, as it is once nothing else changes the company.

    Raises:
        NotFoundError: There is no such line or year.
        RefusedError: No filing prints it.
    """
    lock_company(session, find_figure(session, question).company.id)
    session.expire_all()
    return target_of(session, find_figure(session, question))


def target_of(session: Session, meant: Meant) -> Target:
    """Return the printed cell of a figure.

    Raises:
        RefusedError: No filing prints it.
    """
    cell = meant.found.row.cells.get(meant.period.key)
    if cell is not None:
        kept = load_kept(session, meant.company.id, meant.compiled, [cell.input])
        if (there := kept.get(cell.input)) is None:
            raise RefusedError(
                "no_reading", "the reading of its filing is gone: fde compile, and try again"
            )
        row = next(each for each in there.statement.rows if each.n == cell.row)
        return Target(meant, cell.input, there.statement, row, cell.period)
    return _without_cell(session, meant)


def _without_cell(session: Session, meant: Meant) -> Target:
    """Return the place in the newest filing that has the row and the period, but read no cell."""
    line, period = meant.found.row, meant.period
    if line.replaced.get(period.key):
        raise RefusedError(
            "replaced",
            f"newer filings break the sum of {line.label!r} for {period.label} down without it: "
            "correct those that they have",
        )
    places = {
        place.input: place.row
        for cell in line.cells.values()
        for place in (*cell.history, cell)
        if meant.compiled.inputs[place.input].role == "compiled"
    }
    for number, kept in sorted(
        load_kept(session, meant.company.id, meant.compiled, places).items()
    ):
        row = next((each for each in kept.statement.rows if each.n == places[number]), None)
        for each in kept.statement.periods:
            if row is not None and each.end == period.end and each.start == period.start:
                return Target(meant, number, kept.statement, row, each.key)
    raise RefusedError(
        "not_printed",
        f"no filing prints {line.label!r} for {period.label}: a correction needs a printed line",
    )


def active_correction(session: Session, target: Target) -> Correction | None:
    """Return the active correction of a printed cell."""
    meant = target.meant
    sha256 = meant.compiled.inputs[target.number].sha256
    for each in kept_corrections(session, meant.company.id, meant.compiled.statement):
        if each.document_sha256 != sha256:
            continue
        found = find_cell(target.statement, as_input(each))
        if found is not None and (found[0].n, found[1]) == (target.row.n, target.key):
            return each
    return None


def fingerprint(meant: Meant) -> str:
    """Return what changes whenever a figure is another, or comes from another place."""
    cell = meant.found.row.cells.get(meant.period.key)
    parts: list[object] = [meant.compiled.statement, meant.found.row.label, meant.period.key]
    if cell is not None:
        source = meant.compiled.inputs[cell.input]
        parts += [cell.v, source.sha256, source.accession, source.kind, cell.row, cell.period]
        parts.append(cell.corrected.model_dump_json() if cell.corrected else None)
    return hashlib.sha256(repr([str(each) for each in parts]).encode()).hexdigest()[:32]

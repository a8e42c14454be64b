"""The corrections of a company, each with the figure of the compiled statement that it is of."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.pipeline.compiled import Compiled
from app.services.corrections import Described, Listed, describe, kept_corrections
from app.services.errors import NotFoundError, RefusedError
from app.services.origin import scaled
from app.services.statements import load_compiled

if TYPE_CHECKING:
    from app.pipeline.statement import StatementName


@dataclass(frozen=True, slots=True)
class CompiledPlace:
    """A figure of a compiled statement.

    Attributes:
        line: Id of the row.
        period: Its key.
        label: Of the period, such as FY2023.
        is_shown: Whether the figure that is corrected is the one that is shown; a newer filing may
            state another.
    """

    line: str
    period: str
    label: str
    framework: str | None
    currency: str | None
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction with its place.

    Attributes:
        was: The figure that was read in units of 10^scale of the correction; None if it could not
            be read, or its scale is not known.
        unit: Currency, or such as USD/share; None where it is not known.
        place: None if the correction is lost, or its filing is not in the compiled statement.
    """

    listed: Listed
    was: Decimal | None
    unit: str | None
    place: CompiledPlace | None


_Source = tuple[str, str | None, int, str]
"""SHA-256 of the file, accession number of the filing in it, row and period there."""


def corrections_with_places(session: Session, company_id: int) -> list[Corrected]:
    """Return all corrections of a company, also those that were withdrawn, the oldest first."""
    kept = kept_corrections(session, company_id, withdrawn=True)
    described = describe(session, company_id, kept)
    places: dict[StatementName, dict[_Source, CompiledPlace]] = {}
    for name in {each.listed.statement for each in described}:
        try:
            places[name] = dict(_places(load_compiled(session, company_id, name)))
        except (NotFoundError, RefusedError):  # nothing is compiled, or not yet again
            places[name] = {}
    return [_corrected(each, places[each.listed.statement]) for each in described]


def _places(whole: Compiled) -> Iterator[tuple[_Source, CompiledPlace]]:
    """Yield where the figures of the filings are in a compiled statement."""
    for group in (whole, *whole.others):
        labels = {each.key: each.label for each in group.periods}
        for row in group.rows:
            for key, cell in row.cells.items():
                for each in (*cell.history, cell):
                    source = group.inputs[each.input]
                    place = CompiledPlace(
                        line=row.id,
                        period=key,
                        label=labels[key],
                        framework=None if group is whole else group.framework or "unknown",
                        currency=None if group is whole else group.currency or "unknown",
                        is_shown=each is cell,
                    )
                    yield (source.sha256, source.accession, each.row, each.period), place


def _corrected(described: Described, places: dict[_Source, CompiledPlace]) -> Corrected:
    listed, statement, row = described.listed, described.statement, described.row
    if statement is None or row is None or described.key is None:
        return Corrected(listed, listed.was, None, None)
    scale = statement.scale if row.scale is None else row.scale
    was = listed.was
    if was is not None:
        was = None if scale is None else scaled(was, scale - listed.scale)
    source = (listed.sha256, statement.source.accession, row.n, described.key)
    return Corrected(listed, was, row.unit or statement.currency, places.get(source))

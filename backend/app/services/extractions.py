"""Find the readings of documents."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import Extraction
from app.services.elsewhere import find_document
from app.services.errors import NotFoundError, RefusedError
from app.services.newest import in_use_first

FORM: Final = "statement/1"


@dataclass(frozen=True, slots=True)
class Found:
    """A reading, and whether it is the one of its statement that is in use."""

    extraction: Extraction
    is_in_use: bool

    @property
    def is_compiled(self) -> bool:
        """Return whether compiled statements are made of it."""
        one = self.extraction
        return self.is_in_use and (one.status != "doubtful" or one.doubtful_accepted)


def list_extractions(
    session: Session, document_id: int, *, after: int | None = None, limit: int | None = None
) -> list[Found]:
    """Return the readings of a document in the order in which they were kept.

    Raises:
        NotFoundError: There is no such document.
    """
    find_document(session, document_id)
    place = func.row_number().over(
        partition_by=(Extraction.statement_type, Extraction.accession),
        # Those of the releases before kept another form, and none is compiled.
        order_by=(Extraction.reader.is_(None), *in_use_first()),
    )
    ranked = (
        select(Extraction.id, place.label("place"))
        .where(Extraction.document_id == document_id)
        .subquery()
    )
    query = (
        select(Extraction, ranked.c.place)
        .join(ranked, ranked.c.id == Extraction.id)
        .where(Extraction.id > (after or 0))
        .order_by(Extraction.id)
        .limit(limit)
    )
    return [
        Found(each, place == 1 and each.reader is not None)
        for each, place in session.execute(query)
    ]


def load_statement(session: Session, extraction_id: int) -> dict[str, Any]:
    """Return a reading as it is stored, in the form statement/1.

    Raises:
        NotFoundError: There is none of that id.
        RefusedError: A release before kept it in another form.
    """
    data: dict[str, Any] | None = session.scalar(
        select(Extraction.raw_data).where(Extraction.id == extraction_id)
    )
    if data is None:
        raise NotFoundError("no_such_extraction", f"there is no extraction {extraction_id}")
    if data.get("schema") != FORM:
        message = f"a release before kept extraction {extraction_id} in another form: fde reread"
        raise RefusedError("other_form", message)
    return data

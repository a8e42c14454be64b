"""Load what is kept of the filings of a compiled statement."""

from collections.abc import Iterable

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.db.models import Document, Extraction
from app.pipeline.compiled import Compiled
from app.pipeline.statement import Statement
from app.services.origin import Kept


def load_kept(
    session: Session, company_id: int, compiled: Compiled, numbers: Iterable[int]
) -> dict[int, Kept]:
    """Return the documents and readings of some inputs, by number of the input.

    A reading is the newest by the reader that the compiled statement names; an input whose document
    or reading is gone is left out.
    """
    inputs = {number: compiled.inputs[number] for number in sorted(set(numbers))}
    if not inputs:
        return {}
    query = (
        select(Document.id, Document.sha256, Extraction)
        .join(Extraction, Extraction.document_id == Document.id)
        .where(
            Document.company_id == company_id,
            Extraction.statement_type == compiled.statement,
            or_(
                *(
                    and_(
                        Document.sha256 == each.sha256,
                        Extraction.reader == each.reader,
                        Extraction.method == each.kind,
                        Extraction.accession.is_not_distinct_from(each.accession),
                    )
                    for each in inputs.values()
                )
            ),
        )
        .order_by(Extraction.id)  # of several the newest stays
    )
    found = {
        (sha256, extraction.reader, extraction.method, extraction.accession): (document, extraction)
        for document, sha256, extraction in session.execute(query)
    }
    kept = {}
    for number, each in inputs.items():
        if there := found.get((each.sha256, each.reader, each.kind, each.accession)):
            document, extraction = there
            kept[number] = Kept(document, Statement.model_validate(extraction.raw_data))
    return kept

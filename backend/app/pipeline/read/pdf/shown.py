"""What the pages of a PDF show as a statement that a person says stands there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.pipeline.read.pdf import pages
from app.pipeline.read.pdf.choice import choose
from app.pipeline.read.pdf.document import Document, read_document
from app.pipeline.read.pdf.drafts import Draft, draft_at, to_rows
from app.pipeline.read.pdf.finish import finish
from app.pipeline.read.pdf.segments import PageReader
from app.pipeline.statement import Statement, StatementName


def read_shown(data: bytes, name: StatementName, numbers: Sequence[int]) -> list[Statement]:
    """Return what the program finds as a statement: where it looks itself, and on given pages.

    Args:
        data: The PDF.
        name: Of the statement.
        numbers: Physical pages from 1 on which it stands; on them, tables of any title are read.

    Raises:
        ReadError: It is encrypted, damaged, or without text.
    """
    pdf = pages.open_document(data)
    try:
        texts = pages.read_texts(pdf)
        document = read_document(texts)
        reader = PageReader(pdf, pages.running_lines(texts), texts)
        chosen = choose(texts, reader).drafts
        drafts = [chosen[name]] if name in chosen else []
        taken = {id(segment) for draft in drafts for segment in draft.segments}
        for number in numbers:
            for segment in reader.segments(number):
                if id(segment) not in taken:
                    draft = draft_at(name, segment, reader)
                    drafts += [draft] if draft is not None else []
    finally:
        pdf.close()
    others = {key: draft for key, draft in chosen.items() if key != name}
    return [_finished(each, others, document) for each in drafts]


def _finished(draft: Draft, others: Mapping[StatementName, Draft], document: Document) -> Statement:
    """Return a statement; the others of the report tell what its own page does not."""
    drafts = {draft.statement: draft} | {
        # Finishing gives rows their units, once.
        key: replace(each, rows=to_rows(each.table.rows, each.kept))
        for key, each in others.items()
    }
    return next(each for each in finish(drafts, document) if each.statement == draft.statement)

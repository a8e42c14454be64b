"""The documents of a company as rows of a table, a cell for each statement."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.pages.documents.reading_words import (
    NAMES,
    STATUSES,
    badge_of,
    pages_words,
    proof_of,
    proof_words,
    share_words,
    status_of,
    status_words,
)
from app.pipeline.wording import KINDS
from app.services.document_readings import KeptDocument, KeptReading, NamedDocument

_ORDER: Final = ("verified", "partly", "doubtful", "unknown")
"""Of the statuses of several filings."""


@dataclass(frozen=True, slots=True)
class StatementCell:
    """What was read of one statement in a document.

    Attributes:
        name: Of the statement, for people.
        status: A key of `STATUSES`: of several filings that of the least proved.
        words: The status; of several filings how many have which.
        pages: Such as "page 31"; empty where it has none.
        share: The proved share, such as "98 %"; of several filings that of all their figures.
        proof: The same in numbers, as a sentence.
        issues: Their number.
    """

    name: str
    status: str
    words: str
    pages: str
    share: str
    proof: str
    issues: int

    @property
    def badge(self) -> str:
        """Return the class of its badge."""
        return badge_of(self.status)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document of a company.

    Attributes:
        title: The form as the filing names it, or the type of the document.
        kind: How it was read, such as PDF.
        filings: How many it has, if it has several.
        file: The name of its file, or where it comes from.
        is_downloadable: Whether its file is stored.
        amends: The document that it amends.
        amended_by: Documents that amend it.
    """

    id: int
    title: str
    document: KeptDocument
    kind: str
    filings: int
    file: str
    is_downloadable: bool
    amends: int | None
    amended_by: Sequence[int]
    cells: list[StatementCell]


def rows_of(documents: Sequence[KeptDocument]) -> list[DocumentRow]:
    """Return the rows of documents."""
    return [row_of(each) for each in documents]


def row_of(document: KeptDocument) -> DocumentRow:
    """Return the row of a document."""
    by_name: dict[str, list[KeptReading]] = {}
    for each in document.readings:
        by_name.setdefault(each.statement, []).append(each)
    return DocumentRow(
        id=document.id,
        title=title_of(document),
        document=document,
        kind=", ".join(KINDS.get(each, each) for each in document.methods) or "not read",
        filings=len({each.accession for each in document.readings}),
        file=document.file_name or document.url,
        is_downloadable=document.file_path is not None,
        amends=document.supersedes_id,
        amended_by=document.amended_by,
        cells=[_cell(name, by_name.get(key, ())) for key, name in NAMES.items()],
    )


def title_of(document: KeptDocument | NamedDocument) -> str:
    """Return the form of a document as its filing names it, or else its type."""
    if document.form:
        return document.form
    if isinstance(document, KeptDocument) and document.methods == ["companyfacts"]:
        return KINDS["companyfacts"]
    return document.document_type.replace("_", " ").capitalize()


def names_of(documents: Sequence[KeptDocument | NamedDocument]) -> Mapping[int, str]:
    """Return a short name of each document by its id, such as "FY2023 10-K/A"."""
    return {each.id: f"FY{each.fiscal_year} {title_of(each)}" for each in documents}


def _cell(name: str, readings: Sequence[KeptReading]) -> StatementCell:
    if not readings:
        return StatementCell(name, "missing", STATUSES["missing"], "", "", "", 0)
    issues = sum(each.number_of_issues for each in readings)
    if len(readings) == 1:
        (one,) = readings
        return StatementCell(
            name,
            status_of(one),
            status_words(one),
            pages_words(one.pages),
            share_words(proof_of(one)),
            proof_words(one),
            issues,
        )
    counts = Counter(map(status_of, readings))
    found = [each for each in _ORDER if counts[each]]
    words = ", ".join(f"{counts[each]} {STATUSES[each]}" for each in found)
    accepted = sum(each.is_accepted for each in readings)
    if accepted:
        words += f" ({accepted} accepted)"
    proofs = [proof for proof in map(proof_of, readings) if proof is not None]
    proof = (sum(each[0] for each in proofs), sum(each[1] for each in proofs))
    return StatementCell(
        name, found[-1], words, "", share_words(proof),
        f"{proof[0]:,} of {proof[1]:,} figures proved by sums", issues,
    )  # fmt: skip

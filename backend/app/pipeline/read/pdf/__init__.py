"""Read the statements of a PDF by the geometry of its glyphs."""

from app.pipeline.errors import ReadError
from app.pipeline.read.pdf import language, pages
from app.pipeline.read.pdf.choice import Choice, choose
from app.pipeline.read.pdf.document import Document, read_document
from app.pipeline.read.pdf.drafts import issue
from app.pipeline.read.pdf.finish import finish
from app.pipeline.read.pdf.pages import PageCandidate
from app.pipeline.read.pdf.segments import PageReader
from app.pipeline.statement import Filing, Issue

__all__ = ["PageCandidate", "explain_pages", "read_pdf"]

_NAMES = {
    "income_statement": "income statement",
    "balance_sheet": "balance sheet",
    "cash_flow_statement": "cash flow statement",
}


def read_pdf(data: bytes) -> Filing:
    """Return the statements of a PDF.

    Args:
        data: The whole file.

    Raises:
        ReadError: It is encrypted, damaged, without text, or in a language that is not read.
    """
    choice, document, unread = _read(data)
    issues: list[Issue] = []
    if unread:
        issues.append(issue("pages_not_read", unread))
    statements = finish(choice.drafts, document)
    pictures = sum(not text for text in document.texts)
    if len(choice.drafts) < len(_NAMES) and pictures:
        message = f"{pictures} pages have no text (scanned): run the file through OCR to read them"
        issues.append(issue("pages_without_text", message))
    for name, words in _NAMES.items():
        if name not in choice.drafts:
            issues.append(
                issue(
                    "statement_not_found",
                    f"no page was found that holds the {words}: see `fde read --pages`",
                )
            )
    return Filing(kind="pdf", company=document.company, statements=statements, issues=issues)


def explain_pages(data: bytes) -> list[PageCandidate]:
    """Return why each candidate page of a PDF was taken or not, best first by statement.

    Raises:
        ReadError: As read_pdf().
    """
    return _read(data)[0].candidates


def _read(data: bytes) -> tuple[Choice, Document, str | None]:
    pdf = pages.open_document(data)
    try:
        texts = pages.read_texts(pdf)
        document = read_document(texts)
        reader = PageReader(pdf, pages.running_lines(texts), texts)
        choice = choose(texts, reader)
        if not choice.drafts:
            _refuse_language(document)
        more = len(pdf) - len(texts)
        unread = f"{more} pages after page {len(texts)} were not read" if more > 0 else None
    finally:
        pdf.close()
    return choice, document, unread


def _refuse_language(document: Document) -> None:
    """Say that a language is not read, where that is why no statement was found."""
    if document.language is None and language.is_other_script(document.texts):
        raise ReadError(
            "language_not_read",
            "the report is in another script than Latin: use its English edition, or its XBRL",
        )
    if not language.is_read(document.language):
        name = language.NAMES[document.language or ""]
        raise ReadError(
            "language_not_read",
            f"the report is in {name}, which is not read: use its English edition, or its XBRL",
        )

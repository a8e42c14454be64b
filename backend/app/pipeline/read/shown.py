"""What a document shows as one statement, to compare a reading made elsewhere with it."""

from collections.abc import Sequence
from pathlib import Path

from app.pipeline.read.kind import Kind, identify, read_file
from app.pipeline.statement import Filing, StatementName


def read_shown(data: bytes, path: Path, name: StatementName, pages: Sequence[int]) -> Filing:
    """Return the statements of a name that the program finds in a file.

    Args:
        data: The bytes of the file.
        path: Where it is, for a zip.
        name: Of the statement.
        pages: Physical pages of a PDF on which it is said to stand.

    Returns:
        Several where it may be one of them; in the end, the list of all tagged lines (iXBRL).

    Raises:
        ReadError: The file cannot be searched.
    """
    kind = identify(data)
    if kind is Kind.PDF:
        from app.pipeline.read.pdf.shown import read_shown as read_pages  # noqa: PLC0415

        return Filing(kind="pdf", statements=read_pages(data, name, pages))
    filing = read_file(data, path)
    filing.statements = [each for each in filing.statements if each.statement == name]
    if kind is Kind.IXBRL:
        from app.pipeline.read.ixbrl.shown import read_tagged_lines  # noqa: PLC0415

        filing.statements.append(read_tagged_lines(data, name))
    return filing

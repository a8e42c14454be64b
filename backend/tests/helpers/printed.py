"""Reports of a made-up company that are printed as PDF, with a reading that knows each place."""

import hashlib
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.db.models import Company, Document, Extraction
from app.pipeline.read.versions import READERS
from app.pipeline.statement import Statement
from app.pipeline.verify import verify
from app.services.compiling import compile_company
from app.services.kept_filing import extraction_values
from app.storage import Storage, path_of
from tests.helpers.accounts import income

SIZE = 9  # points of the type
PAGE = 2
"""Of the statement; a cover comes before it."""


@cache
def printed_income(password: str | None = None) -> tuple[bytes, Statement]:
    """Return a PDF with an income statement on its second page, and its reading."""
    statement = income()
    buffer = io.BytesIO()
    encryption = StandardEncryption(password) if password else None
    canvas = Canvas(buffer, pagesize=(612, 792), invariant=1, encrypt=encryption)
    canvas.drawString(72, 700, "Annual report")
    canvas.showPage()
    canvas.setFont("Helvetica", SIZE)
    for row in statement.rows:
        y = 700 - 14 * row.n
        canvas.drawString(72, y, row.label)
        for number, (key, cell) in enumerate(row.cells.items()):
            right = 440 + 80 * number
            text = f"{cell.v:,}" if cell.v is not None else "?"
            left = right - stringWidth(text, "Helvetica", SIZE)
            canvas.drawString(left, y, text)
            place = (PAGE, round(left, 2), y - 2.0, float(right), y + 8.0)
            row.cells[key] = cell.model_copy(update={"printed": text, "at": place})
    canvas.showPage()
    canvas.save()
    return buffer.getvalue(), statement


def keep_printed(
    engine: Engine,
    storage: Storage,
    data: bytes,
    statements: Sequence[Statement],
    folder: Path,
    *,
    name: str = "Acme plc",
) -> int:
    """Keep a company with one report, whose file is stored; return its id."""
    sha256 = hashlib.sha256(data).hexdigest()
    file = folder / sha256
    file.write_bytes(data)
    storage.put(file, sha256)
    with Session(engine) as session, session.begin():
        company = Company(name=name)
        session.add(company)
        session.flush()
        document = Document(
            company_id=company.id,
            url=f"sha256:{sha256}",
            fiscal_year=2023,
            document_type="annual_report",
            file_path=path_of(sha256),
            file_name="report-2023.pdf",
            media_type="application/pdf",
            sha256=sha256,
        )
        session.add(document)
        session.flush()
        for each in verify([one.model_copy(deep=True) for one in statements]):
            each.source.sha256, each.source.kind, each.source.reader = sha256, "pdf", READERS["pdf"]
            each.source.pages = [PAGE]
            values = extraction_values(document.id, each, 0.1, accept_doubtful=False)
            session.add(Extraction(**values))
        session.flush()
        compile_company(session, company.id)
        return company.id

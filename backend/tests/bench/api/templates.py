"""Companies with ten generated reports each, kept and compiled as `fde add` does."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Company, Document, Extraction
from app.services.compiling import compile_company
from app.services.kept_filing import extraction_values
from app.services.storable import media_type_of, one_of_each
from app.storage import Storage
from tests.filings.decade import Decade, Filed, eventful, make_decade
from tests.filings.decade_readings import true_statements
from tests.filings.samples import SAMPLES

_SEEDS: Final = (5, 6, 7)
_LAYOUTS: Final = tuple(name for name in SAMPLES if name != "scanned")
MOST: Final = len(_SEEDS) * len(_LAYOUTS)


def decades(most: int) -> Iterator[Decade]:
    """Yield the reports of companies that are all different, in each language and business."""
    for seed, name in list(product(_SEEDS, _LAYOUTS))[:most]:
        yield make_decade(seed, eventful(SAMPLES[name]))


def add_company(sessions: sessionmaker[Session], storage: Storage, decade: Decade) -> int:
    """Keep a company with its reports, proved and compiled; return its id.

    The statements are those of a perfect reader: reading the files takes a minute, and gives
    statements of the same size.
    """
    with sessions.begin() as session:
        company = Company(name=f"Template {decade.seed} {decade.story.layout}")
        session.add(company)
        session.flush()
        for report in decade.reports:
            _keep(session, storage, company.id, report)
        session.flush()
        compile_company(session, company.id)
        return company.id


def _keep(session: Session, storage: Storage, company_id: int, report: Filed) -> None:
    """Keep a report: its file, document and extractions."""
    statements, _ = one_of_each(true_statements(report))
    end = report.figures.ends[0]
    document = Document(
        company_id=company_id,
        url=f"sha256:{report.sha256}",
        fiscal_year=report.fiscal_year,
        document_type="annual_report",
        file_path=_store(storage, report),
        file_name=report.file,
        sha256=report.sha256,
        media_type=media_type_of(statements[0].source.kind, report.data[:8]),
        filed_on=end + timedelta(days=60),
        period_end=end,
    )
    session.add(document)
    session.flush()
    session.add_all(
        Extraction(**extraction_values(document.id, each, 0.1, accept_doubtful=False))
        for each in statements
    )


def _store(storage: Storage, report: Filed) -> str:
    """Store the file of a report; return its path in the storage."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(report.data)
        file.flush()
        return storage.put(Path(file.name), report.sha256)

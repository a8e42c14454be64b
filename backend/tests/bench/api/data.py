"""A database of many companies with ten reports each, kept between runs in `.bench/`.

A few dozen companies are different. Companies with other names and identifiers, but the same
filings, are made from them in SQL.
"""

import hashlib
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.embedded.server import EmbeddedServer
from app.storage import Storage
from tests.bench.api.templates import MOST, add_company, decades
from tests.helpers.shell import BACKEND, as_text, run

FOLDER: Final = BACKEND / ".bench"
MOST_COMPANIES: Final = 10_000
_ROOM: Final = 600_000  # bytes of disk for each company
_MADE_BY: Final = (
    *("tests/bench/api/data.py", "tests/bench/api/templates.py", "tests/filings"),
    *("app/pipeline/compile", "app/pipeline/verify", "app/pipeline/compiled.py"),
    *("app/services/compiling.py", "app/services/rendering.py"),
    *("app/pipeline/statement.py", "app/db/models", "alembic/versions"),
)
"""Files, and folders of files, that decide the content of the database."""
_FIRST: Final = (
    *("Alder", "Amber", "Arden", "Aster", "Baltic", "Beacon", "Birch", "Boreal", "Bright"),
    *("Cairn", "Canyon", "Cedar", "Clear", "Copper", "Coral", "Crown", "Delta", "Dover"),
    *("Eagle", "Ember", "Falcon", "Fjord", "Forest", "Garnet", "Glen", "Granite", "Harbour"),
    *("Hazel", "Heron", "Iris", "Juniper", "Keystone", "Lark", "Linden", "Maple", "Meridian"),
    *("Nordic", "Oak", "Onyx", "Orchard", "Pine", "Polar", "Quarry", "Raven", "River"),
    *("Sable", "Silver", "Summit", "Tidal", "Willow"),
)
_SECOND: Final = (
    *("Analytics", "Beverages", "Brands", "Cement", "Chemicals", "Energy", "Foods", "Freight"),
    *("Glass", "Health", "Instruments", "Logistics", "Materials", "Media", "Mining", "Optics"),
    *("Packaging", "Paper", "Pharma", "Power", "Rail", "Retail", "Robotics", "Semiconductors"),
    *("Shipping", "Software", "Steel", "Systems", "Telecom", "Textiles", "Timber", "Tools"),
    *("Transport", "Utilities", "Vehicles", "Ventures", "Water", "Windows", "Works", "Yards"),
)
_LEGAL: Final = ("plc", "AG", "Inc.", "S.A.", "N.V.")
_EXCHANGES: Final = ("NYSE", "Nasdaq", "Xetra", "LSE", "Euronext Paris")
# While the database is made; it is measured with PostgreSQL's defaults.
_UNSAFE: Final = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "8GB"}
_ADD: Final = text("""
    INSERT INTO companies (name, primary_ticker, tickers, cik, lei)
    SELECT name, ticker, jsonb_build_array(jsonb_build_object('ticker', ticker,
                                                              'exchange', exchange)),
           cik, lei
      FROM unnest(CAST(:names AS text[]), CAST(:tickers AS text[]), CAST(:exchanges AS text[]),
                  CAST(:ciks AS text[]), CAST(:leis AS text[]))
           AS given (name, ticker, exchange, cik, lei)
""")
_COPY: Final = (
    """CREATE TEMPORARY TABLE copied ON COMMIT DROP AS
       SELECT id AS company, templates[1 + id % cardinality(templates)] AS template
         FROM companies, (SELECT CAST(:templates AS bigint[]) AS templates) AS given
        WHERE id > (SELECT max(number) FROM unnest(templates) AS number)""",
    """INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path, file_name,
                              sha256, media_type, form, filed_on, period_end)
       SELECT c.company, d.url, d.fiscal_year, d.document_type, d.file_path, d.file_name,
              d.sha256, d.media_type, d.form, d.filed_on, d.period_end
         FROM copied AS c JOIN documents AS d ON d.company_id = c.template""",
    """INSERT INTO extractions (document_id, statement_type, raw_data, method, reader, accession,
                                status, doubtful_accepted, confidence, duration, source_page)
       SELECT d.id, e.statement_type, e.raw_data, e.method, e.reader, e.accession, e.status,
              e.doubtful_accepted, e.confidence, e.duration, e.source_page
         FROM copied AS c JOIN documents AS d ON d.company_id = c.company
         JOIN documents AS o ON o.company_id = c.template AND o.sha256 = d.sha256
         JOIN extractions AS e ON e.document_id = o.id""",
    # Each with a digest of its own, so that an answer kept by its digest serves no other company.
    """INSERT INTO compiled_statements (company_id, statement_type, data, digest, rendering,
                                        rendering_key)
       SELECT c.company, s.statement_type, s.data, own.digest, s.rendering,
              replace(s.rendering_key, s.digest, own.digest)
         FROM copied AS c JOIN compiled_statements AS s ON s.company_id = c.template,
              LATERAL (SELECT encode(sha256(convert_to(c.company || s.digest, 'UTF8')), 'hex'))
                   AS own (digest)""",
    "DELETE FROM companies WHERE id IN (SELECT template FROM copied)",
)
_TABLES: Final = ("companies", "documents", "extractions", "compiled_statements")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A server with the companies.

    Attributes:
        url: Of the database.
        log: Of the server.
        storage: The folder of the files.
        seconds: That making it took; 0 where it is that of an earlier run.
    """

    url: URL
    log: Path
    storage: Path
    seconds: float


@contextmanager
def prepared(companies: int, folder: Path) -> Iterator[Prepared]:
    """Run the server of the companies in a block; make them unless an earlier run did.

    Raises:
        SystemExit: The disk is too small, or a migration fails.
    """
    made_by = f"{companies} {_digest_of_generator()}\n"
    stamp = folder / "made-by"
    server = EmbeddedServer(folder / "postgres")
    seconds = 0.0
    try:
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != made_by:
            started = time.monotonic()
            server.stop()
            _start_anew(folder, companies)
            _make(_url_of(server), folder / "storage", companies)
            stamp.write_text(made_by, encoding="utf-8")
            seconds = time.monotonic() - started
        url = _url_of(server)
        yield Prepared(url, server.directory / "server.log", folder / "storage", seconds)
    finally:
        server.stop()


def _url_of(server: EmbeddedServer) -> URL:
    query = {"host": str(server.ensure_running())}
    return URL.create("postgresql+psycopg2", "postgres", database="postgres", query=query)


def _digest_of_generator() -> str:
    """Return the SHA-256 of all code that decides the content of the database."""
    found = hashlib.sha256()
    for top in (BACKEND / each for each in _MADE_BY):
        for path in [top] if top.is_file() else sorted(top.rglob("*.py")):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def _start_anew(folder: Path, companies: int) -> None:
    """Delete what an earlier run made.

    Raises:
        SystemExit: The disk is too small.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    free, needed = shutil.disk_usage(folder).free, _ROOM * companies
    if free < needed:
        raise SystemExit(f"{needed:,} bytes of disk are needed, and {free:,} are free")


def _make(url: URL, storage: Path, companies: int) -> None:
    """Migrate, and make the companies."""
    done = run("alembic", "upgrade", "head", env={"DATABASE_URL": as_text(url)})
    if done.returncode != 0:
        raise SystemExit(f"alembic upgrade head failed:\n{done.stderr}")
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name, value in _UNSAFE.items():
            connection.execute(text(f"ALTER SYSTEM SET {name} = '{value}'"))
        connection.execute(text("SELECT pg_reload_conf()"))
        add_companies(url, storage, companies)
        connection.execute(text("ALTER SYSTEM RESET ALL"))
        connection.execute(text("SELECT pg_reload_conf()"))
        for each in _TABLES:
            connection.execute(text(f"VACUUM (FREEZE, ANALYZE) {each}"))
        connection.execute(text("CHECKPOINT"))


def add_companies(url: URL, storage: Path, companies: int, templates: int = MOST) -> None:
    """Add companies with ten reports each to a migrated database.

    Args:
        url: Of the database.
        storage: The folder of the files.
        companies: Their number.
        templates: How many of them are different, at most.
    """
    engine = create_engine(url, poolclass=NullPool)
    sessions = sessionmaker(engine)
    kept = Storage(str(storage))
    made = decades(min(companies, templates))
    ids = [add_company(sessions, kept, each) for each in made]
    with engine.begin() as connection:
        _multiply(connection, ids, companies)


def _multiply(connection: Connection, templates: Sequence[int], companies: int) -> None:
    """Make companies with the filings of others, in turn, and delete the others."""
    named = islice(product(_LEGAL, _SECOND, _FIRST), companies)
    numbers = range(companies)
    given = {
        "names": [f"{first} {second} {legal}" for legal, second, first in named],
        "tickers": [_ticker(each) for each in numbers],
        "exchanges": [_EXCHANGES[each % len(_EXCHANGES)] for each in numbers],
        "ciks": [f"{1_000_000 + each:010}" for each in numbers],
        "leis": [_lei(each) for each in numbers],
    }
    connection.execute(_ADD, given)
    for statement in _COPY:
        values = {"templates": list(templates)} if ":templates" in statement else {}
        connection.execute(text(statement), values)


def _ticker(number: int) -> str:
    """Return four letters, another four for each number."""
    letters = ""
    for _ in range(4):
        number, letter = divmod(number, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _lei(number: int) -> str:
    """Return a Legal Entity Identifier with its check digits (ISO 17442, ISO 7064)."""
    base = f"529900{number:012}"
    value = int("".join(str(int(each, 36)) for each in f"{base}00"))
    return f"{base}{98 - value % 97:02}"

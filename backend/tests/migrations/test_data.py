"""What the revisions after the seeds do to old rows, and what the database keeps since."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.db.models import Company

Alembic = Callable[..., int]
SEEDS = "002"
BEFORE_UNIQUE, UNIQUE = "009", "010"
DOCUMENTS = """
    INSERT INTO documents (company_id, url, fiscal_year, document_type, created_at)
    SELECT id, 'https://example.com/' || n, 2024, 'annual_report', timestamptz '2020-01-01'
      FROM companies, generate_series(1, 3) AS n WHERE name = 'SAP SE'
"""
RAW_DATA = [
    ('{"model": "gpt-4o", "confidence": 0.9, "page": 12}', "gpt-4o", 0.9, 12),
    ('{"model": " ", "confidence": 1, "page": 7.9}', None, 1.0, 7),
    ('{"model": 4, "confidence": 1.5, "page": 0}', "4", None, None),
    ('{"confidence": "0.9", "page": "12"}', None, None, None),
    ('{"confidence": -0.1, "page": 1e300}', None, None, None),
    ('{"line_items": []}', None, None, None),
]


@pytest.fixture
def seeded(empty: Engine, alembic: Alembic) -> Engine:
    """Return a database with the seeds, and documents and extractions of the old code."""
    assert alembic(empty.url, "upgrade", SEEDS) == 0
    with empty.begin() as connection:
        connection.execute(text(DOCUMENTS))
        for raw_data, *_ in RAW_DATA:
            connection.execute(
                text(
                    "INSERT INTO extractions (document_id, statement_type, raw_data)"
                    " SELECT min(id), 'balance_sheet', CAST(:raw_data AS jsonb) FROM documents"
                ),
                {"raw_data": raw_data},
            )
    return empty


def test_old_rows_are_filled_with_what_is_known(seeded: Engine, alembic: Alembic) -> None:
    assert alembic(seeded.url, "upgrade", "head") == 0
    with seeded.connect() as connection:
        for table in ("companies", "documents"):
            assert connection.scalar(text(f"SELECT bool_and(updated_at = created_at) FROM {table}"))
        rows = connection.execute(
            text("SELECT method, model, confidence, source_page FROM extractions ORDER BY id")
        )
        assert [tuple(row) for row in rows] == [("llm", *known) for _, *known in RAW_DATA]


def test_a_document_twice_stops_the_revision_and_changes_nothing(
    seeded: Engine, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    with seeded.begin() as connection:
        connection.execute(text(DOCUMENTS))
    assert alembic(seeded.url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert 'could not create unique index "uq_documents_company_id_url"' in error
    assert "https://example.com/1" in error
    with seeded.begin() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == BEFORE_UNIQUE
        assert connection.scalar(text("SELECT bool_and(indisvalid) FROM pg_index")) is True
        connection.execute(
            text(
                "DELETE FROM documents WHERE id NOT IN (SELECT min(id) FROM documents GROUP BY url)"
            )
        )
    assert alembic(seeded.url, "upgrade", UNIQUE) == 0


@pytest.mark.parametrize("table", ["companies", "documents"])
def test_every_update_sets_updated_at(table: str, migrated: Engine) -> None:
    name = "name" if table == "companies" else "url"
    with migrated.begin() as connection:
        connection.execute(text(DOCUMENTS))
    old = text(f"UPDATE {table} SET updated_at = timestamptz '2000-01-01', {name} = {name} || 'x'")
    same = text(f"UPDATE {table} SET {name} = {name}")
    with migrated.connect() as connection:
        for statement, is_noted in ((old, True), (same, False)):
            before = connection.scalar(text(f"SELECT max(updated_at) FROM {table}"))
            connection.commit()
            connection.execute(statement)
            now = connection.scalar(text("SELECT now()"))
            after = connection.scalars(text(f"SELECT DISTINCT updated_at FROM {table}")).all()
            assert (after == [now]) is is_noted
            assert is_noted or after == [before]
            connection.commit()


def test_the_model_reads_what_the_database_has_noted(migrated: Engine) -> None:
    with Session(migrated) as session:
        company = session.query(Company).filter_by(name="SAP SE").one()
        company.ir_url = "https://example.com"
        session.commit()
        assert company.updated_at - company.created_at != timedelta(0)
        assert company.updated_at == session.scalar(
            text("SELECT updated_at FROM companies WHERE name = 'SAP SE'")
        )


def test_one_company_may_have_a_url_once(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text(DOCUMENTS))
        again = text(f"{DOCUMENTS} ON CONFLICT (company_id, url) DO NOTHING")
        assert connection.execute(again).rowcount == 0


def test_revisions_can_be_reverted_and_applied_again_with_rows(
    seeded: Engine, alembic: Alembic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    with seeded.connect() as connection:
        before = connection.execute(text("SELECT * FROM extractions ORDER BY id")).all()
    for _ in range(2):
        assert alembic(seeded.url, "upgrade", "head") == 0
        assert alembic(seeded.url, "downgrade", SEEDS) == 0
    with seeded.connect() as connection:
        assert connection.execute(text("SELECT * FROM extractions ORDER BY id")).all() == before

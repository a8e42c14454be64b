"""What the revisions after the seeds do to old rows, and what the database keeps since."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.db.models import Company
from tests.helpers.revisions import IDS

Alembic = Callable[..., int]
SEEDS = "002"
BEFORE_UNIQUE, UNIQUE = "009", "010"
PREVIOUS_RELEASE = "015"
DIGEST = "ab" * 32
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
# What this release writes, and the previous one cannot hold.
NEW_ROWS = f"""
    INSERT INTO companies (name, lei, cik, fiscal_year_end)
    VALUES ('Example plc', '529900D6BF99LW9R2E68', '0000320193', '09-30');

    INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path, file_name,
                           sha256, media_type, form, filed_on, period_end)
    SELECT id, 'sha256:{DIGEST}', 2024, 'annual_report', 'ab/{DIGEST}', 'report.pdf', '{DIGEST}',
           'application/pdf', '10-K', '2024-11-01', '2024-09-30'
      FROM companies WHERE name = 'Example plc';

    INSERT INTO extractions (document_id, statement_type, raw_data, method, reader, status)
    SELECT id, 'balance_sheet', '{{}}', method, 'reader/1', 'doubtful'
      FROM documents, unnest(array['ixbrl', 'xbrl', 'xbrl_json', 'companyfacts', 'pdf']) AS method
     WHERE sha256 IS NOT NULL;

    INSERT INTO compiled_statements (company_id, statement_type, data, digest)
    SELECT id, 'balance_sheet', '{{}}', '{DIGEST}' FROM companies WHERE name = 'Example plc';

    INSERT INTO corrections (company_id, document_sha256, statement_type, period_end, label, value,
                             scale, reason, created_by)
    SELECT id, '{DIGEST}', 'balance_sheet', '2024-09-30', 'Other', -110, 6, 'misread', 'a user'
      FROM companies WHERE name = 'Example plc';
"""
# What the previous release writes, also while it runs on the schema of this one.
OLD_ROWS = """
    INSERT INTO companies (name, ir_url) VALUES ('Old plc', 'https://example.com');
    INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path)
    SELECT id, 'https://example.com/1.pdf', 2024, 'annual_report', 'old/1.pdf'
      FROM companies WHERE name = 'Old plc';
    INSERT INTO extractions (document_id, statement_type, raw_data, method)
    SELECT id, 'balance_sheet', '{}', method
      FROM documents, unnest(array['llm', 'llm', 'xbrl', 'manual']) AS method
     WHERE file_path = 'old/1.pdf';
    INSERT INTO compiled_statements (company_id, statement_type, data)
    SELECT id, 'balance_sheet', '{}' FROM companies WHERE name = 'Old plc';
"""


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


@pytest.fixture
def previous(empty: Engine, alembic: Alembic) -> Engine:
    """Return a database of the previous release."""
    assert alembic(empty.url, "upgrade", PREVIOUS_RELEASE) == 0
    return empty


def test_rows_of_the_previous_release_are_as_good_as_before(
    previous: Engine, alembic: Alembic
) -> None:
    with previous.begin() as connection:
        connection.execute(text(OLD_ROWS))
    assert alembic(previous.url, "upgrade", "head") == 0
    with previous.connect() as connection:
        read = "SELECT method, reader, status, doubtful_accepted FROM extractions ORDER BY id"
        assert connection.execute(text(read)).all() == [
            (method, None, None, False) for method in ("llm", "llm", "xbrl", "manual")
        ]
        assert connection.scalar(text("SELECT count(*) FROM documents WHERE sha256 IS NULL")) == 1
        assert connection.scalar(text("SELECT digest FROM compiled_statements")) is None


@pytest.mark.slow
def test_each_revision_leaves_the_previous_release_able_to_write(
    previous: Engine, alembic: Alembic
) -> None:
    for revision in [PREVIOUS_RELEASE, *(each for each in IDS if each > PREVIOUS_RELEASE)]:
        assert alembic(previous.url, "upgrade", revision) == 0
        with previous.connect() as connection:  # rolled back
            connection.execute(text(OLD_ROWS))


def test_a_downgrade_says_what_the_previous_release_cannot_hold(
    migrated: Engine, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    with migrated.begin() as connection:
        connection.execute(text(NEW_ROWS))
    assert alembic(migrated.url, "downgrade", PREVIOUS_RELEASE) != 0
    error = capsys.readouterr().err
    for loss in (
        "would be deleted: extractions, 4 rows",
        "would be dropped: corrections, 1 row",
        "would be dropped: documents.file_name, 1 value",
        "would be dropped: companies.lei, 1 value",
    ):
        assert loss in error
    assert "Nothing was changed" in error
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM extractions")) == 5


def test_rows_of_this_release_go_down_and_up_again(
    migrated: Engine, alembic: Alembic, monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrated.begin() as connection:
        connection.execute(text(NEW_ROWS))
        connection.execute(text(OLD_ROWS))
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    assert alembic(migrated.url, "downgrade", PREVIOUS_RELEASE) == 0
    with migrated.connect() as connection:
        page = text("SELECT ir_url FROM companies WHERE name = 'Example plc'")
        assert connection.scalar(page) == "about:blank"
        methods = text("SELECT method FROM extractions ORDER BY method")
        assert connection.scalars(methods).all() == ["llm", "llm", "manual", "xbrl", "xbrl"]
    assert alembic(migrated.url, "upgrade", "head") == 0
    with migrated.connect() as connection:
        assert connection.scalar(page) is None
        assert connection.scalars(
            text("SELECT sha256 FROM documents WHERE sha256 <> ''")
        ).all() == [DIGEST]
        assert connection.scalar(text("SELECT count(*) FROM extractions")) == 5


@pytest.mark.parametrize(
    ("before", "change", "constraint"),
    [
        ("018", "UPDATE companies SET lei = '529900D6BF99LW9R2E68'", "uq_companies_lei"),
        ("019", "UPDATE companies SET cik = '0000320193'", "uq_companies_cik"),
        (
            "027",
            f"{DOCUMENTS}; UPDATE documents SET sha256 = '{DIGEST}'",
            "uq_documents_company_id_sha256",
        ),
    ],
)
def test_duplicates_stop_the_revision_and_change_nothing(
    before: str,
    change: str,
    constraint: str,
    empty: Engine,
    alembic: Alembic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert alembic(empty.url, "upgrade", before) == 0
    with empty.begin() as connection:
        connection.execute(text(change))
    assert alembic(empty.url, "upgrade", "head") != 0
    assert f'could not create unique index "{constraint}"' in capsys.readouterr().err
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == before
        assert connection.scalar(text("SELECT bool_and(indisvalid) FROM pg_index")) is True

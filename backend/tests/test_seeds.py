"""Revision 002: the six companies, and what happens to rows that people added or changed."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from sqlalchemy import URL, Engine, text

from tests.shell import BACKEND, CLEAN_ENVIRONMENT, as_text

SIEMENS = "https://www.siemens.com/global/en/company/investor-relations/events-publications-ad-hoc/"
EXPECTED = {
    "AstraZeneca PLC": (
        [("AZN", "LSE"), ("AZN", "NASDAQ")],
        "https://www.astrazeneca.com/investor-relations/annual-reports.html",
    ),
    "SAP SE": (
        [("SAP", "XETRA"), ("SAP", "NYSE")],
        "https://www.sap.com/investors/en/financial-documents-and-events.html",
    ),
    "Siemens AG": ([("SIE", "XETRA")], f"{SIEMENS}annualreports.html"),
    "ASML Holding N.V.": (
        [("ASML", "Euronext Amsterdam"), ("ASML", "NASDAQ")],
        "https://www.asml.com/en/investors/annual-report",
    ),
    "Unilever PLC": (
        [("ULVR", "LSE"), ("UNA", "Euronext Amsterdam"), ("UL", "NYSE")],
        "https://www.unilever.com/investors/annual-report-and-accounts/",
    ),
    "Allianz SE": (
        [("ALV", "XETRA")],
        "https://www.allianz.com/en/investor_relations/results-reports/annual-reports.html",
    ),
}
DOCUMENT_OF = (
    "INSERT INTO documents (company_id, url, fiscal_year, document_type)"
    " SELECT id, 'report.pdf', 2024, 'annual_report' FROM companies WHERE name = '{}'"
)
STATEMENT_OF = (
    "INSERT INTO compiled_statements (company_id, statement_type, data)"
    " SELECT id, 'balance_sheet', '{{}}' FROM companies WHERE name = '{}'"
)

Alembic = Callable[..., int]


def execute(engine: Engine, sql: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(sql)


def names(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT name FROM companies")))


@pytest.fixture
def migrated_url(empty_url: URL, alembic: Alembic) -> URL:
    """Return the address of a database with the seeds and nothing that came after them."""
    assert alembic(empty_url, "upgrade", "002") == 0
    return empty_url


def test_seeds_are_the_six_companies(migrated: Engine) -> None:
    with migrated.connect() as connection:
        rows = connection.execute(text("SELECT * FROM companies")).all()
    assert {
        row.name: ([(each["ticker"], each["exchange"]) for each in row.tickers], row.ir_url)
        for row in rows
    } == EXPECTED
    assert all(row.primary_ticker == row.tickers[0]["ticker"] for row in rows)


def test_seeding_twice_changes_nothing(
    alembic: Alembic, migrated: Engine, migrated_url: URL
) -> None:
    with migrated.connect() as connection:
        before = connection.execute(text("SELECT * FROM companies ORDER BY id")).all()
    assert alembic(migrated_url, "stamp", "001") == 0
    assert alembic(migrated_url, "upgrade", "002") == 0
    with migrated.connect() as connection:
        assert connection.execute(text("SELECT * FROM companies ORDER BY id")).all() == before


@pytest.mark.parametrize(
    ("name", "tickers"),
    [
        ("SAP SE", "[]"),
        ("sap se", "[]"),
        ("SAP Aktiengesellschaft", '[{"ticker": "SAP", "exchange": "NYSE"}]'),
    ],
)
def test_a_company_that_is_there_is_left_as_it_is(
    name: str, tickers: str, alembic: Alembic, empty: Engine, empty_url: URL
) -> None:
    assert alembic(empty_url, "upgrade", "001") == 0
    values = f"VALUES ('{name}', '{tickers}', 'https://mine.example')"
    execute(empty, f"INSERT INTO companies (name, tickers, ir_url) {values}")
    assert alembic(empty_url, "upgrade", "head") == 0
    assert names(empty) == {*EXPECTED} - {"SAP SE"} | {name}
    assert alembic(empty_url, "downgrade", "001") == 0
    assert names(empty) == {name}


def test_downgrade_keeps_rows_that_users_added_or_changed(
    alembic: Alembic, migrated: Engine, migrated_url: URL
) -> None:
    execute(migrated, "INSERT INTO companies (name, ir_url) VALUES ('Novo Nordisk', 'https://x')")
    execute(migrated, "UPDATE companies SET ir_url = 'https://new' WHERE name = 'Siemens AG'")
    assert alembic(migrated_url, "downgrade", "001") == 0
    assert names(migrated) == {"Novo Nordisk", "Siemens AG"}


def test_downgrade_keeps_an_equal_row_that_a_user_added(
    alembic: Alembic, migrated: Engine, migrated_url: URL
) -> None:
    columns = "name, primary_ticker, tickers, ir_url"
    sap = "companies WHERE name = 'SAP SE'"
    execute(migrated, f"CREATE TABLE kept AS SELECT * FROM {sap}")
    execute(migrated, f"DELETE FROM {sap}")
    execute(migrated, f"INSERT INTO companies ({columns}) SELECT {columns} FROM kept")
    assert alembic(migrated_url, "downgrade", "001") == 0
    assert names(migrated) == {"SAP SE"}


@pytest.mark.parametrize("child", [DOCUMENT_OF, STATEMENT_OF], ids=["document", "statement"])
def test_downgrade_refuses_to_take_what_hangs_on_a_seed(
    child: str,
    alembic: Alembic,
    migrated: Engine,
    migrated_url: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    execute(migrated, child.format("SAP SE"))
    assert alembic(migrated_url, "downgrade", "base") != 0
    error = capsys.readouterr().err
    assert "of SAP SE would go with it" in error
    assert "Traceback" not in error
    assert names(migrated) == {*EXPECTED}
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "002"


def test_downgrade_passes_over_a_changed_seed_with_documents(
    alembic: Alembic, migrated: Engine, migrated_url: URL
) -> None:
    execute(migrated, "UPDATE companies SET name = 'SAP' WHERE name = 'SAP SE'")
    execute(migrated, DOCUMENT_OF.format("SAP"))
    assert alembic(migrated_url, "downgrade", "001") == 0
    assert names(migrated) == {"SAP"}
    assert alembic(migrated_url, "upgrade", "head") == 0
    assert names(migrated) == {*EXPECTED} - {"SAP SE"} | {"SAP"}


def test_downgrade_waits_for_a_document_that_is_just_being_added(
    migrated: Engine, migrated_url: URL
) -> None:
    env = {**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(migrated_url)}
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with migrated.connect() as writer, migrated.connect() as watcher:
        writer.exec_driver_sql(DOCUMENT_OF.format("SAP SE"))
        downgrade = subprocess.Popen(
            [sys.executable, "-m", "alembic", "downgrade", "001"],
            cwd=BACKEND,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not watcher.scalar(waiting):
            watcher.rollback()
            assert downgrade.poll() is None, "it must wait"
            time.sleep(0.05)
        writer.commit()
    assert downgrade.wait(60) != 0
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM documents")) == 1

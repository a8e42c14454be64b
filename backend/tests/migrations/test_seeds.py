"""Revision 002: the six companies, and the rows that its downgrade deletes or leaves."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import URL, Engine, text

from alembic_zero_downtime.cli.exit_codes import Exit
from tests.helpers.shell import Done, psql
from tests.helpers.waiting import wait_for

pytestmark = pytest.mark.slow  # each test migrates a database up and down

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
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
OLD_CHECKSUM = "a7811b56159fdefd052cdb119a055d3e9064d8e1f3dbfd024eca7bec59c5721e"
"""Of revision 002 as it was at commit 1eabb1b, where its downgrade refused to run."""

Alembic = Callable[..., int]
Manage = Callable[..., Done]


def execute(engine: Engine, sql: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(sql)


def names(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT name FROM companies")))


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        rows: int = connection.scalar(text(f"SELECT count(*) FROM {table}"))
    return rows


@pytest.fixture
def migrated_database(empty_database: URL, alembic: Alembic) -> URL:
    """Return the address of a database at revision 002."""
    assert alembic(empty_database, "upgrade", "002") == 0
    return empty_database


def test_seeds_are_the_six_companies(migrated: Engine) -> None:
    with migrated.connect() as connection:
        rows = connection.execute(text("SELECT * FROM companies")).all()
    assert {
        row.name: ([(each["ticker"], each["exchange"]) for each in row.tickers], row.ir_url)
        for row in rows
    } == EXPECTED
    assert all(row.primary_ticker == row.tickers[0]["ticker"] for row in rows)


def test_seeding_twice_changes_nothing(
    alembic: Alembic, migrated: Engine, migrated_database: URL
) -> None:
    with migrated.connect() as connection:
        before = connection.execute(text("SELECT * FROM companies ORDER BY id")).all()
    assert alembic(migrated_database, "stamp", "001") == 0
    assert alembic(migrated_database, "upgrade", "002") == 0
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
def test_upgrade_leaves_an_existing_company_as_it_is(
    name: str, tickers: str, alembic: Alembic, empty: Engine, empty_database: URL
) -> None:
    assert alembic(empty_database, "upgrade", "001") == 0
    values = f"VALUES ('{name}', '{tickers}', 'https://mine.example')"
    execute(empty, f"INSERT INTO companies (name, tickers, ir_url) {values}")
    assert alembic(empty_database, "upgrade", "head") == 0
    assert names(empty) == {*EXPECTED} - {"SAP SE"} | {name}
    assert alembic(empty_database, "downgrade", "001") == 0
    assert names(empty) == {name}


def test_downgrade_keeps_rows_that_users_added_or_changed(
    alembic: Alembic, migrated: Engine, migrated_database: URL
) -> None:
    execute(migrated, "INSERT INTO companies (name, ir_url) VALUES ('Novo Nordisk', 'https://x')")
    execute(migrated, "UPDATE companies SET ir_url = 'https://new' WHERE name = 'Siemens AG'")
    assert alembic(migrated_database, "downgrade", "001") == 0
    assert names(migrated) == {"Novo Nordisk", "Siemens AG"}


def test_downgrade_keeps_an_equal_row_that_a_user_added(
    alembic: Alembic, migrated: Engine, migrated_database: URL
) -> None:
    columns = "name, primary_ticker, tickers, ir_url"
    sap = "companies WHERE name = 'SAP SE'"
    execute(migrated, f"CREATE TABLE kept AS SELECT * FROM {sap}")
    execute(migrated, f"DELETE FROM {sap}")
    execute(migrated, f"INSERT INTO companies ({columns}) SELECT {columns} FROM kept")
    assert alembic(migrated_database, "downgrade", "001") == 0
    assert names(migrated) == {"SAP SE"}


@pytest.mark.parametrize(
    ("child", "table"),
    [(DOCUMENT_OF, "documents"), (STATEMENT_OF, "compiled_statements")],
    ids=["document", "statement"],
)
def test_downgrade_leaves_a_seed_that_is_referenced(
    child: str, table: str, alembic: Alembic, migrated: Engine, migrated_database: URL
) -> None:
    execute(migrated, child.format("SAP SE"))
    kept = text("SELECT * FROM companies WHERE name = 'SAP SE'")
    with migrated.connect() as connection:
        before = connection.execute(kept).all()
    assert alembic(migrated_database, "downgrade", "001") == 0
    assert names(migrated) == {"SAP SE"}
    assert count(migrated, table) == 1
    assert alembic(migrated_database, "upgrade", "002") == 0
    assert names(migrated) == {*EXPECTED}
    assert count(migrated, "companies") == len(EXPECTED)
    with migrated.connect() as connection:
        assert connection.execute(kept).all() == before


def test_the_manual_reset_estimates_its_data_loss_and_goes_through(
    alembic: Alembic,
    migrated: Engine,
    migrated_database: URL,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert alembic(migrated_database, "upgrade", "head") == 0
    execute(migrated, "INSERT INTO companies (name, ir_url) VALUES ('Novo Nordisk', 'https://x')")
    for name in ("SAP SE", "Siemens AG", "Novo Nordisk"):
        execute(migrated, DOCUMENT_OF.format(name))
        execute(migrated, STATEMENT_OF.format(name))
    capsys.readouterr()

    assert alembic(migrated_database, "downgrade", "base") != 0, "it has to be confirmed"
    estimate = capsys.readouterr().err
    for loss in ("companies, 7 rows", "documents, 3 rows", "compiled_statements, 3 rows"):
        assert re.search(loss, estimate), loss
    assert count(migrated, "documents") == 3

    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    assert alembic(migrated_database, "downgrade", "base") == 0
    assert "3 rows" in capsys.readouterr().err.partition("Running downgrade")[0]
    assert alembic(migrated_database, "upgrade", "head") == 0
    assert names(migrated) == {*EXPECTED}
    assert count(migrated, "documents") == count(migrated, "compiled_statements") == 0


def test_downgrade_leaves_a_changed_seed_with_documents(
    alembic: Alembic, migrated: Engine, migrated_database: URL
) -> None:
    execute(migrated, "UPDATE companies SET name = 'SAP' WHERE name = 'SAP SE'")
    execute(migrated, DOCUMENT_OF.format("SAP"))
    assert alembic(migrated_database, "downgrade", "001") == 0
    assert names(migrated) == {"SAP"}
    assert alembic(migrated_database, "upgrade", "head") == 0
    assert names(migrated) == {*EXPECTED} - {"SAP SE"} | {"SAP"}


def test_downgrade_waits_for_a_document_that_another_session_is_adding(
    alembic: Alembic, migrated: Engine, migrated_database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a script, since the dry run before a downgrade would wait first."""
    capsys.readouterr()
    assert alembic(migrated_database, "downgrade", "002:001", "--sql") == 0
    script = capsys.readouterr().out
    with migrated.connect() as writer, migrated.connect() as observer, ThreadPoolExecutor() as pool:
        writer.exec_driver_sql(DOCUMENT_OF.format("SAP SE"))
        downgrade = pool.submit(psql, migrated_database, script)
        wait_for(observer, WAITING)
        writer.commit()
        downgrade.result()
    assert names(migrated) == {"SAP SE"}
    assert count(migrated, "documents") == 1


def test_a_database_with_the_old_revision_upgrades_and_accepts_the_new_one(
    alembic: Alembic, manage: Manage, migrated: Engine, migrated_database: URL
) -> None:
    execute(
        migrated,
        f"UPDATE migration_ledger SET checksum = '{OLD_CHECKSUM}' WHERE revision = '002'",
    )
    assert alembic(migrated_database, "upgrade", "head") == 0
    found = manage(migrated_database, "verify")
    assert found.returncode == Exit.UNVERIFIED
    assert "make migrate-accept REV=002" in found.stdout
    assert manage(migrated_database, "accept", "002").returncode == 0
    assert manage(migrated_database, "verify").returncode == 0

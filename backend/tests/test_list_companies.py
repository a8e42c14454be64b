"""`db_manager.py list-companies`: its output, its JSON, and its exit codes."""

import json
from collections.abc import Callable
from functools import partial

import pytest
from rich.console import Console
from sqlalchemy import URL, Engine

from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import results
from tests.helpers.shell import Done

Manage = Callable[..., Done]


def test_companies_are_listed_with_tickers_exchanges_and_pages(
    manage: Manage, migrated_database: URL
) -> None:
    done = manage(migrated_database, "list-companies")
    assert done.returncode == Exit.OK
    assert "ULVR (LSE), UNA (Euronext Amsterdam), UL (NYSE)" in done.stdout
    assert "https://www.asml.com/en/investors/annual-report" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("6 companies in postgresql+psycopg2://")
    companies = json.loads(manage(migrated_database, "list-companies", "--json").stdout)
    assert [company["name"] for company in companies] == [
        "Allianz SE",
        "ASML Holding N.V.",
        "AstraZeneca PLC",
        "SAP SE",
        "Siemens AG",
        "Unilever PLC",
    ]
    assert companies[2]["tickers"] == [
        {"ticker": "AZN", "exchange": "LSE"},
        {"ticker": "AZN", "exchange": "NASDAQ"},
    ]


def test_names_are_printed_literally(
    manage: Manage, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO companies (name, ir_url) VALUES ('[bold]A[/] :smile: Ö', 'u')"
        )
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "[bold]A[/] :smile: Ö" in manage(migrated.url, "list-companies").stdout


def test_a_narrow_terminal_gets_each_address_whole(
    manage: Manage, migrated_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = partial(Console, width=80, highlight=False)
    monkeypatch.setattr("app.commands.companies.stdout", lambda: narrow(file=results()))
    lines = manage(migrated_database, "list-companies").stdout.splitlines()
    assert "   https://www.asml.com/en/investors/annual-report" in lines
    assert len([line for line in lines if line.startswith("   https://")]) == 6


def test_a_company_without_a_page_has_none(manage: Manage, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("INSERT INTO companies (name) VALUES ('No page plc')")
    done = manage(migrated.url, "list-companies")
    assert "No page plc" in done.stdout
    assert "None" not in done.stdout
    companies = json.loads(manage(migrated.url, "list-companies", "--json").stdout)
    assert [each["name"] for each in companies if each["ir_url"] is None] == ["No page plc"]


def test_missing_table_is_reported_as_behind(manage: Manage, empty_database: URL) -> None:
    done = manage(empty_database, "list-companies")
    assert (done.returncode, done.stdout) == (Exit.BEHIND, "")
    assert "run make migrate" in done.stderr


def test_unreachable_database_is_one_line_without_the_password(manage: Manage) -> None:
    url = URL.create("postgresql", "u", "s3cr3t", "127.0.0.1", 1, "n")
    done = manage(url, "list-companies")
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert len(done.stderr.splitlines()) == 1
    assert "cannot connect to postgresql+psycopg2://u:***@127.0.0.1:1/n" in done.stderr


def test_help_lists_it_beside_the_commands_of_the_library(
    manage: Manage, migration_server: URL
) -> None:
    done = manage(migration_server, "--help")
    assert done.returncode == Exit.OK
    for word in ("info", "list-companies", "history", "reset", "psql", "stop", "exit codes"):
        assert word in done.stdout

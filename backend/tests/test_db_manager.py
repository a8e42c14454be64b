"""`scripts/db_manager.py`: what it prints, its exit codes, and what a reset asks first."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from tests.revisions import AT_HEAD, AT_NONE, BEFORE_HEAD, HEAD, ONE_BEHIND
from tests.shell import Done, as_text, run

Manage = Callable[..., Done]
FINE, FAILED, WRONG_ARGUMENTS, BEHIND, AHEAD, DIVERGED, UNMANAGED, EMPTY, UNVERIFIED = range(9)


def in_a_process(url: URL, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = ("python", "scripts/db_manager.py", *arguments)
    return run(*command, env={"DATABASE_URL": as_text(url)}, stdin=stdin)


def test_info_shows_where_the_database_is_and_stands(manage: Manage, migrated_url: URL) -> None:
    done = manage(migrated_url, "info")
    assert (done.returncode, done.stderr) == (FINE, "")
    facts = " ".join(done.stdout.split())
    for expected in ("PostgreSQL 1", str(migrated_url.database), "DATABASE_URL", AT_HEAD):
        assert expected in facts
    assert "│ companies │ 6 │" in facts
    assert "\x1b" not in done.stdout, "no colour in a pipe"


def test_info_as_json_is_for_scripts(manage: Manage, migrated_url: URL) -> None:
    info = json.loads(manage(migrated_url, "info", "--json").stdout)
    assert info["database"]["source"] == "DATABASE_URL"
    assert info["name"] == migrated_url.database
    assert info["revision"] == {
        "verdict": "at head",
        "current": [HEAD],
        "heads": [HEAD],
        "pending": [],
        "unknown": [],
        "origins": [],
        "is_at_head": True,
        "next_step": "nothing to do",
        "edited": [],
    }
    assert {table["name"]: table["rows"] for table in info["tables"]} == {
        "companies": 6,
        "compiled_statements": 0,
        "documents": 0,
        "extractions": 0,
    }


def test_info_of_a_database_behind_says_what_is_pending(manage: Manage, empty_url: URL) -> None:
    done = manage(empty_url, "info")
    assert done.returncode == EMPTY
    assert AT_NONE in done.stdout
    assert "run make migrate" in done.stderr


def test_info_of_a_database_ahead_says_so(
    manage: Manage, migrated: Engine, migrated_url: URL
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    done = manage(migrated_url, "info")
    assert done.returncode == AHEAD
    assert f"999 (ahead: 999 unknown to this code, whose head is {HEAD})" in done.stdout
    assert "update the code" in done.stderr


@pytest.mark.parametrize("command", ["info", "list-companies", "history", "reset", "psql"])
def test_an_unreachable_database_cannot_be_told(command: str, manage: Manage) -> None:
    url = URL.create("postgresql", "u", "s3cr3t", "127.0.0.1", 1, "n")
    done = manage(url, command)
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert len(done.stderr.splitlines()) == 1
    assert "cannot connect to postgresql+psycopg2://u:***@127.0.0.1:1/n" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("info", "--nonsense")])
def test_wrong_arguments_have_their_own_exit_code(
    arguments: tuple[str, ...], manage: Manage, admin_url: URL
) -> None:
    assert manage(admin_url, *arguments).returncode == WRONG_ARGUMENTS


def test_help_lists_commands_and_exit_codes(manage: Manage, admin_url: URL) -> None:
    done = manage(admin_url, "--help")
    assert done.returncode == FINE
    for word in ("info", "list-companies", "history", "reset", "psql", "stop", "exit codes"):
        assert word in done.stdout


def test_companies_are_listed_with_tickers_exchanges_and_pages(
    manage: Manage, migrated_url: URL
) -> None:
    done = manage(migrated_url, "list-companies")
    assert done.returncode == FINE
    assert "ULVR (LSE), UNA (Euronext Amsterdam), UL (NYSE)" in done.stdout
    assert "https://www.asml.com/en/investors/annual-report" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("6 companies in postgresql+psycopg2://")
    companies = json.loads(manage(migrated_url, "list-companies", "--json").stdout)
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


def test_names_are_shown_as_they_are(
    manage: Manage, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO companies (name, ir_url) VALUES ('[bold]A[/] :smile: Ö', 'u')"
        )
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "[bold]A[/] :smile: Ö" in manage(migrated.url, "list-companies").stdout


def test_companies_before_the_first_migration_are_not_an_error_of_the_server(
    manage: Manage, empty_url: URL
) -> None:
    done = manage(empty_url, "list-companies")
    assert (done.returncode, done.stdout) == (BEHIND, "")
    assert "run make migrate" in done.stderr


def test_history_shows_when_by_whom_and_how_each_was_applied(
    manage: Manage, alembic: Callable[..., int], migrated: Engine
) -> None:
    alembic(migrated.url, "downgrade", "-1")
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE migration_ledger SET attempts = 3 WHERE revision = '001'"
        )
    done = manage(migrated.url, "history")
    assert done.returncode == FINE
    shown = " ".join(done.stdout.split())
    moment, took = r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", r"\d+\.\d{3} s, 3 attempts"
    first = rf"│ 001 │ Create the initial schema │ {moment} │ \w+ from \S+ │ {took} │ │"
    assert re.search(first, shown), shown
    assert re.search(rf"│ {HEAD} │ [^│]+ │ no │ │ │ │", shown)
    assert f"Now at: {ONE_BEHIND}" in shown
    history = json.loads(manage(migrated.url, "history", "--json").stdout)
    assert history["current"] == [BEFORE_HEAD]
    assert history["revisions"][0]["applied"]["attempts"] == 3
    assert history["revisions"][-1]["applied"] is None


def test_history_before_the_ledger(manage: Manage, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("DROP TABLE migration_ledger")
    assert "│ before the ledger │" in " ".join(manage(migrated.url, "history").stdout.split())


def test_history_has_what_only_the_database_knows(manage: Manage, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    assert "│ 999 │ (unknown to this code) │" in " ".join(
        manage(migrated.url, "history").stdout.split()
    )


def test_an_edited_revision_is_shown_everywhere_until_it_is_accepted(
    manage: Manage, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE migration_ledger SET checksum = 'x' WHERE revision = '001'"
        )
    done = manage(migrated.url, "verify")
    assert done.returncode == UNVERIFIED
    assert "001 was edited after it was applied" in done.stdout
    assert "make migrate-accept REV=001" in done.stdout
    (finding,) = json.loads(manage(migrated.url, "verify", "--json").stdout)["findings"]
    assert (finding["kind"], finding["revision"]) == ("edited", "001")
    assert "│ edited since │" in " ".join(manage(migrated.url, "history").stdout.split())
    assert "edited since it was applied: 001" in manage(migrated.url, "info").stderr
    assert manage(migrated.url, "accept", "001").returncode == FINE
    assert manage(migrated.url, "verify").returncode == FINE
    assert "edited since" not in manage(migrated.url, "history").stdout


@pytest.mark.parametrize(("revision", "reason"), [("002", "is not applied"), ("9", "no revision")])
def test_only_an_applied_revision_is_accepted(
    revision: str, reason: str, manage: Manage, alembic: Callable[..., int], migrated_url: URL
) -> None:
    alembic(migrated_url, "downgrade", "001")
    done = manage(migrated_url, "accept", revision)
    assert (done.returncode, reason in done.stderr) == (FAILED, True), done


def test_the_environment_is_declared_and_shown(manage: Manage, migrated_url: URL) -> None:
    assert manage(migrated_url, "stamp-env", "staging").returncode == FINE
    assert "Environment staging" in " ".join(manage(migrated_url, "info").stdout.split())
    assert json.loads(manage(migrated_url, "info", "--json").stdout)["environment"] == "staging"
    for name in ("", "Two words", "x" * 33):
        assert manage(migrated_url, "stamp-env", name).returncode == FAILED


def test_info_says_how_the_database_came_to_where_it_is(manage: Manage, migrated_url: URL) -> None:
    shown = " ".join(manage(migrated_url, "info").stdout.split())
    assert re.search(
        r"Migrated 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC by \w+ from \S+, version", shown
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE alembic_version SET version_num = '001'", BEHIND),
        ("UPDATE alembic_version SET version_num = '999'", AHEAD),
        ("INSERT INTO alembic_version VALUES ('001')", DIVERGED),
        ("DELETE FROM alembic_version; DROP TABLE migration_ledger", UNMANAGED),
    ],
)
def test_each_verdict_has_its_exit_code_and_its_next_step(
    change: str, code: int, manage: Manage, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(change)
    done = manage(migrated.url, "info")
    assert done.returncode == code
    assert len(done.stderr.split("not at head: ")[1]) > 10


def test_psql_runs_on_the_same_database_and_stops_at_an_error(migrated_url: URL) -> None:
    done = in_a_process(migrated_url, "psql", stdin="SELECT current_database(); SELECT 1/0;")
    assert str(migrated_url.database) in done.stdout
    assert done.returncode not in (FINE, FAILED), "psql's own code: 3 after an error in a script"


def test_a_model_in_conflict_stops_no_command_that_needs_none(checkout: Path) -> None:
    """Two branches that change one model and number one revision are the usual case."""
    with (checkout / "app" / "db" / "models" / "company.py").open("a") as model:
        model.write("<<<<<<< HEAD\n")
    done = run("python", "scripts/db_manager.py", "renumber", cwd=checkout)
    assert "nothing to move" in done.stderr

"""`scripts/db_manager.py`: what it prints, its exit codes, and what a reset asks first."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest
from sqlalchemy import URL, Engine, text

from app.db.reset import is_local
from scripts import db_manager
from tests.catalog import read_catalog, read_rows
from tests.revisions import AT_HEAD, AT_NONE, BEFORE_HEAD, HEAD, ONE_BEHIND
from tests.shell import BACKEND, CLEAN_ENVIRONMENT, as_text, run

Manage = Callable[..., "Done"]
FINE, FAILED, WRONG_ARGUMENTS, NOT_AT_HEAD = 0, 1, 2, 3


class Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def manage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Manage:
    """Return the command line as a function: the database, then arguments."""

    def call(url: URL, *arguments: str) -> Done:
        monkeypatch.setenv("DATABASE_URL", as_text(url))
        try:
            code = db_manager.main(arguments)
        except SystemExit as error:
            code = int(error.code or 0)
        return Done(code, *capsys.readouterr())

    return call


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
        "current": [HEAD],
        "heads": [HEAD],
        "pending": [],
        "unknown": [],
        "is_at_head": True,
    }
    assert {table["name"]: table["rows"] for table in info["tables"]} == {
        "companies": 6,
        "compiled_statements": 0,
        "documents": 0,
        "extractions": 0,
    }


def test_info_of_a_database_behind_says_what_is_pending(manage: Manage, empty_url: URL) -> None:
    done = manage(empty_url, "info")
    assert done.returncode == NOT_AT_HEAD
    assert AT_NONE in done.stdout
    assert "run make migrate" in done.stderr


def test_info_of_a_database_ahead_says_so(
    manage: Manage, migrated: Engine, migrated_url: URL
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    done = manage(migrated_url, "info")
    assert done.returncode == NOT_AT_HEAD
    assert f"999 (unknown to this code, whose head is {HEAD})" in done.stdout
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
    assert (done.returncode, done.stdout) == (NOT_AT_HEAD, "")
    assert "run make migrate" in done.stderr


def test_history_shows_what_is_applied(
    manage: Manage, alembic: Callable[..., int], migrated_url: URL
) -> None:
    alembic(migrated_url, "downgrade", "-1")
    done = manage(migrated_url, "history")
    assert done.returncode == FINE
    shown = " ".join(done.stdout.split())
    assert "│ 001 │ Create the initial schema │ yes │" in shown
    assert re.search(rf"│ {HEAD} │ [^│]+ │ no │", shown)
    assert f"Now at: {ONE_BEHIND}" in shown
    assert json.loads(manage(migrated_url, "history", "--json").stdout)["current"] == [BEFORE_HEAD]


def test_psql_runs_on_the_same_database_and_stops_at_an_error(migrated_url: URL) -> None:
    done = in_a_process(migrated_url, "psql", stdin="SELECT current_database(); SELECT 1/0;")
    assert str(migrated_url.database) in done.stdout
    assert done.returncode not in (FINE, FAILED), "psql's own code: 3 after an error in a script"


# Reset -------------------------------------------------------------------------------------


def spoil(engine: Engine) -> None:
    """Add rows and objects that a reset has to take away, and one that it must leave."""
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO companies (name, ir_url) VALUES ('Mine', 'https://mine.example')",
            "CREATE TYPE mood AS ENUM ('good')",
            "CREATE DOMAIN percentage AS int",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE VIEW companies_view AS SELECT * FROM companies",
            "CREATE MATERIALIZED VIEW companies_copy AS SELECT * FROM companies",
            "CREATE SEQUENCE lonely",
            'CREATE TABLE "Odd ""name" (mood mood, n serial)',
            "CREATE EXTENSION pg_stat_statements",
        ):
            connection.exec_driver_sql(statement)


def test_reset_by_force_ends_as_a_new_database(
    manage: Manage, alembic: Callable[..., int], migrated: Engine, empty: Engine
) -> None:
    spoil(migrated)
    done = manage(migrated.url, "reset", "--force")
    assert done.returncode == FINE, done.stderr
    assert "│ companies │ 7 │" in " ".join(done.stdout.split()), "says first what is in it"
    with migrated.begin() as connection:
        extensions = connection.scalars(text("SELECT extname FROM pg_extension")).all()
        assert "pg_stat_statements" in extensions
        connection.exec_driver_sql("DROP EXTENSION pg_stat_statements")
    alembic(empty.url, "upgrade", "head")
    with migrated.connect() as reset, empty.connect() as new:
        assert read_catalog(reset) == read_catalog(new)
        assert read_rows(reset) == read_rows(new)


def test_reset_without_a_terminal_refuses(
    manage: Manage, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{migrated.url.database}\n"))
    done = manage(migrated.url, "reset")
    assert done.returncode == FAILED
    assert "FORCE=1" in done.stderr
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies")) == 6


@pytest.mark.parametrize(
    ("answer", "code", "companies"),
    [("right", FINE, 6), ("wrong", FAILED, 7), ("\x03", 130, 7)],
    ids=["name", "other name", "interrupt"],
)
def test_reset_on_a_terminal_asks_for_the_name(
    answer: str, code: int, companies: int, migrated: Engine, migrated_url: URL
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("INSERT INTO companies (name, ir_url) VALUES ('Mine', 'u')")
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "scripts/db_manager.py", "reset"],
        cwd=BACKEND,
        env={**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(migrated_url), "TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=make_controlling_terminal,  # noqa: PLW1509 there are no threads here
    )
    os.close(slave)
    screen = b""
    while b"to go on: " not in screen:
        screen += os.read(master, 1024)
    text_to_type = f"{migrated_url.database}\n" if answer == "right" else f"{answer}\n"
    os.write(master, text_to_type.encode())
    while process.poll() is None:
        try:
            screen += os.read(master, 1024)
        except OSError:
            break
    assert process.wait(60) == code, screen.decode()
    os.close(master)
    assert str(migrated_url.database) in screen.decode()
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies")) == companies


def make_controlling_terminal() -> None:
    """Let Ctrl-C typed on standard input reach the process."""
    import fcntl  # noqa: PLC0415 only in the child
    import termios  # noqa: PLC0415

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        (None, True),
        ("", True),
        ("/run/postgresql", True),
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("db.example.com", False),
        ("10.0.0.5", False),
        ("localhost.example.com", False),
    ],
)
def test_only_this_machine_is_local(host: str | None, answer: bool) -> None:  # noqa: FBT001
    assert is_local(host) is answer


def test_reset_refuses_another_machine_even_by_force(
    manage: Manage, migrated_url: URL, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_manager, "is_local", lambda _: False)
    done = manage(migrated_url, "reset", "--force")
    assert (done.returncode, "ALLOW_REMOTE=1" in done.stderr) == (FAILED, True), done
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies")) == 6

"""`alembic-zero-downtime`: the output and the exit codes of its commands."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from sqlalchemy import URL, Engine

from alembic_zero_downtime.cli.exit_codes import Exit
from support.databases import execute
from support.project import AT_HEAD, AT_NONE, BEFORE_HEAD, HEAD, INI, ONE_BEHIND, ProjectCopy
from support.shell import CLEAN_ENVIRONMENT, Done, as_text, run

Manage = Callable[..., Done]
Alembic = Callable[..., int]
WRONG_ARGUMENTS = 2  # argparse


def test_info_shows_address_status_and_rows(manage: Manage, migrated_database: URL) -> None:
    done = manage(migrated_database, "info")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    facts = " ".join(done.stdout.split())
    for expected in ("PostgreSQL 1", str(migrated_database.database), "DATABASE_URL", AT_HEAD):
        assert expected in facts
    assert "│ companies │ 6 │" in facts
    assert "\x1b" not in done.stdout, "no colour in a pipe"


class _Head(io.StringIO):
    """A pipe whose reader closes it after the first write, as `head` does."""

    def write(self, text: str) -> int:
        if self.tell():
            raise BrokenPipeError
        return super().write(text)


@pytest.mark.parametrize("command", ["info", "history", "verify", "doctor", "config"])
def test_a_reader_of_the_first_lines_makes_no_error(
    command: str, manage: Manage, migrated_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", _Head())
    done = manage(migrated_database, command)
    assert (done.returncode, done.stderr) == (Exit.OK, "")


def test_info_as_json(manage: Manage, migrated_database: URL) -> None:
    info = json.loads(manage(migrated_database, "info", "--json").stdout)
    assert info["database"]["source"] == "DATABASE_URL"
    assert info["name"] == migrated_database.database
    assert info["revision"] == {
        "status": "at head",
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


def test_info_of_an_empty_database_lists_the_pending_revisions(
    manage: Manage, empty_database: URL
) -> None:
    done = manage(empty_database, "info")
    assert done.returncode == Exit.EMPTY
    assert AT_NONE in done.stdout
    assert "run alembic upgrade head" in done.stderr


def test_info_of_a_database_ahead_names_the_unknown_revision(
    manage: Manage, migrated: Engine, migrated_database: URL
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    done = manage(migrated_database, "info")
    assert done.returncode == Exit.AHEAD
    assert f"999 (ahead: 999 unknown to this code, whose head is {HEAD})" in done.stdout
    assert "update the checkout" in done.stderr
    reset = "on a development database, alembic-zero-downtime reset"
    assert reset in done.stderr
    execute(
        migrated,
        "INSERT INTO migration_ledger (action, environment, role)"
        " VALUES ('environment', 'production', 'r')",
    )
    assert reset not in manage(migrated_database, "info").stderr


def test_facts_have_no_trailing_spaces(manage: Manage, migrated_database: URL) -> None:
    lines = manage(migrated_database, "info").stdout.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("command", ["info", "history", "reset", "psql"])
def test_unreachable_database_is_one_line_without_the_password(
    command: str, manage: Manage
) -> None:
    url = URL.create("postgresql", "u", "s3cr3t", "127.0.0.1", 1, "n")
    done = manage(url, command)
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert len(done.stderr.splitlines()) == 1
    assert "cannot connect to postgresql+psycopg2://u:***@127.0.0.1:1/n" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("info", "--nonsense")])
def test_wrong_arguments_have_a_separate_exit_code(
    arguments: tuple[str, ...], manage: Manage, migration_server: URL
) -> None:
    assert manage(migration_server, *arguments).returncode == WRONG_ARGUMENTS


def test_help_lists_commands_and_exit_codes(manage: Manage, migration_server: URL) -> None:
    done = manage(migration_server, "--help")
    assert done.returncode == Exit.OK
    for word in ("info", "history", "reset", "psql", "stop", "exit codes"):
        assert word in done.stdout


def test_names_are_printed_literally(
    manage: Manage, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(migrated, 'CREATE TABLE "[bold]A[/] :smile: Ö" ()')
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "[bold]A[/] :smile: Ö" in manage(migrated.url, "info").stdout


def test_history_shows_when_and_by_which_role_each_revision_was_applied(
    manage: Manage, alembic: Alembic, migrated: Engine
) -> None:
    alembic(migrated.url, "downgrade", "-1")
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE migration_ledger SET attempts = 3 WHERE revision = '001'"
        )
    done = manage(migrated.url, "history")
    assert done.returncode == Exit.OK
    shown = " ".join(done.stdout.split())
    timestamp, duration = r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", r"\d+\.\d{3} s, 3 attempts"
    first = rf"│ 001 │ Create tables │ {timestamp} │ \w+ from \S+ │ {duration} │ │"
    assert re.search(first, shown), shown
    assert re.search(rf"│ {HEAD} │ [^│]+ │ no │ │ │ │", shown)
    assert f"Now at: {ONE_BEHIND}" in shown
    history = json.loads(manage(migrated.url, "history", "--json").stdout)
    assert history["current"] == [BEFORE_HEAD]
    assert history["revisions"][0]["applied"]["attempts"] == 3
    assert history["revisions"][-1]["applied"] is None


def test_history_of_a_database_without_a_ledger(manage: Manage, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("DROP TABLE migration_ledger")
    assert "│ before the ledger │" in " ".join(manage(migrated.url, "history").stdout.split())


def test_history_includes_unknown_revisions(manage: Manage, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    assert "│ 999 │ (unknown to this code) │" in " ".join(
        manage(migrated.url, "history").stdout.split()
    )


def test_edited_revision_is_shown_until_it_is_accepted(manage: Manage, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE migration_ledger SET checksum = 'x' WHERE revision = '001'"
        )
    done = manage(migrated.url, "verify")
    assert done.returncode == Exit.UNVERIFIED
    assert "001 was edited after it was applied" in done.stdout
    assert done.stdout.startswith("Database: ")
    assert "alembic-zero-downtime accept 001" in done.stdout
    (discrepancy,) = json.loads(manage(migrated.url, "verify", "--json").stdout)["discrepancies"]
    assert (discrepancy["kind"], discrepancy["revision"]) == ("edited", "001")
    assert "│ edited since │" in " ".join(manage(migrated.url, "history").stdout.split())
    assert "edited since it was applied: 001" in manage(migrated.url, "info").stderr
    assert "accepted 001" in manage(migrated.url, "accept", "001").stderr
    again = manage(migrated.url, "accept", "001")
    assert (again.returncode, "nothing to accept" in again.stderr) == (Exit.OK, True)
    assert manage(migrated.url, "verify").returncode == Exit.OK
    assert "edited since" not in manage(migrated.url, "history").stdout


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("002", "is not applied"),
        ("9", "no revision"),
        ("", "name the edited revision: alembic-zero-downtime accept 002"),
        ("head", "name the edited revision: "),
    ],
)
def test_only_an_applied_revision_is_accepted(
    revision: str, reason: str, manage: Manage, alembic: Alembic, migrated_database: URL
) -> None:
    alembic(migrated_database, "downgrade", "001")
    done = manage(migrated_database, "accept", revision)
    assert (done.returncode, reason in done.stderr) == (Exit.FAILED, True), done


def test_environment_is_declared_and_shown(manage: Manage, migrated_database: URL) -> None:
    assert manage(migrated_database, "stamp-env", "staging").returncode == Exit.OK
    assert "Environment staging" in " ".join(manage(migrated_database, "info").stdout.split())
    assert (
        json.loads(manage(migrated_database, "info", "--json").stdout)["environment"] == "staging"
    )
    for name in ("", "Two words", "x" * 33):
        assert manage(migrated_database, "stamp-env", name).returncode == Exit.FAILED


@pytest.mark.parametrize(
    "name",
    [
        *("prod", "prd", "live", "Prod", "PROD", "Production", "production ", "prod-eu", "eu_live"),
        *("prod2", "produktion", "prodution", "producton"),
    ],
)
def test_another_word_for_production_is_refused(
    name: str, manage: Manage, migrated_database: URL
) -> None:
    done = manage(migrated_database, "stamp-env", name)
    assert done.returncode == Exit.FAILED
    command = "alembic-zero-downtime stamp-env production"
    assert done.stderr == (
        f"alembic-zero-downtime: {name!r} does not protect a database, 'production' does: "
        f"{command}\n"
    )
    assert "Environment" not in manage(migrated_database, "info").stdout


@pytest.mark.parametrize("name", ["preprod", "pre-production", "non-prod", "product-demo", "alive"])
def test_the_name_of_another_environment_is_accepted(
    name: str, manage: Manage, migrated_database: URL
) -> None:
    assert manage(migrated_database, "stamp-env", name).returncode == Exit.OK


def test_info_shows_the_last_migration(manage: Manage, migrated_database: URL) -> None:
    shown = " ".join(manage(migrated_database, "info").stdout.split())
    assert re.search(
        r"Migrated 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC by \w+ from \S+, version", shown
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE alembic_version SET version_num = '001'", Exit.BEHIND),
        ("UPDATE alembic_version SET version_num = '999'", Exit.AHEAD),
        ("INSERT INTO alembic_version VALUES ('001')", Exit.DIVERGED),
        ("DELETE FROM alembic_version; DROP TABLE migration_ledger", Exit.UNMANAGED),
    ],
)
def test_each_status_has_its_exit_code_and_next_step(
    change: str, code: int, manage: Manage, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(change)
    done = manage(migrated.url, "info")
    assert done.returncode == code
    assert len(done.stderr.split("not at head: ")[1]) > 10


def test_psql_is_executed_with_the_address(
    manage: Manage, migrated_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[tuple[str, list[str], dict[str, str]]] = []

    def execve(path: str, arguments: list[str], environment: dict[str, str]) -> None:
        executed.append((path, arguments, environment))
        raise KeyboardInterrupt  # a real one does not return

    monkeypatch.setattr("alembic_zero_downtime.cli.psql.EXECVE", execve)
    done = manage(migrated_database.set(password="s3cr3t"), "psql")
    ((path, arguments, environment),) = executed
    assert Path(path).name == arguments[0] == "psql"
    assert arguments[1] == "--set=ON_ERROR_STOP=1"
    assert f"dbname={migrated_database.database}" in arguments[2]
    assert "s3cr3t" not in " ".join(arguments) + done.stderr
    assert environment["PGPASSWORD"] == "s3cr3t"


@pytest.mark.slow
def test_psql_runs_on_the_same_database_and_stops_at_an_error(migrated_database: URL) -> None:
    command = ("python", "-m", "alembic_zero_downtime", "-c", str(INI), "psql")
    script = "SELECT current_database(); SELECT 1/0; SELECT 'not reached'"
    done = run(*command, env={"DATABASE_URL": as_text(migrated_database)}, stdin=script)
    assert str(migrated_database.database) in done.stdout
    assert "not reached" not in done.stdout
    assert done.returncode not in (Exit.OK, Exit.FAILED), (
        "psql's own code: 3 after an error in a script"
    )


@pytest.mark.slow
def test_psql_gets_the_parameters_and_its_command_line_shows_no_value_of_them(
    migrated_database: URL,
) -> None:
    secrets = {
        "options": "-c x.password=s3cr3t",
        "sslpassword": "s3cr3t",
        "passfile": "/s3cr3t",
        "application_name": "s3cr3t",
    }
    url = migrated_database.update_query_dict({**secrets, "connect_timeout": "7"})
    command = [sys.executable, "-m", "alembic_zero_downtime", "-c", str(INI), "psql"]
    with subprocess.Popen(
        command,
        env={**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url.set(password="s3cr3t"))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("SELECT 'psql runs';\n\\connect\nSHOW x.password;\n")
        process.stdin.write("SHOW application_name;\n")
        process.stdin.flush()
        output: list[str] = []
        while "s3cr3t" not in "".join(output):
            output.append(process.stdout.readline())
        command_line = psutil.Process(process.pid).cmdline()
        process.stdin.close()
        output.append(process.stdout.read())  # communicate() would miss what readline() buffers
    assert Path(command_line[0]).name == "psql"
    assert "connect_timeout=7" in command_line[-1]
    assert "s3cr3t" not in " ".join(command_line)
    assert "".join(output).count("s3cr3t") == 2, "of the server: both parameters, after a reconnect"


FAILING_MODELS = """
from dataclasses import replace


def load_metadata():
    raise SyntaxError("<<<<<<< HEAD")


run(replace(PROJECT, metadata=load_metadata))
"""


@pytest.mark.parametrize("command", ["info", "history", "verify", "renumber", "lint"])
def test_commands_that_need_no_models_do_not_load_them(
    command: str, manage: Manage, project: ProjectCopy, migrated_database: URL
) -> None:
    """During a merge, a model may have a syntax error."""
    env = project.ini.parent / "alembic" / "env.py"
    env.write_text(env.read_text().replace("run(PROJECT)\n", FAILING_MODELS))
    done = manage(migrated_database, command, ini=project.ini)
    assert done.returncode == Exit.OK, done.stderr
    done = manage(migrated_database, "check", ini=project.ini)
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    (line,) = done.stderr.splitlines()
    assert "SyntaxError: <<<<<<< HEAD" in line

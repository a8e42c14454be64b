"""What a reset asks, keeps, drops and refuses."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from app.commands import reset
from app.db.reset import is_local
from tests.catalog import read_catalog, read_rows
from tests.shell import Done, answer_on_a_terminal, as_text

Manage = Callable[..., Done]
FINE, FAILED = 0, 1


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
    assert "companies: dropped with 7 rows, 6 of which the upgrade writes again" in done.stdout
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
    assert not reset.BACKUPS.exists(), "it asks before it dumps"
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies")) == 6


@pytest.mark.parametrize(
    ("answer", "code", "companies"),
    [("right", FINE, 6), ("wrong", FAILED, 7), ("\x03", 130, 7)],
    ids=["name", "other name", "interrupt"],
)
def test_reset_on_a_terminal_asks_for_the_name(
    answer: str, code: int, companies: int, migrated: Engine, checkout: Path
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("INSERT INTO companies (name, ir_url) VALUES ('Mine', 'u')")
    typed = f"{migrated.url.database}\n" if answer == "right" else f"{answer}\n"
    env = {"DATABASE_URL": as_text(migrated.url)}
    command = [sys.executable, "scripts/db_manager.py", "reset"]
    done, screen = answer_on_a_terminal(command, typed, cwd=checkout, env=env)
    assert done == code, screen
    assert str(migrated.url.database) in screen
    assert (checkout / ".backups").exists() is (code == FINE), "it asks before it dumps"
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies")) == companies


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
def test_only_this_machine_is_local(host: str | None, answer: bool) -> None:
    assert is_local(host) is answer


def test_reset_refuses_another_machine_even_by_force(
    manage: Manage, migrated_url: URL, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reset, "is_local", lambda _: False)
    done = manage(migrated_url, "reset", "--force")
    assert (done.returncode, "ALLOW_REMOTE=1" in done.stderr) == (FAILED, True), done
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies")) == 6


def test_reset_refuses_production_even_by_force(manage: Manage, migrated: Engine) -> None:
    assert manage(migrated.url, "stamp-env", "production").returncode == FINE
    done = manage(migrated.url, "reset", "--force", "--allow-remote")
    assert (done.returncode, "never reset" in done.stderr) == (FAILED, True), done
    assert not reset.BACKUPS.exists()
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies")) == 6


def test_reset_keeps_what_the_database_was_declared_to_be(manage: Manage, migrated: Engine) -> None:
    assert manage(migrated.url, "stamp-env", "staging").returncode == FINE
    done = manage(migrated.url, "reset", "--force", "--no-dump")
    assert (done.returncode, "Environment  staging" in done.stdout) == (FINE, True), done

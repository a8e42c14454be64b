"""MIGRATION_* variables: what they may be, and what a wrong one is told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.db.migrations.settings import MigrationSettings, duration
from app.db.url import read_variables, resolve_migration_url

Alembic = Callable[..., int]


def test_defaults_are_bounded() -> None:
    settings = MigrationSettings.read({"PATH": "/bin", "MIGRATION_UNHEARD_OF": "x"})
    assert settings == MigrationSettings()
    assert settings.lock_timeout == "5s"
    assert (settings.lock_wait, settings.db_wait) == (600, 0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("5s", 5), ("1.5 min", 90), ("2h", 7200), ("250", 0.25), ("0", 0)],
)
def test_durations_are_postgresqls(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("LOCK_TIMEOUT", " 500ms ", "lock_timeout", "500ms"),
        ("STATEMENT_TIMEOUT", "0", "statement_timeout", "0"),
        ("IDLE_IN_TRANSACTION_SESSION_TIMEOUT", "1h", "idle_in_transaction_session_timeout", "1h"),
        ("CONNECT_TIMEOUT", "7", "connect_timeout", 7),
        ("CONNECT_TIMEOUT", "1min", "connect_timeout", 60),
        ("APPLICATION_NAME", "deploy 42", "application_name", "deploy 42"),
        ("LOCK_WAIT", "0", "lock_wait", 0),
        ("DB_WAIT", "1.5", "db_wait", 1.5),
        ("GIT_COMMIT", "abc", "git_commit", "abc"),
    ],
)
def test_each_setting_is_read(name: str, value: str, field: str, expected: object) -> None:
    settings = MigrationSettings.read({f"MIGRATION_{name}": value})
    assert getattr(settings, field) == expected


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LOCK_TIMEOUT", "five", "as PostgreSQL does"),
        ("LOCK_TIMEOUT", "", "as PostgreSQL does"),
        ("LOCK_TIMEOUT", "0", "without end"),
        ("LOCK_TIMEOUT", "5s -c log_statement=all", "as PostgreSQL does"),
        ("STATEMENT_TIMEOUT", "-1s", "as PostgreSQL does"),
        ("CONNECT_TIMEOUT", "100ms", "at least 1s"),
        ("LOCK_WAIT", "5s", "a number of seconds"),
        ("LOCK_WAIT", "inf", "a number of seconds"),
        ("DB_WAIT", "-1", "a number of seconds"),
        ("APPLICATION_NAME", "", "printable"),
        ("APPLICATION_NAME", "x" * 64, "1 to 63"),
    ],
)
def test_a_wrong_setting_is_one_line_with_its_name(
    name: str,
    value: str,
    words: str,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"MIGRATION_{name}", value)
    assert alembic("postgresql://u:p@127.0.0.1:1/n", "upgrade", "head") != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert f"MIGRATION_{name}: " in line
    assert words in line


def test_env_file_stands_below_the_environment(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    lines = "MIGRATION_LOCK_WAIT=1\nMIGRATION_DB_WAIT=2\nALLOW_DATA_LOSS=1\n"
    env_file.write_text(lines, encoding="utf-8")
    variables = read_variables({"MIGRATION_LOCK_WAIT": "3"}, env_file)
    settings = MigrationSettings.read(variables)
    assert (settings.lock_wait, settings.db_wait) == (3, 2)
    assert not settings.allow_data_loss, "that is an answer for one command"


def test_an_answer_is_1_or_none() -> None:
    assert MigrationSettings.read({"ALLOW_DATA_LOSS": "1"}).allow_data_loss
    assert not MigrationSettings.read({"ALLOW_DATA_LOSS": "0"}).allow_data_loss
    with pytest.raises(ValueError, match="ALLOW_DATA_LOSS"):
        MigrationSettings.read({"ALLOW_DATA_LOSS": "yes"})


def test_migrations_may_have_an_address_of_their_own(tmp_path: Path) -> None:
    environment = {
        "DATABASE_URL": "postgresql://u:p@pooler:6432/n",
        "MIGRATION_DATABASE_URL": "postgresql://u:p@server:5432/n",
    }
    found = resolve_migration_url(environment, tmp_path / ".env")
    assert (found.url.host, found.source) == ("server", "MIGRATION_DATABASE_URL")
    del environment["MIGRATION_DATABASE_URL"]
    assert resolve_migration_url(environment, tmp_path / ".env").url.host == "pooler"


def test_an_address_in_the_environment_wins_over_any_in_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("MIGRATION_DATABASE_URL=postgresql://u:p@server/n\n", encoding="utf-8")
    found = resolve_migration_url({}, env_file)
    assert (found.url.host, found.source) == ("server", "MIGRATION_DATABASE_URL in .env")
    scratch = {"DATABASE_URL": "postgresql://u:p@scratch/n"}
    assert resolve_migration_url(scratch, env_file).url.host == "scratch"

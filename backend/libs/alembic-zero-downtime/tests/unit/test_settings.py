"""The MIGRATION_* variables: their defaults, their values, and the error of an invalid one."""

from collections.abc import Callable

import pytest

from alembic_zero_downtime.settings import MigrationSettings, parse_duration

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
def test_durations_are_in_postgresql_notation(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


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
    ("name", "value", "reason"),
    [
        ("LOCK_TIMEOUT", "five", "as PostgreSQL does"),
        ("LOCK_TIMEOUT", "", "as PostgreSQL does"),
        ("LOCK_TIMEOUT", "0", "queue behind a migration forever"),
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
def test_an_invalid_setting_is_one_line_with_its_name(
    name: str,
    value: str,
    reason: str,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"MIGRATION_{name}", value)
    assert alembic("postgresql://u:p@127.0.0.1:1/n", "upgrade", "head") != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert f"MIGRATION_{name}: " in line
    assert reason in line


def test_the_confirmation_of_data_loss_is_1_or_0() -> None:
    assert MigrationSettings.read({"ALLOW_DATA_LOSS": "1"}).allow_data_loss
    assert not MigrationSettings.read({"ALLOW_DATA_LOSS": "0"}).allow_data_loss
    assert not MigrationSettings.read({"ALLOW_DATA_LOSS": ""}).allow_data_loss
    with pytest.raises(ValueError, match="ALLOW_DATA_LOSS"):
        MigrationSettings.read({"ALLOW_DATA_LOSS": "yes"})


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("MIGRATION_LOCK_TIMOUT", "MIGRATION_LOCK_TIMEOUT"),
        ("MIGRATION_LOCKWAIT", "MIGRATION_LOCK_WAIT"),
        ("MIGRATION_WAIT", "MIGRATION_DB_WAIT"),
        ("MIGRATION_LOCK_TIMEOUT_MS", "MIGRATION_LOCK_TIMEOUT"),
        ("MIGRATIONS_LOCK_WAIT", "MIGRATION_LOCK_WAIT"),
        ("MIGRATE_DB_WAIT", "MIGRATION_DB_WAIT"),
        ("MIRGATION_DB_WAIT", "MIGRATION_DB_WAIT"),
        ("migration_db_wait", "MIGRATION_DB_WAIT"),
        ("MIGRATION_DATABSE_URL", "MIGRATION_DATABASE_URL"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_right_name(
    name: str,
    setting: str,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, "s3cr3t")
    assert alembic("postgresql://u:p@127.0.0.1:1/n", "upgrade", "head") != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{name} is not a setting: did you mean {setting}?" in line
    assert "s3cr3t" not in line


def test_variables_of_other_programs_are_ignored() -> None:
    names = ("MIGRATION_STRATEGY", "MIGRATION_DIR", "MIGRATION_TABLE", "MINIO_URL", "LOCK_WAIT")
    assert MigrationSettings.read(dict.fromkeys(names, "x")) == MigrationSettings()
    others = {"MIGRATION_DATABASE_URL": "x"}
    assert MigrationSettings.read(others, "MIGRATION_DATABASE_URL") == MigrationSettings()

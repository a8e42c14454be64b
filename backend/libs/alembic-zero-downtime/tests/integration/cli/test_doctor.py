"""`alembic-zero-downtime doctor` and `config`: every finding with its fix, and no secret."""

import json
import socket
import time
from collections.abc import Callable

import pytest
from sqlalchemy import URL, Engine

from alembic_zero_downtime.cli import doctor
from alembic_zero_downtime.cli.exit_codes import Exit
from support.databases import execute
from support.project import HEAD
from support.shell import Done

Manage = Callable[..., Done]
SECRET = "s3cr3t"


def alter_database(setting: str) -> str:
    command = f"format('ALTER DATABASE %I SET {setting}', current_database())"
    return f"DO $$ BEGIN EXECUTE {command}; END $$"


def test_a_migrated_database_has_no_failure(manage: Manage, migrated_database: URL) -> None:
    done = manage(migrated_database, "doctor")
    assert done.returncode == Exit.OK, done.stdout
    for area in ("environment", "server", "schema", "disk"):
        assert f"ok       {area}: " in done.stdout
    assert f"ok       schema: at {HEAD} (head)\n" in done.stdout
    assert "failure" not in done.stdout


def test_each_server_is_understood(manage: Manage, each_url: URL) -> None:
    done = manage(each_url, "doctor")
    assert done.returncode == Exit.OK, done.stdout
    assert "warning  schema: at no revision (empty" in done.stdout


@pytest.mark.parametrize(
    ("change", "level", "message"),
    [
        ("UPDATE alembic_version SET version_num = '001'", "warning", "run alembic upgrade head"),
        ("UPDATE alembic_version SET version_num = '999'", "failure", "999 unknown to this code"),
        ("UPDATE migration_ledger SET checksum = 'x'", "warning", "edited since they were applied"),
        (
            alter_database("idle_session_timeout = ''3s''"),
            "warning",
            "idle_session_timeout is 3s",
        ),
        (
            alter_database("default_transaction_read_only = on"),
            "failure",
            "its transactions are read-only",
        ),
        (
            alter_database("search_path = nowhere"),
            "failure",
            "no schema of its search_path exists",
        ),
    ],
)
def test_each_fault_is_named_with_its_fix(
    change: str, level: str, message: str, manage: Manage, migrated: Engine
) -> None:
    execute(migrated, change)
    done = manage(migrated.url, "doctor", "--json")
    (found,) = [each for each in json.loads(done.stdout)["checks"] if message in str(each.values())]
    assert found["level"] == level
    assert found["fix"]
    assert done.returncode == (Exit.FAILED if level == "failure" else Exit.OK)


def test_a_role_without_rights_is_named(manage: Manage, migrated: Engine) -> None:
    name = f"reader_{migrated.url.database}"
    execute(migrated, f"CREATE ROLE {name} LOGIN")
    try:
        done = manage(migrated.url.set(username=name, password=SECRET), "doctor")
    finally:
        execute(migrated, f"DROP ROLE {name}")
    assert done.returncode == Exit.FAILED
    assert f"role {name} may not create tables in schema public: GRANT CREATE" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_a_server_that_never_answers_is_a_failure_in_bounded_time(
    manage: Manage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "LIMIT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        url = URL.create("postgresql", "u", SECRET, "127.0.0.1", port, "n")
        started = time.monotonic()
        done = manage(url, "doctor")
    assert time.monotonic() - started < 30
    assert done.returncode == Exit.FAILED
    assert "failure  server: " in done.stdout
    assert "no answer within" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_an_old_package_is_named(
    manage: Manage, migrated_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = {"alembic": "1.9.2", "rich": "15.0"}
    monkeypatch.setattr(doctor, "version", lambda name: versions.get(name, "99"))
    done = manage(migrated_database, "doctor")
    assert done.returncode == Exit.FAILED
    assert "failure  environment: packages: alembic 1.9.2 is older than 1.20: pip" in done.stdout


def test_config_shows_each_setting_with_its_source_and_no_secret(
    manage: Manage, migrated_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "3s")
    monkeypatch.setenv("PGPASSWORD", SECRET)
    monkeypatch.setenv("PGOPTIONS", f"-c x.y={SECRET}")
    monkeypatch.setenv("PGAPPNAME", SECRET)
    done = manage(migrated_database.set(password=SECRET), "config", "--json")
    assert done.returncode == Exit.OK, done
    assert SECRET not in done.stdout + done.stderr
    settings = {each["name"]: each for each in json.loads(done.stdout)["settings"]}
    assert settings["database"]["source"] == "DATABASE_URL"
    shown = {name: (each["value"], each["source"]) for name, each in settings.items()}
    assert shown["MIGRATION_LOCK_TIMEOUT"] == ("3s", "environment")
    assert shown["MIGRATION_LOCK_WAIT"] == ("600", "default")
    assert shown["PGPASSWORD"] == ("***", "environment")


def test_config_names_each_invalid_setting(manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "0")
    monkeypatch.setenv("MIGRATION_DB_WAIT", "soon")
    done = manage(f"mysql://u:{SECRET}@127.0.0.1/n", "config")
    assert done.returncode == Exit.FAILED
    assert len(done.stderr.splitlines()) == 3
    assert SECRET not in done.stdout + done.stderr
    for name in ("DATABASE_URL", "MIGRATION_LOCK_TIMEOUT", "MIGRATION_DB_WAIT"):
        assert f"alembic-zero-downtime: {name}" in done.stderr

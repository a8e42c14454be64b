"""Disposable servers run the PostgreSQL that MIGRATION_SHADOW_BIN names, and say what they lack."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.embedded.server import EmbeddedServer
from support.hostile import open_folder
from support.project import ProjectCopy
from support.servers import find_system_postgres
from support.shell import Done

SETTING = "MIGRATION_SHADOW_BIN"
UUID = "op.execute('CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"')"
GERMAN = "op.execute('CREATE TABLE german (word text COLLATE \"de-x-icu\")')"
DEFAULT = "op.execute('CREATE TABLE keyed (id uuid DEFAULT uuid_generate_v4())')"
LACKS = {
    UUID: "the disposable server lacks the extension uuid-ossp",
    GERMAN: "the disposable server lacks ICU, and so its collations such as de-x-icu",
    "op.execute(\"CREATE COLLATION g (provider = icu, locale = 'de')\")": "lacks ICU",
    "op.execute('CREATE EXTENSION postgis')": "lacks the extension postgis",
    "op.execute('CREATE TABLE x (t text COMPRESSION lz4)')": "lacks the compression lz4",
    "op.execute(\"SELECT '<a/>'::xml\")": "lacks libxml",
    "op.execute(\"CREATE COLLATION f (locale = 'xx_YY.utf8')\")": "has no locale xx_YY.utf8",
}
Manage = Callable[..., Done]
pytestmark = pytest.mark.usefixtures("shadow_server")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set the programs of the system's PostgreSQL."""
    found = find_system_postgres()
    if found is None:
        pytest.skip("the system has no PostgreSQL")
    monkeypatch.setenv(SETTING, str(found))
    return found


@pytest.mark.parametrize(("statement", "sentence"), LACKS.items())
def test_check_names_what_the_server_lacks(
    statement: str, sentence: str, manage: Manage, project: ProjectCopy, migrated: Engine
) -> None:
    revision = project.add(statement)
    done = manage(migrated.url, "check", ini=project.ini)
    assert done.returncode == Exit.FAILED
    (line,) = (each for each in done.stdout.splitlines() if each.startswith("Not known: "))
    assert f"revision {revision}: " in line
    assert sentence in line
    if "disposable" in sentence:
        assert f"set {SETTING} to the programs of a PostgreSQL that has it, e.g. /" in (
            done.stderr.splitlines()[-1].replace(f"{SETTING}=", "")
        )


def test_plan_names_what_the_server_lacks(
    manage: Manage, project: ProjectCopy, migrated: Engine
) -> None:
    project.add(f"{UUID}\n{DEFAULT}\n{GERMAN}")
    done = manage(migrated.url, "plan", ini=project.ini)
    assert done.returncode == Exit.FAILED
    for statement in (UUID, GERMAN):
        assert LACKS[statement] in done.stderr
    assert "function uuid_generate_v4() does not exist" in done.stdout


@pytest.mark.slow
def test_check_and_plan_run_on_other_programs(
    manage: Manage, project: ProjectCopy, migrated: Engine, programs: Path
) -> None:
    project.add(f"{UUID}\n{DEFAULT}\n{GERMAN}\nop.execute('UPDATE companies SET name = name')")
    done = manage(migrated.url, "check", "--json", ini=project.ini)
    found = json.loads(done.stdout)
    assert (done.returncode, found["unknown"]) == (Exit.DRIFTED, [])
    assert found["migrations_and_database"]["agree"] is True
    missing = [each["name"] for each in found["models_and_migrations"]["differences"]]
    assert missing == ["german", "keyed"]
    plan = json.loads(manage(migrated.url, "plan", "--json", ini=project.ini).stdout)
    assert plan["not_copied"] == []
    ((*known, last),) = (each["statements"] for each in plan["revisions"])
    assert {each["risk"] for each in known} == {"safe"}
    assert "cannot take over the target's statistics" in last["unknown"]
    version = programs.parent.name
    doctor = manage(migrated.url, "doctor").stdout
    assert f"ok       environment: disposable servers: PostgreSQL {version}" in doctor


@pytest.mark.slow
def test_both_directions_run_on_other_programs(
    manage: Manage, migrated: Engine, programs: Path
) -> None:
    assert programs.exists()
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE extra (id int); DROP INDEX ix_documents_fiscal_year"
        )
    found = json.loads(manage(migrated.url, "check", "--json").stdout)["migrations_and_database"]
    with migrated.begin() as connection:
        connection.exec_driver_sql(found["undo"])
    assert manage(migrated.url, "check").returncode == Exit.OK


FAKES = {
    "exit 0": "is not PostgreSQL: name the folder of postgres and initdb, e.g. ",
    "exit 7": "does not run (",
    'echo "postgres (PostgreSQL) 14.9"': "has PostgreSQL 14.9: choose 15 or newer",
}


@pytest.mark.parametrize("command", ["check", "plan"])
@pytest.mark.parametrize(("script", "message"), FAKES.items())
def test_programs_that_are_not_postgresql_are_refused(
    script: str,
    message: str,
    command: str,
    manage: Manage,
    project: ProjectCopy,
    migrated_database: URL,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project.add("pass")
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv(SETTING, str(tmp_path))
    done = manage(migrated_database, command, ini=project.ini)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert line.startswith(f"alembic-zero-downtime: {SETTING}: {tmp_path}")
    assert message in line
    assert f"failure  environment: {SETTING}" in manage(migrated_database, "doctor").stdout


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("/nowhere", "/nowhere has no postgres and no initdb: name the folder of postgres"),
        ("bin", "write the absolute path of a folder, e.g. /usr/lib/postgresql/18/bin"),
    ],
)
def test_a_folder_without_programs_is_refused(
    folder: str,
    message: str,
    manage: Manage,
    migrated_database: URL,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SETTING, folder)
    done = manage(migrated_database, "check")
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert f"{SETTING}: {message}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another account")
def test_programs_that_the_account_cannot_reach_are_refused(
    manage: Manage,
    programs: Path,
    migrated_database: URL,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = tmp_path / "closed"
    shutil.copytree(programs, closed / "bin", symlinks=True)
    closed.chmod(0o700)
    monkeypatch.setenv(SETTING, str(closed / "bin"))
    done = manage(migrated_database, "check")
    assert done.returncode == Exit.FAILED
    (line,) = done.stderr.splitlines()
    assert f"cannot run {closed}/bin/initdb: each folder above it has to be open" in line


@pytest.mark.slow
def test_a_migration_of_the_embedded_server_names_another_server(
    alembic: Callable[..., int], project: ProjectCopy, capsys: pytest.CaptureFixture[str]
) -> None:
    project.add(UUID)
    with open_folder() as folder:
        url = f"postgresql+embedded:///n?directory={folder}/server"
        try:
            assert alembic(url, "upgrade", "head", ini=project.ini) != 0
        finally:
            EmbeddedServer(folder / "server").stop()
    (line,) = (each for each in capsys.readouterr().err.splitlines() if "FAILED" in each)
    way_out = "the embedded PostgreSQL lacks the extension uuid-ossp: set MIGRATION_DATABASE_URL to"
    assert way_out in line

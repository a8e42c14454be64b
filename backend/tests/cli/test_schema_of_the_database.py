"""A database that is empty or at an older revision is named by every command, with what to do."""

import pytest
from sqlalchemy import URL, Engine, text

from app.cli.exit_codes import Exit
from app.cli.main import run as fde

pytestmark = pytest.mark.usefixtures("fresh_engine")


def change(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.usefixtures("on_migrated")
@pytest.mark.parametrize("command", ["check", "compile --all", "reread", "statements SAP"])
def test_an_older_schema_is_never_taken_for_one_without_companies(
    command: str, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    change(migrated, "UPDATE alembic_version SET version_num = '015'")
    assert fde(command.split()) == Exit.DATABASE
    done = capsys.readouterr()
    assert done.out == ""
    assert done.err.startswith("fde: the database is at revision 015, this program needs 0")
    assert done.err.endswith(": run make migrate\n")


@pytest.mark.usefixtures("on_migrated")
def test_a_newer_schema_is_worked_with(
    migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    change(migrated, "UPDATE alembic_version SET version_num = '999'")
    assert fde(["check"]) == Exit.OK
    assert capsys.readouterr().err == ""


def test_an_empty_database_is_to_be_migrated(
    empty_database: URL, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database.render_as_string(hide_password=False))
    assert fde(["companies"]) == Exit.DATABASE
    assert capsys.readouterr().err == "fde: the database has no tables yet: run make migrate\n"

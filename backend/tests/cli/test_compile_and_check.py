"""`fde compile` and `fde check` against a real database."""

import json

import pytest
from sqlalchemy import Engine

from app.cli import main
from app.cli.exit_codes import Exit
from tests.helpers.kept import keep_filings, two_reports

pytestmark = pytest.mark.usefixtures("fresh_engine", "on_migrated")


@pytest.fixture
def two(migrated: Engine) -> int:
    return keep_filings(migrated, two_reports())


@pytest.mark.usefixtures("two")
def test_compiling_again_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["compile", "COSTA"]) == Exit.OK
    assert "as it was" in capsys.readouterr().out
    assert main.run(["compile", "--all"]) == Exit.OK
    first = capsys.readouterr().out
    assert main.run(["compile", "--all"]) == Exit.OK
    assert capsys.readouterr().out == first
    assert first.startswith("1 company: statements ")
    assert first.endswith(" same\n")


def test_a_row_of_another_digest_is_compiled_again(
    migrated: Engine, two: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE compiled_statements SET data = '{}', digest = NULL")
    assert main.run(["check", "COSTA"]) == Exit.DOUBTFUL
    assert "out of date: fde compile" in capsys.readouterr().out
    assert main.run(["compile", "--all", "--json"]) == Exit.OK
    written = json.loads(capsys.readouterr().out)
    assert {each["effect"] for each in written["statements"]} <= {"changed", "absent"}
    assert written["error"] is None
    assert two


@pytest.mark.parametrize("arguments", [["compile"], ["compile", "COSTA", "--all"]])
def test_one_company_or_all(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(arguments) == Exit.USAGE
    assert "COMPANY" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["compile", "check"])
def test_no_such_company(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([command, "NOSUCH"]) == Exit.USAGE
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.usefixtures("two")
def test_check_says_what_is_proved_and_what_needs_a_person(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main.run(["check", "--json"])
    written = json.loads(capsys.readouterr().out)
    assert code == (Exit.OK if written["ok"] else Exit.DOUBTFUL)
    assert main.run(["check"]) == code
    assert "figures proved, FY2021 to FY2023" in capsys.readouterr().out


def test_without_companies_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["check"]) == Exit.OK
    assert main.run(["compile", "--all"]) == Exit.OK
    assert capsys.readouterr().out == "all is well (0 companies)\n0 companies: statements none\n"


def test_a_database_away_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://analyst:secret@127.0.0.1:9/none")
    for command in (["check"], ["compile", "--all"]):
        assert main.run(command) == Exit.DATABASE
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "secret" not in error

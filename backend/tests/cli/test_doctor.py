"""`fde doctor`: its lines, its JSON and its exit codes."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.cli import main
from app.cli.doctor import SHOWN
from app.cli.exit_codes import Exit

pytestmark = pytest.mark.usefixtures("fresh_engine")


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_URL", str(tmp_path / "storage"))


@pytest.mark.usefixtures("on_migrated")
def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["doctor", "--deep"]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("ok       ") for line in lines)


@pytest.mark.usefixtures("on_migrated")
def test_files_without_documents_are_counted_and_some_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(SHOWN + 2):
        digest = f"ab{number:062x}"
        path = tmp_path / "storage" / "ab" / digest
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    (tmp_path / "storage").chmod(0o700)
    assert main.run(["doctor"]) == Exit.DOUBTFUL
    output = capsys.readouterr().out
    assert f"{SHOWN + 2} files in the storage without a document: " in output
    assert "and 2 more (--json lists all)" in output
    assert main.run(["doctor", "--json"]) == Exit.DOUBTFUL
    checks = json.loads(capsys.readouterr().out)["checks"]
    (found,) = [each for each in checks if each["level"] == "warning"]
    assert len(found["items"]) == SHOWN + 2
    assert found["fix"]


@pytest.mark.usefixtures("on_migrated")
def test_names_from_a_file_cannot_steer_the_terminal(
    migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO documents (company_id, url, fiscal_year, document_type, file_name, sha256)"
            " SELECT min(id), 'u', 2023, 'other', E'a\\x1b[2Jb', repeat('a', 64) FROM companies"
        )
    assert main.run(["doctor"]) == Exit.DOUBTFUL
    output = capsys.readouterr().out
    assert "fault    documents: 1 document without a file in the storage" in output
    assert "\x1b" not in output


@pytest.mark.parametrize(
    "url", ["postgresql://u:hunter2@127.0.0.1:1/d", "mysql://u:hunter2@127.0.0.1/d"]
)
def test_a_database_that_is_away_is_one_line_without_the_password(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert main.run(["doctor"]) == Exit.DATABASE
    done = capsys.readouterr()
    assert "hunter2" not in done.out + done.err
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        ["fault", "database:"],
        ["ok", "storage:"],
    ]

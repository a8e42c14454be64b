"""`fde config`: each setting, its source, and no password."""

import json
import re
from pathlib import Path

import pytest

from app.cli import main
from app.cli.exit_codes import Exit
from app.services import settings_in_force

URL = "postgresql://u:hunter2@db.example/d"


@pytest.fixture(autouse=True)
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a missing .env."""
    monkeypatch.setenv("DATABASE_URL", URL)
    path = tmp_path / ".env"
    monkeypatch.setattr(settings_in_force.read_settings, "__defaults__", (path,))
    return path


def settings(capsys: pytest.CaptureFixture[str], code: Exit = Exit.OK) -> dict[str, list[str]]:
    assert main.run(["config", "--json"]) == code
    done = capsys.readouterr()
    assert "hunter2" not in done.out + done.err
    listed = json.loads(done.out)["settings"]
    return {each["name"]: [each["value"], each["source"], each["problem"]] for each in listed}


def test_each_setting_has_a_value_and_a_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE_URL", "s3://key:hunter2@bucket/folder")
    monkeypatch.setenv("FDE_TIMEOUT", "60")
    found = settings(capsys, Exit.DATABASE)  # no driver for s3 is installed
    assert found["DATABASE_URL"][:2] == ["postgresql+psycopg2://u:***@db.example/d", "DATABASE_URL"]
    assert found["FDE_TIMEOUT"] == ["60", "environment", None]
    assert found["FDE_MEMORY"] == ["2048", "default", None]
    assert {"FDE_JOBS", "FDE_MAX_SIZE"} <= found.keys()


def test_the_storage_is_in_the_checkout_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    value, source, _ = settings(capsys)["STORAGE_URL"]
    assert value.endswith("/.storage")
    assert source == "default"


def test_the_table_names_units(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["config"]) == Exit.OK
    output = capsys.readouterr().out
    assert re.search(r"^FDE_TIMEOUT +120 seconds ", output, re.MULTILINE)
    assert "hunter2" not in output


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("FDE_JOBS", "0", "FDE_JOBS: it has to be a whole number from 1 to 64"),
        ("FDE_MEMORY", "much", "FDE_MEMORY: it has to be a whole number from 256 on"),
        ("FDE_TIMEOT", "5", "FDE_TIMEOT: there is no such setting"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str,
    value: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    assert main.run(["config"]) == Exit.USAGE
    assert reason in capsys.readouterr().err


def test_a_wrong_storage_is_not_quoted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE_URL", "postgresql://u:hunter2@h/d")
    value, _, problem = settings(capsys, Exit.DATABASE)["STORAGE_URL"]
    assert value is None
    assert "address of a database" in problem


def test_a_wrong_setting_that_spoils_the_others_is_named_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE_URL", "file://")
    assert main.run(["config"]) == Exit.DATABASE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("fde: STORAGE_URL: the URL names no folder")


def test_settings_of_the_api_are_shown_without_the_token(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings(capsys)["WRITE_TOKEN"] == [None, "default", None]
    monkeypatch.setenv("WRITE_TOKEN", "hunter2-hunter2-hunter2")
    env_file.write_text("ALLOWED_HOSTS=api.example.com\napi_wait_seconds=2.5\n")
    found = settings(capsys)
    assert found["WRITE_TOKEN"] == ["set", "environment", None]
    assert found["ALLOWED_HOSTS"] == ["api.example.com", ".env", None]
    assert found["API_WAIT_SECONDS"] == ["2.5", ".env", None]
    assert found["API_CONNECTIONS"] == ["10", "default", None]
    assert main.run(["config"]) == Exit.OK
    assert "2.5 seconds" in capsys.readouterr().out


def test_a_wrong_token_is_not_quoted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WRITE_TOKEN", "hunter2")
    value, _, problem = settings(capsys, Exit.DATABASE)["WRITE_TOKEN"]
    assert value is None
    assert problem.startswith("WRITE_TOKEN: it has fewer than 16 characters")

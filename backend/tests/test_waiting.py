"""A server that is not there yet is waited for, within bounds; what never passes is not."""

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError

from app.db.migrations.failure import is_not_there_yet
from tests.revisions import AT_HEAD

Alembic = Callable[..., int]


def test_by_default_nothing_is_waited_for(
    alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alembic("postgresql://u:p@127.0.0.1:1/n", "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "Connection refused" in error
    assert "Waiting" not in error


def test_a_refused_connection_is_waited_for_with_a_line_and_no_longer_than_allowed(
    alembic: Alembic, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIGRATION_DB_WAIT", "1")
    started = time.monotonic()
    assert alembic("postgresql://u:s3cr3t@127.0.0.1:1/n", "upgrade", "head") != 0
    assert 1 <= time.monotonic() - started < 20
    error = capsys.readouterr().err
    assert "Waiting up to 1 s for postgresql+psycopg2://u:***@127.0.0.1:1/n" in error
    assert error.count("Waiting") == 1
    assert "cannot connect to" in error
    assert "s3cr3t" not in error


def test_a_server_that_comes_meanwhile_is_migrated(
    alembic: Alembic,
    empty_url: URL,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sockets = empty_url.query.get("host")
    if not isinstance(sockets, str):
        pytest.skip("this server is reached over TCP")
    monkeypatch.setenv("MIGRATION_DB_WAIT", "30")
    with tempfile.TemporaryDirectory() as folder:
        later = Path(folder) / "later"
        timer = threading.Timer(1.5, lambda: later.symlink_to(sockets))
        timer.start()
        assert alembic(empty_url.set(query={"host": str(later)}), "upgrade", "head") == 0
        timer.join()
    said = capsys.readouterr().err
    assert said.count("Waiting up to 30 s") == 1
    assert f"Now at {AT_HEAD}" in said


@pytest.mark.parametrize(
    ("words", "is_waited_for"),
    [
        ("FATAL:  the database system is starting up", True),
        ("FATAL:  the database system is shutting down", True),
        ("FATAL:  the database system is not yet accepting connections", True),
        ('could not translate host name "db" to address: Name or service not known', True),
        ("server closed the connection unexpectedly", True),
        ("connection to server at ... failed: timeout expired", True),
        ('FATAL:  password authentication failed for user "app"', False),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.7"', False),
        ('FATAL:  database "app" does not exist', False),
        ("FATAL:  sorry, too many clients already", False),
        ("SSL error: certificate verify failed", False),
    ],
)
def test_which_refusals_pass_by_themselves(words: str, is_waited_for: bool) -> None:
    error = OperationalError("", {}, Exception(words))
    assert is_not_there_yet(error) is is_waited_for


@pytest.mark.parametrize(
    "change",
    [{"database": "there is no such database"}, {"username": "nobody", "password": "wr0ng"}],
    ids=["unknown database", "unknown user"],
)
def test_what_never_passes_is_not_waited_for(
    change: dict[str, str],
    alembic: Alembic,
    admin_url: URL,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_DB_WAIT", "30")
    started = time.monotonic()
    assert alembic(admin_url.set(**change), "upgrade", "head") != 0  # type: ignore[arg-type]
    assert time.monotonic() - started < 10
    error = capsys.readouterr().err
    assert "Waiting" not in error
    assert "wr0ng" not in error

"""A command waits for a server that is not ready, within a limit; other errors fail at once."""

import os
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import URL, text
from sqlalchemy.exc import OperationalError

from alembic_zero_downtime import DatabaseURL, MigrationError, MigrationSettings
from alembic_zero_downtime.database import connection
from alembic_zero_downtime.database.client import connection_info
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import parse_url
from alembic_zero_downtime.errors import is_not_ready
from support.databases import connected
from support.project import AT_HEAD
from support.servers import find_system_postgres, system_server

Alembic = Callable[..., int]


@pytest.mark.parametrize(
    ("query", "expected"),
    [({}, "30000"), ({"tcp_user_timeout": "7000"}, "7000")],
    ids=["default", "address"],
)
def test_both_ends_give_up_a_silent_connection(
    query: dict[str, str], expected: str, migration_server: URL
) -> None:
    address = DatabaseURL(migration_server.update_query_dict(query), "DATABASE_URL")
    with MigrationDatabase(address).connect() as opened:
        parameters = connection_info(opened).dsn_parameters
    assert parameters["tcp_user_timeout"] == expected
    assert parameters["keepalives_idle"] == "20"
    options = parameters["options"].split()
    assert {f"tcp_user_timeout={expected}", "tcp_keepalives_idle=20"} <= {*options}


def test_by_default_a_command_does_not_wait(
    alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alembic("postgresql://u:p@127.0.0.1:1/n", "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "Connection refused" in error
    assert "Waiting" not in error


class Clock:
    """A substitute for the module `time`, on which a pause takes no time."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_wait_for_a_server_is_logged_once_and_limited(
    alembic: Alembic, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIGRATION_DB_WAIT", "1")
    clock = Clock()
    monkeypatch.setattr(connection, "time", clock)
    assert alembic("postgresql://u:s3cr3t@127.0.0.1:1/n", "upgrade", "head") != 0
    assert clock.now == 101
    error = capsys.readouterr().err
    assert "Waiting up to 1 s for postgresql+psycopg2://u:***@127.0.0.1:1/n" in error
    assert error.count("Waiting") == 1
    assert "cannot connect to" in error
    assert "s3cr3t" not in error


def test_a_long_wait_is_logged_every_five_seconds(
    alembic: Alembic, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIGRATION_DB_WAIT", "12")
    monkeypatch.setattr(connection, "time", Clock())
    assert alembic("postgresql://u:p@127.0.0.1:1/n", "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert [f"Waiting up to {n} s" in error for n in (12, 7, 2)] == [True] * 3
    assert error.count("Waiting") == 3


@pytest.mark.slow
def test_the_wait_for_a_server_takes_real_time(
    alembic: Alembic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATION_DB_WAIT", "1")
    started = time.monotonic()
    assert alembic("postgresql://u:p@127.0.0.1:1/n", "upgrade", "head") != 0
    assert 1 <= time.monotonic() - started < 20


def test_a_server_that_starts_during_the_wait_is_migrated(
    alembic: Alembic,
    empty_database: URL,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sockets = empty_database.query.get("host")
    if not isinstance(sockets, str):
        pytest.skip("this server is reached over TCP")
    monkeypatch.setenv("MIGRATION_DB_WAIT", "30")
    clock = Clock()
    monkeypatch.setattr(connection, "time", clock)
    with tempfile.TemporaryDirectory() as folder:
        later = Path(folder) / "later"
        monkeypatch.setattr(clock, "sleep", lambda _: later.symlink_to(sockets))
        assert alembic(empty_database.set(query={"host": str(later)}), "upgrade", "head") == 0
    log = capsys.readouterr().err
    assert log.count("Waiting up to 30 s") == 1
    assert f"Now at {AT_HEAD}" in log


@pytest.mark.parametrize(
    ("message", "is_transient"),
    [
        # of the server, in the language of its lc_messages
        ("FATAL:  the database system is starting up", True),
        ("FATAL:  das Datenbanksystem startet", True),
        ("FATAL:  le système de bases de données s'arrête", True),
        ("ВАЖНО:  система баз данных запускается", True),
        ("致命的エラー:  データベースシステムは起動中です", True),
        ("FATAL:  sorry, too many clients already", True),
        ("FATAL:  tut mir leid, schon zu viele Verbindungen", True),
        ('FATAL:  password authentication failed for user "app"', False),
        ("FATAL:  Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen", False),
        ("FATAL:  le rôle « app » n'existe pas", False),
        ('ВАЖНО:  база данных "shop" не существует', False),
        ('致命的エラー:  データベース"shop"は存在しません', False),
        ("FATAL:  kein pg_hba.conf-Eintrag für Host »[local]«, Benutzer »app«", False),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.7"', False),
        # of PgBouncer
        ("FATAL:  server login failed: FATAL the database system is starting up", True),
        ("FATAL:  no such database: shop", False),
        # of libpq: the prefix names the host, which may be named like the database
        ('connection to server at "shop" (10.0.0.7), port 5432 failed: Connection refused', True),
        ("connection to server at ... failed: No route to host", True),
        ("connection to server at ... failed: Connection timed out", True),
        ('could not translate host name "shop" to address: Name or service not known', True),
        ("server closed the connection unexpectedly", True),
        ("connection to server at ... failed: timeout expired", True),
        ("connection to server on socket ... failed: No such file or directory", True),
        ("connection to server at ... failed: fe_sendauth: no password supplied", False),
        ("SSL error: certificate verify failed", False),
        ("server does not support SSL, but SSL was required", False),
        ('invalid integer value "x" for connection option "port"', False),
    ],
)
def test_an_error_of_a_server_that_is_not_ready_is_recognized(
    message: str, is_transient: bool
) -> None:
    error = OperationalError("", {}, Exception(message))
    assert is_not_ready(error, {"app", "shop"}) is is_transient


def is_open(url: URL) -> bool:
    try:
        with connected(url):
            return True
    except OperationalError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("language", ["de", "fr", "C"])
def test_a_server_is_waited_for_and_a_login_is_not_in_every_language(
    language: str,
    alembic: Alembic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    programs = find_system_postgres()
    if programs is None:
        pytest.skip("the system has no PostgreSQL")
    monkeypatch.setenv("LANGUAGE", language)
    monkeypatch.setenv("MIGRATION_DB_WAIT", "1")
    with ExitStack() as later, system_server(programs, "lc_messages=C.UTF-8") as url:
        connection = later.enter_context(connected(url))
        for change in ({"database": "no_such"}, {"username": "no_such"}):
            assert alembic(url.set(**change), "current") != 0  # type: ignore[arg-type]
            assert "Waiting" not in capsys.readouterr().err
        postmaster = connection.scalar(text("SELECT pg_read_file('postmaster.pid')"))
        os.kill(int(postmaster.split()[0]), signal.SIGTERM)  # it ends when its clients have left
        while is_open(url):
            time.sleep(0.02)
        assert alembic(url, "current") != 0
        error = capsys.readouterr().err
        assert "Waiting up to 1 s for" in error
        is_english = "the database system is shutting down" in error
        assert is_english is (language == "C"), f"no messages in {language}: {error}"


@pytest.mark.parametrize(
    "change",
    [{"database": "no such database"}, {"username": "no such user", "password": "wr0ng"}],
    ids=["unknown database", "unknown user"],
)
def test_a_permanent_error_fails_at_once(
    change: dict[str, str],
    alembic: Alembic,
    migration_server: URL,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_DB_WAIT", "30")
    started = time.monotonic()
    assert alembic(migration_server.set(**change), "upgrade", "head") != 0  # type: ignore[arg-type]
    assert time.monotonic() - started < 25
    error = capsys.readouterr().err
    assert "Waiting" not in error
    assert "wr0ng" not in error


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("postgresql://u:p@127.0.0.1:1/n", r"Start the server \(make up\), or correct X, or set"),
        ("postgresql://u:p@localhost:1/n", r"Start the server \(make up\), or correct X, or set"),
        (
            "postgresql://u:p@/n?host=/nowhere",
            r"Start the server \(make up\), or correct X, or set",
        ),
        ("postgresql://u:p@127.0.0.1:1,127.0.0.1:2/n", "Start the server, or correct X, or set"),
        (
            "postgresql://u:p@no-host.invalid/n",
            "Correct the host in X, or set MIGRATION_DB_WAIT=60",
        ),
        ("{server}/no%20db", r"Create it \(createdb --host=\S+ .*'no db'\), or correct X"),
        ("{server}/postgres?user=no-role", r"Create the role \(createuser --login\), or correct"),
        ("{server}/postgres?sslmode=x", "Correct the parameters for TLS, such as sslmode, in X"),
        ("{server}/postgres?options=-c%20a=1", "Check X"),
    ],
)
def test_a_connection_error_names_the_setting_and_the_next_step(
    text: str, advice: str, migration_server: URL
) -> None:
    url = parse_url(text.replace("{server}", "postgresql://h"), "X")
    if "{server}" in text:
        query = {**url.query, **migration_server.query}
        user = url.username or migration_server.username
        url = migration_server.set(database=url.database, username=user, query=query)
    database = MigrationDatabase(DatabaseURL(url, "X"), start_server="make up")
    with pytest.raises(MigrationError, match=rf"[.?] {advice}") as caught, database.connect():
        pass
    assert "(from X): " in str(caught.value)
    assert "refused Is" not in str(caught.value), "libpq's lines are sentences"
    assert len(str(caught.value).splitlines()) == 1


def test_a_wait_that_is_over_is_not_recommended() -> None:
    address = DatabaseURL(parse_url("postgresql://u@127.0.0.1:1/n", "X"), "X")
    database = MigrationDatabase(address, MigrationSettings(db_wait=0.01))
    with pytest.raises(MigrationError, match=r"or correct X\Z"), database.connect():
        pass

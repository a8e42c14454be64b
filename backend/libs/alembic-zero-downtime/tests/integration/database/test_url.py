"""The address of a database: accepted or refused, completed, and without its password."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.pool import NullPool

from alembic_zero_downtime import MigrationError, MigrationSettings
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import DatabaseURL, parse_url
from support.secrets import PARAMETERS, REFUSED, SECRET
from support.shell import Done, as_text, run

Alembic = Callable[..., int]
Manage = Callable[..., Done]
ALL_CHARACTERS = "".join(map(chr, range(1, 128)))
PASSWORDS = [*"%@/:#'\"", "100%", "a%40b", "p@ss", "a b", "ü€", "${HOME}", "$$", ALL_CHARACTERS]
EMBEDDED = "postgresql+embedded:///d"


@pytest.mark.parametrize("password", PASSWORDS)
def test_any_password_works_and_is_never_shown(password: str) -> None:
    password = f"{SECRET}{password}"
    text = as_text(URL.create("postgresql", "u", password, "h", 5432, "n"))
    address = DatabaseURL(parse_url(text, "DATABASE_URL"), "DATABASE_URL")
    assert address.url.password == password
    assert SECRET not in str(address)
    assert SECRET not in repr(address)


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_driver_gets_the_password_unchanged(password: str, migration_server: URL) -> None:
    if migration_server.password:
        pytest.skip("this server accepts only its own password")
    text = as_text(migration_server.set(password=password))
    engine = create_engine(parse_url(text, "DATABASE_URL"), poolclass=NullPool)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        assert driver.info.password == password


@pytest.mark.parametrize("name", ["password", "sslpassword"])
def test_a_secret_parameter_is_masked(name: str) -> None:
    url = parse_url(f"postgresql://u@h/n?{name}={SECRET}&sslmode=require", "DATABASE_URL")
    masked = DatabaseURL(url, "DATABASE_URL").masked
    assert SECRET not in masked
    assert "sslmode=***" in masked, "of a parameter only the name is shown"


def test_an_address_is_shown_with_its_source() -> None:
    address = DatabaseURL(parse_url(f"postgresql://u:{SECRET}@h/n", "X"), "X in .env")
    assert str(address) == "postgresql+psycopg2://u:***@h/n (from X in .env)"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_accepted_schemes_use_psycopg2(scheme: str) -> None:
    assert parse_url(f"{scheme}://u:p@h/n", "X").drivername == "postgresql+psycopg2"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "X is set but empty: give it a value or unset it"),
        ("   ", "X is set but empty: give it a value or unset it"),
        (" postgresql://u:p@h/n", "X begins or ends with white space"),
        ("postgresql://u:p@h/n\n", "X begins or ends with white space"),
        (f"mysql://u:{SECRET}@h/n", "X names a mysql:// database: only PostgreSQL"),
        (f"postgresql+asyncpg://u:{SECRET}@h/n", "X names the driver asyncpg: connections use psy"),
        (f"postgresql+{SECRET}://u@h/n", "X names another driver: connections use psycopg2"),
        (f"{SECRET}://u@h/n", "X names another database: only PostgreSQL"),
        ("sqlite:///file.db", "X names a sqlite:// database: only PostgreSQL"),
        (f"postgresql://u:{SECRET}@h", "X names no database: add /name"),
        (f"postgresql://u:{SECRET}@h/", "X names no database: add /name"),
        (f"postgresql://u:p@{SECRET}@h/n", "X has more than one '@'"),
        (f"postgresql://u:p?q@{SECRET}@h/n", "X has more than one '@'"),
        (f"postgresql://u:p@{SECRET}/@h/n", "X has more than one '@'"),
        (f"postgresql://u:{SECRET}@h:port/n", "X is not a database URL: write postgresql://"),
        (f"u:{SECRET}@h/n", "X is not a database URL: write postgresql://"),
        ("postgresql+embedded://h/n", "X: an embedded server has no host"),
        (f"postgresql+embedded://u:{SECRET}@/n", "X: an embedded server has no host, port, user"),
        ("postgresql+embedded:///n?port=1", "X: unknown parameter 'port': an embedded server has"),
        (
            f"postgresql://u:a?b@{SECRET}/n",
            "X has an '@' after a '/', '\\?' or '#': percent-encode",
        ),
        ("postgresql://u@h/n#p", "X has a '#': percent-encode"),
        ("postgresql://u:%00@h/n", "X has a NUL byte"),
        ("postgresql://u:%FF@h/n", "X has a byte that is not UTF-8"),
        ("postgresql://u:\udcff@h/n", "X has a byte that is not UTF-8"),
        (f"postgresql://u@{SECRET}!/n", "X: the host is not a host name, an IP address or the dir"),
        (f"postgresql://u@/n?hostaddr={SECRET}", "X: hostaddr is not an IP address"),
        ("postgresql://u@h:99999/n", "X: the port is not a number from 1 to 65535"),
        ("postgresql://u@a,b/n?port=1,2,3", "X has 2 hosts and 3 ports"),
        (f"postgresql://u@h/n;pwd={SECRET}", "X: the part after the host is not the name of a dat"),
        (f"postgresql://u@h/n?user=u:{SECRET}", "X: the user is not the name of a user"),
        ("postgresql://u@h/n?schema=public", "X: unknown parameter 'schema': for a schema, write"),
        (
            f"postgresql://u@h/n?PASSWORD={SECRET}",
            "X: unknown parameter 'PASSWORD': did you mean p",
        ),
        (
            f"postgresql://u@h/n?sslmod={SECRET}",
            r"X: unknown parameter no\. 1 .*: did you mean sslm",
        ),
        (f"postgresql://u@h/n?a=b&{SECRET}=c", r"X: unknown parameter no\. 1 after the '\?': perc"),
        ("postgresql://u@h/n?user=a&user=b", "X has the parameter 'user' more than once"),
    ],
)
def test_an_invalid_address_is_refused_by_name_and_not_quoted(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}") as caught:
        parse_url(text, "X")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("text", REFUSED)
def test_a_secret_in_the_wrong_place_is_refused_without_an_echo(text: str) -> None:
    with pytest.raises(ValueError, match="X") as caught:
        parse_url(text, "X")
    assert SECRET not in str(caught.value)


def connect(database: MigrationDatabase) -> str:
    """Return the error of an attempt to connect; empty if there is none."""
    try:
        with database.connect():
            return ""
    except MigrationError as error:
        return str(error)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_value_that_libpq_or_the_server_refuses_is_not_shown(
    parameter: str, migration_server: URL, caplog: pytest.LogCaptureFixture
) -> None:
    server = as_text(migration_server)
    text = f"{server}{'&' if '?' in server else '?'}{parameter.format(SECRET)}"
    address = DatabaseURL(parse_url(text, "X"), "X")
    database = MigrationDatabase(address, MigrationSettings(db_wait=0.1))
    shown = [str(address), repr(address), str(database), repr(database)]
    with caplog.at_level(logging.INFO):
        shown.append(connect(database))
    assert SECRET not in "".join(shown) + caplog.text
    name = parameter.partition("=")[0]
    assert name == "password" or f"{name}=***" in address.masked


def test_a_value_of_the_environment_is_not_shown(
    migration_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", f"disable;password={SECRET}")
    monkeypatch.setenv("PGHOST", f"postgresql://u:{SECRET}@h/d")
    for text in (as_text(migration_server), "postgresql:///d"):
        error = connect(MigrationDatabase(DatabaseURL(parse_url(text, "X"), "X")))
        assert error.startswith("cannot connect to ")
        assert SECRET not in error


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("postgresql://u:p@%2Frun%2Fpg/n", {"host": "/run/pg", "user": "u"}),
        ("postgresql://u@h:1/n?host=/run/pg", {"host": "/run/pg", "port": "1"}),
        ("postgresql://u@h/n?user=v&password=q&dbname=m", {"user": "v", "password": "q"}),
        ("postgresql://u@h?dbname=m", {"host": "h", "dbname": "m"}),
        ("postgresql://a:5432,b:5433/n", {"host": "a,b", "port": "5432,5433"}),
        ("postgresql://u:x,y@a,[::1]:5433/n", {"host": "a,::1", "port": ",5433"}),
        ("postgresql://a,b/n?port=5", {"host": "a,b", "port": "5,5"}),
        ("postgresql:///n?host=a:5&host=b:6", {"host": "a,b", "port": "5,6"}),
        ("postgresql:///n?host=a:5", {"host": "a", "port": "5"}),
        ("postgresql://[fe80::1%25eth0]:5/n", {"host": "fe80::1%eth0", "port": "5"}),
        ("postgresql://[::1]/n", {"host": "::1"}),
        ("postgresql://u%40tenant@h/n", {"user": "u@tenant"}),
        ("postgresql:///n?host=/cloudsql/a:b:c", {"host": "/cloudsql/a:b:c"}),
        ("postgresql:///n?host=%40name", {"host": "@name"}),
        ("postgresql:///n?hostaddr=127.0.0.1", {"hostaddr": "127.0.0.1"}),
    ],
)
def test_libpq_gets_the_parts_that_are_shown(text: str, parts: dict[str, str]) -> None:
    url = parse_url(text, "X")
    _, arguments = url.get_dialect()().create_connect_args(url)
    found = {name: str(value) for name, value in arguments.items()}
    assert found | parts == found
    shown = unquote(DatabaseURL(url, "X").masked)
    assert all(each in shown for name, each in parts.items() if name != "password")


@pytest.mark.parametrize(
    ("text", "directory"),
    [
        (EMBEDDED, "/project/.postgres"),
        (f"{EMBEDDED}?directory=servers/1", "/project/servers/1"),
        (f"{EMBEDDED}?directory=/srv/d", "/srv/d"),
    ],
)
def test_an_embedded_server_is_relative_to_a_folder(text: str, directory: str) -> None:
    written = make_url(text)
    address = DatabaseURL(parse_url(text, "X"), "X").within(Path("/project"))
    assert address.is_embedded
    assert address.url.query["directory"] == directory
    assert (address.written, address.masked) == (written, str(written)), "as configured"


def test_the_first_completion_of_an_address_is_shown_as_it_was_written() -> None:
    address = DatabaseURL(make_url(EMBEDDED), "X").within(Path("/a")).within(Path("/b"))
    assert address.masked == EMBEDDED
    assert address.url.query["directory"] == "/a/.postgres"


def test_another_address_does_not_depend_on_a_folder() -> None:
    address = DatabaseURL(make_url("postgresql://h/n"), "X")
    assert not address.is_embedded
    assert address.within(Path("/project")) is address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"mysql://u:{SECRET}@h/n", "DATABASE_URL names a mysql:// database"),
        (f"postgresql://u:{SECRET}%25@127.0.0.1:1/n", "cannot connect to postgresql"),
        (f"postgresql://u:{SECRET}@{SECRET}@h/n", "more than one '@'"),
    ],
)
def test_a_command_fails_with_one_line_without_the_password(
    url: str, reason: str, alembic: Alembic, manage: Manage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alembic(url, "current") != 0
    output, error = capsys.readouterr()
    done = manage(url, "info")
    assert (done.returncode, done.stdout) == (1, "")
    for messages in (error, done.stderr):
        lines = [line for line in messages.splitlines() if not line.startswith("INFO")]
        assert len(lines) == 1, messages
        assert reason in messages
    assert SECRET not in output + error + done.stderr


@pytest.mark.slow
def test_the_server_of_the_tests_is_refused_without_an_echo(tmp_path: Path) -> None:
    (tmp_path / "test_server.py").write_text("def test_server(migration_server): pass")
    url = f"postgresql://u:a?b@{SECRET}/x@h/d"
    done = run("python", "-m", "pytest", str(tmp_path), env={"TEST_DATABASE_URL": url})
    assert "TEST_DATABASE_URL has more than one '@'" in done.stdout
    assert SECRET not in done.stdout + done.stderr

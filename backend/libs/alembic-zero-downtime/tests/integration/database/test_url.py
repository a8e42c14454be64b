"""The address of a database: accepted or refused, completed, and without its password."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.database.url import DatabaseURL, parse_url
from support.shell import Done, as_text

Alembic = Callable[..., int]
Manage = Callable[..., Done]
SECRET = "s3cr3t"
PASSWORDS = [*"%@/:#'\"", "100%", "a%40b", "p@ss", "a b", "ü€", "${HOME}", "$$"]
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
    assert "sslmode=require" in masked


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
        (f"postgresql+asyncpg://u:{SECRET}@h/n", r"X names a postgresql\+asyncpg:// database"),
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
        ("postgresql+embedded:///n?port=1", "X: unknown parameter 'port'"),
    ],
)
def test_an_invalid_address_is_refused_by_name_and_not_quoted(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}") as caught:
        parse_url(text, "X")
    assert SECRET not in str(caught.value)


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

"""Where the database's address comes from, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.pool import NullPool

from app.db import embedded
from app.db.url import DatabaseURL, parse_url, resolve_database_url
from app.errors import SettingsError
from tests.shell import run

PARTS = {"DB_HOST": "h", "DB_NAME": "n", "DB_USERNAME": "u", "DB_PASSWORD": "p"}
SECRET = "s3cr3t"
PASSWORDS = [*"%@/:#'\"", "100%", "a%40b", "p@ss", "a b", "ü€", "${HOME}", "$$"]


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, Path]:
    """Return a missing .env and an alembic.ini that names the embedded server."""
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\nsqlalchemy.url = postgresql+embedded:///fallback\n")
    return tmp_path / ".env", ini


def test_environment_wins_over_settings_and_file(sources: tuple[Path, Path]) -> None:
    sources[0].write_text("DATABASE_URL=postgresql://u:p@h/from_dotenv\n")
    found = resolve_database_url({"DATABASE_URL": "postgresql://u:p@h/from_environment"}, *sources)
    assert (found.url.database, found.source) == ("from_environment", "DATABASE_URL")


def test_settings_win_over_alembic_ini(sources: tuple[Path, Path]) -> None:
    sources[0].write_text("DATABASE_URL=postgresql://u:p@h/from_dotenv\n")
    found = resolve_database_url({}, *sources)
    assert (found.url.database, found.source) == ("from_dotenv", "DATABASE_URL in .env")


def test_alembic_ini_is_the_fallback(sources: tuple[Path, Path]) -> None:
    found = resolve_database_url({}, *sources)
    assert found.is_embedded
    assert (found.url.database, found.source) == ("fallback", "alembic.ini")


def test_a_percent_in_alembic_ini_is_taken_as_written(tmp_path: Path) -> None:
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\nsqlalchemy.url = postgresql://u:100%25%%@h/n\n")
    assert resolve_database_url({}, tmp_path / ".env", ini).url.password == "100%%%"


@pytest.mark.parametrize("password", PASSWORDS)
def test_any_password_works_in_db_parts(password: str, sources: tuple[Path, Path]) -> None:
    quote = "'" if "'" not in password else '"'
    parts = {**PARTS, "DB_PASSWORD": f"{quote}{password}{quote}", "DB_PORT": "6543"}
    sources[0].write_text("\n".join(f"{name}={value}" for name, value in parts.items()))
    url = resolve_database_url({}, *sources).url
    assert (url.host, url.port, url.database, url.username) == ("h", 6543, "n", "u")
    assert url.password == password


@pytest.mark.parametrize("password", PASSWORDS)
def test_any_password_works_in_a_url_and_is_never_shown(password: str) -> None:
    password = f"{SECRET}{password}"
    text = URL.create("postgresql", "u", password, "h", 5432, "n").render_as_string(
        hide_password=False
    )
    found = DatabaseURL(parse_url(text, "DATABASE_URL"), "DATABASE_URL")
    assert found.url.password == password
    assert SECRET not in str(found)
    assert SECRET not in repr(found)


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_server_gets_the_password_as_it_is(password: str, admin_url: URL) -> None:
    if admin_url.password:
        pytest.skip("this server knows its own password only")
    text = admin_url.set(password=password).render_as_string(hide_password=False)
    engine = create_engine(parse_url(text, "DATABASE_URL"), poolclass=NullPool)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        assert driver.info.password == password


def test_a_password_in_a_parameter_is_not_shown() -> None:
    url = parse_url(f"postgresql://u@h/n?password={SECRET}&sslmode=require", "DATABASE_URL")
    assert SECRET not in DatabaseURL(url, "x").masked
    assert "sslmode=require" in DatabaseURL(url, "x").masked


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_accepted_schemes_use_psycopg2(scheme: str) -> None:
    assert parse_url(f"{scheme}://u:p@h/n", "X").drivername == "postgresql+psycopg2"


def test_db_host_may_be_a_socket_directory_without_a_password(
    sources: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DB_NAME", "DB_USERNAME"):
        monkeypatch.setenv(name, PARTS[name])
    monkeypatch.setenv("DB_HOST", "/run/postgresql")
    url = resolve_database_url({}, *sources).url
    assert (url.host, url.query["host"], url.port) == (None, "/run/postgresql", 5432)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "DATABASE_URL is set but empty"),
        ("   ", "DATABASE_URL is set but empty"),
        (" postgresql://u:p@h/n", "white space"),
        (f"mysql://u:{SECRET}@h/n", "mysql:// database: only PostgreSQL"),
        (f"postgresql+asyncpg://u:{SECRET}@h/n", r"postgresql\+asyncpg:// database"),
        ("sqlite:///file.db", "only PostgreSQL"),
        (f"postgresql://u:{SECRET}@h", "names no database"),
        (f"postgresql://u:{SECRET}@h/", "names no database"),
        (f"postgresql://u:p@{SECRET}@h/n", "more than one '@'"),
        (f"postgresql://u:p?q@{SECRET}@h/n", "more than one '@'"),
        (f"postgresql://u:p@{SECRET}/@h/n", "more than one '@'"),
        (f"postgresql://u:{SECRET}@h:port/n", "no database address"),
        (f"u:{SECRET}@h/n", "no database address"),
        ("postgresql+embedded://h/n", "has no host"),
        ("postgresql+embedded:///n?port=1", "unknown parameter 'port'"),
    ],
)
def test_a_wrong_database_url_is_refused_by_name_and_not_quoted(
    text: str, reason: str, sources: tuple[Path, Path]
) -> None:
    with pytest.raises(SettingsError, match=reason) as caught:
        resolve_database_url({"DATABASE_URL": text}, *sources)
    assert str(caught.value).startswith("DATABASE_URL")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["DB_PORT=abc"], "DB_PORT: .*integer"),
        ([*(f"{k}={v}" for k, v in PARTS.items()), "DB_PORT=99999"], "DB_PORT: .*65535"),
        ([*(f"{k}={v}" for k, v in PARTS.items()), "DB_PORT="], "DB_PORT"),
        (["DB_HOST=h", "DB_NAME=n"], "DB_HOST, DB_NAME set without DB_USERNAME, DB_PASSWORD"),
        (["DB_PASSWORD=p"], "DB_PASSWORD set without DB_HOST"),
        ([*(f"{k}={v}" for k, v in PARTS.items()), "DB_HOST="], "DB_HOST"),
        (["DATABASE_URL="], "DATABASE_URL .* empty"),
        (["DATABASE_URL=mysql://u:p@h/n"], "DATABASE_URL .*only PostgreSQL"),
        (["DATABASE_URL=postgresql://u:p@h/n", "DB_PORT=1"], "DATABASE_URL and DB_"),
        (["DATABASE_URL postgresql://u:p@h/n"], "line 1: not of the form"),
        (["# fine", "DATABASE_URL"], "line 2: not of the form"),
        (["DB_NAME='unfinished"], "line 1: not of the form"),
    ],
)
def test_wrong_settings_are_an_error_and_never_a_fallback(
    lines: list[str], reason: str, sources: tuple[Path, Path]
) -> None:
    sources[0].write_text("\n".join(lines) + "\n")
    with pytest.raises(SettingsError, match=reason):
        resolve_database_url({}, *sources)


def test_a_dotenv_that_is_no_text_is_refused(sources: tuple[Path, Path]) -> None:
    sources[0].write_bytes(b"DB_HOST=\xff\n")
    with pytest.raises(SettingsError, match="cannot read"):
        resolve_database_url({}, *sources)


def test_without_the_embedded_server_a_missing_url_is_an_error(
    sources: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "is_installed", lambda: False)
    with pytest.raises(SettingsError, match=r"no database is configured.*set DATABASE_URL"):
        resolve_database_url({}, *sources)


@pytest.mark.parametrize(
    ("command", "url", "reason"),
    [
        ("alembic current", f"mysql://u:{SECRET}@h/n", "DATABASE_URL names a mysql:// database"),
        (
            "alembic current",
            f"postgresql://u:{SECRET}%25@127.0.0.1:1/n",
            "cannot connect to postgresql",
        ),
        (
            "python scripts/db_manager.py info",
            f"postgresql://u:{SECRET}@{SECRET}@h/n",
            "more than one '@'",
        ),
    ],
)
def test_a_command_fails_in_one_line_without_the_password(
    command: str, url: str, reason: str
) -> None:
    done = run(*command.split(), env={"DATABASE_URL": url})
    output = done.stdout + done.stderr
    assert done.returncode not in (0, 3)
    assert len([line for line in output.splitlines() if not line.startswith("INFO")]) <= 2, output
    assert reason in output
    assert SECRET not in output
    assert "Traceback" not in output


def test_engine_is_made_when_first_used() -> None:
    code = "from app.db.base import Base; import app.db.models; print('imported'); "
    code += "from app.db.base import engine; print(engine.url); engine.connect()"
    done = run("python", "-c", code, env={"DATABASE_URL": f"postgresql://u:{SECRET}@127.0.0.1:1/n"})
    assert done.stdout.splitlines() == [
        "imported",
        str(make_url("postgresql+psycopg2://u:***@127.0.0.1:1/n")),
    ]
    assert "Connection refused" in done.stderr
    assert SECRET not in done.stderr

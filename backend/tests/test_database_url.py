"""Where the database's address comes from, and what is refused."""

import os
from pathlib import Path

import pytest
from sqlalchemy import make_url

from alembic_zero_downtime import MigrationSettings
from app.db.migrations import PROJECT
from app.db.url import read_variables, resolve_database_url, resolve_migration_url
from app.errors import SettingsError
from support.secrets import REFUSED, SECRET
from tests.helpers.shell import run

PARTS = {"DB_HOST": "h", "DB_NAME": "n", "DB_USERNAME": "u", "DB_PASSWORD": "p"}
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
        (f"mysql://u:{SECRET}@h/n", "mysql:// database: only PostgreSQL"),
        (f"postgresql://u:p@{SECRET}@h/n", "more than one '@'"),
    ],
)
def test_a_wrong_database_url_is_refused_by_name_and_not_quoted(
    text: str, reason: str, sources: tuple[Path, Path]
) -> None:
    with pytest.raises(SettingsError, match=reason) as caught:
        resolve_database_url({"DATABASE_URL": text}, *sources)
    assert str(caught.value).startswith("DATABASE_URL")
    assert SECRET not in str(caught.value)


CONNECTION_STRING = f"host=h password={SECRET}"
WHOLE_URL = f"postgresql://u:{SECRET}@h/n"


@pytest.mark.parametrize(
    "place",
    ["DATABASE_URL", "MIGRATION_DATABASE_URL", "database_url", ".env", "alembic.ini"],
)
def test_a_secret_in_the_wrong_place_is_refused_without_an_echo(
    place: str, sources: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file, ini = sources
    for text in REFUSED:
        data = text.encode(errors="surrogateescape")
        match place:
            case ".env":
                env_file.write_bytes(b"DATABASE_URL='%b'\n" % data)
            case "alembic.ini":
                ini.write_bytes(b"[alembic]\nsqlalchemy.url = %b\n" % data)
            case _:
                monkeypatch.setenv(place, text)
        with pytest.raises(SettingsError) as caught:
            resolve_migration_url(os.environ, *sources)
        assert SECRET not in str(caught.value), text


@pytest.mark.parametrize("is_in_file", [False, True], ids=["environment", ".env"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, WHOLE_URL) for name in ("DB_HOST", "DB_NAME", "DB_USERNAME", "DB_PORT")),
        *((name, CONNECTION_STRING) for name in ("DB_HOST", "DB_NAME", "DB_USERNAME", "DB_PORT")),
        ("DB_HOST", f"u:{SECRET}@h"),
        ("DB_HOST", f"h:{SECRET}"),
        ("DB_HOST", f"h/{SECRET}"),
        ("DB_HOST", f"/{SECRET}@h"),
        ("DB_HOST", f"h,{SECRET}!"),
        ("DB_NAME", f"n?password={SECRET}"),
        ("DB_NAME", f"u:{SECRET}@h/n"),
        ("DB_NAME", f"{SECRET}@h/n"),
        ("DB_NAME", f"n{SECRET}\udcff"),
        ("DB_USERNAME", f"u:{SECRET}"),
        ("DB_USERNAME", f"u:{SECRET}@h"),
        ("DB_PASSWORD", f"{SECRET}\udcff"),
    ],
)
def test_a_part_that_is_a_whole_address_is_refused_without_an_echo(
    name: str,
    value: str,
    is_in_file: bool,
    sources: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = {**PARTS, name: value}
    if is_in_file:
        lines = "".join(f"{name}='{value}'\n" for name, value in parts.items())
        sources[0].write_bytes(lines.encode(errors="surrogateescape"))
    else:
        for each, text in parts.items():
            monkeypatch.setenv(each, text)
    with pytest.raises(SettingsError) as caught:
        resolve_database_url({}, *sources)
    assert name in str(caught.value) or "cannot read" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_user_a_database_and_hosts_may_have_unusual_names(sources: tuple[Path, Path]) -> None:
    parts = {
        "DB_HOST": "a.example,10.0.0.1,::1",
        "DB_NAME": "my data: ü #1",
        "DB_USERNAME": "u@tenant",
        "DB_PASSWORD": "p",
    }
    sources[0].write_text("\n".join(f"{name}='{value}'" for name, value in parts.items()))
    url = resolve_database_url({}, *sources).url
    assert [url.host, url.database, url.username] == list(parts.values())[:3]


@pytest.mark.parametrize(
    ("in_environment", "in_file", "source"),
    [
        (PARTS, {}, "DB_* in the environment"),
        ({}, PARTS, "DB_* in .env"),
        ({"DB_HOST": "other"}, PARTS, "DB_* in .env, but DB_HOST in the environment"),
        (PARTS, {"DB_HOST": "other"}, "DB_* in the environment"),
        ({"database_url": "postgresql://u@h/n"}, {}, "database_url"),
        ({"DATABASE_URL": "postgresql://u@h/n"}, {}, "DATABASE_URL"),
        ({}, {"DATABASE_URL": "postgresql://u@h/n"}, "DATABASE_URL in .env"),
        ({}, {"database_url": "postgresql://u@h/n"}, "DATABASE_URL in .env"),
    ],
)
def test_the_source_tells_the_environment_from_the_file(
    in_environment: dict[str, str],
    in_file: dict[str, str],
    source: str,
    sources: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in in_environment.items():
        monkeypatch.setenv(name, value)
    sources[0].write_text("".join(f"{name}={value}\n" for name, value in in_file.items()))
    assert resolve_database_url(os.environ, *sources).source == source


def test_an_ini_file_that_cannot_be_read_is_not_quoted(sources: tuple[Path, Path]) -> None:
    sources[1].write_text(f"[alembic]\npostgresql://u:{SECRET}@h/n\n  {SECRET}\n[alembic]\n")
    with pytest.raises(SettingsError, match="is not an INI file") as caught:
        resolve_database_url({}, *sources)
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
    monkeypatch.setattr("app.db.url.is_installed", lambda: False)
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
        pytest.param(
            *("alembic current", f"postgresql://u:a?b@{SECRET}/x@h/d", "more than one '@'"),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *("alembic current", f"postgresql://u@127.0.0.1:1/n?PWD={SECRET}", "unknown parameter"),
            marks=pytest.mark.slow,
        ),
        (
            "alembic current",
            f"postgresql://u@127.0.0.1:1/n?sslmode=disable;password={SECRET}",
            'invalid sslmode value: "***". Correct the parameters for TLS',
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


def test_migration_settings_of_the_env_file_are_defaults(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    lines = "MIGRATION_LOCK_WAIT=1\nMIGRATION_DB_WAIT=2\nALLOW_DATA_LOSS=1\n"
    env_file.write_text(lines, encoding="utf-8")
    variables = read_variables({"MIGRATION_LOCK_WAIT": "3"}, env_file)
    settings = MigrationSettings.read(variables)
    assert (settings.lock_wait, settings.db_wait) == (3, 2)
    assert not settings.allow_data_loss, "a confirmation applies to one command"


@pytest.mark.parametrize(
    "line", ["MIGRATION_LOCKWAIT=1", "migration_lock_wait=1", "MIGRATIONS_LOCK_WAIT=1"]
)
def test_a_misspelt_setting_in_the_env_file_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{line}\nMIGRATION_DATABASE_URL=postgresql://u@h/n\n")
    variables = read_variables({}, tmp_path / ".env")
    with pytest.raises(ValueError, match="did you mean MIGRATION_LOCK_WAIT"):
        MigrationSettings.read(variables, PROJECT.commands.database_url)


def test_migrations_may_have_a_separate_address(tmp_path: Path) -> None:
    environment = {
        "DATABASE_URL": "postgresql://u:p@pooler:6432/n",
        "MIGRATION_DATABASE_URL": "postgresql://u:p@server:5432/n",
    }
    found = resolve_migration_url(environment, tmp_path / ".env")
    assert (found.url.host, found.source) == ("server", "MIGRATION_DATABASE_URL")
    del environment["MIGRATION_DATABASE_URL"]
    assert resolve_migration_url(environment, tmp_path / ".env").url.host == "pooler"


def test_an_address_in_the_environment_takes_precedence_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("MIGRATION_DATABASE_URL=postgresql://u:p@server/n\n", encoding="utf-8")
    found = resolve_migration_url({}, env_file)
    assert (found.url.host, found.source) == ("server", "MIGRATION_DATABASE_URL in .env")
    scratch = {"DATABASE_URL": "postgresql://u:p@scratch/n"}
    assert resolve_migration_url(scratch, env_file).url.host == "scratch"

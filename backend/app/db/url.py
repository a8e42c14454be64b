"""Resolve the database URL, for every entry point alike."""

import os
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from pathlib import Path

from sqlalchemy import URL

from alembic_zero_downtime import DatabaseURL
from alembic_zero_downtime.database.url import parse_url
from alembic_zero_downtime.embedded import is_installed
from app import BACKEND
from app.env_file import read_env_file
from app.errors import SettingsError

DB_PARTS = ("DB_HOST", "DB_PORT", "DB_NAME", "DB_USERNAME", "DB_PASSWORD")


def resolve_database_url(
    environment: Mapping[str, str] = os.environ,
    env_file: Path = BACKEND / ".env",
    ini_file: Path = BACKEND / "alembic.ini",
) -> DatabaseURL:
    """Return the configured database.

    The first source with a value is used: the variable DATABASE_URL, then the settings (DB_*
    variables and `.env`), then `sqlalchemy.url` in alembic.ini. An invalid value is an error;
    there is no fallback to the next source.

    Raises:
        SettingsError: A value is invalid, or no database is configured.
    """
    if "DATABASE_URL" in environment:
        found = _read(environment["DATABASE_URL"], "DATABASE_URL", "DATABASE_URL")
    else:
        found = _from_settings(env_file) or _from_ini(ini_file)
    if found.is_embedded and not is_installed():
        raise SettingsError(
            "no database is configured, and the embedded development server is not installed "
            "here: set DATABASE_URL, e.g. postgresql://user:password@host:5432/name"
            if found.source == ini_file.name
            else f"{found.source} asks for the embedded server, which is not installed here: "
            "set it to a postgresql:// address"
        )
    return found


def resolve_migration_url(
    environment: Mapping[str, str] = os.environ,
    env_file: Path = BACKEND / ".env",
    ini_file: Path = BACKEND / "alembic.ini",
) -> DatabaseURL:
    """Return the database for migrations: MIGRATION_DATABASE_URL, e.g. to bypass a pooler, if set.

    In `.env` it takes precedence over the file's own DATABASE_URL, but not over one in the
    environment.

    Raises:
        SettingsError: A value is invalid, or no database is configured.
    """
    name = "MIGRATION_DATABASE_URL"
    if name in environment:
        return _read(environment[name], name, name)
    in_file = read_variables({}, env_file)
    if name in in_file and "DATABASE_URL" not in environment:
        return _read(in_file[name], f"{name} (.env)", f"{name} in .env")
    return resolve_database_url(environment, env_file, ini_file)


def read_variables(
    environment: Mapping[str, str] = os.environ, env_file: Path = BACKEND / ".env"
) -> Mapping[str, str]:
    """Return the environment, with the variables of `.env` as defaults.

    A confirmation such as ALLOW_DATA_LOSS applies to one command and is not read from a file.

    Raises:
        SettingsError: `.env` cannot be read.
    """
    in_file = {**read_env_file(env_file)}
    in_file.pop("ALLOW_DATA_LOSS", None)
    return {**in_file, **environment}


def _read(text: str, variable: str, source: str) -> DatabaseURL:
    """Return the URL in `text`; the folder of an embedded server is relative to the backend.

    Raises:
        SettingsError: It is not the URL of a PostgreSQL database. The message names the variable
            and never quotes the value.
    """
    try:
        url = parse_url(text, variable)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return DatabaseURL(url, source).within(BACKEND)


def _from_settings(env_file: Path) -> DatabaseURL | None:
    from config import load_settings  # noqa: PLC0415 importing pydantic is slow

    settings = load_settings(env_file)
    if settings.database_url is not None:
        text = settings.database_url.get_secret_value()
        for name in os.environ:
            if name.upper() == "DATABASE_URL":  # database_url, as some platforms write it
                return _read(text, name, name)
        return _read(text, "DATABASE_URL (.env)", "DATABASE_URL in .env")
    if not settings.has_db_parts:
        return None
    host = settings.db_host or ""
    is_socket = host.startswith("/")
    password = settings.db_password
    url = URL.create(
        "postgresql+psycopg2",
        username=settings.db_username,
        password=password.get_secret_value() or None if password else None,
        host=None if is_socket else host,
        port=settings.db_port or 5432,
        database=settings.db_name,
        query={"host": host} if is_socket else {},
    )
    return DatabaseURL(url, _source_of_parts(env_file))


def _source_of_parts(env_file: Path) -> str:
    """Return where the DB_* variables are set: in the environment, in `.env`, or in both."""
    in_environment = sorted(name for name in os.environ if name.upper() in DB_PARTS)
    in_file = {name.upper() for name in read_env_file(env_file)} & {*DB_PARTS}
    if not in_file - {name.upper() for name in in_environment}:
        return "DB_* in the environment"
    if not in_environment:
        return "DB_* in .env"
    return f"DB_* in .env, but {', '.join(in_environment)} in the environment"


def _from_ini(ini_file: Path) -> DatabaseURL:
    parser = ConfigParser(interpolation=None)  # a password may contain %
    try:
        parser.read(ini_file, encoding="utf-8")
    except (ConfigParserError, UnicodeDecodeError):  # the message quotes the line
        raise SettingsError(f"cannot read {ini_file}: it is not an INI file in UTF-8") from None
    text = parser.get("alembic", "sqlalchemy.url", fallback=None)
    if text is None:
        raise SettingsError(f"no database is configured: set DATABASE_URL ({ini_file} has none)")
    return _read(text, f"sqlalchemy.url in {ini_file.name}", ini_file.name)

"""Decide which database this process talks to: one function for every entry point."""

import os
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from app import BACKEND
from app.db import embedded
from app.env_file import read_env_file
from app.errors import SettingsError

DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
    embedded.DRIVERNAME: embedded.DRIVERNAME,
}
SECRET_PARAMETERS = ("password", "sslpassword")


@dataclass(frozen=True)
class DatabaseURL:
    """A database's address and the setting that named it."""

    url: URL
    source: str

    @property
    def is_embedded(self) -> bool:
        """Whether this is the embedded server of the checkout."""
        return self.url.drivername == embedded.DRIVERNAME

    @property
    def masked(self) -> str:
        """The address as people may see it: no password, not even in a query parameter."""
        hidden = {name: "***" for name in SECRET_PARAMETERS if name in self.url.query}
        return self.url.update_query_dict(hidden).render_as_string(hide_password=True)

    def __str__(self) -> str:
        """Return the masked address and its source."""
        return f"{self.masked} (from {self.source})"


def resolve_database_url(
    environment: Mapping[str, str] = os.environ,
    env_file: Path = BACKEND / ".env",
    ini_file: Path = BACKEND / "alembic.ini",
) -> DatabaseURL:
    """Return the database that the settings name.

    The first source that says anything decides: the variable DATABASE_URL, then the settings
    (DB_* variables and `.env`), then `sqlalchemy.url` in alembic.ini. A source that says
    something wrong is an error; the next one is never tried instead.

    Raises:
        SettingsError: A source is wrong, or none names a database.
    """
    if "DATABASE_URL" in environment:
        found = DatabaseURL(parse_url(environment["DATABASE_URL"], "DATABASE_URL"), "DATABASE_URL")
    else:
        found = _from_settings(env_file) or _from_ini(ini_file)
    if found.is_embedded and not embedded.is_installed():
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
    """Return the database as migrations reach it: past a pooler, if MIGRATION_DATABASE_URL says so.

    In `.env` it stands beside the DATABASE_URL of that file, and below one of the environment.

    Raises:
        SettingsError: A source is wrong, or none names a database.
    """
    name = "MIGRATION_DATABASE_URL"
    if name in environment:
        return DatabaseURL(parse_url(environment[name], name), name)
    in_file = read_variables({}, env_file)
    if name in in_file and "DATABASE_URL" not in environment:
        return DatabaseURL(parse_url(in_file[name], f"{name} (.env)"), f"{name} in .env")
    return resolve_database_url(environment, env_file, ini_file)


def read_variables(
    environment: Mapping[str, str] = os.environ, env_file: Path = BACKEND / ".env"
) -> Mapping[str, str]:
    """Return the environment and below it how `.env` says that migrations wait.

    An answer such as ALLOW_DATA_LOSS counts for one command: no file gives it once and for all.

    Raises:
        SettingsError: `.env` cannot be read.
    """
    in_file = read_env_file(env_file).items()
    waits = {name: value for name, value in in_file if name.startswith("MIGRATION_")}
    return {**waits, **environment}


def parse_url(text: str, variable: str) -> URL:
    """Return `text` as a SQLAlchemy URL with an explicit driver.

    Args:
        text: postgres://, postgresql://, postgresql+psycopg2:// or postgresql+embedded://
        variable: the setting to name in an error.

    Raises:
        SettingsError: It is no address of a PostgreSQL database. The message never quotes it.
    """
    if not text.strip():
        raise SettingsError(f"{variable} is set but empty: give it a value or unset it")
    if text != text.strip():
        raise SettingsError(f"{variable} begins or ends with white space: remove it")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"{variable} is no database address: write postgresql://user:password@host:5432/name, "
            "with special characters in the password percent-encoded"
        ) from None
    if text.partition("?")[0].count("@") > 1 or "@" in (url.host or ""):
        raise SettingsError(
            f"{variable} has more than one '@': write the one in the password as %40"
        )
    if url.drivername not in DRIVERS:
        scheme = url.drivername if url.drivername.isprintable() else "this"
        raise SettingsError(
            f"{variable} names a {scheme}:// database: only PostgreSQL works here (postgresql://…)"
        )
    if not url.database:
        raise SettingsError(f"{variable} names no database: add /name after the host")
    if url.drivername == embedded.DRIVERNAME:
        _check_embedded(url, variable)
    return url.set(drivername=DRIVERS[url.drivername])


def _check_embedded(url: URL, variable: str) -> None:
    """Refuse what the embedded server would ignore."""
    if url.host or url.port or url.username or url.password:
        raise SettingsError(f"{variable}: an embedded server has no host, port, user or password")
    if unknown := set(url.query) - {"directory"}:
        raise SettingsError(f"{variable}: unknown parameter {min(unknown)!r}")


def _from_settings(env_file: Path) -> DatabaseURL | None:
    from config import load_settings  # noqa: PLC0415 pydantic costs more than all else here

    settings = load_settings(env_file)
    if settings.database_url is not None:
        text = settings.database_url.get_secret_value()
        return DatabaseURL(parse_url(text, "DATABASE_URL (.env)"), "DATABASE_URL in .env")
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
    return DatabaseURL(url, "DB_* settings")


def _from_ini(ini_file: Path) -> DatabaseURL:
    parser = ConfigParser(interpolation=None)  # a % in a password is no interpolation
    parser.read(ini_file, encoding="utf-8")
    text = parser.get("alembic", "sqlalchemy.url", fallback=None)
    if text is None:
        raise SettingsError(f"no database is configured: set DATABASE_URL ({ini_file} has none)")
    return DatabaseURL(parse_url(text, f"sqlalchemy.url in {ini_file.name}"), ini_file.name)

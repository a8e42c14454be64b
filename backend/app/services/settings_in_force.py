"""The settings in force, and where each is set, without passwords."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from app import BACKEND
from app.db.url import resolve_database_url
from app.env_file import read_env_file
from app.errors import SettingsError
from app.limit_settings import LIMITS, Limit
from app.storage import StorageError, open_storage

ENVIRONMENT: Final = "environment"
DEFAULT: Final = "default"
ENV_FILE: Final = BACKEND / ".env"
OF_API: Final = ("write_token", "allowed_hosts", "api_")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting.

    Attributes:
        value: In force, without a password; None if it is not set, or invalid.
        source: Where it is set.
        problem: Why it is invalid.
    """

    name: str
    value: str | None
    source: str
    problem: str | None = None


def read_settings(env_file: Path = ENV_FILE) -> Iterator[Setting]:
    """Yield the database, the storage, the API, the limits, and other FDE_* variables."""
    yield _database()
    yield _storage(env_file)
    yield from _api(env_file)
    yield from map(_limit, LIMITS)
    names = {each.name for each in LIMITS}
    for name in sorted(os.environ):
        if name == "FDE_TRACEBACK":
            yield Setting(name, os.environ[name], ENVIRONMENT)
        elif name.startswith("FDE_") and name not in names:
            yield Setting(name, None, ENVIRONMENT, "there is no such setting")


def _database() -> Setting:
    try:
        address = resolve_database_url()
    except SettingsError as error:
        return Setting("DATABASE_URL", None, "not known", str(error))
    return Setting("DATABASE_URL", address.masked, address.source)


def _storage(env_file: Path) -> Setting:
    name = "STORAGE_URL"
    try:
        return Setting(name, open_storage().name, _source(name, env_file))
    except (SettingsError, StorageError) as error:
        return Setting(name, None, "not known", str(error))


def _api(env_file: Path) -> Iterator[Setting]:
    """Yield the settings that only the API uses; of a secret, whether it is set."""
    from config import Settings, load_settings  # noqa: PLC0415 importing pydantic-settings is slow

    names = [name for name in Settings.model_fields if name.startswith(OF_API)]
    try:
        values = load_settings(env_file).model_dump(include=set(names))
    except SettingsError as error:
        yield from (Setting(each.upper(), None, "not known", str(error)) for each in names)
        return
    for name in names:
        value = values[name]
        yield Setting(name.upper(), _shown(value), _source(name.upper(), env_file))


def _shown(value: object) -> str | None:
    if isinstance(value, SecretStr):
        return "set"
    return f"{value:g}" if isinstance(value, float) else None if value is None else str(value)


def _source(name: str, env_file: Path) -> str:
    """Return where a setting is set.

    Raises:
        SettingsError: The file cannot be read.
    """
    if any(each.upper() == name for each in os.environ):
        return ENVIRONMENT
    in_file = {each.upper() for each in read_env_file(env_file)}
    return ".env" if name in in_file else DEFAULT


def _limit(limit: Limit) -> Setting:
    try:
        value = limit.read()
    except SettingsError as error:
        problem = str(error).removeprefix(f"{limit.name}: ")
        return Setting(limit.name, None, ENVIRONMENT, problem)
    source = ENVIRONMENT if os.environ.get(limit.name) else DEFAULT
    return Setting(limit.name, limit.otherwise if value is None else str(value), source)

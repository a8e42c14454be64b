"""The settings in force, and where each is set, without passwords."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app import BACKEND
from app.db.url import resolve_database_url
from app.env_file import read_env_file
from app.errors import SettingsError
from app.storage import StorageError, open_storage

ENVIRONMENT: Final = "environment"
DEFAULT: Final = "default"
ENV_FILE: Final = BACKEND / ".env"


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


@dataclass(frozen=True, slots=True)
class Limit:
    """A setting of the command line: a whole number in the environment.

    Attributes:
        default: None if it depends on the machine; `otherwise` says how.
    """

    name: str
    least: int
    most: int | None
    default: int | None
    otherwise: str = ""


def read_settings(limits: Iterable[Limit], env_file: Path = ENV_FILE) -> Iterator[Setting]:
    """Yield the database, the storage, the limits, and other FDE_* variables.

    Args:
        limits: Those of the command line.
        env_file: Which may be missing.
    """
    yield _database()
    yield _storage(env_file)
    limits = list(limits)
    yield from map(_limit, limits)
    names = {each.name for each in limits}
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
        in_file = {each.upper() for each in read_env_file(env_file)}
        in_environment = any(each.upper() == name for each in os.environ)
        source = ENVIRONMENT if in_environment else ".env" if name in in_file else DEFAULT
        return Setting(name, open_storage().name, source)
    except (SettingsError, StorageError) as error:
        return Setting(name, None, "not known", str(error))


def _limit(limit: Limit) -> Setting:
    text = os.environ.get(limit.name, "")
    if not text:
        default = limit.otherwise if limit.default is None else str(limit.default)
        return Setting(limit.name, default, DEFAULT)
    most = limit.most or 2**31
    is_number = text.strip().isascii() and text.strip().isdecimal()
    if not is_number or not limit.least <= int(text.strip()[:12]) <= most:
        bounds = f"from {limit.least}" + (f" to {limit.most}" if limit.most else " on")
        return Setting(limit.name, None, ENVIRONMENT, f"it has to be a whole number {bounds}")
    return Setting(limit.name, text.strip(), ENVIRONMENT)

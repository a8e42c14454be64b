"""Read the settings from the environment and `.env`, and reject incomplete ones."""

import os
import re
from pathlib import Path
from typing import Final, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alembic_zero_downtime.database.url_checks import (
    check_bytes,
    check_database,
    check_host,
    check_user,
)
from app import BACKEND
from app.env_file import read_env_file
from app.errors import SettingsError
from app.host_names import parse_allowed

SHORTEST_TOKEN: Final = 16  # characters

_SCHEME: Final = re.compile(r"^(?:[A-Za-z0-9_+.-]+::)*([A-Za-z][A-Za-z0-9+.-]*)://")
_DATABASES: Final = re.compile(r"postgres(ql)?(\+\w+)?", re.IGNORECASE)
_DATABASE: Final = re.compile(r"database_url$|db_")
_READ_ONLY: Final = frozenset({"http", "https"})


class Settings(BaseSettings):
    """The settings: the database as one URL, or its parts, or none; where files are kept; the API.

    A variable in the environment takes precedence over the same variable in `.env`.
    """

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr | None = None
    db_host: str | None = Field(default=None, min_length=1)
    db_port: int | None = Field(default=None, ge=1, le=65535)
    db_name: str | None = Field(default=None, min_length=1)
    db_username: str | None = Field(default=None, min_length=1)
    db_password: SecretStr | None = None
    storage_url: SecretStr | None = None
    """Where files are kept: a folder, relative to the backend, or any URL of fsspec. A secret,
    since a URL may contain a password."""
    write_token: SecretStr | None = None
    """With it the API changes things for clients of other machines."""
    allowed_hosts: str | None = None
    """Names by which the API may be called, with commas between them; any by default."""
    api_connections: int = Field(default=10, ge=1, le=500)
    """Requests that use the database at a time."""
    api_wait_seconds: float = Field(default=6, gt=0, le=600)
    """How long a request waits for its turn."""
    api_lock_seconds: float = Field(default=6, gt=0, le=600)
    """How long a statement of a request waits for a lock: by default longer than a migration does,
    which others queue behind meanwhile."""
    api_statement_seconds: float = Field(default=10, gt=0, le=3600)
    """How long a statement of a request may take."""
    api_upload_megabytes: int = Field(default=100, ge=1, le=4096)
    """The largest file that is uploaded."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Give the environment precedence over `.env`, which `load_settings` passes in."""
        return env_settings, init_settings

    @property
    def has_db_parts(self) -> bool:
        """Whether any DB_* variable is set."""
        return any(name.startswith("db_") for name in self.model_fields_set)

    @field_validator("storage_url")
    @classmethod
    def _can_keep_files(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse what cannot be a folder or the URL of one; never quote it."""
        text = "." if value is None else value.get_secret_value()
        if not text.strip():
            raise ValueError("it is empty: name a folder, or leave the setting out")
        if not text.isprintable():
            raise ValueError("it has a line break or another character that is not printable")
        scheme = _SCHEME.match(text)
        if "://" in text and not scheme:
            raise ValueError("not a URL: write a folder, or a URL such as s3://bucket/folder")
        if scheme and not text.partition("://")[2].strip("/"):
            raise ValueError("the URL names no folder: write it such as file:///srv/filings")
        if scheme and _DATABASES.fullmatch(scheme[1]):
            raise ValueError("this is the address of a database: DATABASE_URL is the setting")
        if scheme and scheme[1].lower() in _READ_ONLY:
            raise ValueError("a web server keeps no files: write a folder, or e.g. s3://bucket/a")
        return value

    @field_validator("write_token")
    @classmethod
    def _is_a_token(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse what a header cannot have, or what can be guessed; an empty one is none."""
        text = value.get_secret_value() if value else ""
        if not text:
            return None
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("only letters, digits and marks of ASCII, without spaces")
        if len(text) < SHORTEST_TOKEN:
            raise ValueError(
                f"it has fewer than {SHORTEST_TOKEN} characters: "
                "take a random one, such as that of openssl rand -hex 32"
            )
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, value: str | None) -> str | None:
        parse_allowed(value or "")
        return value

    @model_validator(mode="after")
    def _is_one_whole_address(self) -> Self:
        if self.database_url is not None and self.has_db_parts:
            raise ValueError(
                "DATABASE_URL and DB_* are both set: keep one of the two, so that there is "
                "no doubt which database is meant"
            )
        if self.has_db_parts:
            required = ["db_host", "db_name", "db_username"]
            if not (self.db_host or "").startswith("/"):
                required.append("db_password")
            missing = [name.upper() for name in required if getattr(self, name) is None]
            if missing:
                parts = (name for name in self.model_fields_set if name.startswith("db_"))
                given = ", ".join(sorted(name.upper() for name in parts))
                raise ValueError(f"{given} set without {', '.join(missing)}: set all or none")
            self._check_parts()
        return self

    def _check_parts(self) -> None:
        """Refuse a URL, or a connection string, instead of one part.

        Raises:
            ValueError: The message names the variable and never its value.
        """
        for host in (self.db_host or "").split(","):  # libpq tries several hosts in turn
            check_host(host, "DB_HOST")
        check_database(self.db_name or "", "DB_NAME")
        check_user(self.db_username or "", "DB_USERNAME")
        password = self.db_password.get_secret_value() if self.db_password else ""
        check_bytes(password.encode(errors="surrogatepass"), "DB_PASSWORD")


def load_settings(env_file: Path = BACKEND / ".env") -> Settings:
    """Return the settings of the environment and of `env_file`, which may be missing.

    DATABASE_URL in the environment is the whole database: what the file says of one is not read.

    Raises:
        SettingsError: A value is invalid, a part is missing, or the file cannot be read.
    """
    try:
        values = {name.lower(): value for name, value in read_env_file(env_file).items()}
        if "DATABASE_URL" in os.environ:
            values = {name: value for name, value in values.items() if not _DATABASE.match(name)}
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = "_".join(map(str, first["loc"])).upper()
        message = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{variable}: {message}" if variable else message) from None

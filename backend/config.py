"""Read the settings from the environment and `.env`, and reject incomplete ones."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
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


class Settings(BaseSettings):
    """The database settings: one URL, or its parts, or none.

    A variable in the environment takes precedence over the same variable in `.env`.
    """

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr | None = None
    db_host: str | None = Field(default=None, min_length=1)
    db_port: int | None = Field(default=None, ge=1, le=65535)
    db_name: str | None = Field(default=None, min_length=1)
    db_username: str | None = Field(default=None, min_length=1)
    db_password: SecretStr | None = None

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
                given = ", ".join(sorted(name.upper() for name in self.model_fields_set))
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

    Raises:
        SettingsError: A value is invalid, a part is missing, or the file cannot be read.
    """
    try:
        values = {name.lower(): value for name, value in read_env_file(env_file).items()}
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = "_".join(map(str, first["loc"])).upper()
        message = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{variable}: {message}" if variable else message) from None

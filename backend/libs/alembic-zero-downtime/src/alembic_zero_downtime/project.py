"""The configuration of a project: its models, its database and the names of its commands."""

import os
from collections.abc import Callable, Mapping
from configparser import InterpolationError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, MetaData, TableClause, make_url, table

from alembic_zero_downtime.database.url import EMBEDDED, DatabaseURL, parse_url
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.settings import MigrationSettings
from alembic_zero_downtime.tables import MIGRATION_TABLES, VERSION_TABLE


@dataclass(frozen=True)
class CommandNames:
    """The commands and options that messages refer to; `{}` is a revision or a value."""

    upgrade: str = "alembic upgrade head"
    downgrade: str = "alembic downgrade -1"
    create: str = 'alembic revision --autogenerate -m "…"'
    accept: str = "alembic-zero-downtime accept {}"
    verify: str = "alembic-zero-downtime verify"
    renumber: str = "alembic-zero-downtime renumber"
    renumber_revision: str = "--revision {}"
    renumber_several: str = "--revision 003_add_sector --revision 004_fill_sector"
    renumber_onto: str = "--onto {}"
    lint: str = "alembic-zero-downtime lint"
    reset: str = "alembic-zero-downtime reset"
    reset_unasked: str = "--force"
    reset_without_dump: str = "--no-dump"
    reset_remote: str = "--allow-remote"
    stamp_env: str = "alembic-zero-downtime stamp-env {}"
    lose_data: str = "ALLOW_DATA_LOSS=1"
    database_url: str = "sqlalchemy.url"
    start_server: str = ""
    install: str = 'pip install "alembic-zero-downtime[embedded,lint]"'


@dataclass(frozen=True)
class Project:
    """A project with migrations; the defaults follow Alembic's conventions.

    Attributes:
        metadata: the metadata of the models, or a function that imports and returns it.
        database: returns the address, or raises ValueError; by default `sqlalchemy.url`.
        variables: returns the MIGRATION_* settings, or raises ValueError.
        variables_file: where `variables` finds a setting that is not in the environment.
        version: the version of the application, for the ledger.
        config_file: the path of alembic.ini, for command lines other than Alembic's.
        sequential_ids: whether revision ids are 001, 002, …, in a linear history.
        head_file: whether `head.txt` beside the revisions names the head (the write hook `head` of
            alembic.ini updates it).
        legacy_until: the newest revision that is older than this library, if any: it and its
            ancestors may commit by themselves, as before `autocommit_block`.
        backups: the folder for the dumps of a reset.
        context_options: arguments of `context.configure`, such as `version_table`.
        commands: the commands that messages refer to.
    """

    metadata: MetaData | Callable[[], MetaData] = field(default_factory=MetaData)
    database: Callable[[], DatabaseURL] | None = None
    variables: Callable[[], Mapping[str, str]] = lambda: os.environ
    variables_file: str = "the project's settings"
    version: str | None = None
    config_file: Path | None = None
    sequential_ids: bool = False
    head_file: bool = False
    legacy_until: str | None = None
    backups: Path = Path(".backups")
    context_options: Mapping[str, Any] = field(default_factory=dict)
    commands: CommandNames = field(default_factory=CommandNames)

    def load_metadata(self) -> MetaData:
        """Return the metadata of the models."""
        return self.metadata if isinstance(self.metadata, MetaData) else self.metadata()

    def read_settings(self) -> MigrationSettings:
        """Return the settings of a migration command.

        Raises:
            MigrationError: A value is invalid; the message names the variable.
        """
        try:
            return MigrationSettings.read(self.variables(), self.commands.database_url)
        except ValueError as error:
            raise MigrationError(str(error)) from error

    def resolve_database(self, config: Config) -> DatabaseURL:
        """Return the address of the database.

        Raises:
            MigrationError: None is configured, or it is not the URL of a PostgreSQL database.
        """
        try:
            if self.database is not None:
                return self.database()
            text = config.get_main_option("sqlalchemy.url", "")
            url = DatabaseURL(parse_url(text, "sqlalchemy.url"), "sqlalchemy.url")
        except InterpolationError:  # its message quotes the value
            raise MigrationError("sqlalchemy.url has a single '%': write it as %%") from None
        except ValueError as error:
            raise MigrationError(str(error)) from error
        return url.within(Path(config.config_file_name or "alembic.ini").resolve().parent)

    @property
    def version_table(self) -> TableClause:
        """Alembic's version table, with the current revisions."""
        options = self.context_options
        name = options.get("version_table", VERSION_TABLE)
        return table(name, schema=options.get("version_table_schema"))

    def includes_name(self, name: str | None, kind: str, parents: Any) -> bool:
        """Whether autogenerate includes an object of the database (Alembic's `include_name`)."""
        if kind == "table" and name in MIGRATION_TABLES:
            return False
        include = self.context_options.get("include_name")
        return include is None or bool(include(name, kind, parents))

    def refuse_options(self, command: str, *names: str) -> None:
        """Refuse options of `context.configure` that a command does not support yet.

        Raises:
            MigrationError: The project sets one of them.
        """
        if given := [name for name in names if name in self.context_options]:
            raise MigrationError(
                f"{command} does not support {' and '.join(given)} yet; alembic upgrade, "
                "downgrade and --sql do"
            )

    def embedded_server(self, config: Config) -> URL:
        """Return the address of the embedded server; the default one if a setting is invalid."""
        try:
            return self.resolve_database(config).url
        except MigrationError:  # an invalid setting must not prevent stopping the server
            folder = Path(config.config_file_name or "alembic.ini").resolve().parent
            return DatabaseURL(make_url(f"{EMBEDDED}:///"), "").within(folder).url

    def load_revisions(self, config: Config | None = None) -> ScriptDirectory:
        """Return the revisions of the code.

        Raises:
            alembic.util.CommandError: The folder of the revisions does not exist.
        """
        return ScriptDirectory.from_config(config or Config(self.config_file))

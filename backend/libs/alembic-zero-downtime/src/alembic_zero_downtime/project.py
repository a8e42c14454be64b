"""The configuration of a project: its models, its database and the names of its commands."""

import os
from collections.abc import Callable, Mapping, Sequence
from configparser import InterpolationError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, MetaData, TableClause, make_url, table

from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import EMBEDDED, DatabaseURL, parse_url
from alembic_zero_downtime.errors import MigrationError, describe_error
from alembic_zero_downtime.settings import MigrationSettings
from alembic_zero_downtime.tables import MIGRATION_TABLES, VERSION_TABLE

ONE_BY_ONE = (
    "each revision runs in a transaction of its own, so that a failure leaves the revisions before "
    "it applied and recorded; leave the option out"
)
NOT_TRANSACTIONAL = ("transaction_per_migration", "transactional_ddl")
SET_ELSEWHERE = {
    **dict.fromkeys(
        ("connection", "url", "dialect", "dialect_name"),
        "the address belongs to sqlalchemy.url or Project(database=…)",
    ),
    "target_metadata": "pass the models as Project(metadata=…)",
    **dict.fromkeys(
        ("as_sql", "fn", "output_buffer", "script", "starting_rev"),
        "the command line sets it; leave it out",
    ),
}


Metadata = MetaData | Sequence[MetaData]


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
        metadata: the metadata of the models, or a function that imports and returns it; several
            in a list are one, without a naming convention, as in Alembic.
        database: returns the address, or raises ValueError; by default `sqlalchemy.url`.
        variables: returns the MIGRATION_* settings, or raises ValueError.
        variables_file: where `variables` finds a setting that is not in the environment.
        version: the version of the application, for the ledger.
        config_file: the path of alembic.ini, for command lines other than Alembic's.
        sequential_ids: whether revision ids are 001, 002, …, in a linear history.
        head_file: whether `head.txt` beside the revisions names the head (the write hook `head` of
            alembic.ini updates it).
        docstrings: whether the docstring of each revision describes the change; the lint checks it.
        legacy_until: the newest revision that is older than this library, if any: it and its
            ancestors may commit by themselves, as before `autocommit_block`.
        backups: the folder for the dumps of a reset.
        context_options: arguments of `context.configure`, such as `version_table`.
        run_arguments: arguments of `context.run_migrations`, which `upgrade` and `downgrade` get.
        commands: the commands that messages refer to.
    """

    metadata: Metadata | Callable[[], Metadata] = field(default_factory=MetaData)
    database: Callable[[], DatabaseURL] | None = None
    variables: Callable[[], Mapping[str, str]] = lambda: os.environ
    variables_file: str = "the project's settings"
    version: str | None = None
    config_file: Path | None = None
    sequential_ids: bool = False
    head_file: bool = False
    docstrings: bool = False
    legacy_until: str | None = None
    backups: Path = Path(".backups")
    context_options: Mapping[str, Any] = field(default_factory=dict)
    run_arguments: Mapping[str, Any] = field(default_factory=dict)
    commands: CommandNames = field(default_factory=CommandNames)

    def __post_init__(self) -> None:
        """Refuse options of `context.configure` that another field sets, or that cannot hold.

        Raises:
            MigrationError: There is one; the message says what to do instead.
        """
        for name, value in self.context_options.items():
            if name in NOT_TRANSACTIONAL and not value:
                raise MigrationError(f"context_options sets {name}={value}: {ONE_BY_ONE}")
            if name in SET_ELSEWHERE:
                raise MigrationError(f"context_options sets {name}: {SET_ELSEWHERE[name]}")

    def load_metadata(self) -> MetaData:
        """Return the metadata of the models.

        Raises:
            MigrationError: They cannot be imported.
        """
        try:
            found = self.metadata() if callable(self.metadata) else self.metadata
        except MigrationError:
            raise
        except Exception as error:  # the project's own code raises anything
            raise MigrationError(
                f"the models cannot be imported: {describe_error(error)}"
            ) from error
        return found if isinstance(found, MetaData) else _merged(found)

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

    def migration_database(self, config: Config) -> MigrationDatabase:
        """Return the database, with the settings of migrations.

        Raises:
            MigrationError: A setting is invalid.
        """
        return MigrationDatabase(
            self.resolve_database(config),
            self.read_settings(),
            url_setting=self.commands.database_url,
            start_server=self.commands.start_server,
            version_table=self.version_table,
        )

    @property
    def version_table(self) -> TableClause:
        """Alembic's version table, with the current revisions."""
        options = self.context_options
        name = options.get("version_table", VERSION_TABLE)
        return table(name, schema=options.get("version_table_schema"))

    @property
    def migration_tables(self) -> list[str]:
        """The names of the tables that hold migration state, without their schemas."""
        return sorted({self.version_table.name, *MIGRATION_TABLES})

    def includes_name(self, name: str | None, kind: str, parents: Any) -> bool:
        """Whether autogenerate includes an object of the database (Alembic's `include_name`)."""
        if kind == "table" and name in MIGRATION_TABLES:
            return False
        include = self.context_options.get("include_name")
        return include is None or bool(include(name, kind, parents))

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


def _merged(several: Sequence[MetaData]) -> MetaData:
    """Return the metadata with the tables of several.

    Raises:
        MigrationError: Two of them have a table of the same name.
    """
    merged = MetaData()
    for each in several:
        for table_of_model in each.tables.values():
            if table_of_model.key in merged.tables:
                raise MigrationError(f"two models have the name {table_of_model.key}")
            table_of_model.to_metadata(merged)
    return merged

"""Run the migrations on an empty shadow database, to compare the schema that they create."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from alembic import context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime import embedded
from alembic_zero_downtime._log_levels import log_level
from alembic_zero_downtime.data_loss.dry_run import upgrade_steps
from alembic_zero_downtime.errors import (
    EmbeddedServerError,
    MigrationError,
    describe_error,
    describe_failure,
)
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.runtime.context import configure
from alembic_zero_downtime.schema.catalog import Catalog, read_catalog

# Their messages about the shadow database are suppressed.
LOGGERS = ("alembic", "alembic_zero_downtime")
NO_SUCH_ROLE = re.compile(r'role "(.+)" does not exist')


class ShadowDatabase:
    """A database that holds only the schema and the rows that the migrations create.

    Attributes:
        connection: to the database, not in a transaction.
    """

    def __init__(self, connection: Connection, project: Project, config: Config) -> None:
        self.connection = connection
        self._project = project
        self._config = config
        self._scripts = ScriptDirectory.from_config(self._config)

    def migrate(self, revisions: Sequence[str]) -> Catalog:
        """Upgrade to these revisions and return the catalog.

        Raises:
            CommandError: A revision fails on a database without other rows.
        """
        while revisions:
            try:
                with self._environment(MetaData(), fn=upgrade_steps(self._scripts, revisions)):
                    context.run_migrations()
            except Exception as error:
                self.connection.rollback()
                if not self._create_missing_role(error):
                    raise MigrationError(
                        "the migrations do not run on an empty database, so nothing can be "
                        f"compared: {describe_error(error)}"
                    ) from error
            else:
                break
        catalog = read_catalog(self.connection)
        self.connection.rollback()
        return catalog

    def autogenerate(self, metadata: MetaData) -> list[str]:
        """Return the differences that Alembic's autogenerate detects."""
        with self._environment(metadata):
            found = compare_metadata(context.get_context(), metadata)
        self.connection.rollback()
        return [_describe(each) for each in found]

    @contextmanager
    def _environment(self, metadata: MetaData, **options: Any) -> Iterator[None]:
        """Set up Alembic as `env.py` does, without settings, migration lock and ledger."""
        with EnvironmentContext(self._config, self._scripts, **options):
            configure(self.connection, self._project, metadata)
            with context.begin_transaction():
                yield

    def _create_missing_role(self, error: Exception) -> bool:
        """Create the role that a GRANT of a revision needs; migrations do not create roles."""
        if not isinstance(error, DBAPIError):
            return False
        match = NO_SUCH_ROLE.fullmatch(describe_failure(error))
        if match is None:
            return False
        role = self.connection.dialect.identifier_preparer.quote(match[1])
        with self.connection.begin():
            self.connection.exec_driver_sql(f"CREATE ROLE {role}")
        return True


@contextmanager
def shadow_database(project: Project, config: Config) -> Iterator[ShadowDatabase]:
    """Start a disposable server and yield its empty database.

    No setting is read: the migrations cannot reach another database.

    Raises:
        EmbeddedServerError: The server is not installed, or does not start.
        CommandError: The revisions cannot be loaded.
    """
    if not embedded.is_installed():
        raise EmbeddedServerError(
            "the check needs the embedded PostgreSQL, which is not installed here: "
            f"{project.commands.install}; or run it on a machine that has it, with the same "
            "database"
        )
    from alembic_zero_downtime.embedded.disposable import disposable_server  # noqa: PLC0415 needs psutil

    with ExitStack() as stack:
        stack.enter_context(log_level(*LOGGERS, level=logging.WARNING))
        engine = create_engine(stack.enter_context(disposable_server()), poolclass=NullPool)
        yield ShadowDatabase(stack.enter_context(engine.connect()), project, config)


def _describe(difference: Any) -> str:
    """Describe a difference of Alembic, e.g. `modify default companies tickers`."""
    verb, *rest = difference[0] if isinstance(difference, list) else difference
    names = (each if isinstance(each, str) else getattr(each, "name", None) for each in rest)
    return " ".join([verb.replace("_", " "), *filter(None, names)])

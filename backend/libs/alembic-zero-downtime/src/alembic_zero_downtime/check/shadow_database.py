"""Run the migrations on an empty shadow database, to compare the schema that they create."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import psycopg2
from alembic import context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from psycopg2 import sql
from sqlalchemy import Connection, MetaData, create_engine, event
from sqlalchemy.pool import NullPool

from alembic_zero_downtime import embedded
from alembic_zero_downtime._log_levels import log_level
from alembic_zero_downtime.data_loss.dry_run import upgrade_steps
from alembic_zero_downtime.embedded.sandbox import (
    Sandbox,
    create_sandbox,
    reason_unknown,
    run_in_savepoint,
)
from alembic_zero_downtime.errors import (
    EmbeddedServerError,
    MigrationError,
    describe_error,
    one_line,
)
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.runtime.context import configure
from alembic_zero_downtime.schema.catalog import Catalog, read_catalog
from alembic_zero_downtime.steps import StepsFunction

# Their messages about the shadow database are suppressed.
LOGGERS = ("alembic", "alembic_zero_downtime")
SHADOW = "shadow"
NO_SUCH_ROLE = re.compile(r'role "(.+)" does not exist')


class ShadowDatabase:
    """A database that holds only the schema and the rows that the migrations create.

    Attributes:
        connection: to the database, not in a transaction.
        unknown: the statements that need a superuser, or fail after such a one, each with its
            revision and the reason; what they create is missing.
    """

    def __init__(
        self, connection: Connection, sandbox: Sandbox, project: Project, config: Config
    ) -> None:
        self.connection = connection
        self.unknown: list[str] = []
        self._sandbox = sandbox
        self._project = project
        self._config = config
        self._scripts = ScriptDirectory.from_config(self._config)
        self._revision = ""

    def migrate(self, revisions: Sequence[str]) -> Catalog:
        """Upgrade to these revisions and return the catalog.

        Raises:
            CommandError: A revision fails on a database without other rows.
        """
        if revisions:
            try:
                with (
                    self._intercepting(),
                    self._environment(MetaData(), fn=self._steps_function(revisions)),
                ):
                    context.run_migrations()
            except Exception as error:
                self.connection.rollback()
                before = f" after {'; '.join(self.unknown)}" if self.unknown else ""
                raise MigrationError(
                    "the migrations do not run on an empty database, so nothing can be "
                    f"compared: {describe_error(error)}{before}"
                ) from error
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

    def _steps_function(self, revisions: Sequence[str]) -> StepsFunction:
        """Return the steps of an upgrade, which keep the revision that runs."""

        def steps(current: Any, migrations: Any) -> Iterator[Any]:
            for step in upgrade_steps(self._scripts, revisions)(current, migrations):
                self._revision = getattr(getattr(step, "revision", None), "revision", "")
                yield step

        return steps

    @contextmanager
    def _intercepting(self) -> Iterator[None]:
        """Run the statements of the connection in place of SQLAlchemy."""

        def execute(cursor: Any, statement: str, *parameters: Any) -> bool:
            values = parameters[:-1]  # without the context
            self._execute(cursor, statement, lambda: cursor.execute(statement, *values))
            return True

        def execute_many(cursor: Any, statement: str, values: Any, _: Any) -> bool:
            self._execute(cursor, statement, lambda: cursor.executemany(statement, values))
            return True

        listeners: dict[str, Callable[..., bool]] = {
            "do_execute": execute,
            "do_execute_no_params": execute,
            "do_executemany": execute_many,
        }
        engine = self.connection.engine
        for name, listener in listeners.items():
            event.listen(engine, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners.items():
                event.remove(engine, name, listener)

    def _execute(self, cursor: Any, statement: str, run: Callable[[], object]) -> None:
        """Run a statement; create the roles that it needs, as migrations do not create them."""
        while True:
            try:
                run_in_savepoint(cursor.connection, statement, run)
            except psycopg2.Error as error:
                match = NO_SUCH_ROLE.fullmatch(error.diag.message_primary or "")
                if match:
                    role = sql.SQL("CREATE ROLE {}").format(sql.Identifier(match[1]))
                    run_in_savepoint(cursor.connection, "", partial(cursor.execute, role))
                    continue
                self._leave_out(cursor, statement, error)
            return

    def _leave_out(self, cursor: Any, statement: str, error: psycopg2.Error) -> None:
        """Leave out a statement that fails for lack of a superuser, or as a consequence.

        Raises:
            psycopg2.Error: It fails for another reason.
        """
        reason = reason_unknown(error, statement)
        if reason:
            cursor.execute("SELECT pg_catalog.current_schema()")
            (schema,) = cursor.fetchone()
            if self._sandbox.install_for(statement, schema):
                return
        elif self.unknown:
            reason = error.diag.message_primary
        if reason is None:
            raise error
        shown = f"{one_line(statement)}: {reason}"
        self.unknown.append(f"revision {self._revision}: {shown}" if self._revision else shown)


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
        sandbox = create_sandbox(stack.enter_context(disposable_server()), SHADOW)
        engine = create_engine(sandbox.url, poolclass=NullPool)
        yield ShadowDatabase(stack.enter_context(engine.connect()), sandbox, project, config)


def _describe(difference: Any) -> str:
    """Describe a difference of Alembic, e.g. `modify default companies tickers`."""
    verb, *rest = difference[0] if isinstance(difference, list) else difference
    names = (each if isinstance(each, str) else getattr(each, "name", None) for each in rest)
    return " ".join([verb.replace("_", " "), *filter(None, names)])

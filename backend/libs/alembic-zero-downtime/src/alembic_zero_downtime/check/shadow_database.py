"""Run the migrations on an empty shadow database, to compare the schema that they create."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, NamedTuple

import psycopg2
from alembic.autogenerate import compare_metadata
from psycopg2 import errorcodes, sql
from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.pool import NullPool

from alembic_zero_downtime import embedded
from alembic_zero_downtime._log_levels import log_level
from alembic_zero_downtime.data_loss.dry_run import upgrade_steps
from alembic_zero_downtime.embedded.lacks import explain_lack
from alembic_zero_downtime.embedded.sandbox import (
    CREATE_EXTENSION,
    NEEDS_SUPERUSER,
    Sandbox,
    create_sandbox,
    missing_role,
    reason_unknown,
    run_in_savepoint,
)
from alembic_zero_downtime.errors import (
    MigrationError,
    describe_error,
    one_line,
)
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.schema.catalog import Catalog, read_catalogs
from alembic_zero_downtime.schema.comparison import ModelComparison, compare_models
from alembic_zero_downtime.steps import StepsFunction
from alembic_zero_downtime.tables import VERSION_TABLE_OPTION

# Their messages about the shadow database are suppressed.
LOGGERS = ("alembic", "alembic_zero_downtime")
SHADOW = "shadow"


class LeftOut(NamedTuple):
    """A statement that was left out.

    Attributes:
        text: the revision, the statement and the reason.
        needs_superuser: whether the reason is that it needs a superuser.
    """

    text: str
    needs_superuser: bool


class ShadowDatabase:
    """A database that holds only the schema and the rows that the migrations create.

    Attributes:
        connection: to the database, not in a transaction.
        sandbox: the database.
        unknown: the statements that need a superuser or an extension that this server lacks, or
            fail after such a one; what they create is missing.
    """

    def __init__(
        self, connection: Connection, sandbox: Sandbox, environment: MigrationEnvironment
    ) -> None:
        self.connection = connection
        self.unknown: list[LeftOut] = []
        self.sandbox = sandbox
        self._environment = environment
        self._revision = ""
        self._lacking: list[str] = []

    def install(self, extensions: Iterable[tuple[str, str]]) -> None:
        """Install the extensions of another database, which no revision may have created.

        What this server lacks is named if the migrations fail.

        Args:
            extensions: their names, each with its schema.
        """
        for name, schema in extensions:
            try:
                self.sandbox.install_extension(name, schema)
            except psycopg2.Error as error:
                self._lacking.append(explain_lack(error) or f"extension {name}: {error}")

    def migrate(self, revisions: Sequence[str], schemas: Iterable[str] = ()) -> Catalog:
        """Upgrade to these revisions and return the catalog.

        Args:
            revisions: the ids.
            schemas: those that are read besides the current one.

        Raises:
            CommandError: A revision fails on a database without other rows.
        """
        if revisions:
            try:
                steps = self._steps_function(revisions)
                with (
                    self._intercepting(),
                    self._environment.open(self.connection, steps=steps) as opened,
                ):
                    self._environment.run(opened)
            except Exception as error:
                self.connection.rollback()
                left_out = "; ".join(each.text for each in self.unknown)
                before = f" after {left_out}" if left_out else ""
                way_out = explain_lack(error) or one_line("; ".join(self._lacking))
                raise MigrationError(
                    "the migrations do not run on an empty database, so nothing can be "
                    f"compared: {describe_error(error)}{before}"
                    f"{f'; {way_out}' if way_out else ''}"
                ) from error
        catalog = read_catalogs(self.connection, schemas)
        self.connection.rollback()
        return catalog

    def compare_models(self, metadata: MetaData) -> tuple[ModelComparison, list[str]]:
        """Compare the models with the database.

        Returns:
            The comparison, and the differences that other extensions of autogenerate detect.
        """
        with self._environment.open(self.connection, metadata=metadata) as opened:
            migrations = opened.get_context()
            comparison = compare_models(migrations, metadata)
            found = compare_metadata(migrations, metadata)
        self.connection.rollback()
        return comparison, [_describe(each) for each in found]

    def _steps_function(self, revisions: Sequence[str]) -> StepsFunction:
        """Return the steps of an upgrade, which keep the revision that runs."""

        def steps(current: Any, migrations: Any) -> Iterator[Any]:
            for step in upgrade_steps(self._environment.scripts, revisions)(current, migrations):
                self._revision = getattr(getattr(step, "revision", None), "revision", "")
                yield step

        return steps

    @contextmanager
    def _intercepting(self) -> Iterator[None]:
        """Run the statements of the connection in place of SQLAlchemy; refuse other servers."""

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
        event.listen(Engine, "do_connect", self._refuse_other_servers)
        try:
            yield
        finally:
            event.remove(Engine, "do_connect", self._refuse_other_servers)
            for name, listener in listeners.items():
                event.remove(engine, name, listener)

    def _refuse_other_servers(self, *arguments: Any) -> None:
        """Refuse the connection of a revision's own engine, such as one to the real database.

        Raises:
            MigrationError: It is not one to this server.
        """
        *_, parameters = arguments
        if parameters.get("host") != self.sandbox.url.query["host"]:
            raise MigrationError("a revision connects to another server than the one of the check")

    def _execute(self, cursor: Any, statement: str, run: Callable[[], object]) -> None:
        """Run a statement; create the roles that it needs, as migrations do not create them."""
        while True:
            try:
                run_in_savepoint(cursor.connection, statement, run)
            except psycopg2.Error as error:
                if name := missing_role(error):
                    role = sql.SQL("CREATE ROLE {}").format(sql.Identifier(name))
                    run_in_savepoint(cursor.connection, "", partial(cursor.execute, role))
                    continue
                self._leave_out(cursor, statement, error)
            return

    def _leave_out(self, cursor: Any, statement: str, error: psycopg2.Error) -> None:
        """Leave out a statement that fails for lack of something here, or as a consequence.

        Raises:
            psycopg2.Error: It fails for another reason.
        """
        is_installed = error.pgcode == errorcodes.DUPLICATE_OBJECT
        if is_installed and CREATE_EXTENSION.fullmatch(statement):
            return
        reason = reason_unknown(error, statement)
        if reason:
            cursor.execute("SELECT pg_catalog.current_schema()")
            (schema,) = cursor.fetchone()
            if self.sandbox.install_for(statement, schema):
                return
        elif self.unknown:
            reason = error.diag.message_primary
        if reason is None:
            raise error
        shown = f"{one_line(statement)}: {reason}"
        text = f"revision {self._revision}: {shown}" if self._revision else shown
        self.unknown.append(LeftOut(text, error.pgcode in NEEDS_SUPERUSER))


@contextmanager
def shadow_database(environment: MigrationEnvironment) -> Iterator[ShadowDatabase]:
    """Start a disposable server and yield its empty database.

    No address is read: the migrations cannot reach another database.

    Raises:
        EmbeddedServerError: The server is not installed, or does not start.
        CommandError: The revisions cannot be loaded, or a setting is invalid.
    """
    project = environment.project
    folder = project.read_settings().shadow_bin
    programs = embedded.choose_programs(folder, project.commands.install, "the check")
    from alembic_zero_downtime.embedded.disposable import disposable_server  # noqa: PLC0415 needs psutil

    with ExitStack() as stack:
        stack.enter_context(log_level(*LOGGERS, level=logging.WARNING))
        sandbox = create_sandbox(stack.enter_context(disposable_server(programs)), SHADOW)
        engine = create_engine(sandbox.url, poolclass=NullPool)
        connection = stack.enter_context(engine.connect()).execution_options(
            **{VERSION_TABLE_OPTION: project.version_table}
        )
        yield ShadowDatabase(connection, sandbox, environment)


def _describe(difference: Any) -> str:
    """Describe a difference of Alembic, e.g. `modify default companies tickers`."""
    verb, *rest = difference[0] if isinstance(difference, list) else difference
    names = (each if isinstance(each, str) else getattr(each, "name", None) for each in rest)
    return " ".join([verb.replace("_", " "), *filter(None, names)])

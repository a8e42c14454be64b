"""Open a project's migration environment for a database, or to write SQL, as its `env.py` does.

The upgrade itself, `--sql`, the shadow database, the plan, the dry run and lint all run revisions
with these options, so that a revision finds the same everywhere: the naming convention of the
models, `context.config` with its `-x` arguments and attributes, `context.is_offline_mode()`, the
version table and the project's own options of `context.configure`.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from functools import cached_property, wraps
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.schema import CreateSchema

import alembic_zero_downtime.implementation  # noqa: F401 replaces Alembic's own
from alembic_zero_downtime._alembic import nested_proxies
from alembic_zero_downtime._log_levels import log_level
from alembic_zero_downtime.database.session import SessionState, may_change_settings
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.search_path import has_schema
from alembic_zero_downtime.steps import Step, StepsFunction

CONNECTION = "connection"
"""The key of a program's own connection in `Config.attributes` (Alembic's cookbook)."""
# Alembic's comparison of tables, in whose place this library compares what the server prints.
REPLACED_PLUGIN = "~alembic.autogenerate.tables"
# Only a dialect with named parameters keeps a percent sign in a script.
OFFLINE_DIALECT = {"paramstyle": "named"}
OFFLINE_URL = "postgresql+psycopg2://"
HOOKS = ("on_version_apply", "process_revision_directives")
ALL_HEADS = "heads"

AutocommitBlock = Callable[[], AbstractContextManager[None]]


class MetadataOnDemand:
    """The metadata of the models, imported when a revision first needs its naming convention."""

    def __init__(self, load: Callable[[], MetaData]) -> None:
        self._load = load

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the metadata."""
        return getattr(self._load(), name)


class MigrationEnvironment:
    """A project, the configuration that its `env.py` was run with, and its revisions.

    Attributes:
        project: the project, as `env.py` passes it to `run`.
        config: its alembic.ini, with the command line's options and the program's attributes.
        scripts: its revisions.
    """

    def __init__(
        self, project: Project, config: Config, scripts: ScriptDirectory | None = None
    ) -> None:
        self.project = project
        self.config = config
        self.scripts = scripts or project.load_revisions(config)

    @cached_property
    def metadata(self) -> MetaData:
        """The metadata of the models; the first use imports them.

        Raises:
            MigrationError: They cannot be imported.
        """
        return self.project.load_metadata()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Provide `alembic.context` alone: a revision may ask for it while it is imported."""
        with nested_proxies(), EnvironmentContext(self.config, self.scripts):
            yield

    @contextmanager
    def open(
        self,
        connection: Connection | None = None,
        *,
        steps: StepsFunction | None = None,
        output: Any = None,
        metadata: Any = None,
        autocommit_block: AutocommitBlock | None = None,
        **options: Any,
    ) -> Iterator[EnvironmentContext]:
        """Open the environment apart from Alembic's own command, without its log lines and hooks.

        Neither the ledger nor the project's `on_version_apply` and `process_revision_directives`
        take part. An environment that is open already is in force again afterwards.

        Args:
            connection: the database; None to write SQL.
            steps: the steps that `run_migrations` runs.
            output: what SQL is written to; it has `write` and `flush`.
            metadata: a `MetaData` or `MetadataOnDemand`; by default that of the models.
            autocommit_block: replaces Alembic's `autocommit_block`.
            options: further options of `context.configure`.

        Yields:
            The environment; `run` runs its steps.

        Raises:
            MigrationError: The models cannot be imported; raised where they are first needed.
        """
        target: dict[str, Any] = {"connection": connection}
        if connection is None:
            target = {"url": OFFLINE_URL, "output_buffer": output}
        elif steps is not None:
            create_version_schema(connection, self.project)
            steps = restoring_settings(connection, steps)
        arguments = {"fn": steps, "as_sql": connection is None, "destination_rev": ALL_HEADS}
        metadata = MetadataOnDemand(lambda: self.metadata) if metadata is None else metadata
        shared = configure_arguments(self.project, as_sql=connection is None)
        without_hooks = {name: each for name, each in shared.items() if name not in HOOKS}
        with (
            nested_proxies(),
            log_level("alembic.runtime", level=logging.WARNING),
            self._replacing_connection(connection),
            EnvironmentContext(self.config, self.scripts, **arguments) as environment,
        ):
            environment.configure(
                **target,
                target_metadata=metadata,
                **{**without_hooks, **options},
            )
            if autocommit_block:
                migrations: Any = environment.get_context()
                migrations.autocommit_block = autocommit_block
            yield environment

    def run(self, environment: EnvironmentContext) -> None:
        """Run the steps of an open environment, with the project's arguments for revisions.

        Raises:
            Exception: Any error of a revision.
        """
        with environment.begin_transaction():
            environment.run_migrations(**self.project.run_arguments)

    @contextmanager
    def _replacing_connection(self, connection: Connection | None) -> Iterator[None]:
        """Keep the program's own connection, to the real database, from the revisions."""
        attributes = self.config.attributes
        if CONNECTION not in attributes:
            yield
            return
        own = attributes[CONNECTION]
        attributes[CONNECTION] = connection
        try:
            yield
        finally:
            attributes[CONNECTION] = own


def restoring_settings(connection: Connection, steps: StepsFunction) -> StepsFunction:
    """Let no revision change the settings of the session for its bookkeeping and the next ones.

    As in an upgrade (`runtime/transaction_guard.py`): a baseline by pg_dump empties the search
    path, for example, and the version table would not be found.

    Args:
        connection: on which the steps run.
        steps: returns them.
    """
    has_changed = False

    def check(_: Connection, __: object, statement: str, *___: object) -> None:
        nonlocal has_changed
        has_changed |= may_change_settings(statement)

    def restoring(step: RevisionStep, before: SessionState) -> RevisionStep:
        run = step.migration_fn

        @wraps(run)
        def run_and_restore(**arguments: Any) -> None:
            nonlocal has_changed
            run(**arguments)
            if has_changed:
                before.restore(connection, is_local=False)
                has_changed = False

        step = copy(step)  # a dry run has those of the command
        step.migration_fn = run_and_restore
        return step

    def find_steps(heads: tuple[str, ...], context: MigrationContext) -> Iterator[Step]:
        before = SessionState.read(connection)
        event.listen(connection, "before_cursor_execute", check)
        try:
            for step in steps(heads, context):
                yield restoring(step, before) if isinstance(step, RevisionStep) else step
        finally:
            event.remove(connection, "before_cursor_execute", check)

    return find_steps


def configure_arguments(project: Project, *, as_sql: bool) -> dict[str, Any]:
    """Return the arguments of `context.configure` that the project and this library pass always.

    Args:
        project: the project.
        as_sql: whether SQL is written.
    """
    arguments: dict[str, Any] = {
        "compare_server_default": True,
        "autogenerate_plugins": ["alembic.autogenerate.*"],
        **project.context_options,
        "include_name": project.includes_name,
        "transaction_per_migration": True,
    }
    arguments["autogenerate_plugins"] = [*arguments["autogenerate_plugins"], REPLACED_PLUGIN]
    if as_sql:
        arguments.setdefault("literal_binds", True)
        given = arguments.get("dialect_opts") or {}
        arguments["dialect_opts"] = {**given, **OFFLINE_DIALECT}
    return arguments


def create_version_schema(connection: Connection, project: Project) -> None:
    """Create the schema of the version table, if it is missing: no revision can run before it.

    A transaction that is open stays open.
    """
    schema = project.version_table.schema
    if schema is None:
        return
    is_open = connection.in_transaction()
    if not has_schema(connection, schema):
        connection.execute(CreateSchema(schema))
    if not is_open:
        connection.commit()


def write_version_schema(environment: Any, project: Project) -> None:
    """Write the statement that creates the schema of the version table, before the first revision.

    Args:
        environment: in offline mode: `alembic.context`, or what `open` yields.
        project: the project.
    """
    schema = project.version_table.schema
    if schema is not None and environment.get_starting_revision_argument() is None:
        environment.execute(CreateSchema(schema, if_not_exists=True))

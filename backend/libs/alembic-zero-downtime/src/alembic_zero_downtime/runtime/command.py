"""Run an Alembic command on a database: read the state, lock, migrate and verify."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import context
from alembic.runtime.migration import MigrationContext
from alembic.script.revision import MultipleHeads, RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection

from alembic_zero_downtime._alembic import command_name, replace_steps
from alembic_zero_downtime.data_loss.confirmation import confirm_data_loss
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.session import borrowed, require_supported_driver
from alembic_zero_downtime.embedded.lacks import explain_embedded_lack
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.history.ledger import read_ledger, write_entries
from alembic_zero_downtime.history.recorder import LedgerRecorder
from alembic_zero_downtime.history.state import (
    MigrationState,
    MigrationStatus,
    find_legacy_revisions,
    list_some,
)
from alembic_zero_downtime.history.verification import edited_revisions
from alembic_zero_downtime.migration_environment import (
    MigrationEnvironment,
    create_version_schema,
)
from alembic_zero_downtime.operations.backfill import drop_empty_positions
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.runtime.adoption import adopt
from alembic_zero_downtime.runtime.context import configure
from alembic_zero_downtime.runtime.executor import Executor, RevisionFailedError
from alembic_zero_downtime.runtime.lock_monitor import monitor_locks
from alembic_zero_downtime.runtime.migration_lock import MigrationLock, hold_migration_lock
from alembic_zero_downtime.runtime.outcome import describe_failed_run, read_current_state
from alembic_zero_downtime.runtime.transaction_guard import TransactionGuard
from alembic_zero_downtime.steps import MigrationSteps, StepsFunction

logger = logging.getLogger(__name__)


class MigrationCommand:
    """One command on one database."""

    def __init__(
        self, project: Project, database: MigrationDatabase, connection: Connection | None = None
    ) -> None:
        """Prepare the command.

        Args:
            project: the project of the revisions.
            database: the database.
            connection: the connection of the calling program, if any. If it is in a transaction,
                the command commits nothing.
        """
        self._project = project
        self._database = database
        self._connection = connection
        self._is_nested = connection is not None and connection.in_transaction()
        self._environment = MigrationEnvironment(project, context.config, context.script)
        self._recorder = LedgerRecorder(project, context.script, database.settings)

    def run(self) -> None:
        """Run Alembic's command.

        Raises:
            CommandError: The command was refused, or it failed.
        """
        logger.info("Database: %s", self._database)
        with self._connect() as worker:
            require_supported_driver(worker)
            state = self._read_state(worker)
            migrations = configure(worker, self._project, self._project.load_metadata())
            self._require_known_revisions(state, migrations)
            steps = self._make_steps(worker, migrations, state)
            if steps or migrations.purge:
                self._migrate(worker, migrations, steps, state)
            elif command_name(migrations) in ("upgrade", "downgrade"):
                if not self._is_nested:
                    adopt(worker, self._database, self._recorder, state)
                logger.info("Nothing to do: at %s", state)
                if not self._is_nested:
                    self._warn_of_edits(worker, state)
            elif command_name(migrations) == "current":
                logger.info("At %s", state)

    def _warn_of_edits(self, worker: Connection, state: MigrationState) -> None:
        """Log the applied revisions that were edited: an upgrade does not run them again."""
        worker.rollback()
        edited = edited_revisions(state, read_ledger(worker), context.script, newer_only=True)
        if edited:
            verify = self._project.commands.verify
            logger.warning(
                "Edited since it was applied, and not run again: %s (%s)",
                *(list_some(edited), verify),
            )

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        """Connect, or use the connection of the calling program."""
        if self._connection is None:
            with self._database.connect() as worker:
                yield worker
        else:
            with borrowed(self._connection, self._database.version_table):
                yield self._connection

    def _read_state(self, worker: Connection) -> MigrationState:
        return read_current_state(
            worker, self._project, context.script, keep_transaction=self._is_nested
        )

    def _require_known_revisions(self, state: MigrationState, migrations: MigrationContext) -> None:
        """Refuse a database with unknown revisions, and autogenerate with pending ones.

        Raises:
            MigrationError: The command cannot run in this state.
        """
        is_unknown = state.unknown or state.status is MigrationStatus.DIVERGED
        if is_unknown and not migrations.purge:
            raise MigrationError(f"the database is at {state}; {state.next_step}")
        if command_name(migrations) in ("revision", "check") and not state.is_at_head:
            raise MigrationError(
                f"the database is at {state}: apply the pending revisions first "
                f"({self._project.commands.upgrade})"
            )

    def _make_steps(
        self, worker: Connection, migrations: MigrationContext, state: MigrationState
    ) -> MigrationSteps:
        """Return the steps of Alembic's command; one without steps, e.g. `check`, is run here."""
        heads = () if migrations.purge else state.current
        make_steps: StepsFunction = migrations.opts["fn"]
        try:
            steps = MigrationSteps(make_steps(heads, migrations), heads)
        except AttributeError as error:
            name = Path(str(getattr(error.obj, "__file__", error.obj))).name
            raise MigrationError(f"{name} has no function {error.name}(): add it") from error
        except CommandError as error:
            raise MigrationError(self._explain(error, state)) from error
        if not self._is_nested:
            worker.rollback()
        return steps

    def _explain(self, error: CommandError, state: MigrationState) -> str:
        """Return the message of Alembic for an impossible destination, with the way out."""
        cause = error.__cause__
        if isinstance(cause, MultipleHeads) and self._project.sequential_ids:
            return (
                "two revisions have the same down_revision: "
                f"{self._project.commands.renumber} puts one after the other"
            )
        if isinstance(cause, RevisionError) and not isinstance(cause, MultipleHeads):
            heads = ", ".join(state.heads) or "none"
            return f"{error}. The database is at {state}; the newest revision is {heads}"
        return str(error)

    def _migrate(
        self,
        worker: Connection,
        migrations: MigrationContext,
        steps: MigrationSteps,
        state: MigrationState,
    ) -> None:
        if steps.has_downgrade:
            self._confirm(steps, state)
        with hold_migration_lock(self._database, worker) as lock:
            if not self._is_still_applicable(worker, migrations, steps, state):
                return
            create_version_schema(worker, self._project)
            heads = self._execute(worker, migrations, steps, lock)
            state = self._verify(worker, heads)
            if not self._is_nested:
                drop_empty_positions(worker)
        logger.info("Now at %s", state)

    def _confirm(self, steps: MigrationSteps, state: MigrationState) -> None:
        """Ask for confirmation of a downgrade that loses data, or of a production database.

        Raises:
            CommandError: The downgrade is not confirmed.
        """
        if not self._is_nested:
            confirm_data_loss(self._environment, self._database, steps, state.current)
        elif not self._database.settings.allow_data_loss:
            raise MigrationError(
                "the data loss of a downgrade cannot be estimated in a transaction of the calling "
                "program: commit it first, or skip the estimate: "
                f"{self._project.commands.lose_data}"
            )

    def _is_still_applicable(
        self,
        worker: Connection,
        migrations: MigrationContext,
        steps: MigrationSteps,
        before: MigrationState,
    ) -> bool:
        """Whether the steps are still to be run, checked under the migration lock.

        Raises:
            CommandError: Another process has migrated the database to another state.
        """
        state = self._read_state(worker)
        if state.current == before.current:
            return True
        if set(state.current) == steps.destination:
            logger.info("Nothing to do: another process has migrated to %s", state)
            return False
        if state.unknown:
            raise MigrationError(f"the database is at {state}; {state.next_step}")
        new_steps = None if steps.has_downgrade else self._make_steps(worker, migrations, state)
        if new_steps is None or new_steps.destination != steps.destination:
            raise MigrationError(
                f"another process has moved the database to {state} meanwhile: nothing was "
                "changed here. Check the new state, and run the command again if it still applies"
            )
        steps.restart(new_steps)
        return bool(steps)

    def _execute(
        self,
        worker: Connection,
        migrations: MigrationContext,
        steps: MigrationSteps,
        lock: MigrationLock,
    ) -> set[str]:
        """Run the steps; return the new heads according to Alembic."""
        try:
            with (
                monitor_locks(self._database, worker) as monitor,
                self._guard(migrations, lock) as guard,
            ):
                executor = Executor(migrations, steps, monitor, guard)
                self._recorder.measure = executor.measure
                self._recorder.require_mark = guard.require_mark
                self._recorder.is_transactional = lambda: not guard.has_ended_transaction
                own = migrations.on_version_apply_callbacks
                migrations.on_version_apply_callbacks = (
                    *(self._recorder, executor.set_heads),
                    *own,
                )
                replace_steps(migrations, executor.yield_steps)
                executor.run(self._run_migrations)
        except RevisionFailedError as error:
            result = describe_failed_run(self._project, self._database, context.script, executor)
            advice = self._advise(error.__cause__)
            raise MigrationError(f"{error}. {result}{advice}") from error
        if not steps.done:  # only the version table was purged
            entries = [*self._recorder.adoption(worker, set()), self._recorder.purge()]
            write_entries(worker, entries)
            if not self._is_nested:
                worker.commit()
        return executor.heads

    def _advise(self, error: object) -> str:
        """Return what to do where the embedded server lacks something, as a further sentence."""
        if not self._database.address.is_embedded:
            return ""
        way_out = explain_embedded_lack(error, self._database.url_setting)
        return f". To go on: {way_out}" if way_out else ""

    def _guard(self, migrations: MigrationContext, lock: MigrationLock) -> TransactionGuard:
        legacy: Collection[str] = ()
        if not self._is_nested:
            legacy = find_legacy_revisions(self._project, context.script)
        return TransactionGuard(
            migrations, lock, self._database.settings, legacy=legacy, is_nested=self._is_nested
        )

    def _verify(self, worker: Connection, heads: set[str]) -> MigrationState:
        """Return the state of the database, read in another session.

        Raises:
            MigrationError: The database is not at `heads`, or they contradict each other.
        """
        if self._is_nested:
            state = self._read_state(worker)
        else:
            with self._database.connect() as connection:
                state = self._read_state(connection)
        if set(state.current) != heads:
            raise MigrationError(
                f"the database is at {state}, and not at {', '.join(sorted(heads)) or 'base'} "
                "where this run has left it: the commit was lost, or another session has changed it"
            )
        if state.status is MigrationStatus.DIVERGED:
            raise MigrationError(f"the database is at {state}; {state.next_step}")
        return state

    def _run_migrations(self) -> None:
        with context.begin_transaction():
            context.run_migrations(**self._project.run_arguments)

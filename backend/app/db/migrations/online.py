"""Run one of Alembic's commands on a database: look, take the mutex, migrate, prove it."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from alembic import context
from alembic.runtime.migration import MigrationContext
from alembic.script.revision import MultipleHeads
from alembic.util import CommandError
from sqlalchemy import Connection, Insert, MetaData
from sqlalchemy.exc import DBAPIError

from app.db.migrations import BOOKKEEPING, LEDGER_TABLE
from app.db.migrations.bookkeeping import Bookkeeper
from app.db.migrations.connection import Target, connect
from app.db.migrations.consent import require_consent
from app.db.migrations.execution import Execution, RevisionFailedError
from app.db.migrations.failure import describe_failure
from app.db.migrations.ledger import Recorder, recorded_revisions
from app.db.migrations.mutex import Mutex, hold_mutex
from app.db.migrations.plan import Plan, Work, name_of
from app.db.migrations.revisions import prepare_revision
from app.db.migrations.settings import MigrationSettings
from app.db.migrations.state import MigrationState, Verdict, ancestry, read_state
from app.db.migrations.watcher import watch

# Without the second, Alembic sees no CHECK that a model adds, drops or renames.
AUTOGENERATE = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"]

logger = logging.getLogger(__name__)


class OnlineRun:
    """One command on one database."""

    def __init__(
        self, target: Target, settings: MigrationSettings, recorder: Callable[[], Recorder]
    ) -> None:
        self._target = target
        self._settings = settings
        self._recorder = recorder

    def run(self, metadata: MetaData, command: str | None) -> None:
        """Do what Alembic's command asks for.

        Args:
            metadata: what autogenerate compares the database with.
            command: its name; None when a program calls Alembic.

        Raises:
            CommandError: It cannot be done, or was not done as asked.
        """
        logger.info("Database: %s", self._target)
        with connect(self._target, self._settings) as worker:
            state = look(worker)
            migrations = configure(worker, metadata, command)
            is_lost = state.unknown or state.verdict is Verdict.DIVERGED
            if is_lost and not migrations.purge:
                raise CommandError(f"the database is at {state}; {state.next_step}")
            if command in ("revision", "check") and not state.is_at_head:
                raise CommandError(
                    f"the database is at {state}: apply what is pending first (make migrate)"
                )
            plan = self._plan(worker, migrations, state)
            if plan or migrations.purge:
                self._migrate(worker, migrations, plan, state)
            elif migrations.opts["fn"].__name__ in ("upgrade", "downgrade"):
                self._adopt(worker, state)
                logger.info("Nothing to do: at %s", state)

    def _plan(
        self, worker: Connection, migrations: MigrationContext, state: MigrationState
    ) -> Plan:
        """Let Alembic work out its steps; a command without any does here what it has to do."""
        heads = () if migrations.purge else state.current
        work: Work = migrations.opts["fn"]
        try:
            plan = Plan(work(heads, migrations), heads)
        except CommandError as error:
            if not isinstance(error.__cause__, MultipleHeads):
                raise
            raise CommandError(
                "two revisions follow the same one: make migrate-renumber puts one behind the other"
            ) from error
        worker.rollback()
        return plan

    def _migrate(
        self, worker: Connection, migrations: MigrationContext, plan: Plan, state: MigrationState
    ) -> None:
        if plan.takes_back:
            require_consent(self._target, self._settings, context.script, plan, state.current)
        with hold_mutex(self._target, self._settings, worker) as mutex:
            if not self._is_still_wanted(worker, migrations, plan, state):
                return
            heads = self._execute(worker, migrations, plan, mutex)
            with connect(self._target, self._settings) as fresh:
                state = look(fresh)
            if set(state.current) != heads:
                raise CommandError(
                    f"the database is at {state}, and not at {', '.join(sorted(heads)) or 'base'} "
                    "where this run has left it: nothing was committed, or somebody else wrote"
                )
        logger.info("Now at %s", state)

    def _is_still_wanted(
        self, worker: Connection, migrations: MigrationContext, plan: Plan, before: MigrationState
    ) -> bool:
        """Whether the plan is still to be run, now that nobody else can migrate.

        Raises:
            CommandError: Somebody else has moved the database elsewhere.
        """
        state = look(worker)
        if state.current == before.current:
            return True
        if set(state.current) == plan.destination:
            logger.info("Nothing to do: another process has migrated to %s", state)
            return False
        if state.unknown:
            raise CommandError(f"the database is at {state}; {state.next_step}")
        again = None if plan.takes_back else self._plan(worker, migrations, state)
        if again is None or again.destination != plan.destination:
            raise CommandError(
                f"another process has moved the database to {state} meanwhile: nothing was "
                "changed here. Look, and run the command again if it is still what you want"
            )
        plan.steps = again.steps
        return bool(plan)

    def _execute(
        self, worker: Connection, migrations: MigrationContext, plan: Plan, mutex: Mutex
    ) -> set[str]:
        """Run the plan; return where Alembic says that the database is then."""
        try:
            with watch(self._target, self._settings, worker) as watcher:
                execution = Execution(worker, plan, mutex, watcher)
                bookkeeper = Bookkeeper(context.script, self._recorder(), execution.effort)
                migrations.on_version_apply_callbacks = (bookkeeper, execution.note_heads)
                # There is no public way to say what is left to do.
                migrations._migrations_fn = execution.steps  # type: ignore[assignment]  # noqa: SLF001
                execution.run(_run_migrations)
        except RevisionFailedError as error:
            raise CommandError(f"{error}. {self._describe_rest(execution)}") from error
        if not plan.done:  # the version table was purged, and that is all
            _write(worker, [*bookkeeper.adoption(worker, set()), bookkeeper.purge()])
        return execution.heads

    def _describe_rest(self, execution: Execution) -> str:
        """Say what a failure has left, as a fresh connection sees it."""
        words = (
            "What its autocommit block had done stays, and the revision has to bear a second run"
            if execution.is_half_applied
            else "It was rolled back, and nothing else was changed"
        )
        done = ", ".join(map(name_of, execution.plan.done))
        before = f"; applied before it: {done}" if done else ""
        try:
            with connect(self._target) as fresh:
                state = look(fresh)
        except CommandError as error:
            return f"{words}{before}, as far as can be told: {error}. Run the same command again"
        if execution.is_complete and set(state.current) == execution.heads:
            words = "Its commit has arrived all the same"
        advice = f"; {state.next_step}" if state.verdict is Verdict.UNMANAGED else ""
        return f"{words}{before}. The database is at {state}{advice}"

    def _adopt(self, worker: Connection, state: MigrationState) -> None:
        """Record revisions from before the ledger; whoever may not, or is not alone, leaves it."""
        applied = ancestry(set(state.current), context.script)
        known = recorded_revisions(worker)
        worker.rollback()
        if applied <= (known or set()):
            return
        try:
            bookkeeper = Bookkeeper(context.script, self._recorder())
            at_once = replace(self._settings, lock_wait=0)
            with hold_mutex(self._target, at_once, worker):
                _write(worker, bookkeeper.adoption(worker, applied))
        except CommandError as error:
            logger.info("Not recorded in %s: %s", LEDGER_TABLE, error)
        except DBAPIError as error:
            logger.info("Not recorded in %s: %s", LEDGER_TABLE, describe_failure(error))


def _write(worker: Connection, entries: Iterable[Insert]) -> None:
    for entry in entries:
        worker.execute(entry)
    worker.commit()


def look(connection: Connection) -> MigrationState:
    """Return where a database stands, and leave no transaction behind.

    Raises:
        CommandError: It cannot be seen.
    """
    try:
        state = read_state(connection, context.script)
    except DBAPIError as error:
        reason = describe_failure(error)
        raise CommandError(f"cannot see where the database stands: {reason}") from error
    connection.rollback()
    return state


def configure(connection: Connection, metadata: MetaData, command: str | None) -> MigrationContext:
    """Return Alembic's context on a connection that is in no transaction.

    Raises:
        CommandError: It is in one: Alembic would never commit, and report success.
    """
    if connection.in_transaction():
        raise CommandError("the connection is already in a transaction, which is not Alembic's")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_server_default=True,
        autogenerate_plugins=AUTOGENERATE,
        include_name=lambda name, kind, _: not (kind == "table" and name in BOOKKEEPING),
        process_revision_directives=prepare_revision if command == "revision" else None,
    )
    return context.get_context()


def _run_migrations() -> None:
    with context.begin_transaction():
        context.run_migrations()

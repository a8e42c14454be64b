"""Run pending revisions on a copy of the schema, and trace the effects of each statement."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg2
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import Script, ScriptDirectory
from psycopg2 import errorcodes, extensions
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import NullPool

import alembic_zero_downtime.operations  # noqa: F401 registers op.create_index_online and the others
from alembic_zero_downtime.data_loss.dry_run import upgrade_steps
from alembic_zero_downtime.embedded.sandbox import reason_unknown, run_in_savepoint
from alembic_zero_downtime.errors import describe_error
from alembic_zero_downtime.operations.context import WAIT_FOR_VACUUM
from alembic_zero_downtime.plan import PlanError
from alembic_zero_downtime.plan.effect import Effect, SnapshotDiff
from alembic_zero_downtime.plan.lock_sampler import LockSampler, lock_sampler
from alembic_zero_downtime.plan.row_estimates import Estimate, estimate_rows
from alembic_zero_downtime.plan.schema_copy import Copy
from alembic_zero_downtime.plan.snapshot import Snapshot, take_snapshot
from alembic_zero_downtime.plan.target import Table
from alembic_zero_downtime.sql import without_quoted
from alembic_zero_downtime.tables import MIGRATION_TABLES

# Statements without an effect that other sessions can observe, unless they work on a table.
READ_ONLY = re.compile(
    r"""\s*(?: SELECT | SET | RESET | SHOW | VALUES | SAVEPOINT | RELEASE | ROLLBACK
             | WITH \b (?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b) )\b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# It precedes the statement that is shown.
VACUUM_WAIT = re.compile(re.escape(WAIT_FOR_VACUUM).replace(r"\{\}", r"\S+"))
MIGRATION_TABLE = re.compile(rf"\b({'|'.join(MIGRATION_TABLES)})\b")
NOT_IN_A_TRANSACTION = (
    errorcodes.ACTIVE_SQL_TRANSACTION,
    errorcodes.INVALID_TRANSACTION_TERMINATION,
)
NAMES = """
    SELECT c.oid, CASE n.nspname WHEN pg_catalog.current_schema() THEN c.relname::text
                       ELSE pg_catalog.format('%s.%s', n.nspname, c.relname) END
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f')
"""


@dataclass(frozen=True)
class TracedStatement:
    """A statement of a revision, and its effects on tables of the target.

    Attributes:
        sql: with its values.
        transaction: the virtual id of its transaction.
        effects: one per table.
        unknown: why the effects are not known; None if they are.
    """

    sql: str
    transaction: str
    effects: tuple[Effect, ...] = ()
    unknown: str | None = None


@dataclass
class TracedRevision:
    """A revision, and the statements that it issued."""

    script: Script
    statements: list[TracedStatement] = field(default_factory=list)


def trace(
    copy: Copy,
    scripts: ScriptDirectory,
    tables: Mapping[str, Table],
    report: Callable[[str], object] = lambda _: None,
) -> list[TracedRevision]:
    """Run the pending revisions on the copy, and return their statements and effects.

    The effects of a statement that needs a superuser are not known. If one has been left out, or an
    object of the target is not copied, the same holds for a statement that fails.

    Args:
        copy: the copy.
        scripts: the revisions.
        tables: of the target, by name.
        report: called with each revision, to show progress.

    Raises:
        PlanError: A revision cannot be applied.
    """
    url = copy.sandbox.url
    engine = create_engine(url, poolclass=NullPool)
    try:
        with lock_sampler(copy.sandbox.admin) as sampler, engine.connect() as worker:
            driver: Any = worker.connection.dbapi_connection
            tracer = StatementTracer(driver, sampler, tables, report, copy)
            environment = EnvironmentContext(Config(), scripts, fn=tracer.steps_function(scripts))
            with _intercepting(engine, tracer, url), environment:
                environment.configure(connection=worker, transaction_per_migration=True)
                tracer.run(environment)
    finally:
        engine.dispose()
    return tracer.traced


class _Execution(NamedTuple):
    """A statement with its values, the function that runs it, and how often it is executed."""

    sql: str
    run: Callable[[], object]
    times: int = 1


class StatementTracer:
    """Runs every statement of the worker session, and takes a snapshot before and after it."""

    def __init__(
        self,
        driver: Any,
        sampler: LockSampler,
        tables: Mapping[str, Table],
        report: Callable[[str], object],
        copy: Copy,
    ) -> None:
        self.traced: list[TracedRevision] = []
        self._pending: list[Script] = []
        self._sandbox = copy.sandbox
        self._is_incomplete = bool(copy.missing)
        self._data_directory = sampler.read_data_directory()
        self._driver = driver
        self._sampler = sampler
        self._report = report
        with driver.cursor() as cursor:
            cursor.execute(NAMES)
            names: dict[int, str] = dict(cursor.fetchall())
        driver.rollback()
        self._tables = {oid: tables[name] for oid, name in names.items() if name in tables}

    def steps_function(
        self, scripts: ScriptDirectory
    ) -> Callable[[tuple[str, ...], MigrationContext], Iterator[RevisionStep]]:
        """Return Alembic's `fn`, which starts the trace of each revision."""

        def steps(heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
            found = upgrade_steps(scripts, scripts.get_heads())(heads, context)
            steps = [each for each in found if isinstance(each, RevisionStep)]
            self._pending = [each.revision for each in steps]
            for step in steps:
                self._report(f"Running {step.revision.revision}")
                self.traced.append(TracedRevision(step.revision))
                yield step

        return steps

    def run(self, environment: EnvironmentContext) -> None:
        """Run all steps.

        Raises:
            PlanError: One of them fails.
        """
        try:
            with environment.begin_transaction():
                environment.run_migrations()
        except PlanError:
            raise
        except Exception as error:
            if not (self._is_incomplete and self.traced):
                raise PlanError(
                    f"{self._revision} fails on a copy of the schema: {describe_error(error)}"
                ) from error
            self._leave_out_rest(describe_error(error))

    def _leave_out_rest(self, reason: str) -> None:
        """Record that a revision stops here, and that those after it are not run."""
        stopped = self.traced[-1]
        stopped.statements.append(TracedStatement("-- the rest", "", unknown=reason))
        reason = f"revision {stopped.script.revision} stops before it"
        for script in self._pending[len(self.traced) :]:
            whole = TracedStatement("-- the whole revision", "", unknown=reason)
            self.traced.append(TracedRevision(script, [whole]))

    @property
    def _revision(self) -> str:
        running = [traced.script.revision for traced in self.traced[-1:]]
        return f"revision {running[0]}" if running else "the setup before the first revision"

    def execute(self, cursor: Any, statement: str, parameters: Any, *_: Any) -> bool:
        """Run a statement in place of SQLAlchemy, which runs it itself if this returns False."""
        sql = cursor.mogrify(statement, parameters).decode()
        execution = _Execution(sql, lambda: cursor.execute(statement, parameters))
        return self._execute(cursor, execution)

    def execute_bare(self, cursor: Any, statement: str, *_: Any) -> bool:
        """Run a statement without parameters."""
        return self._execute(cursor, _Execution(statement, lambda: cursor.execute(statement)))

    def execute_many(self, cursor: Any, statement: str, parameters: Sequence[Any], *_: Any) -> bool:
        """Run a statement with several sets of values."""
        sql = cursor.mogrify(statement, parameters[0]).decode()
        execution = _Execution(
            sql, lambda: cursor.executemany(statement, parameters), len(parameters)
        )
        return self._execute(cursor, execution)

    def _execute(self, cursor: Any, execution: _Execution) -> bool:
        if cursor.connection is not self._driver:
            return False
        if self._driver.autocommit:
            self._run_in_autocommit(execution)
            return True
        self._run_in_transaction(execution)
        if self._driver.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE:
            raise PlanError(
                f"{self._revision} ends its transaction by itself: leave COMMIT and ROLLBACK to "
                "Alembic, or use an autocommit_block()"
            )
        return True

    def _run_in_autocommit(self, execution: _Execution) -> None:
        """Run a statement of an autocommit block: in its own transaction, if it can run in one."""
        with self._driver.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                self._run_in_transaction(execution)
                cursor.execute("COMMIT")
            except psycopg2.Error as error:
                cursor.execute("ROLLBACK")
                if error.pgcode not in NOT_IN_A_TRANSACTION:
                    raise
            else:
                return
        before = take_snapshot(self._driver)
        try:
            with self._sampler.sample(self._driver.info.backend_pid, self._tables.keys()) as locks:
                execution.run()
        except psycopg2.Error as error:
            self._leave_out(execution.sql, before.transaction, error)
            return
        self._record(execution.sql, before, sampled_locks=locks, is_transactional=False)

    def _run_in_transaction(self, execution: _Execution) -> None:
        before = take_snapshot(self._driver)
        estimate = estimate_rows(self._driver, execution.sql, self._tables, self._data_directory)
        try:
            run_in_savepoint(self._driver, execution.sql, execution.run)
        except psycopg2.Error as error:
            self._leave_out(execution.sql, before.transaction, error)
            return
        if self._driver.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS:
            estimate = estimate.repeated(execution.times) if estimate else None
            self._record(execution.sql, before, estimate=estimate)

    def _leave_out(self, statement: str, transaction: str, error: psycopg2.Error) -> None:
        """Leave out a statement that fails for lack of a superuser, or as a consequence.

        An extension is installed by this library's superuser instead.

        Raises:
            psycopg2.Error: It fails for another reason.
        """
        if error.pgcode in NOT_IN_A_TRANSACTION:
            raise error
        reason = reason_unknown(error, statement)
        if reason and self._sandbox.install_for(statement, self._read_current_schema()):
            reason = None
        else:
            reason = reason or (error.diag.message_primary if self._is_incomplete else None)
            if reason is None:
                raise error
            self._is_incomplete = True
        if self.traced:
            shown = TracedStatement(" ".join(statement.split()), transaction, unknown=reason)
            self.traced[-1].statements.append(shown)

    def _read_current_schema(self) -> str:
        with self._driver.cursor() as cursor:
            cursor.execute("SELECT pg_catalog.current_schema()")
            return str(cursor.fetchone()[0])

    def _record(
        self, sql: str, before: Snapshot, *, estimate: Estimate | None = None, **sampled: Any
    ) -> None:
        """Record the statement, unless it only reads or works on the migration tables."""
        after = take_snapshot(self._driver)
        difference = SnapshotDiff(before, after, self._tables, estimate=estimate, **sampled)
        effects = tuple(difference.effects())
        bare = without_quoted(sql)
        if self.traced and (effects or not (READ_ONLY.match(bare) or MIGRATION_TABLE.search(sql))):
            shown = VACUUM_WAIT.sub("", " ".join(sql.split()))
            statement = TracedStatement(shown, after.transaction, effects)
            self.traced[-1].statements.append(statement)


@contextmanager
def _intercepting(engine: Engine, tracer: StatementTracer, copy: URL) -> Iterator[None]:
    """Let the tracer run the statements of SQLAlchemy, and refuse connections to other servers."""

    def refuse_others(_: Any, __: Any, ___: Any, parameters: dict[str, Any]) -> None:
        if parameters.get("host") != copy.query["host"]:
            raise PlanError("a revision opens a separate connection: the plan cannot trace it")

    event.listen(engine, "do_execute", tracer.execute)
    event.listen(engine, "do_execute_no_params", tracer.execute_bare)
    event.listen(engine, "do_executemany", tracer.execute_many)
    event.listen(Engine, "do_connect", refuse_others)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", refuse_others)

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
from alembic_zero_downtime.errors import describe_error
from alembic_zero_downtime.operations.context import WAIT_FOR_VACUUM
from alembic_zero_downtime.plan import PlanError
from alembic_zero_downtime.plan.effect import Effect, SnapshotDiff
from alembic_zero_downtime.plan.lock_sampler import LockSampler, lock_sampler
from alembic_zero_downtime.plan.row_estimates import Estimate, estimate_rows
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
    SELECT oid, CASE relnamespace WHEN current_schema()::regnamespace THEN relname
                     ELSE relnamespace::regnamespace || '.' || relname END
      FROM pg_class WHERE relkind IN ('r', 'p', 'm', 'v', 'f')
"""


@dataclass(frozen=True)
class TracedStatement:
    """A statement of a revision, and its effects on tables of the target.

    Attributes:
        sql: with its values.
        transaction: the virtual id of its transaction.
        effects: one per table.
    """

    sql: str
    transaction: str
    effects: tuple[Effect, ...]


@dataclass
class TracedRevision:
    """A revision, and the statements that it issued."""

    script: Script
    statements: list[TracedStatement] = field(default_factory=list)


def trace(
    copy: URL,
    scripts: ScriptDirectory,
    tables: Mapping[str, Table],
    report: Callable[[str], object] = lambda _: None,
) -> list[TracedRevision]:
    """Run the pending revisions on the copy, and return their statements and effects.

    Args:
        copy: the address of the copy.
        scripts: the revisions.
        tables: of the target, by name.
        report: called with each revision, to show progress.

    Raises:
        PlanError: A revision cannot be applied.
    """
    engine = create_engine(copy, poolclass=NullPool)
    try:
        with lock_sampler(copy) as sampler, engine.connect() as worker:
            driver: Any = worker.connection.dbapi_connection
            tracer = StatementTracer(driver, sampler, tables, report)
            environment = EnvironmentContext(Config(), scripts, fn=tracer.steps_function(scripts))
            with _intercepting(engine, tracer, copy), environment:
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
    ) -> None:
        self.traced: list[TracedRevision] = []
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
            for step in upgrade_steps(scripts, scripts.get_heads())(heads, context):
                if isinstance(step, RevisionStep):
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
            raise PlanError(
                f"{self._revision} fails on a copy of the schema: {describe_error(error)}"
            ) from error

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
        with self._sampler.sample(self._driver.info.backend_pid, self._tables.keys()) as locks:
            execution.run()
        self._record(execution.sql, before, sampled_locks=locks, is_transactional=False)

    def _run_in_transaction(self, execution: _Execution) -> None:
        before = take_snapshot(self._driver)
        estimate = estimate_rows(self._driver, execution.sql, self._tables)
        execution.run()
        if self._driver.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS:
            estimate = estimate.repeated(execution.times) if estimate else None
            self._record(execution.sql, before, estimate=estimate)

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

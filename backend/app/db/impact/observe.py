"""Run pending revisions on a copy of the schema, and see what each statement does there."""

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

import app.db.migrations.operations  # noqa: F401 registers op.create_index_online and the others
from app.db.impact import PlanError
from app.db.impact.catalog import Picture, take_picture
from app.db.impact.effect import Difference, Effect
from app.db.impact.rows import Estimate, estimate_rows
from app.db.impact.target import Table
from app.db.impact.witness import Witness, witnessing
from app.db.migrations import BOOKKEEPING
from app.db.migrations.failure import describe_error
from app.db.migrations.operations.steps import GENTLY
from app.db.migrations.rehearsal import QUOTED, upgrades

# What changes nothing that anybody could notice, unless it works on a table.
SILENT = re.compile(
    r"""\s*(?: SELECT | SET | RESET | SHOW | VALUES | SAVEPOINT | RELEASE | ROLLBACK
             | WITH \b (?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b) )\b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# People want to see what comes after it.
WAITS_FIRST = re.compile(re.escape(GENTLY).replace(r"\{\}", r"\S+"))
OWN = re.compile(rf"\b({'|'.join(BOOKKEEPING)})\b")
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
class Statement:
    """A statement of a revision, and what it does to tables that others use.

    Attributes:
        sql: with its values.
        transaction: which it belongs to; two statements may share one.
        effects: on each table.
    """

    sql: str
    transaction: str
    effects: tuple[Effect, ...]


@dataclass
class Observation:
    """A revision, and the statements that it ran."""

    script: Script
    statements: list[Statement] = field(default_factory=list)


def observe(
    copy: URL,
    scripts: ScriptDirectory,
    tables: Mapping[str, Table],
    report: Callable[[str], object] = lambda _: None,
) -> list[Observation]:
    """Run what is pending, and return what was seen.

    Args:
        copy: the database with the target's schema, which is migrated.
        scripts: the revisions.
        tables: of the target, by name.
        report: is told which revision is running.

    Raises:
        PlanError: A revision cannot be applied.
    """
    engine = create_engine(copy, poolclass=NullPool)
    try:
        with witnessing(copy) as witness, engine.connect() as worker:
            driver: Any = worker.connection.driver_connection
            observer = _Observer(driver, witness, tables, report)
            environment = EnvironmentContext(Config(), scripts, fn=observer.following(scripts))
            with _listening(engine, observer, copy), environment:
                environment.configure(connection=worker, transaction_per_migration=True)
                observer.run(environment)
    finally:
        engine.dispose()
    return observer.observations


class _Call(NamedTuple):
    """A statement with its values, what runs it, and how many sets of values there are."""

    sql: str
    run: Callable[[], object]
    times: int = 1


class _Observer:
    """Runs every statement of one session, and looks before and after it."""

    def __init__(
        self,
        driver: Any,
        witness: Witness,
        tables: Mapping[str, Table],
        report: Callable[[str], object],
    ) -> None:
        self.observations: list[Observation] = []
        self._driver = driver
        self._witness = witness
        self._report = report
        with driver.cursor() as cursor:
            cursor.execute(NAMES)
            names: dict[int, str] = dict(cursor.fetchall())
        driver.rollback()
        self._tables = {oid: tables[name] for oid, name in names.items() if name in tables}

    def following(
        self, scripts: ScriptDirectory
    ) -> Callable[[tuple[str, ...], MigrationContext], Iterator[RevisionStep]]:
        """Return Alembic's `fn`, which notes the revision that begins."""

        def steps(heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
            for step in upgrades(scripts, scripts.get_heads())(heads, context):
                if isinstance(step, RevisionStep):
                    self._report(f"Running {step.revision.revision}")
                    self.observations.append(Observation(step.revision))
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
        running = [observation.script.revision for observation in self.observations[-1:]]
        return f"revision {running[0]}" if running else "what comes before the first revision"

    def execute(self, cursor: Any, statement: str, parameters: Any, *_: Any) -> bool:
        """Run a statement in the place of SQLAlchemy, which does it where this says no."""
        sql = cursor.mogrify(statement, parameters).decode()
        return self._execute(cursor, _Call(sql, lambda: cursor.execute(statement, parameters)))

    def execute_bare(self, cursor: Any, statement: str, *_: Any) -> bool:
        """Run a statement as it is written."""
        return self._execute(cursor, _Call(statement, lambda: cursor.execute(statement)))

    def execute_many(self, cursor: Any, statement: str, parameters: Sequence[Any], *_: Any) -> bool:
        """Run a statement with one set of values after the other."""
        sql = cursor.mogrify(statement, parameters[0]).decode()
        call = _Call(sql, lambda: cursor.executemany(statement, parameters), len(parameters))
        return self._execute(cursor, call)

    def _execute(self, cursor: Any, call: _Call) -> bool:
        if cursor.connection is not self._driver:
            return False
        if self._driver.autocommit:
            self._run_alone(call)
            return True
        self._run_within(call)
        if self._driver.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE:
            raise PlanError(
                f"{self._revision} ends its transaction by itself: leave COMMIT and ROLLBACK to "
                "Alembic, or use an autocommit_block()"
            )
        return True

    def _run_alone(self, call: _Call) -> None:
        """Run a statement of an autocommit block: in a transaction of its own, if it bears one."""
        with self._driver.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                self._run_within(call)
                cursor.execute("COMMIT")
            except psycopg2.Error as error:
                cursor.execute("ROLLBACK")
                if error.pgcode not in NOT_IN_A_TRANSACTION:
                    raise
            else:
                return
        before = take_picture(self._driver)
        with self._witness.watch(self._driver.info.backend_pid, self._tables.keys()) as seen:
            call.run()
        self._note(call.sql, before, seen=seen, is_transactional=False)

    def _run_within(self, call: _Call) -> None:
        before = take_picture(self._driver)
        estimate = estimate_rows(self._driver, call.sql, self._tables)
        call.run()
        if self._driver.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS:
            estimate = estimate.repeated(call.times) if estimate else None
            self._note(call.sql, before, estimate=estimate)

    def _note(
        self, sql: str, before: Picture, *, estimate: Estimate | None = None, **meanwhile: Any
    ) -> None:
        """Keep what the statement did, if it did anything for which people would be told."""
        after = take_picture(self._driver)
        difference = Difference(before, after, self._tables, estimate=estimate, **meanwhile)
        effects = tuple(difference.effects())
        bare = QUOTED.sub(" ", sql)
        if self.observations and (effects or not (SILENT.match(bare) or OWN.search(sql))):
            shown = WAITS_FIRST.sub("", " ".join(sql.split()))
            statement = Statement(shown, after.transaction, effects)
            self.observations[-1].statements.append(statement)


@contextmanager
def _listening(engine: Engine, observer: _Observer, copy: URL) -> Iterator[None]:
    """Let the observer run what SQLAlchemy would run, and refuse a way to another database."""

    def refuse_others(_: Any, __: Any, ___: Any, parameters: dict[str, Any]) -> None:
        if parameters.get("host") != copy.query["host"]:
            raise PlanError("a revision opens a connection of its own: it cannot be rehearsed")

    event.listen(engine, "do_execute", observer.execute)
    event.listen(engine, "do_execute_no_params", observer.execute_bare)
    event.listen(engine, "do_executemany", observer.execute_many)
    event.listen(Engine, "do_connect", refuse_others)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", refuse_others)

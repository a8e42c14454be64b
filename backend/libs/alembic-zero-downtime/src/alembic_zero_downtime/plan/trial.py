"""Run the pending revisions on the copy, and go on where one cannot be run without its rows.

A revision that fails where it may depend on rows of the target is run once more: one row then
stands in for those that lack in each result, and no foreign key is checked. So what it creates is
there for the revisions after it, as far as possible; what it does is not known in any case.
"""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg2
from alembic.runtime.migration import MigrationContext, RevisionStep
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool

import alembic_zero_downtime.operations  # noqa: F401 registers op.create_index_online and the others
from alembic_zero_downtime.data_loss.dry_run import upgrade_steps
from alembic_zero_downtime.errors import describe_error, is_of_revision
from alembic_zero_downtime.history.state import find_legacy_revisions
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.plan import PlanError, UnknownRevisionError
from alembic_zero_downtime.plan.lock_sampler import lock_sampler
from alembic_zero_downtime.plan.results import TracedConnection
from alembic_zero_downtime.plan.schema_copy import Copy
from alembic_zero_downtime.plan.statistics import Rows, read_rows
from alembic_zero_downtime.plan.target import Table
from alembic_zero_downtime.plan.traced import TracedRevision, TracedStatement
from alembic_zero_downtime.plan.tracer import StatementTracer

ATTEMPTS = 2
REST = "-- the rest"


class _RetryError(Exception):
    """The revision is to be run once more, on a new connection."""


def trace(
    copy: Copy,
    environment: MigrationEnvironment,
    tables: Mapping[str, Table],
    report: Callable[[str], object] = lambda _: None,
) -> list[TracedRevision]:
    """Run the pending revisions on the copy, and return their statements and effects.

    The effects of a statement that needs a superuser, or rows of the target, are not known. If one
    has been left out, or an object of the target is not copied, the same holds for a statement that
    fails.

    Args:
        copy: the copy.
        environment: of the revisions.
        tables: of the target, by name.
        report: called with each revision, to show progress.

    Raises:
        PlanError: A revision cannot be applied, whatever rows there are.
    """
    connect = {"connection_factory": TracedConnection}
    engine = create_engine(copy.sandbox.url, poolclass=NullPool, connect_args=connect)
    try:
        with lock_sampler(copy.sandbox.admin) as sampler:
            tracer = StatementTracer(sampler, copy, read_rows(engine, tables, copy.version))
            Trial(tracer, environment, report).run(engine)
    finally:
        engine.dispose()
    return tracer.traced


class Trial:
    """The attempts to run each revision."""

    def __init__(
        self,
        tracer: StatementTracer,
        environment: MigrationEnvironment,
        report: Callable[[str], object],
    ) -> None:
        self._tracer = tracer
        self._environment = environment
        self._report = report
        self._attempts: Counter[str] = Counter()
        self._longest: list[TracedStatement] = []
        self._reason = ""
        self._rows: Rows = tracer.rows
        self._legacy = find_legacy_revisions(environment.project, environment.scripts)

    def run(self, engine: Engine) -> None:
        """Run all revisions.

        Raises:
            PlanError: One of them fails, whatever rows there are.
        """
        while True:
            try:
                with engine.connect() as worker, _without_other_connections():
                    self._run(worker)
            except _RetryError:
                continue
            except PlanError:
                raise
            except (Exception, SystemExit) as error:
                raise PlanError(
                    f"{self._tracer.revision} fails on a copy of the schema: "
                    f"{describe_error(error)}"
                ) from error
            return

    def _run(self, worker: Any) -> None:
        version_table = str(self._environment.project.version_table.name)
        self._tracer.attach(worker, version_table)
        with self._environment.open(worker, steps=self._steps) as opened:
            self._environment.run(opened)

    def _steps(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
        """Yield the steps that are left, as Alembic's `fn`."""
        scripts = self._environment.scripts
        for step in upgrade_steps(scripts, scripts.get_heads())(heads, context):
            if isinstance(step, RevisionStep):
                self._begin(step)
                yield step

    def _begin(self, step: RevisionStep) -> None:
        name = step.revision.revision
        attempt = self._attempts[name]
        if attempt == 0:
            self._report(f"Running {name}")
            self._longest = []
        self._tracer.begin(step.revision, may_commit=name in self._legacy)
        self._rows = self._tracer.rows.copy()
        self._tracer.uses_stand_ins = attempt > 0
        upgrade = step.migration_fn

        def run(**arguments: Any) -> None:
            if attempt == ATTEMPTS:
                self._keep_longest()
            else:
                self._try(name, lambda: upgrade(**arguments))

        step.migration_fn = run

    def _try(self, name: str, upgrade: Callable[[], object]) -> None:
        """Run a revision; if it depends on rows, let it be run once more or stop there.

        Raises:
            _RetryError: It is to be run once more.
            Exception: Any error that does not depend on rows.
        """
        tracer = self._tracer
        try:
            if tracer.uses_stand_ins:
                tracer.ignore_foreign_keys()
            upgrade()
            tracer.check_constraints()
        except (Exception, SystemExit) as error:
            if not self._depends_on_rows(error):
                raise
            if not self._reason:
                self._reason = describe_error(error)
            statements = tracer.traced[-1].statements
            if len(statements) >= len(self._longest):
                self._longest = list(statements)
            if tracer.uses_stand_ins and tracer.is_in_transaction:
                self._keep_longest()
                return
            self._attempts[name] += 1
            tracer.traced.pop()
            tracer.has_looked = False
            tracer.rows = self._rows
            raise _RetryError from error
        if tracer.uses_stand_ins:
            self._explain_failure()
        self._reason = ""

    def _depends_on_rows(self, error: BaseException) -> bool:
        tracer = self._tracer
        if isinstance(error, PlanError):
            return bool(tracer.traced) and isinstance(error, UnknownRevisionError)
        # In a further attempt, the first one has depended on rows.
        return tracer.has_looked or tracer.is_incomplete or tracer.uses_stand_ins

    def _keep_longest(self) -> None:
        """Let the revision end where it stops on the copy."""
        tracer = self._tracer
        tracer.traced[-1].statements = self._longest
        tracer.leave_out(REST, f"the revision cannot be run on the copy: {self._reason}")
        tracer.has_looked = True
        self._reason = ""

    def _explain_failure(self) -> None:
        """Show why the revision has been run with rows that stand in for the target's."""
        statements = self._tracer.traced[-1].statements
        reason = f"the revision cannot be run on the copy without them: {self._reason}"
        for number, each in enumerate(statements):
            if each.unknown:
                statements[number] = replace(each, unknown=f"{each.unknown}; {reason}")
                return
        whole = TracedStatement("-- the whole revision", "", unknown=self._reason)
        statements.append(whole)


@contextmanager
def _without_other_connections() -> Iterator[None]:
    """Refuse each further connection of SQLAlchemy, and of psycopg2 if a revision opens it itself.

    Its statements would not be traced, and may reach another database. An operation of this library
    may watch its own progress from another thread.
    """
    thread = threading.get_ident()
    connect = psycopg2.connect

    def refuse(*_: object) -> None:
        if threading.get_ident() != thread:
            return
        raise UnknownRevisionError(
            "a revision opens a separate connection: the plan cannot trace it"
        )

    def refuse_revisions(*arguments: Any, **options: Any) -> Any:
        if is_of_revision(sys._getframe(1)):  # noqa: SLF001 documented for CPython
            refuse()
        return connect(*arguments, **options)

    event.listen(Engine, "do_connect", refuse)
    psycopg2.connect = refuse_revisions
    try:
        yield
    finally:
        psycopg2.connect = connect
        event.remove(Engine, "do_connect", refuse)

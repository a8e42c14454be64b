"""Trace the statements of a session on the copy: their effects, and what is not known of them."""

import re
import time
from dataclasses import replace
from typing import Any

import psycopg2
from alembic.script import Script
from psycopg2 import errorcodes, extensions

from alembic_zero_downtime.embedded.sandbox import (
    controls_transaction,
    reason_unknown,
    run_in_savepoint,
)
from alembic_zero_downtime.operations.context import is_in_online_operation
from alembic_zero_downtime.plan import PlanError, UnknownRevisionError, missing_rows
from alembic_zero_downtime.plan.consequences import Consequences, find_consequences
from alembic_zero_downtime.plan.details import Details
from alembic_zero_downtime.plan.effect import SnapshotDiff
from alembic_zero_downtime.plan.lock_modes import Lock
from alembic_zero_downtime.plan.lock_sampler import LockSampler
from alembic_zero_downtime.plan.results import Execution, observe
from alembic_zero_downtime.plan.row_changes import RowChanges
from alembic_zero_downtime.plan.row_estimates import Estimate, estimate_code, estimate_rows
from alembic_zero_downtime.plan.schema_copy import Copy
from alembic_zero_downtime.plan.snapshot import SessionSnapshots, Snapshot
from alembic_zero_downtime.plan.statement_kinds import (
    READ_ONLY,
    VACUUM_WAIT,
    is_query,
    maintenance_of,
    may_branch,
    pattern_of_names,
)
from alembic_zero_downtime.plan.statistics import Rows
from alembic_zero_downtime.plan.target import Table
from alembic_zero_downtime.plan.traced import TracedRevision, TracedStatement
from alembic_zero_downtime.sql import without_quoted
from alembic_zero_downtime.tables import MIGRATION_TABLES

NOT_IN_A_TRANSACTION = (
    errorcodes.ACTIVE_SQL_TRANSACTION,
    errorcodes.INVALID_TRANSACTION_TERMINATION,
)
LONG = 1.0  # seconds on the copy; less may be due to other work of this machine
REPLICA = "SET LOCAL session_replication_role = {}"
CHECK_CONSTRAINTS = "SET CONSTRAINTS ALL IMMEDIATE"


class StatementTracer:
    """Executes every statement of the worker session, and takes a snapshot before and after it.

    Attributes:
        traced: the revisions and their statements.
        rows: the rows of the target, as the statements change them.
        uses_stand_ins: whether one row stands in for those of the target that lack in a result.
        is_incomplete: whether something that later statements may need was left out.
        has_looked: whether the running revision has used a result that lacks rows.
    """

    def __init__(self, sampler: LockSampler, copy: Copy, rows: Rows) -> None:
        self.traced: list[TracedRevision] = []
        self.rows = rows
        self.uses_stand_ins = False
        self.is_incomplete = bool(copy.missing)
        self.has_looked = False
        self._sampler = sampler
        self._sandbox = copy.sandbox
        self._data_directory = sampler.read_data_directory()
        self._migration_tables = re.compile("")
        self._may_commit = False
        self._held = dict[str, Lock]()
        self._stood_in: set[str] = set()

    def attach(self, worker: Any, version_table: str) -> None:
        """Trace the statements of a SQLAlchemy connection."""
        self._worker = worker
        self._driver: Any = worker.connection.dbapi_connection
        self._snapshots = SessionSnapshots(self._driver)
        self._changes = RowChanges(self.rows, self._driver)
        self._migration_tables = pattern_of_names(version_table, *MIGRATION_TABLES)
        observe(worker.engine, self._driver, self)

    def begin(self, script: Script, *, may_commit: bool) -> None:
        """Begin a revision; `may_commit` if it may end its transaction by itself."""
        self._may_commit = may_commit
        if self.has_looked:
            self._forget()
        self.traced.append(TracedRevision(script))
        self.has_looked = False
        self._stood_in = set()

    def leave_out(self, sql: str, reason: str, transaction: str = "") -> None:
        """Record a statement, or a part of the revision, that has not run."""
        self.is_incomplete = True
        self._add(TracedStatement(" ".join(sql.split()), transaction, unknown=reason))

    def execute(self, execution: Execution) -> None:
        """Execute a statement, and trace it.

        Raises:
            psycopg2.Error: It fails, whatever rows there are.
            PlanError: It ends the transaction, which only Alembic may do.
        """
        # After a COMMIT of the revision, the driver does not begin another transaction.
        has_committed = self._is_idle and self._driver.status == extensions.STATUS_BEGIN
        if self._driver.autocommit or has_committed:
            self._run_in_autocommit(execution)
            return
        self._run_in_transaction(execution)
        if self._is_idle and not self._may_commit:
            raise PlanError(
                f"{self.revision} ends its transaction by itself: leave COMMIT and ROLLBACK to "
                "Alembic, or use an autocommit_block()"
            )

    def see(self, execution: Execution) -> bool:
        """Note that the revision uses a result; return whether it lacks rows of the target."""
        if not (execution.lacking and self.traced) or is_in_online_operation(self._worker):
            return False
        if not self.has_looked:
            reason = missing_rows.reason_for_result(execution.lacking, self._held)
            self._explain(execution, reason)
        self.has_looked = True
        is_first = execution.sql not in self._stood_in
        self._stood_in.add(execution.sql)
        return is_first

    def forget_snapshot(self) -> None:
        """Read the whole state again before the next statement: a transaction is rolled back."""
        self._snapshots.forget()

    def check_constraints(self) -> None:
        """Check the deferred constraints, which would otherwise fail at the commit.

        Raises:
            UnknownRevisionError: One is violated, for lack of rows of the target.
            psycopg2.Error: One is violated, whatever rows there are.
        """
        if not self.is_in_transaction:
            return
        try:
            run_in_savepoint(self._driver, "", lambda: self._command(CHECK_CONSTRAINTS))
        except psycopg2.Error as error:
            message = error.diag.message_primary or str(error)
            if tables := self._lacking_for(error, None, None):
                reason = missing_rows.reason_for_failure(message, tables)
                raise UnknownRevisionError(reason) from error
            raise

    def ignore_foreign_keys(self) -> None:
        """Let the transaction fire no trigger, and so check no foreign key."""
        self._command(REPLICA.format("replica"))

    @property
    def is_in_transaction(self) -> bool:
        """Whether the transaction can go on."""
        is_open = self._driver.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS
        return bool(is_open and self._worker.in_transaction())

    @property
    def _is_idle(self) -> bool:
        return bool(self._driver.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE)

    @property
    def revision(self) -> str:
        """The running revision, in a message."""
        running = [traced.script.revision for traced in self.traced[-1:]]
        return f"revision {running[0]}" if running else "the setup before the first revision"

    def _run_in_autocommit(self, execution: Execution) -> None:
        """Run a statement of an autocommit block: in its own transaction, if it can run in one."""
        if controls_transaction(execution.sql):
            execution.run()
            self._snapshots.forget()
            return
        if not self._is_idle:  # after its BEGIN
            self._run_in_transaction(execution)
            return
        with self._cursor() as cursor:
            cursor.execute("BEGIN")
            self._snapshots.renew()
            try:
                self._run_in_transaction(execution)
                cursor.execute("COMMIT")
            except psycopg2.Error as error:
                cursor.execute("ROLLBACK")
                if error.pgcode not in NOT_IN_A_TRANSACTION:
                    raise
            else:
                return
        before = self._snapshots.take_before()
        tables = [oid for oid, table in self.rows.tables.items() if not table.is_new]
        try:
            pid = self._driver.info.backend_pid
            with self._sampler.sample(pid, execution.sql, tables) as locks:
                execution.run()
        except psycopg2.Error as error:
            self._recover(execution, before, error)
            return
        self._record(execution, before, None, sampled_locks=locks, is_transactional=False)

    def _run_in_transaction(self, execution: Execution) -> None:
        before = self._snapshots.take_before()
        is_read = is_query(without_quoted(execution.sql))
        estimate = None if is_read else self._estimate(execution)
        began = time.perf_counter()
        try:
            run_in_savepoint(self._driver, execution.sql, execution.run)
        except psycopg2.Error as error:
            self._recover(execution, before, error, estimate)
            return
        execution.seconds = time.perf_counter() - began
        if self._driver.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS:
            self._record(execution, before, estimate)

    def _estimate(self, execution: Execution) -> Estimate | None:
        arguments = self._driver, execution.sql, self.rows, self._data_directory
        found = estimate_rows(*arguments)
        if found is None and not may_branch(execution.sql):
            found = estimate_code(*arguments)
        return found.repeated(execution.times) if found else None

    def _recover(
        self,
        execution: Execution,
        before: Snapshot,
        error: psycopg2.Error,
        estimate: Estimate | None = None,
    ) -> None:
        """Go on without a statement that fails for lack of a superuser or of rows.

        An extension is installed by this library's superuser instead.

        Raises:
            psycopg2.Error: It fails for another reason.
        """
        if error.pgcode in NOT_IN_A_TRANSACTION:
            raise error
        reason = reason_unknown(error, execution.sql)
        if reason and self._sandbox.install_for(execution.sql, self._read_current_schema()):
            self._snapshots.forget()
            if self.traced:
                self._add(self._shown(execution, before.transaction))
            return
        message = error.diag.message_primary or str(error)
        if not reason and (tables := self._lacking_for(error, before, estimate)):
            reason = missing_rows.reason_for_failure(message, tables)
            if missing_rows.is_missing_parent(error) and self._run_without_foreign_keys(execution):
                self._add(self._shown(execution, before.transaction, unknown=reason))
                return
        reason = reason or (message if self.is_incomplete else None)
        if reason is None or not self.traced:
            raise error
        self.leave_out(execution.sql, reason, before.transaction)

    def _lacking_for(
        self, error: psycopg2.Error, before: Snapshot | None, estimate: Estimate | None
    ) -> list[Table]:
        """Return the tables whose missing rows may be the cause of an error."""
        if not missing_rows.depends_on_values(error):
            return []
        oids = set(estimate.reads) if estimate else set()
        if before:
            oids |= before.reads_until(self._snapshots.take_after_failure(before))
        if missing_rows.is_missing_parent(error):
            name, schema = error.diag.constraint_name, error.diag.schema_name
            oids |= {oid for (oid,) in self._command(missing_rows.FOREIGN_KEY, name, schema)}
        return [self.rows.tables[oid] for oid in oids if self.rows.lacks_rows(oid)]

    def _run_without_foreign_keys(self, execution: Execution) -> bool:
        """Run a statement without the triggers that check foreign keys; return whether it ran."""
        (previous,) = self._command("SHOW session_replication_role")[0]

        def run() -> None:
            self._command(REPLICA.format("replica"))
            execution.run()
            self._command(REPLICA.format(previous))

        try:
            run_in_savepoint(self._driver, execution.sql, run)
        except psycopg2.Error:
            return False
        self._snapshots.forget()
        return True

    def _record(
        self, execution: Execution, before: Snapshot, estimate: Estimate | None, **sampled: Any
    ) -> None:
        """Record the statement, unless it only reads or works on the migration tables."""
        bare = without_quoted(execution.sql)
        is_read = is_query(bare)
        is_transactional = sampled.get("is_transactional", True)
        after = self._snapshots.take_after(before, is_transactional=is_transactional)
        if controls_transaction(execution.sql):
            self._snapshots.forget()
        reads = before.reads_until(after) | (estimate.reads if estimate else frozenset())
        lacking = [self.rows.tables[oid] for oid in reads if self.rows.lacks_rows(oid)]
        branches = bool(lacking) and may_branch(execution.sql)
        if is_read and lacking:
            estimate = self._estimate(execution)
            # A function reads what the plan of the query does not.
            branches = not (estimate and self._is_read_by(after, lacking, estimate))
            estimate = None if branches else estimate
        difference = SnapshotDiff(
            before,
            after,
            self.rows.tables,
            estimate=estimate,
            maintenance=maintenance_of(execution.sql),
            **sampled,
        )
        details = Details(self._driver, self.rows, self._data_directory)
        effects = tuple(
            details.add(each, execution.sql, before, after, estimate)
            for each in difference.effects()
        )
        cost = estimate.cost if estimate and lacking else None
        if effects and is_transactional and not estimate:
            cost = details.validation_cost(effects, before, after)
        self._held = difference.held_locks()
        execution.lacking = lacking
        if not self.traced:
            return
        consequences = Consequences()
        if estimate and lacking:
            consequences = find_consequences(self._driver, estimate, self.rows)
        sql, unknown = execution.sql, consequences.unknown
        reason = missing_rows.reason_for_work(sql, estimate, effects, unknown, self.rows)
        if branches:
            reason = missing_rows.reason_for_block(lacking, self._held)
        if self.has_looked:
            reason = missing_rows.DEPENDS
        is_shown = not (READ_ONLY.match(bare) or self._migration_tables.search(execution.sql))
        filled = self._changes.apply(execution.sql, before, after, effects, estimate)
        is_long = execution.seconds >= LONG and not lacking
        if effects or is_shown or branches or is_long:
            shown = replace(
                self._shown(execution, after.transaction, unknown=reason),
                effects=(*effects, *filled, *consequences.effects),
                cost=cost,
                seconds=execution.seconds if is_long else 0.0,
            )
            execution.place = self._add(shown)

    def _is_read_by(self, now: Snapshot, lacking: list[Table], estimate: Estimate) -> bool:
        """Whether a query itself reads all these tables; of a parent, it reads the partitions."""
        others = self.rows.tables.keys() - estimate.reads
        return not any(
            self.rows.tables[oid] in lacking and now.relations[oid].kind not in ("p", "v")
            for oid in others
        )

    def _shown(
        self, execution: Execution, transaction: str, unknown: str | None = None
    ) -> TracedStatement:
        shown = VACUUM_WAIT.sub("", " ".join(execution.sql.split()))
        return TracedStatement(shown, transaction, unknown=unknown)

    def _add(self, statement: TracedStatement) -> int:
        """Add a statement to the running revision; return its place there."""
        statements = self.traced[-1].statements
        statements.append(statement)
        return len(statements) - 1

    def _explain(self, execution: Execution, reason: str) -> None:
        """Show a statement that has run, with the reason why something is not known."""
        statements = self.traced[-1].statements
        if execution.place is None:
            execution.place = self._add(self._shown(execution, ""))
        statements[execution.place] = replace(statements[execution.place], unknown=reason)
        for number in range(execution.place + 1, len(statements)):
            if statements[number].unknown is None:
                statements[number] = replace(statements[number], unknown=missing_rows.DEPENDS)

    def _forget(self) -> None:
        """Forget what a revision may have changed that has used a result without its rows."""
        for oid, table in self.rows.tables.items():
            self.rows.forget_values(oid)
            if table.is_new:
                self.rows.uncounted.add(oid)

    def _read_current_schema(self) -> str:
        return str(self._command("SELECT pg_catalog.current_schema()")[0][0])

    def _command(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement of the plan itself."""
        with self._cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def _cursor(self) -> Any:
        return self._driver.cursor(cursor_factory=extensions.cursor)

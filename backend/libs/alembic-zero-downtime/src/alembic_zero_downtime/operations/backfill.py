"""Change many rows in batches, each in a short transaction; an interrupted run resumes."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from alembic.operations import Operations
from alembic.operations.ops import MigrateOperation
from sqlalchemy import Connection, Row, inspect
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime._backoff import pauses
from alembic_zero_downtime.errors import TRANSIENT, sqlstate
from alembic_zero_downtime.operations.backfill_sql import (
    CREATE_BACKFILL_TABLE,
    MEGABYTE,
    Backfill,
    BackfillSQL,
    describe_position,
)
from alembic_zero_downtime.operations.context import (
    OnlineContext,
    OnlineOperationError,
    online_context,
)
from alembic_zero_downtime.operations.progress import Progress, show_progress
from alembic_zero_downtime.tables import BACKFILL_TABLE

FIRST_SIZE, LARGEST_SIZE = 1_000, 50_000  # rows per batch
PASSES = 3
ATTEMPTS = 6  # per batch, each at half the size of the previous one
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 5.0  # seconds
SECONDS_BETWEEN_MESSAGES = 10.0

ESTIMATE = "SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = to_regclass(:table)"
IS_UNIQUE_KEY = """
    SELECT FROM pg_index AS i
     WHERE i.indrelid = to_regclass(:table) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
       AND i.indnkeyatts = cardinality(:key)
       AND (SELECT array_agg(a.attname::text ORDER BY k.n)
              FROM unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, n)
              JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                                    AND a.attnotnull
             WHERE k.n <= i.indnkeyatts) = :key
"""
# The replication lag of the slowest standby, and the sessions that wait for a lock on the table.
LAG_AND_LOCK_QUEUE = """
    SELECT (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))
              FROM pg_stat_replication)::float8 AS lag,
           (SELECT count(*) FROM pg_locks
             WHERE NOT granted
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND (relation = to_regclass(:table) OR relation IN
                   (SELECT relid FROM pg_partition_tree(to_regclass(:table))))) AS waiting
"""

IS_EMPTY = f"SELECT NOT EXISTS (SELECT FROM {BACKFILL_TABLE})"

logger = logging.getLogger(__name__)


@Operations.register_operation("batched_backfill")
class BatchedBackfillOp(MigrateOperation):
    """Change many rows in batches; see `op.batched_backfill`."""

    def __init__(self, backfill: Backfill) -> None:
        self.backfill = backfill

    @classmethod
    def batched_backfill(
        cls,
        operations: Operations,
        table_name: str,
        values: Mapping[str, str],
        where: str,
        *,
        key: tuple[str, ...] = ("id",),
        schema: str | None = None,
        target_seconds: float = 0.2,
        pause_seconds: float = 0.02,
        max_lag: int = 64 * MEGABYTE,
    ) -> None:
        """Change the rows that match `where`, in batches, ordered by the key.

        Each batch is one transaction, which also stores the position: an interrupted backfill
        resumes from there. Rows that another transaction has locked are left for the next pass. It
        pauses between batches, longer while a standby lags or a session waits for a lock on the
        table. At the end no row matches `where`. It is idempotent.

        Args:
            operations: given by Alembic.
            table_name: the table.
            values: SQL expressions by column, e.g. `{"method": "'llm'"}`. A subquery reads the
                snapshot of the batch; a VOLATILE function reads the latest committed rows.
            where: the SQL condition of the rows that remain to be changed, e.g. `method IS NULL`.
            key: the columns of a unique index, all of them NOT NULL.
            schema: of the table.
            target_seconds: the duration of a batch, to which its size is adapted.
            pause_seconds: the pause between two batches.
            max_lag: the replication lag of the slowest standby that is accepted, in bytes of WAL.

        Raises:
            OnlineOperationError: There is no such key, new rows that match `where` keep appearing,
                or the revision has changed something before.
            DBAPIError: Row-level security hides rows from the role, or any other error.
        """
        backfill = Backfill(
            table_name, dict(values), where, key, schema, target_seconds, pause_seconds, max_lag
        )
        operations.invoke(cls(backfill))


@Operations.implementation_for(BatchedBackfillOp)
def batched_backfill(operations: Operations, operation: BatchedBackfillOp) -> None:
    """Run the operation, one transaction per batch."""
    with online_context(operations) as online:
        run_backfill(online, operation.backfill)


def run_backfill(online: OnlineContext, backfill: Backfill) -> None:
    """Change all rows that match the backfill's condition.

    Raises:
        OnlineOperationError: There is no such key, or new rows to change keep appearing.
        DBAPIError: Row-level security hides rows from the role, or any other error of the server.
    """
    sql = BackfillSQL(online, backfill)
    # Rows that a policy hides would stay unchanged: let PostgreSQL raise an error instead.
    with online.setting("row_security", "off"):
        if online.is_transactional:
            online.run(sql.single_update())
        elif online.is_offline:
            online.run(sql.as_script())
        else:
            title = f"Backfill of {backfill.table_name}"
            with show_progress(title) as progress:
                runner = BackfillRunner(online, backfill, sql, progress)
                runner.run()
            logger.info("%s: %s rows changed", title, f"{runner.changed:,}")


class BackfillRunner:
    """Runs a backfill from its stored position, in several passes if needed.

    Attributes:
        changed: the number of rows changed so far.
    """

    def __init__(
        self, online: OnlineContext, backfill: Backfill, sql: BackfillSQL, progress: Progress
    ) -> None:
        self._online = online
        self._backfill = backfill
        self._sql = sql
        self._progress = progress
        self._table = online.table(backfill.table_name, backfill.schema)
        self._size = FIRST_SIZE
        self.changed = 0

    def run(self) -> None:
        """Change all rows that match the backfill's condition.

        Raises:
            OnlineOperationError: There is no such key, or new rows to change keep appearing.
        """
        key = list(self._backfill.key)
        if self._online.fetch_row(IS_UNIQUE_KEY, table=self._table, key=key) is None:
            raise OnlineOperationError(
                f"({', '.join(key)}) is not a unique key of {self._table}: pass the columns "
                "of a unique index, all of them NOT NULL, as key=(…)"
            )
        self._online.run(CREATE_BACKFILL_TABLE)
        estimate = self._online.fetch_row(ESTIMATE, table=self._table)
        total = float(estimate[0]) if estimate else 0.0
        for number in range(1, PASSES + 1):
            self._run_pass(number, total)
            self._online.run(self._sql.delete_position())
            if self._fetch(self._sql.select_remaining()) is None:
                return
        raise OnlineOperationError(
            f"after {PASSES} passes {self._table} still has rows where {self._backfill.where}: "
            "the new values do not make the condition false, or the running code keeps writing "
            "such rows. First let the database fill new rows (by a default or a trigger)"
        )

    def _run_pass(self, number: int, total: float) -> None:
        """Run batch after batch until the end of the table."""
        stored = self._fetch(self._sql.select_position())
        last, done = (stored.position, stored.rows_read) if stored else (None, 0)
        if last:
            self._progress.log(f"resumes after {describe_position(self._backfill.key, last)}")
        phase = f"pass {number}" if number > 1 else "rows"
        # The key's index finds a batch; without statistics PostgreSQL may prefer a sequential scan.
        with self._online.setting("enable_seqscan", "off"):
            while True:
                self._throttle()
                end = self._run_batch(last, skip_locked=number == 1)
                if end is None:
                    return
                last, done = end.last, done + end.read
                self._progress.show(phase, done, max(total, done))
                if not end.is_full:  # the database itself fills rows inserted from now on
                    return

    def _run_batch(self, last: str | None, *, skip_locked: bool) -> Row[Any] | None:
        """Change one batch; on a transient error, retry with a smaller one after a pause.

        Returns:
            The end of the batch; None at the end of the table.
        """
        waits = pauses(2 * self._backfill.pause_seconds, LONGEST_PAUSE)
        for attempt in range(1, ATTEMPTS + 1):
            started = time.monotonic()
            try:
                end = self._fetch(self._sql.select_end(last, self._size))
                if end is None:
                    break
                update = self._sql.update_batch(last, end.last, end.read, skip_locked=skip_locked)
                row = self._fetch(update)
            except DBAPIError as error:
                if sqlstate(error) not in TRANSIENT or attempt == ATTEMPTS:
                    raise
                self._size = max(self._size // 2, 1)
                self._progress.log("paused: another transaction has locked rows of the batch")
                time.sleep(next(waits))
            else:
                self.changed += row[0] if row else 0
                self._adapt(time.monotonic() - started)
                return end
        return None

    def _adapt(self, seconds: float) -> None:
        """Adapt the batch size to the target duration, by a factor between 0.5 and 2."""
        factor = self._backfill.target_seconds / max(seconds, 0.001)
        self._size = min(max(int(self._size * min(max(factor, 0.5), 2)), 1), LARGEST_SIZE)

    def _throttle(self) -> None:
        """Pause; longer while a standby lags or a session waits for a lock on the table."""
        pause = self._backfill.pause_seconds
        time.sleep(pause)
        waits, next_message = pauses(max(2 * pause, SHORTEST_PAUSE), LONGEST_PAUSE), 0.0
        while reason := self._reason_to_wait():
            if time.monotonic() >= next_message:
                self._progress.log(f"paused: {reason}")
                next_message = time.monotonic() + SECONDS_BETWEEN_MESSAGES
            time.sleep(next(waits))

    def _reason_to_wait(self) -> str | None:
        """Return why the next batch has to wait, or None."""
        row = self._online.fetch_row(LAG_AND_LOCK_QUEUE, table=self._table)
        if row and (row.lag or 0) > self._backfill.max_lag:
            return f"a standby is {row.lag / MEGABYTE:,.0f} MB behind"
        if row and row.waiting:
            return f"{row.waiting} session(s) waiting for a lock on the table"
        return None

    def _fetch(self, statement: str) -> Row[Any] | None:
        return self._online.connection.exec_driver_sql(
            statement, execution_options={"no_parameters": True}
        ).first()


def drop_empty_positions(connection: Connection) -> None:
    """Drop the table of backfill positions if no backfill is unfinished; commits.

    So a migrated database has the same tables as one built by `alembic upgrade --sql`.
    """
    with connection.begin():
        if not inspect(connection).has_table(BACKFILL_TABLE):
            return
        connection.exec_driver_sql(f"LOCK TABLE {BACKFILL_TABLE} IN ACCESS EXCLUSIVE MODE")
        if connection.exec_driver_sql(IS_EMPTY).scalar_one():
            connection.exec_driver_sql(f"DROP TABLE {BACKFILL_TABLE}")

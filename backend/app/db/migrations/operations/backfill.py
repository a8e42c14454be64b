"""Change many rows in batches, each a short transaction, from where the last run has ended."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from alembic.operations import Operations
from alembic.operations.ops import MigrateOperation
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from app.db.migrations.failure import sqlstate
from app.db.migrations.operations.batch import MEGABYTE, POSITIONS, Backfill, Statement
from app.db.migrations.operations.progress import Progress, showing
from app.db.migrations.operations.steps import OnlineOperationError, Steps, taking_steps

FIRST_SIZE, LARGEST_SIZE = 1_000, 50_000  # rows a batch
PASSES = 3
ATTEMPTS = 6  # at one batch, each of half the size
LONGEST_PAUSE = 5.0  # seconds
SECONDS_BETWEEN_WORDS = 10.0
IN_THE_WAY = {
    "55P03": "lock_not_available",
    "40P01": "deadlock_detected",
    "40001": "serialization_failure",
}

ESTIMATE = "SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = to_regclass(:table)"
IS_KEY = """
    SELECT FROM pg_index AS i
     WHERE i.indrelid = to_regclass(:table) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
       AND i.indnkeyatts = cardinality(:key)
       AND (SELECT array_agg(a.attname::text ORDER BY k.n)
              FROM unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, n)
              JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                                    AND a.attnotnull
             WHERE k.n <= i.indnkeyatts) = :key
"""
# How much WAL the slowest standby has still to replay, and who waits for a lock on the table.
STRAIN = """
    SELECT (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))
              FROM pg_stat_replication)::float8 AS lag,
           (SELECT count(*) FROM pg_locks
             WHERE NOT granted AND (relation = to_regclass(:table) OR relation IN
                   (SELECT relid FROM pg_partition_tree(to_regclass(:table))))) AS waiting
"""

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
        """Change the rows that fulfil `where`, in batches in the order of the key.

        A batch is one transaction, which also keeps the position: what is killed goes on from
        there. Rows that somebody works on are left for the next pass. Between two batches it
        pauses, longer while a standby lags behind or somebody waits for a lock on the table.
        At the end no row fulfils `where`. Running it twice does no harm.

        Args:
            operations: given by Alembic.
            table_name: the table.
            values: SQL expressions by column, e.g. `{"method": "'llm'"}`. What one reads in another
                table is as old as the batch; a VOLATILE function reads what is there now.
            where: the SQL condition of a row that is still to be changed, e.g. `method IS NULL`.
            key: columns of a unique index that are never NULL.
            schema: of the table.
            target_seconds: what a batch should take; its size is adapted to it.
            pause_seconds: between two batches.
            max_lag: bytes of WAL that the slowest standby may have still to replay.

        Raises:
            OnlineOperationError: There is no such key, rows that fulfil `where` keep appearing, or
                the revision has changed something before.
        """
        backfill = Backfill(
            table_name, dict(values), where, key, schema, target_seconds, pause_seconds, max_lag
        )
        operations.invoke(cls(backfill))


@Operations.implementation_for(BatchedBackfillOp)
def batched_backfill(operations: Operations, operation: BatchedBackfillOp) -> None:
    """Take the steps: here each batch is one."""
    with taking_steps(operations) as steps:
        fill(steps, operation.backfill)


def fill(steps: Steps, backfill: Backfill) -> None:
    """Change all rows that are to be changed.

    Raises:
        OnlineOperationError: There is no such key, or rows to change keep appearing.
    """
    statement = Statement(steps, backfill)
    if steps.is_rehearsal:
        steps.run(statement.at_once())
    elif steps.is_offline:
        steps.run(statement.as_script())
    else:
        title = f"Backfill of {backfill.table_name}"
        with showing(title) as progress:
            run = Run(steps, backfill, statement, progress)
            run.run()
        logger.info("%s: %s rows changed", title, f"{run.changed:,}")


class Run:
    """One run of a backfill, from the kept position to the end of the table, again if need be.

    Attributes:
        changed: how many rows it has changed so far.
    """

    def __init__(
        self, steps: Steps, backfill: Backfill, statement: Statement, progress: Progress
    ) -> None:
        self._steps = steps
        self._backfill = backfill
        self._statement = statement
        self._progress = progress
        self._table = steps.table(backfill.table_name, backfill.schema)
        self._size = FIRST_SIZE
        self.changed = 0

    def run(self) -> None:
        """Change all rows that are to be changed.

        Raises:
            OnlineOperationError: There is no such key, or rows to change keep appearing.
        """
        key = list(self._backfill.key)
        if self._steps.ask(IS_KEY, table=self._table, key=key) is None:
            raise OnlineOperationError(
                f"({', '.join(key)}) is no key of {self._table}: name the columns "
                "of a unique index that are never NULL, as key=(…)"
            )
        self._steps.run(POSITIONS)
        estimate = self._steps.ask(ESTIMATE, table=self._table)
        total = float(estimate[0]) if estimate else 0.0
        for number in range(1, PASSES + 1):
            self._pass_through(number, total)
            self._steps.run(self._statement.forget())
            if self._ask(self._statement.is_left()) is None:
                return
        raise OnlineOperationError(
            f"after {PASSES} passes {self._table} still has rows where {self._backfill.where}: "
            "the new values do not change that, or code that runs keeps writing such rows. Let "
            "the database do it for new rows first (a default or a trigger)"
        )

    def _pass_through(self, number: int, total: float) -> None:
        """Take batch after batch until the end of the table."""
        kept = self._ask(self._statement.position())
        last, done = (kept.position, kept.rows_read) if kept else (None, 0)
        if kept:
            self._progress.say(f"goes on after {last}")
        phase = f"pass {number}" if number > 1 else "rows"
        # A batch is found by the key; without statistics PostgreSQL may choose to read all rows.
        with self._steps.setting("enable_seqscan", "off"):
            while True:
                self._let_others_pass()
                end = self._take_batch(last, skips=number == 1)
                if end is None:
                    return
                last, done = end.last, done + end.read
                self._progress.show(phase, done, max(total, done))
                if not end.is_full:  # what comes in from now on, the database writes right
                    return

    def _take_batch(self, last: str | None, *, skips: bool) -> Row[Any] | None:
        """Change one batch; where somebody is in the way, a smaller one after a while.

        Returns:
            Where it ended; nothing at the end of the table.
        """
        for attempt in range(1, ATTEMPTS + 1):
            began = time.monotonic()
            try:
                end = self._ask(self._statement.next_batch(last, self._size))
                if end is None:
                    break
                row = self._ask(self._statement.batch(last, end.last, end.read, skips=skips))
            except DBAPIError as error:
                if sqlstate(error) not in IN_THE_WAY or attempt == ATTEMPTS:
                    raise
                self._size = max(self._size // 2, 1)
                self._progress.say("waits: somebody holds rows that are to be changed")
                time.sleep(min(self._backfill.pause_seconds * 2**attempt, LONGEST_PAUSE))
            else:
                self.changed += row[0] if row else 0
                self._adapt(time.monotonic() - began)
                return end
        return None

    def _adapt(self, seconds: float) -> None:
        """Let the next batch take what a batch should, going no more than twice as far."""
        factor = self._backfill.target_seconds / max(seconds, 0.001)
        self._size = min(max(int(self._size * min(max(factor, 0.5), 2)), 1), LARGEST_SIZE)

    def _let_others_pass(self) -> None:
        """Pause: longer while a standby lags, or somebody queues for the table."""
        pause = self._backfill.pause_seconds
        time.sleep(pause)
        next_word = 0.0
        while strain := self._strain():
            if time.monotonic() >= next_word:
                self._progress.say(f"waits: {strain}")
                next_word = time.monotonic() + SECONDS_BETWEEN_WORDS
            pause = min(max(pause, 0.01) * 2, LONGEST_PAUSE)
            time.sleep(pause)

    def _strain(self) -> str | None:
        """Say what the server has to get over before the next batch."""
        row = self._steps.ask(STRAIN, table=self._table)
        if row and (row.lag or 0) > self._backfill.max_lag:
            return f"a standby is {row.lag / MEGABYTE:,.0f} MB behind"
        if row and row.waiting:
            return f"{row.waiting} queue for a lock on the table"
        return None

    def _ask(self, question: str) -> Row[Any] | None:
        return self._steps.connection.exec_driver_sql(
            question, execution_options={"no_parameters": True}
        ).first()

"""The SQL of a backfill: which rows a batch has, what it changes, and where it ends."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from app.db.migrations import BACKFILL_TABLE
from app.db.migrations.operations.steps import Steps

OFFLINE_SIZE = 5_000  # rows a batch where nothing is measured
LAST = "@last@"  # stands for the last key in a script
MEGABYTE = 2**20

# Where each backfill is: a table of the migrations, like Alembic's own. A position is a row of
# SQL literals with their types, so that a key may be of any type.
POSITIONS = f"""
CREATE TABLE IF NOT EXISTS {BACKFILL_TABLE} (
    backfill text PRIMARY KEY, position text NOT NULL, rows_read bigint NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(), moved_at timestamptz NOT NULL
)"""


@dataclass(frozen=True)
class Backfill:
    """What to change in which rows, and how gently.

    Attributes:
        table_name: the table.
        values: SQL expressions by column.
        where: the SQL condition of a row that is still to be changed; false afterwards.
        key: columns of a unique index, none of which is ever NULL.
        schema: of the table.
        target_seconds: what a batch should take, which its size is adapted to.
        pause_seconds: between two batches.
        max_lag: bytes of WAL that a standby may have still to replay.
    """

    table_name: str
    values: Mapping[str, str]
    where: str
    key: tuple[str, ...] = ("id",)
    schema: str | None = None
    target_seconds: float = 0.2
    pause_seconds: float = 0.02
    max_lag: int = 64 * MEGABYTE

    @property
    def name(self) -> str:
        """What the backfill is known by; another one if it does anything else."""
        parts = repr((self.schema, self.table_name, sorted(self.values.items()), self.where))
        digest = hashlib.sha256(parts.encode()).hexdigest()[:12]
        return f"{self.table_name}.{'+'.join(self.values)} {digest}"


class Statement:
    """The SQL of one backfill."""

    def __init__(self, steps: Steps, backfill: Backfill) -> None:
        self._backfill = backfill
        self._table = steps.table(backfill.table_name, backfill.schema)
        self._name = "'" + backfill.name.replace("'", "''") + "'"
        self._own = steps.quote(backfill.table_name)
        self._keys = [f"{self._own}.{steps.quote(each)}" for each in backfill.key]
        self._aliases = [f"batch_key_{number}" for number, _ in enumerate(backfill.key, 1)]
        self._set = ", ".join(
            f"{steps.quote(column)} = {value}" for column, value in backfill.values.items()
        )

    def at_once(self) -> str:
        """Return the plain UPDATE."""
        return f"UPDATE {self._table} SET {self._set} WHERE {self._backfill.where}"

    def is_left(self) -> str:
        """Return the question whether any row is still to be changed."""
        return f"SELECT FROM {self._table} WHERE {self._backfill.where} LIMIT 1"

    def step(self, last: str | None, size: int, *, skips: bool) -> str:
        """Return the statement that changes a batch and keeps the position (see `_answer`)."""
        return f"""WITH {self._batch(last, size, skips=skips)}, moved AS (
    INSERT INTO {BACKFILL_TABLE} AS kept (backfill, position, rows_read, moved_at)
    SELECT {self._name}, {self._position}, (SELECT count(*) FROM batch), clock_timestamp()
      FROM last
        ON CONFLICT (backfill) DO UPDATE SET position = excluded.position,
           rows_read = kept.rows_read + excluded.rows_read, moved_at = excluded.moved_at
)
{self._answer}"""

    def position(self) -> str:
        """Return the question for the kept position and the rows that were read until there."""
        return f"SELECT position, rows_read FROM {BACKFILL_TABLE} WHERE backfill = {self._name}"

    def forget(self) -> str:
        """Return the statement that ends the backfill, or lets it begin anew."""
        return f"DELETE FROM {BACKFILL_TABLE} WHERE backfill = {self._name}"

    def as_script(self) -> str:
        """Return a block for psql, which commits after each batch: no transaction is around it."""
        first = f"WITH {self._batch(None, OFFLINE_SIZE, skips=False)} {self._answer}"
        after = f"WITH {self._batch(LAST, OFFLINE_SIZE, skips=False)} {self._answer}"
        return f"""DO $backfill$
DECLARE
    rows_read bigint;
    rows_changed bigint;
    last text;
BEGIN
    EXECUTE $first${first}$first$ INTO rows_read, rows_changed, last;
    WHILE last IS NOT NULL LOOP
        COMMIT;
        EXECUTE replace($next${after}$next$, '{LAST}', last)
           INTO rows_read, rows_changed, last;
    END LOOP;
END
$backfill$"""

    def _batch(self, last: str | None, size: int, *, skips: bool) -> str:
        """Return the CTEs of a batch: `batch` has its keys, `filled` what was changed.

        Rows are locked in the order of the key. A row that another transaction holds is skipped,
        or waited for. NO KEY: a foreign key may be checked against it meanwhile.
        """
        keys, aliases = ", ".join(self._keys), ", ".join(self._aliases)
        named = ", ".join(f"{k} AS {a}" for k, a in zip(self._keys, self._aliases, strict=True))
        down = ", ".join(f"{each} DESC" for each in self._aliases)
        after = f"WHERE ({keys}) > ({last})" if last else ""
        return f"""batch AS MATERIALIZED (
    SELECT {named} FROM {self._table} {after} ORDER BY {keys} LIMIT {size}
), last AS (
    SELECT {aliases} FROM batch ORDER BY {down} LIMIT 1
), held AS MATERIALIZED (
    SELECT {aliases} FROM {self._table} JOIN batch ON ({keys}) = ({aliases})
     WHERE {self._backfill.where}
     ORDER BY {aliases} FOR NO KEY UPDATE OF {self._own}{" SKIP LOCKED" if skips else ""}
), filled AS (
    UPDATE {self._table} SET {self._set} FROM held WHERE ({keys}) = ({aliases}) RETURNING 1
)"""

    @property
    def _position(self) -> str:
        """The expression for the last key of a batch, as a row of SQL literals."""
        return " || ', ' || ".join(
            f"format('%L::%s', {each}, pg_typeof({each}))" for each in self._aliases
        )

    @property
    def _answer(self) -> str:
        """The rows that were read and changed, and the last key; NULL at the table's end."""
        return f"""SELECT (SELECT count(*) FROM batch) AS read,
       (SELECT count(*) FROM filled) AS changed, (SELECT {self._position} FROM last) AS last"""

"""The SQL of a backfill: which rows a batch has, what it changes, and where it ends."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from app.db.migrations import BACKFILL_TABLE
from app.db.migrations.operations.steps import Steps

OFFLINE_SIZE = 5_000  # rows a batch where nothing is measured
AFTER, LAST = "@after@", "@last@"  # stand in a script for where a batch begins and ends
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
        what = (self.schema, self.table_name, self.key, sorted(self.values.items()), self.where)
        digest = hashlib.sha256(repr(what).encode()).hexdigest()[:12]
        return f"{self.table_name}.{'+'.join(self.values)} {digest}"


class Statement:
    """The SQL of one backfill.

    A batch is said by two keys: after the one, up to the other. So the table's own index finds it,
    however many rows it has; a join with a list of keys may read the whole table.
    """

    def __init__(self, steps: Steps, backfill: Backfill) -> None:
        self._where = f"({backfill.where}\n)"  # it may end in a comment
        self._table = steps.table(backfill.table_name, backfill.schema)
        self._name = steps.literal(backfill.name)
        self._literal = steps.literal
        self._own = steps.quote(backfill.table_name)
        keys = [f"{self._own}.{steps.quote(each)}" for each in backfill.key]
        aliases = [f"backfill_key_{number}" for number, _ in enumerate(keys, 1)]
        self._keys, self._aliases = ", ".join(keys), ", ".join(aliases)
        self._named = ", ".join(f"{k} AS {a}" for k, a in zip(keys, aliases, strict=True))
        # A row of literals with their types, so that a key may be of any type. Without the -1,
        # char(9) would be written as character, which is char(1).
        self._position = " || ', ' || ".join(
            f"format('%L::%s', {each}, format_type(pg_typeof({each}), -1))" for each in aliases
        )
        self._set = ", ".join(
            f"{steps.quote(column)} = {value}" for column, value in backfill.values.items()
        )

    def at_once(self) -> str:
        """Return the plain UPDATE."""
        return f"UPDATE {self._table} SET {self._set} WHERE {self._where}"

    def is_left(self) -> str:
        """Return the question whether any row is still to be changed."""
        return f"SELECT FROM {self._table} WHERE {self._where} LIMIT 1"

    def next_batch(self, last: str | None, size: int) -> str:
        """Return the question for the last key of the next batch, and how many rows it has."""
        return self._end_of_batch(self._after(last), size)

    def batch(self, last: str | None, end: str, read: int, *, skips: bool) -> str:
        """Return the statement that changes the rows of a batch and keeps the position.

        Rows are locked in the order of the key. A row that another transaction holds is skipped,
        or waited for. NO KEY: a foreign key may be checked against it meanwhile.
        """
        rows = f"{self._after(last)} AND ({self._keys}) <= ({end})"
        return f"""WITH backfill_batch AS MATERIALIZED (
    SELECT {self._named} FROM {self._table} WHERE {rows} AND {self._where}
     ORDER BY {self._keys} FOR NO KEY UPDATE OF {self._own}{" SKIP LOCKED" if skips else ""}
), backfill_changed AS (
    UPDATE {self._table} SET {self._set} FROM backfill_batch
     WHERE {rows} AND ({self._keys}) = ({self._aliases}) RETURNING 1
), backfill_moved AS (
    INSERT INTO {BACKFILL_TABLE} AS kept (backfill, position, rows_read, moved_at)
    VALUES ({self._name}, {self._literal(end)}, {read}, clock_timestamp())
        ON CONFLICT (backfill) DO UPDATE SET position = excluded.position,
           rows_read = kept.rows_read + excluded.rows_read, moved_at = excluded.moved_at
)
SELECT count(*) FROM backfill_changed"""

    def position(self) -> str:
        """Return the question for the kept position and the rows that were read until there."""
        return f"SELECT position, rows_read FROM {BACKFILL_TABLE} WHERE backfill = {self._name}"

    def forget(self) -> str:
        """Return the statement that ends the backfill, or lets it begin anew."""
        return f"DELETE FROM {BACKFILL_TABLE} WHERE backfill = {self._name}"

    def as_script(self) -> str:
        """Return a block for psql, which commits after each batch: no transaction is around it."""
        find = self._end_of_batch(AFTER, OFFLINE_SIZE)
        rows = f"{AFTER} AND ({self._keys}) <= ({LAST})"
        change = f"UPDATE {self._table} SET {self._set} WHERE {rows} AND {self._where}"
        return f"""DO $backfill$
DECLARE
    after text := 'true';
    last text;
    rows_read bigint;
    is_full boolean;
BEGIN
    LOOP
        EXECUTE replace($find${find}$find$, '{AFTER}', after) INTO last, rows_read, is_full;
        EXIT WHEN last IS NULL;
        EXECUTE replace(replace($change${change}$change$, '{AFTER}', after), '{LAST}', last);
        COMMIT;
        EXIT WHEN NOT is_full;
        after := $after$({self._keys}) > ($after$ || last || ')';
    END LOOP;
END
$backfill$"""

    def _after(self, last: str | None) -> str:
        return f"({self._keys}) > ({last})" if last else "true"

    def _end_of_batch(self, after: str, size: int) -> str:
        return f"""SELECT {self._position} AS last, read, read >= {size} AS is_full
  FROM (SELECT {self._named}, row_number() OVER (ORDER BY {self._keys}) AS read
          FROM {self._table} WHERE {after} ORDER BY {self._keys} LIMIT {size}) AS batch
 ORDER BY read DESC LIMIT 1"""

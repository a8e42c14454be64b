"""The SQL of a backfill: the rows of a batch, their new values, and the end of the batch."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alembic_zero_downtime.operations.context import OnlineContext
from alembic_zero_downtime.sql import string_literals
from alembic_zero_downtime.tables import BACKFILL_TABLE

OFFLINE_SIZE = 5_000  # rows per batch in a script, which does not adapt it
AFTER, LAST = "@after@", "@last@"  # placeholders in a script: the start and the end of a batch
MEGABYTE = 2**20

# The position of each backfill: a migration table, like Alembic's own. A position is a row of typed
# SQL literals, so that a key may be of any type.
CREATE_BACKFILL_TABLE = f"""
CREATE TABLE IF NOT EXISTS {BACKFILL_TABLE} (
    backfill text PRIMARY KEY, position text NOT NULL, rows_read bigint NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(), moved_at timestamptz NOT NULL
)"""


@dataclass(frozen=True)
class Backfill:
    """The rows to change, their new values, and the limits of the load.

    Attributes:
        table_name: the table.
        values: SQL expressions by column.
        where: the SQL condition of the rows that remain to be changed; false afterwards.
        key: the columns of a unique index, all of them NOT NULL.
        schema: of the table.
        target_seconds: the duration of a batch, to which its size is adapted.
        pause_seconds: the pause between two batches.
        max_lag: the replication lag of a standby that is accepted, in bytes of WAL.
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
        """The key of the stored position: a backfill that does something else has another name."""
        parts = (self.schema, self.table_name, self.key, sorted(self.values.items()), self.where)
        digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
        return f"{self.table_name}.{'+'.join(self.values)} {digest}"


def describe_position(key: Sequence[str], position: str) -> str:
    """Return a stored position for a message: `id 36167` for the literal '36167'::bigint."""
    values = [each[1:-1].replace("''", "'") for each in string_literals(position)]
    return ", ".join(f"{column} {value}" for column, value in zip(key, values, strict=False))


class BackfillSQL:
    """The SQL of one backfill.

    A batch is a range of keys: after one, up to another. So the table's own index finds it, however
    many rows it has; a join with a list of keys may read the whole table.
    """

    def __init__(self, online: OnlineContext, backfill: Backfill) -> None:
        self._where = f"({backfill.where}\n)"  # it may end in a comment
        self._table = online.table(backfill.table_name, backfill.schema)
        self._name = online.literal(backfill.name)
        self._literal = online.literal
        self._unqualified = online.quote(backfill.table_name)
        keys = [f"{self._unqualified}.{online.quote(each)}" for each in backfill.key]
        aliases = [f"backfill_key_{number}" for number, _ in enumerate(keys, 1)]
        self._keys, self._aliases = ", ".join(keys), ", ".join(aliases)
        self._aliased_keys = ", ".join(f"{k} AS {a}" for k, a in zip(keys, aliases, strict=True))
        # A row of typed literals. Without the -1, char(9) would become character, which is char(1).
        self._position = " || ', ' || ".join(
            f"format('%L::%s', {each}, format_type(pg_typeof({each}), -1))" for each in aliases
        )
        self._set = ", ".join(
            f"{online.quote(column)} = {value}" for column, value in backfill.values.items()
        )

    def single_update(self) -> str:
        """Return one UPDATE of all rows."""
        return f"UPDATE {self._table} SET {self._set} WHERE {self._where}"

    def select_remaining(self) -> str:
        """Return the query for any row that remains to be changed."""
        return f"SELECT FROM {self._table} WHERE {self._where} LIMIT 1"

    def select_end(self, last: str | None, size: int) -> str:
        """Return the query for the last key and the number of rows of the next batch."""
        return self._end_of_batch(self._after(last), size)

    def update_batch(self, last: str | None, end: str, read: int, *, skip_locked: bool) -> str:
        """Return the statement that changes the rows of a batch and stores the position.

        Rows are locked in the order of the key. A row locked by another transaction is skipped or
        waited for. NO KEY: concurrent foreign key checks against these rows are not blocked.
        """
        rows = f"{self._after(last)} AND ({self._keys}) <= ({end})"
        lock = f"FOR NO KEY UPDATE OF {self._unqualified}{' SKIP LOCKED' if skip_locked else ''}"
        return f"""WITH backfill_batch AS MATERIALIZED (
    SELECT {self._aliased_keys} FROM {self._table} WHERE {rows} AND {self._where}
     ORDER BY {self._keys} {lock}
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

    def select_position(self) -> str:
        """Return the query for the stored position and the number of rows read so far."""
        return f"SELECT position, rows_read FROM {BACKFILL_TABLE} WHERE backfill = {self._name}"

    def delete_position(self) -> str:
        """Return the statement that deletes the stored position, after each pass."""
        return f"DELETE FROM {BACKFILL_TABLE} WHERE backfill = {self._name}"

    def as_script(self) -> str:
        """Return a DO block that commits after each batch; it must run outside a transaction."""
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
  FROM (SELECT {self._aliased_keys}, row_number() OVER (ORDER BY {self._keys}) AS read
          FROM {self._table} WHERE {after} ORDER BY {self._keys} LIMIT {size}) AS batch
 ORDER BY read DESC LIMIT 1"""

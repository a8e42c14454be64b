"""Check on an empty copy of a table whether PostgreSQL would scan or rewrite it for a change."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.autogenerate.change import WRITE_MANUALLY, CannotWriteError
from alembic_zero_downtime.errors import describe_error
from alembic_zero_downtime.schema.ddl import quote
from alembic_zero_downtime.verbatim import VERBATIM

PROBE_TABLE, SCHEMA = "autogenerate_probe", "pg_temp"
# The relfilenodes of the copy and of its indexes, and the number of sequential scans of the copy.
# An index that ALTER TYPE creates again, without reading a row, keeps its relfilenode.
TABLE_STATE = text("""
    SELECT (SELECT array_agg(pg_relation_filenode(oid)) FROM (
               SELECT t.oid UNION ALL
               SELECT indexrelid FROM pg_index WHERE indrelid = t.oid) AS files),
           pg_stat_get_xact_numscans(t.oid)
      FROM (SELECT 'pg_temp.autogenerate_probe'::regclass::oid) AS t (oid)
""")


class RowEffect(Enum):
    """The effect of a change on existing rows, under the lock that it takes."""

    NONE = "reads no row"
    SCANS = "reads every row under ACCESS EXCLUSIVE"
    REWRITES = "rewrites every row under ACCESS EXCLUSIVE"


class RewriteCheck:
    """Tries changes in savepoints of the current transaction and rolls them back."""

    def __init__(self, context: MigrationContext, prepare: Sequence[str] = ()) -> None:
        """Prepare the check.

        Args:
            context: with a connection.
            prepare: statements that create what a change needs, such as a type.
        """
        self._prepare = prepare
        assert context.connection is not None  # noqa: S101 autogenerate needs a database
        self._connection: Connection = context.connection

    def effect_of(
        self, table: str, schema: str | None, change: Callable[[str, str], None]
    ) -> RowEffect:
        """Return the effect of `change`, called with the name and schema of a copy of `table`.

        Raises:
            CannotWriteError: It fails on an empty copy of the table.
        """
        with self._copy_of(table, schema):
            before = self._connection.execute(TABLE_STATE).one()
            try:
                with self._connection.begin_nested():
                    change(PROBE_TABLE, SCHEMA)
                    after = self._connection.execute(TABLE_STATE).one()
            except DBAPIError as error:
                raise CannotWriteError(
                    f"a change fails on an empty copy of {table}: {describe_error(error)}",
                    'Write it manually: alembic revision -m "…", then run this again for the rest',
                    WRITE_MANUALLY,
                ) from error
        if not set(before[0]) <= set(after[0]):
            return RowEffect.REWRITES
        return RowEffect.SCANS if after[1] != before[1] else RowEffect.NONE

    @contextmanager
    def _copy_of(self, table: str, schema: str | None) -> Iterator[None]:
        quoted = f"{quote(schema)}.{quote(table)}" if schema else quote(table)
        with self._connection.begin_nested() as savepoint:
            self._connection.exec_driver_sql(
                f"CREATE TEMPORARY TABLE {PROBE_TABLE} (LIKE {quoted} INCLUDING ALL)",
                execution_options=VERBATIM,
            )
            for statement in self._prepare:
                self._connection.exec_driver_sql(statement, execution_options=VERBATIM)
            yield
            savepoint.rollback()

"""Try a change on an empty copy of a table, and see what PostgreSQL would do to the rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

TWIN, SCHEMA = "autogenerate_probe", "pg_temp"
# The files of the copy and of its indexes, and how often it was read from end to end.
STATE = text("""
    SELECT (SELECT array_agg(pg_relation_filenode(oid) ORDER BY oid) FROM (
               SELECT t.oid UNION ALL
               SELECT indexrelid FROM pg_index WHERE indrelid = t.oid) AS files),
           pg_stat_get_xact_numscans(t.oid)
      FROM (SELECT 'pg_temp.autogenerate_probe'::regclass::oid) AS t (oid)
""")


class Effect(Enum):
    """What a change does to the rows that are there, under the lock that it takes."""

    NONE = "nothing"
    READS = "reads every row"
    WRITES = "writes every row anew"
    FAILS = "fails"


class Probe:
    """Tries changes in savepoints of the transaction there is; nothing of it stays."""

    def __init__(self, context: MigrationContext) -> None:
        assert context.connection is not None  # noqa: S101 autogenerate needs a database
        self._connection: Connection = context.connection

    def effect_of(self, table: str, change: Callable[[str, str], None]) -> Effect:
        """Return what `change` does, called with the name and the schema of a copy of `table`."""
        with self._twin_of(table):
            before = self._connection.execute(STATE).one()
            try:
                with self._connection.begin_nested():
                    change(TWIN, SCHEMA)
                    after = self._connection.execute(STATE).one()
            except DBAPIError:
                return Effect.FAILS
        if after[0][: len(before[0])] != before[0]:
            return Effect.WRITES
        return Effect.READS if after[1] != before[1] else Effect.NONE

    @contextmanager
    def _twin_of(self, table: str) -> Iterator[None]:
        quoted = self._connection.dialect.identifier_preparer.quote(table)
        with self._connection.begin_nested() as savepoint:
            self._connection.execute(
                text(f"CREATE TEMPORARY TABLE {TWIN} (LIKE {quoted} INCLUDING ALL)")
            )
            yield
            savepoint.rollback()

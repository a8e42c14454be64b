"""Count again in the transactions of the migration itself: rows may arrive after the dry run."""

from collections.abc import Callable, Collection, Iterator
from functools import wraps
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op
from alembic.runtime.migration import RevisionStep
from sqlalchemy import Connection

from alembic_zero_downtime.data_loss.dry_run import (
    TableState,
    count_rows,
    find_dropped,
    read_tables,
)
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.steps import MigrationSteps

# Of these privileges, each permits LOCK TABLE in the mode that excludes writers.
MAY_LOCK = sa.text("SELECT has_table_privilege(:oid, 'UPDATE, DELETE, TRUNCATE')")


class Watched(NamedTuple):
    """What the dry run has seen of a table or a column that loses data.

    Attributes:
        oid: of the table.
        column: the dropped column; None for the table's rows.
        rows: how many rows or values it had; None if they are not counted.
        writes: for a table that is not dropped or rewritten, how many rows the steps deleted and
            updated.
    """

    oid: int
    column: str | None
    rows: int | None
    writes: tuple[int, int] | None


class MoreDataError(MigrationError):
    """A downgrade would destroy more than was counted."""

    def __init__(self, found: Collection[str]) -> None:
        super().__init__(
            f"the data has changed since the data loss was counted: {'; '.join(found)}. "
            "Run the command again to count again"
        )


def recount(steps: MigrationSteps, watched: Collection[Watched]) -> None:
    """Let each pending downgrade fail, so that it is rolled back, if it destroys more.

    Args:
        steps: their functions are replaced.
        watched: from the dry run of all steps.
    """
    guard = _Guard(watched)
    for step in steps.pending:
        if isinstance(step, RevisionStep) and step.is_downgrade:
            step.migration_fn = _guarded(step.migration_fn, guard)


def _guarded(downgrade: Callable[..., None], guard: "_Guard") -> Callable[..., None]:
    @wraps(downgrade)
    def run(**arguments: Any) -> None:
        connection = op.get_bind()
        before = guard.start(connection)
        downgrade(**arguments)
        guard.finish(connection, before)

    return run


class _Guard:
    """Compares what the steps destroy with what the dry run has seen.

    A step locks what it is about to destroy, and counts before and after its statements.
    """

    def __init__(self, watched: Collection[Watched]) -> None:
        self._rows = {
            (each.oid, each.column): each.rows for each in watched if each.rows is not None
        }
        self._writes = {each.oid: each.writes for each in watched if each.writes}
        # What may be dropped: what the dry run has dropped, and what an earlier step has created.
        self._expected = {(each.oid, each.column) for each in watched if not each.writes}

    def start(self, connection: Connection) -> list[TableState]:
        """Lock the tables and count their rows; return the state of all tables.

        Raises:
            MoreDataError: Rows have arrived.
        """
        tables = read_tables(connection)
        watched = {oid for oid, _ in self._rows}
        for each in tables:
            if each.oid in watched:
                _exclude_writers(connection, each)
        if more := list(self._find_arrived(connection, tables)):
            raise MoreDataError(more)
        return tables

    def _find_arrived(self, connection: Connection, tables: list[TableState]) -> Iterator[str]:
        for key, table in _find_watched(tables, self._rows):
            now = _count(connection, table, key[1])
            more = now - self._rows[key]
            self._rows[key] = now
            if more > 0:
                yield f"{more:,} more {_unit(key[1], more)} in {_name(table, key[1])}"

    def finish(self, connection: Connection, before: list[TableState]) -> None:
        """Compare the tables with those before the step.

        Raises:
            MoreDataError: The step has destroyed more than the dry run.
        """
        after = read_tables(connection)
        by_id = {each.oid: each for each in after}
        more = [*self._find_unexpected_drops(before, by_id), *self._find_writes(before, by_id)]
        if more:
            raise MoreDataError(more)
        known = {each.oid: each.column_names for each in before}
        for each in after:
            new = each.column_names - known.get(each.oid, set())
            self._expected |= {(each.oid, name) for name in new}
            self._expected |= set() if each.oid in known else {(each.oid, None)}
        for key, table in _find_watched(after, self._rows):
            self._rows[key] = _count(connection, table, key[1])

    def _find_unexpected_drops(
        self, before: list[TableState], after: dict[int, TableState]
    ) -> Iterator[str]:
        for table, column in find_dropped(before, after):
            if not {(table.oid, column), (table.oid, None)} & self._expected:
                yield f"{_name(table, column)} would be dropped too"

    def _find_writes(self, before: list[TableState], after: dict[int, TableState]) -> Iterator[str]:
        for each in before:
            now = after.get(each.oid)
            if now is None or now.kind != "r" or (each.oid, None) in self._expected:
                continue
            allowed = self._writes.get(each.oid, (0, 0))
            done = (now.deleted - each.deleted, now.updated - each.updated)
            left = (allowed[0] - max(done[0], 0), allowed[1] - max(done[1], 0))
            for more, verb in zip(left, ("deleted", "changed"), strict=True):
                if more < 0:
                    yield f"{-more:,} more {_unit(None, -more)} of {each.label} would be {verb}"
            self._writes[each.oid] = left


def _find_watched(
    tables: list[TableState], rows: Collection[tuple[int, str | None]]
) -> Iterator[tuple[tuple[int, str | None], TableState]]:
    """Yield the watched tables and columns that still exist and can be counted."""
    by_id = {each.oid: each for each in tables if not each.uncounted_because}
    for oid, column in rows:
        table = by_id.get(oid)
        if table and (column is None or column in table.column_names):
            yield (oid, column), table


def _count(connection: Connection, table: TableState, column: str | None) -> int:
    conditions = [sa.column(column).is_not(None)] if column else []
    return count_rows(connection, table, *conditions)


def _exclude_writers(connection: Connection, table: TableState) -> None:
    """Lock a table against writers, but not against readers; a view cannot be locked."""
    if table.kind in "rp" and connection.scalar(MAY_LOCK, {"oid": table.oid}):
        quote = connection.dialect.identifier_preparer.quote
        name = f"{quote(table.schema)}.{quote(table.name)}"
        connection.exec_driver_sql(
            f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE",
            execution_options={"no_parameters": True},
        )


def _name(table: TableState, column: str | None) -> str:
    return f"{table.label}.{column}" if column else table.label


def _unit(column: str | None, count: int) -> str:
    return f"{'value' if column else 'row'}{'s' * (count != 1)}"

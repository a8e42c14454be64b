"""Count again in the transactions of the migration itself: rows may arrive after the dry run."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, NamedTuple, Self

import sqlalchemy as sa
from alembic import op
from alembic.runtime.migration import RevisionStep
from sqlalchemy import Connection, event

from alembic_zero_downtime.data_loss.table_states import (
    TableState,
    find_dropped,
    read_tables,
)
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.steps import MigrationSteps

# Of these privileges, each permits LOCK TABLE in the mode that excludes writers.
LOCKABLE = sa.text("""
    SELECT oid FROM unnest(CAST(:oids AS oid[])) AS oid
     WHERE has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')
""")
VERBATIM = {"no_parameters": True}


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
    downgrades = [
        each for each in steps.pending if isinstance(each, RevisionStep) and each.is_downgrade
    ]
    expected = _Expected.of(watched)
    for step in downgrades:
        guard = _Guard(expected, is_last=step is downgrades[-1])
        step.migration_fn = _guarded(step.migration_fn, guard)
        expected = guard.after


def _guarded(downgrade: Callable[..., None], guard: "_Guard") -> Callable[..., None]:
    @wraps(downgrade)
    def run(**arguments: Any) -> None:
        connection = op.get_bind()
        with _again_after_commits(connection, guard):
            guard.start(connection)
            downgrade(**arguments)
            guard.finish(connection)

    return run


@contextmanager
def _again_after_commits(connection: Connection, guard: "_Guard") -> Iterator[None]:
    """Start the guard again in the first transaction after each autocommit block.

    The block's commit releases the locks. In the block itself each statement commits.
    """

    def release(_: Connection) -> None:
        guard.is_started = False

    def start(_: Connection, cursor: Any, *__: Any) -> None:
        if not guard.is_started and not cursor.connection.autocommit:
            guard.start(connection)

    event.listen(connection, "commit", release)
    event.listen(connection, "before_cursor_execute", start)
    try:
        yield
    finally:
        event.remove(connection, "commit", release)
        event.remove(connection, "before_cursor_execute", start)


_Key = tuple[int, str | None]
"""The oid of a table, and a column or None for its rows."""


@dataclass
class _Expected:
    """What a step may destroy.

    Attributes:
        rows: how many rows or values each may have that is counted.
        writes: how many rows of each table may be deleted and updated.
        drops: what may be dropped: what the dry run dropped, and what an earlier step has created.
    """

    rows: dict[_Key, int] = field(default_factory=dict)
    writes: dict[int, tuple[int, int]] = field(default_factory=dict)
    drops: set[_Key] = field(default_factory=set)

    @classmethod
    def of(cls, watched: Collection[Watched]) -> Self:
        return cls(
            {(each.oid, each.column): each.rows for each in watched if each.rows is not None},
            {each.oid: each.writes for each in watched if each.writes},
            {(each.oid, each.column) for each in watched if not each.writes},
        )


class _Guard:
    """Compares what one step destroys with what the dry run has seen.

    It locks what is about to be destroyed, and counts before and after the step's statements. A
    retry of the step starts again from the same numbers.

    Attributes:
        after: what the next step may destroy; known when this one has finished.
        is_started: whether the running transaction has the locks.
    """

    def __init__(self, expected: _Expected, *, is_last: bool) -> None:
        self.after = _Expected()
        self.is_started = False
        self._before: list[TableState] = []
        self._counts: dict[_Key, int] = {}
        self._expected = expected
        self._is_last = is_last

    def start(self, connection: Connection) -> None:
        """Lock the tables and count their rows.

        Raises:
            MoreDataError: Rows have arrived.
        """
        self.is_started = True
        tables = self._before = read_tables(connection)
        counted = {oid for oid, _ in self._expected.rows}
        _exclude_writers(connection, [each for each in tables if each.oid in counted])
        if more := list(self._find_arrived(connection, tables)):
            raise MoreDataError(more)

    def finish(self, connection: Connection) -> None:
        """Compare the tables with those before the step.

        Raises:
            MoreDataError: The step has destroyed more than the dry run.
        """
        before, tables = self._before, read_tables(connection)
        after = {each.oid: each for each in tables}
        writes = dict(self._find_writes(before, after))
        more = [*self._find_unexpected_drops(before, after), *_describe_excess(writes, after)]
        if more:
            raise MoreDataError(more)
        if not self._is_last:
            self.after.rows = self._count_changed(connection, tables)
            self.after.writes = {**self._expected.writes, **writes}
            self.after.drops = self._expected.drops | _find_created(before, tables)

    def _find_arrived(self, connection: Connection, tables: list[TableState]) -> Iterator[str]:
        watched = _find_watched(tables, self._expected.rows)
        self._counts = _count(connection, watched)
        for key, count in self._counts.items():
            more = count - self._expected.rows[key]
            if more > 0:
                yield f"{more:,} more {_unit(key[1], more)} in {_name(watched[key], key[1])}"

    def _count_changed(self, connection: Connection, tables: list[TableState]) -> dict[_Key, int]:
        """Return the counts after the step: those at its start, unless it has written the table."""
        before = {each.oid: each for each in self._before}
        watched = _find_watched(tables, self._counts)
        written = {
            key: table for key, table in watched.items() if table.was_written(before[table.oid])
        }
        return {key: self._counts[key] for key in watched} | _count(connection, written)

    def _find_unexpected_drops(
        self, before: list[TableState], after: dict[int, TableState]
    ) -> Iterator[str]:
        for table, column in find_dropped(before, after):
            if not {(table.oid, column), (table.oid, None)} & self._expected.drops:
                yield f"{_name(table, column)} would be dropped too"

    def _find_writes(
        self, before: list[TableState], after: dict[int, TableState]
    ) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield how many rows of each table may still be deleted and updated, or -1, … if less."""
        for each in before:
            now = after.get(each.oid)
            if now is None or now.kind != "r" or (each.oid, None) in self._expected.drops:
                continue
            deletes, updates = self._expected.writes.get(each.oid, (0, 0))
            deletes -= max(now.deleted - each.deleted, 0)
            yield each.oid, (deletes, updates - max(now.updated - each.updated, 0))


def _describe_excess(
    writes: dict[int, tuple[int, int]], tables: dict[int, TableState]
) -> Iterator[str]:
    for oid, left in writes.items():
        for more, verb in zip(left, ("deleted", "changed"), strict=True):
            if more < 0:
                unit = _unit(None, -more)
                yield f"{-more:,} more {unit} of {tables[oid].label} would be {verb}"


def _find_created(before: list[TableState], after: list[TableState]) -> set[_Key]:
    """Return the tables and columns that a step has created."""
    known = {each.oid: each.column_names for each in before}
    columns = {
        (each.oid, name)
        for each in after
        for name in each.column_names - known.get(each.oid, set())
    }
    return columns | {(each.oid, None) for each in after if each.oid not in known}


def _find_watched(tables: list[TableState], keys: Collection[_Key]) -> dict[_Key, TableState]:
    """Return the watched tables and columns that still exist and can be counted."""
    by_id = {each.oid: each for each in tables if not each.uncounted_because and each.is_populated}
    pairs = (((oid, column), by_id.get(oid)) for oid, column in keys)
    return {
        key: table
        for key, table in pairs
        if table and (key[1] is None or key[1] in table.column_names)
    }


def _count(connection: Connection, watched: Mapping[_Key, TableState]) -> dict[_Key, int]:
    """Count the rows, or the values of a column, in one statement: there may be many tables."""
    if not watched:
        return {}
    keys, quote = list(watched), connection.dialect.identifier_preparer.quote
    counts = (
        f"SELECT {at}, count(*) FROM {'ONLY ' * (watched[key].kind == 'r')}"  # noqa: S608 quoted
        f"{_quoted(connection, watched[key])}"
        + (f" WHERE {quote(key[1])} IS NOT NULL" if key[1] else "")
        for at, key in enumerate(keys)
    )
    statement = " UNION ALL ".join(counts)
    rows = connection.exec_driver_sql(statement, execution_options=VERBATIM)
    return {keys[at]: count for at, count in rows}


def _exclude_writers(connection: Connection, tables: list[TableState]) -> None:
    """Lock tables against writers, but not against readers; a view cannot be locked."""
    named = {each.oid: _quoted(connection, each) for each in tables if each.kind in "rp"}
    if names := [named[oid] for oid in connection.scalars(LOCKABLE, {"oids": list(named)})]:
        statement = f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE"
        connection.exec_driver_sql(statement, execution_options=VERBATIM)


def _quoted(connection: Connection, table: TableState) -> str:
    quote = connection.dialect.identifier_preparer.quote
    return f"{quote(table.schema)}.{quote(table.name)}"


def _name(table: TableState, column: str | None) -> str:
    return f"{table.label}.{column}" if column else table.label


def _unit(column: str | None, count: int) -> str:
    return f"{'value' if column else 'row'}{'s' * (count != 1)}"

"""Estimate the data loss of migration steps: dry-run them and count the rows that are gone."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import SQLAlchemyError

from alembic_zero_downtime.data_loss.dry_run import (
    DryRunError,
    TableState,
    count_rows,
    read_tables,
    rolled_back,
    rolled_back_to_savepoint,
    select_from,
)
from alembic_zero_downtime.errors import describe_failure, one_line

MAX_NEW_ROWS = 1_000  # distinct rows of a table that are compared with the earlier ones

StepRunner = Callable[[Connection], object]
RowText = ColumnElement[str]


@dataclass(frozen=True)
class Loss:
    """Rows of a table that are deleted or dropped, or the values of a dropped column.

    Attributes:
        table: its name.
        column: the dropped column; None for rows.
        is_dropped: whether the table or the column is dropped, rather than only rows deleted.
        count: the rows; of a column, its values that are not NULL.
        restored: how many of them the upgrade restores.
    """

    table: str
    column: str | None
    is_dropped: bool
    count: int
    restored: int

    @property
    def lost(self) -> int:
        """How many of them the upgrade does not restore."""
        return self.count - self.restored

    def __str__(self) -> str:
        """Describe it in one line."""
        name = f"{self.table}.{self.column}" if self.column else self.table
        amount = f"{self.count:,} {'value' if self.column else 'row'}{'s' * (self.count > 1)}"
        description = f"dropped with {amount}" if self.is_dropped else f"{amount} deleted"
        if self.restored:
            share = f"{self.restored:,} of " if self.lost else "all of " * (self.count > 1)
            description += f", {share}which the upgrade restores"
        return f"{name}: {description if self.count else 'dropped, empty'}"


@dataclass(frozen=True)
class DataLoss:
    """The estimated data loss of migration steps.

    Attributes:
        losses: by table.
        unknown_because: why the restored rows are unknown; none counts as restored then.
    """

    losses: tuple[Loss, ...]
    unknown_because: str | None = None

    @property
    def is_loss(self) -> bool:
        """Whether there is a row or a value that the upgrade does not restore."""
        return any(loss.lost for loss in self.losses)

    def lines(self) -> list[str]:
        """Return one line for each loss."""
        lines = [str(loss) for loss in self.losses]
        if self.unknown_because and self.is_loss:
            lines.append(f"the rows that the upgrade restores are unknown: {self.unknown_because}")
        return lines

    def __str__(self) -> str:
        """Describe all losses."""
        return "\n".join(self.lines()) or "no data loss"


class _Candidate(NamedTuple):
    """A table or a column that may lose data.

    Attributes:
        table: its state before the steps.
        column: the dropped column; None for rows.
        survivors: the earlier rows that remain; None if the table or the column is dropped.
    """

    table: TableState
    column: str | None = None
    survivors: int | None = None

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition on the rows to count."""
        return sa.column(self.column).is_not(None) if self.column else sa.true()


class _RestoredRows(NamedTuple):
    """The rows after `restore`: their number, and that of each row text that may be new."""

    rows: int
    columns: list[str]
    counts: dict[str, int]


def estimate_data_loss(
    connection: Connection,
    destroy: StepRunner,
    restore: StepRunner,
    *,
    lock_timeout: float = 5,
    time_limit: float = 5,
) -> DataLoss:
    """Estimate the data loss of `destroy`, and how much of it `restore` restores.

    Both run in one transaction, which is rolled back. Only sequences keep their new values.

    Args:
        connection: a separate one, in no transaction.
        destroy: runs the steps in question.
        restore: runs the steps that revert them, such as the upgrade after a downgrade.
        lock_timeout: the seconds to wait for a lock.
        time_limit: the seconds that all steps together may take while they hold their locks.

    Raises:
        DryRunError: It cannot be estimated.
        Exception: Any error of `destroy` itself.
    """
    with rolled_back(connection, lock_timeout=lock_timeout, statement_timeout=time_limit):
        before = [each for each in read_tables(connection) if each.is_project_table]
        with rolled_back_to_savepoint(connection, time_limit):
            destroy(connection)
            candidates = list(_find_candidates(connection, before))
            unknown_because = _try_restore(restore, connection) if candidates else None
            restored = {} if unknown_because else _read_restored(connection, candidates)
        losses = [_count_lost(connection, each, restored.get(each)) for each in candidates]
    return DataLoss(
        tuple(each for each in losses if each.count or each.is_dropped), unknown_because
    )


def _find_candidates(connection: Connection, before: Sequence[TableState]) -> Iterator[_Candidate]:
    """Yield the candidates, without those of a partition whose parent loses the same."""
    after = {each.oid: each for each in read_tables(connection)}
    dropped = {each.oid: _find_dropped(each, after.get(each.oid)) for each in before}
    is_counted = connection.scalar(sa.text("SELECT current_setting('track_counts')::boolean"))
    for each in before:
        inherited = dropped.get(each.parent, ()) if each.parent else ()
        yield from (_Candidate(each, name) for name in dropped[each.oid] if name not in inherited)
        now = after.get(each.oid)
        if now is None or now.is_partitioned:
            continue
        # The session's counters only select the tables to count: they include rows that a
        # savepoint restored, and exclude truncated ones.
        if now.deleted or now.file != each.file or not is_counted:
            inserted = now.inserted - each.inserted
            yield _Candidate(each, survivors=count_rows(connection, now) - inserted)


def _find_dropped(before: TableState, after: TableState | None) -> list[str | None]:
    """Return the dropped columns, or None for the table; generated columns hold no data."""
    if after is None:
        return [None]
    remaining = {each.number for each in after.columns}
    return [e.name for e in before.columns if e.number not in remaining and not e.is_generated]


def _try_restore(restore: StepRunner, connection: Connection) -> str | None:
    """Run `restore`; return the reason if it fails."""
    try:
        restore(connection)
    except DryRunError as error:
        return error.reason
    except SQLAlchemyError as error:
        return describe_failure(error)
    except Exception as error:  # noqa: BLE001 after any error it restores nothing
        return one_line(f"{type(error).__name__}: {error}")
    return None


def _read_restored(
    connection: Connection, candidates: Sequence[_Candidate]
) -> dict[_Candidate, _RestoredRows]:
    """Read the tables of the candidates after `restore`."""
    tables = {(each.schema, each.name): each for each in read_tables(connection)}
    pairs = ((each, tables.get((each.table.schema, each.table.name))) for each in candidates)
    return {
        each: rows for each, now in pairs if now and (rows := _read_rows(connection, each, now))
    }


def _read_rows(
    connection: Connection, candidate: _Candidate, now: TableState
) -> _RestoredRows | None:
    """Return the rows after `restore`; None if the column is missing or too many rows are new."""
    if candidate.column and candidate.column not in now.column_names:
        return None
    columns_of_both = (*now.columns, *candidate.table.columns)
    assigned = {each.name for each in columns_of_both if each.is_server_assigned}
    columns = sorted(candidate.table.column_names - (assigned - {candidate.column}))
    row_text = _row_text(now, columns)
    # A row is new only if this transaction has written it.
    may_be_new = candidate.condition if candidate.column else func.age(sa.column("xmin")) <= 0
    new_rows = select_from(now, row_text).where(may_be_new).distinct().limit(MAX_NEW_ROWS + 1)
    texts = connection.scalars(new_rows).all()
    if len(texts) > MAX_NEW_ROWS:
        return None
    counts = _count_by_text(connection, now, row_text, texts)
    return _RestoredRows(count_rows(connection, now, candidate.condition), columns, counts)


def _count_lost(
    connection: Connection, candidate: _Candidate, restored: _RestoredRows | None
) -> Loss:
    """Count the rows that `destroy` removes, and how many of them `restore` restores.

    Rows are compared by their text. After `restore`, the rows of a text in excess of its earlier
    number are new, and all others are earlier rows. The earlier rows that are missing are lost.
    """
    rows = count_rows(connection, candidate.table, candidate.condition)
    survivors = candidate.survivors
    count = rows if survivors is None else min(max(rows - survivors, 0), rows)
    missing = count
    if restored:
        row_text = _row_text(candidate.table, restored.columns)
        before = _count_by_text(connection, candidate.table, row_text, restored.counts)
        new = sum(max(n - before.get(each, 0), 0) for each, n in restored.counts.items())
        missing = min(rows - (restored.rows - new), count)
    is_dropped = survivors is None
    return Loss(candidate.table.name, candidate.column, is_dropped, count, restored=count - missing)


def _row_text(table: TableState, columns: Iterable[str]) -> RowText:
    """Return a row's values as text; a column that the table does not have is NULL."""
    values = (sa.column(each) if each in table.column_names else sa.null() for each in columns)
    return sa.cast(func.row(*values), sa.Text)


def _count_by_text(
    connection: Connection, table: TableState, row_text: RowText, texts: Collection[str]
) -> dict[str, int]:
    """Return the number of rows of each text that occurs."""
    if not texts:
        return {}
    is_wanted = row_text == sa.any_(sa.literal(list(texts), ARRAY(sa.Text)))
    counts = select_from(table, row_text, func.count()).where(is_wanted)
    return dict(connection.execute(counts.group_by(row_text)).all())

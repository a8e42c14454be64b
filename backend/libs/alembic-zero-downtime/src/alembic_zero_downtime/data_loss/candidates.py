"""Find the tables, columns and sequences that may lose data, by their states before and after."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from alembic_zero_downtime.data_loss.loss import Change, Loss
from alembic_zero_downtime.data_loss.recount import Watched
from alembic_zero_downtime.data_loss.table_states import (
    WRITTEN_HERE,
    SequenceState,
    TableState,
    count_rows,
    find_dropped,
    read_sequences,
)


class Candidate(NamedTuple):
    """A table or a column that may lose data.

    Attributes:
        table: its state before the steps.
        change: that the steps make.
        column: the dropped column; None for rows.
        survivors: the earlier rows that remain; of a dropped table or column, 0.
        changed: how many of them the steps may have changed.
        compared: the names of the columns that tell a changed row from an equal one.
    """

    table: TableState
    change: Change
    column: str | None = None
    survivors: int = 0
    changed: int = 0
    compared: tuple[str, ...] = ()

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition on the rows to count."""
        return sa.column(self.column).is_not(None) if self.column else sa.true()


def find_candidates(
    connection: Connection,
    before: Sequence[TableState],
    after: Mapping[int, TableState],
    *,
    is_counted: bool,
) -> Iterator[Candidate]:
    """Yield what may lose data and can be counted.

    The session's counters only select the tables to count: they include rows that a savepoint
    restored, and exclude truncated ones.
    """
    dropped = [each for each in find_dropped(before, after) if not each[0].uncounted_because]
    yield from (Candidate(table, "dropped", column) for table, column in dropped)
    for each in before:
        now = after.get(each.oid)
        if now is None or now.kind != "r" or each.uncounted_because or now.uncounted_because:
            continue
        is_reduced = now.was_reduced(each) or not is_counted
        is_changed = not each.is_of_large_objects and (now.was_changed(each) or not is_counted)
        if not is_reduced and not is_changed:
            continue
        inserted = now.inserted - each.inserted
        survivors = count_rows(connection, now) - inserted
        if is_reduced:
            yield Candidate(each, "deleted", survivors=survivors)
        if is_changed:
            gone = {column for table, column in dropped if table == each}
            kept = [e.name for e in each.columns if e.name not in gone and not e.is_generated]
            changed = count_rows(connection, now, WRITTEN_HERE)  # and new rows
            if is_counted and now.file == each.file:
                changed = min(changed, now.updated - each.updated)
            yield Candidate(each, "changed", None, survivors, changed, tuple(sorted(kept)))


def find_uncounted(before: Sequence[TableState], after: Mapping[int, TableState]) -> Iterator[str]:
    """Yield a line for each change of a table whose rows cannot be counted."""
    for table, column in find_dropped(before, after):
        if table.uncounted_because:
            yield _describe_uncounted(table, "dropped", column)
    objects = [each for each in before if each.is_of_large_objects and not each.uncounted_because]
    is_unlinked = any(after[each.oid].was_reduced(each) for each in objects)
    for each in before:
        now = after.get(each.oid)
        reason = each.uncounted_because or (now and now.uncounted_because)
        if now is None or not reason or each.kind in "pmc":
            continue
        if each.is_of_large_objects and is_unlinked:  # their contents go with them
            continue
        if now.was_reduced(each):
            yield _describe_uncounted(each._replace(uncounted_because=reason), "deleted")
        elif now.was_changed(each) or now.is_foreign_written:
            yield _describe_uncounted(each._replace(uncounted_because=reason), "changed")


def _describe_uncounted(table: TableState, change: str, column: str | None = None) -> str:
    name = f"{table.label}.{column}" if column else table.label
    unit = "values" if column else "rows"
    return f"would be {change}: {name}, {unit} not known ({table.uncounted_because})"


def find_lowered(connection: Connection, before: Sequence[SequenceState]) -> list[SequenceState]:
    """Return the sequences that are gone or have lost their values."""
    now = {(each.schema, each.name): each for each in read_sequences(connection)}
    by_id = {each.oid: each for each in now.values()}
    found = []
    for each in before:
        if each.value == each.unused:
            continue
        other = by_id.get(each.oid) or now.get((each.schema, each.name))
        value = other.value if other else None
        if each.value is None or value is None or (each.value - value) * each.direction > 0:
            found.append(each)
    return found


def describe_sequence(sequence: SequenceState) -> str:
    """Describe a sequence that is lost in one line."""
    value = "last value not known" if sequence.value is None else f"last value {sequence.value:,}"
    return f"would be lost: sequence {sequence.label}, {value}"


def find_watched(
    connection: Connection,
    before: Sequence[TableState],
    after: Mapping[int, TableState],
    losses: Mapping[Candidate, Loss],
    *,
    is_counted: bool,
) -> Iterator[Watched]:
    """Yield what the dry run has seen of each table that loses data, counted or not."""
    for table, column in find_dropped(before, after):
        loss = losses.get(Candidate(table, "dropped", column))
        yield Watched(table.oid, column, loss.count if loss else None, None)
    for each in before:
        now = after.get(each.oid)
        if now is None or now.kind != "r":
            continue
        if not now.was_reduced(each) and not now.was_changed(each) and is_counted:
            continue
        if each.uncounted_because or now.uncounted_because:
            yield Watched(each.oid, None, None, None)
        elif now.file != each.file or not is_counted:
            yield Watched(each.oid, None, count_rows(connection, each), None)
        else:
            writes = (now.deleted - each.deleted, now.updated - each.updated)
            yield Watched(each.oid, None, None, writes)

"""Estimate the data loss of migration steps: dry-run them and count the rows that are gone."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Numeric, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import SQLAlchemyError

from alembic_zero_downtime.data_loss.computed import Row, count_matches, find_computed
from alembic_zero_downtime.data_loss.dry_run import (
    ColumnState,
    DryRunError,
    SequenceState,
    TableState,
    count_rows,
    find_dropped,
    read_sequences,
    read_tables,
    rolled_back,
    rolled_back_to_savepoint,
    select_from,
)
from alembic_zero_downtime.data_loss.recount import Watched
from alembic_zero_downtime.errors import describe_failure, one_line

MAX_NEW_ROWS = 1_000  # distinct rows of a table that are compared one by one

StepRunner = Callable[[Connection], object]
RowText = ColumnElement[str]
Change = Literal["dropped", "deleted", "changed"]

WRITTEN_HERE = func.age(sa.column("xmin")) <= 0
"""The condition on a row that this transaction has written."""
TRACKS_COUNTS = sa.text("SELECT current_setting('track_counts')::boolean")


@dataclass(frozen=True)
class Loss:
    """Rows of a table that are dropped, deleted or changed, or the values of a dropped column.

    Attributes:
        table: its name, with the schema unless it is the current one.
        column: the dropped column; None for rows.
        change: whether the table or the column is dropped, or its rows are deleted or changed.
        count: the rows; of a column, its values that are not NULL.
        restored: how many of them the upgrade restores.
    """

    table: str
    column: str | None
    change: Change
    count: int
    restored: int

    @property
    def lost(self) -> int:
        """How many of them the upgrade does not restore."""
        return self.count - self.restored

    def __str__(self) -> str:
        """Describe it in one line."""
        name = f"{self.table}.{self.column}" if self.column else self.table
        unit = f"{'value' if self.column else 'row'}{'s' * (self.count > 1)}"
        amount = f"{self.count:,} {unit}" if self.count else "empty"
        if self.restored:
            share = f"{self.restored:,}" if self.lost else "all" if self.count > 1 else "it"
            amount += f" (the migrations re-create {share})"
        return f"would be {self.change}: {name}, {amount}"


@dataclass(frozen=True)
class DataLoss:
    """The estimated data loss of migration steps.

    Attributes:
        losses: by table.
        uncounted: one line for each change whose amount is not known.
        unknown_because: why the restored rows are unknown; none counts as restored then.
        watched: what the steps themselves must not exceed (see `recount`).
    """

    losses: tuple[Loss, ...]
    uncounted: tuple[str, ...] = ()
    unknown_because: str | None = None
    watched: tuple[Watched, ...] = field(default=(), repr=False)

    @property
    def is_loss(self) -> bool:
        """Whether a row or a value may be lost that the upgrade does not restore."""
        return bool(self.uncounted) or any(loss.lost for loss in self.losses)

    def lines(self) -> list[str]:
        """Return one line for each loss."""
        lines = [*map(str, self.losses), *self.uncounted]
        if self.unknown_because and self.is_loss:
            lines.append(f"how much the migrations re-create is not known: {self.unknown_because}")
        return lines

    def __str__(self) -> str:
        """Describe all losses."""
        return "\n".join(self.lines()) or "no data loss"


class _Candidate(NamedTuple):
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


class _RestoredRows(NamedTuple):
    """The rows after `restore`.

    Attributes:
        rows: their number.
        columns: the names of the compared columns, before the steps and after `restore`; None for
            a column that is missing.
        counts: the number of each row text that may be new; None if there are too many.
        fingerprint: of all rows, if there are too many new ones.
        written: the new rows.
    """

    rows: int
    columns: dict[str, str | None]
    counts: dict[str, int] | None
    fingerprint: Decimal | None
    written: list[Row]


@dataclass(frozen=True)
class _DryRun:
    """One dry run: the candidates, and their rows after `restore`."""

    candidates: list[_Candidate]
    restored: dict[_Candidate, _RestoredRows]
    losses: dict[_Candidate, Loss]
    uncounted: list[str]
    unknown_because: str | None
    watched: list[Watched]

    @property
    def unmatched(self) -> dict[_Candidate, _RestoredRows]:
        """The tables with rows that are not restored, although `restore` has written some."""
        return {
            each: self.restored[each]
            for each, loss in self.losses.items()
            if loss.lost and not each.column and each.change != "changed"
            if each in self.restored and self.restored[each].written
        }


def estimate_data_loss(
    connection: Connection,
    destroy: StepRunner,
    restore: StepRunner,
    *,
    lock_timeout: float = 5,
    time_limit: float = 5,
) -> DataLoss:
    """Estimate the data loss of `destroy`, and how much of it `restore` restores.

    Both run in one transaction, which is rolled back. Only sequences keep their new values. If
    written rows match no earlier ones, both run once more, to find the values that they compute.

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
        first = _dry_run(connection, destroy, restore, time_limit)
    losses = dict(first.losses)
    if first.unmatched:
        with rolled_back(connection, lock_timeout=lock_timeout, statement_timeout=time_limit):
            computed = _count_computed(connection, destroy, restore, first.unmatched, time_limit)
        for each, count in computed.items():
            loss = losses[each]
            restored = min(loss.restored + count, loss.count)
            losses[each] = Loss(loss.table, loss.column, loss.change, loss.count, restored)
    return DataLoss(
        tuple(each for each in losses.values() if each.count or each.change == "dropped"),
        tuple(first.uncounted),
        first.unknown_because,
        tuple(first.watched),
    )


def _dry_run(
    connection: Connection, destroy: StepRunner, restore: StepRunner, time_limit: float
) -> _DryRun:
    before, sequences = read_tables(connection), read_sequences(connection)
    with rolled_back_to_savepoint(connection, time_limit):
        destroy(connection)
        after = {each.oid: each for each in read_tables(connection)}
        is_counted = connection.scalar(TRACKS_COUNTS)
        candidates = list(_find_candidates(connection, before, after, is_counted=is_counted))
        uncounted = list(_find_uncounted(before, after))
        lowered = _find_lowered(connection, sequences)
        unknown_because = _try_restore(restore, connection) if candidates or lowered else None
        restored = {} if unknown_because else _read_restored(connection, candidates)
        lowered = lowered if unknown_because else _find_lowered(connection, lowered)
    losses: dict[_Candidate, Loss] = {}
    deleted: Counter[int] = Counter()
    for each in candidates:
        losses[each] = _count_lost(connection, each, restored.get(each), deleted[each.table.oid])
        if each.change == "deleted":
            deleted[each.table.oid] = losses[each].lost
    watched = list(_find_watched(connection, before, after, losses, is_counted=is_counted))
    uncounted += (_describe_sequence(each) for each in lowered)
    return _DryRun(candidates, restored, losses, uncounted, unknown_because, watched)


def _find_candidates(
    connection: Connection,
    before: Sequence[TableState],
    after: Mapping[int, TableState],
    *,
    is_counted: bool,
) -> Iterator[_Candidate]:
    """Yield what may lose data and can be counted.

    The session's counters only select the tables to count: they include rows that a savepoint
    restored, and exclude truncated ones.
    """
    dropped = [each for each in find_dropped(before, after) if not each[0].uncounted_because]
    yield from (_Candidate(table, "dropped", column) for table, column in dropped)
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
            yield _Candidate(each, "deleted", survivors=survivors)
        if is_changed:
            gone = {column for table, column in dropped if table == each}
            kept = [e.name for e in each.columns if e.name not in gone and not e.is_generated]
            changed = count_rows(connection, now, WRITTEN_HERE)  # and new rows
            if is_counted and now.file == each.file:
                changed = min(changed, now.updated - each.updated)
            yield _Candidate(each, "changed", None, survivors, changed, tuple(sorted(kept)))


def _find_uncounted(before: Sequence[TableState], after: Mapping[int, TableState]) -> Iterator[str]:
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


def _find_lowered(connection: Connection, before: Sequence[SequenceState]) -> list[SequenceState]:
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


def _describe_sequence(sequence: SequenceState) -> str:
    value = "last value not known" if sequence.value is None else f"last value {sequence.value:,}"
    return f"would be lost: sequence {sequence.label}, {value}"


def _find_watched(
    connection: Connection,
    before: Sequence[TableState],
    after: Mapping[int, TableState],
    losses: Mapping[_Candidate, Loss],
    *,
    is_counted: bool,
) -> Iterator[Watched]:
    """Yield what the dry run has seen of each table that loses data, counted or not."""
    for table, column in find_dropped(before, after):
        loss = losses.get(_Candidate(table, "dropped", column))
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
    connection: Connection, candidates: Collection[_Candidate]
) -> dict[_Candidate, _RestoredRows]:
    """Read the tables of the candidates after `restore`."""
    found = _find_restored(connection, candidates)
    pairs = ((each, _read_rows(connection, each, now)) for each, now in found.items())
    return {each: rows for each, rows in pairs if rows}


def _find_restored(
    connection: Connection, candidates: Collection[_Candidate]
) -> dict[_Candidate, TableState]:
    """Return the tables after `restore`: the same ones, or new ones of the same names."""
    tables = [
        each for each in read_tables(connection) if each.is_populated and not each.uncounted_because
    ]
    by_id = {each.oid: each for each in tables}
    by_name = {(each.schema, each.name): each for each in tables}
    pairs = (
        (each, by_id.get(each.table.oid) or by_name.get((each.table.schema, each.table.name)))
        for each in candidates
        if not each.table.is_of_large_objects  # another one may have the same number
    )
    return {each: now for each, now in pairs if now}


def _read_rows(
    connection: Connection, candidate: _Candidate, now: TableState
) -> _RestoredRows | None:
    """Return the rows after `restore`; None if they cannot be compared."""
    columns = _compared_columns(candidate, now)
    if not columns or (candidate.column and not columns[candidate.column]):
        return None
    row_text = _row_text(columns.values())
    name = columns[candidate.column] if candidate.column else None
    condition = sa.column(name).is_not(None) if name else sa.true()
    may_be_new = condition if candidate.column else WRITTEN_HERE
    new_rows = select_from(now, row_text).where(may_be_new).distinct().limit(MAX_NEW_ROWS + 1)
    texts = connection.scalars(new_rows).all()
    rows = count_rows(connection, now, condition)
    if len(texts) > MAX_NEW_ROWS:
        fingerprint = _fingerprint(connection, now, row_text, condition)
        return _RestoredRows(rows, columns, None, fingerprint, [])
    counts = _count_by_text(connection, now, row_text, texts)
    is_wanted = texts and not candidate.column and candidate.change != "changed"
    written = _written_rows(connection, now, columns) if is_wanted else []
    return _RestoredRows(rows, columns, counts, None, written)


def _compared_columns(candidate: _Candidate, now: TableState) -> dict[str, str | None]:
    """Return the columns that identify a row, by name, with their names after `restore`.

    For rows that are dropped or deleted they exclude the values that the server assigns.
    """
    table = candidate.table
    own_columns = {each.number: each.name for each in now.columns if now.oid == table.oid}
    names = {
        each.name: own_columns.get(each.number)
        or (each.name if each.name in now.column_names else None)
        for each in table.columns
    }
    if candidate.change == "changed":
        return {name: names[name] for name in candidate.compared}
    columns_of_both: tuple[ColumnState, ...] = (*now.columns, *table.columns)
    assigned = {each.name for each in columns_of_both if each.is_server_assigned}
    return {each: names[each] for each in sorted(names.keys() - (assigned - {candidate.column}))}


def _count_lost(
    connection: Connection,
    candidate: _Candidate,
    restored: _RestoredRows | None,
    lost_by_deletion: int,
) -> Loss:
    """Count the rows that `destroy` removes or changes, and how many `restore` restores.

    Rows are compared by their text. After `restore`, the rows of a text in excess of its earlier
    number are new, and all others are earlier rows. The earlier rows that are missing are lost.
    """
    table, change = candidate.table, candidate.change
    rows = count_rows(connection, table, candidate.condition)
    survivors = min(max(candidate.survivors, 0), rows)
    missing = rows
    if restored and rows:
        missing = _count_missing(connection, candidate, restored, rows)
    if change == "changed":
        count = min(max(missing - lost_by_deletion, 0), survivors, candidate.changed)
        return Loss(table.label, None, change, count, restored=0)
    count = rows - survivors
    restored_rows = count - min(missing, count)
    return Loss(table.label, candidate.column, change, count, restored_rows)


def _count_missing(
    connection: Connection, candidate: _Candidate, restored: _RestoredRows, rows: int
) -> int:
    """Count the earlier rows that no row after `restore` equals."""
    table, row_text = candidate.table, _row_text(restored.columns)
    if restored.counts is None:
        earlier = _fingerprint(connection, table, row_text, candidate.condition)
        return 0 if (rows, earlier) == (restored.rows, restored.fingerprint) else rows
    before = _count_by_text(connection, table, row_text, restored.counts)
    new = sum(max(n - before.get(each, 0), 0) for each, n in restored.counts.items())
    return rows - (restored.rows - new)


def _count_computed(
    connection: Connection,
    destroy: StepRunner,
    restore: StepRunner,
    unmatched: Mapping[_Candidate, _RestoredRows],
    time_limit: float,
) -> dict[_Candidate, int]:
    """Count the rows that `restore` restores except for the values that it computes.

    Args:
        connection: in a new transaction, whose time differs from that of the first dry run.
        destroy: as in the first dry run.
        restore: as in the first dry run.
        unmatched: the candidates, with the rows that the first dry run has written.
        time_limit: of the dry run, in seconds.
    """
    found = {}
    with rolled_back_to_savepoint(connection, time_limit):
        destroy(connection)
        if _try_restore(restore, connection):
            return {}
        for each, now in _find_restored(connection, unmatched).items():
            columns = unmatched[each].columns
            written = _written_rows(connection, now, columns)
            computed = find_computed(unmatched[each].written, written)
            positions = {position for _, positions in computed for position in positions}
            kept = [name for at, name in enumerate(columns) if at not in positions]
            kept_text = _row_text([columns[name] for name in kept])
            if computed:
                kept_texts = connection.scalars(
                    select_from(now, kept_text).where(WRITTEN_HERE).distinct()
                ).all()
                later = _rows_of_texts(connection, now, columns.values(), kept_text, kept_texts)
                found[each] = (kept, kept_texts, computed, later)
    counts = {}
    for each, (kept, kept_texts, computed, later) in found.items():
        columns = unmatched[each].columns
        earlier = _rows_of_texts(connection, each.table, columns, _row_text(kept), kept_texts)
        if earlier is not None and later is not None:
            counts[each] = count_matches(computed, earlier - later)
    return counts


def _written_rows(
    connection: Connection, table: TableState, columns: Mapping[str, str | None]
) -> list[Row]:
    """Return the rows that this transaction has written; none if there are too many."""
    values = _values(columns.values())
    new_rows = select_from(table, *values).where(WRITTEN_HERE).limit(MAX_NEW_ROWS + 1)
    rows = [tuple(row) for row in connection.execute(new_rows)]
    return rows if len(rows) <= MAX_NEW_ROWS else []


def _rows_of_texts(
    connection: Connection,
    table: TableState,
    columns: Collection[str | None],
    kept_text: RowText,
    kept_texts: Sequence[str],
) -> Counter[Row] | None:
    """Return the rows whose kept columns have one of these texts; None if there are too many."""
    is_wanted = kept_text == sa.any_(sa.literal(list(kept_texts), ARRAY(sa.Text)))
    wanted = select_from(table, *_values(columns)).where(is_wanted).limit(MAX_NEW_ROWS + 1)
    rows = [tuple(row) for row in connection.execute(wanted)]
    return Counter(rows) if len(rows) <= MAX_NEW_ROWS else None


def _values(columns: Collection[str | None]) -> list[ColumnElement[str]]:
    """Return the columns as text; a missing one is NULL."""
    return [sa.cast(sa.column(each) if each else sa.null(), sa.Text) for each in columns]


def _row_text(columns: Collection[str | None]) -> RowText:
    """Return a row's values as text; a missing column is NULL."""
    values = (sa.column(each) if each else sa.null() for each in columns)
    return sa.cast(func.row(*values), sa.Text)


def _fingerprint(
    connection: Connection, table: TableState, row_text: RowText, condition: ColumnElement[bool]
) -> Decimal | None:
    """Return a number that two sets of rows share only if they are equal, in any order."""
    hashes = sa.cast(func.hashtextextended(row_text, 0), Numeric)
    fingerprint: Decimal | None = connection.scalar(
        select_from(table, func.sum(hashes)).where(condition)
    )
    return fingerprint


def _count_by_text(
    connection: Connection, table: TableState, row_text: RowText, texts: Collection[str]
) -> dict[str, int]:
    """Return the number of rows of each text that occurs."""
    if not texts:
        return {}
    is_wanted = row_text == sa.any_(sa.literal(list(texts), ARRAY(sa.Text)))
    counts = select_from(table, row_text, func.count()).where(is_wanted)
    return dict(connection.execute(counts.group_by(row_text)).all())

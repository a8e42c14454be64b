"""Compare the rows of a table before the steps with those after the steps that revert them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Numeric, func
from sqlalchemy.dialects.postgresql import ARRAY

from alembic_zero_downtime.data_loss.candidates import Candidate
from alembic_zero_downtime.data_loss.computed import Row
from alembic_zero_downtime.data_loss.table_states import (
    WRITTEN_HERE,
    ColumnState,
    TableState,
    count_rows,
    read_tables,
    select_from,
)

MAX_NEW_ROWS = 1_000  # distinct rows of a table that are compared one by one

RowText = ColumnElement[str]


class RestoredRows(NamedTuple):
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


def read_restored(
    connection: Connection, candidates: Collection[Candidate]
) -> dict[Candidate, RestoredRows]:
    """Read the tables of the candidates after `restore`."""
    found = find_restored(connection, candidates)
    pairs = ((each, _read_rows(connection, each, now)) for each, now in found.items())
    return {each: rows for each, rows in pairs if rows}


def find_restored(
    connection: Connection, candidates: Collection[Candidate]
) -> dict[Candidate, TableState]:
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
    connection: Connection, candidate: Candidate, now: TableState
) -> RestoredRows | None:
    """Return the rows after `restore`; None if they cannot be compared."""
    columns = _compared_columns(candidate, now)
    if not columns or (candidate.column and not columns[candidate.column]):
        return None
    row_text = text_of_row(columns.values())
    name = columns[candidate.column] if candidate.column else None
    condition = sa.column(name).is_not(None) if name else sa.true()
    may_be_new = condition if candidate.column else WRITTEN_HERE
    new_rows = select_from(now, row_text).where(may_be_new).distinct().limit(MAX_NEW_ROWS + 1)
    texts = connection.scalars(new_rows).all()
    rows = count_rows(connection, now, condition)
    if len(texts) > MAX_NEW_ROWS:
        fingerprint = _fingerprint(connection, now, row_text, condition)
        return RestoredRows(rows, columns, None, fingerprint, [])
    counts = _count_by_text(connection, now, row_text, texts)
    is_wanted = texts and not candidate.column and candidate.change != "changed"
    written = written_rows(connection, now, columns) if is_wanted else []
    return RestoredRows(rows, columns, counts, None, written)


def _compared_columns(candidate: Candidate, now: TableState) -> dict[str, str | None]:
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


def count_missing(
    connection: Connection, candidate: Candidate, restored: RestoredRows, rows: int
) -> int:
    """Count the earlier rows that no row after `restore` equals."""
    table, row_text = candidate.table, text_of_row(restored.columns)
    if restored.counts is None:
        earlier = _fingerprint(connection, table, row_text, candidate.condition)
        return 0 if (rows, earlier) == (restored.rows, restored.fingerprint) else rows
    before = _count_by_text(connection, table, row_text, restored.counts)
    new = sum(max(n - before.get(each, 0), 0) for each, n in restored.counts.items())
    return rows - (restored.rows - new)


def written_rows(
    connection: Connection, table: TableState, columns: Mapping[str, str | None]
) -> list[Row]:
    """Return the rows that this transaction has written; none if there are too many."""
    values = _values(columns.values())
    new_rows = select_from(table, *values).where(WRITTEN_HERE).limit(MAX_NEW_ROWS + 1)
    rows = [tuple(row) for row in connection.execute(new_rows)]
    return rows if len(rows) <= MAX_NEW_ROWS else []


def rows_of_texts(
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


def text_of_row(columns: Collection[str | None]) -> RowText:
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

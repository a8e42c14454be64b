"""Work out what steps would destroy, by rehearsing them and counting what is gone."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import SQLAlchemyError

from app.db.migrations.failure import describe_failure, one_line
from app.db.migrations.rehearsal import (
    RehearsalError,
    Table,
    count_rows,
    read_tables,
    rolled_back,
    select_from,
    taken_back,
)

MOST_CONTENTS = 1_000  # different rows of a table that are looked for

Steps = Callable[[Connection], object]
Content = ColumnElement[str]


@dataclass(frozen=True)
class Loss:
    """What disappears of a table, or of one of its columns.

    Attributes:
        table: its name.
        column: the dropped column; None where rows are meant.
        is_dropped: whether the table or the column goes too, and not only rows.
        count: the rows; of a column, its values that are not NULL.
        restored: how many of them the upgrade writes again.
    """

    table: str
    column: str | None
    is_dropped: bool
    count: int
    restored: int

    @property
    def lost(self) -> int:
        """How many of them nobody would bring back."""
        return self.count - self.restored

    def __str__(self) -> str:
        """Say it for people."""
        name = f"{self.table}.{self.column}" if self.column else self.table
        amount = f"{self.count:,} {'value' if self.column else 'row'}{'s' * (self.count > 1)}"
        words = f"dropped with {amount}" if self.is_dropped else f"{amount} deleted"
        if self.restored:
            share = f"{self.restored:,} of " if self.lost else "all of " * (self.count > 1)
            words += f", {share}which the upgrade writes again"
        return f"{name}: {words if self.count else 'dropped, empty'}"


@dataclass(frozen=True)
class Price:
    """What steps would destroy.

    Attributes:
        losses: what disappears, by table.
        doubt: why nobody knows what the upgrade writes again; nothing counts as restored then.
    """

    losses: tuple[Loss, ...]
    doubt: str | None = None

    @property
    def is_loss(self) -> bool:
        """Whether a row or a value would be lost that the upgrade does not write again."""
        return any(loss.lost for loss in self.losses)

    def lines(self) -> list[str]:
        """Return a sentence for each loss."""
        lines = [str(loss) for loss in self.losses]
        if self.doubt and self.is_loss:
            lines.append(f"what the upgrade writes again is not known: {self.doubt}")
        return lines

    def __str__(self) -> str:
        """Say it for people."""
        return "\n".join(self.lines()) or "nothing disappears"


class _Stake(NamedTuple):
    """Something that disappears.

    Attributes:
        table: as it was before.
        column: the dropped column; None where rows are meant.
        survivors: the rows that stay, where the table does.
    """

    table: Table
    column: str | None = None
    survivors: int | None = None

    @property
    def population(self) -> ColumnElement[bool]:
        """What all rows that count have in common."""
        return sa.column(self.column).is_not(None) if self.column else sa.true()


class _Evidence(NamedTuple):
    """What is there after the way back: all rows, and how many of each content that may be new."""

    rows: int
    columns: list[str]
    numbers: dict[str, int]


def price(
    connection: Connection,
    destroy: Steps,
    restore: Steps,
    *,
    lock_timeout: float = 5,
    time_limit: float = 5,
) -> Price:
    """Work out what `destroy` would destroy, and what of that `restore` would write again.

    Both are run in one transaction, which is rolled back. Only sequences go on counting.

    Args:
        connection: one of its own, in no transaction.
        destroy: the steps in question.
        restore: the way back, such as the upgrade after a downgrade.
        lock_timeout: the seconds that a lock is waited for.
        time_limit: the seconds that all of it may take while it holds the locks of the steps.

    Raises:
        RehearsalError: It cannot be worked out.
        Exception: What `destroy` itself raises.
    """
    with rolled_back(connection, lock_timeout=lock_timeout, statement_timeout=time_limit):
        before = [each for each in read_tables(connection) if each.is_ours]
        with taken_back(connection, time_limit):
            destroy(connection)
            stakes = list(_find_stakes(connection, before))
            doubt = _attempt(restore, connection) if stakes else None
            evidence = {} if doubt else _gather(connection, stakes)
        losses = [_weigh(connection, each, evidence.get(each)) for each in stakes]
    return Price(tuple(each for each in losses if each.count or each.is_dropped), doubt)


def _find_stakes(connection: Connection, before: Sequence[Table]) -> Iterator[_Stake]:
    """Yield what is gone; of a partition only what its parent does not lose as well."""
    after = {each.oid: each for each in read_tables(connection)}
    gone = {each.oid: _gone_from(each, after.get(each.oid)) for each in before}
    is_counted = connection.scalar(sa.text("SELECT current_setting('track_counts')::boolean"))
    for each in before:
        inherited = gone.get(each.parent, ()) if each.parent else ()
        yield from (_Stake(each, name) for name in gone[each.oid] if name not in inherited)
        now = after.get(each.oid)
        if now is None or now.is_partitioned:
            continue
        # The session's counters say where to look and no more: rows that a savepoint brought back
        # are in them, truncated ones are not.
        if now.deleted or now.file != each.file or not is_counted:
            inserted = now.inserted - each.inserted
            yield _Stake(each, survivors=count_rows(connection, now) - inserted)


def _gone_from(before: Table, after: Table | None) -> list[str | None]:
    """Return the columns that are gone, or None for the table; the generated are no loss."""
    if after is None:
        return [None]
    left = {each.number for each in after.columns}
    return [e.name for e in before.columns if e.number not in left and not e.is_generated]


def _attempt(restore: Steps, connection: Connection) -> str | None:
    """Run the way back; return why it fails, if it does."""
    try:
        restore(connection)
    except RehearsalError as error:
        return error.reason
    except SQLAlchemyError as error:
        return describe_failure(error)
    except Exception as error:  # noqa: BLE001 whatever stops it, it writes nothing again
        return one_line(f"{type(error).__name__}: {error}")
    return None


def _gather(connection: Connection, stakes: Sequence[_Stake]) -> dict[_Stake, _Evidence]:
    """Look at what is there after the way back."""
    tables = {(each.schema, each.name): each for each in read_tables(connection)}
    pairs = ((each, tables.get((each.table.schema, each.table.name))) for each in stakes)
    return {each: found for each, now in pairs if now and (found := _look(connection, each, now))}


def _look(connection: Connection, stake: _Stake, now: Table) -> _Evidence | None:
    """Return nothing where the column is not back, or too much of the table is new."""
    if stake.column and stake.column not in now.column_names:
        return None
    given = {each.name for each in (*now.columns, *stake.table.columns) if each.is_given}
    columns = sorted(stake.table.column_names - (given - {stake.column}))
    content = _content(now, columns)
    # What this transaction has not written was there before.
    may_be_new = stake.population if stake.column else func.age(sa.column("xmin")) <= 0
    found = select_from(now, content).where(may_be_new).distinct().limit(MOST_CONTENTS + 1)
    contents = connection.scalars(found).all()
    if len(contents) > MOST_CONTENTS:
        return None
    numbers = _tally(connection, now, content, contents)
    return _Evidence(count_rows(connection, now, stake.population), columns, numbers)


def _weigh(connection: Connection, stake: _Stake, evidence: _Evidence | None) -> Loss:
    """Count what is at stake, and what of it comes back.

    Content tells. Of the rows after the way back, those of a new content were not there before.
    The rest was; what there was more is missing.
    """
    rows = count_rows(connection, stake.table, stake.population)
    count = rows if stake.survivors is None else min(max(rows - stake.survivors, 0), rows)
    missing = count
    if evidence:
        content = _content(stake.table, evidence.columns)
        before = _tally(connection, stake.table, content, evidence.numbers)
        new = sum(max(n - before.get(each, 0), 0) for each, n in evidence.numbers.items())
        missing = min(rows - (evidence.rows - new), count)
    is_dropped = stake.survivors is None
    return Loss(stake.table.name, stake.column, is_dropped, count, restored=count - missing)


def _content(table: Table, columns: Iterable[str]) -> Content:
    """Return the text of a row's values; a column that the table has not got is NULL."""
    values = (sa.column(each) if each in table.column_names else sa.null() for each in columns)
    return sa.cast(func.row(*values), sa.Text)


def _tally(
    connection: Connection, table: Table, content: Content, contents: Collection[str]
) -> dict[str, int]:
    """Return the number of rows of each content, of those that there are any of."""
    if not contents:
        return {}
    is_wanted = content == sa.any_(sa.literal(list(contents), ARRAY(sa.Text)))
    numbers = select_from(table, content, func.count()).where(is_wanted)
    return dict(connection.execute(numbers.group_by(content)).all())

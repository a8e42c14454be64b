"""Estimate the data loss of migration steps: dry-run them and count the rows that are gone."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alembic_zero_downtime.data_loss.candidates import (
    Candidate,
    describe_sequence,
    find_candidates,
    find_lowered,
    find_uncounted,
    find_watched,
)
from alembic_zero_downtime.data_loss.computed import count_matches, find_computed
from alembic_zero_downtime.data_loss.dry_run import (
    DryRunError,
    rolled_back,
    rolled_back_to_savepoint,
)
from alembic_zero_downtime.data_loss.loss import DataLoss, Loss
from alembic_zero_downtime.data_loss.recount import Watched
from alembic_zero_downtime.data_loss.restored_rows import (
    RestoredRows,
    count_missing,
    find_restored,
    read_restored,
    rows_of_texts,
    text_of_row,
    written_rows,
)
from alembic_zero_downtime.data_loss.table_states import (
    WRITTEN_HERE,
    count_rows,
    read_sequences,
    read_tables,
    select_from,
)
from alembic_zero_downtime.errors import describe_failure, one_line

StepRunner = Callable[[Connection], object]

TRACKS_COUNTS = sa.text("SELECT current_setting('track_counts')::boolean")


@dataclass(frozen=True)
class _DryRun:
    """One dry run: the candidates, and their rows after `restore`."""

    candidates: list[Candidate]
    restored: dict[Candidate, RestoredRows]
    losses: dict[Candidate, Loss]
    uncounted: list[str]
    unknown_because: str | None
    watched: list[Watched]

    @property
    def unmatched(self) -> dict[Candidate, RestoredRows]:
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
        candidates = list(find_candidates(connection, before, after, is_counted=is_counted))
        uncounted = list(find_uncounted(before, after))
        lowered = find_lowered(connection, sequences)
        unknown_because = _try_restore(restore, connection) if candidates or lowered else None
        restored = {} if unknown_because else read_restored(connection, candidates)
        lowered = lowered if unknown_because else find_lowered(connection, lowered)
    losses: dict[Candidate, Loss] = {}
    deleted: Counter[int] = Counter()
    for each in candidates:
        losses[each] = _count_lost(connection, each, restored.get(each), deleted[each.table.oid])
        if each.change == "deleted":
            deleted[each.table.oid] = losses[each].lost
    watched = list(find_watched(connection, before, after, losses, is_counted=is_counted))
    uncounted += (describe_sequence(each) for each in lowered)
    return _DryRun(candidates, restored, losses, uncounted, unknown_because, watched)


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


def _count_lost(
    connection: Connection,
    candidate: Candidate,
    restored: RestoredRows | None,
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
        missing = count_missing(connection, candidate, restored, rows)
    if change == "changed":
        count = min(max(missing - lost_by_deletion, 0), survivors, candidate.changed)
        return Loss(table.label, None, change, count, restored=0)
    count = rows - survivors
    restored_rows = count - min(missing, count)
    return Loss(table.label, candidate.column, change, count, restored_rows)


def _count_computed(
    connection: Connection,
    destroy: StepRunner,
    restore: StepRunner,
    unmatched: Mapping[Candidate, RestoredRows],
    time_limit: float,
) -> dict[Candidate, int]:
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
        for each, now in find_restored(connection, unmatched).items():
            columns = unmatched[each].columns
            written = written_rows(connection, now, columns)
            computed = find_computed(unmatched[each].written, written)
            positions = {position for _, positions in computed for position in positions}
            kept = [name for at, name in enumerate(columns) if at not in positions]
            kept_text = text_of_row([columns[name] for name in kept])
            if computed:
                kept_texts = connection.scalars(
                    select_from(now, kept_text).where(WRITTEN_HERE).distinct()
                ).all()
                later = rows_of_texts(connection, now, columns.values(), kept_text, kept_texts)
                found[each] = (kept, kept_texts, computed, later)
    counts = {}
    for each, (kept, kept_texts, computed, later) in found.items():
        columns = unmatched[each].columns
        earlier = rows_of_texts(connection, each.table, columns, text_of_row(kept), kept_texts)
        if earlier is not None and later is not None:
            counts[each] = count_matches(computed, earlier - later)
    return counts

"""List the revisions with their entries in the ledger."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC

from alembic.script import ScriptDirectory
from rich.table import Table

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import print_json, stdout
from alembic_zero_downtime.history.ledger import Entry, Ledger
from alembic_zero_downtime.history.state import MigrationState, list_revisions
from alembic_zero_downtime.history.verification import edited_revisions


@dataclass(frozen=True)
class RevisionRow:
    """A revision and, if it is applied, the ledger entry that applied it."""

    revision: str
    title: str
    is_applied: bool
    is_edited: bool
    applied: Entry | None


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """List the migrations: when, by whom and how each was applied."""
    state, ledger = context.read_status()
    rows = list(read_rows(state, ledger, context.scripts))
    if arguments.json:
        print_json(
            {
                "revisions": [asdict(row) for row in rows],
                "current": state.current,
                "is_at_head": state.is_at_head,
            }
        )
    else:
        with stdout() as console:
            console.print(table_of(rows))
            console.print(f"Database: {context.database}\nNow at: {state}", soft_wrap=True)
    return Exit.OK


def read_rows(
    state: MigrationState, ledger: Ledger, scripts: ScriptDirectory
) -> Iterator[RevisionRow]:
    """Yield a row for each revision of the code, then for each that only the database has."""
    edited = set(edited_revisions(state, ledger, scripts))
    pending = set(state.pending)
    for script in list_revisions(scripts):
        revision = script.revision
        is_applied = revision not in pending
        origin = ledger.origin(revision) if is_applied else None
        yield RevisionRow(revision, script.doc.rstrip("."), is_applied, revision in edited, origin)
    for revision in state.unknown:
        title = "(unknown to this code)"
        yield RevisionRow(revision, title, True, False, ledger.origin(revision))  # noqa: FBT003


def table_of(rows: list[RevisionRow]) -> Table:
    """Return the revisions as a table; timestamps are in UTC."""
    table = Table("Revision", "Description", "Applied", "By", "Duration", "Note")
    for row in rows:
        table.add_row(row.revision, row.title, *_cells(row))
    return table


def _cells(row: RevisionRow) -> tuple[str, str, str, str]:
    is_partial = row.applied is not None and row.applied.transactional is False
    notes = ["edited since"] * row.is_edited + ["not transactional"] * is_partial
    note = ", ".join(notes)
    if row.applied is None:
        return "before the ledger" if row.is_applied else "no", "", "", note
    timestamp = f"{row.applied.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    by = f"{row.applied.role} from {row.applied.host}" if row.applied.host else row.applied.role
    return timestamp, by, _duration(row.applied), note


def _duration(entry: Entry) -> str:
    """Return the duration and the attempts; of an entry without them, its action."""
    if entry.duration is None:
        return {"stamp": "stamped", "adopt": "adopted"}.get(entry.action, "")
    seconds = f"{entry.duration.total_seconds():.3f} s"
    return seconds + (f", {entry.attempts} attempts" if (entry.attempts or 1) > 1 else "")

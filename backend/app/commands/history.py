"""List the revisions with what the ledger knows of them."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC

from alembic.script import ScriptDirectory
from rich.table import Table

from app.commands.output import Exit, add_json_option, print_json, stdout
from app.commands.target import read_standing
from app.db.migrations.ledger import Entry, Ledger
from app.db.migrations.state import MigrationState, list_revisions
from app.db.migrations.verify import edited_revisions


@dataclass(frozen=True)
class Line:
    """A revision, and what the ledger says of how it came in, if it is applied."""

    revision: str
    title: str
    is_applied: bool
    is_edited: bool
    applied: Entry | None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print every revision, when, by whom and how it was applied, and where the database stands."""
    database, scripts, state, ledger = read_standing()
    lines = list(read_lines(state, ledger, scripts))
    if arguments.json:
        print_json(
            {
                "revisions": [asdict(line) for line in lines],
                "current": state.current,
                "is_at_head": state.is_at_head,
            }
        )
    else:
        print_lines(lines)
        stdout().print(f"Database: {database}\nNow at: {state}", soft_wrap=True)
    return Exit.FINE


def read_lines(state: MigrationState, ledger: Ledger, scripts: ScriptDirectory) -> Iterator[Line]:
    """Yield a line for each revision of the code, then for each that only the database knows."""
    edited = edited_revisions(state, ledger, scripts)
    for script in list_revisions(scripts):
        revision = script.revision
        is_applied = revision not in state.pending
        origin = ledger.origin(revision) if is_applied else None
        yield Line(revision, script.doc.rstrip("."), is_applied, revision in edited, origin)
    for revision in state.unknown:
        title = "(unknown to this code)"
        yield Line(revision, title, True, False, ledger.origin(revision))  # noqa: FBT003


def print_lines(lines: list[Line]) -> None:
    """Print the revisions as a table; moments are in UTC."""
    table = Table("Revision", "What it does", "Applied", "By", "Took", "Note")
    for line in lines:
        table.add_row(line.revision, line.title, *_cells(line))
    stdout().print(table)


def _cells(line: Line) -> tuple[str, str, str, str]:
    note = "edited since" if line.is_edited else ""
    if line.applied is None:
        return "before the ledger" if line.is_applied else "no", "", "", note
    moment = f"{line.applied.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    by = f"{line.applied.role} from {line.applied.host}" if line.applied.host else line.applied.role
    return moment, by, _took(line.applied), note


def _took(entry: Entry) -> str:
    """Say how long it took; what was only declared took no time."""
    if entry.duration is None:
        return {"stamp": "stamped", "adopt": "adopted"}.get(entry.action, "")
    words = f"{entry.duration.total_seconds():.3f} s"
    return words + (f", {entry.attempts} attempts" if (entry.attempts or 1) > 1 else "")

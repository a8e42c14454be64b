"""Compare the ledger with the revision files and with the version table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alembic.script import ScriptDirectory

from alembic_zero_downtime.history.checksum import checksum_of
from alembic_zero_downtime.history.ledger import Ledger
from alembic_zero_downtime.history.state import MigrationState, list_revisions
from alembic_zero_downtime.project import CommandNames


@dataclass(frozen=True)
class Discrepancy:
    """A difference from the ledger; `message` describes it and how to resolve it."""

    kind: Literal["edited", "unknown", "heads"]
    revision: str | None
    message: str


def verify(
    state: MigrationState, ledger: Ledger, scripts: ScriptDirectory, commands: CommandNames
) -> list[Discrepancy]:
    """Return the discrepancies, in the order of the revisions."""
    discrepancies = [
        Discrepancy(
            "edited",
            each,
            f"{each} was edited after it was applied: restore the file and add a new revision, or, "
            f"if the edit has the same effect, {commands.accept.format(each)}",
        )
        for each in edited_revisions(state, ledger, scripts)
    ]
    known = {each.revision for each in list_revisions(scripts)}
    discrepancies += [
        Discrepancy(
            "unknown", each, f"{each} is applied and unknown to this code: update the checkout"
        )
        for each in sorted({*state.unknown, *ledger.applied} - known)
    ]
    if ledger.heads is not None and ledger.heads != set(state.current):
        recorded, actual = (
            ", ".join(sorted(heads)) or "base" for heads in (ledger.heads, state.current)
        )
        discrepancies.append(
            Discrepancy(
                "heads",
                None,
                f"alembic_version has {actual}, the ledger {recorded}: alembic_version was changed "
                "without Alembic; check the schema, then alembic stamp --purge REVISION",
            )
        )
    return discrepancies


def edited_revisions(
    state: MigrationState, ledger: Ledger, scripts: ScriptDirectory, *, newer_only: bool = False
) -> list[str]:
    """Return the applied revisions whose code has changed since, oldest first.

    Args:
        state: of the database.
        ledger: of the database.
        scripts: the revisions of the code.
        newer_only: whether to read only files that are newer than their ledger entry, which is
            quick, but does not find an edit whose file was copied with its time.
    """
    edited, pending = [], set(state.pending)
    for script in list_revisions(scripts):
        entry = ledger.last(script.revision)
        path = Path(script.path)
        if entry is None or script.revision in pending:
            continue
        if newer_only and path.stat().st_mtime < entry.recorded_at.timestamp():
            continue
        if entry.checksum != checksum_of(path):
            edited.append(script.revision)
    return edited

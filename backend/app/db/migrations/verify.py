"""Compare the ledger with the code and with the version table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alembic.script import ScriptDirectory

from app.db.migrations.checksum import checksum_of
from app.db.migrations.ledger import Ledger
from app.db.migrations.state import MigrationState


@dataclass(frozen=True)
class Finding:
    """Something that is not as the ledger says; `words` say what, and what to do."""

    kind: Literal["edited", "unknown", "heads"]
    revision: str | None
    words: str


def verify(state: MigrationState, ledger: Ledger, scripts: ScriptDirectory) -> list[Finding]:
    """Return what does not agree, in the order of the revisions."""
    findings = [
        Finding(
            "edited",
            each,
            f"{each} was edited after it was applied: put the code back and write another "
            f"revision, or, if it does the same, make migrate-accept REV={each}",
        )
        for each in edited_revisions(state, ledger, scripts)
    ]
    known = {each.revision for each in scripts.walk_revisions()}
    findings += [
        Finding("unknown", each, f"{each} is applied and unknown to this code: update the code")
        for each in sorted({*state.unknown, *ledger.applied} - known)
    ]
    if ledger.heads is not None and ledger.heads != set(state.current):
        recorded, actual = (
            ", ".join(sorted(heads)) or "base" for heads in (ledger.heads, state.current)
        )
        findings.append(
            Finding(
                "heads",
                None,
                f"alembic_version says {actual} and the ledger {recorded}: somebody wrote past "
                "alembic; when you know which is true, alembic stamp --purge REVISION",
            )
        )
    return findings


def edited_revisions(state: MigrationState, ledger: Ledger, scripts: ScriptDirectory) -> list[str]:
    """Return the applied revisions whose code is another one than it was, oldest first."""
    edited = []
    for script in reversed(list(scripts.walk_revisions())):
        entry = ledger.last(script.revision)
        is_applied = script.revision not in state.pending
        if is_applied and entry and entry.checksum != checksum_of(Path(script.path)):
            edited.append(script.revision)
    return edited

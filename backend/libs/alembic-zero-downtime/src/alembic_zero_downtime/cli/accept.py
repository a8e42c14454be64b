"""Accept a deliberate edit of an applied revision."""

import argparse

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.history.verification import edited_revisions
from alembic_zero_downtime.runtime.manual_entries import accept_revision


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Accept an edited migration (updates its checksum)."""
    database, revision = context.database, arguments.revision
    state, ledger = context.read_status()
    is_applied = ledger.last(revision) and revision not in (*state.pending, *state.unknown)
    if is_applied and revision not in edited_revisions(state, ledger, context.scripts):
        context.notify(f"{revision} is unchanged since it was applied: there is nothing to accept")
        return Exit.OK
    accept_revision(context.project, database, context.recorder, revision)
    context.notify(f"accepted {revision}: its checksum is updated in {database}")
    return Exit.OK

"""Compare the applied revisions with the code."""

import argparse
from dataclasses import asdict

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import print_json, stdout
from alembic_zero_downtime.history.verification import verify


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Check that no applied migration was edited."""
    state, ledger = context.read_status()
    discrepancies = verify(state, ledger, context.scripts, context.project.commands)
    if arguments.json:
        found = [asdict(each) for each in discrepancies]
        print_json({"discrepancies": found, "has_ledger": ledger.exists})
    else:
        with stdout() as console:
            console.print(f"Database: {context.database}", soft_wrap=True)
            for each in discrepancies:
                console.print(each.message, soft_wrap=True)
            if not discrepancies:
                console.print("Every applied revision is unchanged.")
    if not ledger.exists and state.current:
        upgrade = context.project.commands.upgrade
        context.notify(
            f"the database has no ledger yet: the next {upgrade} adopts the applied revisions"
        )
    return Exit.UNVERIFIED if discrepancies else Exit.OK

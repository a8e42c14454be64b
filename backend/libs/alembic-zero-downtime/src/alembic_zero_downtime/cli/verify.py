"""Compare the applied revisions with the code."""

import argparse
from dataclasses import asdict

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.output import Exit, add_json_option, print_json, stdout
from alembic_zero_downtime.history.verification import verify


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    add_json_option(parser)


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Check that no applied migration was edited."""
    state, ledger = context.read_status()
    discrepancies = verify(state, ledger, context.scripts, context.project.commands)
    if arguments.json:
        found = [asdict(each) for each in discrepancies]
        print_json({"discrepancies": found, "has_ledger": ledger.exists})
    else:
        for each in discrepancies:
            stdout().print(each.message, soft_wrap=True)
        if not discrepancies:
            stdout().print(f"Database: {context.database}", soft_wrap=True)
            stdout().print("Every applied revision is unchanged.")
    if not ledger.exists and state.current:
        upgrade = context.project.commands.upgrade
        context.notify(
            f"the database has no ledger yet: the next {upgrade} adopts the applied revisions"
        )
    return Exit.UNVERIFIED if discrepancies else Exit.OK

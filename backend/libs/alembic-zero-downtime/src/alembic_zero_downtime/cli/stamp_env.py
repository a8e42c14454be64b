"""Record the environment of a database."""

import argparse

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.history.declared_environment import PRODUCTION
from alembic_zero_downtime.runtime.manual_entries import set_environment


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Record the environment of the database; a production database is never reset."""
    database = context.database
    set_environment(context.project, database, context.recorder, arguments.environment)
    consequence = ": it cannot be reset" if arguments.environment == PRODUCTION else ""
    context.notify(f"{database} is now {arguments.environment}{consequence}")
    return Exit.OK

"""Record the environment of a database."""

import argparse

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.output import Exit
from alembic_zero_downtime.runtime.manual_entries import PRODUCTION, set_environment


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    parser.add_argument("environment", help="production, staging, development, …")


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Record the environment of the database; a production database is never reset."""
    database = context.database
    set_environment(context.project, database, context.recorder, arguments.environment)
    consequence = ": it cannot be reset" if arguments.environment == PRODUCTION else ""
    context.notify(f"{database} is now {arguments.environment}{consequence}")
    return Exit.OK

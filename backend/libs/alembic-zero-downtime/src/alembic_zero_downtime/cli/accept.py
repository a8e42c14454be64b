"""Accept a deliberate edit of an applied revision."""

import argparse

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.output import Exit
from alembic_zero_downtime.runtime.manual_entries import accept_revision


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    parser.add_argument("revision", help="the edited revision, e.g. 002")


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Accept an edited migration (updates its checksum)."""
    database = context.database
    accept_revision(context.project, database, context.recorder, arguments.revision)
    context.notify(f"accepted {arguments.revision}: its checksum is updated in {database}")
    return Exit.OK

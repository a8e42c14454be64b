"""Stop the embedded server."""

import argparse

from alembic_zero_downtime import embedded
from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import stdout


def run(context: CommandContext, _: argparse.Namespace) -> int:
    """Stop the embedded server and keep its data."""
    was_running = embedded.stop(context.project.embedded_server(context.config))
    stdout().print("Stopped the embedded PostgreSQL." if was_running else "It was not running.")
    return Exit.OK

"""Inspect, check, reset or open the database: the commands behind the Makefile."""

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alembic.config import Config

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.main import COMMANDS, execute, make_parser
from app.commands import companies
from app.db.migrations import PROJECT

PROGRAM = "db_manager"
__all__ = ["PROJECT", "main"]


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command, by default the one in `sys.argv`; return the exit code."""
    parser = make_parser(__doc__ or PROGRAM, {**COMMANDS, "list-companies": companies})
    arguments = parser.parse_args(command_line)
    context = CommandContext(PROJECT, Config(PROJECT.config_file), PROGRAM)
    return execute(arguments, context)


if __name__ == "__main__":
    sys.exit(main())

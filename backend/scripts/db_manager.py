"""Inspect, check, reset or open the database: the commands behind the Makefile."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alembic_zero_downtime.interrupts import exit_on_interrupt

if TYPE_CHECKING:
    from argparse import Namespace

    from alembic_zero_downtime.cli.context import CommandContext

PROGRAM = "db_manager"


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command, by default the one in `sys.argv`; return the exit code."""
    if command_line is None:
        exit_on_interrupt(PROGRAM)  # before the other imports
    from alembic_zero_downtime.cli.commands import (  # noqa: PLC0415
        COMMANDS,
        Command,
        add_json_option,
    )
    from alembic_zero_downtime.cli.main import execute, make_parser, parse  # noqa: PLC0415

    companies = Command("app.commands.companies", "List the companies.", add_json_option)
    commands = {**COMMANDS, "list-companies": companies}
    arguments = parse(make_parser(PROGRAM, __doc__ or PROGRAM, commands), command_line)
    return execute(PROGRAM, arguments, open_context)


def open_context(_: "Namespace") -> "CommandContext":
    """Return the project of this application."""
    from alembic.config import Config  # noqa: PLC0415 `--help` imports nothing slow

    from alembic_zero_downtime.cli.context import CommandContext  # noqa: PLC0415
    from app.db.migrations import PROJECT  # noqa: PLC0415

    return CommandContext(PROJECT, Config(PROJECT.config_file), PROGRAM)


if __name__ == "__main__":
    sys.exit(main())

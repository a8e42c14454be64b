"""The command line for any Alembic project: `alembic-zero-downtime`, or `python -m`."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from alembic_zero_downtime.interrupts import exit_on_interrupt

if TYPE_CHECKING:
    from argparse import Namespace

    from alembic_zero_downtime.cli.context import CommandContext

PROGRAM = "alembic-zero-downtime"


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command for the project of `alembic.ini`; return the exit code.

    Args:
        command_line: the arguments; by default those of this process, which Ctrl-C then ends.
    """
    if command_line is None:
        exit_on_interrupt(PROGRAM)  # before the other imports
    from alembic_zero_downtime.cli.main import execute, make_parser, parse  # noqa: PLC0415

    parser = make_parser(PROGRAM, "Check, plan and describe the Alembic migrations of a project.")
    parser.add_argument("-c", "--config", default="alembic.ini", help="default: %(default)s")
    parser.add_argument("-x", action="append", help="an argument for env.py, like Alembic's -x")
    arguments = parse(parser, command_line)
    if not os.path.isfile(arguments.config):  # noqa: PTH113 pathlib is slow to import
        parser.error(f"{arguments.config} not found: run this in its folder, or pass it with -c")
    return execute(PROGRAM, arguments, open_context)


def open_context(arguments: "Namespace") -> "CommandContext":
    """Return the project of the chosen `alembic.ini`.

    Raises:
        CommandError: It is not the one of a project with this library.
    """
    from argparse import Namespace  # noqa: PLC0415

    from alembic.config import Config  # noqa: PLC0415 `--help` imports nothing slow

    from alembic_zero_downtime.cli.context import CommandContext  # noqa: PLC0415
    from alembic_zero_downtime.environment import load_project  # noqa: PLC0415

    # Alembic, too, reads the pyproject.toml of the current folder beside alembic.ini.
    config = Config(arguments.config, toml_file="pyproject.toml", cmd_opts=Namespace(x=arguments.x))
    return CommandContext(load_project(config), config, PROGRAM)


if __name__ == "__main__":
    sys.exit(main())

"""The command line for any Alembic project: `alembic-zero-downtime`, or `python -m`."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from alembic.config import Config
from alembic.util import CommandError

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.main import execute, make_parser
from alembic_zero_downtime.environment import load_project

PROGRAM = "alembic-zero-downtime"


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command for the project of `alembic.ini`; return the exit code."""
    parser = make_parser("Check, plan and describe the Alembic migrations of a project.")
    parser.prog = PROGRAM
    parser.add_argument("-c", "--config", default="alembic.ini", help="default: %(default)s")
    parser.add_argument("-x", action="append", help="an argument for env.py, like Alembic's -x")
    arguments = parser.parse_args(command_line)
    if not Path(arguments.config).is_file():
        parser.error(f"{arguments.config} not found: run this in its folder, or pass it with -c")
    config = Config(arguments.config, cmd_opts=Namespace(x=arguments.x))
    try:
        project = load_project(config)
    except CommandError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return 1
    return execute(arguments, CommandContext(project, config, PROGRAM))


if __name__ == "__main__":
    sys.exit(main())

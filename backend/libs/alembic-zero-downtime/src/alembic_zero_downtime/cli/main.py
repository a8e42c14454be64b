"""Parse a command line, run its command, and report each expected failure on one line.

Nothing here imports Alembic or SQLAlchemy before a command runs: `--help` answers at once.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from alembic_zero_downtime.cli.commands import COMMANDS, Command
from alembic_zero_downtime.cli.exit_codes import EXPLANATION, Exit

if TYPE_CHECKING:
    from alembic_zero_downtime.cli.context import CommandContext

UNKNOWN_COMMAND = re.compile(r"argument COMMAND: invalid choice: '(.*?)' ")


class _ShowVersions(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from alembic_zero_downtime.cli.versions import describe_versions  # noqa: PLC0415

        parser.exit(message=f"{describe_versions(parser.prog)}\n")


class _Parser(argparse.ArgumentParser):
    """A parser that suggests the command that was probably meant."""

    def __init__(self, *, commands: Iterable[str] = (), **options: object) -> None:
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]
        self._commands = list(commands)

    def error(self, message: str) -> NoReturn:
        if unknown := UNKNOWN_COMMAND.match(message):
            suggestion = suggest(unknown[1], self._commands) or ": --help lists all"
            message = f"there is no command {unknown[1]}{suggestion}"
        super().error(message)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `: did you mean …?` with the most similar known word, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 only an error needs it

    similar = get_close_matches(word, list(known), n=1)
    return f": did you mean {similar[0]}?" if similar else ""


def make_parser(
    program: str, description: str, commands: Mapping[str, Command] = COMMANDS
) -> argparse.ArgumentParser:
    """Return a parser for `parse`.

    Args:
        program: the name of the command line.
        description: of the program.
        commands: by name.
    """
    parser = _Parser(
        prog=program,
        description=description,
        epilog=EXPLANATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        commands=commands,
    )
    parser.add_argument(
        "--version", action=_ShowVersions, nargs=0, help="show the versions and exit"
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in commands.items():
        summary = command.description.partition("\n")[0]
        added = subparsers.add_parser(name, help=summary, description=command.description)
        added.set_defaults(module=command.module, parser=added)
        command.configure(added)
    return parser


def parse(
    parser: argparse.ArgumentParser, command_line: Sequence[str] | None
) -> argparse.Namespace:
    """Return the arguments, with the module of the chosen command as `module`.

    Raises:
        SystemExit: An argument is wrong; the message suggests a similar one.
    """
    arguments, unknown = parser.parse_known_args(command_line)
    if unknown:
        options = re.findall(r"(?<!\w)--[\w-]+", arguments.parser.format_usage())
        suggestion = suggest(unknown[0].partition("=")[0], options)
        arguments.parser.error(f"unrecognized arguments: {' '.join(unknown)}{suggestion}")
    return arguments


def execute(
    program: str,
    arguments: argparse.Namespace,
    open_context: Callable[[argparse.Namespace], "CommandContext"],
) -> int:
    """Run the chosen command; return the exit code.

    Args:
        program: the name at the start of each message.
        arguments: from `parse`.
        open_context: returns the project that the command works on.
    """
    import configparser  # noqa: PLC0415 see the module's docstring
    import logging  # noqa: PLC0415
    from importlib import import_module  # noqa: PLC0415

    from alembic.util import CommandError  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from alembic_zero_downtime._exits import exits_refused  # noqa: PLC0415
    from alembic_zero_downtime.cli.output import results_on_stdout  # noqa: PLC0415
    from alembic_zero_downtime.errors import describe_failure  # noqa: PLC0415
    from alembic_zero_downtime.signals import Terminated, interruptible  # noqa: PLC0415

    try:
        run = import_module(arguments.module).run
        with interruptible(), exits_refused(), results_on_stdout():
            context = open_context(arguments)  # env.py may configure the logging, as Alembic's does
            logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
            logging.getLogger("alembic").setLevel(logging.WARNING)
            code: int = run(context, arguments)
    except CommandError as error:
        message, code = str(error), Exit.FAILED
    except SQLAlchemyError as error:
        message, code = describe_failure(error), Exit.FAILED
    except KeyboardInterrupt as interrupt:
        is_terminated = isinstance(interrupt, Terminated)
        message = str(interrupt) or "interrupted"
        code = Exit.TERMINATED if is_terminated else Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except configparser.Error as error:
        message = f"cannot read alembic.ini: {' '.join(str(error).split())}"
        code = Exit.FAILED
    except OSError as error:
        message, code = f"cannot use {error.filename}: {error.strerror}", Exit.FAILED
    else:
        return code
    sys.stderr.write(f"{program}: {message}\n")
    return code

"""Parse a command line, run its command, and report each expected failure on one line."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping
from types import ModuleType

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from alembic_zero_downtime._exits import exits_refused
from alembic_zero_downtime.cli import (
    accept,
    check,
    history,
    info,
    lint,
    plan,
    psql,
    renumber,
    reset,
    stamp_env,
    stop,
    verify,
)
from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.output import Exit, results_on_stdout
from alembic_zero_downtime.errors import describe_failure
from alembic_zero_downtime.signals import Terminated, interruptible

COMMANDS: Mapping[str, ModuleType] = {
    "info": info,
    "history": history,
    "verify": verify,
    "plan": plan,
    "check": check,
    "accept": accept,
    "renumber": renumber,
    "lint": lint,
    "stamp-env": stamp_env,
    "reset": reset,
    "psql": psql,
    "stop": stop,
}
EXIT_CODES = """exit codes:
  0    success
  1    failed or refused: database unreachable, wrong settings, server error
  2    wrong arguments
  3    behind: revisions are pending
  4    ahead: newer code has migrated the database
  5    diverged: code of another branch has migrated the database
  6    unmanaged: the database has tables that no migration created
  7    empty: the database has no tables yet
  8    verify: the applied revisions differ from this code
  9    check: models, migrations and database differ
  10   plan: a pending revision would hold a lock for long
  11   lint: unsafe change found
  130  interrupted by Ctrl-C
  143  interrupted by SIGTERM
"""


def make_parser(
    description: str, commands: Mapping[str, ModuleType] = COMMANDS
) -> argparse.ArgumentParser:
    """Return a parser whose result has the chosen command as `run`.

    Args:
        description: of the program.
        commands: modules by name, each with `run(context, arguments)` and optionally
            `configure(parser)`.
    """
    parser = argparse.ArgumentParser(
        description=description,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in commands.items():
        documentation = module.run.__doc__ or ""  # none with python -OO
        sentence = documentation.partition("\n")[0]
        added = subparsers.add_parser(name, help=sentence, description=documentation)
        added.set_defaults(run=module.run)
        if configure := getattr(module, "configure", None):
            configure(added)
    return parser


def execute(arguments: argparse.Namespace, context: CommandContext) -> int:
    """Run the chosen command; return the exit code.

    Args:
        arguments: from the parser of `make_parser`.
        context: the project that the command works on.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        with interruptible(), exits_refused(), results_on_stdout():
            code: int = arguments.run(context, arguments)
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
    except OSError as error:
        message, code = f"cannot use {error.filename}: {error.strerror}", Exit.FAILED
    else:
        return code
    context.notify(message)
    return code

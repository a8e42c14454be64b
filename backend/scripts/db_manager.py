"""Look at the database, empty it, or open it in psql: the commands behind the Makefile."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from app.commands import (
    accept,
    check,
    companies,
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
from app.commands.output import Exit, RefusedError, complain
from app.db.migrations.failure import describe_failure
from app.errors import EmbeddedServerError, SettingsError

COMMANDS = {
    "info": info,
    "list-companies": companies,
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
  0    fine
  1    cannot tell, or refused: unreachable, wrong settings, an error of the server
  2    wrong arguments
  3    behind: revisions are pending
  4    ahead: newer code has migrated the database
  5    diverged: code of another branch has migrated it
  6    unmanaged: it has tables that no migration made
  7    empty: nothing in it yet
  8    verify: what is applied is not what this code has
  9    check: models, migrations and database do not agree
  10   plan: a pending revision would hold others up for long
  11   lint: a revision does what hurts
  130  interrupted
"""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments, by default the command line's; `run` is the chosen command."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        sentence = module.run.__doc__.partition("\n")[0]
        added = commands.add_parser(name, help=sentence, description=sentence)
        added.set_defaults(run=module.run)
        if configure := getattr(module, "configure", None):
            configure(added)
    return parser.parse_args(arguments)


def main(command_line: Sequence[str] | None = None) -> int:
    """Run the command and turn every expected failure into one line; return the exit code."""
    arguments = parse_arguments(command_line)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        code: int = arguments.run(arguments)
    except (RefusedError, SettingsError, CommandError, EmbeddedServerError) as error:
        complain(str(error))
        return Exit.FAILED
    except SQLAlchemyError as error:
        complain(describe_failure(error))
        return Exit.FAILED
    except KeyboardInterrupt:
        complain("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    return code


if __name__ == "__main__":
    sys.exit(main())

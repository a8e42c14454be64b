"""What every command says, and how: results on stdout, the rest on stderr, an exit code."""

import argparse
import json
import sys
from datetime import datetime, timedelta
from enum import IntEnum

from rich.console import Console

from app.db.migrations.state import Verdict


class Exit(IntEnum):
    """How a command went; 2 is argparse's own, for wrong arguments."""

    FINE = 0
    FAILED = 1
    BEHIND = 3
    AHEAD = 4
    DIVERGED = 5
    UNMANAGED = 6
    EMPTY = 7
    UNVERIFIED = 8
    DRIFTED = 9
    DANGEROUS = 10
    FLAGGED = 11
    INTERRUPTED = 130


EXITS = {
    Verdict.AT_HEAD: Exit.FINE,
    Verdict.BEHIND: Exit.BEHIND,
    Verdict.AHEAD: Exit.AHEAD,
    Verdict.DIVERGED: Exit.DIVERGED,
    Verdict.UNMANAGED: Exit.UNMANAGED,
    Verdict.EMPTY: Exit.EMPTY,
}
"""What a command that tells where a database stands exits with."""


class RefusedError(Exception):
    """The command will not do it; the message says why and what to do instead."""


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Let the command print JSON instead of a table."""
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")


def print_json(value: object) -> None:
    """Print `value` for a script."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_as_json)
    sys.stdout.write(f"{text}\n")


def _as_json(value: object) -> object:
    """Return a moment in ISO 8601, a duration in seconds."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def stdout() -> Console:
    """Return the console: as wide as the terminal, or in a pipe as wide as the text.

    What the database holds is printed as it is: a name in [brackets] is no markup.
    """
    width = None if sys.stdout.isatty() else 1000
    return Console(highlight=False, markup=False, emoji=False, width=width)


def complain(message: str) -> None:
    """Say something to people that is not the command's result."""
    sys.stderr.write(f"db_manager: {message}\n")

"""The output of all commands: results on stdout, messages on stderr, and an exit code."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TextIO

from rich.console import Console

from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.history.state import MigrationStatus

EXIT_BY_STATUS = {
    MigrationStatus.AT_HEAD: Exit.OK,
    MigrationStatus.BEHIND: Exit.BEHIND,
    MigrationStatus.AHEAD: Exit.AHEAD,
    MigrationStatus.DIVERGED: Exit.DIVERGED,
    MigrationStatus.UNMANAGED: Exit.UNMANAGED,
    MigrationStatus.EMPTY: Exit.EMPTY,
}
"""The exit codes of commands that report the status of a database."""


class RefusedError(MigrationError):
    """The command refuses to run; the message says why and what to do instead."""


_results: ContextVar[TextIO | None] = ContextVar("_results", default=None)


@contextmanager
def results_on_stdout() -> Iterator[None]:
    """Let only results reach standard output; what a revision prints goes to standard error."""
    token = _results.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _results.reset(token)


def results() -> TextIO:
    """Return the stream of the results: standard output, also within `results_on_stdout`."""
    return _results.get() or sys.stdout


def print_json(value: object) -> None:
    """Print `value` as JSON."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_as_json)
    results().write(f"{text}\n")


def _as_json(value: object) -> object:
    """Return a timestamp in ISO 8601, a duration in seconds."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the caller; rich would end the process."""
        raise BrokenPipeError


def stdout() -> Console:
    """Return the console: as wide as the terminal, or in a pipe as wide as the text.

    As a context manager it writes everything at once, so that a reader such as `head`, which closes
    the pipe early, makes no error.

    Names and values are printed literally: [brackets] are not markup.
    """
    stream = results()
    width = None if stream.isatty() else 1000
    return _Console(file=stream, highlight=False, markup=False, emoji=False, width=width)

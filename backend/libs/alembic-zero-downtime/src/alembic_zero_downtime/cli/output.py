"""The output of all commands: results on stdout, messages on stderr, and an exit code."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from contextvars import ContextVar
from datetime import datetime, timedelta
from io import UnsupportedOperation
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
    """Let only results reach standard output; what a revision prints goes to standard error.

    So does the output of programs that a revision runs, unless Python's standard output was
    replaced.
    """
    is_replaced = sys.stdout is not sys.__stdout__
    with nullcontext(sys.stdout) if is_replaced else _moved_stdout() as stream:
        token = _results.set(stream)
        try:
            with redirect_stdout(sys.stderr):
                yield
        finally:
            _results.reset(token)


@contextmanager
def _moved_stdout() -> Iterator[TextIO]:
    """Yield standard output with another file descriptor; its own one is standard error."""
    sys.stdout.flush()
    number = sys.stdout.fileno()
    copy = os.dup(number)
    os.dup2(sys.stderr.fileno(), number)
    try:
        # As Python's standard error: a character that the terminal lacks ends no command.
        encoding, errors = sys.stdout.encoding, "backslashreplace"
        with open(copy, "w", encoding=encoding, errors=errors, closefd=False) as stream:
            yield stream
    finally:
        sys.stdout.flush()  # what a revision has written past `sys.stdout`
        os.dup2(copy, number)
        os.close(copy)


def results() -> TextIO:
    """Return the stream of the results: standard output, also within `results_on_stdout`."""
    return _results.get() or sys.stdout


def restore_stdout() -> None:
    """Let the program that replaces this one write to standard output."""
    results().flush()
    with suppress(UnsupportedOperation):  # a stream without a file, as in a test
        os.dup2(results().fileno(), 1)


def print_json(value: object) -> None:
    """Print `value` as JSON."""
    is_unicode = (results().encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(value, indent=2, ensure_ascii=not is_unicode, default=_as_json)
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

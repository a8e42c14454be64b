"""Turn an exit in a revision into an error: the command would end with exit code 0, half done."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic_zero_downtime.errors import MigrationError, describe_error

EXECVE = os.execve  # for a command that becomes another program
ENDING = ("_exit", "execv", "execve")
"""The functions of `os` that end the program of this process; the other `exec*` call these."""


@contextmanager
def exits_refused() -> Iterator[None]:
    """Run code of the project, which must not end the process.

    Raises:
        MigrationError: It calls `sys.exit`, `os._exit` or `os.exec*`, or raises SystemExit.
    """
    ending = {name: getattr(os, name) for name in ENDING}
    for name, end in ending.items():
        setattr(os, name, _refused(end))
    try:
        yield
    except SystemExit as error:
        raise MigrationError(
            f"{describe_error(error)}: a revision must not exit; the command was stopped there"
        ) from error
    finally:
        for name, end in ending.items():
            setattr(os, name, end)


def _refused(end: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that ends only a child process of a revision."""
    process = os.getpid()

    def refuse(*arguments: Any) -> Any:
        if os.getpid() != process:
            return end(*arguments)
        raise SystemExit(f"os.{end.__name__}()")

    return refuse

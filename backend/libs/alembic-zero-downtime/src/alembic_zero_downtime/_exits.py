"""Turn an exit in a revision into an error: the command would end with exit code 0, half done."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from alembic_zero_downtime.errors import MigrationError, describe_error


@contextmanager
def exits_refused() -> Iterator[None]:
    """Run code of the project, which must not end the process.

    Raises:
        MigrationError: It calls `sys.exit` or `os._exit`, or raises SystemExit.
    """
    exit_at_once, process = os._exit, os.getpid()

    def refuse(status: int) -> NoReturn:
        if os.getpid() != process:  # a child process of a revision ends in this way
            exit_at_once(status)
        raise SystemExit(status)

    os._exit = refuse
    try:
        yield
    except SystemExit as error:
        raise MigrationError(
            f"{describe_error(error)}: a revision must not exit; the command was stopped there"
        ) from error
    finally:
        os._exit = exit_at_once

"""Connect to the database that a command is about."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from alembic.util import CommandError
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.db.migrations.failure import describe_failure


class Target(Protocol):
    """A database to migrate; `str()` of it is safe to show."""

    @property
    def url(self) -> URL:
        """The address, password and all."""


@contextmanager
def connect(target: Target) -> Iterator[Connection]:
    """Connect for one command, without a pool.

    Raises:
        CommandError: The database does not answer; the message names it and says why.
    """
    try:
        connection = create_engine(target.url, poolclass=NullPool).connect()
    except OperationalError as error:
        raise CommandError(f"cannot connect to {target}: {describe_failure(error)}") from error
    with connection:
        yield connection

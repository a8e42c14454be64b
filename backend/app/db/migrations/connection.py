"""Connect to the database that a command is about, and wait for it when asked to."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from alembic.util import CommandError
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.db.migrations.failure import describe_failure, is_not_there_yet
from app.db.migrations.settings import MigrationSettings

RETRY_SECONDS = 0.5
PROGRESS_SECONDS = 5.0
KEEPALIVE_SECONDS = 60  # a firewall forgets a connection that is silent for minutes
REFUSED_BY_A_POOLER = "unsupported startup parameter"

logger = logging.getLogger(__name__)


class Target(Protocol):
    """A database to migrate; `str()` of it is safe to show."""

    @property
    def url(self) -> URL:
        """The address, password and all."""


@contextmanager
def connect(
    target: Target, settings: MigrationSettings | None = None, *, autocommit: bool = False
) -> Iterator[Connection]:
    """Connect for one command, without a pool.

    Args:
        target: the database.
        settings: the session's timeouts and name; by default the server's own.
        autocommit: whether each statement is a transaction of its own.

    Raises:
        CommandError: The database does not answer; the message names it and says why.
    """
    options = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
    connection = _open(target, settings, options)
    with connection:
        yield connection


def _open(
    target: Target, settings: MigrationSettings | None, options: dict[str, Any]
) -> Connection:
    deadline = time.monotonic() + (settings.db_wait if settings else 0)
    next_word = 0.0
    while True:
        try:
            return _connect_once(target, settings, options)
        except OperationalError as error:
            now = time.monotonic()
            if not is_not_there_yet(error) or now >= deadline:
                raise CommandError(
                    f"cannot connect to {target}: {describe_failure(error)}"
                ) from error
            if now >= next_word:
                logger.info(
                    "Waiting up to %.0f s for %s: %s",
                    *(deadline - now, target, describe_failure(error)),
                )
                next_word = now + PROGRESS_SECONDS
            time.sleep(min(RETRY_SECONDS, deadline - now))


def _connect_once(
    target: Target, settings: MigrationSettings | None, options: dict[str, Any]
) -> Connection:
    """Connect with the settings as startup options; behind a pooler that knows none, without.

    A statement that set them would begin a transaction, which Alembic would take for its caller's
    and never commit. PgBouncer refuses startup options: there they are set when the mutex has
    found out that the session is really ours.
    """
    if settings is None:
        return create_engine(target.url, poolclass=NullPool, **options).connect()
    named: dict[str, Any] = {
        "application_name": settings.application_name,
        "connect_timeout": settings.connect_timeout,
        "keepalives_idle": KEEPALIVE_SECONDS,
    }
    # What the address itself says counts.
    named = {name: value for name, value in named.items() if name not in target.url.query}
    startup = " ".join(f"-c {name}={value}" for name, value in _escaped(settings))
    own = target.url.query.get("options", os.environ.get("PGOPTIONS", ""))
    try:
        return create_engine(
            target.url,
            poolclass=NullPool,
            connect_args={**named, "options": f"{startup} {own}".strip()},
            **options,
        ).connect()
    except OperationalError as error:
        if REFUSED_BY_A_POOLER not in str(error):
            raise
    engine = create_engine(target.url, poolclass=NullPool, connect_args=named, **options)
    return engine.connect().execution_options(lacks_settings=True)


def _escaped(settings: MigrationSettings) -> Iterator[tuple[str, str]]:
    """Yield the parameters as libpq's `options` want them: a space ends a value."""
    for name, value in settings.server_parameters.items():
        yield name, value.replace(" ", "")


def apply_settings(connection: Connection, settings: MigrationSettings) -> None:
    """Set on a session behind a pooler what could not be said at its start.

    The driver runs it outside any transaction of SQLAlchemy's (see `_connect_once`).
    """
    if connection.get_execution_options().get("lacks_settings"):
        for name, value in settings.server_parameters.items():
            run_outside_transaction(connection, "SELECT set_config(%s, %s, false)", name, value)


def run_outside_transaction(connection: Connection, statement: str, *values: object) -> Any:
    """Return the first row of a statement that begins no transaction, not even in SQLAlchemy.

    Raises:
        CommandError: The connection is in a transaction.
    """
    if connection.in_transaction():
        raise CommandError("the connection is already in a transaction, which is not Alembic's")
    driver: Any = connection.connection.driver_connection
    was_autocommit, driver.autocommit = driver.autocommit, True
    try:
        with driver.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()
    finally:
        if not driver.closed:
            driver.autocommit = was_autocommit

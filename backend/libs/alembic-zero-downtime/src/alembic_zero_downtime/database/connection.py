"""Connect to the database of a command, and wait for its server if configured."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.errors import MigrationError, describe_failure, is_not_ready
from alembic_zero_downtime.settings import MigrationSettings

RETRY_SECONDS = 0.5
PROGRESS_SECONDS = 5.0
KEEPALIVE_SECONDS = 60  # a firewall drops a connection that is idle for minutes
POOLER_REFUSAL = "unsupported startup parameter"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MigrationDatabase:
    """A database and the settings of its sessions; `str()` of it is safe to show.

    Attributes:
        address: its URL and the source of that.
        settings: the timeouts and the application_name of every session.
        engine: the engine of a program that passes its own, used instead of the address.
        url_setting: the setting that names the database for migrations.
    """

    address: DatabaseURL
    settings: MigrationSettings = field(default_factory=MigrationSettings)
    engine: Engine | None = None
    url_setting: str = "sqlalchemy.url"

    def __str__(self) -> str:
        """Return the masked address and its source."""
        return str(self.address)

    @property
    def name(self) -> str:
        """The database's name in its server."""
        return str(self.address.url.database)

    def without_waiting(self) -> Self:
        """Return the same database, without waits for its server or the migration lock."""
        return replace(self, settings=replace(self.settings, db_wait=0, lock_wait=0))

    @contextmanager
    def connect(self, *, autocommit: bool = False) -> Iterator[Connection]:
        """Connect for one command, without a pool.

        Args:
            autocommit: whether each statement is a separate transaction.

        Raises:
            MigrationError: The connection fails; the message names the database and the reason.
        """
        options = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
        with self._open(options) as connection:
            try:
                yield connection
            finally:
                if self.engine is not None:  # the settings must not return to the program's pool
                    connection.invalidate()

    def _open(self, options: dict[str, Any]) -> Connection:
        deadline = time.monotonic() + self.settings.db_wait
        next_log = 0.0
        while True:
            try:
                return self._connect_once(options)
            except OperationalError as error:
                now = time.monotonic()
                if not is_not_ready(error) or now >= deadline:
                    raise MigrationError(
                        f"cannot connect to {self}: {describe_failure(error)}"
                    ) from error
                if now >= next_log:
                    logger.info(
                        "Waiting up to %.0f s for %s: %s",
                        *(deadline - now, self, describe_failure(error)),
                    )
                    next_log = now + PROGRESS_SECONDS
                time.sleep(min(RETRY_SECONDS, deadline - now))

    def _connect_once(self, options: dict[str, Any]) -> Connection:
        """Connect with the settings as startup options, unless a pooler refuses those.

        A statement that set them would begin a transaction, which Alembic would take for its
        caller's and never commit. PgBouncer refuses startup options: there the settings are
        applied once the migration lock has verified that no other client shares the session.
        """
        if self.engine is not None:
            return self.engine.connect().execution_options(lacks_settings=True, **options)
        url = self.address.url
        named: dict[str, Any] = {
            "application_name": self.settings.application_name,
            "connect_timeout": self.settings.connect_timeout,
            "keepalives_idle": KEEPALIVE_SECONDS,
        }
        # The parameters of the URL take precedence.
        named = {name: value for name, value in named.items() if name not in url.query}
        startup = " ".join(f"-c {name}={value}" for name, value in _escaped(self.settings))
        own = url.query.get("options", os.environ.get("PGOPTIONS", ""))
        try:
            return create_engine(
                url,
                poolclass=NullPool,
                connect_args={**named, "options": f"{startup} {own}".strip()},
                **options,
            ).connect()
        except OperationalError as error:
            if POOLER_REFUSAL not in str(error):
                raise
        engine = create_engine(url, poolclass=NullPool, connect_args=named, **options)
        return engine.connect().execution_options(lacks_settings=True)


def _escaped(settings: MigrationSettings) -> Iterator[tuple[str, str]]:
    """Yield the parameters in the syntax of libpq's `options`, where a space ends a value."""
    for name, value in settings.server_parameters.items():
        yield name, value.replace(" ", "")


@contextmanager
def borrowed(connection: Connection, settings: MigrationSettings) -> Iterator[None]:
    """Use a program's own connection; restore its session settings when the block ends."""
    is_nested = connection.in_transaction()
    show = "SELECT current_setting(%s)"
    names = settings.server_parameters
    before = {name: run_outside_transaction(connection, show, name)[0] for name in names}
    connection.execution_options(lacks_settings=True, is_borrowed=True)
    try:
        yield
    finally:
        connection.execution_options(lacks_settings=False, is_borrowed=False)
        if not is_nested and not connection.invalidated:
            connection.rollback()
        if _can_execute(connection):
            for name, value in before.items():
                _set_parameter(connection, name, value)


def apply_settings(connection: Connection, settings: MigrationSettings) -> None:
    """Apply the settings to a session that was started without them, as behind a pooler.

    They are set outside of SQLAlchemy's transactions (see `MigrationDatabase`).
    """
    if connection.get_execution_options().get("lacks_settings"):
        for name, value in settings.server_parameters.items():
            _set_parameter(connection, name, value)


def _can_execute(connection: Connection) -> bool:
    """Whether the session is alive, and not in a failed transaction."""
    if connection.invalidated:
        return False
    driver: Any = connection.connection.dbapi_connection
    return not driver.closed and driver.info.transaction_status != TRANSACTION_STATUS_INERROR


def _set_parameter(connection: Connection, name: str, value: str) -> None:
    """Set a parameter of the session; in a program's transaction, only for that (SET LOCAL)."""
    statement = "SELECT set_config(%s, %s, %s)"
    run_outside_transaction(connection, statement, name, value, connection.in_transaction())


def run_outside_transaction(connection: Connection, statement: str, *values: object) -> Any:
    """Execute a statement without beginning a transaction; return its first row.

    In a transaction that is already open, the statement is part of it.
    """
    driver: Any = connection.connection.dbapi_connection
    if connection.in_transaction():
        with driver.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()
    was_autocommit, driver.autocommit = driver.autocommit, True
    try:
        with driver.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()
    finally:
        if not driver.closed:
            driver.autocommit = was_autocommit

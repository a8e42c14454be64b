"""Connect to the database of a command, and wait for its server if configured."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.database.advice import advise
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.errors import MigrationError, describe_failure, is_not_ready
from alembic_zero_downtime.search_path import SHOW_SEARCH_PATH, without_system_schema
from alembic_zero_downtime.settings import MigrationSettings

RETRY_SECONDS = 0.5
PROGRESS_SECONDS = 5.0
KEEPALIVE_SECONDS = 60  # a firewall drops a connection that is idle for minutes
SET_PARAMETER = "SELECT pg_catalog.set_config(%s, %s, %s)"
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
        start_server: the command that starts a server on this machine; empty if there is none.
    """

    address: DatabaseURL
    settings: MigrationSettings = field(default_factory=MigrationSettings)
    engine: Engine | None = field(default=None, repr=False)
    url_setting: str = "sqlalchemy.url"
    start_server: str = ""

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
                    raise MigrationError(self._describe(error)) from error
                if now >= next_log:
                    logger.info(
                        "Waiting up to %.0f s for %s: %s",
                        *(deadline - now, self, self.address.scrub(describe_failure(error))),
                    )
                    next_log = now + PROGRESS_SECONDS
                time.sleep(min(RETRY_SECONDS, deadline - now))

    def _describe(self, error: OperationalError) -> str:
        """Return the message about a failed connection, with the next step."""
        message = f"cannot connect to {self}: {self.address.scrub(describe_failure(error))}"
        advice = advise(error, self.address, self.start_server, self.settings.db_wait)
        end = "" if message.endswith("?") else "."
        return f"{message}{end} {advice}" if advice else message

    def _connect_once(self, options: dict[str, Any]) -> Connection:
        """Connect with the settings as startup options, unless a pooler refuses those.

        PgBouncer refuses or ignores startup options. The settings are applied by a statement once
        the migration lock has verified that no other client shares the session.
        """
        if self.engine is not None:
            return self.engine.connect().execution_options(**options)
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
            return _create_engine(
                url, {**named, "options": f"{startup} {own}".strip()}, options
            ).connect()
        except OperationalError as error:
            if POOLER_REFUSAL not in str(error):
                raise
        return _create_engine(url, named, options).connect()


def _create_engine(url: URL, connect_args: dict[str, Any], options: dict[str, Any]) -> Engine:
    """Return an engine whose sessions find the server's own functions first.

    SQLAlchemy calls functions as soon as it has connected: this comes before.
    """
    engine = create_engine(url, poolclass=NullPool, connect_args=connect_args, **options)

    def search_system_schema_first(driver: Any, _: object) -> None:
        with driver.cursor() as cursor:
            cursor.execute(SHOW_SEARCH_PATH)
            (path,) = cursor.fetchone()
            if (safe := without_system_schema(path)) != path:
                cursor.execute(SET_PARAMETER, ["search_path", safe, False])
        driver.commit()

    event.listen(engine, "connect", search_system_schema_first, insert=True)
    return engine


def _escaped(settings: MigrationSettings) -> Iterator[tuple[str, str]]:
    """Yield the parameters in the syntax of libpq's `options`, where a space ends a value."""
    for name, value in settings.startup_parameters.items():
        yield name, value.replace(" ", "")

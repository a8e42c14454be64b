"""Connect to the database of a command, and wait for its server if configured."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, TableClause, create_engine, event, table
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.database.advice import advise
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.errors import (
    MigrationError,
    describe_failure,
    is_from_server,
    is_not_ready,
    is_refused_login,
)
from alembic_zero_downtime.search_path import SHOW_SEARCH_PATH, without_system_schema
from alembic_zero_downtime.settings import MigrationSettings
from alembic_zero_downtime.tables import VERSION_TABLE, VERSION_TABLE_OPTION

RETRY_SECONDS = 0.5
PROGRESS_SECONDS = 5.0
SET_PARAMETER = "SELECT pg_catalog.set_config(%s, %s, %s)"
# Either end gives up a connection whose other end has been silent for 30 to 35 s. libpq's
# parameters; without tcp_user_timeout, as on macOS, the number of probes counts.
TCP_PARAMETERS = {
    "keepalives_idle": 20,  # seconds; a firewall drops a connection that is idle for minutes
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}

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
        version_table: Alembic's version table; every connection knows it (`tables`).
    """

    address: DatabaseURL
    settings: MigrationSettings = field(default_factory=MigrationSettings)
    engine: Engine | None = field(default=None, repr=False)
    url_setting: str = "sqlalchemy.url"
    start_server: str = ""
    version_table: TableClause = field(default=table(VERSION_TABLE), compare=False, repr=False)

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
                yield connection.execution_options(**{VERSION_TABLE_OPTION: self.version_table})
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
                if not is_not_ready(error, self._names) or now >= deadline:
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
        startup = {**self._tcp_parameters, **dict(_escaped(self.settings))}
        own = self.address.url.query.get("options", os.environ.get("PGOPTIONS", ""))
        written = " ".join(f"-c {name}={value}" for name, value in startup.items())
        try:
            return self._connect_with(options, options=f"{written} {own}".strip())
        except OperationalError as error:
            if not is_from_server(error) or is_refused_login(error, self._names):
                raise
        return self._connect_with(options)

    def _connect_with(self, engine_options: dict[str, Any], **arguments: str) -> Connection:
        url = self.address.url
        named = {
            "application_name": self.settings.application_name,
            "connect_timeout": self.settings.connect_timeout,
            **TCP_PARAMETERS,
        }
        # The parameters of the URL take precedence.
        named = {name: value for name, value in named.items() if name not in url.query}
        return _create_engine(url, {**named, **arguments}, engine_options).connect()

    @property
    def _names(self) -> set[str]:
        """The names of the database and the user, as far as they are configured."""
        url = self.address.url
        return {*filter(None, (url.database, url.username or os.environ.get("PGUSER")))}

    @property
    def _tcp_parameters(self) -> dict[str, object]:
        """The server's TCP parameters: those of the client, which the URL may have changed.

        The server ignores them on a Unix socket. Behind a pooler they would not concern the client.
        """
        query = self.address.url.query
        return {
            name if name.startswith("tcp") else f"tcp_{name}": query.get(name, value)
            for name, value in TCP_PARAMETERS.items()
        }


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

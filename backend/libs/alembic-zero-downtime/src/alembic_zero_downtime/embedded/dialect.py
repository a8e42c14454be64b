"""SQLAlchemy's dialect for `postgresql+embedded:///name[?directory=…]`: it starts the server."""

import time
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import errorcodes, sql
from sqlalchemy import URL
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

from alembic_zero_downtime.embedded.server import EmbeddedServer

SUPERUSER = "postgres"
DEFAULT_DIRECTORY = Path(".postgres")
RETRY_SECONDS = 30.0


def server_of(url: URL) -> EmbeddedServer:
    """Return the embedded server of `url`; its directory may be relative to the current one."""
    directory = url.query.get("directory")
    path = Path(directory) if isinstance(directory, str) else DEFAULT_DIRECTORY
    return EmbeddedServer(path.resolve())


class EmbeddedDialect(PGDialect_psycopg2):
    """psycopg2 over the socket of an embedded server, which the first connection starts."""

    driver = "embedded"
    supports_statement_cache = True

    def create_connect_args(self, url: URL) -> tuple[tuple[()], dict[str, Any]]:
        """Return the arguments for `connect`, without starting the server."""
        return (), {"server": server_of(url), "dbname": url.database}

    def connect(self, *_: Any, server: EmbeddedServer, dbname: str, **options: Any) -> Any:
        """Start the server and create the database if necessary, and connect.

        Waits for a server that is starting, recovering or stopping.

        Raises:
            psycopg2.OperationalError: The server does not start, or does not answer in time.
        """
        deadline = time.monotonic() + RETRY_SECONDS
        host = server.recorded_socket()
        while True:
            place = host or _start(server)
            try:
                return self._connect(place, dbname, options)
            except psycopg2.OperationalError as error:
                # It needs Alembic: connecting to a server that runs is faster without.
                from alembic_zero_downtime.errors import is_not_ready  # noqa: PLC0415

                if not is_not_ready(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
                host = None

    def _connect(self, host: Path, dbname: str, options: dict[str, Any]) -> Any:
        options = {**options, "host": str(host), "port": 5432, "user": SUPERUSER}
        try:
            return psycopg2.connect(dbname=dbname, **options)
        except psycopg2.OperationalError as error:
            if f'database "{dbname}" does not exist' not in str(error):
                raise
        self._create_database(dbname, options)
        return psycopg2.connect(dbname=dbname, **options)

    def _create_database(self, dbname: str, options: dict[str, Any]) -> None:
        connection = psycopg2.connect(dbname="postgres", **options)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(dbname)))
        except psycopg2.Error as error:
            # Another process created it concurrently; the code depends on how far that was.
            already_created = (errorcodes.DUPLICATE_DATABASE, errorcodes.UNIQUE_VIOLATION)
            if error.pgcode not in already_created:
                raise
        finally:
            connection.close()


def _start(server: EmbeddedServer) -> Path:
    """Start the server if necessary; return the directory of its socket.

    Raises:
        psycopg2.OperationalError: It does not start.
    """
    from alembic_zero_downtime.errors import EmbeddedServerError  # noqa: PLC0415

    try:
        return server.ensure_running()
    except EmbeddedServerError as error:
        raise psycopg2.OperationalError(str(error)) from error

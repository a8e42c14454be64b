"""Teach SQLAlchemy `postgresql+embedded:///name[?directory=…]`: start the server, then connect."""

import time
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import errorcodes, sql
from sqlalchemy import URL
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

from app import BACKEND
from app.db.embedded.server import EmbeddedServer
from app.errors import EmbeddedServerError

SUPERUSER = "postgres"
DEFAULT_DIRECTORY = BACKEND / ".postgres"
RETRY_SECONDS = 30.0


def server_of(url: URL) -> EmbeddedServer:
    """Return the embedded server that `url` means; a relative directory is one of backend/."""
    directory = url.query.get("directory")
    return EmbeddedServer(BACKEND / directory if isinstance(directory, str) else DEFAULT_DIRECTORY)


class EmbeddedDialect(PGDialect_psycopg2):
    """psycopg2 over the socket of an embedded server, which the first connection starts."""

    driver = "embedded"
    supports_statement_cache = True

    def create_connect_args(self, url: URL) -> tuple[tuple[()], dict[str, Any]]:
        """Return the arguments for `connect`; this must not start anything yet."""
        return (), {"server": server_of(url), "dbname": url.database}

    def connect(self, *_: Any, server: EmbeddedServer, dbname: str, **options: Any) -> Any:
        """Start the server if need be, create the database if it is missing, and connect.

        A server that is just starting, recovering or stopping is waited for.

        Raises:
            psycopg2.OperationalError: The server does not start, or does not answer in time.
        """
        deadline = time.monotonic() + RETRY_SECONDS
        host = server.recorded_socket()
        while True:
            try:
                return self._connect(host or server.ensure_running(), dbname, options)
            except EmbeddedServerError as error:
                raise psycopg2.OperationalError(str(error)) from error
            except psycopg2.OperationalError as error:
                if not _is_transient(error) or time.monotonic() > deadline:
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
            # Another process was quicker: either code, by how far it had come.
            quicker = (errorcodes.DUPLICATE_DATABASE, errorcodes.UNIQUE_VIOLATION)
            if error.pgcode not in quicker:
                raise
        finally:
            connection.close()


def _is_transient(error: psycopg2.OperationalError) -> bool:
    """Whether a server that starts, recovers or stops refused; libpq gives no SQLSTATE here."""
    text = str(error)
    return any(
        phrase in text
        for phrase in (
            "the database system is",  # starting up, shutting down, in recovery mode, …
            "No such file or directory",
            "Connection refused",
            "server closed the connection unexpectedly",
        )
    )

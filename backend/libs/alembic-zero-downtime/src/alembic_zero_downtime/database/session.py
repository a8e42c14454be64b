"""The settings of a session: those of a migration, and those that a revision leaves behind."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import Connection, TableClause
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.search_path import SHOW_SEARCH_PATH, without_system_schema
from alembic_zero_downtime.tables import VERSION_TABLE_OPTION

DRIVERS = {"psycopg2", "psycopg", "embedded"}  # the last is psycopg2 on the embedded server
ROLE_PARAMETERS = ("session_authorization", "role")
"""The role of the session, in the order in which it is restored; pg_settings lacks both."""
READ_STATE = """
    SELECT (pg_catalog.jsonb_object_agg(name, setting)
            || pg_catalog.jsonb_build_object(
                   'session_authorization', pg_catalog.current_setting('session_authorization'),
                   'role', pg_catalog.current_setting('role')))::text
      FROM pg_catalog.pg_settings
     WHERE context IN ('user', 'superuser')
"""
SET_PARAMETERS = """
    SELECT pg_catalog.count(pg_catalog.set_config(name, value, %s))
      FROM pg_catalog.jsonb_each_text(%s::jsonb) AS wanted (name, value)
     WHERE pg_catalog.current_setting(name, true) IS NOT NULL
"""
# A procedure, a block or a function may change settings too.
CHANGE = re.compile(r"\b(?:(?:SET|RESET|DISCARD|DO|CALL)\b|SELECT\b[^;]*\()", re.IGNORECASE)


@dataclass(frozen=True)
class SessionState:
    """The settings of a session at one point (PostgreSQL manual, "The View pg_settings").

    Attributes:
        settings: the values by name, in the base units of the server.
    """

    settings: Mapping[str, str]

    @classmethod
    def read(cls, connection: Connection) -> Self:
        """Return the settings that the role of the session may change."""
        return cls(json.loads(run_outside_transaction(connection, READ_STATE)[0]))

    @property
    def search_path(self) -> str:
        """The schemas in which unqualified names are looked up."""
        return self.settings["search_path"]

    def restore(self, connection: Connection, *, is_local: bool) -> None:
        """Reset the settings that have changed since; the role first, which the others may need.

        Args:
            connection: of the session.
            is_local: whether to reset them only until the open transaction ends.
        """
        now = self.read(connection)
        if self._reset(connection, now, ROLE_PARAMETERS, is_local=is_local):
            now = self.read(connection)
        self._reset(connection, now, self.settings, is_local=is_local)

    def _reset(
        self, connection: Connection, now: Self, names: Iterable[str], *, is_local: bool
    ) -> bool:
        """Reset parameters, one after the other; return whether any has changed."""
        changed = [name for name in names if now.settings.get(name) != self.settings[name]]
        for name in changed:
            set_parameters(connection, {name: self.settings[name]}, is_local=is_local)
        return bool(changed)


def may_change_settings(statement: str) -> bool:
    """Whether a statement may change a setting of the session: a generous, cheap guess."""
    return bool(CHANGE.search(statement))


def require_supported_driver(connection: Connection) -> None:
    """Refuse a driver whose connections do not show whether they are in a transaction.

    Raises:
        MigrationError: It is not psycopg2 or psycopg.
    """
    dialect = connection.dialect
    if dialect.driver not in DRIVERS or dialect.is_async:
        raise MigrationError(
            f"connections of the driver {dialect.driver} cannot migrate: pass one of psycopg2 or "
            "psycopg (synchronous), or none, and the URL is used"
        )


@contextmanager
def borrowed(connection: Connection, version_table: TableClause) -> Iterator[None]:
    """Use a program's own connection; restore its session settings when the block ends."""
    is_nested = connection.in_transaction()
    search_path = search_system_schema_first(connection, is_local=is_nested)
    found = SessionState.read(connection)
    before = SessionState({**found.settings, "search_path": search_path})
    connection.execution_options(is_borrowed=True, **{VERSION_TABLE_OPTION: version_table})
    try:
        yield
    finally:
        connection.execution_options(is_borrowed=False)
        if not is_nested and not connection.invalidated:
            connection.rollback()
        if can_execute(connection):
            before.restore(connection, is_local=is_nested)


def search_system_schema_first(connection: Connection, *, is_local: bool) -> str:
    """Let the server's own functions and operators take precedence in the session.

    Returns the search path as it was.

    Args:
        connection: of the session.
        is_local: whether to change it only until the open transaction ends.
    """
    (path,) = run_outside_transaction(connection, SHOW_SEARCH_PATH)
    if (safe := without_system_schema(path)) != path:
        set_parameters(connection, {"search_path": safe}, is_local=is_local)
    return str(path)


def set_parameters(
    connection: Connection, parameters: Mapping[str, str], *, is_local: bool
) -> None:
    """Set the parameters that the server has; an older one lacks some.

    Outside of a transaction that SQLAlchemy has begun, this begins none: Alembic would take it for
    its caller's, and never commit it.

    Args:
        connection: of the session.
        parameters: the values by name.
        is_local: whether to set them only until the open transaction ends.
    """
    run_outside_transaction(connection, SET_PARAMETERS, is_local, json.dumps(dict(parameters)))


def can_execute(connection: Connection) -> bool:
    """Whether the session is alive, and not in a failed transaction."""
    if connection.invalidated:
        return False
    driver: Any = connection.connection.dbapi_connection
    return not driver.closed and driver.info.transaction_status != TRANSACTION_STATUS_INERROR


def run_outside_transaction(connection: Connection, statement: str, *values: object) -> Any:
    """Execute a statement without beginning a transaction; return its first row.

    In a transaction that is already open, the statement is part of it.

    Raises:
        DBAPIError: The statement failed.
    """
    driver: Any = connection.connection.dbapi_connection
    was_autocommit = driver.autocommit
    if not connection.in_transaction():
        driver.autocommit = True
    try:
        return _execute(connection, statement, values)
    finally:
        if not driver.closed and driver.autocommit != was_autocommit:
            driver.autocommit = was_autocommit


def execute_together(
    connection: Connection, statements: Sequence[str], values: Mapping[str, object]
) -> Any:
    """Execute statements in the open transaction; return the first row of the last one.

    In one round trip with psycopg2; other drivers allow parameters only for one statement.

    Args:
        connection: in a transaction.
        statements: with the driver's parameters.
        values: the values of the parameters.

    Raises:
        DBAPIError: A statement failed.
    """
    if isinstance(connection.dialect, PGDialect_psycopg2):  # or the embedded one
        return _execute(connection, ";".join(statements), values)
    *others, last = statements
    for each in others:
        connection.exec_driver_sql(each, values)
    return connection.exec_driver_sql(last, values).one()


def _execute(
    connection: Connection, statement: str, values: Sequence[object] | Mapping[str, object]
) -> Any:
    """Execute a statement with the driver, which costs less than with SQLAlchemy."""
    driver: Any = connection.connection.dbapi_connection
    try:
        with driver.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.is_disconnect(error, driver, None):
            connection.invalidate(error)  # as SQLAlchemy does: it must not roll back
        raise DBAPIError(statement, values, error) from error

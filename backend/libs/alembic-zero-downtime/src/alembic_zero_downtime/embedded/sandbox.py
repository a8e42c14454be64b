"""Run SQL of another origin on a disposable server, without rights outside of one database.

The role of a sandbox owns its database. It is no superuser, has no predefined role such as
`pg_execute_server_program`, and may not connect to another database of the server.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import errorcodes, extensions, sql
from sqlalchemy import URL

from alembic_zero_downtime.embedded.authentication import SANDBOX
from alembic_zero_downtime.embedded.lacks import explain_lack
from alembic_zero_downtime.sql import is_one_statement, split_statements

ROLE = SANDBOX
# The settings of the database, which the role owns, do not apply: its search path could put a
# function of the role before that of the server.
ADMIN_OPTIONS = "-csearch_path=pg_catalog -clock_timeout=2s"
# They read files of the server, or connect to other servers.
REFUSED_EXTENSIONS = ("dblink", "file_fdw", "postgres_fdw")
CREATE_EXTENSION = re.compile(
    r"""\s* CREATE \s+ EXTENSION \s+ (?:IF \s+ NOT \s+ EXISTS \s+)?
        (?P<name> "(?:""|[^"])+" | \w+ )
        (?: .*? \b SCHEMA \s+ (?P<schema> "(?:""|[^"])+" | \w+ ) )? .*""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# The owner of an extension may comment on it and drop it; there is no ALTER EXTENSION for that.
OWN_EXTENSIONS = "UPDATE pg_extension SET extowner = (%s::text)::regrole"
# A role can become the owner of a table if it may create objects in the schema.
OPEN_SCHEMAS = (
    "GRANT CREATE ON SCHEMA public TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT USAGE, CREATE ON SCHEMAS TO PUBLIC",
)
TRANSACTION_CONTROL = (
    r"^(?:BEGIN|START|COMMIT|END|ABORT|ROLLBACK|SAVEPOINT|RELEASE|PREPARE|SET TRANSACTION)\b"
)
SAVEPOINT = "before_the_statement"
FIRST_WITH_SELF_GRANT = 16_00_00  # before, who may create roles may also grant them
NEEDS_SUPERUSER = (errorcodes.INSUFFICIENT_PRIVILEGE,)
NO_SUCH_ROLE = re.compile(r'role "(.+)" does not exist')
NO_SUCH_EXTENSION = (errorcodes.FEATURE_NOT_SUPPORTED, errorcodes.UNDEFINED_FILE)


@dataclass(frozen=True)
class Sandbox:
    """A database of a disposable server.

    Attributes:
        url: its address, with the role that has no rights outside of it.
        admin: its address, with the server's superuser; only for statements of this library.
    """

    url: URL
    admin: URL

    def with_database(self, name: str) -> "Sandbox":
        """Return the sandbox of another database of the same role."""
        return Sandbox(self.url.set(database=name), self.admin.set(database=name))

    def install_extension(self, name: str, schema: str) -> None:
        """Install an extension that this server has, with the extensions that it needs.

        Raises:
            psycopg2.Error: It is not available, or reaches beyond the database.
        """
        if name in REFUSED_EXTENSIONS:
            raise psycopg2.NotSupportedError("it reaches files or other servers")
        statement = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} CASCADE")
        with admin_cursor(self.admin) as cursor:
            cursor.execute(statement.format(sql.Identifier(name), sql.Identifier(schema)))
            cursor.execute(OWN_EXTENSIONS, [ROLE])

    def install_for(self, statement: str, current_schema: str) -> bool:
        """Install the extension of a CREATE EXTENSION; return whether it is installed now."""
        match = CREATE_EXTENSION.fullmatch(statement)
        if match is None or not is_one_statement(statement):
            return False
        schema = match["schema"] or current_schema
        try:
            self.install_extension(_unquoted(match["name"]), _unquoted(schema))
        except psycopg2.Error:
            return False
        return True


def create_sandbox(server: URL, database: str) -> Sandbox:
    """Create a role, and a database that it owns.

    Args:
        server: a disposable server; the address has its superuser.
        database: the name of the new database.
    """
    password = secrets.token_urlsafe()
    name = sql.Identifier(ROLE)
    with admin_cursor(server.set(query={**server.query, "options": ADMIN_OPTIONS})) as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datallowconn")
        for (other,) in cursor.fetchall():
            revoke = sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC")
            cursor.execute(revoke.format(sql.Identifier(other)))
        # It creates the roles that a GRANT needs, is not subject to row security, as the owner of
        # the target's tables is not, and disables triggers as a migration may.
        create = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE BYPASSRLS PASSWORD %s")
        cursor.execute(create.format(name), [password])
        statements = ["GRANT SET ON PARAMETER session_replication_role TO {}"]
        if cursor.connection.server_version >= FIRST_WITH_SELF_GRANT:
            statements.append("ALTER ROLE {} SET createrole_self_grant = 'set, inherit'")
        for statement in statements:
            cursor.execute(sql.SQL(statement).format(name))
        create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 STRATEGY FILE_COPY")
        cursor.execute(create.format(sql.Identifier(database), name))
    admin = server.set(database=database, query={**server.query, "options": ADMIN_OPTIONS})
    with admin_cursor(admin) as cursor:
        cursor.execute(OWN_EXTENSIONS, [ROLE])
        for statement in OPEN_SCHEMAS:
            cursor.execute(sql.SQL(statement).format(name))
    return Sandbox(server.set(database=database, username=ROLE, password=password), admin)


@contextmanager
def admin_cursor(admin: URL) -> Iterator[Any]:
    """Connect as the superuser; each statement is a separate transaction."""
    with closing(psycopg2.connect(as_dsn(admin))) as driver:
        driver.autocommit = True
        with driver.cursor() as cursor:
            yield cursor


def as_dsn(url: URL) -> str:
    """Return the address in the form of libpq, with its password."""
    parameters = {
        **url.query,
        "user": url.username,
        "password": url.password,
        "dbname": url.database,
    }
    return str(extensions.make_dsn(**parameters))


def missing_role(error: Any) -> str | None:
    """Return the role for whose lack a statement failed; migrations do not create roles."""
    diagnostics = getattr(error, "diag", None)
    match = NO_SUCH_ROLE.fullmatch(getattr(diagnostics, "message_primary", None) or "")
    return match[1] if match else None


def reason_unknown(error: psycopg2.Error, statement: str) -> str | None:
    """Return why a statement cannot run in a sandbox; None if the error has another cause.

    What the server lacks comes with the setting that chooses another one.
    """
    message = error.diag.message_primary or str(error)
    if error.pgcode in NEEDS_SUPERUSER:
        return message
    if way_out := explain_lack(error):
        return f"{message}: {way_out}"
    is_extension = CREATE_EXTENSION.fullmatch(statement)
    return message if is_extension and error.pgcode in NO_SUCH_EXTENSION else None


def run_in_savepoint(driver: Any, statement: str, run: Callable[[], object]) -> None:
    """Run a statement; if it fails, the transaction continues as before it.

    Args:
        driver: the connection of psycopg2.
        statement: its text; one that controls the transaction runs without a savepoint.
        run: runs it.

    Raises:
        psycopg2.Error: It fails.
    """
    is_idle = driver.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE
    # After a COMMIT of the revision, the driver does not begin another transaction.
    is_outside = driver.autocommit or driver.status == extensions.STATUS_BEGIN
    if controls_transaction(statement) or (is_outside and is_idle):
        run()
        return
    # The driver's own cursor: the plan replaces the one of the revisions.
    with driver.cursor(cursor_factory=extensions.cursor) as cursor:
        cursor.execute(f"SAVEPOINT {SAVEPOINT}")
        try:
            run()
        except psycopg2.Error:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
            raise
        finally:
            cursor.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")


def controls_transaction(statement: str) -> bool:
    """Whether a statement begins or ends a transaction or a savepoint."""
    return any(each.matches(TRANSACTION_CONTROL) for each in split_statements(statement))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()

"""Copy a database's schema and statistics, and none of its rows, to another server."""

import subprocess
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from sqlalchemy import URL

from alembic_zero_downtime.database.client import Address, run_pg_dump
from alembic_zero_downtime.embedded.binaries import find_program
from alembic_zero_downtime.errors import MigrationError, one_line
from alembic_zero_downtime.plan import PlanError
from alembic_zero_downtime.plan.target import Target
from alembic_zero_downtime.tables import VERSION_TABLE

COPY = "copy_of_the_target"
# Owners do not affect locks. Tablespaces and subscriptions refer to places outside this server.
OPTIONS = (
    *("--no-data", "--statistics", "--quote-all-identifiers"),
    *("--no-owner", "--no-tablespaces", "--no-subscriptions", "--no-security-labels"),
)


@dataclass(frozen=True)
class Copy:
    """A database with the schema of the target, and the major version of its server."""

    url: URL
    version: int


def copy_schema(
    source: Address, target: Target, heads: Collection[str], server: URL, lock_timeout: str
) -> Copy:
    """Create a database with the schema of the target.

    `pg_dump` takes ACCESS SHARE on every table, as a SELECT does, and no stronger lock.

    Args:
        source: the address of the target.
        target: the target.
        heads: the revisions to stamp the copy with.
        server: an empty server; the address has its superuser.
        lock_timeout: how long to wait for a table that another session has locked.

    Raises:
        PlanError: The schema cannot be read, or cannot be restored in this server.
    """
    schema = _dump(source, lock_timeout)
    address = server.set(database=COPY)
    with closing(psycopg2.connect(_dsn(server))) as driver:
        driver.autocommit = True
        with driver.cursor() as cursor:
            cursor.execute("SELECT rolname FROM pg_roles")
            known = {name for (name,) in cursor.fetchall()}
            for role in target.roles:
                if role not in known:
                    cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            cursor.execute(f"CREATE DATABASE {COPY} TEMPLATE template0")
            if target.search_path:
                schemas = sql.SQL(", ").join(map(sql.Identifier, target.search_path))
                statement = sql.SQL("ALTER ROLE CURRENT_USER SET search_path = {}")
                cursor.execute(statement.format(schemas))
    _restore(schema, address)
    with closing(psycopg2.connect(_dsn(address))) as driver, driver, driver.cursor() as cursor:
        for head in heads:
            cursor.execute(f"INSERT INTO {VERSION_TABLE} VALUES (%s)", [head])  # noqa: S608
    return Copy(address, driver.server_version // 10_000)


def _dump(address: Address, lock_timeout: str) -> str:
    options = (*OPTIONS, f"--lock-wait-timeout={lock_timeout}")
    try:
        return run_pg_dump(find_program("pg_dump"), address, *options)
    except MigrationError as error:
        raise PlanError(f"the schema cannot be read: {error}") from error


def _restore(schema: str, address: URL) -> None:
    done = subprocess.run(
        [
            *(find_program("psql"), "--no-psqlrc", "--quiet", "--output=/dev/null"),
            *("--set=ON_ERROR_STOP=1", f"--dbname={_dsn(address)}"),
        ],
        check=False,
        env={"LC_ALL": "C"},
        input=schema,
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )
    if done.returncode != 0:
        raise PlanError(
            f"cannot restore the schema in the embedded PostgreSQL: {one_line(done.stderr)}"
        )


def _dsn(url: URL) -> str:
    """Return the address in the form of libpq; the embedded server has no password."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)

"""Copy a database's schema and statistics, and none of its rows, to another server."""

import subprocess
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from sqlalchemy import URL

from app.db.client import Address
from app.db.embedded.binaries import find_program
from app.db.impact import PlanError
from app.db.impact.target import Target
from app.db.migrations import VERSION_TABLE
from app.db.migrations.failure import one_line

COPY = "copy_of_the_target"
# Who owns a thing changes no lock. Tablespaces and subscriptions lead out of this server.
OPTIONS = (
    *("--no-data", "--statistics", "--no-password", "--quote-all-identifiers"),
    *("--no-owner", "--no-tablespaces", "--no-subscriptions", "--no-security-labels"),
)


@dataclass(frozen=True)
class Copy:
    """A database with the schema of another one, and the major version of its server."""

    url: URL
    version: int


def copy_schema(
    source: Address, target: Target, heads: Collection[str], server: URL, lock_timeout: str
) -> Copy:
    """Make a database with the schema of another one.

    `pg_dump` takes ACCESS SHARE on every table, as each SELECT does, and no more.

    Args:
        source: where the target is.
        target: what was read of it.
        heads: the revisions that it is stamped with.
        server: an empty one, whose superuser the address names.
        lock_timeout: how long to wait where somebody is changing a table at the moment.

    Raises:
        PlanError: The schema cannot be read, or this server does not bear it.
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
    done = subprocess.run(
        [
            find_program("pg_dump"),
            *OPTIONS,
            f"--lock-wait-timeout={lock_timeout}",
            f"--dbname={address.dsn}",
        ],
        check=False,
        env=address.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )
    if done.returncode != 0:
        raise PlanError(f"the schema cannot be read: {one_line(done.stderr)}")
    return done.stdout


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
            f"the embedded PostgreSQL does not bear a copy of the schema: {one_line(done.stderr)}"
        )


def _dsn(url: URL) -> str:
    """Return the address as libpq reads it; a server of one's own has no password."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)

"""Copy a database's schema and statistics, and none of its rows, to a sandbox.

Foreign code, such as a function, a default or a CHECK, is created and run with the rights of the
sandbox's role. What only a superuser may create is not copied, and is named.
"""

import re
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql
from sqlalchemy import TableClause

from alembic_zero_downtime.database.client import Address, run_pg_dump
from alembic_zero_downtime.embedded.binaries import find_program
from alembic_zero_downtime.embedded.sandbox import (
    ROLE,
    Sandbox,
    admin_cursor,
    as_dsn,
    reason_unknown,
)
from alembic_zero_downtime.errors import MigrationError, one_line
from alembic_zero_downtime.plan import PlanError
from alembic_zero_downtime.plan.target import Target

COPY = "copy_of_the_target"
# Owners, privileges and comments do not affect locks. Tablespaces and subscriptions refer to places
# outside this server.
OPTIONS = (
    *("--no-data", "--statistics", "--quote-all-identifiers", "--format=custom"),
    *("--no-owner", "--no-privileges", "--no-comments", "--no-security-labels"),
    *("--no-tablespaces", "--no-subscriptions"),
)
# An entry of an archive's table of contents: its number, two oids, its kind, schema and name.
ENTRY = re.compile(r"(?P<id>\d+); \d+ \d+ (?P<object>.*)")
# Created here by this library: extensions, and foreign-data wrappers without a handler, whose
# tables cannot be read. An event trigger would run for each statement, and a user mapping has a
# password.
NOT_RESTORED = ("EXTENSION ", "FOREIGN DATA WRAPPER ", "EVENT TRIGGER ", "USER MAPPING ")
STATISTICS = "STATISTICS DATA "
MESSAGE = re.compile(
    r"^pg_restore: (?:from TOC entry (?P<id>\d+);"
    r"|error: could not execute query: ERROR: +(?P<reason>.*))",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Copy:
    """A database with the schema of the target.

    Attributes:
        sandbox: the database.
        version: the major version of its server.
        missing: the objects that are not copied, each with the reason.
    """

    sandbox: Sandbox
    version: int
    missing: tuple[str, ...] = ()


def copy_schema(source: Address, target: Target, sandbox: Sandbox, lock_timeout: str) -> Copy:
    """Create the schema of the target in a sandbox.

    `pg_dump` takes ACCESS SHARE on every table, as a SELECT does, and no stronger lock.

    Args:
        source: the address of the target.
        target: the target.
        sandbox: an empty database.
        lock_timeout: how long to wait for a table that another session has locked.

    Raises:
        PlanError: The schema cannot be read, or cannot be restored in this server.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "schema"
        _dump(source, archive, lock_timeout)
        entries = _list(archive)
        schemas = [each for each in entries if _kind_of(each).startswith("SCHEMA ")]
        others = [
            each
            for each in entries
            if each not in schemas and not _kind_of(each).startswith(NOT_RESTORED)
        ]
        _create_roles(target, sandbox)
        missing = [f"event trigger {name}" for name in target.event_triggers]
        missing += _restore(archive, schemas, sandbox)
        missing += _create_extensions(target, sandbox)
        missing += _restore(archive, others, sandbox)
    with closing(psycopg2.connect(as_dsn(sandbox.url))) as driver:
        return Copy(sandbox, driver.server_version // 10_000, tuple(missing))


def stamp_copy(copy: Copy, heads: Collection[str], version_table: TableClause) -> None:
    """Enter the revisions of the target into the version table of its copy."""
    name = sql.Identifier(*filter(None, (version_table.schema, version_table.name)))
    connection = psycopg2.connect(as_dsn(copy.sandbox.url))
    with closing(connection) as driver, driver, driver.cursor() as cursor:
        for head in heads:
            cursor.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(name, sql.Literal(head)))


def _dump(address: Address, archive: Path, lock_timeout: str) -> None:
    options = (*OPTIONS, f"--lock-wait-timeout={lock_timeout}", f"--file={archive}")
    try:
        run_pg_dump(find_program("pg_dump"), address, *options)
    except MigrationError as error:
        raise PlanError(f"the schema cannot be read: {error}") from error


def _create_roles(target: Target, sandbox: Sandbox) -> None:
    """Create the target's roles, and let unqualified names resolve as in the target."""
    with closing(psycopg2.connect(as_dsn(sandbox.url))) as driver:
        driver.autocommit = True
        with driver.cursor() as cursor:
            cursor.execute("SELECT rolname FROM pg_catalog.pg_roles")
            known = {name for (name,) in cursor.fetchall()}
            for role in target.roles:
                if role not in known:
                    cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            if target.search_path:
                schemas = sql.SQL(", ").join(map(sql.Identifier, target.search_path))
                statement = sql.SQL("ALTER ROLE CURRENT_USER SET search_path = {}")
                cursor.execute(statement.format(schemas))


def _create_extensions(target: Target, sandbox: Sandbox) -> list[str]:
    """Install the target's extensions as the superuser; return those that are not available."""
    missing = []
    for name, schema in target.extensions:
        try:
            sandbox.install_extension(name, schema)
        except psycopg2.Error as error:
            reason = reason_unknown(error, "") or error.diag.message_primary or error
            missing.append(f"extension {name}: {reason}")
    with admin_cursor(sandbox.admin) as cursor:
        for wrapper in target.foreign_data_wrappers:
            names = {"wrapper": sql.Identifier(wrapper), "role": sql.Identifier(ROLE)}
            for statement in (
                "CREATE FOREIGN DATA WRAPPER {wrapper}",
                "GRANT USAGE ON FOREIGN DATA WRAPPER {wrapper} TO {role}",
            ):
                cursor.execute(sql.SQL(statement).format(**names))
    return missing


def _list(archive: Path) -> list[str]:
    """Return the entries of the archive's table of contents."""
    listed = _run_pg_restore("--list", str(archive))
    if listed.returncode != 0:
        raise PlanError(f"the schema cannot be read: {one_line(listed.stderr)}")
    return [line for line in listed.stdout.splitlines() if ENTRY.fullmatch(line)]


def _kind_of(entry: str) -> str:
    match = ENTRY.fullmatch(entry)
    return match["object"] if match else ""


def _restore(archive: Path, entries: Sequence[str], sandbox: Sandbox) -> list[str]:
    """Restore entries with the rights of the sandbox; return those that fail.

    `pg_restore` sends them to the server itself: a script for psql could run programs here.
    """
    chosen = archive.with_suffix(".list")
    chosen.write_text("\n".join(entries), errors="surrogateescape")
    done = _run_pg_restore(
        *("--verbose", "--no-owner", "--no-tablespaces", f"--use-list={chosen}"),
        f"--dbname={as_dsn(sandbox.url.set(password=None))}",
        str(archive),
        password=sandbox.url.password,
    )
    failed = list(_find_failed(done.stderr, entries))
    if done.returncode != 0 and "errors ignored on restore" not in done.stderr:
        raise PlanError(
            f"cannot restore the schema in the embedded PostgreSQL: {one_line(done.stderr)}"
        )
    return failed


def _find_failed(messages: str, entries: Sequence[str]) -> Iterator[str]:
    """Yield the entries that `pg_restore` could not restore, each with the server's reason."""
    matches = [match for each in entries if (match := ENTRY.fullmatch(each))]
    names = {match["id"]: match["object"].rpartition(" ")[0] for match in matches}  # without owner
    name = ""
    for match in MESSAGE.finditer(messages):
        if match["id"]:
            name = names.get(match["id"], name)
        # Neither a setting of pg_restore's own session that an older server does not have, nor the
        # statistics of an object that is missing itself.
        elif name and not name.startswith(STATISTICS):
            yield f"{name}: {match['reason']}"


def _run_pg_restore(
    *arguments: str, password: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find_program("pg_restore"), *arguments],
        check=False,
        env={"LC_ALL": "C", **({"PGPASSWORD": password} if password else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )

"""Dump a database to a file, which is complete or missing."""

import os
import re
import shlex
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, text

from alembic_zero_downtime.database.client import (
    Address,
    connection_info,
    find_programs,
    read_address,
    run_pg_dump,
)
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.errors import MigrationError, one_line

# pg_restore sets this parameter from this version on, which is an error on an older server.
PARTIAL = ".partial"  # the suffix of a dump that is not complete
TRANSACTION_TIMEOUT = 17


class BackupError(MigrationError):
    """The backup has failed; the message gives the reason."""


@dataclass(frozen=True)
class Backup:
    """A complete dump and its size in bytes; the shell command restores the current schema."""

    path: Path
    size: int
    restore_command: str


def back_up(connection: Connection, database: DatabaseURL, directory: Path) -> Backup:
    """Write the database of `connection` to a new file in `directory`, readable only by its owner.

    The dump has the snapshot of the connection's transaction: tables that it has locked before are
    complete, and another server, as behind a load balancer, is refused. Its locks must let pg_dump
    read.

    Raises:
        BackupError: No pg_dump is usable, or the file cannot be written; no file is left.
    """
    schema = connection.scalar(text("SELECT current_schema()"))
    snapshot: str = connection.scalar(text("SELECT pg_export_snapshot()"))
    server = connection_info(connection).server_version // 10_000
    address = read_address(connection, database)
    name = re.sub(r"[^\w.-]", "_", address.parameters["dbname"], flags=re.ASCII)
    try:
        pg_dump, version = _choose_pg_dump(database, server)
        path = _reserve(directory.absolute(), f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        _dump(pg_dump, address, path, snapshot)
        size = path.stat().st_size
    except OSError as error:
        raise BackupError(f"{error.filename}: {error.strerror}") from error
    # A single transaction restores all or nothing, and stops at the first error.
    is_atomic = version < TRANSACTION_TIMEOUT or server >= TRANSACTION_TIMEOUT
    options = ["--clean", "--if-exists", *(["--single-transaction"] if is_atomic else [])]
    destination = [f"--schema={schema}", f"--dbname={address.dsn}"]
    command = [str(pg_dump.with_name("pg_restore")), *options, *destination, str(path)]
    return Backup(path, size, shlex.join(command))


def _choose_pg_dump(database: DatabaseURL, server: int) -> tuple[Path, int]:
    """Return the best pg_dump that is not older than the server, and its major version."""
    programs = find_programs("pg_dump", database)
    versions = {program: _read_version(program) for program in programs}
    for program, version in versions.items():
        if version >= server:
            return program, version
    found = ", ".join(f"{program} ({version})" for program, version in versions.items() if version)
    if not found:
        raise BackupError("pg_dump is not installed here")
    raise BackupError(f"no pg_dump here is as new as the server ({server}): {found}")


def _read_version(program: Path) -> int:
    """Return a program's major version, 0 for a wrapper whose program is not installed."""
    completed = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
    match = re.match(r"\S+ \(.+?\) (\d+)", completed.stdout)
    return int(match[1]) if match else 0


def _reserve(folder: Path, name: str) -> Path:
    """Return a path that no other dump has, and create the file with its temporary name."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in count(1):
        path = folder / (f"{name}-{number}.dump" if number > 1 else f"{name}.dump")
        if not path.exists():
            with suppress(FileExistsError):  # of a dump that runs
                path.with_suffix(PARTIAL).touch(mode=0o600, exist_ok=False)
                return path
    raise AssertionError


def _dump(pg_dump: Path, address: Address, path: Path, snapshot: str) -> None:
    """Write to the temporary name and rename it to `path`, which is thus always complete."""
    partial = path.with_suffix(PARTIAL)
    try:
        options = ("--format=custom", "--lock-wait-timeout=10s", f"--snapshot={snapshot}")
        run_pg_dump(pg_dump, address, *options, f"--file={partial}")
        _require_complete(pg_dump.with_name("pg_restore"), partial)
        partial.rename(path)
    except MigrationError as error:
        raise BackupError(str(error)) from error
    finally:
        partial.unlink(missing_ok=True)


def _require_complete(pg_restore: Path, dump: Path) -> None:
    """Read a dump to its end, without a server.

    Raises:
        BackupError: It is damaged or cut off.
    """
    completed = subprocess.run(
        [pg_restore, f"--file={os.devnull}", dump], check=False, capture_output=True, text=True
    )
    if completed.returncode != 0:
        raise BackupError(f"it cannot be restored: {one_line(completed.stderr)}")

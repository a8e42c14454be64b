"""Keep a dump of a database in a file, whole or not at all."""

import re
import shlex
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from app.db.client import Address, connection_info, find_programs, read_address
from app.db.url import DatabaseURL

# From this version on, pg_restore sets the parameter: an error on an older server.
TRANSACTION_TIMEOUT = 17


class BackupError(Exception):
    """There is no dump; the message says why."""


@dataclass(frozen=True)
class Backup:
    """A complete dump and its bytes; the shell command brings the current schema back."""

    path: Path
    size: int
    restore_command: str


def back_up(connection: Connection, database: DatabaseURL, directory: Path) -> Backup:
    """Write the database of `connection` to a new file in `directory`, for its owner only.

    The connection must be in no transaction: pg_dump would wait for what that one locks.

    Raises:
        BackupError: No pg_dump works here, or the file cannot be written; none is left.
    """
    with connection.begin():
        schema = connection.scalar(text("SELECT current_schema()"))
    server = connection_info(connection).server_version // 10_000
    address = read_address(connection, database)
    name = re.sub(r"[^\w.-]", "_", address.parameters["dbname"], flags=re.ASCII)
    path = directory / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
    try:
        pg_dump, version = _choose_pg_dump(database, server)
        _dump(pg_dump, address, path)
        size = path.stat().st_size
    except OSError as error:
        raise BackupError(f"{error.filename}: {error.strerror}") from error
    # One transaction brings back all or nothing, and ends with the first error.
    is_whole = version < TRANSACTION_TIMEOUT or server >= TRANSACTION_TIMEOUT
    options = ["--clean", "--if-exists", *(["--single-transaction"] if is_whole else [])]
    target = [f"--schema={schema}", f"--dbname={address.shown_dsn}"]
    command = [str(pg_dump.with_name("pg_restore")), *options, *target, str(path)]
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
    """Return a program's major version, 0 for a wrapper around nothing."""
    done = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
    match = re.match(r"\S+ \(.+?\) (\d+)", done.stdout)
    return int(match[1]) if match else 0


def _dump(pg_dump: Path, address: Address, path: Path) -> None:
    """Write `path` under another name first: it is there only when it is complete."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600, exist_ok=False)
    try:
        if path.exists():
            raise BackupError(f"{path} is there already")
        options = ("--format=custom", "--no-password", "--lock-wait-timeout=10s")
        done = subprocess.run(
            [pg_dump, *options, f"--dbname={address.dsn}", f"--file={partial}"],
            check=False,
            env=address.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode != 0:
            raise BackupError(" ".join(done.stderr.split()) or f"{pg_dump} failed")
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)

"""Run PostgreSQL's client programs, such as psql, on the database of an open connection."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2.extensions import make_dsn
from sqlalchemy import Connection

from alembic_zero_downtime import embedded
from alembic_zero_downtime.database.url import SECRET_PARAMETERS, DatabaseURL
from alembic_zero_downtime.embedded.binaries import find_program
from alembic_zero_downtime.errors import MigrationError, one_line


@dataclass(frozen=True, repr=False)
class Address:
    """The connection parameters of a database for libpq, and separately its password."""

    parameters: dict[str, str]
    password: str | None

    @property
    def dsn(self) -> str:
        """The parameters as one command-line argument."""
        return str(make_dsn(**self.parameters))

    @property
    def dsn_without_secrets(self) -> str:
        """The same, safe to show: a program prompts for a missing secret."""
        shown = {*self.parameters} - {*SECRET_PARAMETERS}
        return str(make_dsn(**{name: self.parameters[name] for name in sorted(shown)}))

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment with the password, which a command line would expose."""
        return {**os.environ, **({"PGPASSWORD": self.password} if self.password else {})}


def run_pg_dump(program: Path, address: Address, *options: str) -> str:
    """Run pg_dump without a password prompt; return its output.

    Raises:
        MigrationError: It fails; the message is pg_dump's, on one line.
    """
    completed = subprocess.run(
        [program, "--no-password", *options, f"--dbname={address.dsn}"],
        check=False,
        env=address.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )
    if completed.returncode != 0:
        raise MigrationError(one_line(completed.stderr) or f"{program} failed")
    return completed.stdout


def connection_info(connection: Connection) -> Any:
    """Return the `psycopg2.extensions.ConnectionInfo` of the open connection."""
    return connection.connection.dbapi_connection.info  # type: ignore[union-attr]


def read_address(connection: Connection, database: DatabaseURL) -> Address:
    """Return the actual address of `connection`, including parts that libpq took from elsewhere."""
    info = connection_info(connection)
    # Not all of libpq's defaults: an older program knows fewer parameters.
    named = {"host", "port", "user", "dbname", *database.url.query}
    parameters = {name: value for name, value in info.dsn_parameters.items() if name in named}
    return Address(parameters, info.password)


def find_programs(name: str, database: DatabaseURL) -> list[Path]:
    """Return the installed programs of that name, the best one for `database` first.

    The best one for the embedded server is the one of its version, otherwise the one on PATH.
    """
    on_path = shutil.which(name)
    programs = [Path(on_path)] if on_path else []
    if embedded.is_installed():
        programs.insert(0 if database.is_embedded else len(programs), find_program(name))
    return programs

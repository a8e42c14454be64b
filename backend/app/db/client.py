"""Call PostgreSQL's own programs, such as psql, on the database of an open connection."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2.extensions import make_dsn
from sqlalchemy import Connection

from app.db import embedded
from app.db.embedded.binaries import find_program
from app.db.url import SECRET_PARAMETERS, DatabaseURL


@dataclass(frozen=True, repr=False)
class Address:
    """Where libpq finds a database: its parameters, and apart from them the password."""

    parameters: dict[str, str]
    password: str | None

    @property
    def dsn(self) -> str:
        """The parameters as one argument of a program."""
        return str(make_dsn(**self.parameters))

    @property
    def shown_dsn(self) -> str:
        """The same, as people may see it: a program asks for the secrets that it lacks."""
        shown = {*self.parameters} - {*SECRET_PARAMETERS}
        return str(make_dsn(**{name: self.parameters[name] for name in sorted(shown)}))

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment and the password, which a command line would show."""
        return {**os.environ, **({"PGPASSWORD": self.password} if self.password else {})}


def connection_info(connection: Connection) -> Any:
    """Return what psycopg2 knows of the open connection (psycopg2.extensions.ConnectionInfo)."""
    return connection.connection.driver_connection.info  # type: ignore[union-attr]


def read_address(connection: Connection, database: DatabaseURL) -> Address:
    """Return where `connection` went, whatever part of it libpq took from elsewhere."""
    info = connection_info(connection)
    # Not all that libpq has by default: an older program knows fewer parameters.
    named = {"host", "port", "user", "dbname", *database.url.query}
    parameters = {name: value for name, value in info.dsn_parameters.items() if name in named}
    return Address(parameters, info.password)


def find_programs(name: str, database: DatabaseURL) -> list[Path]:
    """Return the installed programs of that name, the best one for `database` first.

    For the embedded server that is the one of its own version, for others the one on PATH.
    """
    on_path = shutil.which(name)
    programs = [Path(on_path)] if on_path else []
    if embedded.is_installed():
        programs.insert(0 if database.is_embedded else len(programs), find_program(name))
    return programs

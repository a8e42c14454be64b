"""Run PostgreSQL's client programs, such as psql, on the database of an open connection."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from psycopg2.extensions import make_dsn
from sqlalchemy import Connection

from alembic_zero_downtime import embedded
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.embedded.binaries import find_program
from alembic_zero_downtime.errors import MigrationError, one_line

PUBLIC = (
    *("host", "hostaddr", "port", "user", "dbname", "sslmode", "sslnegotiation", "sslcertmode"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "gssencmode", "channel_binding"),
    *("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval"),
    *("keepalives_count", "tcp_user_timeout", "target_session_attrs", "load_balance_hosts"),
)
"""The parameters that a command line may show: a checked part of the address, or a number or a
keyword, which libpq has accepted."""
SERVICE = "alembic_zero_downtime"


class Surroundings(NamedTuple):
    """The environment of a client program, and the file descriptors that it inherits."""

    variables: Mapping[str, str]
    descriptors: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class Address:
    """The connection parameters of a database for libpq, and separately its password."""

    parameters: dict[str, str]
    password: str | None

    @property
    def dsn(self) -> str:
        """The parameters that may be shown, as one command-line argument."""
        public = {name: value for name, value in self.parameters.items() if name in PUBLIC}
        return str(make_dsn(**public))

    @contextmanager
    def surroundings(self) -> Iterator[Surroundings]:
        """Yield the surroundings that give a program the password and the other parameters.

        A command line and a file in a folder could be read by others. The parameters are in a
        service file (PostgreSQL manual, "The Connection Service File") that has no name.

        Raises:
            MigrationError: A parameter cannot be passed on in this way.
        """
        variables = {**os.environ, **({"PGPASSWORD": self.password} if self.password else {})}
        private = {name: each for name, each in self.parameters.items() if name not in PUBLIC}
        for name, variable in (("service", "PGSERVICE"), ("servicefile", "PGSERVICEFILE")):
            if name in private:
                variables[variable] = private.pop(name)
        if not private:
            yield Surroundings(variables, ())
            return
        _check_service(private, variables)
        with tempfile.TemporaryFile() as file:
            lines = "".join(f"{name}={value}\n" for name, value in private.items())
            file.write(f"[{SERVICE}]\n{lines}".encode())
            file.seek(0)
            descriptor = file.fileno()
            os.set_inheritable(descriptor, True)  # noqa: FBT003 it has no name
            own = {"PGSERVICE": SERVICE, "PGSERVICEFILE": f"/dev/fd/{descriptor}"}
            yield Surroundings({**variables, **own}, (descriptor,))


def _check_service(parameters: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Refuse parameters that a service file of their own cannot contain.

    Raises:
        MigrationError: Another service is in use, or a value is not one line.
    """
    names = ", ".join(sorted(parameters))
    if "PGSERVICE" in variables:
        raise MigrationError(
            f"a client program cannot get a service and also {names}: add {names} to the service"
        )
    for name, value in parameters.items():
        if value != value.rstrip() or len(value.splitlines()) > 1:
            raise MigrationError(
                f"a client program cannot get {name}: it has a line break, or ends with white space"
            )


def run_pg_dump(program: Path, address: Address, *options: str) -> str:
    """Run pg_dump without a password prompt; return its output.

    Raises:
        MigrationError: It fails; the message is pg_dump's, on one line.
    """
    with address.surroundings() as surroundings:
        completed = subprocess.run(
            [program, "--no-password", *options, f"--dbname={address.dsn}"],
            check=False,
            env=surroundings.variables,
            pass_fds=surroundings.descriptors,
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
    """Return the actual address of `connection`, including parts that libpq took from elsewhere.

    Of several hosts, it is the one that has answered.
    """
    info = connection_info(connection)
    # Not all of libpq's defaults: an older program knows fewer parameters.
    named = {"host", "port", "user", "dbname", *database.url.query}
    parameters = {name: value for name, value in info.dsn_parameters.items() if name in named}
    if "," in parameters.get("host", ""):
        parameters |= {"host": info.host, "port": str(info.port)}
        parameters.pop("hostaddr", None)
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

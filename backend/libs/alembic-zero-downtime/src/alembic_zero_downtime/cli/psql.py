"""Open the database in psql."""

import argparse
from typing import NoReturn

from alembic_zero_downtime._exits import EXECVE
from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.output import RefusedError, restore_stdout
from alembic_zero_downtime.database.client import find_programs, read_address


def run(context: CommandContext, _: argparse.Namespace) -> NoReturn:
    """Open the database in psql.

    The process becomes psql, with the password in its environment and not in its arguments.
    """
    database = context.database
    with database.connect() as connection:
        address = read_address(connection, database.address)
    programs = find_programs("psql", database.address)
    if not programs:
        raise RefusedError("psql is not installed here")
    context.notify(f"opening {database}")
    restore_stdout()
    options = ("--set=ON_ERROR_STOP=1", address.dsn)
    with address.surroundings() as surroundings:
        EXECVE(programs[0], ["psql", *options], surroundings.variables)

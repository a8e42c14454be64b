"""Open the database in psql."""

import argparse
import os
import sys
from typing import NoReturn

from app.commands.output import RefusedError, complain
from app.db.client import find_programs, read_address
from app.db.migrations.connection import connect
from app.db.url import resolve_migration_url


def run(_: argparse.Namespace) -> NoReturn:
    """Become psql on the same database; the password goes through the environment, unseen."""
    database = resolve_migration_url()
    with connect(database) as connection:
        address = read_address(connection, database)
    programs = find_programs("psql", database)
    if not programs:
        raise RefusedError("psql is not installed here")
    complain(f"opening {database}")
    sys.stdout.flush()
    options = ("--set=ON_ERROR_STOP=1", address.dsn)
    os.execve(programs[0], ["psql", *options], address.environment)  # noqa: S606

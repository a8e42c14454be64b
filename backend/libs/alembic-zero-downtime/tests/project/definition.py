"""What the test project tells the library."""

import os
from pathlib import Path

from alembic_zero_downtime import CommandNames, DatabaseURL, Project
from alembic_zero_downtime.database.url import parse_url
from project.models import metadata

FOLDER = Path(__file__).parent
VERSION = "7.8.9"
DIRECT, USUAL = "MIGRATION_DATABASE_URL", "DATABASE_URL"


def resolve_database() -> DatabaseURL:
    """Return the database that MIGRATION_DATABASE_URL names, or else DATABASE_URL.

    Raises:
        ValueError: It is not set, or no address of a PostgreSQL database.
    """
    name = next((name for name in (DIRECT, USUAL) if name in os.environ), USUAL)
    return DatabaseURL(parse_url(os.environ.get(name, ""), name), name).within(FOLDER)


PROJECT = Project(
    metadata=metadata,
    database=resolve_database,
    version=VERSION,
    config_file=FOLDER / "alembic.ini",
    sequential_ids=True,
    head_file=True,
    docstrings=True,
    commands=CommandNames(database_url=DIRECT),
)

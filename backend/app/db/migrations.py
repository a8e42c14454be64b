"""The configuration of the migration library for this application."""

from functools import cache

from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from alembic_zero_downtime import CommandNames, Project
from app import BACKEND, VERSION
from app.db.url import read_variables, resolve_migration_url


def load_metadata() -> MetaData:
    """Import the models and return their metadata.

    Called only by commands that need it: during a merge a model may have a syntax error.
    """
    import app.db.models  # noqa: F401, PLC0415 defines every table
    from app.db.base import Base  # noqa: PLC0415

    return Base.metadata


PROJECT = Project(
    metadata=load_metadata,
    database=resolve_migration_url,
    variables=read_variables,
    variables_file="backend/.env",
    version=VERSION,
    config_file=BACKEND / "alembic.ini",
    sequential_ids=True,
    head_file=True,
    docstrings=True,
    backups=BACKEND / ".backups",
    commands=CommandNames(
        upgrade="make migrate",
        downgrade="make migrate-down",
        create='make migrate-create NAME="…"',
        accept="make migrate-accept REV={}",
        verify="make migrate-verify",
        renumber="make migrate-renumber",
        renumber_revision="REV={}",
        renumber_several='REV="003_add_sector 004_fill_sector"',
        renumber_onto="ONTO={}",
        lint="make migrate-lint",
        reset="make db-reset",
        reset_unasked="FORCE=1",
        reset_without_dump="DUMP=0",
        reset_remote="ALLOW_REMOTE=1",
        stamp_env="make db-stamp-env ENV={}",
        lose_data="FORCE=1 for make, ALLOW_DATA_LOSS=1 for alembic",
        database_url="MIGRATION_DATABASE_URL",
        start_server="make -C ../infrastructure up-dev",
        install="make install",
    ),
)


@cache
def code_revisions() -> ScriptDirectory:
    """Return the revisions of this code; they do not change while it runs."""
    return PROJECT.load_revisions()

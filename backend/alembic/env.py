"""Run Alembic's command on the database that the settings name."""

from logging.config import fileConfig
from pathlib import Path

from alembic import context

import app.db.models  # noqa: F401 declares every table
from app import VERSION
from app.db.base import Base
from app.db.migrations.runner import run
from app.db.url import read_variables, resolve_migration_url

ini_file = Path(context.config.config_file_name or "alembic.ini")
if context.config.cmd_opts:  # the command line owns its logging; a program keeps its own
    fileConfig(ini_file, disable_existing_loggers=False)

run(
    Base.metadata,
    resolve=lambda: resolve_migration_url(ini_file=ini_file),
    variables=read_variables,
    version=VERSION,
)

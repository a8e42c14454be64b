"""Run Alembic's command on the database that the settings name."""

from logging.config import fileConfig
from pathlib import Path

from alembic import context

import app.db.models  # noqa: F401 declares every table
from app.db.base import Base
from app.db.migrations.runner import run
from app.db.url import resolve_database_url

ini_file = Path(context.config.config_file_name or "alembic.ini")
if context.config.cmd_opts:  # the command line owns its logging; a program keeps its own
    fileConfig(ini_file, disable_existing_loggers=False)

run(Base.metadata, lambda: resolve_database_url(ini_file=ini_file))

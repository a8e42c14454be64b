"""Run the Alembic command on the configured database."""

from logging.config import fileConfig

from alembic import context

from alembic_zero_downtime import run
from app.db.migrations import PROJECT

if context.config.cmd_opts and context.config.config_file_name:
    # Only on the command line: a program that calls Alembic configures its own logging.
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

run(PROJECT)

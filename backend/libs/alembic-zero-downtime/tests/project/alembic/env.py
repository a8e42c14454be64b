"""Run Alembic's command on the test project."""

from logging.config import fileConfig

from alembic import context

from alembic_zero_downtime import run
from project.definition import PROJECT

if context.config.cmd_opts and context.config.config_file_name:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

run(PROJECT)

"""Run the Alembic command on the configured database."""

from logging.config import fileConfig

from alembic import context

from alembic_zero_downtime.interrupts import exit_on_interrupt

if context.config.cmd_opts and context.config.config_file_name:
    # Only on the command line: a program that calls Alembic configures its own logging, and
    # handles Ctrl-C itself.
    exit_on_interrupt("alembic")
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

from alembic_zero_downtime import run
from app.db.migrations import PROJECT

run(PROJECT)

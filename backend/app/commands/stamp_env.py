"""Declare what a database is."""

import argparse

from app.commands.output import Exit, complain
from app.commands.target import find_scripts, find_target, make_recorder
from app.db.migrations.declarations import PRODUCTION, Declarations


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    parser.add_argument("environment", help="what it is: production, staging, development, …")


def run(arguments: argparse.Namespace) -> int:
    """Declare what the database is: a production database is never reset."""
    database, settings = find_target()
    declarations = Declarations(database, settings, find_scripts(), make_recorder(settings))
    declarations.declare_environment(arguments.environment)
    consequence = ": db-reset refuses it" if arguments.environment == PRODUCTION else ""
    complain(f"{database} is {arguments.environment} now{consequence}")
    return Exit.FINE

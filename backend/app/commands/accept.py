"""Record a deliberate edit of an applied revision."""

import argparse

from app.commands.output import Exit, complain
from app.commands.target import find_scripts, find_target, make_recorder
from app.db.migrations.declarations import Declarations


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    parser.add_argument("revision", help="the revision that was edited, e.g. 002")


def run(arguments: argparse.Namespace) -> int:
    """Record that an edited revision is right as it is now."""
    database, settings = find_target()
    declarations = Declarations(database, settings, find_scripts(), make_recorder(settings))
    declarations.accept(arguments.revision)
    complain(f"accepted {arguments.revision} as it is now, in {database}")
    return Exit.FINE

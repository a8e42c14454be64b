"""Give the revisions of this branch the next free numbers."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.commands import INI_FILE
from app.commands.output import Exit, complain, stdout
from app.db.migrations.renumber import Move, renumber
from app.db.migrations.state import load_scripts


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--onto",
        metavar="BRANCH",
        help="the branch that all share; by default the remote's main branch, or main",
    )
    choice.add_argument(
        "--revision",
        metavar="FILE",
        action="append",
        default=[],
        help="the file to move, where git cannot tell; again for each further one, in their order",
    )


def run(arguments: argparse.Namespace) -> int:
    """Move the revisions of this branch behind those that a merge brought."""
    versions = Path(load_scripts(INI_FILE).versions)
    moves = renumber(versions, arguments.onto, arguments.revision)
    for move in moves:
        stdout().print(str(move), soft_wrap=True)
    complain(advise(moves) if moves else "nothing to move: the revisions are one line")
    return Exit.FINE


def advise(moves: Sequence[Move]) -> str:
    """Say what to do with a database that knows the moved revisions by their old numbers."""
    moved = " or ".join(move.old.stem for move in moves)
    return (
        f"a database to which {moved} had been applied takes the number for another revision now: "
        "take it back with the code from before the merge (make migrate-down) and merge again, "
        "or make db-reset"
    )

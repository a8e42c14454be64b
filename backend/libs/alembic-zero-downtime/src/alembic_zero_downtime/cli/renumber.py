"""Renumber this branch's revisions after a merge."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import stdout
from alembic_zero_downtime.project import CommandNames
from alembic_zero_downtime.revisions.renumber import Move, renumber


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Renumber this branch's migrations after a merge."""
    versions = Path(context.project.load_revisions(context.config).versions)
    moves = renumber(context.project, versions, arguments.onto, arguments.revision)
    for move in moves:
        stdout().print(str(move), soft_wrap=True)
    context.notify(
        format_warning(moves, context.project.commands)
        if moves
        else "nothing to move: the history is linear"
    )
    return Exit.OK


def format_warning(moves: Sequence[Move], commands: CommandNames) -> str:
    """Return a warning about databases that have the moved revisions under their old ids."""
    moved = " or ".join(move.old.stem for move in moves)
    return (
        f"warning: databases that already have {moved} will treat the id as a different revision: "
        "downgrade them with the code from before the merge "
        f"({commands.downgrade}) and merge again, or {commands.reset}"
    )

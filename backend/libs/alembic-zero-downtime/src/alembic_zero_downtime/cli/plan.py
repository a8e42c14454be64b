"""Show the locks and rewrites of pending migrations, without applying them to the database."""

import argparse
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from alembic_zero_downtime._log_levels import log_level
from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import print_json, results, stdout
from alembic_zero_downtime.cli.plan_report import as_json, as_markdown, print_plan
from alembic_zero_downtime.embedded.lacks import ways_out
from alembic_zero_downtime.plan.plan import make_plan
from alembic_zero_downtime.plan.risk import Risk

EXITS = {Risk.DANGEROUS: Exit.DANGEROUS, Risk.UNKNOWN: Exit.FAILED}


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Show the locks and rewrites of pending migrations.

    Runs upgrade() of each of them on a disposable server of this machine, on a copy of the schema,
    without the rights of a superuser. The database itself is only read.
    """
    database, environment = context.database, context.environment
    with log_level("alembic_zero_downtime", level=logging.ERROR), _progress() as report:
        plan = make_plan(environment, database, report)
    if arguments.json:
        print_json(as_json(plan))
    elif arguments.markdown:
        results().write(as_markdown(plan))
    else:
        print_plan(plan, stdout())
        statements = [each.statement for part in plan.revisions for each in part.statements]
        unknown = (each.unknown or "" for each in statements)
        for sentence in ways_out([*(plan.copy.missing if plan.copy else ()), *unknown]):
            context.notify(f"not everything is known: {sentence}")
    results().flush()  # raise BrokenPipeError here, and not at exit
    return EXITS.get(plan.risk, Exit.OK)


@contextmanager
def _progress() -> Iterator[Callable[[str], object]]:
    """Yield a function that shows the current step on a terminal, and nothing elsewhere."""
    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("Reading the database") as status:
        yield status.update

"""Tell what the pending migrations would do to the database, without doing it."""

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from app.commands.output import Exit, RefusedError, print_json, stdout
from app.commands.target import find_scripts, find_target
from app.db.impact import PlanError
from app.db.impact.plan import make_plan
from app.db.impact.report import as_json, as_markdown, print_plan
from app.db.impact.verdict import Verdict
from app.quiet import quiet

# What the server and the revisions of the copy have to say.
TALKATIVE = ("app.db.embedded", "app.db.migrations")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="print JSON for scripts")
    formats.add_argument("--markdown", action="store_true", help="print it for a pull request")


def run(arguments: argparse.Namespace) -> int:
    """Run the pending migrations on a copy of the schema: who would have to wait, and how long."""
    database, settings = find_target()
    scripts = find_scripts()
    try:
        with (
            _interrupted_by_sigterm(),
            quiet(*TALKATIVE, level=logging.ERROR),
            _progress() as report,
        ):
            plan = make_plan(database, settings, scripts, report)
    except PlanError as error:
        raise RefusedError(str(error)) from error
    if arguments.json:
        print_json(as_json(plan))
    elif arguments.markdown:
        sys.stdout.write(as_markdown(plan))
    else:
        print_plan(plan, stdout())
    sys.stdout.flush()  # a reader that has left early is noticed here, and not after the end
    return Exit.DANGEROUS if plan.verdict is Verdict.DANGEROUS else Exit.FINE


@contextmanager
def _progress() -> Iterator[Callable[[str], object]]:
    """Yield what shows people on a terminal what is being done; nobody else is told."""
    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("Looking at the database") as status:
        yield status.update


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Let an orchestrator's SIGTERM end it as Ctrl-C does: the copy's server must not stay."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

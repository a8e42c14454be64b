"""Check generated examples in several processes, which cannot import a `__main__`."""

import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from math import ceil
from multiprocessing import get_context

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from sqlalchemy import URL

from alembic_zero_downtime.embedded.disposable import lasting_server
from generated.run import BATCH, check_batch, quiet_library
from generated.tally import Tally

_servers: list[URL] = []
_open = ExitStack()
"""The server of a process that checks, and what ends with the process."""


def check(seed: int, examples: int, jobs: int) -> Tally:
    """Check examples in several processes, and show the progress on a terminal."""
    tally = Tally()
    batches = ceil(examples / BATCH)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    bars = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
    with (
        bars,
        ProcessPoolExecutor(jobs, get_context("spawn"), initializer=start_server) as pool,
    ):
        task = bars.add_task("models", total=batches * BATCH)
        for each in pool.map(partial(check_in_process, seed), range(batches)):
            tally.add(each)
            bars.update(task, completed=tally.examples)
    return tally


def start_server() -> None:
    """Start the servers of a process."""
    _open.enter_context(quiet_library())
    _servers.append(_open.enter_context(lasting_server()))


def check_in_process(seed: int, batch: int) -> Tally:
    """Check a batch on the server of this process."""
    return check_batch(_servers[0], seed, batch)

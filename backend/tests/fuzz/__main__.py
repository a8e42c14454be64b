"""`python -m tests.fuzz`: read damaged and generated files with every reader.

Exits with 1 where a reader ends in a traceback, crashes, hangs, or says that figures are verified
that the sound file contradicts. The same seed gives the same inputs.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from tests.evaluation.folder import find_folder
from tests.fuzz import corpus
from tests.fuzz.run import SHARES, Tally, fuzz

INPUTS = 12_000


def main(command_line: Sequence[str] | None = None) -> int:
    """Read the inputs, print a table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=INPUTS, metavar="N", help="in all")
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run, to repeat it")
    parser.add_argument("--readers", nargs="+", choices=list(SHARES), default=list(SHARES))
    parser.add_argument(
        "--save", type=Path, default=Path(".fuzz"), metavar="DIR", help="for inputs with faults"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument(
        "--filings",
        default=os.environ.get("FILINGS"),
        metavar="DIR",
        help="a folder of filings to damage, too (default: the variable FILINGS)",
    )
    options = parser.parse_args(command_line)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    console = Console(soft_wrap=True)
    console.print(f"Seed {seed}: --seed {seed} repeats this run", highlight=False)
    seeds = list(corpus.generated())
    if options.filings:
        folder = find_folder(options.filings)
        if folder is None:
            sys.stderr.write(f"fuzz: there is no folder {options.filings!r}\n")
            return 2
        seeds += corpus.given(folder)
    whole = sum(SHARES[each] for each in options.readers)
    counts = {each: round(options.inputs * SHARES[each] / whole) for each in options.readers}
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    bars = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
    with ThreadPoolExecutor(options.jobs) as pool, bars:
        tasks = {each: bars.add_task(each, total=counts[each]) for each in options.readers}

        def run(reader: str) -> Tally:
            def note(tally: Tally) -> None:
                bars.update(tasks[reader], completed=tally.inputs)

            return fuzz(reader, seeds, counts[reader], seed, options.save, note)

        tallies = list(pool.map(run, options.readers))
    console.print(_table(tallies))
    for tally in tallies:
        for fault in tally.faults.values():
            console.print(f"{tally.reader}: {fault}", highlight=False, markup=False)
    return int(any(tally.faults for tally in tallies))


def _table(tallies: Sequence[Tally]) -> Table:
    table = Table(box=None)
    table.add_column("reader")
    for heading in ("inputs", "read", "refused", "verified", "faults", "slowest s", "all s"):
        table.add_column(heading, justify="right")
    for each in tallies:
        faults = f"{len(each.faults)}" + (f" ({each.repeated} again)" if each.repeated else "")
        counts = (each.inputs, each.read, each.refused, each.verified)
        times = (f"{each.slowest:.2f}", f"{each.seconds:.0f}")
        table.add_row(each.reader, *map(str, counts), faults, *times)
    table.add_row("in all", str(sum(each.inputs for each in tallies)))
    return table


if __name__ == "__main__":
    sys.exit(main())

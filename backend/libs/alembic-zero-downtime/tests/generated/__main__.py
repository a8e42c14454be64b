"""`python -m generated`: write, run and check revisions for generated models.

Exits with 1 where a revision does not run up, down and up with rows, is flagged by the lint, does
not end where the models are, differs between an upgrade and `--sql`, or where something is refused
without need. The same seed gives the same models.
"""

import argparse
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from alembic_zero_downtime.embedded.disposable import lasting_server
from generated.processes import check
from generated.run import quiet_library, reduce_fault
from generated.tally import write_fault

EXAMPLES = 300
PASSED, FAILED, INTERRUPTED = 0, 1, 130


def main(command_line: Sequence[str] | None = None) -> int:
    """Check the examples, print what became of them, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m generated", description=__doc__)
    parser.add_argument("--examples", type=int, default=EXAMPLES, metavar="N", help="in all")
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run, to repeat it")
    parser.add_argument(
        "--save", type=Path, default=Path(".fuzz"), metavar="DIR", help="for models with faults"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    options = parser.parse_args(command_line)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    console = Console(soft_wrap=True, highlight=False, markup=False)
    again = f"models --seed {seed} --examples {options.examples}"
    console.print(f"Seed {seed}: make fuzz ARGS='{again}' repeats this run")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clean up
    try:
        tally = check(seed, options.examples, options.jobs)
        console.print(tally.describe())
        with quiet_library(), lasting_server() as server:
            for number, (kind, fault) in enumerate(tally.faults.items()):
                smaller = reduce_fault(server, kind, fault)
                path = write_fault(options.save, number, kind, smaller)
                console.print(f"{kind}: {path} ({fault.count} times)")
    except KeyboardInterrupt:
        sys.stderr.write("\nfuzz: interrupted\n")
        return INTERRUPTED
    return FAILED if tally.faults else PASSED


if __name__ == "__main__":
    sys.exit(main())

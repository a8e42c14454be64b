"""`python -m tests.evaluation FILINGS`: how right and how fast reading and compiling is.

Exits with 1 where a goal is missed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.evaluation.compiling import evaluate_compiling
from tests.evaluation.compiling_goals import compiling_goals
from tests.evaluation.evaluate import evaluate
from tests.evaluation.folder import find_folder
from tests.evaluation.goals import goals
from tests.evaluation.report import as_json, print_report


def main(command_line: Sequence[str] | None = None) -> int:
    """Evaluate and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=__doc__)
    parser.add_argument("filings", metavar="FILINGS", help="a folder of filings")
    parser.add_argument(
        "--truth",
        type=Path,
        action="append",
        metavar="DIR",
        help="typed truths (default: those in FILINGS, and in the folder `truth` beside it)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--faults", action="store_true", help="show each figure that is not right")
    parser.add_argument(
        "--seeded",
        type=int,
        default=12,
        metavar="N",
        help="figures of each verified statement that are damaged in each way (default: 12)",
    )
    parser.add_argument("--untimed", action="store_true", help="do not time whole commands")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="filings read at a time")
    options = parser.parse_args(command_line)
    folder = find_folder(options.filings)
    if folder is None:
        sys.stderr.write(f"eval: there is no folder {options.filings!r}: make eval FILINGS=DIR\n")
        return 2
    truths = options.truth or [folder.parent / "truth", folder]
    messages = Console(stderr=True)

    def progress(name: str) -> None:
        if messages.is_terminal:
            messages.print(f"Read {name}", highlight=False)

    evaluation = evaluate(
        folder, truths, jobs=options.jobs, seeded=options.seeded, progress=progress
    )
    compiling = evaluate_compiling(evaluation.results, is_timed=not options.untimed)
    reached = [*goals(evaluation), *compiling_goals(compiling)]
    if options.json:
        sys.stdout.write(as_json(evaluation, compiling, reached) + "\n")
    else:
        width = None if sys.stdout.isatty() else 200
        console = Console(width=width, soft_wrap=width is not None)
        print_report(console, evaluation, compiling, reached, faults=options.faults)
    return int(any(each.missed for each in reached))


if __name__ == "__main__":
    sys.exit(main())

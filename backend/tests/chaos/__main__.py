"""Kill the process that adds ten filings at random moments, and let the same command finish."""

import argparse
import secrets
import signal
import sys
from collections.abc import Sequence

from chaos.__main__ import FAILED, INTERRUPTED, PASSED, fast_server, positive
from chaos.outcome import print_outcomes, write_json
from tests.chaos import killing


def main(command_line: Sequence[str] | None = None) -> int:
    """Run the scenario and print its outcome; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("scenario", nargs="?", choices=["adding"], default="adding")
    parser.add_argument("--kills", type=positive, default=120, metavar="N", help="(default: 120)")
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        default=secrets.randbelow(100_000),
        help="of the random moments (default: random, and printed)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")
    arguments = parser.parse_args(command_line)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clean up
    try:
        with fast_server() as (server, folder):
            outcome = killing.run(server, folder, kills=arguments.kills, seed=arguments.seed)
    except KeyboardInterrupt:
        sys.stderr.write("\nchaos: interrupted\n")
        return INTERRUPTED
    if arguments.json:
        write_json([outcome])
    else:
        print_outcomes([outcome])
    return PASSED if outcome.has_passed else FAILED


if __name__ == "__main__":
    sys.exit(main())

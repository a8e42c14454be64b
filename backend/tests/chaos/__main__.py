"""Do to migrations what production does: start many at once, kill them, get in their way."""

import argparse
import secrets
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL

from app.db.embedded.disposable import FAST, fast_folder
from app.db.embedded.server import EmbeddedServer
from app.errors import EmbeddedServerError
from tests.chaos import kill, race, server, stall
from tests.chaos.harness import PREFIX, BrokenUpgradeError, address_of
from tests.chaos.outcome import Outcome, print_outcomes, write_json

HELD, FAILED, INTERRUPTED = 0, 1, 130
EXIT_CODES = """exit codes:
  0    everything held
  1    something did not, or could not be tried
  2    wrong arguments
  130  interrupted
"""


def run_race(arguments: argparse.Namespace) -> Outcome:
    """Let many processes upgrade one empty database at once."""
    connections = 20 + 3 * arguments.processes  # two for one that waits, three for one that works
    with fast_server(f"max_connections={connections}") as (admin_url, folder):
        return race.run(admin_url, folder, processes=arguments.processes, rounds=arguments.rounds)


def run_kill(arguments: argparse.Namespace) -> Outcome:
    """Kill the process that migrates."""
    with fast_server() as (admin_url, folder):
        return kill.run(admin_url, folder, kills=arguments.kills, seed=arguments.seed)


def run_server(arguments: argparse.Namespace) -> Outcome:
    """Kill the server that is migrated."""
    return server.run(kills=arguments.server_kills, seed=arguments.seed)


def run_stall(arguments: argparse.Namespace) -> Outcome:
    """Put a long read in the way, with this runner and with plain Alembic."""
    with fast_server() as (admin_url, folder):
        return stall.run(admin_url, folder, read_seconds=arguments.read_seconds)


SCENARIOS: dict[str, Callable[[argparse.Namespace], Outcome]] = {
    "race": run_race,
    "kill": run_kill,
    "server": run_server,
    "stall": run_stall,
}


@contextmanager
def fast_server(*options: str) -> Iterator[tuple[URL, Path]]:
    """Run a server in memory where there is room; yield its address and a folder beside it."""
    with TemporaryDirectory(prefix=PREFIX, dir=fast_folder(), ignore_cleanup_errors=True) as name:
        embedded = EmbeddedServer(Path(name) / "server", (*FAST, *options))
        try:
            yield address_of(embedded), Path(name)
        finally:
            embedded.stop()


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments, by default the command line's."""
    scenarios = "\n".join(f"  {name:8}{run.__doc__}" for name, run in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        epilog=f"scenarios:\n{scenarios}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "scenario",
        nargs="?",
        choices=["all", *SCENARIOS],
        default="all",
        help="what to try (default: all)",
    )
    for option, default, words in (
        ("--processes", 32, "processes that race"),
        ("--rounds", 20, "races"),
        ("--kills", 200, "kills of the process"),
        ("--server-kills", 20, "kills of the server"),
        ("--read-seconds", 4, "how long the read takes that is in the way"),
    ):
        parser.add_argument(
            option,
            type=positive,
            default=default,
            metavar="N",
            help=f"{words} (default: {default})",
        )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        default=secrets.randbelow(100_000),
        help="of the random moments (default: drawn, and printed)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """Return a count of at least one."""
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def main(command_line: Sequence[str] | None = None) -> int:
    """Run the scenarios and print what came of them; return the exit code."""
    arguments = parse_arguments(command_line)
    chosen = SCENARIOS if arguments.scenario == "all" else [arguments.scenario]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up then, too
    try:
        outcomes = [SCENARIOS[name](arguments) for name in chosen]
    except (BrokenUpgradeError, EmbeddedServerError) as error:
        sys.stderr.write(f"chaos: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("\nchaos: interrupted\n")
        return INTERRUPTED
    if arguments.json:
        write_json(outcomes)
    else:
        print_outcomes(outcomes)
    return HELD if all(each.held for each in outcomes) else FAILED


if __name__ == "__main__":
    sys.exit(main())

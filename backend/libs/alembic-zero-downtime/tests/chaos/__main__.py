"""Start many migrations at once, kill, stop and block them, and cut them off."""

import argparse
import secrets
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL

from alembic_zero_downtime.embedded.disposable import FAST, fast_folder
from alembic_zero_downtime.embedded.server import EmbeddedServer
from alembic_zero_downtime.errors import EmbeddedServerError
from chaos import arrive, freeze, kill, race, server, stall, wire
from chaos.outcome import Outcome, print_outcomes, write_json
from support.databases import address_of
from support.network import HAS_NAMESPACES, MISSING
from support.processes import BrokenUpgradeError

PASSED, FAILED, INTERRUPTED = 0, 1, 130
EXIT_CODES = """exit codes:
  0    every scenario passed
  1    a scenario failed, or could not be run
  2    wrong arguments
  130  interrupted
"""


def run_race(arguments: argparse.Namespace) -> Outcome:
    """Let many processes upgrade one empty database at once."""
    connections = 20 + 3 * arguments.processes  # three of a process that migrates
    with fast_server(f"max_connections={connections}") as (migration_server, folder):
        return race.run(
            migration_server, folder, processes=arguments.processes, rounds=arguments.rounds
        )


def run_kill(arguments: argparse.Namespace) -> Outcome:
    """Kill the process that migrates."""
    with fast_server() as (migration_server, folder):
        return kill.run(migration_server, folder, kills=arguments.kills, seed=arguments.seed)


def run_server(arguments: argparse.Namespace) -> Outcome:
    """Kill the server that is migrated."""
    return server.run(kills=arguments.server_kills, seed=arguments.seed)


def run_stall(arguments: argparse.Namespace) -> Outcome:
    """Block a migration by a long read, with this library and with plain Alembic."""
    with fast_server() as (migration_server, folder):
        return stall.run(migration_server, folder, read_seconds=arguments.read_seconds)


def run_wire(arguments: argparse.Namespace) -> Outcome:
    """Cut the cable to the server; as root on Linux."""
    with TemporaryDirectory(prefix=server.PREFIX) as folder:
        return wire.run(Path(folder), cuts=arguments.cuts, seed=arguments.seed)


def run_freeze(arguments: argparse.Namespace) -> Outcome:
    """Stop the process that migrates, and let another one wait for it."""
    with fast_server() as (migration_server, folder):
        return freeze.run(migration_server, folder, stops=arguments.stops, seed=arguments.seed)


def run_arrive(arguments: argparse.Namespace) -> Outcome:
    """Let rows arrive while a downgrade that drops their table or column is confirmed."""
    with fast_server() as (migration_server, folder):
        return arrive.run(
            migration_server, folder, rounds=arguments.downgrades, seed=arguments.seed
        )


SCENARIOS: dict[str, Callable[[argparse.Namespace], Outcome]] = {
    "race": run_race,
    "kill": run_kill,
    "server": run_server,
    "stall": run_stall,
    "wire": run_wire,
    "freeze": run_freeze,
    "arrive": run_arrive,
}


@contextmanager
def fast_server(*options: str) -> Iterator[tuple[URL, Path]]:
    """Run a server, in memory if possible; yield its address and a folder beside its data."""
    with TemporaryDirectory(
        prefix=server.PREFIX, dir=fast_folder(), ignore_cleanup_errors=True
    ) as name:
        embedded = EmbeddedServer(Path(name) / "server", (*FAST, *options))
        try:
            yield address_of(embedded), Path(name)
        finally:
            embedded.stop()


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments, by default the command line's."""
    scenarios = "\n".join(f"  {name:8}{run.__doc__}" for name, run in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="python -m chaos",
        description=__doc__,
        epilog=f"scenarios:\n{scenarios}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "scenario",
        nargs="?",
        choices=["all", *SCENARIOS],
        default="all",
        help="the scenario to run (default: all)",
    )
    for option, default, meaning in (
        ("--processes", 32, "processes that race"),
        ("--rounds", 20, "races"),
        ("--kills", 200, "kills of the process"),
        ("--server-kills", 20, "kills of the server"),
        ("--cuts", 20, "cuts of the cable"),
        ("--stops", 20, "stops of the process"),
        ("--downgrades", 100, "downgrades during which rows arrive"),
        ("--read-seconds", 4, "seconds of the read that blocks the migration"),
    ):
        parser.add_argument(
            option,
            type=positive,
            default=default,
            metavar="N",
            help=f"{meaning} (default: {default})",
        )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        default=secrets.randbelow(100_000),
        help="of the random points in time (default: random, and printed)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """Return a count of at least one."""
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def main(command_line: Sequence[str] | None = None) -> int:
    """Run the scenarios and print their outcomes; return the exit code."""
    arguments = parse_arguments(command_line)
    chosen = [*SCENARIOS] if arguments.scenario == "all" else [arguments.scenario]
    if "wire" in chosen and not HAS_NAMESPACES:
        sys.stderr.write(f"chaos: wire is skipped: {MISSING}\n")
        chosen.remove("wire")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clean up
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
    return PASSED if all(each.has_passed for each in outcomes) else FAILED


if __name__ == "__main__":
    sys.exit(main())

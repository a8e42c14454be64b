"""The commands with their descriptions and options; the module of each is imported when it runs."""

import argparse
from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn

PACKAGE = __name__.rpartition(".")[0]


class Command(NamedTuple):
    """A command of a command line.

    Attributes:
        module: the name of a module with `run(context, arguments)`, which returns the exit code.
        description: for `--help`; its first line is also in the list of commands.
        configure: adds the options.
    """

    module: str
    description: str
    configure: Callable[[argparse.ArgumentParser], object] = lambda _: None


class _Explain(argparse.Action):
    def __call__(
        self, parser: argparse.ArgumentParser, _: object, rule: object, *__: object
    ) -> NoReturn:
        from alembic_zero_downtime.cli.explain import explain  # noqa: PLC0415 imports Alembic
        from alembic_zero_downtime.cli.output import results, results_on_stdout  # noqa: PLC0415

        try:
            text = explain(str(rule))
        except ValueError as error:
            parser.error(str(error))
        with results_on_stdout():
            results().write(text)
        parser.exit()


def add_json_option(parser: argparse._ActionsContainer) -> None:
    """Add the option to print JSON instead of a table."""
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")


def _accept(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("revision", help="the edited revision, e.g. 002")


def _lint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all",
        action="store_true",
        help="check every revision, not only those that the main branch does not have",
    )
    formats = parser.add_mutually_exclusive_group()
    add_json_option(formats)
    formats.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="github: annotations at the lines of a pull request (default: %(default)s)",
    )
    parser.add_argument(
        "--explain",
        action=_Explain,
        metavar="RULE",
        help="explain a rule, with an example and how to suppress it, and exit",
    )


def _plan(parser: argparse.ArgumentParser) -> None:
    formats = parser.add_mutually_exclusive_group()
    add_json_option(formats)
    formats.add_argument(
        "--markdown", action="store_true", help="print Markdown for a pull request"
    )


def _renumber(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--onto",
        metavar="BRANCH",
        help="the shared branch; by default the remote's main branch, or main",
    )
    choice.add_argument(
        "--revision",
        metavar="FILE",
        action="append",
        default=[],
        help="the file to move, if git cannot tell; repeat it for further files, in their order",
    )


def _reset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="skip the confirmation")
    parser.add_argument(
        "--allow-remote", action="store_true", help="accept a server on another machine"
    )
    parser.add_argument(
        "--no-dump", dest="dump", action="store_false", help="do not dump the database first"
    )


def _stamp_env(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("environment", help="production, staging, development, …")


COMMANDS: Mapping[str, Command] = {
    "info": Command(
        f"{PACKAGE}.info", "Show server, address, revision, and rows per table.", add_json_option
    ),
    "config": Command(
        f"{PACKAGE}.config",
        "Show each setting in force and where it is set, without passwords.",
        add_json_option,
    ),
    "doctor": Command(
        f"{PACKAGE}.doctor",
        "Check the environment, the server, the schema and the disk.",
        add_json_option,
    ),
    "history": Command(
        f"{PACKAGE}.history",
        "List the migrations: when, by whom and how each was applied.",
        add_json_option,
    ),
    "verify": Command(
        f"{PACKAGE}.verify", "Check that no applied migration was edited.", add_json_option
    ),
    "plan": Command(
        f"{PACKAGE}.plan",
        """Show the locks and rewrites of pending migrations.

        Runs upgrade() of each of them on a disposable server of this machine, on a copy of the
        schema, without the rights of a superuser. The database itself is only read.
        """,
        _plan,
    ),
    "check": Command(
        f"{PACKAGE}.check",
        """Compare models, migrations and the database.

        Runs upgrade() of all migrations on a disposable server of this machine, without the rights
        of a superuser. The database itself is only read.
        """,
        add_json_option,
    ),
    "accept": Command(
        f"{PACKAGE}.accept", "Accept an edited migration (updates its checksum).", _accept
    ),
    "renumber": Command(
        f"{PACKAGE}.renumber", "Renumber this branch's migrations after a merge.", _renumber
    ),
    "lint": Command(
        f"{PACKAGE}.lint",
        """Lint new migrations for unsafe changes.

        Calls upgrade() and downgrade() of each of them, without a database, to write their SQL. A
        call that would change a file, run a program or connect elsewhere is refused.
        """,
        _lint,
    ),
    "stamp-env": Command(
        f"{PACKAGE}.stamp_env",
        "Record the environment of the database; a production database is never reset.",
        _stamp_env,
    ),
    "reset": Command(
        f"{PACKAGE}.reset",
        "Dump the database, drop everything in it and migrate it again; asks first.",
        _reset,
    ),
    "psql": Command(f"{PACKAGE}.psql", "Open the database in psql."),
    "stop": Command(f"{PACKAGE}.stop", "Stop the embedded server and keep its data."),
}

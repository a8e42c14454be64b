"""The commands of `fde`, and how each of them ends: an exit code, and a failure in one line."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer

from app import VERSION
from app.cli.add import EXAMPLES as ADD_EXAMPLES
from app.cli.add import add
from app.cli.check import EXAMPLES as CHECK_EXAMPLES
from app.cli.check import check
from app.cli.companies import COMPANIES_EXAMPLES, DOCUMENTS_EXAMPLES, companies, documents
from app.cli.compile import EXAMPLES as COMPILE_EXAMPLES
from app.cli.compile import compile_
from app.cli.config import EXAMPLES as CONFIG_EXAMPLES
from app.cli.config import config
from app.cli.doctor import EXAMPLES as DOCTOR_EXAMPLES
from app.cli.doctor import doctor
from app.cli.exit_codes import EXPLANATION, Exit
from app.cli.fix import EXAMPLES as FIX_EXAMPLES
from app.cli.fix import fix
from app.cli.help_text import Command, Sections
from app.cli.interrupts import Terminated, interruptible
from app.cli.read import EXAMPLES as READ_EXAMPLES
from app.cli.read import read
from app.cli.remove import EXAMPLES as REMOVE_EXAMPLES
from app.cli.remove import remove
from app.cli.reread import EXAMPLES as REREAD_EXAMPLES
from app.cli.reread import reread
from app.cli.schema import EXAMPLES as SCHEMA_EXAMPLES
from app.cli.schema import schema
from app.cli.statements import EXAMPLES as STATEMENTS_EXAMPLES
from app.cli.statements import statements
from app.cli.why import EXAMPLES as WHY_EXAMPLES
from app.cli.why import why

PROGRAM = "fde"
START = """\b
Examples:
  fde read annual-report.pdf           its statements, and how much is proved
  fde add --create AAPL reports/       keep the reports of a company
  fde statements AAPL                  ten years side by side
  fde statements AAPL --output apple.xlsx
  fde why AAPL income "Net sales" 2023   where a figure comes from
"""

app = typer.Typer(
    name=PROGRAM,
    cls=Sections,
    rich_markup_mode=None,  # plain text, as fast and as readable in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _register(section: str, commands: Sequence[tuple[Callable[..., object], str, str]]) -> None:
    """Add commands, each with its line in the list of commands and its examples."""
    for command, line, examples in commands:
        app.command(
            command.__name__.rstrip("_"),
            cls=Command,
            rich_help_panel=section,
            short_help=line,
            epilog=f"{examples}\n\n{EXPLANATION}" if "Exit codes" not in examples else examples,
        )(command)


_register(
    "Reports",
    (
        (read, "Read the statements of a file; keep nothing.", READ_EXAMPLES),
        (add, "Keep reports of a company, and compile its statements.", ADD_EXAMPLES),
        (companies, "List the companies.", COMPANIES_EXAMPLES),
        (documents, "List the documents of a company.", DOCUMENTS_EXAMPLES),
        (remove, "Remove a document.", REMOVE_EXAMPLES),
        (reread, "Read kept documents again after a newer release.", REREAD_EXAMPLES),
    ),
)
_register(
    "Statements over years",
    (
        (statements, "Show years side by side; write XLSX, CSV, JSON.", STATEMENTS_EXAMPLES),
        (why, "Show where a figure comes from.", WHY_EXAMPLES),
        (check, "Check what is proved, and what is missing.", CHECK_EXAMPLES),
        (fix, "Correct a figure, or withdraw a correction.", FIX_EXAMPLES),
        (compile_, "Compile again after a newer release.", COMPILE_EXAMPLES),
    ),
)
_register(
    "Set-up",
    (
        (config, "Show the settings, and where each is set.", CONFIG_EXAMPLES),
        (doctor, "Check the database and the storage of files.", DOCTOR_EXAMPLES),
        (schema, "Print the JSON Schema of a form.", SCHEMA_EXAMPLES),
    ),
)


def _show_version(value: bool) -> None:  # noqa: FBT001 typer calls it so
    if value:
        typer.echo(f"{PROGRAM} {VERSION}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=f"{START}\n\n{EXPLANATION}")
def start(
    context: typer.Context,
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Read annual reports, and compile years of statements in which every figure is proved.

    A report is read and shown with read, or kept with add. The commands for statements over years
    need a database: make migrate starts one.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command, by default the one in `sys.argv`; return the exit code."""
    if sys.stderr is None:  # closed by the caller, as by 2>&-
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stdout is None:
        return _fail("standard output is closed: send it to a file", Exit.UNREADABLE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        work = _parse(arguments)
        with interruptible():
            code = work() if callable(work) else work
            sys.stdout.flush()
    except typer.TyperException as error:
        return _fail(_explained(error, arguments), Exit.USAGE)
    except KeyboardInterrupt as interrupt:
        is_terminated = isinstance(interrupt, Terminated)
        if os.isatty(2):
            sys.stderr.write("\n")  # after the terminal's ^C
        return _fail("interrupted", Exit.TERMINATED if is_terminated else Exit.INTERRUPTED)
    except BrokenPipeError:
        _discard_output()
        return Exit.CLOSED_PIPE
    except OSError as error:
        _discard_output()  # a disk may be full
        place = f" {error.filename}" if error.filename else ""
        return _fail(f"cannot use{place}: {error.strerror}", Exit.UNREADABLE)
    return code or Exit.OK


def _parse(arguments: Sequence[str] | None) -> Any:
    """Return the work of a command: typer would turn an interrupt of it into another exception.

    Raises:
        BrokenPipeError: The reader of a help closed the pipe.
    """
    try:
        return app(args=arguments, prog_name=PROGRAM, standalone_mode=False)
    except SystemExit as end:  # also the end of a completion
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        raise


def _explained(error: typer.TyperException, arguments: Sequence[str] | None) -> str:
    """Return what is wrong with the arguments, and which help to read."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else _command_of(arguments)
    message = error.format_message().replace("Value error, ", "")
    return f"{message} (see {command} --help)"


def _command_of(arguments: Sequence[str] | None) -> str:
    """Return the command that was called, as its help is asked for."""
    first = next(iter(sys.argv[1:] if arguments is None else arguments), "")
    is_command = any(each.name == first for each in app.registered_commands)
    return f"{PROGRAM} {first}" if is_command else PROGRAM


def _discard_output() -> None:
    """Let Python write the rest of the output to nowhere, instead of failing once more."""
    with suppress(io.UnsupportedOperation):  # a stream without a file, as in a test
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: Exit) -> int:
    """Print why the command ends, in one line."""
    sys.stderr.write(f"{PROGRAM}: {' '.join(message.split())}\n")
    return code

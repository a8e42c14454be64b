"""The commands of `fde`, and how each of them ends: an exit code, and a failure in one line."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from app import VERSION
from app.cli.exit_codes import EXPLANATION, Exit
from app.cli.interrupts import Terminated, interruptible
from app.cli.read import EXAMPLES, read
from app.cli.schema import schema

PROGRAM = "fde"

app = typer.Typer(
    name=PROGRAM,
    rich_markup_mode=None,  # plain text, as fast and as readable in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=f"{EXAMPLES}\n\n{EXPLANATION}")(read)
app.command()(schema)


def _show_version(value: bool) -> None:  # noqa: FBT001 typer calls it so
    if value:
        typer.echo(f"{PROGRAM} {VERSION}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=f"{EXAMPLES}\n\n{EXPLANATION}")
def start(
    context: typer.Context,
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Read annual reports, and prove every figure by the sums of its statement."""
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
        # A command returns its work: typer would turn an interrupt and a closed pipe into others.
        work = app(args=arguments, prog_name=PROGRAM, standalone_mode=False)
        with interruptible():
            code = work() if callable(work) else work
            sys.stdout.flush()
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else PROGRAM
        return _fail(f"{error.format_message()} (see {command} --help)", Exit.USAGE)
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


def _discard_output() -> None:
    """Let Python write the rest of the output to nowhere, instead of failing once more."""
    with suppress(io.UnsupportedOperation):  # a stream without a file, as in a test
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: Exit) -> int:
    """Print why the command ends, in one line."""
    sys.stderr.write(f"{PROGRAM}: {' '.join(message.split())}\n")
    return code

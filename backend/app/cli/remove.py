"""`fde remove`: remove a document."""

from collections.abc import Callable
from typing import Annotated

import typer

EXAMPLES = """\b
Examples:
  fde remove 12              by its id (fde documents shows it); asks first
  fde remove 3f2a8c          by the beginning of its SHA-256
  fde remove 12 --yes        for scripts: asks nothing
"""


def remove(
    document: Annotated[
        str,
        typer.Argument(metavar="DOCUMENT", help="Its id, or the first digits of its SHA-256."),
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it without asking.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object with what was removed.")
    ] = False,
) -> Callable[[], int]:
    """Remove a document, and compile the statements of its company again.

    Its readings and the corrections of its figures go with it, and its file with the last document
    that has it. The command says so, and asks first.
    """

    def run() -> int:
        from app.cli.removing import run  # noqa: PLC0415 `--help` imports nothing slow

        return run(document, is_sure=yes, as_json=as_json)

    return run

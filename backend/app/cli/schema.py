"""`fde schema`: the JSON Schemas of the forms."""

import sys
from enum import StrEnum
from typing import Annotated, Final

import typer

from app import BACKEND

EXAMPLES: Final = """\b
Examples:
  fde schema             of the statements of one filing
  fde schema compiled    of statements over years
"""


class FormName(StrEnum):
    """The forms, both in version 1."""

    STATEMENT = "statement"
    COMPILED = "compiled"


def schema(
    form: Annotated[
        FormName,
        typer.Argument(
            metavar="[statement|compiled]",
            help="What `fde read --json` finds in a filing, or `fde statements --json` over years.",
        ),
    ] = FormName.STATEMENT,
) -> None:
    """Print the JSON Schema of the form statement/1 or compiled/1."""
    file = BACKEND / "app" / "pipeline" / f"{form.value}-1.schema.json"
    sys.stdout.write(file.read_text(encoding="utf-8"))

"""`fde schema`: the JSON Schema of a statement."""

import sys

from app import BACKEND

FILE = BACKEND / "app" / "pipeline" / "statement-1.schema.json"


def schema() -> None:
    """Print the JSON Schema of the form statement/1."""
    sys.stdout.write(FILE.read_text(encoding="utf-8"))

"""The result of a check of the database and of the storage of files."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Area = Literal["database", "schema", "storage", "documents", "statements"]
UNUSABLE: Final[frozenset[Area]] = frozenset({"database", "schema", "storage"})
"""Areas whose faults keep every command from working."""


class Level(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check.

    Attributes:
        message: One line for people, without a password.
        fix: The next command, unless all is well.
        items: What is concerned, such as documents or paths.
    """

    area: Area
    level: Level
    message: str
    fix: str = ""
    items: tuple[str, ...] = ()


def number_of(number: int, thing: str, things: str = "") -> str:
    """Return e.g. `1 file` or `2 files`."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"

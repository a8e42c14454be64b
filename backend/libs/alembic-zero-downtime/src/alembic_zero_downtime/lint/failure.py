"""Errors of a revision that is run without a database, and code that is not looked at."""

from dataclasses import dataclass
from enum import Enum


class Cause(Enum):
    """Why a revision fails without a database."""

    IMPORT = "a module cannot be imported"
    STAND_IN = "it needs a value that only a database knows"
    REVISION = "another error of the revision"


@dataclass(frozen=True)
class Failure:
    """An error of a revision.

    Attributes:
        line: the line of the revision's file that it comes from.
        error: the error.
        cause: why.
    """

    line: int
    error: BaseException
    cause: Cause = Cause.REVISION


@dataclass(frozen=True)
class Unseen:
    """Code that the lint has not looked at.

    Attributes:
        line: its first line.
        reason: why not.
    """

    line: int
    reason: str

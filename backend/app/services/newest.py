"""Which of the readings of one statement of one filing is in use."""

from typing import Any, Final

from sqlalchemy import ColumnElement, UnaryExpression, and_, case, or_

from app.db.models import Extraction
from app.pipeline.statement import SourceKind

ELSEWHERE: Final[tuple[SourceKind, ...]] = ("llm", "manual")
"""Methods of readings that are made elsewhere, by a language model or by a person."""


def made_elsewhere() -> ColumnElement[bool]:
    """Return whether a reading was made elsewhere, and not by the program."""
    return Extraction.method.in_(ELSEWHERE)


def in_use_first() -> tuple[ColumnElement[Any] | UnaryExpression[Any], ...]:
    """Return the order of the readings of one statement of one filing: the one in use first.

    A reading made elsewhere was put there because the program's did not do: it stays in use when
    the program reads the file again. Not so one that is doubtful, until a person accepts it: it
    comes after the program's. Of each kind the newest is in use.
    """
    usable = or_(Extraction.status != "doubtful", Extraction.doubtful_accepted)
    rank = case((and_(made_elsewhere(), usable), 0), (made_elsewhere(), 2), else_=1)
    return rank, Extraction.id.desc()

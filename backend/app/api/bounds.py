"""Types of bounded fields."""

from typing import Annotated, Final

from fastapi import Path
from pydantic import BeforeValidator, Field

from app.pipeline.statement import StatementName
from app.schemas.text import Line

__all__ = [
    "BIGGEST_ID",
    "DIGITS",
    "CompanyId",
    "DocumentId",
    "Id",
    "Line",
    "StatementIs",
]

BIGGEST_ID: Final = 2**63 - 1
"""PostgreSQL's biggest bigint."""


def _digits(text: object) -> object:
    if isinstance(text, str) and not (text.isascii() and text.isdigit()):
        raise ValueError("it is no whole number of decimal digits")
    return text


DIGITS: Final = BeforeValidator(_digits)
"""Of a number of a path or a query: none of the other ways of writing one, such as 1.0.

It stands behind the bounds, which would otherwise not be in the OpenAPI document.
"""
Id = Annotated[int, Field(ge=1, le=BIGGEST_ID), DIGITS]
CompanyId = Annotated[Id, Path(description="The company's id.", examples=[1])]
DocumentId = Annotated[Id, Path(description="The document's id.", examples=[1])]
StatementIs = Annotated[StatementName, Path(description="Which statement.")]

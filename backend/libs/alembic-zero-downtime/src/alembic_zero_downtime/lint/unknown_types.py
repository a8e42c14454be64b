"""Give the operations of Alembic a type where a revision has a stand-in for one."""

from typing import Any

from sqlalchemy import Column
from sqlalchemy.types import UserDefinedType

from alembic_zero_downtime.lint.row_reads import UNKNOWN
from alembic_zero_downtime.lint.stand_in import Missing, StandIn

TYPES = {"type_", "existing_type"}
"""Arguments of Alembic's operations."""


class UnknownType(UserDefinedType[Any]):
    """A type that cannot be imported."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return its name in SQL."""
        return UNKNOWN


def with_types(
    function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments with a type instead of a stand-in for one."""
    if function is Column:  # its first argument may be its name, which is read
        arguments = tuple(
            UnknownType() if isinstance(each, StandIn if number else Missing) else each
            for number, each in enumerate(arguments)
        )
    named = {
        name: UnknownType() if name in TYPES and isinstance(each, StandIn) else each
        for name, each in keywords.items()
    }
    return arguments, named

"""The names of the models' objects as the server keeps them."""

from sqlalchemy import Column, Constraint, Index, Table
from sqlalchemy.dialects import postgresql

from alembic_zero_downtime._alembic import format_constraint

MAX_BYTES = 63  # NAMEDATALEN - 1 (PostgreSQL manual, "Identifiers and Key Words")
PREPARER = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]


def cut_name(name: str) -> str:
    """Return a name as a server with UTF-8 cuts it: at 63 bytes, between two characters."""
    return name.encode()[:MAX_BYTES].decode(errors="ignore")


def server_name(item: Table | Column[object] | Constraint | Index) -> str | None:
    """Return the name of an object in the database; None if the server chooses it.

    SQLAlchemy shortens a long name of a naming convention, with a hash; the server cuts others.

    Raises:
        sqlalchemy.exc.IdentifierError: SQLAlchemy creates no object with this name.
    """
    name: object = item.name
    if name is not None and isinstance(item, Constraint | Index):
        name = format_constraint(PREPARER, item)
    return cut_name(str(name)) if name else None

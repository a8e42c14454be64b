"""Types that a project defines itself."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator


class Money(TypeDecorator[object]):
    """An amount."""

    impl = sa.Numeric(12, 2)
    cache_ok = True


class Slug(TypeDecorator[str]):
    """A short word."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int = 40) -> None:
        super().__init__(length)


class Tags(TypeDecorator[object]):
    """Words."""

    impl = postgresql.ARRAY(sa.Text)
    cache_ok = True


class Document(TypeDecorator[object]):
    """JSON that is binary on PostgreSQL."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[object]:
        """Return the type of a dialect."""
        return dialect.type_descriptor(postgresql.JSONB())

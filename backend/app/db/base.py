"""The declarative base, and the application's engine and sessions."""

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    Engine,
    FetchedValue,
    Identity,
    MetaData,
    Text,
    create_engine,
    func,
)
from sqlalchemy.dialects.postgresql import INTERVAL, JSONB
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

from app.db.url import resolve_database_url

CONNECT_SECONDS = "5"

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BigKey = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
CreatedAt = Annotated[datetime, mapped_column(server_default=func.now())]
# A trigger maintains it, whichever client changes the row (revisions 003 and 004).
UpdatedAt = Annotated[
    datetime, mapped_column(server_default=func.now(), server_onupdate=FetchedValue())
]


class Base(DeclarativeBase):
    """Base of all models: strings are `text`, timestamps `timestamptz`, documents `jsonb`."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        datetime: DateTime(timezone=True),
        timedelta: INTERVAL,
        dict[str, Any]: JSONB,
        list[dict[str, str]]: JSONB,
    }


engine: Engine
SessionLocal: sessionmaker[Session]


def __getattr__(name: str) -> Any:
    """Create `engine` and `SessionLocal` on first use and keep them (PEP 562).

    Importing the models must neither read settings nor fail because of them.

    Raises:
        SettingsError: No database is configured, or a setting is invalid.
    """
    if name == "engine":
        url = resolve_database_url().url
        timeout = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
        value: Any = create_engine(url, connect_args=timeout, pool_pre_ping=True)
    elif name == "SessionLocal":
        value = sessionmaker(__getattr__("engine"))
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault(name, value)

"""A company whose annual reports are collected."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base, BigKey, CreatedAt, UpdatedAt
from app.db.models.compiled_statement import CompiledStatement
from app.db.models.document import Document

# Without `strict` a filter unwraps arrays within the array (manual, "Strict and Lax Modes").
NO_OBJECT = 'strict $[*] ? (@.type() != "object")'
NO_LISTING = '$[*] ? (!(@.ticker.type() == "string" && @.exchange.type() == "string"))'


class Company(Base):
    """A company, with one row however many exchanges list it."""

    __tablename__ = "companies"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint(r"name ~ '\S'", name="name_not_blank"),
        CheckConstraint(r"primary_ticker ~ '\S'", name="primary_ticker_not_blank"),
        CheckConstraint(r"ir_url ~ '\S'", name="ir_url_not_blank"),
        CheckConstraint("jsonb_typeof(tickers) = 'array'", name="tickers_is_array"),
        CheckConstraint(
            f"NOT jsonb_path_exists(tickers, '{NO_OBJECT}', '{{}}', true)",
            name="tickers_are_objects",
        ),
        CheckConstraint(
            f"NOT jsonb_path_exists(tickers, '{NO_LISTING}')", name="tickers_are_listings"
        ),
        Index(None, "primary_ticker"),
        Index(
            None,
            "tickers",
            postgresql_using="gin",
            postgresql_ops={"tickers": "jsonb_path_ops"},
        ),
    )

    id: Mapped[BigKey]
    name: Mapped[str]
    """The registered name, e.g. `AstraZeneca PLC`."""
    primary_ticker: Mapped[str | None]
    tickers: Mapped[list[dict[str, str]]] = mapped_column(server_default=text("'[]'::jsonb"))
    """One `{"ticker": …, "exchange": …}` for each listing."""
    ir_url: Mapped[str]
    """The investor-relations page on which the annual reports appear."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    documents: Mapped[list[Document]] = relationship(lazy="raise", passive_deletes=True)
    compiled_statements: Mapped[list[CompiledStatement]] = relationship(
        lazy="raise", passive_deletes=True
    )

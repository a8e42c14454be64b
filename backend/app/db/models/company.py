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
        CheckConstraint("lei ~ '^[A-Z0-9]{18}[0-9]{2}$'", name="lei_is_iso_17442"),
        CheckConstraint("cik ~ '^[0-9]{10}$'", name="cik_has_ten_digits"),
        CheckConstraint(
            "fiscal_year_end ~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'",
            name="fiscal_year_end_is_month_and_day",
        ),
        UniqueConstraint("lei"),
        UniqueConstraint("cik"),
        CheckConstraint("jsonb_typeof(tickers) = 'array'", name="tickers_is_array"),
        CheckConstraint(
            f"NOT jsonb_path_exists(tickers, '{NO_OBJECT}', '{{}}', true)",
            name="tickers_are_objects",
        ),
        CheckConstraint(
            f"NOT jsonb_path_exists(tickers, '{NO_LISTING}')", name="tickers_are_listings"
        ),
        Index("ix_companies_lower_name_id", text("lower(name)"), "id"),  # pages of a list
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
    ir_url: Mapped[str | None]
    """The investor-relations page on which the annual reports appear; NULL where not known."""
    lei: Mapped[str | None]
    """The Legal Entity Identifier (ISO 17442)."""
    cik: Mapped[str | None]
    """The SEC's Central Index Key, with ten digits."""
    fiscal_year_end: Mapped[str | None]
    """Month and day, e.g. `09-30`; of 52 or 53 weeks: of the newest year."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    documents: Mapped[list[Document]] = relationship(lazy="raise", passive_deletes=True)
    compiled_statements: Mapped[list[CompiledStatement]] = relationship(
        lazy="raise", passive_deletes=True
    )

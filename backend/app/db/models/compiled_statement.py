"""Ten years of one statement side by side."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigKey
from app.db.models.statement_type import is_statement_type


class CompiledStatement(Base):
    """A compiled view, one for each company and statement type."""

    __tablename__ = "compiled_statements"
    __table_args__ = (
        UniqueConstraint("company_id", "statement_type"),  # its index serves the foreign key too
        is_statement_type(),
        CheckConstraint("jsonb_typeof(data) = 'object'", name="data_is_object"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest_is_sha256"),
    )

    id: Mapped[BigKey]
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    statement_type: Mapped[str]
    data: Mapped[dict[str, Any]]
    """The form `compiled/1`."""
    digest: Mapped[str | None]
    """SHA-256 of the canonical JSON of `data`, in hex; NULL where it was not compiled here."""
    rendering: Mapped[bytes | None] = mapped_column(deferred=True)
    """The JSON of the ten newest years, in gzip; NULL where it is rendered when it is read."""
    rendering_key: Mapped[str | None] = mapped_column(deferred=True)
    """The rules and the digest that `rendering` was made by; only with those it is used."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

"""Figures that were read from a document."""

from datetime import timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigKey, CreatedAt
from app.db.models.statement_type import is_statement_type


class Extraction(Base):
    """The raw line items of one statement in one document."""

    __tablename__ = "extractions"
    __table_args__ = (
        is_statement_type(),
        CheckConstraint("jsonb_typeof(raw_data) = 'object'", name="raw_data_is_object"),
        CheckConstraint("method IN ('llm', 'xbrl', 'manual')", name="method_known"),
        CheckConstraint(r"model ~ '\S'", name="model_not_blank"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_a_share"),
        CheckConstraint("duration >= interval '0'", name="duration_not_negative"),
        CheckConstraint("source_page > 0", name="source_page_positive"),
    )

    id: Mapped[BigKey]
    document_id: Mapped[int] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    statement_type: Mapped[str]
    raw_data: Mapped[dict[str, Any]]
    method: Mapped[str] = mapped_column(server_default="llm")
    """How it was read: by a language model, from XBRL, or manually."""
    model: Mapped[str | None]
    """The model or taxonomy, e.g. `gpt-4o` or `ifrs-2024`; NULL where it was not recorded."""
    confidence: Mapped[float | None]
    """From 0 to 1, as reported by the method."""
    duration: Mapped[timedelta | None]
    """The time that reading took."""
    source_page: Mapped[int | None]
    """The page of the document, from 1, on which the statement begins."""
    created_at: Mapped[CreatedAt]
